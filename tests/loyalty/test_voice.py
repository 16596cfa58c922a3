"""What shoppers say: silence objects to nothing, and agrees to nothing that waits for a yes."""

from datetime import UTC, datetime

import pytest

from loyalty import voice
from loyalty.models import Consent
from tests import make

Purpose = Consent.Purpose


def said(household, purpose, is_granted, hour=9):
    return Consent.objects.create(
        household=household,
        purpose=purpose,
        is_granted=is_granted,
        said_at=datetime(2026, 3, 1, hour, tzinfo=UTC),
        source="form",
    )


@pytest.mark.django_db
def test_a_no_to_greetings_objects_to_nothing_and_is_not_taken_back_by_silence():
    home = make.household()
    said(home, Purpose.BIRTHDAY, is_granted=False)
    said(home, Purpose.POST, is_granted=False)

    assert voice.heard(home).objections == ["post"]
    assert voice.say(home, "till", objections=[]).objections == []

    assert Consent.objects.filter(purpose=Purpose.BIRTHDAY).count() == 1
    assert not voice.latest(Purpose.BIRTHDAY, is_granted=True).exists()


@pytest.mark.django_db
def test_the_latest_word_is_one_a_household_and_only_where_it_is_this_one():
    ada, bo, cy = (make.household() for _ in range(3))
    said(ada, Purpose.POST, is_granted=False, hour=9)
    said(ada, Purpose.POST, is_granted=False, hour=10)
    said(bo, Purpose.POST, is_granted=True, hour=10)
    said(bo, Purpose.POST, is_granted=False, hour=9)
    said(cy, Purpose.POST, is_granted=True)
    said(cy, Purpose.POST, is_granted=False)  # in one breath: the last one written counts
    said(cy, Purpose.PROFILING, is_granted=True, hour=11)

    def households(is_granted):
        latest = voice.latest(Purpose.POST, is_granted=is_granted)
        return sorted(latest.values_list("household", flat=True))

    assert households(False) == [ada.pk, cy.pk]
    assert households(True) == [bo.pk]
