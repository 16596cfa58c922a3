"""Who is refused or lost at the desk, or whose role changed meanwhile, is told what to do."""

from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory, TestCase
from django.urls import reverse

from coupons.models import Segment
from loyalty import refused
from pos_integration.models import StoreStaff
from tests import make
from tests.loyalty import believing
from tests.staff import one_of


class TestARoleChangedWhileSomebodyIsAtTheDesk(TestCase):
    def test_a_role_that_was_taken_away_holds_from_the_next_click_on(self):
        client = one_of("Marketing")
        url = reverse("admin:coupons_segment_add")
        assert client.get(url).status_code == 200
        User.objects.get().groups.set([Group.objects.get(name="Store staff")])

        for got in (client.get(url), client.post(url, {"name": "Everybody", "trigger": "anybody"})):
            assert got.status_code == 403
            assert "your role is Store staff" in got.text
            assert "Ask an administrator" in got.text
            assert "Nothing was changed" in got.text
            assert "style=" not in got.text
            assert "unsafe-inline" not in got.headers["Content-Security-Policy"]
        assert not Segment.objects.exists()
        User.objects.get().groups.clear()
        assert "have no role yet" in client.get(url).text

    def test_an_account_that_was_closed_is_signed_out_and_told_why(self):
        client = one_of("Marketing")
        url = reverse("admin:coupons_offer_changelist")
        User.objects.update(is_active=False)
        got = client.get(url, follow=True)
        assert got.request["PATH_INFO"] == reverse("admin:login")
        assert "your account was closed" in got.text
        assert f'value="{url}"' in got.text, "and comes back there"
        assert "_auth_user_id" not in client.session

    def test_who_has_no_desk_any_more_is_told_so(self):
        client = one_of("Marketing")
        User.objects.update(is_staff=False)
        got = client.get(reverse("admin:index"), follow=True)
        assert "not authorized" in got.text

    def test_who_was_sent_to_another_store_sees_that_one_and_is_told_of_the_first(self):
        client, home = one_of("Store staff"), make.household("1001", "Ada")
        here, there = make.store(), make.store()
        believing.summary(believing.night(), home, home_store=here)
        StoreStaff.objects.create(user=User.objects.get(), store=here)
        url = reverse("admin:loyalty_household_change", args=[home.pk])
        assert client.get(url).status_code == 200
        StoreStaff.objects.update(store=there)
        told = client.get(url, follow=True).text
        assert "belongs to a store that is not among yours" in told
        assert "Ada" not in told
        step = reverse("admin:loyalty_household_step", args=[home.pk, "note"])
        got = client.post(step, {"text": "cross", "kind": "note"})
        assert got.status_code == 404
        assert "belong to a store that is not among yours" in got.text
        assert not home.notes.exists()


class TestWhoIsRefusedOrLost(TestCase):
    def test_an_address_that_there_is_not_is_told_at_the_desk_and_elsewhere(self):
        client = one_of("Marketing")
        at_the_desk = client.get("/admin/coupons/nowhere/at/all/")
        assert at_the_desk.status_code == 404
        assert "There is nothing here" in at_the_desk.text
        assert 'role="search"' in at_the_desk.text
        elsewhere = client.get("/nowhere")
        assert elsewhere.status_code == 404
        assert "There is nothing here" in elsewhere.text
        assert "/admin/" not in elsewhere.text, "a shopper has no way in there"

    def test_a_shopper_is_told_nothing_of_the_desk(self):
        got = Client().get("/s/mistyped/")
        assert got.status_code == 404
        assert "read the code on the sheet once more" in got.text
        refused_form = Client(enforce_csrf_checks=True).post("/s/mistyped/")
        assert refused_form.status_code == 403
        for text in (got.text, refused_form.text):
            assert not [word for word in ("store", "sign", "role", "box at") if word in text]

    def test_a_form_of_an_earlier_session_says_to_load_it_again(self):
        client = Client(enforce_csrf_checks=True)
        client.cookies = one_of("Marketing").cookies
        got = client.post(reverse("admin:coupons_segment_add"), {"name": "Everybody"})
        assert got.status_code == 403
        assert "load the page again" in got.text
        assert 'role="search"' in got.text

    def test_a_form_too_large_to_be_read_says_so(self):
        got = one_of("Marketing").post(reverse("admin:coupons_segment_add"), {"name": "x" * 2**23})
        assert got.status_code == 400
        assert "too large" in got.text
        assert "Nothing was changed" in got.text

    def test_a_fault_of_ours_asks_for_no_database(self):
        with self.assertNumQueries(0):
            desk = refused.broken(RequestFactory().get("/admin/"))
            till = refused.broken(RequestFactory().get("/api/v1/uploads"))
        assert desk.status_code == till.status_code == 500
        assert "not your fault" in desk.content.decode()
        assert till.headers["Content-Type"] == "application/problem+json"
