"""Which button of a mailing is the next thing to do while it waits for its night."""

from datetime import timedelta

from django.utils import timezone

from coupons.admin.mailings import _main
from coupons.admin.workbench import Known
from coupons.models import Mailing

APPROVED = Known(state=Mailing.State.APPROVED, coupons=8)


def test_nothing_is_pressed_while_a_night_will_issue_it():
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert _main(Mailing(state="approved", issue_on=tomorrow), APPROVED) == ""


def test_a_mailing_whose_night_is_over_is_issued_by_its_button():
    assert _main(Mailing(state="approved", issue_on=timezone.localdate()), APPROVED) == "issue"
