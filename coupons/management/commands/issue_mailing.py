"""`manage.py issue_mailing MAILING`: select every recipient's coupons and freeze them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coupons import mailing
from coupons.models import Mailing
from loyalty import console


def named(code: str) -> Mailing:
    """The mailing with this code. Raises CommandError that says which there are."""
    found = Mailing.objects.filter(code=code).first()
    if found is None:
        known = list(Mailing.objects.order_by("-issue_on").values_list("code", flat=True)[:10])
        raise CommandError(
            f"there is no mailing '{code}'; the latest are: {', '.join(known) or 'none at all'}"
        )
    return found


class Command(BaseCommand):
    help = "Select a mailing's coupons and freeze them as sheets. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mailing", metavar="MAILING", help="its code")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            issued = mailing.select_and_issue(
                named(options["mailing"]), console.bar("Select coupons")
            )
        except mailing.MailingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{issued.sheets:,} sheets with {issued.coupons:,} coupons; "
            f"{issued.holdout:,} households held out, {issued.left_out:,} left out"
        )
