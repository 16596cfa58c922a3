"""Who gets a sheet, who is held out, and why others get none: decided the same every time."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from coupons import audience, outcomes
from coupons.models import Mailing, Recipient, Sheet, StandingHoldout
from coupons.selection import holdout
from loyalty import rebuild
from loyalty.models import Address, Consent, Household
from tests import make
from tests.loyalty.believing import night, summary

ON = make.MARCH[0]
Outcome = Recipient.Outcome
NOBODY = Decimal(0)
NEARLY_ALL = Decimal(
    "0.999"
)  # of them 1, 2, 3 ... 20 are all held out of "All but one in a thousand"


def said(household, purpose, is_granted, day=date(2025, 6, 1)):
    Consent.objects.create(
        household=household,
        purpose=purpose,
        is_granted=is_granted,
        said_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        source="desk",
    )


def recipient(mailing, name="Ada", **fields):
    home = make.household(name=name)
    return mailing.recipients.create(household=home, **fields)


def decided(mailing, run=None, on=ON):
    """Outcomes by name, after deciding twice."""
    run = run or night()
    counts = outcomes.decide(mailing, run, on=on)
    told = dict(mailing.recipients.values_list("household__name", "outcome"))
    assert sum(counts.values()) == len(told)
    assert outcomes.decide(mailing, run, on=on) == counts
    assert dict(mailing.recipients.values_list("household__name", "outcome")) == told
    return told


def posted(home, mailing, is_generic=False):
    return Sheet.objects.create(
        mailing=mailing,
        household=home,
        number=mailing.sheets.count() + 1,
        address="Ada",
        savings=Decimal("0.50"),
        is_generic=is_generic,
    )


@pytest.mark.django_db
def test_silence_is_no_objection_and_the_last_word_counts():
    mailing = make.mailing(holdout_share=NOBODY)
    for name, words in (
        ("Ada", []),
        ("Bo", [False]),
        ("Cy", [False, True]),
        ("Di", [True, False]),
    ):
        home = recipient(mailing, name).household
        for at, word in enumerate(words):
            said(home, "post", is_granted=word, day=date(2025, 6, 1 + at))
    # Said in one breath: what was written down last is the last word.
    home = recipient(mailing, "Eve").household
    said(home, "post", is_granted=True)
    said(home, "post", is_granted=False)

    assert decided(mailing) == {
        "Ada": "waiting",
        "Bo": "no_consent",
        "Cy": "waiting",
        "Di": "no_consent",
        "Eve": "no_consent",
    }


@pytest.mark.django_db
def test_post_wants_an_address_and_a_coupon_at_the_till_does_not():
    for channel, wanted in (
        ("print", ["no_consent", "no_address", "no_address", "waiting"]),
        ("none", ["waiting"] * 4),
    ):
        mailing = make.mailing(holdout_share=NOBODY, channel=channel)
        wants_no_post, moved, gone, _ = [
            recipient(mailing, f"{name} of {channel}").household for name in ("1", "2", "3", "4")
        ]
        said(wants_no_post, "post", is_granted=False)
        Address.objects.filter(household=moved).delete()
        Address.objects.filter(household=gone).update(is_deliverable=False)

        assert [
            one for _, one in sorted(decided(mailing, rebuild.published() or night()).items())
        ] == wanted


@pytest.mark.django_db
def test_a_card_that_goes_around_gets_nothing():
    run = night()
    mailing = make.mailing(holdout_share=NOBODY)
    summary(run, recipient(mailing, "Ada").household)
    summary(run, recipient(mailing, "the cashier").household, is_shared=True)
    recipient(mailing, "joined today")

    told = decided(mailing, run)

    assert told == {"Ada": "waiting", "the cashier": "shared", "joined today": "waiting"}


@pytest.mark.django_db
def test_who_had_enough_post_lately_gets_none():
    mailing = make.mailing(holdout_share=NOBODY, most_contacts=2, contact_days=28)
    lately = [
        make.mailing(),
        make.mailing(),
        make.mailing(),  # too long ago
        make.mailing(channel="none"),
        make.mailing(),  # after it
    ]
    for one, days in zip(lately, (0, 27, 28, 7, -1), strict=True):
        Mailing.objects.filter(pk=one.pk).update(issue_on=ON - timedelta(days=days))
    first, second, old, at_tills, later = lately
    for name, had in (
        ("Ada", [first, second]),
        ("Bo", [first, old, at_tills, later]),
        ("Cy", []),
        ("Di", [mailing, first]),
    ):
        home = recipient(mailing, name).household
        for one in had:
            posted(home, one, is_generic=one is second)

    told = decided(mailing)

    assert told == {"Ada": "contacted", "Bo": "waiting", "Cy": "waiting", "Di": "waiting"}


@pytest.mark.django_db
def test_the_standing_holdout_sits_out_of_every_mailing_while_it_stands():
    stands = StandingHoldout.objects.create(share=Decimal("0.5"), begins_on=ON)
    mailings = [make.mailing(holdout_share=NOBODY) for _ in range(2)]
    homes = [make.household(name=f"{n}") for n in range(20)]
    for mailing in mailings:
        mailing.recipients.bulk_create(Recipient(mailing=mailing, household=home) for home in homes)
    out = {home.name for home in homes if holdout.in_holdout(home.pk, salt=stands.salt, share=0.5)}
    run = night()

    for mailing in mailings:
        told = decided(mailing, run)
        assert {name for name, one in told.items() if one == "standing"} == out
        assert {told[home.name] for home in homes if home.name not in out} == {"waiting"}
    before = decided(mailings[0], run, on=ON - timedelta(days=1))
    assert set(before.values()) == {"waiting"}
    StandingHoldout.objects.update(ends_on=ON)
    assert "standing" in decided(mailings[0], run).values(), "on its last day, too"
    assert set(decided(mailings[0], run, on=ON + timedelta(days=1)).values()) == {"waiting"}


@pytest.mark.django_db
def test_who_is_held_out_of_a_mailing_is_who_the_salted_hash_says():
    mailing = make.mailing("spring", holdout_share=Decimal("0.3"))
    homes = [recipient(mailing, f"{n}").household for n in range(40)]

    told = decided(mailing)

    for home in homes:
        is_out = holdout.in_holdout(home.pk, salt="spring", share=0.3)
        assert told[home.name] == ("holdout" if is_out else "waiting")
    assert 3 < list(told.values()).count("holdout") < 25
    Mailing.objects.filter(pk=mailing.pk).update(holdout_share=Decimal("0.6"))
    mailing.refresh_from_db()
    more = decided(mailing, rebuild.published() or night())
    assert {n for n, one in told.items() if one == "holdout"} < {
        n for n, one in more.items() if one == "holdout"
    }, "a larger share holds whom the smaller held"


@pytest.mark.django_db
@given(
    household=st.integers(1, 2**63 - 1),
    salt=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    share=st.one_of(st.sampled_from([0.0, 0.1, 1.0, 5e-324]), st.floats(0, 1)),
)
def test_the_database_draws_as_python_does(household, salt, share):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {outcomes._HELD_OUT} FROM (SELECT %s::bigint AS household_id) AS one",
            [salt, holdout.edge(share), household],
        )
        (is_out,) = cursor.fetchone()

    assert is_out == holdout.in_holdout(household, salt=salt, share=share)


@pytest.mark.django_db
def test_who_objects_to_profiling_gets_the_generic_sheet_and_is_never_held_out():
    StandingHoldout.objects.create(share=Decimal("0.5"), begins_on=ON)
    mailing = make.mailing("all but one in a thousand", holdout_share=NEARLY_ALL)
    for n in range(12):
        said(recipient(mailing, f"{n}").household, "profiling", is_granted=False)
    came_round = recipient(mailing, "came round").household
    said(came_round, "profiling", is_granted=False)
    said(came_round, "profiling", is_granted=True, day=date(2025, 7, 1))

    told = decided(mailing)

    assert told.pop("came round") in ("holdout", "standing")
    assert set(told.values()) == {"generic"}


@pytest.mark.django_db
def test_of_several_reasons_the_first_one_is_told():
    run = night()
    before = make.mailing()
    StandingHoldout.objects.create(share=Decimal("0.5"), begins_on=ON)
    mailing = make.mailing(holdout_share=NEARLY_ALL, most_contacts=1)
    home = recipient(mailing).household
    said(home, "post", is_granted=False)
    said(home, "profiling", is_granted=False)
    Address.objects.filter(household=home).update(is_deliverable=False)
    believed = summary(run, home, is_shared=True)
    sheet = posted(home, before)

    told = [decided(mailing, run)["Ada"]]
    said(home, "post", is_granted=True, day=date(2025, 7, 1))
    told.append(decided(mailing, run)["Ada"])
    Address.objects.update(is_deliverable=True)
    told.append(decided(mailing, run)["Ada"])
    believed.delete()
    told.append(decided(mailing, run)["Ada"])
    sheet.delete()
    told.append(decided(mailing, run)["Ada"])

    assert told == ["no_consent", "no_address", "shared", "contacted", "generic"]


@pytest.mark.django_db
def test_deciding_anew_forgets_what_an_earlier_selection_found():
    mailing = make.mailing(holdout_share=NOBODY)
    recipient(mailing, "Ada", outcome="no_offers")
    recipient(mailing, "Bo", outcome="too_few")

    assert decided(mailing) == {"Ada": "waiting", "Bo": "waiting"}


@pytest.mark.django_db
def test_at_issuing_those_who_may_not_get_it_any_more_are_left_out():
    mailing = make.mailing(holdout_share=NOBODY, most_contacts=1)
    rows = {
        name: recipient(mailing, name, outcome=outcome)
        for name, outcome in (
            ("stays", "waiting"),
            ("wants no post now", "waiting"),
            ("moved away", "waiting"),
            ("had other post", "waiting"),
            ("objects to profiling now", "waiting"),
            ("objected before", "generic"),
            ("objected before, wants no post now", "generic"),
            ("held out, wants no post now", "holdout"),
            ("held out for good, objects now", "standing"),
            ("held out", "holdout"),
            ("no offer fits, wants no post now", "no_offers"),
            ("had no address before", "no_address"),
        )
    }
    for name, row in rows.items():
        if "wants no post now" in name:
            said(row.household, "post", is_granted=False)
        if "object" in name:
            said(row.household, "profiling", is_granted=False)
    Address.objects.filter(household=rows["moved away"].household).delete()
    posted(rows["had other post"].household, make.mailing())
    Mailing.objects.filter(pk=mailing.pk).update(state="approved")

    left_out = outcomes.recheck(mailing)

    def homes(*names):
        return sorted(rows[name].household_id for name in names)

    assert left_out == {
        Outcome.NO_CONSENT: homes(
            "wants no post now",
            "objects to profiling now",
            "objected before, wants no post now",
            "held out, wants no post now",
            "held out for good, objects now",
        ),
        Outcome.NO_ADDRESS: homes("moved away"),
        Outcome.CONTACTED: homes("had other post"),
    }
    told = dict(mailing.recipients.values_list("household__name", "outcome"))
    assert told["stays"] == "waiting"
    assert told["objected before"] == "generic"
    assert told["held out"] == "holdout"
    assert told["no offer fits, wants no post now"] == "no_offers"
    assert told["had no address before"] == "no_address", "nobody is let in"
    assert outcomes.recheck(mailing) == {}


@pytest.mark.django_db
def test_what_an_issued_mailing_did_is_not_decided_again():
    mailing = make.mailing(state="issued")
    recipient(mailing, outcome="sheet")

    with pytest.raises(audience.AudienceError, match="is sheets issued"):
        outcomes.decide(mailing, night(), on=ON)
    with pytest.raises(audience.AudienceError, match="its recipients stay as they are"):
        outcomes.recheck(mailing)
    Mailing.objects.filter(pk=mailing.pk).update(state="approved")
    with pytest.raises(audience.AudienceError, match="wanted: draft or"):
        outcomes.decide(mailing, rebuild.published() or night(), on=ON)


@pytest.mark.django_db(transaction=True)
def test_who_takes_consent_back_between_selecting_and_issuing_gets_nothing():
    run = night()
    mailing = make.mailing(holdout_share=NOBODY)
    home = recipient(mailing).household
    outcomes.decide(mailing, run, on=ON)

    def at_the_till():
        said(Household.objects.get(pk=home.pk), "post", is_granted=False)
        connection.close()

    with transaction.atomic():  # issuing, which has read the mailing before the shopper speaks
        Mailing.objects.select_for_update().get(pk=mailing.pk)
        till = threading.Thread(target=at_the_till)
        till.start()
        till.join(10)
        assert not till.is_alive(), "a till never waits for a mailing"
        assert outcomes.recheck(mailing) == {Outcome.NO_CONSENT: [home.pk]}
