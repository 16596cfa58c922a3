"""Whatever is typed into the desk, or uploaded, is answered in words: never a fault, never lost."""

import io
import logging
import zipfile
from collections.abc import Iterator
from unittest import mock
from urllib.parse import quote

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from coupons import links
from coupons.models import Offer, OfferFile, Picture, Segment
from loyalty.models import Household
from pos_integration.models import Basket, Product, Upload
from tests import make, two_stores
from tests.role_tables import ACTS, MODELS, PAGES
from tests.spreadsheets import OATS, xlsx_of
from tests.staff import one_of
from tests.test_roles import model_of

HUGE = "9" * 20
TYPED = {
    "a quote": "'; --",
    "a percent sign": "%",
    "an underscore": "_",
    "a zero byte": "\x00",
    "half a letter": "\udc80",
    "a backslash": "\\x00\\",
    "200 letters": "Mm" * 100,
    "10,000 letters": "Mm" * 5_000,
    "2,000 words": "Mm " * 2_000,
    "pictures": "\N{HOT BEVERAGE}\N{FAMILY}\U0001f1e9\U0001f1ea",
    "right to left": "\u202e\N{HEBREW LETTER SHIN}\N{ARABIC LETTER AIN}",
    "a huge number": HUGE,
    "a date that is none": "330/4/2026-13-99/1",
    "a script": "<script>alert(1)</script>",
    "only slashes": "////",
}


def desk() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss"))
    return client


class TestWhateverIsTyped(TestCase):
    chain: two_stores.Chain
    desk: Client

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        logging.disable(logging.ERROR)  # what there is not is asked for on purpose
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    @classmethod
    def setUpTestData(cls) -> None:
        cls.desk = desk()
        cls.chain = two_stores.build(User.objects.create_user("clerk", is_staff=True))

    def faults(self, urls: Iterator[str]) -> list[str]:
        """Addresses that are answered by a fault of ours, or by what was typed as a script."""
        found = []
        for url in urls:
            got = self.desk.get(url)
            if got.status_code >= 500 or (
                not got.streaming and "<script>alert" in got.content.decode("latin-1")
            ):
                found.append(f"{got.status_code} {url[:150]}")
        return found

    def lists(self) -> Iterator[str]:
        for page in PAGES:
            yield reverse(f"admin:{model_of(page)}_changelist")

    def test_the_search_box_answers_whatever_is_typed(self):
        at = reverse("admin:search")
        assert not self.faults(f"{at}?q={said(typed)}" for typed in TYPED.values())

    def test_every_list_answers_whatever_is_searched_for(self):
        assert not self.faults(
            f"{reverse(f'admin:{model_of(page)}_changelist')}?q={said(typed)}"
            for page in PAGES
            if page.search_fields
            for typed in ("'; --", "\x00", "Mm" * 5_000, HUGE)
        )

    def test_pages_and_orders_that_there_are_not_lead_to_those_there_are(self):
        asked = (f"p={HUGE}", "p=x&o=99.-99.x", "nothing=1")
        assert not self.faults(f"{url}?{query}" for url in self.lists() for query in asked)

    def test_filters_and_keys_that_make_no_sense_are_answered(self):
        def urls() -> Iterator[str]:
            for page in PAGES:
                at = reverse(f"admin:{model_of(page)}_changelist")
                for one in page.list_filter:
                    names = names_of(one)
                    yield from (f"{at}?{name}={value}" for name in names for value in (HUGE, "%00"))
                if page.date_hierarchy:
                    day = page.date_hierarchy
                    for value in (HUGE, "0", "x"):
                        yield f"{at}?{day}__year={value}"
                        yield f"{at}?{day}__year=2026&{day}__month={value}"

        assert not self.faults(urls())

    def test_nobody_guesses_letter_by_letter_what_a_list_does_not_show(self):
        shop = one_of("Store staff")
        for page, typed in (
            ("coupons_standingholdout", "salt__startswith=a"),
            ("coupons_standingholdout", "salt__gt=a"),
            ("pos_integration_upload", "sha256__regex=^a"),
            ("pos_integration_basket", "card_number__contains=9"),
            ("loyalty_household", "address__postcode__startswith=9"),
            ("coupons_sheet", "household__name__istartswith=a"),
        ):
            url = reverse(f"admin:{page}_changelist")
            answer = shop.get(f"{url}?{typed}", follow=True)
            assert answer.redirect_chain == [(url, 302)], page
            assert "There is no such filter" in answer.text, page

    def test_rows_that_there_are_not_are_told_so(self):
        def urls() -> Iterator[str]:
            for model in MODELS:
                for page, key in (("change", HUGE), ("change", "\x00"), ("history", "½")):
                    yield reverse(f"admin:{model}_{page}", args=[key])

        assert not self.faults(urls())

    def test_buttons_of_rows_that_there_are_not_are_told_so(self):
        def urls() -> Iterator[str]:
            for name, act in ACTS.items():
                if not act.at or name in ("app_list", "view_on_site"):
                    continue
                name, _, word = name.partition("/")
                keys = ["0" if way == 96 else HUGE for way in act.at] + ([word] if word else [])
                yield reverse(f"admin:{name}", args=keys)

        for url in urls():
            for got in (self.desk.get(url), self.desk.post(url, {"confirmed": "yes"})):
                assert got.status_code in (302, 403, 404, 405), f"{got.status_code} {url}"

    def test_what_stands_behind_the_question_mark_may_be_anything(self):
        chain = self.chain
        asked = {
            reverse("admin:coupons_selection_sheets", args=[chain.selection.pk]): ["page"],
            reverse("admin:coupons_mailing_compare", args=[chain.mailing.pk]): ["first", "second"],
            reverse("admin:coupons_mailing_audience", args=[chain.mailing.pk]): ["count"],
            reverse("admin:coupons_offer_calendar"): ["from", "to", "weeks", "day", "month", "q"],
            reverse("admin:coupons_offer_together"): ["ids"],
            reverse("admin:coupons_offerfile_export", args=["csv"]): ["id"],
            reverse("admin:coupons_offerfile_change", args=[chain.offer_file.pk]): [
                "faults", "lines", "page",
            ],
            reverse("admin:coupons_statement_settle"): ["funder"],
            reverse("admin:coupons_measurement_measure"): ["mailing"],
            reverse("admin:pos_integration_terminal_missing"): ["store"],
            reverse("admin:loyalty_household_change", args=[chain.ours.household.pk]): ["edit"],
            reverse("admin:loyalty_household_history", args=[chain.ours.household.pk]): [
                "before", "older", "p",
            ],
            reverse("admin:index"): ["part", "store"],
            reverse("admin:login"): ["next", "why"],
        }  # fmt: skip
        assert not self.faults(
            f"{url}?{name}={value}"
            for url, names in asked.items()
            for name in names
            for value in (HUGE, "-1", "%00", "'; --", "2026-13-99", "½")
        )

    def test_forms_answer_whatever_is_typed_into_them(self):
        home = self.chain.ours.household.pk
        forms = {
            reverse("admin:loyalty_household_step", args=[home, "note"]): ("text", {"kind": "x"}),
            reverse("admin:loyalty_household_step", args=[home, "merge"]): (
                "other", {"is_sure": "on"},
            ),
            reverse("admin:loyalty_household_step", args=[home, "goodwill"]): (
                "why", {"offer": HUGE},
            ),
            reverse("admin:loyalty_household_erase", args=[home]): ("number", {"why": "x"}),
            reverse("admin:coupons_segment_list", args=[self.chain.segment.pk]): ("cards", {}),
            reverse("admin:coupons_offer_copy", args=[self.chain.offer.pk]): ("code", {}),
            reverse("admin:coupons_measurement_measure"): ("mailing", {}),
            reverse("admin:coupons_printrun_step", args=[self.chain.print_run.pk, "spoiled"]): (
                "sheets", {"why": "torn"},
            ),
            reverse("admin:coupons_ledgerentry_dispute", args=[self.chain.ours.entry.pk]): (
                "amount", {"reason": "x"},
            ),
            reverse("admin:pos_integration_upload_hand_in"): ("till", {}),
        }  # fmt: skip
        before = Household.objects.count()
        for url, (field, more) in forms.items():
            for what, typed in TYPED.items():
                if "\udc80" in typed:
                    continue  # no browser sends it in a form
                got = self.desk.post(url, {field: typed, **more})
                assert got.status_code in (200, 302), f"{what} at {url}: {got.status_code}"
        assert Household.objects.count() == before


def said(typed: str) -> str:
    return quote(typed, errors="surrogateescape")


def names_of(one: object) -> list[str]:
    """What a filter of a list is called in the address."""
    if isinstance(one, str):
        return [f"{one}__exact", f"{one}__id__exact"]
    if isinstance(one, tuple):
        return [f"{one[0]}__id__exact", f"{one[0]}__gte"]
    return [getattr(one, "parameter_name", "x")]


class TestANameOf200Letters(TestCase):
    def test_it_is_not_cut_but_refused_in_words(self):
        home = make.household("1001", "Ada")
        client = desk()
        url = reverse("admin:loyalty_household_change", args=[home.pk])
        got = client.post(url, {"name": "W" * 200, "joined_on": "2025-01-01"})
        assert got.status_code == 200
        assert "at most 80 characters" in got.text
        home.refresh_from_db()
        assert home.name == "Ada"

    def test_the_longest_that_there_may_be_is_shown_whole(self):
        name = "W" * 80
        home = make.household("1001", name)
        client = desk()
        for url in (
            reverse("admin:loyalty_household_change", args=[home.pk]),
            reverse("admin:loyalty_household_changelist"),
            f"{reverse('admin:search')}?q=WWW",
        ):
            assert name in client.get(url).text, url


def packed(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


BOMB = packed("xl/worksheets/sheet1.xml", b"\0" * 2**28)
WRONG = {
    "a PDF as CSV": ("list.csv", b"%PDF-1.7\n%\xe2\xe3"),
    "a picture as a workbook": ("list.xlsx", b"\x89PNG\r\n\x1a\n\0\0"),
    "a bomb": ("list.xlsx", BOMB),
    "a bomb called a ZIP": ("list.zip", BOMB),
    "words called a picture": ("5012345678900.png", b"this,that\n1,2\n"),
    "nothing": ("list.csv", b""),
    "a ZIP of nothing": ("list.zip", b"PK\x05\x06" + b"\0" * 18),
    "half a workbook": ("list.xlsx", xlsx_of(OATS)[:900]),
    "zero bytes": ("list.csv", b"\0" * 100),
    "no UTF-8": ("list.csv", b"k\xf6ln,\xff\xfe\n1,2\n"),
    "other headings": ("list.csv", b"this,that\n1,2\n"),
    "no table": ("list.csv", b"A letter to somebody.\n" * 20),
}


class TestAWrongFile(TestCase):
    segment: Segment
    desk: Client

    @classmethod
    def setUpTestData(cls) -> None:
        make.product()
        make.funder()
        make.terminal(make.store("330"), 4)
        cls.segment = Segment.objects.create(name="Everybody")
        cls.desk = desk()

    def forms(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Every form of the desk that takes a file: its address, its field, what else it says."""
        found = {
            reverse("admin:coupons_offerfile_import"): ("file", {}),
            reverse("admin:coupons_picture_upload"): ("pictures", {}),
            reverse("admin:coupons_segment_list", args=[self.segment.pk]): ("file", {}),
            reverse("admin:pos_integration_upload_hand_in"): ("file", {"till": "330/4"}),
        }
        for kind in ("category", "product", "store"):
            found[reverse(f"admin:pos_integration_{kind}_import")] = ("file", {})
        return found

    def kept(self) -> list[int]:
        models = (Product, Offer, OfferFile, Picture, Basket)
        counts = [model._default_manager.count() for model in models]
        return [*counts, Upload.objects.exclude(state="failed").count()]  # a till's is kept to mend

    def test_a_wrong_file_is_refused_in_words_at_each_form_and_keeps_nothing(self):
        before = self.kept()
        for url, (field, more) in self.forms().items():
            for what, (name, body) in WRONG.items():
                file = SimpleUploadedFile(name, body)
                got = self.desk.post(url, {field: file, **more}, follow=True)
                assert got.status_code == 200, f"{what} at {url}: {got.status_code}"
                assert self.kept() == before, f"{what} at {url} is kept"
                said = (
                    'class="errorlist',
                    "faulty",
                    "refused",
                    "nothing to take",
                    'class="warning"',
                )
                assert any(one in got.text for one in said), f"{what} at {url}: nothing said"

    def test_no_file_at_all_is_asked_for(self):
        for url, (_, more) in self.forms().items():
            got = self.desk.post(url, {"csrfmiddlewaretoken": "x", **more})
            assert got.status_code == 200, f"{url}: {got.status_code}"
            assert 'class="errorlist' in got.text, url


class TestALinkOpenedTooLate(TestCase):
    def test_the_page_of_a_sheet_says_that_it_is_over(self):
        sheet = make.coupon(make.code("ABCDEFGHJKMN")).sheet
        token = links.token_of(sheet.pk)
        assert Client().get(reverse("sheet-page", args=[token])).status_code in (200, 410)
        with mock.patch("time.time", return_value=timezone.now().timestamp() + 10 * 365 * 86_400):
            late = Client().get(reverse("sheet-page", args=[token]))
        assert late.status_code in (404, 410)
        assert make.OATS not in late.text
        assert Client().get(reverse("sheet-page", args=[f"{token}x"])).status_code in (404, 410)

    def test_pictures_that_were_looked_at_yesterday_are_uploaded_once_more(self):
        client = desk()
        url = reverse("admin:coupons_picture_upload")
        got = client.post(url, {"looked": "a-token-of-long-ago", "digest": "x"}, follow=True)
        assert "upload the files once more" in got.text
        assert not Picture.objects.exists()

    def test_a_table_that_waited_too_long_is_imported_once_more(self):
        client = desk()
        for kind in ("category", "product", "store"):
            for page, args in (("waiting", []), ("faults", []), ("step", ["confirm"])):
                url = reverse(f"admin:pos_integration_{kind}_{page}", args=["long-gone", *args])
                assert "Import it once more" in client.get(url, follow=True).text
