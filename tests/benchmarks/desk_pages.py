"""Where every page of the desk is: each list, filter, search and row, and whatever they link to."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Max, Min, Model
from django.test import RequestFactory
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from pos_integration.desk import Admin

CHOICES: Final = 4  # opened of a filter's
LONG: Final = 5_000  # rows
_LINK: Final = re.compile(r'(?:href|src)="(/admin/[^"#]*)"')
_LEFT: Final = ("logout", "jsi18n", "language", "login")

Page = tuple[str, str]
"""A name for people, and an address."""


class Words(NamedTuple):
    """What is typed into search boxes. Each is found, some of them very often."""

    card: str
    code: str
    household: int

    @property
    def every(self) -> dict[str, str]:
        return {
            "card": self.card,
            "code": self.code,
            "rare name": "Cleo Castroaa",
            "common name": "Castro",
            "commonest name": "a",
            "two common words": "Ada Abel",
            "name of nobody": "Quetzalcoatl",
            "postcode": "00042",
            "part of a postcode": "000",
            "receipt": "1/1/42",
            "number": "42",
            "long": "x" * 200,
            "nothing": "'; --",
        }


def seeds(user: User, words: Words) -> Iterator[Page]:
    """Yield the first page, each list with its filters and searches, and rows of each."""
    yield "home", reverse("admin:index")
    yield "home, what is asked again", f"{reverse('admin:index')}?part=night"
    yield "search box, empty", reverse("admin:search")
    for kind, word in words.every.items():
        yield f"search box: {kind}", f"{reverse('admin:search')}?q={quote(word)}"
    asked = RequestFactory().get("/")
    asked.user = user
    for model, desk in sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label):
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        try:
            address = reverse(f"admin:{label}_changelist")
        except NoReverseMatch:
            continue
        yield f"list {model._meta.label}", address
        yield from _filtered(model, desk, asked, address)
        if desk.search_fields:
            for kind, word in words.every.items():
                if is_long(model) or kind in ("common name", "nothing"):
                    yield f"list {model._meta.label} by {kind}", f"{address}?q={quote(word)}"
        if desk.has_add_permission(asked):
            yield f"new {model._meta.label}", reverse(f"admin:{label}_add")
        for kind, pk in _rows(model, desk, asked, words):
            yield (
                f"one {model._meta.label}, {kind}",
                reverse(f"admin:{label}_change", args=[pk]),
            )
            if kind == "last":
                yield (
                    f"history {model._meta.label}",
                    reverse(f"admin:{label}_history", args=[pk]),
                )


def is_long(model: type[Model]) -> bool:
    """Whether its table is one of those that grow with households and days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table]
        )
        return bool(cursor.fetchone()[0] >= LONG)


def _filtered(model: type[Model], desk: Admin[Any], asked: Any, address: str) -> Iterator[Page]:
    """The choices of each filter, the last page, and the list in each other order."""
    if not desk.has_view_permission(asked):
        return
    shown = desk.get_changelist_instance(asked)
    for spec in shown.filter_specs:
        links = (one for one in spec.choices(shown) if "query_string" in one)  # others are typed
        choices = [one for one in links if not one.get("selected")]
        for choice in [*choices[: CHOICES - 1], *choices[CHOICES - 1 :][-1:]]:
            name = f"list {model._meta.label}, {spec.title}: {choice['display']}"
            yield name, f"{address}{choice['query_string']}"
    if is_long(model):
        yield f"list {model._meta.label}, last page", f"{address}?before="
        if middle := _middle(model):
            yield f"list {model._meta.label}, from the middle", f"{address}?after={middle}"
        for column in range(len(shown.list_display)):
            if shown.get_ordering_field(shown.list_display[column]) is not None:
                yield f"list {model._meta.label}, by column {column}", f"{address}?o={column}"


def _middle(model: type[Model]) -> int | None:
    """A key half-way between the first row's and the last one's."""
    ends = model._default_manager.order_by().aggregate(first=Min("pk"), last=Max("pk"))
    return None if ends["last"] is None else (ends["first"] + ends["last"]) // 2


def _rows(
    model: type[Model], desk: Admin[Any], asked: Any, words: Words
) -> Iterator[tuple[str, Any]]:
    """The last row, the first, and one of each state, of those that may be seen."""
    rows = desk.get_queryset(asked)
    if model._meta.label == "loyalty.Household":
        yield "busy", words.household
    last = rows.order_by("-pk").values_list("pk", flat=True).first()
    if last is None:
        return
    yield "last", last
    yield "first", rows.order_by("pk").values_list("pk", flat=True).first()
    try:
        field: Any = model._meta.get_field("state")
    except FieldDoesNotExist:
        return
    for state, _label in field.flatchoices:
        if found := rows.filter(state=state).order_by("-pk").values_list("pk", flat=True).first():
            yield state, found


def linked(body: str, seen: set[tuple[Any, ...]]) -> Iterator[Page]:
    """Yield the desk's pages of a kind not seen yet that a page links to."""
    for link in _LINK.findall(body):
        address = unescape(link)
        parts = urlsplit(address)
        try:
            found = resolve(parts.path)
        except Resolver404:
            continue
        if any(word in (found.url_name or "") for word in _LEFT):
            continue
        said = tuple(str(v) for v in found.kwargs.values() if not str(v).isdigit())
        keys = tuple(sorted(key for key, _value in parse_qsl(parts.query)))
        kind = (found.url_name, said[:1] if len(said) < 2 else said, keys)
        if kind in seen:
            continue
        seen.add(kind)
        yield " ".join(filter(None, [f"link {found.url_name}", *said, "&".join(keys)])), address


def every(user: User, words: Words, opened: Callable[[str, str], str | None]) -> None:
    """Open every page: `opened` takes its name and its address and returns its HTML."""
    seen: set[tuple[Any, ...]] = set()
    waiting: list[Page] = []
    for name, address in seeds(user, words):
        waiting.append((name, address))
        while waiting:
            body = opened(*waiting.pop(0))
            if body:
                waiting += linked(body, seen)
