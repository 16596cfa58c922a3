"""Role by page by act: what each of the staff may open and do at the desk, page by page."""

import logging
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client, TestCase, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse, reverse_lazy

from loyalty.models import Household
from pos_integration import changes
from pos_integration.models import StoreStaff
from tests import two_stores
from tests.role_tables import (
    ACTIONS,
    ACTS,
    MODELS,
    NOBODY,
    OF_A_MODEL,
    OPEN_TO_ALL,
    OURS,
    PAGES,
    ROLES,
    SEVERAL,
    THEIRS,
    WHO,
    WHY,
)
from tests.staff import one_of


def walked(patterns: Any, route: str = "") -> Iterator[tuple[str, str]]:
    """Every address below these, and its name; an address without one has an empty name."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from walked(one.url_patterns, f"{route}{one.pattern}")
        elif isinstance(one, URLPattern):
            yield f"{route}{one.pattern}", one.name or ""


def at_the_desk() -> set[str]:
    """The names of all pages of the desk; of those that do several things, each thing's."""
    names = set()
    for route, name in walked(get_resolver().url_patterns):
        if not route.startswith("admin/"):
            continue
        if not name:  # a row without a word leads to its page; what there is not, nowhere
            assert route.endswith(("<path:object_id>/", "(?P<url>.*)$")), route
            continue
        names |= {f"{name}/{word}" for word in SEVERAL[name]} if name in SEVERAL else {name}
    return names


def model_of(page: Any) -> str:
    """A model as its addresses name it."""
    return f"{page.opts.app_label}_{page.opts.model_name}"


def test_every_page_of_the_desk_says_here_who_may_use_it():
    known = ACTS.keys() | {f"{model}_{page}" for model in MODELS for page in OF_A_MODEL}
    assert at_the_desk() == known


def test_every_action_of_a_list_says_here_who_may_use_it():
    found = {
        f"{model_of(page)}/{getattr(action, '__name__', action)}"
        for page in PAGES
        for action in page.actions or ()
    }
    assert found == ACTIONS.keys()


def written() -> int:
    """Rows written so far in this transaction; of sessions it is nobody's concern."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables "
            "WHERE relname NOT IN ('django_session', 'django_admin_log')"
        )
        return int(cursor.fetchone()[0])


def is_asked(role: str, who: str) -> bool:
    """Whether it tells anything to ask: each role may what the one before it may, and more."""
    return "M" not in who if role == "A" else who != NOBODY


Asked = tuple[str, str, str, dict[str, Any] | None]  # page, method, address, form
# Where what there is not leads to.
NOWHERE = {reverse_lazy("admin:index"), reverse_lazy("admin:pos_integration_change_changelist")}


class Answer(NamedTuple):
    """What came of a request: whether it was let in, what it showed and how many rows it wrote."""

    is_in: bool
    status: int
    text: str
    rows: int


def answer(client: Client, method: str, url: str, says: Any = None) -> Answer:
    """Ask, and take back whatever came of it."""
    cookies, before = copy(client.cookies), written()
    with transaction.atomic():
        got = getattr(client, method)(url, says)
        rows = written() - before
        transaction.set_rollback(True)
    client.cookies = cookies
    where = got.headers.get("Location", "")
    shown = b"".join(got) if got.streaming else got.content
    is_away = where in NOWHERE and not rows
    is_shut = is_away or where.startswith(reverse("admin:login"))
    is_in = got.status_code in (200, 302) and not is_shut
    return Answer(is_in, got.status_code, shown.decode("latin-1"), rows)


@override_settings(SECOND_FACTOR="offered")  # off, its pages are not there
class TestRoles(TestCase):
    chain: two_stores.Chain
    clients: dict[str, Client]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        logging.disable(logging.ERROR)  # a page that says no to somebody is no news here
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    @classmethod
    def setUpTestData(cls) -> None:
        cls.clients = {letter: one_of(group) for letter, group in ROLES.items()}
        cls.chain = two_stores.build(User.objects.get(username=f"one of {ROLES['S']}"))

    def key(self, way: Any) -> Any:
        """The key of the row that a way into the chain leads to; what is none, itself."""
        first, *rest = str(way).split(".")
        if first == "type":
            return ContentType.objects.get_for_model(Household).pk
        if not hasattr(self.chain, first):
            return way
        row = getattr(self.chain, first)
        for name in rest:
            row = getattr(row, name)
        return f"{row.store.number}/{row.number}" if way == "ours.till/" else row.pk

    def url(self, name: str, *at: Any) -> str:
        name, _, word = name.partition("/")
        keys = [self.key(one) for one in at]
        if word:
            keys.append(word)
        return reverse(f"admin:{name}", args=keys)

    def pages(self, store: str = "ours") -> Iterator[tuple[str, str, str]]:
        """Every page: its name, its address and who may open it."""
        for model, rights in MODELS.items():
            row = rights.row.replace("ours", store)
            yield f"{model}_changelist", self.url(f"{model}_changelist"), rights.look
            yield f"{model}_add", self.url(f"{model}_add"), rights.add
            yield f"{model}_change", self.url(f"{model}_change", row), rights.look
            yield f"{model}_history", self.url(f"{model}_history", row), rights.look
            yield f"{model}_delete", self.url(f"{model}_delete", row), rights.delete
        for name, act in ACTS.items():
            at = [str(one).replace("ours", store) for one in act.at]
            yield name, self.url(name, *at), act.look

    def forms(self, store: str = "ours") -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Whatever may be sent: the page's name, its address, who may, what the form says."""
        for model, rights in MODELS.items():
            row = rights.row.replace("ours", store)
            yield f"{model}_add", self.url(f"{model}_add"), rights.add, {}
            yield f"{model}_change", self.url(f"{model}_change", row), rights.change, {}
            gone = self.url(f"{model}_delete", row)
            yield f"{model}_delete", gone, rights.delete, {"post": "yes"}
        for name, act in ACTS.items():
            if name in ("login", "view_on_site"):
                continue
            at = [str(one).replace("ours", store) for one in act.at]
            says = {key: self.key(value) for key, value in act.says.items()}
            yield name, self.url(name, *at), act.do, says

    def test_administrators_may_whatever_marketing_may(self):
        """So what marketing may is not asked once more of them, nor what they may not of others."""
        of = {
            group.name: set(group.permissions.values_list("content_type__app_label", "codename"))
            for group in Group.objects.all()
        }
        assert of["Store staff"] < of["Marketing"] < of["Administrators"]
        assert not [name for name, rights in MODELS.items() for who in rights[1:] if who not in WHO]
        assert not [name for name, act in ACTS.items() if {act.look, act.do} - WHO]

    def test_each_role_opens_its_own_pages_and_looking_changes_nothing(self):
        faults = []
        for role, client in self.clients.items():
            for name, url, who in self.pages():
                if not is_asked(role, who) or (name.endswith("_history") and role != "S"):
                    continue
                got = answer(client, "get", url)
                if got.is_in != (role in who):
                    faults.append(f"{ROLES[role]} opens {name}: {got.status}")
                if got.rows:
                    faults.append(f"{ROLES[role]} opens {name}: {got.rows} rows written")
                if role == "S" and THEIRS in got.text:
                    faults.append(f"{ROLES[role]} opens {name}: it tells of the other store")
        assert not faults, "\n".join(faults)

    def test_each_role_sends_its_own_forms_and_of_others_nothing_is_done(self):
        faults = []
        for role, client in self.clients.items():
            for name, url, who, says in self.forms():
                if not is_asked(role, who):
                    continue
                got = answer(client, "post", url, says)
                if role not in who and got.rows:
                    faults.append(f"{ROLES[role]} sends {name}: {got.rows} rows written")
                if who and got.is_in != (role in who):
                    faults.append(f"{ROLES[role]} sends {name}: {got.status}")
        assert not faults, "\n".join(faults)

    def test_who_is_nobody_here_is_asked_to_sign_in_and_changes_nothing(self):
        User.objects.create_user("shopper")
        outsider = Client()
        outsider.force_login(User.objects.get(username="shopper"))
        faults = []
        for client in (Client(), outsider):
            asked: list[Asked] = [(name, "post", url, says) for name, url, _, says in self.forms()]
            if client is not outsider:
                asked += [(name, "get", url, None) for name, url, _ in self.pages()]
            for name, method, url, says in asked:
                got = answer(client, method, url, says)
                if name not in OPEN_TO_ALL and (got.is_in or got.rows or OURS in got.text):
                    faults.append(f"{method} {name}: {got.status}, {got.rows} rows written")
        assert not faults, "\n".join(faults)

    def test_rows_of_another_store_are_neither_shown_to_store_staff_nor_changed_by_them(self):
        client, faults = self.clients["S"], []
        own = {name: url for name, url, _ in self.pages()}
        asked: list[Asked] = [(name, "get", url, None) for name, url, _ in self.pages("theirs")]
        asked += [(name, "post", url, says) for name, url, _, says in self.forms("theirs")]
        for name, method, url, says in asked:
            if url == own[name]:
                continue  # of the whole chain
            got = answer(client, method, url, says)
            if got.is_in or got.rows or THEIRS in got.text:
                faults.append(f"{method} {name}: {got.status}, {got.rows} rows written")
        assert not faults, "\n".join(faults)

    def test_store_staff_who_were_given_no_store_yet_are_shown_rows_of_none(self):
        StoreStaff.objects.all().delete()
        # What a mailing changed is of the whole chain; of changes they see those they made.
        told = {"coupons_measurement_change", "coupons_measurement_csv"}
        told.add("pos_integration_change_changelist")
        faults = []
        for name, url, who in self.pages():
            if "S" in who and name not in told:
                got = answer(self.clients["S"], "get", url)
                if OURS in got.text or THEIRS in got.text:
                    faults.append(f"{name}: {got.status}")
        assert not faults, "\n".join(faults)

    def test_a_form_that_another_site_sends_is_refused(self):
        theirs = Client(enforce_csrf_checks=True)
        theirs.cookies = self.clients["A"].cookies
        faults = []
        for name, url, who, says in self.forms():
            if name not in ACTS or not who:
                continue  # Django's own pages, and those where nothing is sent
            got = answer(theirs, "post", url, says)
            if got.is_in or got.rows:
                faults.append(f"{name}: {got.status}, {got.rows} rows written")
        assert not faults, "\n".join(faults)

    def test_actions_of_a_list_leave_rows_of_another_store_and_what_a_role_may_not(self):
        faults = []
        for role, client in self.clients.items():
            for name, who in ACTIONS.items():
                model, _, action = name.partition("/")
                ours, theirs = MODELS[model].row, MODELS[model].row.replace("ours", "theirs")
                for row in {ours, theirs}:
                    says = {"action": action, "_selected_action": self.key(row), **WHY}
                    says |= {"verdict": "stands", "note": "", "after": ""}
                    got = answer(client, "post", self.url(f"{model}_changelist"), says)
                    may = role in who and (role != "S" or row == ours)
                    if not may and got.rows:
                        faults.append(f"{ROLES[role]} {name} {row}: {got.rows} rows written")
                    if role == "S" and THEIRS in got.text:
                        faults.append(f"{ROLES[role]} {name} {row}: it tells of the other store")
        assert not faults, "\n".join(faults)

    def test_store_staff_find_nothing_of_another_store_however_they_ask(self):
        client, theirs = self.clients["S"], self.chain.theirs
        till = f"{theirs.store.number}/{theirs.till.number}"
        asked = ["Zebra-1", "zebra family", "Zebra-77", theirs.coupon.code]
        more = [
            "Z0000",
            theirs.store.number,
            till,
            f"{till}/{theirs.basket.business_date}/Zebra-77",
        ]
        urls = [f"{reverse('admin:search')}?q={typed}" for typed in asked + more]
        for model, rights in MODELS.items():
            page = next(
                one for one in PAGES if f"{one.opts.app_label}_{one.opts.model_name}" == model
            )
            if page.search_fields and "S" in rights.look:
                urls += [f"{self.url(f'{model}_changelist')}?q={typed}" for typed in asked]
        home, upload, store = theirs.household.pk, theirs.upload.pk, theirs.store.pk
        narrowed = {
            "pos_integration_basket": ["card_number__in=Zebra-1", f"upload__id__exact={upload}"],
            "coupons_coupon": [f"sheet__household={home}"],
            "coupons_ledgerentry": [f"store={store}"],
            "coupons_redemption": [f"store__id__exact={store}"],
            "coupons_refusal": [f"at={theirs.store.number}", f"at={till}&verdict=all"],
            "pos_integration_terminal": [f"store__id__exact={store}"],
        }
        for model, queries in narrowed.items():
            urls += [f"{self.url(f'{model}_changelist')}?{query}" for query in queries]
        urls.append(f"{reverse('admin:pos_integration_terminal_missing')}?store={store}")
        faults = []
        for url in urls:
            got = client.get(url)
            typed = url.partition("?")[2].partition("=")[2]
            if THEIRS in got.text.replace(typed, "") or got.status_code not in (200, 302):
                faults.append(f"{url}: {got.status_code}")
            if got.status_code == 302 and "/change/" in got.headers["Location"]:
                faults.append(f"{url}: leads to {got.headers['Location']}")
        assert not faults, "\n".join(faults)

    def test_marketing_sees_nothing_of_who_may_sign_in(self):
        boss = User.objects.get(username=f"one of {ROLES['A']}")
        with changes.acting(boss, "/"):
            User.objects.filter(pk=self.chain.user.pk).update(email="secret@example.com")
        url = reverse("admin:pos_integration_change_changelist")
        said = {role: client.get(url).text for role, client in self.clients.items()}
        assert "secret@example.com" in said["A"]
        assert "secret@example.com" not in said["M"] + said["S"]
        assert THEIRS in said["M"]

    def test_a_field_that_completes_what_is_typed_offers_rows_of_ones_own_store_alone(self):
        found: dict[str, list[str]] = {role: [] for role in ROLES}
        for page in PAGES:
            both: list[Any] = [page, *page.inlines]
            for one in both:
                for field in one.autocomplete_fields:
                    asked = {
                        "app_label": one.model._meta.app_label,
                        "model_name": one.model._meta.model_name,
                        "field_name": field,
                    }
                    for role, client in self.clients.items():
                        got = client.get(reverse("admin:autocomplete"), {**asked, "term": ""})
                        assert got.status_code in (200, 403), asked
                        found[role].append(got.text)
        assert not [text for text in found["S"] if THEIRS in text]
        assert [text for text in found["S"] if OURS in text]
        assert [text for text in found["M"] if THEIRS in text]
        assert not [text for text in found["M"] if "one of" in text], "a user"
