"""What the desk says in German: sound catalogues, compiled as written, chosen by who reads."""

import re
from pathlib import Path

import polib
import pytest
from django.urls import reverse

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
