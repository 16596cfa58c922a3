"""The desk for audiences: segments say whom they hold, and who is held out for good stays so."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from coupons.models import Segment, StandingHoldout
from loyalty.models import Card
from pos_integration.models import Category
from tests import make
from tests.loyalty.believing import night, summary

pytestmark = pytest.mark.django_db


def page(name, *args):
    return reverse(f"admin:coupons_{name}", args=args)


def text_of(response):
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def said(client, url, **fields):
    """What the page says to it, or the row it made."""
    response = client.post(url, fields, follow=True)
    return text_of(response).replace("&#x27;", "'")


def test_a_segment_is_written_at_the_desk_and_says_who_is_in_it(admin_client):
    run = night(as_of=date(2026, 2, 28), households=2)
    harbour = make.store("77")
    for name, days in (("Ada", 70), ("Bo", 3)):
        home = make.household(name=name)
        summary(run, home, tier="gold", home_store=harbour, recency_days=days)

    told = said(
        admin_client,
        page("segment_add"),
        name="Gone from the harbour",
        trigger="lapsed",
        days="60",
        tiers=["gold", "platinum"],
        stores=[harbour.pk],
    )

    assert "was added successfully" in told
    segment = Segment.objects.get()
    assert (segment.tiers, segment.days, segment.least_chance) == (["gold", "platinum"], 60, 0.5)
    make.mailing().segments.add(segment)
    told = text_of(admin_client.get(page("segment_change", segment.pk)))
    assert "Did not come for 60 days; gold or platinum; shops most at 77 High Street." in told
    assert "In it 1" in told
    assert "as of 28 Feb 2026" in told
    assert "March favourites" in told


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"trigger": "lapsed"}, "Say how many days."),
        ({"trigger": "anybody", "days": "3"}, "Leave this empty: 'anybody' speaks of no days."),
        ({"trigger": "due"}, "Say which category."),
        ({"trigger": "birthday", "category": "Oats"}, "speaks of no category."),
        ({"trigger": "due", "category": "Oats", "least_chance": "50"}, "50 is no chance between"),
        ({"trigger": "due", "category": "Fuel"}, "says nothing of what households need"),
        ({"trigger": "first", "days": "9", "category": "Health"}, "is sensitive: nobody's"),
        ({"trigger": "first", "days": "9", "category": "Grocery"}, "is sensitive: nobody's"),
        ({"trigger": "new", "days": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_fit_the_trigger_is_said_in_a_sentence(admin_client, fields, sentence):
    make.category("Oats")
    Category.objects.filter(pk=make.category("Fuel").pk).update(is_modelled=False)
    Category.objects.filter(pk=make.category("Health").pk).update(
        is_sensitive=fields.get("category") in ("Health", "Grocery")
    )
    if "category" in fields:
        fields = fields | {"category": Category.objects.get(name=fields["category"]).pk}

    told = said(admin_client, page("segment_add"), name="Some", **fields)

    assert sentence in told
    assert "Constraint" not in told
    assert not Segment.objects.exists()


def test_the_list_of_segments_asks_the_same_few_questions(
    admin_client, django_assert_max_num_queries
):
    for n in range(6):
        segment = Segment.objects.create(
            name=f"{n}", trigger="first", days=5, category=make.category(f"Kind {n}")
        )
        segment.stores.add(make.store())
        segment.households.add(make.household())

    with django_assert_max_num_queries(6):
        told = text_of(admin_client.get(page("segment_changelist")))

    assert "for the first time within 5 days" in told
    assert "on its list" in told


def test_what_takes_long_to_count_is_counted_when_asked(admin_client):
    night(lines=10**9, households=3_000_000)
    segment = Segment.objects.create(name="Due", trigger="due", category=make.category())

    told = text_of(admin_client.get(page("segment_change", segment.pk)))

    assert "It asks for purchases of 3,000,000 households" in told
    assert "Count them now" in told


def test_before_the_first_night_the_page_says_so(admin_client):
    segment = Segment.objects.create(name="All")

    assert "No night has run yet" in text_of(admin_client.get(page("segment_change", segment.pk)))


def test_a_list_of_cards_comes_in_as_text_or_as_a_file_in_place_of_the_last(admin_client):
    night()
    ada, bo = make.household("900", name="Ada"), make.household("901", name="Bo")
    Card.objects.create(number="902", household=ada)
    segment = Segment.objects.create(name="Guests")
    url = page("segment_list", segment.pk)

    assert "2 households are on the list now." in said(
        admin_client, url, cards="900\r\n 902 ,\n\n901"
    )
    file = SimpleUploadedFile("cards.csv", b'\xef\xbb\xbf"901"\n"901"\n')
    assert "1 household is on the list now." in said(admin_client, url, file=file)
    assert list(segment.households.all()) == [bo]
    told = text_of(admin_client.get(page("segment_change", segment.pk)))
    assert "On its list 1" in told
    assert "whoever fits otherwise is in it" in said(admin_client, url, drop="on")
    assert not segment.households.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cards": "900\nunclaimed\n77"}, "2 of 3 are no cards of a household, such as"),
        ({"cards": " \n"}, "There is no card number in it; wanted: one a line."),
        ({"file": b"\xff\xfe9\x000\x000\x00"}, "It is not plain text"),
    ],
)
def test_a_list_with_faults_changes_nothing(admin_client, fields, sentence):
    night()
    home = make.household("900")
    Card.objects.create(number="unclaimed")
    segment = Segment.objects.create(name="Guests")
    segment.households.add(home)
    if "file" in fields:
        fields = {"file": SimpleUploadedFile("cards.txt", fields["file"])}

    assert sentence in said(admin_client, page("segment_list", segment.pk), **fields)
    assert list(segment.households.all()) == [home]


def test_only_a_segment_that_nothing_hangs_on_can_be_deleted(admin_client):
    free, used, listed = (Segment.objects.create(name=name) for name in ("a", "b", "c"))
    make.mailing().segments.add(used)
    listed.households.add(make.household())

    for segment, status in ((free, 302), (used, 403), (listed, 403)):
        url = page("segment_delete", segment.pk)
        assert admin_client.post(url, {"post": "yes"}).status_code == status
    assert set(Segment.objects.values_list("name", flat=True)) == {"b", "c"}


TODAY = timezone.localdate


def day(days):
    return (TODAY() + timedelta(days=days)).isoformat()


def test_the_standing_holdout_is_added_once(admin_client):
    night(households=50_000)
    add = page("standingholdout_add")

    assert "was added successfully" in said(admin_client, add, share="0.02", begins_on=day(0))
    assert "One stands already" in said(admin_client, add, share="0.03", begins_on=day(1))
    stands = StandingHoldout.objects.get()
    told = text_of(admin_client.get(page("standingholdout_change", stands.pk)))
    assert "No mailing reaches its 2.0 %, about 1,000 households" in told


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"share": "0.05"}, "It stays at 0.02 as long as it stands"),
        ({"begins_on": "2026-01-01"}, "It began on"),
        ({"ends_on": "2020-01-01"}, "choose today or later"),
    ],
)
def test_who_is_held_out_for_good_does_not_change(admin_client, fields, sentence):
    stands = StandingHoldout.objects.create(share=Decimal("0.02"), begins_on=TODAY())
    url = page("standingholdout_change", stands.pk)
    unchanged = {"share": "0.020", "begins_on": day(0), "ends_on": ""}

    assert sentence in said(admin_client, url, **unchanged | fields)
    after = StandingHoldout.objects.get()
    assert (after.share, after.begins_on, after.ends_on) == (stands.share, TODAY(), None)
    assert "was changed successfully" in said(admin_client, url, **unchanged)


def test_ending_it_frees_the_way_for_other_households(admin_client):
    stands = StandingHoldout.objects.create(share=Decimal("0.02"), begins_on=TODAY())
    url = page("standingholdout_change", stands.pk)
    said(admin_client, url, share="0.02", begins_on=day(0), ends_on=day(3))
    add = page("standingholdout_add")

    assert "begin after it" in said(admin_client, add, share="0.1", begins_on=day(3))
    assert "was added successfully" in said(admin_client, add, share="0.1", begins_on=day(4))
    first, second = StandingHoldout.objects.order_by("begins_on")
    assert first.salt == stands.salt != second.salt


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"share": "0.6"}, "0.6 is not above 0 and up to 0.5"),
        ({"share": "0"}, "0 is not above 0"),
        ({"begins_on": "2020-01-01"}, "1 Jan 2020 is over"),
    ],
)
def test_a_standing_holdout_that_makes_no_sense_is_refused(admin_client, fields, sentence):
    wanted = {"share": "0.02", "begins_on": day(0)} | fields

    told = said(admin_client, page("standingholdout_add"), **wanted)

    assert sentence in told
    assert "Constraint" not in told
    assert not StandingHoldout.objects.exists()


def test_what_is_over_stays_as_it_was(admin_client):
    over = StandingHoldout.objects.create(
        share=Decimal("0.02"), begins_on=date(2025, 1, 1), ends_on=date(2025, 12, 31)
    )
    url = page("standingholdout_change", over.pk)

    assert "its households are mailed again" in text_of(admin_client.get(url))
    assert admin_client.post(url, {"share": "0.3"}).status_code == 403
    assert "over" in text_of(admin_client.get(page("standingholdout_changelist")))


def test_what_each_trigger_wants_is_told_in_the_reader_s_language(admin_client):
    asked = {"headers": {"accept-language": "de"}}

    assert "What each trigger wants" in admin_client.get(page("segment_add")).content.decode()
    told = admin_client.get(page("segment_add"), **asked).content.decode()
    assert "Alles, was angegeben ist, muss zutreffen." in told
    assert "<li>" in told, "the list is markup, not text"
    law = admin_client.get(page("restriction_add"), **asked).content.decode()
    assert "Der genaueste Ort zählt" in law
