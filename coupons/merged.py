"""What becomes of mailings when two households are merged: who is gone gets nothing more."""

from coupons.models import Mailing, Recipient
from loyalty.models import Household

NOT_OUT = (Mailing.State.DRAFT, Mailing.State.SELECTED, Mailing.State.APPROVED)


def drop_waiting(gone: Household) -> int:
    """Take the household out of every mailing that is not issued; returns of how many.

    What is out stays: its coupons are good as long as they say.
    """
    waiting = (Recipient.Outcome.WAITING, Recipient.Outcome.GENERIC)
    rows = Recipient.objects.filter(household=gone, outcome__in=waiting, mailing__state__in=NOT_OUT)
    return rows.delete()[1].get("coupons.Recipient", 0)
