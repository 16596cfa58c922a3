"""Sentences that services wrote in English and the database kept, in the language of who reads.

Tills read these sentences, reports keep them and rows of years ago hold them: they stay as they
were written. Shown at the desk, each is known by its template, and said anew with its values.
What no template knows is shown as it was kept.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache

from django.db.models import Choices, Model
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, override

_GAP = re.compile(r"%\((\w+)\)s")
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|30|31)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"((?:{'|'.join(_MONTHS)})[a-z]*)"
# Jan. 4, 2018, as sentences were kept once, and 4 Jan 2018, as they are now.
_DAY_IN_WORDS = re.compile(rf"{_MONTH}\.? (\d{{1,2}}), (\d{{4}})|(\d{{1,2}}) {_MONTH} (\d{{4}})")
_FIGURE = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?")

_templates: list[str] = []


def stated(row: Model, field: str = "state") -> str:
    """What a row's `field` says, as sentences keep it: in English, and small."""
    with override("en"):
        return str(getattr(row, f"get_{field}_display")()).lower()


def any_of(states: Iterable[Choices]) -> str:
    """Several of them in the same way, of which one is wanted."""
    with override("en"):
        return " or ".join(str(state.label).lower() for state in states)


def know(templates: Iterable[str]) -> None:
    """Let `retold` tell sentences of these templates, each marked for translation by its app.

    A gap is named as for gettext, %(card)s; what fills it in a kept sentence is anything.
    """
    _templates.extend(templates)
    _known.cache_clear()
    _shapes.cache_clear()


def retold(kept: str) -> str:
    """What `kept` says, in the language of who reads. Several sentences may stand in lines."""
    language = get_language() or "en"
    if language.startswith("en") or not kept:
        return kept
    return "\n".join(_line(line, language) for line in kept.split("\n"))


def _line(kept: str, language: str) -> str:
    if kept in _known():
        return gettext(kept) % {}
    for words, shape, template in _shapes():
        if words not in kept:
            continue  # which most templates are told from at once
        if kept.endswith(".") and not template.endswith("."):
            continue  # its full stop fills no gap: it is taken off below
        if match := shape.fullmatch(kept):
            gaps = {gap: _filled(gap, text, language) for gap, text in match.groupdict().items()}
            return gettext(template) % gaps
    if kept.endswith("."):
        inner = kept.removesuffix(".")
        return f"{found}." if (found := _line(inner, language)) != inner else kept
    return kept


def _filled(gap: str, text: str, language: str) -> str:
    """What stood in a gap: in those of states a label, or several, as stated() says it."""
    if gap.endswith("state"):
        return gettext(" or ").join(
            gettext(f"{one[:1].upper()}{one[1:]}") for one in text.split(" or ")
        )
    return _value(text, language)


def _value(text: str, language: str) -> str:
    """What stood in a gap: a figure as the reader writes it, a sentence that is known itself."""
    if (day := _day(text)) is not None:
        return date_format(day)
    if _FIGURE.fullmatch(text):
        if language.startswith("de"):
            return text.translate(str.maketrans(",.", ".,")).replace("%", "\N{NO-BREAK SPACE}%")
        return text
    return _line(text, language)


def _day(text: str) -> date | None:
    """The day that `text` is in one of the ways that kept sentences write days."""
    day = text
    if match := _DAY_IN_WORDS.fullmatch(text):
        month = _MONTHS.index((match[1] or match[5])[:3]) + 1
        day = f"{match[3] or match[6]}-{month:02}-{int(match[2] or match[4]):02}"
    try:
        return date.fromisoformat(day) if _DAY.fullmatch(day) else None
    except ValueError:  # such as the 31st of February, which somebody typed
        return None


@cache
def _known() -> frozenset[str]:
    return frozenset(_templates)


@cache
def _shapes() -> list[tuple[str, re.Pattern[str], str]]:
    """The longest words of each template and its pattern; with the most words first."""
    shapes = [
        (
            max(_GAP.split(one)[::2], key=len).replace("%%", "%"),
            re.compile(_pattern(one), re.DOTALL),
            one,
        )
        for one in _templates
    ]
    return sorted(shapes, key=lambda shape: -len(_GAP.sub("", shape[2])))


def _pattern(template: str) -> str:
    """A regular expression of `template` that names what fills its gaps."""
    parts = _GAP.split(template)
    return "".join(
        f"(?P<{part}>.+?)" if at % 2 else re.escape(part.replace("%%", "%"))
        for at, part in enumerate(parts)
    )
