"""What staff changed: noted whichever way it was done, told in words, kept from who may not see."""

import threading
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coupons import tasks
from coupons.mailing import MailingError
from coupons.models import Coupon, Mailing, Offer, Recipient
from coupons.voiding import void
from loyalty import privacy
from loyalty.models import Address, Card, Household, Note
from pos_integration import auth, changes
from pos_integration.models import Change, Store, Terminal
from tests import make
from tests.staff import one_of

# What staff do not change at the desk, or what is the proof itself.
UNWATCHED = """
    coupons_picturefile coupons_tillanswer coupons_couponlock coupons_printfile
    coupons_selectionpiece coupons_selection_learned
    loyalty_modelrun loyalty_modelrun_learned loyalty_bucketreceipt loyalty_householdsummary
    loyalty_profile loyalty_erasure loyalty_sealedupload loyalty_sealedundoing
    loyalty_purchasechunk
    pos_integration_change pos_integration_uploadpiece pos_integration_basket
    pos_integration_basketline pos_integration_tender pos_integration_redemptionrecord
    pos_integration_undoing
"""

_MIGRATIONS = {
    "pos_integration": "0010_changes_noted",
    "loyalty": "0009_changes",
    "coupons": "0016_changes",
}


def noted(table: str = "") -> list[tuple[Any, ...]]:
    """Kind, before and after of what was noted, the oldest first."""
    rows = Change.objects.filter(table_name=table) if table else Change.objects.all()
    return list(rows.order_by("pk").values_list("kind", "before", "after"))


@pytest.fixture
def desk(admin_user) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def as_shown(client: Client, url: str) -> dict[str, Any]:
    """What a page's form holds, ready to be sent again."""
    context = client.get(url).context
    data: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                data[bound.html_name] = value
    return data


def test_every_table_is_watched_or_known_not_to_be():
    ours = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in ("coupons", "loyalty", "pos_integration")
    }
    watched = {
        operation.sql.split(" ON ")[1].split()[0]
        for app in ("pos_integration", "loyalty", "coupons")
        for operation in _operations(app)
    }
    assert ours - watched == set(UNWATCHED.split())
    assert watched - ours == {
        *("auth_user", "auth_user_groups", "auth_user_user_permissions"),
        *("auth_group", "auth_group_permissions"),
        *("otp_totp_totpdevice", "otp_static_staticdevice", "otp_static_statictoken"),
    }


def _operations(app: str) -> list[Any]:
    module = import_module(f"{app}.migrations.{_MIGRATIONS[app]}")
    return list(module.Migration.operations)


def test_a_save_an_update_a_delete_and_plain_sql_are_all_noted(admin_user):
    store = make.store()
    with changes.acting(admin_user, "/admin/of%20'anything'\0"):
        Store.objects.filter(pk=store.pk).update(currency="EUR")
        store.refresh_from_db()
        store.name = "Low Street"
        store.save()
        store.save()  # nothing differs
        till = Terminal.objects.create(store=store, number=7)
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH it AS (SELECT %s AS pk) DELETE FROM pos_integration_terminal"
                " USING it WHERE id = it.pk",
                [till.pk],
            )
            assert cursor.rowcount == 1

    assert noted() == [
        ("changed", {"currency": "USD"}, {"currency": "EUR"}),
        ("changed", {"name": "High Street"}, {"name": "Low Street"}),
        ("made", {}, {"store_id": store.pk, "number": 7, "is_collector": False}),
        ("deleted", {"store_id": store.pk, "number": 7, "is_collector": False}, {}),
    ]
    last = Change.objects.order_by("pk")[3]
    assert (last.by_id, last.by_name) == (admin_user.pk, "admin")
    assert (last.page, last.label) == ("/admin/of%20'anything'", "7")
    assert last.about_id == last.row_id == str(till.pk)


def test_what_the_desk_saves_is_noted_with_its_inlines_and_told_on_the_history_page(desk):
    household = make.household("4711")
    Address.objects.filter(household=household).delete()
    url = reverse("admin:loyalty_household_change", args=[household.pk])
    data = as_shown(desk, f"{url}?edit=1")
    data |= {"name": "Ada Changed", "language": "de"}
    data |= {
        key.replace("TOTAL_FORMS", "0-city"): "Exampleton"
        for key in data
        if "address" in key and key.endswith("TOTAL_FORMS")
    }
    data |= {
        key.replace("city", field): said
        for key in list(data)
        if key.endswith("0-city")
        for field, said in (("street", "High St 1"), ("postcode", "00000"), ("country", "US"))
    }
    data |= {key: 1 for key in data if "address" in key and key.endswith("TOTAL_FORMS")}

    assert desk.post(f"{url}?edit=1", data).status_code == 302

    assert (
        "changed",
        {"name": "Ada Example", "language": ""},
        {"name": "Ada Changed", "language": "de"},
    ) in noted("loyalty_household")
    assert [kind for kind, *_ in noted("loyalty_address")] == ["made"]
    page = desk.get(reverse("admin:loyalty_household_history", args=[household.pk]))
    said = page.content.decode()
    for words in ("Ada Example", "Ada Changed", "High St 1", "admin", "Deutsch"):
        assert words in said, words


def test_an_action_on_many_notes_each_of_them(desk):
    tills = [make.terminal()[0] for _ in range(3)]
    Change.objects.all().delete()
    desk.post(
        reverse("admin:pos_integration_terminal_changelist"),
        {"action": "revoke", "_selected_action": [till.pk for till in tills], "confirmed": "1"},
    )
    rows = noted("pos_integration_terminal")
    assert [(kind, list(before)) for kind, before, _ in rows] == [("changed", ["revoked_at"])] * 3
    assert len(noted("pos_integration_terminaltoken")) == 3


def test_secrets_are_never_kept(desk, admin_user):
    user = User.objects.create_user("mara", password="correct horse battery", is_staff=True)
    till, _token = make.terminal()
    with changes.acting(admin_user, "/admin/"):
        user.set_password("staple-correct-horse")
        user.last_login = timezone.now()
        user.save()
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
        User.objects.create_user("new", password="another-horse")
        auth.issue_token(till)

    assert noted("auth_user")[0] == ("changed", {"password": "***"}, {"password": "***"})
    assert [kind for kind, *_ in noted("auth_user")] == ["changed", "made"]
    assert [kind for kind, *_ in noted("pos_integration_terminaltoken")] == ["made"]
    kept = str(list(Change.objects.values("before", "after")))
    assert "md5$" not in kept
    assert "sha256" not in kept
    page = desk.get(reverse("admin:auth_user_history", args=[user.pk])).content.decode()
    assert "changed, not shown" in page


def test_what_tills_the_night_and_the_queue_do_is_not_noted(admin_user):
    coupon = make.coupon("99001")
    offer = Offer.objects.filter(pk=coupon.offer_id)
    with changes.acting(admin_user, "/admin/"):
        offer.update(detail="Now")
        void(Coupon.objects.get(pk=coupon.pk), admin_user, "printed twice")
    # By the same connection, and even in the same transaction.
    Coupon.objects.filter(pk=coupon.pk).update(state=Coupon.State.REDEEMED)
    offer.update(detail="Later")
    Offer.objects.filter(pk=make.offer().pk).delete()

    assert [after for _, _, after in noted("coupons_offer")] == [{"detail": "Now"}]
    assert [after for _, _, after in noted("coupons_coupon")] == [{"state": "void"}]
    assert set(Change.objects.values_list("table_name", flat=True)) == {
        "coupons_offer",
        "coupons_coupon",
    }


def test_rows_made_by_the_thousand_are_one_change_with_their_number(admin_user):
    mailing, households = make.mailing(), [make.household(f"c{n}") for n in range(5)]
    with changes.acting(admin_user, "/admin/"):
        Recipient.objects.bulk_create(
            Recipient(mailing=mailing, household=one) for one in households
        )
        Recipient.objects.filter(household__in=households[:2]).delete()
    rows = Change.objects.order_by("pk").values_list("kind", "rows", "about_id", "row_id")
    assert list(rows) == [
        ("made", 5, str(mailing.pk), ""),
        ("deleted", 2, str(mailing.pk), ""),
    ]


def test_a_task_begun_by_somebody_is_noted_as_theirs(admin_user):
    with pytest.raises(MailingError):
        tasks.select(make.mailing().pk, admin_user.pk)  # without a night it fails, and says so
    with changes.acting(None, "nobody"):
        Mailing.objects.update(name="By nobody")

    asked = Change.objects.filter(table_name="coupons_selection")
    assert set(asked.values_list("by_name", "page")) == {("admin", "coupons.tasks.select")}
    assert noted("coupons_mailing") == []


def fail(store: Store, user: User) -> None:
    with changes.acting(user, "/"), transaction.atomic():
        Store.objects.filter(pk=store.pk).update(name="Rolled back")
        raise RuntimeError


@pytest.mark.django_db(transaction=True)
def test_nobody_acts_any_more_on_a_connection_that_is_used_again(transactional_db):
    admin = User.objects.create(username="admin", is_staff=True, is_superuser=True)
    store = make.store()
    faults: list[BaseException] = []

    def requests() -> None:
        try:
            client = Client()
            client.force_login(admin)
            url = reverse("admin:pos_integration_store_change", args=[store.pk])
            data = as_shown(client, url) | {"name": "By the desk"}
            assert client.post(url, data).status_code == 302
            with pytest.raises(RuntimeError):
                fail(store, admin)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid(), current_setting('loyalty.staff', true)")
                before = cursor.fetchone()
                cursor.execute("UPDATE pos_integration_store SET name = 'By a till'")
                cursor.execute("SELECT pg_backend_pid()")
                assert cursor.fetchone()[0] == before[0]  # the same connection all along
                assert not before[1]
        except BaseException as fault:  # told by the thread that waits
            faults.append(fault)
        finally:
            connection.close()

    worker = threading.Thread(target=requests)
    worker.start()
    worker.join()
    assert not faults, faults
    assert noted() == [("changed", {"name": "High Street"}, {"name": "By the desk"})]


def test_what_was_changed_of_an_erased_household_is_forgotten_even_when_the_desk_erases(admin_user):
    household = make.household("4711")
    with changes.acting(admin_user, "/admin/"):
        Household.objects.filter(pk=household.pk).update(name="Ada Secret")
        Note.objects.create(household=household, text="Ada Secret called")
        Card.objects.filter(household=household).update(claimed_on=timezone.localdate())
        privacy.erase(household, admin_user, privacy.ON_WISH)

    kept = list(Change.objects.values("label", "before", "after"))
    assert len(kept) > 3  # that something was done, by whom and when, stays
    for word in ("Ada", "Secret", "4711"):
        assert word not in str(kept)


def test_changes_go_when_they_were_kept_long_enough(admin_user, settings):
    store = make.store()
    with changes.acting(admin_user, "/admin/"):
        Store.objects.filter(pk=store.pk).update(name="Old")
        Store.objects.filter(pk=store.pk).update(name="New")
    today = timezone.localdate()
    Change.objects.filter(after={"name": "Old"}).update(at=timezone.now() - timedelta(days=731))
    settings.CHANGE_DAYS = 0
    assert "changes" not in privacy.retain(today)
    settings.CHANGE_DAYS = 730
    assert privacy.retain(today)["changes"] == 1
    assert noted() == [("changed", {"name": "Old"}, {"name": "New"})]


def test_the_list_tells_who_changed_what_to_whom_it_may_be_told(desk, admin_user):
    marketing, store_staff = one_of("Marketing"), one_of("Store staff")
    offer, store = make.offer(), make.store()
    with changes.acting(admin_user, "/admin/"):
        Offer.objects.filter(pk=offer.pk).update(face_value="1.25", name="Oats, dearer")
        Group.objects.get(name="Marketing").user_set.add(admin_user)
        Terminal.objects.create(store=store, number=3)
    with changes.acting(User.objects.get(username="one of Store staff"), "/admin/"):
        Store.objects.filter(pk=store.pk).update(name="Mine")
    url = reverse("admin:pos_integration_change_changelist")

    all_of_it = desk.get(url).content.decode()
    for words in ("Oats, dearer", "0.50", "1.25", "User: groups", "Mine", store.number):
        assert words in all_of_it, words
    seen = marketing.get(url).content.decode()
    assert "Oats, dearer" in seen
    assert "User: groups" not in seen
    own = store_staff.get(url).content.decode()
    assert "Mine" in own
    assert "dearer" not in own

    of_offers = desk.get(url, {"of": "coupons_offer", "by": admin_user.pk}).content.decode()
    assert "Oats, dearer" in of_offers
    assert "Mine" not in of_offers
    today = {"day": timezone.localdate().isoformat()}
    assert "dearer" in desk.get(url, today).content.decode()
    assert "dearer" not in desk.get(url, {"day": "2020-02-29"}).content.decode()
    assert desk.get(url, {"by": "x", "of": "no_table", "day": "never"}).status_code == 200
    change = Change.objects.get(table_name="coupons_offer")
    away = desk.get(reverse("admin:pos_integration_change_change", args=[change.pk]))
    assert away["Location"] == reverse("admin:coupons_offer_change", args=[offer.pk])


def test_a_long_history_is_turned_over_by_key(desk, admin_user, django_assert_max_num_queries):
    store = make.store()
    with changes.acting(admin_user, "/admin/"):
        for number in range(52):
            Store.objects.filter(pk=store.pk).update(name=f"Name {number:02}")
    url = reverse("admin:pos_integration_store_history", args=[store.pk])
    with django_assert_max_num_queries(20):
        first = desk.get(url)
    history = first.context["history"]
    assert "Name 51" in first.content.decode()
    assert "Name 00" not in first.content.decode()
    older = desk.get(url, {"before": history.older}).content.decode()
    assert "Name 00" in older
    assert "Name 50" not in older
    assert "Nothing older" in desk.get(url, {"before": 1}).content.decode()
    assert desk.get(url, {"before": "x" * 40}).status_code == 200


@pytest.mark.django_db
def test_the_triggers_come_off_and_on_again():
    def triggers() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                " WHERE p.proname IN ('loyalty_note_change', 'loyalty_count_change')"
            )
            return int(cursor.fetchone()[0])

    put_on = triggers()
    for app in ("coupons", "loyalty", "pos_integration"):
        with connection.cursor() as cursor:
            for operation in reversed(_operations(app)):
                cursor.execute(operation.reverse_sql)
    assert triggers() == 0
    for app in ("coupons", "loyalty", "pos_integration"):
        with connection.cursor() as cursor:
            for operation in _operations(app) * 2:  # what was put on before a lock is no trouble
                cursor.execute(operation.sql)
    assert triggers() == put_on == sum(len(_operations(app)) for app in _MIGRATIONS)
