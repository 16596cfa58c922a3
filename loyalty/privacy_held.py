"""What facts and beliefs hold of a household: as a copy shows it, erased, and kept how long."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty import history, privacy, wrong_passwords
from loyalty.models import (
    Address,
    Card,
    Consent,
    DataRequest,
    Household,
    HouseholdSummary,
    Merger,
    Note,
    Preference,
    Profile,
    slot_of,
)
from loyalty.privacy import ErasureError, Part, Row, Subject
from pos_integration import changes, dropping
from pos_integration.models import Basket, BasketLine, Category, Product, Tender

BASKETS_AT_ONCE = 200
_TOLD = _("You, or our staff when you told them")
_TILLS = _("Our tills, when your card was scanned")
_WORKED_OUT = _("Worked out each night from your purchases")
_WHILE = _("As long as you take part")
_ON_PAPER = _("To know whose card it is and where your post goes")


def _rows(query: QuerySet[Any], *names: str) -> Iterator[Row]:
    yield from query.values(*names).iterator(chunk_size=2_000)


def _households(subject: Subject) -> Iterator[Row]:
    yield from _rows(
        Household.objects.filter(pk__in=subject.ids).order_by("pk"),
        *("id", "name", "joined_on", "members", "is_of_age", "birth_month", "language"),
    )


def _addresses(subject: Subject) -> Iterator[Row]:
    yield from _rows(
        Address.objects.filter(household__in=subject.ids),
        *("street", "postcode", "city", "region", "country", "is_deliverable"),
    )


def _cards(subject: Subject) -> Iterator[Row]:
    yield from _rows(Card.objects.filter(number__in=subject.cards), "number", "claimed_on")


def _consents(subject: Subject) -> Iterator[Row]:
    for said in Consent.objects.filter(household__in=subject.ids).order_by("said_at", "pk"):
        yield {
            "purpose": said.get_purpose_display(),
            "is_granted": said.is_granted,
            "said_at": said.said_at,
            "source": said.source,
        }


def _preferences(subject: Subject) -> Iterator[Row]:
    said = Preference.objects.filter(household__in=subject.ids).order_by("pk")
    yield from _rows(said, "category__name", "kind")


def _notes(subject: Subject) -> Iterator[Row]:
    notes = Note.objects.filter(household__in=subject.ids).order_by("pk")
    yield from _rows(notes, "kind", "text", "written_at", "settled_at")


def _requests(subject: Subject) -> Iterator[Row]:
    asked = DataRequest.objects.filter(household__in=subject.ids).order_by("pk")
    yield from _rows(asked, "kind", "asked_at", "source", "due_on", "done_at")


def _mergers(subject: Subject) -> Iterator[Row]:
    yield from _rows(_mergers_of(subject), "kept", "gone", "merged_at", "undone_at")


def _mergers_of(subject: Subject) -> QuerySet[Merger]:
    return Merger.objects.filter(Q(kept__in=subject.ids) | Q(gone__in=subject.ids)).order_by("pk")


def _changes(subject: Subject) -> Iterator[Row]:
    noted = changes.about(Household._meta.db_table, subject.ids).order_by("pk")
    yield from _rows(noted, "at", "kind", "table_name", "label", "before", "after")


_SUMMARY = [
    *("run__as_of", "first_on", "last_on", "recency_days", "frequency", "monetary", "baskets"),
    *("mean_gap_days", "saved", "coupon_share", "tier", "year_value", "year_margin"),
    *("favourite_weekday", "favourite_daypart", "home_store__name", "weekly_spend_cents"),
    *("weekly_trips", "categories", "lifetime_value", "lifetime_margin", "wallet_share"),
    *("wallets", "price_sensitivity", "is_shared", "shared_reason"),
]


def _summaries(subject: Subject) -> Iterator[Row]:
    held = HouseholdSummary.objects.filter(household__in=subject.ids).order_by("run__as_of", "pk")
    yield from _rows(held, *_SUMMARY)


def _profiles(subject: Subject) -> Iterator[Row]:
    held = Profile.objects.filter(household__in=subject.ids).order_by("run__as_of", "pk")
    for profile in held.select_related("run").defer("run__fitted"):
        products = Product.objects.in_bulk([need[0] for need in profile.needs])
        kinds = Category.objects.in_bulk(
            [pk for one in profile.discoveries for pk in (one[0], one[2]) if pk is not None]
        )
        for product, chance, days, gap, last in profile.needs:
            yield {
                "as_of": profile.run.as_of,
                "may_need": str(products.get(product, product)),
                "chance": chance,
                "days_bought": days,
                "usual_gap_days": gap,
                "last_bought": last,
            }
        for category, chance, because in profile.discoveries:
            yield {
                "as_of": profile.run.as_of,
                "may_like": str(kinds.get(category, category)),
                "chance": chance,
                "because_it_buys": str(kinds.get(because, because)),
            }


_LINE = ("kind", "code", "product__name", "quantity", "unit", "amount", "discount")


def _baskets(subject: Subject) -> Iterator[Row]:
    """Receipts with their lines, some hundred at a time however many there are."""
    own = Basket.objects.filter(card_number__in=subject.cards).order_by("business_date", "pk")
    ids = list(own.values_list("pk", flat=True))
    for start in range(0, len(ids), BASKETS_AT_ONCE):
        some = ids[start : start + BASKETS_AT_ONCE]
        lines: dict[int, list[Row]] = {pk: [] for pk in some}
        tenders: dict[int, list[Row]] = {pk: [] for pk in some}
        sold = BasketLine.objects.filter(basket__in=some).order_by("basket", "number")
        for basket, *line in sold.values_list("basket", *_LINE):
            lines[basket].append(dict(zip(_LINE, line, strict=True)))
        paid = Tender.objects.filter(basket__in=some).order_by("basket", "position")
        for basket, kind, amount in paid.values_list("basket", "kind", "amount"):
            tenders[basket].append({"kind": kind, "amount": amount})
        rows = Basket.objects.in_bulk(some)
        stores = dict(own.filter(pk__in=some).values_list("pk", "store__name"))
        for pk in some:
            receipt = rows[pk]
            yield {
                "store": stores[pk],
                "till": receipt.till,
                "business_date": receipt.business_date,
                "ended_at": receipt.ended_at,
                "receipt": receipt.receipt,
                "kind": receipt.kind,
                "card_number": receipt.card_number,
                "currency": receipt.currency,
                "lines": lines[pk],
                "tenders": tenders[pk],
            }


def _meanings(model: type[Model], *names: str) -> Mapping[str, Any]:
    """What a model's own words say of its fields."""
    found = {}
    for name in names:
        plain = name.partition("__")[0]
        if help_text := getattr(model._meta.get_field(plain), "help_text", ""):
            found[name] = help_text
    return found


_LOOKED_AT = _("To choose offers that fit you, unless you object")
PARTS = (
    Part("household", _("Who you are"), _ON_PAPER, _TOLD, _WHILE, _households, {}),
    Part("address", _("Your address"), _ON_PAPER, _TOLD, _WHILE, _addresses, {}),
    Part("cards", _("Your cards"), _ON_PAPER, _TILLS, _WHILE, _cards, {}),
    Part(
        "consents",
        _("What you agreed or objected to"),
        _("To keep to it, and to show that we did"),
        _TOLD,
        _WHILE,
        _consents,
        {},
    ),
    Part(
        "preferences",
        _("What you said you like, or never want"),
        _("It goes before all that we work out"),
        _TOLD,
        _WHILE,
        _preferences,
        {},
    ),
    Part(
        "notes",
        _("What our staff noted"),
        _("To answer you, and to follow up what you told us"),
        _("Our staff"),
        _("Three years, if nothing else was agreed"),
        _notes,
        {},
    ),
    Part(
        "requests",
        _("What you asked of your data"),
        _("To answer within a month"),
        _TOLD,
        _("Three years, if nothing else was agreed"),
        _requests,
        {},
    ),
    Part(
        "mergers",
        _("Households that were put together"),
        _("So that two cards of one kitchen count as one"),
        _("Our staff"),
        _WHILE,
        _mergers,
        {},
    ),
    Part(
        "changes",
        _("What our staff changed of this"),
        _("To tell who changed what, when somebody asks"),
        _("Noted when our staff changed it"),
        _("Two years, if nothing else was agreed"),
        _changes,
        {"table_name": _("Where it is kept"), "label": _("What it was called")},
    ),
    Part(
        "summaries",
        _("What we believe of you"),
        _LOOKED_AT,
        _WORKED_OUT,
        _("Until a later night works it out anew"),
        _summaries,
        _meanings(HouseholdSummary, *_SUMMARY[1:]),
    ),
    Part(
        "profile",
        _("What we believe you need or might like"),
        _LOOKED_AT,
        _WORKED_OUT,
        _("Until a later night works it out anew"),
        _profiles,
        {
            "chance": _("How likely, 0 to 1: within 28 days for needs, 56 for what is new"),
            "days_bought": _("On how many days you bought it; 0: what others like you buy"),
        },
    ),
    Part(
        "baskets",
        _("What you bought with your cards"),
        _("To keep the accounts, to honour coupons, and to choose offers unless you object"),
        _TILLS,
        _("As long as you take part; then the receipts stay without your card"),
        _baskets,
        {},
    ),
)


def erase(subject: Subject) -> dict[str, int]:
    """Empty the households' rows, delete all that hangs on them, let receipts be nobody's."""
    loaded, waiting = dropping.holding(subject.cards) if subject.cards else (set(), set())
    if waiting:
        raise ErasureError(
            str(
                _(
                    "A file that a till sent waits to be loaded and names one of its cards: try "
                    "again once it is loaded."
                )
            )
        )
    counts = Counter(
        receipts=history.forget_cards(subject.cards),
        uploads=dropping.drop(loaded),
        rejects=dropping.blank_rejects(subject.cards),
    )
    card_ids = list(Card.objects.filter(number__in=subject.cards).values_list("pk", flat=True))
    mine = Q(household__in=subject.ids)
    kinds: dict[str, QuerySet[Any]] = {
        "addresses": Address.objects.filter(mine),
        "consents": Consent.objects.filter(mine),
        "preferences": Preference.objects.filter(mine),
        "notes": Note.objects.filter(mine),
        "requests": DataRequest.objects.filter(mine),
        "mergers": _mergers_of(subject),
        "summaries": HouseholdSummary.objects.filter(mine),
        "profiles": Profile.objects.filter(mine),
        "cards": Card.objects.filter(pk__in=card_ids),
    }
    gone: dict[type[Model], list[int]] = {Household: subject.ids}
    for name, rows in kinds.items():
        ids = list(rows.values_list("pk", flat=True))
        gone[rows.model] = ids
        rows.model._default_manager.filter(pk__in=ids).delete()
        counts[name] += len(ids)
    names = set(Household.objects.filter(pk__in=subject.ids).values_list("name", flat=True))
    for pk in subject.ids:
        # What sheets and receipts of coupons still point to: a number, and nothing else.
        Household.objects.filter(pk=pk).update(
            name="",
            joined_on=date(1970, 1, 1),
            slot=slot_of(f"erased {pk}"),
            members=None,
            is_of_age=None,
            birth_month=None,
            language="",
        )
    counts["households"] += len(subject.ids)
    counts["log"] += forget_in_logs(gone, names - {""})
    # The last: erasing, done at the desk, was itself noted with all that it erased.
    counts["changes"] += sum(
        changes.forget(model._meta.db_table, pks) for model, pks in gone.items()
    )
    return dict(counts)


def forget_in_logs(gone: Mapping[type[Model], list[int]], names: set[str] = frozenset()) -> int:  # type: ignore[assignment] # empty, and never changed
    """Take what the desk's logs say of these rows out of them; that something was done stays.

    names: of households, which rows of theirs were called by in the log of a mailing.
    """
    changed = 0
    for model, ids in gone.items():
        kind = ContentType.objects.get_for_model(model)
        entries = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in ids])
        changed += entries.update(object_repr="-", change_message="")
    for name in names:
        for entry in LogEntry.objects.filter(
            Q(object_repr__contains=name) | Q(change_message__contains=name),
            content_type__app_label="coupons",
        ):
            entry.object_repr = entry.object_repr.replace(name, "-")
            entry.change_message = entry.change_message.replace(name, "-")
            entry.save(update_fields=["object_repr", "change_message"])
            changed += 1
    return changed


def retain(today: date) -> dict[str, int]:
    """Drop bytes of old uploads and texts of settled rejects; delete old notes and sign-ins."""
    counts = Counter[str]()
    if days := settings.UPLOAD_DAYS:
        since = today - timedelta(days=days)
        counts["uploads"] = dropping.drop_older(since)
        counts["rejects"] = dropping.blank_older(since)
    if days := settings.CHANGE_DAYS:
        since = today - timedelta(days=days)
        counts["changes"] = changes.drop_older(since)
        counts["sign_ins"] = sum(
            model.objects.filter(attempt_time__date__lt=since).delete()[0]
            for model in (AccessLog, AccessAttempt)
        )
    counts["wrong_passwords"] = wrong_passwords.forget()
    counts["sessions"] = Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
    if days := settings.NOTE_DAYS:
        since = today - timedelta(days=days)
        old = Note.objects.filter(written_at__date__lt=since)
        counts["notes"] = old.exclude(kind=Note.Kind.CONCERN, settled_at=None).delete()[0]
        counts["requests"] = DataRequest.objects.filter(done_at__date__lt=since).delete()[0]
    return dict(counts)


privacy.register("loyalty", privacy.Keeper(PARTS, erase, retain))
