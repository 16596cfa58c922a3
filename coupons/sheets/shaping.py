"""Text of any script as glyphs in their places: which runs where, in which font, how joined.

A line is cut into runs of one direction, one script and one font, the runs are put in the order
in which they are seen, from left to right, and HarfBuzz makes glyphs of those that are not
plain. The line's own first letter decides from which side it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, Final

import uharfbuzz as hb  # type: ignore[import-untyped] # ships no types
from bidi import algorithm as bidi  # type: ignore[import-untyped] # ships no types
from fontTools.unicodedata import script  # type: ignore[import-untyped] # ships no types

from coupons.sheets.scripts import DIRECTIONS, JOINERS, base_level, clusters, is_rightward
from coupons.sheets.typefaces import Face, Font

_Span = tuple[int, str, Font, str]  # level, script, font, text
_LETTERS = 16_384  # clusters; few scripts have as many, and no shop's customers
_REMEMBERED = 4096  # lines; most are set once, then asked for their width, then shown
_UNSEEN = frozenset(JOINERS + DIRECTIONS + "\ufe0e\ufe0f")
_ANY_SCRIPT = ("Zyyy", "Zinh", "Zzzz")


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph of a font; lengths in thousandths of the size.

    advance is to the next glyph and own what the font says it is; x and y are how far from there
    the glyph is drawn; text is what it stands for, empty if the glyph beside it says that.
    """

    number: int
    own: float
    advance: float
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """What is set in one font: glyphs from left to right or, where there are none, plain text."""

    font: Font
    text: str
    glyphs: tuple[Glyph, ...]
    width: float  # thousandths of the size


@lru_cache(maxsize=_LETTERS)
def font_for(cluster: str, face: Face) -> Font | None:
    """Return the first font of `face` that has every letter of `cluster`; None: there is none."""
    wanted = [character for character in cluster if character not in _UNSEEN]
    for font in face.fonts:
        if wanted and all(map(font.letters.__contains__, wanted)):
            return font
    return None


@lru_cache(maxsize=_REMEMBERED)
def shape(text: str, face: Face) -> tuple[Run, ...]:
    """Return `text`, a line that is settable in `face`, as runs from left to right."""
    pieces = clusters(text)
    levels = _levels(text)
    spans: list[_Span] = []
    at = 0
    last_script, of_words = "Zyyy", face.fonts[0]
    for piece in pieces:
        letters = piece.translate(_NO_DIRECTION)
        if letters:
            found = _script(letters)
            if levels[at] % 2 and not found and letters in of_words.letters:
                font = of_words  # signs between words that run leftwards are of their font
            else:
                font = font_for(letters, face) or face.fonts[0]
            if levels[at] % 2:
                of_words = font
            last_script = found or last_script
            spans.append((levels[at], last_script, font, letters))
        at += len(piece)
    runs = [
        (level, code, font, "".join(letters for *_, letters in same))
        for (level, code, font), same in groupby(spans, lambda span: span[:3])
    ]
    return tuple(_run(letters, font, code, level) for level, code, font, letters in _as_seen(runs))


@lru_cache(maxsize=_LETTERS)
def _script(letters: str) -> str:
    """Return the script of a cluster, empty if any script has it."""
    return next((code for code in map(script, letters) if code not in _ANY_SCRIPT), "")


_NO_DIRECTION = str.maketrans(dict.fromkeys(DIRECTIONS))


def _levels(text: str) -> list[int]:
    """Return each character's embedding level (Unicode, annex 9): odd runs from right to left."""
    base = base_level(text)
    if not any(map(is_rightward, text)):
        return [base] * len(text)
    storage = bidi.get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, "LR"[base]
    bidi.get_embedding_levels(text, storage)
    for place, character in enumerate(storage["chars"]):
        character["place"] = place
    bidi.explicit_embed_and_overrides(storage, False)
    bidi.resolve_weak_types(storage, False)
    _resolve_brackets(storage["chars"], "LR"[base])
    bidi.resolve_neutral_types(storage, False)
    bidi.resolve_implicit_levels(storage, False)
    levels = [-1] * len(text)
    for character in storage["chars"]:
        levels[character["place"]] = character["level"]
    level = base
    for place, known in enumerate(levels):  # what the algorithm drops goes with what precedes it
        level = levels[place] = level if known < 0 else known
    for place in range(len(text) - 1, -1, -1):  # spaces at the end are the line's, not the word's
        if not text[place].isspace():
            break
        levels[place] = base
    return levels


def _resolve_brackets(characters: list[dict[str, Any]], base: str) -> None:
    """Give both brackets of a pair one direction (annex 9, N0), which the package leaves out."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for place, character in enumerate(characters):
        if character["ch"] in _BRACKETS:
            opened.append(place)
        elif character["ch"] in _BRACKETS.values():
            for start in reversed(opened):
                if _BRACKETS[characters[start]["ch"]] == character["ch"]:
                    pairs.append((start, place))
                    del opened[opened.index(start) :]
                    break
    for start, end in sorted(pairs):
        inside = {_STRONG.get(one["type"]) for one in characters[start + 1 : end]}
        before = [_STRONG[one["type"]] for one in characters[:start] if one["type"] in _STRONG]
        if not inside & {"L", "R"}:
            continue
        direction = base if base in inside or (before or [base])[-1] == base else "LR"[base == "L"]
        characters[start]["type"] = characters[end]["type"] = direction


_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}
_STRONG: Final = {"L": "L", "R": "R", "EN": "R", "AN": "R"}


def _as_seen(runs: list[_Span]) -> list[_Span]:
    """Return runs in the order in which they are seen: those of odd levels back to front."""
    for level in range(max((run[0] for run in runs), default=0), 0, -1):
        first = 0
        while first < len(runs):
            end = first
            while end < len(runs) and runs[end][0] >= level:
                end += 1
            runs[first:end] = reversed(runs[first:end])
            first = end + 1
    return runs


@lru_cache(maxsize=64)
def shaper(font: Font) -> hb.Font:
    """Return HarfBuzz's view of a font."""
    return hb.Font(hb.Face(font.data))


def _run(text: str, font: Font, code: str, level: int) -> Run:
    if level % 2 == 0 and all(map(font.advances.__contains__, text)):
        return Run(font, text, (), sum(map(font.advances.__getitem__, text)))
    buffer = hb.Buffer()
    buffer.add_codepoints(list(map(ord, text)))
    buffer.direction = "rtl" if level % 2 else "ltr"
    if code in _ANY_SCRIPT:
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if level % 2 else "ltr"
    else:
        buffer.script = code
    buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    drawn = shaper(font)
    hb.shape(drawn, buffer, {})
    infos, places = buffer.glyph_infos, buffer.glyph_positions
    scale = 1000 / drawn.face.upem
    glyphs = tuple(
        Glyph(
            info.codepoint,
            drawn.get_glyph_h_advance(info.codepoint) * scale,
            place.x_advance * scale,
            place.x_offset * scale,
            place.y_offset * scale,
            stands_for,
        )
        for info, place, stands_for in zip(
            infos, places, _stands_for(text, [info.cluster for info in infos]), strict=True
        )
    )
    return Run(font, text, glyphs, sum(glyph.advance for glyph in glyphs))


def _stands_for(text: str, starts: list[int]) -> Iterator[str]:
    """Yield what each glyph stands for: one character each, if a cluster has as many glyphs."""
    edges = [*sorted(set(starts)), len(text)]
    parts = {first: text[first:end] for first, end in pairwise(edges)}
    is_reversed = len(starts) > 1 and starts[0] > starts[-1]
    for first, same in groupby(starts):
        count, part = len(list(same)), parts[first]
        pieces = list(part) if len(part) == count else [part, *[""] * (count - 1)]
        yield from reversed(pieces) if is_reversed else pieces
