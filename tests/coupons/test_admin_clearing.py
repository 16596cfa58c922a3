"""The desk for offers of every kind, and for what became of coupons."""

from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.forms import modelform_factory
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupons import reversing
from coupons.admin.offer_forms import OfferForm
from coupons.clearing import clear_redemptions
from coupons.models import Offer, Redemption
from coupons.sheets import codes
from tests import make

pytestmark = pytest.mark.django_db


COUNTS = ("TOTAL_FORMS", "INITIAL_FORMS")
INLINES = ("levels", "rules", "texts", "barcode")


def page(name, *args):
    return reverse(f"admin:coupons_{name}", args=args)


def form(**terms):
    """A new offer, as the desk posts it."""
    return {
        "name": "Oat drink",
        "code": "oats",
        "kind": "amount",
        "face_value": "0.50",
        "percent": "",
        "price": "",
        "units": "1",
        "reduced_units": "1",
        "threshold": "",
        "stacking_group": "coupon",
        "after_return": "good_again",
        "picture": "basket",
        "funder": make.funder().name,
        "funder_share": "1",
        "circulation": "0",
        "valid_from": "2026-03-01",
        "valid_to": "2026-03-31",
        **{f"{rows}-{count}": "0" for rows in INLINES for count in COUNTS},
        **terms,
    }


GOOD = [
    ({}, "0.50 off"),
    ({"kind": "percent", "percent": "25"}, "25 % off"),
    ({"kind": "fixed_price", "price": "1.49"}, "1.49 only"),
    ({"kind": "free_item"}, "Free"),
    ({"kind": "multi_buy", "units": "2", "percent": "100"}, "2 for 1"),
    ({"kind": "multi_buy", "units": "3", "price": "5.00"}, "3 for 5.00"),
    ({"kind": "threshold", "threshold": "50"}, "0.50 off 50.00"),
    ({"units": "", "reduced_units": "", "stacking_group": ""}, "0.50 off"),
]


@pytest.mark.parametrize(("terms", "words"), GOOD)
def test_an_offer_of_every_kind_is_made_at_the_desk(admin_client, terms, words):
    answer = admin_client.post(page("offer_add"), form(**terms))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Offer.objects.get()
    assert made.value_text == words
    assert made.stacking_group == "coupon"


@pytest.mark.parametrize(
    ("terms", "field", "sentence"),
    [
        ({"percent": "10"}, "percent", "Leave this empty: 'amount off one item' has no percent."),
        ({"price": "1.00"}, "price", "Leave this empty: 'amount off one item' has no price."),
        ({"units": "2"}, "units", "'amount off one item' is about one unit: 1 is wanted, not 2."),
        ({"reduced_units": "3"}, "reduced_units", "'amount off one item' is about one unit"),
        ({"threshold": "9"}, "threshold", "asks for no amount to be spent."),
        ({"kind": "percent"}, "percent", "Say how many percent it takes off, from 1 to 100."),
        ({"kind": "percent", "percent": "101"}, "percent", "less than or equal to 100"),
        ({"kind": "percent", "percent": "0"}, "percent", "greater than or equal to 1"),
        ({"kind": "fixed_price"}, "price", "Say what one item costs with it."),
        ({"kind": "fixed_price", "price": "-1"}, "price", "-1 is below 0."),
        ({"kind": "multi_buy", "units": "2"}, "price", "Say the price of all units together"),
        ({"kind": "multi_buy", "units": "2", "price": "3", "percent": "50"}, "percent", "not both"),
        ({"kind": "multi_buy", "percent": "50"}, "units", "1 is too few"),
        (
            {"kind": "multi_buy", "percent": "50", "units": "2", "reduced_units": "3"},
            "reduced_units",
            "3 of 2 cannot be reduced: 2 at most.",
        ),
        ({"kind": "threshold"}, "threshold", "Say how much must be spent."),
        ({"kind": "threshold", "threshold": "0"}, "threshold", "more than 0 is wanted."),
        ({"face_value": "0"}, "face_value", "0 is not enough: more than 0 is wanted."),
        ({"funder_share": "1.5"}, "funder_share", "1.5 is not from 0 to 1"),
        ({"valid_to": "2026-02-01"}, "valid_to", "2026-02-01 is before the first day, 2026-03-01."),
        ({"kind": "gift"}, "kind", "not one of the available choices"),
    ],
)
def test_terms_that_do_not_fit_are_told_in_a_sentence_beside_their_field(
    admin_client, terms, field, sentence
):
    answer = admin_client.post(page("offer_add"), form(**terms))
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["adminform"].form.errors[field])
    assert not Offer.objects.exists()


SAID = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(Offer.Kind.values),
        "face_value": st.sampled_from(["", "-1", "0", "0.50", "1234567"]),
        "percent": st.sampled_from(["", "-1", "0", "50", "100", "101", "x"]),
        "price": st.sampled_from(["", "-1", "0", "2.00", "NaN", "1e9"]),
        "units": st.sampled_from(["", "0", "1", "2", "3", "99999", "1.5"]),
        "reduced_units": st.sampled_from(["", "0", "1", "2", "3"]),
        "threshold": st.sampled_from(["", "-1", "0", "50"]),
        "funder_share": st.sampled_from(["", "-0.1", "0.5", "2"]),
        "valid_to": st.sampled_from(["", "2026-02-01", "2026-04-01"]),
    }
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said=SAID)
def test_what_the_form_accepts_the_database_accepts(said):
    offer_form = modelform_factory(Offer, OfferForm, exclude=["products"])
    filled = offer_form({**form(), **said, "code": codes.mint()})
    if not filled.is_valid():
        assert "Constraint" not in str(filled.errors)
        return
    try:
        filled.save()
    except IntegrityError as error:
        raise AssertionError(f"{said}: {error}") from error


def test_an_offer_that_was_redeemed_keeps_its_terms(admin_client):
    offer = make.offer(shared_code="51111120001")
    make.redemption_record("51111120001")
    clear_redemptions()
    answer = admin_client.post(
        page("offer_change", offer.pk), form(code=offer.code, kind="percent", percent="90")
    )
    assert answer.status_code == 302
    offer.refresh_from_db()
    assert (offer.kind, offer.percent) == ("amount", None)
    assert b"was redeemed" in admin_client.get(page("offer_change", offer.pk)).content


def test_the_form_says_what_each_kind_wants(admin_client):
    body = admin_client.get(page("offer_add")).content.decode()
    for kind in Offer.Kind:
        assert f"<li>{kind.label}: " in body


def test_offers_are_found_by_who_pays(admin_client):
    make.offer()
    for word, count in (("Oat Works", 1), ("Nobody", 0)):
        found = admin_client.get(page("offer_changelist"), {"q": word})
        assert found.context["cl"].result_count == count


def cleared(amount="0.50"):
    coupon = make.coupon(codes.mint())
    make.redemption_record(coupon.code, amount=amount)
    clear_redemptions()
    return Redemption.objects.get(coupon=coupon)


def test_redemptions_taken_back_are_shown_with_the_reason_and_found_by_their_state(admin_client):
    stands, back = cleared(), cleared()
    reversing.reverse(back.pk, "refund")
    body = admin_client.get(page("redemption_changelist")).content.decode()
    assert "taken back: refund" in body
    for state, found in (("stands", stands), ("reversed", back)):
        rows = admin_client.get(page("redemption_changelist"), {"state": state})
        assert list(rows.context["cl"].result_list) == [found]
    assert b"taken back: refund" in admin_client.get(page("redemption_change", back.pk)).content


def test_where_the_till_took_another_amount_the_list_says_so(admin_client):
    one = cleared("0.40")
    Redemption.objects.filter(pk=one.pk).update(amount=Decimal("0.30"))
    assert b"till took 0.40" in admin_client.get(page("redemption_changelist")).content


def test_refusals_of_every_reason_are_listed_with_what_was_found(admin_client):
    coupon = make.coupon(codes.mint())
    for _ in range(2):
        make.redemption_record(coupon.code)
    clear_redemptions()
    body = admin_client.get(page("refusal_changelist")).content.decode()
    assert ">conflict<" in body
    assert "which was cleared first" in body
