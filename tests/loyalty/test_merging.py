"""Two households that are one: what goes over, what counts, what comes back."""

import threading
from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection

from loyalty import merging, notes
from loyalty.merging import MergeError
from loyalty.models import (
    Address,
    Card,
    Consent,
    DataRequest,
    Erasure,
    Household,
    Merger,
    Note,
    Preference,
)
from tests import make

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def desk():
    return User.objects.create(username="desk")


@pytest.fixture
def two():
    return make.household("1001", "Ada"), make.household("1002", "Bo")


def say(home, purpose, granted):
    return home.consents.create(purpose=purpose, is_granted=granted, said_at=MORNING, source="form")


def everything():
    """All that a merger may touch, to see whether it came back."""
    tables = (Card, Address, Preference, Consent, Note, DataRequest, Household)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def full(kept, gone):
    """Two of which one has what the other lacks, and both spoke of milk."""
    Address.objects.filter(household=kept).delete()
    Household.objects.filter(pk=gone.pk).update(members=3, language="de")
    milk, beer = make.category("Milk"), make.category("Beer")
    kept.preferences.create(category=milk, kind="favourite")
    gone.preferences.create(category=milk, kind="never")
    gone.preferences.create(category=beer, kind="never")
    say(kept, "post", True)
    say(gone, "post", False)
    gone.notes.create(kind="concern", text="A torn bag")
    gone.data_requests.create(kind="copy", source="desk", due_on=date(2026, 4, 1))


def test_a_merger_carries_over_what_is_missing_and_the_stricter_word(two, desk):
    kept, gone = two
    full(kept, gone)

    merger = merging.merge(kept, gone, desk)

    kept.refresh_from_db()
    assert sorted(kept.cards.values_list("number", flat=True)) == ["1001", "1002"]
    assert not gone.cards.exists()
    assert kept.address.street == "1 Sample Lane"
    assert (kept.name, kept.members, kept.language) == ("Ada", 3, "de")
    assert set(kept.preferences.values_list("category__name", "kind")) == {
        ("Milk", "never"),
        ("Beer", "never"),
    }
    latest = kept.consents.order_by("-pk")[0]
    assert (latest.purpose, latest.is_granted, latest.source) == ("post", False, "merger")
    assert kept.notes.get().text == "A torn bag"
    assert kept.data_requests.count() == 1
    assert merging.absorbed(kept.pk) == [kept.pk, gone.pk]
    assert merging.into(gone) == merger
    assert Card.objects.get(number="1002").claimed_on == date(2025, 1, 1)


def test_a_merger_that_is_undone_leaves_everything_as_it_was(two, desk):
    full(*two)
    before = everything()

    kept, gone = two
    merger = merging.merge(kept, gone, desk)
    assert everything() != before

    assert merging.undo(merger, desk) == []
    assert everything() == before
    with pytest.raises(MergeError, match="undone already"):
        merging.undo(merger, desk)


def test_what_was_changed_since_stays_and_is_told(two, desk):
    kept, gone = two
    full(kept, gone)
    merger = merging.merge(kept, gone, desk)
    Address.objects.update(street="2 New Street")
    Household.objects.filter(pk=kept.pk).update(members=5)
    Preference.objects.filter(category__name="Beer").delete()
    say(kept, "post", True)
    third = make.household("1003")
    Card.objects.filter(number="1002").update(household=third)

    told = " ".join(merging.undo(merger, desk))

    for word in ("Card 1002", "address", "members", "wish", "Coupons by post"):
        assert word in told
    kept.refresh_from_db()
    assert (kept.members, kept.language) == (5, "")
    assert kept.preferences.get().kind == "favourite"


def test_who_keeps_what_it_said_is_not_asked_again(two, desk):
    kept, gone = two
    say(kept, "profiling", False)
    say(gone, "profiling", True)

    merging.merge(kept, gone, desk)

    assert kept.consents.count() == 1
    assert kept.address.household == kept
    assert gone.address.household == gone


def test_mergers_that_make_no_sense_are_refused_in_a_sentence(two, desk):
    kept, gone = two
    third, erased = make.household(), make.household()
    Erasure.objects.create(household_number=erased.pk, why="Asked for it")
    with pytest.raises(MergeError, match="with itself"):
        merging.merge(kept, kept, desk)
    with pytest.raises(MergeError, match="was erased"):
        merging.merge(kept, erased, desk)
    merger = merging.merge(kept, gone, desk)
    for one, other in ((third, gone), (gone, third)):
        with pytest.raises(MergeError, match="was merged into 'Ada' already"):
            merging.merge(one, other, desk)
    merging.merge(third, kept, desk)
    with pytest.raises(MergeError, match="undo that merger first"):
        merging.undo(merger, desk)
    assert merging.absorbed(third.pk) == [third.pk, kept.pk, gone.pk]
    assert sorted(merging.whose(["1002", "none"])) == [
        ("1002", pk) for pk in sorted((kept.pk, gone.pk, third.pk))
    ]


def test_some_cards_become_a_household_of_their_own_never_all(two, desk):
    home = two[0]
    Card.objects.create(number="1009", household=home, claimed_on=date(2026, 1, 1))
    say(home, "profiling", False)
    for cards, why in (([], "Choose"), (["1001", "1009"], "keeps one"), (["1002"], "has no card")):
        with pytest.raises(MergeError, match=why):
            merging.split(home, cards, "Cy", date(2026, 3, 1), desk)

    made = merging.split(home, ["1009"], " Cy ", date(2026, 3, 1), desk)

    assert (made.name, made.joined_on) == ("Cy", date(2026, 3, 1))
    assert made.cards.get().number == "1009"
    assert home.cards.get().number == "1001"
    assert not made.consents.get().is_granted


@pytest.mark.django_db(transaction=True)
def test_two_mergers_at_once_move_every_card_once():
    desk = User.objects.create(username="desk")
    one, other = make.household("1001"), make.household("1002")
    begin = threading.Barrier(2)
    came: list[object] = []

    def run(kept, gone):
        begin.wait()
        try:
            came.append(merging.merge(kept, gone, desk))
        except MergeError as error:
            came.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(type(what).__name__ for what in came) == ["MergeError", "Merger"]
    kept = Merger.objects.get().kept
    assert kept.cards.count() == 2


def test_a_concern_is_open_until_it_is_settled_once(two, desk):
    with pytest.raises(notes.NoteError, match="Write down"):
        notes.write(two[0], "note", "  ", desk)
    concern = notes.write(two[0], "concern", " Wants to be called ", desk)
    talk = notes.write(two[0], "talk", "Called", desk)

    assert concern.text == "Wants to be called"
    assert [notes.settle(concern, desk), notes.settle(concern, desk)] == [True, False]
    assert not notes.settle(talk, desk)
    concern.refresh_from_db()
    assert concern.settled_by == desk
