"""A real browser in front of the real desk: what it complains of fails the test.

Needs Chromium (Debian: `apt-get install chromium`). Without it these tests skip, and fail where
CI=true. Pictures of every page seen go below SHOTS_DIR, else var/shots.
"""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from django.conf import settings as project
from django.core.signals import request_started
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

MOST_QUERIES = 20
WIDTHS = {1280: 900, 390: 844}
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
FIND_FAULTS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ")).join(" | "))"""
TELL_OF_POLICY = """document.addEventListener("securitypolicyviolation",
    e => console.error("Content Security Policy: " + e.violatedDirective + " " + e.blockedURI))"""
STICKS_OUT = """width => [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > width && !one.closest("nav, .scroll"))
    .slice(-2)
    .map(one => one.outerHTML.slice(0, 120)).join(" | ")"""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class QueryCounts:
    """How many queries each request of the live server took, by its path, oldest first."""

    def __init__(self) -> None:
        self.of: dict[str, list[int]] = {}
        self._here = threading.local()

    def begin(self, environ=None, **_):
        if environ is None or environ["REQUEST_METHOD"] != "GET":
            self._here.path = None  # a form that is sent is judged and saved besides
            return
        self._here.path = environ["PATH_INFO"]
        self.of.setdefault(self._here.path, []).append(0)
        if self._count not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._count)

    def _count(self, execute, sql, params, many, context):
        path = getattr(self._here, "path", None)
        if path in self.of and not sql.startswith(("SAVEPOINT", "RELEASE")):
            self.of[path][-1] += 1
        return execute(sql, params, many, context)


@dataclass
class Desk:
    """The browser at one server. `faults` gathers what is wrong with every page it saw."""

    page: Page
    server: str
    counts: QueryCounts
    faults: list[str] = field(default_factory=list)
    is_examined: bool = False  # the tools put styles of their own into the page; not its fault
    width: int = 1280  # one of WIDTHS: what the story is told at
    refusing: str = ""  # the address that is to refuse: the console tells of its status as well

    def listen(self, page: Page) -> None:
        """Hear what this page complains of."""
        page.on("console", self.heard)
        page.on("response", self.answered)
        page.on("pageerror", lambda error: self.faults.append(f"{self.here}: {error}"))

    def opens_another(self) -> Page:
        """A second window of the same browser."""
        page = self.page.context.new_page()
        self.listen(page)
        return page

    def heard(self, message: ConsoleMessage) -> None:
        is_meant = message.location["url"] == self.refusing and "a status of 4" in message.text
        if message.type == "error" and not self.is_examined and not is_meant:
            self.faults.append(f"{self.here}: console: {message.text[:200]}")

    def answered(self, response: Response) -> None:
        if response.status >= 500 or (response.status == 404 and "/static/" in response.url):
            self.faults.append(f"{self.here}: {response.status} from {response.url}")

    @property
    def here(self) -> str:
        return urlsplit(self.page.url).path

    def go(self, name: str, *args: object) -> None:
        """Open a page of the admin by its name."""
        self.page.goto(self.server + reverse(f"admin:{name}", args=args))

    def visit(self, path: str) -> None:
        """Go there, and look at it in every width."""
        self.page.goto(self.server + path, wait_until="load")
        self.look()

    def is_refused(self, address: str, status: int, *sentences: str) -> None:
        """Open an address that answers with this status, and says so in these words."""
        self.refusing = address
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == status, f"{address}: {answer.status}"
        self.reads(*sentences)
        self.look()
        self.refusing = ""

    def holds_a_phone(self) -> None:
        """From now on the screen is a telephone's."""
        self.width = 390
        self.page.set_viewport_size({"width": self.width, "height": WIDTHS[self.width]})

    def find(self, typed: str) -> None:
        """Type into the search box that is on every page."""
        self.page.get_by_label("Find by card, name, postcode or coupon code").fill(typed)
        self.page.keyboard.press("Enter")

    def press(self, name: str) -> None:
        """Press the button of this name, or follow the link that looks like one."""
        tools = self.page.locator("a.tool").get_by_text(name, exact=True)
        self.page.get_by_role("button", name=name, exact=True).or_(tools).first.click()

    def pick(self, field: str, words: str) -> None:
        """Find something in a field that searches while one types, and take it."""
        place = self.page.locator(f".field-{field}")
        place.locator(".select2-selection").first.click()
        self.page.keyboard.type(words)
        self.page.locator(".select2-results__option", has_text=words).first.click()
        place.locator(".select2-selection__rendered", has_text=words).first.wait_for()

    def reads(self, *sentences: str) -> None:
        """Wait until the page shows each of these texts."""
        for said in sentences:
            self.page.get_by_text(said).first.wait_for()

    def look(self) -> None:
        """Take the page's picture at every width; note what a reader would stumble over."""
        took = (self.counts.of.get(self.here) or [0])[-1]
        if took > MOST_QUERIES:
            self.faults.append(f"{self.here}: {took} queries")
        self.page.evaluate("0")  # whatever the page complained of is heard by now
        self.is_examined = True
        # Evaluated by the debugger, outside the page's policy, which stays as strict as ever.
        self.page.evaluate(AXE)
        for width, height in WIDTHS.items():
            self.page.set_viewport_size({"width": width, "height": height})
            wide = self.page.evaluate("document.scrollingElement.scrollWidth")
            if wide > width:
                out = self.page.evaluate(STICKS_OUT, width)
                self.faults.append(f"{self.here}: {wide} px wide on a screen of {width}: {out}")
            name = _slug(self.here) or "start"
            self.page.screenshot(path=shots() / f"{name}-{width}.png")
            self.faults += [
                f"{self.here} at {width} px: {fault}" for fault in self.page.evaluate(FIND_FAULTS)
            ]
        self.page.set_viewport_size({"width": self.width, "height": WIDTHS[self.width]})
        self.page.evaluate("0")
        self.is_examined = False


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def shots() -> Path:
    folder = Path(os.environ.get("SHOTS_DIR") or project.VAR_DIR / "shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if not chromium:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no Chromium here: apt-get install chromium"
        )
    # Playwright's loop runs in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def desk(request, browser, live_server, transactional_db) -> Iterator[Desk]:
    """A fresh browser, nobody signed in; its faults are told at the end of the test."""
    counts = QueryCounts()
    request_started.connect(counts.begin)
    context = browser.new_context(locale="en")
    context.add_init_script(TELL_OF_POLICY)
    context.set_default_timeout(10_000)
    at = Desk(context.new_page(), live_server.url, counts)
    at.listen(at.page)
    yield at
    at.page.screenshot(path=shots() / f"last-{_slug(request.node.name)}.png")  # where one failed
    context.close()
    request_started.disconnect(counts.begin)
    assert not at.faults, "\n" + "\n".join(sorted(set(at.faults)))


@pytest.fixture
def sign_in(desk):
    """Sign this user in without the form."""
    from django.test import Client  # needs the settings

    def signed(user) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies[project.SESSION_COOKIE_NAME].value
        desk.page.context.add_cookies(
            [{"name": project.SESSION_COOKIE_NAME, "value": cookie, "url": desk.server}]
        )

    return signed
