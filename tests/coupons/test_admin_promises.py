"""The desk for promises: offers stay as promised, mailings go one way, sheets are on paper."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from coupons.groups import ensure_groups
from coupons.models import Coupon, Mailing, OfferProduct, PrintRun, Redemption, Refusal
from coupons.sheets import codes
from tests import make

pytestmark = pytest.mark.django_db


def page(name, *args):
    return reverse(f"admin:coupons_{name}", args=args)


def staff(group):
    """Somebody at the desk who is in just this group."""
    ensure_groups()
    user = User.objects.create_user(f"one of {group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def redeemed(coupon):
    return Redemption.objects.create(
        offer=coupon.offer,
        coupon=coupon,
        amount="0.50",
        store=make.store(),
        till=1,
        business_date=date(2026, 3, 5),
        receipt="1",
    )


@pytest.fixture
def desk(admin_client):
    """Of everything there is three of it, so that a question asked a row is seen."""
    for n in range(3):
        coupon = make.coupon(codes.mint())
        redeemed(coupon)
        Refusal.objects.create(record=make.redemption_record(f"bad {n}"), reason="unknown_code")
        PrintRun.objects.create(mailing=coupon.sheet.mailing, folder="/srv/print")
        coupon.sheet.mailing.recipients.create(household=coupon.sheet.household)
    return admin_client


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("offer", 11),
        ("offerproduct", 5),
        ("mailing", 6),
        ("recipient", 6),
        ("sheet", 6),
        ("coupon", 7),
        ("printrun", 9),
        ("redemption", 8),
        ("refusal", 7),
    ],
)
def test_a_list_asks_the_same_few_questions_however_long_it_is(
    desk, django_assert_max_num_queries, model, most
):
    with django_assert_max_num_queries(most):
        assert desk.get(page(f"{model}_changelist")).status_code == 200


def test_a_household_page_shows_its_last_sheet_with_chance_reason_and_state(
    admin_client, django_assert_max_num_queries
):
    coupon = make.coupon(codes.mint())
    redeemed(coupon)
    coupon.state = "redeemed"
    coupon.save()
    home = coupon.sheet.household

    with django_assert_max_num_queries(15):
        response = admin_client.get(reverse("admin:loyalty_household_change", args=[home.pk]))

    body = response.content.decode()
    assert "0.50 off Oat drink" in body
    assert "10 %" in body
    assert "chance 0.10" in body
    assert "used 5 Mar" in body
    assert page("sheet_pdf", coupon.sheet_id) in body


def test_a_household_is_found_by_a_coupon_as_it_is_read_out(admin_client):
    code = codes.mint()
    home = make.coupon(code).sheet.household
    make.household()

    typed = codes.grouped(code).lower()
    response = admin_client.get(reverse("admin:loyalty_household_changelist"), {"q": typed})

    assert [row.pk for row in response.context["cl"].result_list] == [home.pk]


def test_a_coupon_is_found_by_its_code_and_nonsense_finds_nothing(admin_client):
    code = codes.mint()
    make.coupon(code)

    found = admin_client.get(page("coupon_changelist"), {"q": codes.grouped(code)})
    nothing = admin_client.get(page("coupon_changelist"), {"q": "nonsense"})

    assert found.context["cl"].result_count == 1
    assert nothing.context["cl"].result_count == 0


def test_an_offer_on_paper_keeps_its_worth_and_its_dates(admin_client):
    offer = make.coupon(codes.mint()).offer
    form = {
        "name": "Oat drink, new recipe",
        "code": offer.code,
        "kind": "amount",
        "face_value": "0.10",
        "picture": "basket",
        "funder": "Oat Works",
        "funder_share": "1",
        "circulation": "0",
        "valid_from": "2026-03-01",
        "valid_to": "2026-03-02",
        **dict.fromkeys(("levels-TOTAL_FORMS", "levels-INITIAL_FORMS"), "0"),
        **dict.fromkeys(("rules-TOTAL_FORMS", "rules-INITIAL_FORMS"), "0"),
        **dict.fromkeys(("texts-TOTAL_FORMS", "texts-INITIAL_FORMS"), "0"),
        **dict.fromkeys(("barcode-TOTAL_FORMS", "barcode-INITIAL_FORMS"), "0"),
    }

    assert admin_client.post(page("offer_change", offer.pk), form).status_code == 302

    before = (offer.face_value, offer.valid_to)
    offer.refresh_from_db()
    assert offer.name == "Oat drink, new recipe"
    assert (offer.face_value, offer.valid_to) == before


def test_products_are_taken_out_of_an_offer_from_their_list(admin_client):
    line = make.offer().offer_products.get()

    admin_client.post(
        page("offerproduct_changelist"),
        {"action": "delete_selected", "_selected_action": [line.pk], "post": "yes"},
    )

    assert not OfferProduct.objects.exists()


@pytest.mark.parametrize("state", ["selected", "approved", "issued", "printed", "mailed", "closed"])
def test_only_a_draft_can_be_changed(admin_client, state):
    mailing = make.mailing(state=state)
    change = page("mailing_change", mailing.pk)

    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"name": "Other"}).status_code == 403


def test_a_sheet_is_a_pdf_in_the_browser(admin_client):
    sheet = make.coupon(codes.mint()).sheet
    sheet.mailing.offers.add(sheet.coupons.get().offer)

    response = admin_client.get(page("sheet_pdf", sheet.pk))

    assert response.content.startswith(b"%PDF")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline")
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_whoever_may_not_look_at_sheets_gets_no_pdf():
    sheet = make.coupon(codes.mint()).sheet
    client = Client()
    client.force_login(User.objects.create_user("visitor", is_staff=True))

    assert client.get(page("sheet_pdf", sheet.pk)).status_code == 403


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_the_queue_has_no_pages_for_a_schedule_may_run_anything(model):
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:django_q_{model}_changelist")
    assert not [m for m in admin.site._registry if m._meta.app_label == "django_q"]


def test_store_staff_look_at_everything_and_change_what_a_household_says():
    client = staff("Store staff")
    home = make.household()

    assert client.get(page("coupon_changelist")).status_code == 200
    assert client.get(page("mailing_add")).status_code == 403
    assert client.get(reverse("admin:loyalty_modelrun_start")).status_code == 403
    assert client.get(reverse("admin:pos_integration_terminal_add")).status_code == 403
    change = reverse("admin:loyalty_household_change", args=[home.pk])
    form = client.get(change, {"edit": 1}).content
    assert b'name="preferences-0-kind"' in form or b"preferences-TOTAL_FORMS" in form
    assert b'name="_save"' in form


def test_store_staff_cannot_move_a_mailing_on():
    mailing = make.mailing()

    response = staff("Store staff").post(page("mailing_step", mailing.pk, "approve"))

    assert response.status_code == 403
    assert Mailing.objects.get().state == "draft"


def test_marketing_makes_offers_and_mailings_and_starts_nights_but_issues_no_tokens():
    client = staff("Marketing")
    make.terminal()

    assert client.get(page("offer_add")).status_code == 200
    assert client.get(page("mailing_add")).status_code == 200
    assert client.get(reverse("admin:loyalty_modelrun_start")).status_code == 200
    tills = client.get(reverse("admin:pos_integration_terminal_changelist"))
    assert tills.status_code == 200
    assert b"new_token" not in tills.content


def test_administrators_look_after_tills_and_users():
    client = staff("Administrators")
    make.terminal()

    tills = client.get(reverse("admin:pos_integration_terminal_changelist"))

    assert b"new_token" in tills.content
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 200


def test_groups_are_put_back_as_written_and_other_groups_left_alone():
    ensure_groups()
    rights = set(Group.objects.get(name="Marketing").permissions.values_list("codename", flat=True))
    Group.objects.get(name="Marketing").permissions.clear()
    Group.objects.create(name="Night shift")

    ensure_groups()

    again = Group.objects.get(name="Marketing").permissions.values_list("codename", flat=True)
    assert set(again) == rights
    assert "add_modelrun" in rights
    assert "view_terminaltoken" not in rights
    assert Group.objects.count() == 4


def test_an_open_coupon_that_is_over_reads_expired_and_is_not_made_void(admin_client):
    coupon = make.coupon(codes.mint())
    url = reverse("admin:loyalty_household_change", args=[coupon.sheet.household_id])
    long_ago = timezone.localdate() - timedelta(days=1)
    Coupon.objects.update(valid_from=long_ago, valid_to=long_ago)

    body = admin_client.get(url).content.decode()

    assert "expired" in body
    assert page("coupon_void", coupon.pk) not in body
    Coupon.objects.update(valid_to=timezone.localdate())  # its last day is a good one
    assert page("coupon_void", coupon.pk) in admin_client.get(url).content.decode()


def test_staff_read_a_sheet_as_a_page_without_the_shoppers_own_buttons(admin_client):
    """What they pressed there would be noted as the shopper's word, and of nobody."""
    coupon = make.coupon(codes.mint())
    long_over = timezone.localdate() - timedelta(days=200)  # so is its shopper's link
    Mailing.objects.update(valid_to=long_over)
    home = reverse("admin:loyalty_household_change", args=[coupon.sheet.household_id])
    assert page("sheet_html", coupon.sheet_id) in admin_client.get(home).content.decode()

    shown = admin_client.get(page("sheet_html", coupon.sheet_id))

    assert shown.status_code == 200
    assert "Oat drink" in shown.content.decode()
    assert "<form" not in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
