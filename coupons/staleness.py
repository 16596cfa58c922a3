"""What changed since a selection was made, in sentences: what it was made from is kept with it."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from coupons.models import Mailing, Offer, Selection
from coupons.terms import OfferTerms, Terms


def day_of(mailing: Mailing, today: date) -> date:
    """The day on which it would be issued, seen from today.

    Not before its own morning. Of one whose coupons are over, as old facts are played through
    again, its own morning.
    """
    return mailing.issue_on if today > mailing.valid_to else max(mailing.issue_on, today)


def changes(mailing: Mailing, selection: Selection, today: date) -> list[str]:
    """Why what was selected should not be approved, or issued, as it is; nothing: it may be.

    Of a selected mailing the offers stay the same ones: it is no draft. What they are worth, their
    limits and their days may have changed, and are asked for in three queries.
    """
    told = list(_of_beliefs(mailing, selection, day_of(mailing, today)))
    if selection.terms:
        then = Terms.from_plain(selection.terms)
        were = {one.pk: one for one in (*then.fallback, *then.offers)}
        now = Offer.objects.filter(pk__in=were).prefetch_related("levels__offer", "stores")
        for offer in now.order_by("name", "pk"):
            told += _of_offer(were[offer.pk], offer, mailing)
    return told


def _of_beliefs(mailing: Mailing, selection: Selection, on: date) -> Iterator[str]:
    if selection.run is None:
        yield _("The night it was selected by is gone.")
        return
    age = (on - selection.run.as_of).days
    if age > mailing.model_days:
        yield _(
            "What was believed is of %(as_of)s: on %(day)s that is %(age)s days old, and this "
            "mailing allows %(most)s."
        ) % {
            "as_of": selection.run.as_of,
            "day": on,
            "age": f"{age:,}",
            "most": mailing.model_days,
        }


def _of_offer(then: OfferTerms, now: Offer, mailing: Mailing) -> Iterator[str]:
    """What differs of one offer. Its caps and budgets may shrink by other mailings: only what it
    is allowed at all is looked at.
    """
    worth = now.value_text
    if (was := then.levels[0].text) != worth:
        yield _("'%(offer)s' was worth %(was)s, and is worth %(now)s now.") % {
            "offer": then.name,
            "was": was,
            "now": worth,
        }
    before = {(level.pk, level.text) for level in then.levels[1:]}
    if before != {(level.pk, level.value_text) for level in now.levels.all()}:
        yield _("'%(offer)s' has other levels of worth now.") % {"offer": then.name}
    is_in_dates = now.valid_from <= mailing.valid_from and mailing.valid_to <= now.valid_to
    if then.is_in_dates and not is_in_dates:
        yield _("'%(offer)s' is not good on all days of this mailing any more.") % {
            "offer": then.name
        }
    if now.most_coupons is not None and (then.most is None or now.most_coupons < then.most):
        yield _("'%(offer)s' may be given %(most)s times at most now.") % {
            "offer": then.name,
            "most": f"{now.most_coupons:,}",
        }
    budgets = [b for b in (now.expected_budget, now.real_budget) if b is not None]
    if budgets and (then.budget is None or float(min(budgets)) < then.budget):
        yield _("'%(offer)s' may cost %(most)s at most now.") % {
            "offer": then.name,
            "most": f"{min(budgets):,.2f}",
        }
    if then.stores != tuple(sorted(store.pk for store in now.stores.all())):
        yield _("'%(offer)s' is good in other stores now.") % {"offer": then.name}
