"""A copy of all that is held of a household: a ZIP of one file for machines and one to read."""

import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final

from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from loyalty import privacy
from loyalty.models import Household
from loyalty.privacy import Part, Row, Subject

DATA: Final = "data.json"
PAGE: Final = "index.html"
_SPOOLED: Final = 4 * 2**20  # bytes; a longer page goes to a file while it is written
_LOOKS: Final = (
    "body{font:1rem/1.5 sans-serif;max-width:70rem;margin:auto;padding:1rem;color:#1b1b1b}"
    "table{border-collapse:collapse}th,td{border:1px solid #767676;padding:.25rem .5rem;"
    "text-align:left;vertical-align:top}section{margin:2rem 0;overflow-x:auto}"
)


def export(household: Household, out: IO[bytes]) -> dict[str, int]:
    """Write a ZIP of all that is held of `household` to `out`; returns the rows of each part.

    In the household's language as far as there are words. A piece is in memory at a time, however
    many receipts there are.
    """
    subject = privacy.subject_of(household)
    language = household.language or settings.LANGUAGE_CODE
    parts = [part for keeper in privacy.keepers() for part in keeper.parts]
    counts: dict[str, int] = {}
    with (
        translation.override(language),
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        tempfile.SpooledTemporaryFile(max_size=_SPOOLED) as page,
    ):
        page.write(_head(household, language).encode())
        with archive.open(DATA, "w", force_zip64=True) as data:
            data.write(_opening(household).encode())
            for at, part in enumerate(parts):
                if at:
                    data.write(b",\n")
                counts[part.key] = _write(part, subject, data, page)
            data.write(b"\n}}\n")
        page.write(b"</main></body></html>\n")
        page.seek(0)
        with archive.open(PAGE, "w", force_zip64=True) as shown:
            while piece := page.read(2**20):
                shown.write(piece)
    return counts


def _opening(household: Household) -> str:
    facts = {
        "household": household.pk,
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "about": [{"title": title, "text": text} for title, text in _about()],
    }
    return json.dumps(facts, ensure_ascii=False, indent=1)[:-2] + ',\n "parts": {\n'


def _write(part: Part, subject: Subject, data: IO[bytes], page: IO[bytes]) -> int:
    """Write one part to both files; returns its rows."""
    said = {
        "title": str(part.title),
        "purpose": str(part.purpose),
        "source": str(part.source),
        "kept": str(part.kept),
        "meanings": {name: str(words) for name, words in part.meanings.items()},
    }
    data.write(f"{json.dumps(part.key)}: ".encode())
    data.write(json.dumps(said, ensure_ascii=False)[:-1].encode() + b', "rows": [')
    page.write(
        f"<section><h2>{escape(part.title)}</h2><p>{escape(_('What for'))}: "
        f"{escape(part.purpose)}. {escape(_('From where'))}: {escape(part.source)}. "
        f"{escape(_('Kept'))}: {escape(part.kept)}.</p>".encode()
    )
    if part.meanings:
        items = "".join(
            f"<dt>{escape(_title(name))}</dt><dd>{escape(words)}</dd>"
            for name, words in part.meanings.items()
        )
        page.write(f"<dl>{items}</dl>".encode())
    count = 0
    head: tuple[str, ...] = ()
    for row in part.rows(subject):
        data.write(b",\n" if count else b"\n")
        data.write(json.dumps(row, ensure_ascii=False, default=_plain).encode())
        if tuple(row) != head:  # a part may speak of two kinds of things, one after the other
            page.write(b"</table>" if head else b"")
            head = tuple(row)
            titles = "".join(f'<th scope="col">{escape(_title(name))}</th>' for name in head)
            page.write(f"<table><tr>{titles}</tr>".encode())
        cells = "".join(f"<td>{_cell(value)}</td>" for value in row.values())
        page.write(f"<tr>{cells}</tr>".encode())
        count += 1
    nothing = "" if head else f"<p>{escape(_('Nothing is held.'))}</p>"
    page.write(("</table>" if head else nothing).encode() + b"</section>\n")
    data.write(b"]}")
    return count


def _plain(value: Any) -> Any:
    """What JSON has no word for. Money stays exact, as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written down")


def _title(name: str) -> str:
    """`mailing__issue_on` as people read it: Mailing issue on."""
    return name.replace("__name", "").replace("_", " ").replace("  ", " ").strip().capitalize()


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return escape(_("yes") if value else _("no"))
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "<br>".join(_in_line(row) for row in value)
    if isinstance(value, list):
        return ", ".join(escape(str(one)) for one in value)
    return escape(str(value))


def _in_line(row: Row) -> str:
    return ", ".join(
        escape(str(value)) for value in row.values() if value not in (None, "", Decimal(0))
    )


def _head(household: Household, language: str) -> str:
    title = escape(_("What we hold of your household"))
    about = "".join(f"<h2>{escape(one)}</h2><p>{escape(text)}</p>" for one, text in _about())
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{_LOOKS}</style></head><body><main><h1>{title}</h1>"
        f"<p>{escape(_('Household'))} {household.pk}, {timezone.localdate().isoformat()}</p>{about}"
    )


def _about() -> Iterator[tuple[str, str]]:
    """What the law wants said beside the data themselves."""
    yield (
        _("What it is for"),
        _(
            "To run the loyalty programme: to know whose card was scanned, to choose and send "
            "coupons, to honour them at the till, and to settle with whoever pays for them."
        ),
    )
    yield (
        _("Who receives it"),
        _(
            "Our stores and our head office. Whoever prints and posts our sheets gets your name, "
            "your address and what is on the sheet. Makers who pay for coupons get numbers, "
            "never names or cards."
        ),
    )
    yield (
        _("How coupons are chosen"),
        _(
            "Each night a program looks at what your cards bought: how often, how lately, what is "
            "due again, what households like yours buy. From that it works out how likely you are "
            "to use a coupon and what the coupon would change, and chooses the ones that fit best "
            "within what the offers may cost. Goods that tell of health, faith or private life "
            "are never used. A lot decides who gets none for a while, to compare."
        ),
    )
    yield (
        _("What you may ask of us"),
        _(
            "To have what is wrong put right, to be erased, to have all this in a form that other "
            "programs read (the file data.json), to object to choosing by your purchases or to "
            "post, and to take back what you agreed to. You may also complain to the authority "
            "that watches over data protection where you live."
        ),
    )
