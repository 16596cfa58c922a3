"""What the desk says in German: sound catalogues, compiled as written, chosen by who reads."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polib
import pytest
from django.forms import BaseForm
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise

from pos_integration.desk import grouped, money, percent
from tests.words import untranslated

CATALOGUES = sorted(Path(__file__).parent.parent.glob("*/locale/de/LC_MESSAGES/django.po"))


def gaps(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]", text))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[3].name)
def test_a_catalogue_is_whole_and_compiled_as_written(path):
    written = polib.pofile(str(path))
    assert len(written) > 0
    for entry in written:
        said = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        assert not entry.fuzzy, entry.msgid
        assert all(said), f"nothing is said for {entry.msgid!r}"
        for text in said:
            assert gaps(text) == gaps(entry.msgid), entry.msgid
    compiled = {
        (e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural)
        for e in polib.mofile(str(path.with_suffix(".mo")))
    }
    assert compiled == {(e.msgctxt, e.msgid): (e.msgstr, e.msgstr_plural) for e in written}, (
        "compile it again: manage.py compilemessages"
    )


def forms_of(kind: type[BaseForm] = BaseForm) -> Iterator[type[BaseForm]]:
    for narrower in kind.__subclasses__():
        if narrower.__module__.partition(".")[0] in ("coupons", "loyalty", "pos_integration"):
            yield narrower
        yield from forms_of(narrower)


def test_whatever_is_asked_for_is_called_something_in_german():
    """A field without a label is called after its name, which no catalogue has."""
    unsaid = {
        f"{form.__module__}.{form.__name__}.{name}"
        for form in forms_of()
        for name, field in getattr(form, "base_fields", {}).items()
        if not field.widget.is_hidden and not isinstance(field.label, Promise)
    }
    assert unsaid == set()


def test_every_app_speaks_german():
    assert {path.parents[3].name for path in CATALOGUES} == {
        "coupons",
        "loyalty",
        "pos_integration",
    }


@pytest.mark.django_db
def test_the_desk_is_read_in_the_language_that_was_chosen(admin_client):
    home = reverse("admin:index")
    assert "Log out" in admin_client.get(home).content.decode()
    admin_client.post(reverse("set_language"), {"language": "de", "next": home})
    said = admin_client.get(home).content.decode()
    assert 'lang="de"' in said
    assert "Abmelden" in said
    for english in ("Log out", "Baskets", "Mailings", "Print runs", "First steps"):
        assert f">{english}<" not in said, english


def test_everything_marked_for_people_is_said_in_german():
    missing = {
        text: sorted(files)
        for words in untranslated().values()
        for (text, _), files in words.items()
    }
    assert not missing, "translate these, then compilemessages"


def test_figures_are_written_as_the_reader_is_used_to():
    with translation.override("de"):
        assert money(Decimal("1234.5")) == "1.234,50"
        assert grouped(1234567) == "1.234.567"
        assert percent(0.125) == "12 %"
    with translation.override("en"):
        assert money(Decimal("1234.5")) == "1,234.50"
        assert grouped(1234567) == "1,234,567"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "english"),
    [
        ("coupons_mailing_changelist", ("No mailing yet", "Add mailing", ">State<", "Fallback")),
        ("coupons_offer_changelist", ("No offer yet", "Import offers", "Pictures", "Who pays")),
        ("coupons_funder_changelist", ("No funder yet", "Settle a month", "Open disputes")),
        ("coupons_theme_changelist", ("No theme yet", "For mailings without")),
        ("loyalty_household_changelist", ("No household yet", "card number", "With us since")),
        ("loyalty_fittedmodel_changelist", ("Nothing was learned", "Learn anew", "In use")),
        ("pos_integration_store_changelist", ("No store yet", "Time zone")),
        ("pos_integration_terminal_changelist", ("No till yet", "Last seen", "Issue a new")),
    ],
)
def test_a_page_read_in_german_says_nothing_in_english(admin_client, page, english):
    admin_client.post(reverse("set_language"), {"language": "de", "next": "/"})
    said = admin_client.get(reverse(f"admin:{page}")).content.decode()
    assert 'lang="de"' in said
    assert [word for word in english if word in said] == []


def test_tills_are_answered_in_english_whatever_they_accept(client):
    for address in ("/api/v1/nothing/", "/api/v1/schema/"):
        in_german = client.get(address, headers={"accept-language": "de"})
        assert in_german.content == client.get(address).content
    assert in_german["Content-Language"] == "en"
