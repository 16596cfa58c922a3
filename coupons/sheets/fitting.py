"""Setting words in the room there is: widths, smaller sizes, line breaks, ellipses.

Sizes are in points, widths in millimetres. No function here returns a line wider than asked for.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from coupons.sheets.typefaces import Face

POINTS_PER_MM: Final = 72 / 25.4
ELLIPSIS: Final = "…"
_DANGLING: Final = " ,;:·-\u2013"  # left before an ellipsis, these look like mistakes
_STEP: Final = 0.1  # points between the sizes tried
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE: Final = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True, slots=True)
class Line:
    """Text that fits, and the size in points at which it does."""

    text: str
    size: float


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that fit under each other, all of one size in points."""

    lines: tuple[str, ...]
    size: float


def face_for(text: str, face: Face) -> Face:
    """Return `face`, or the upright one if the font of `face` lacks letters of `text` that it has.

    Source Sans has no Greek and no Cyrillic italic; a reason in Russian is set upright instead.
    """
    upright = face.upright
    if upright is None or text.isascii():
        return face
    known, more = face.fonts[0].advances, upright.fonts[0].advances
    lacking = any(letter not in known and letter in more for letter in text)
    return upright if lacking else face


def settable(text: str, face: Face) -> str:
    """Return `text` in characters the face has, accents composed, spaces single.

    A letter the face lacks loses its accent before it becomes a question mark: a name with one
    wrong letter still reaches its house.
    """
    known = face.advances
    if "  " not in text and (
        (text.isascii() and face.has_ascii and text.isprintable())
        or (
            unicodedata.is_normalized("NFC", text)
            and all(map(known.__contains__, text))
            and not _INVISIBLE.search(text)
        )
    ):
        return text.strip()
    visible = _CONTROLS.sub(" ", _INVISIBLE.sub("", text))
    composed = unicodedata.normalize("NFC", visible)
    characters = []
    for character in composed:
        if character in known:
            characters.append(character)
        elif character.isspace():
            characters.append(" ")
        elif not unicodedata.combining(character):
            bare = unicodedata.normalize("NFKD", character)[0]
            characters.append(bare if bare in known else "?")
    return re.sub(" {2,}", " ", "".join(characters)).strip()


def width_mm(text: str, face: Face, size: float) -> float:
    """Return how wide `text`, already settable, is at `size` points."""
    return sum(map(face.advances.__getitem__, text)) * size / 1000 / POINTS_PER_MM


def fit(text: str, face: Face, size: float, min_size: float, width: float) -> Line:
    """Return `text` on one line of at most `width` mm.

    It is set smaller, down to `min_size` points, and after that shortened: at a word where that
    leaves a word, with an ellipsis. Raises ValueError if `min_size` exceeds `size` or is not
    positive.
    """
    if not 0 < min_size <= size:
        raise ValueError(f"sizes from {size} down to {min_size} points make no sense")
    text = settable(text, face)
    per_point = width_mm(text, face, 1)
    if per_point * size <= width:
        return Line(text, size)
    smaller = int(width / per_point / _STEP) * _STEP
    if smaller >= min_size:
        return Line(text, round(smaller, 1))
    return Line(_shortened(text, face, min_size, width), min_size)


def fit_block(
    text: str, face: Face, size: float, min_size: float, width: float, max_lines: int
) -> Block:
    """Return `text` on at most `max_lines` lines of at most `width` mm, as large as may be.

    What does not fit at `min_size` points is shortened at the end of the last line.
    """
    text = settable(text, face)
    trial = size
    while True:
        lines = wrap(text, face, trial, width)
        if len(lines) <= max_lines:
            return Block(tuple(lines), trial)
        if trial <= min_size:
            break
        trial = max(min_size, round(trial - 2 * _STEP, 1))
    rest = " ".join(lines[max_lines - 1 :])
    last = _shortened(rest, face, trial, width)
    return Block((*lines[: max_lines - 1], last), trial)


def wrap(text: str, face: Face, size: float, width: float) -> list[str]:
    """Break `text` into lines of at most `width` mm at `size` points, between words.

    A word longer than a line is broken where the line ends; a width that holds not even one
    letter gives no lines.
    """
    text = settable(text, face)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_mm(longer, face, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while width_mm(word, face, size) > width:
            head = _head(word, face, size, width - width_mm("-", face, size))
            if not head:
                return lines
            lines.append(head + "-" if head[-1].isalpha() else head)
            word = word[len(head) :]
        line = word
    if line:
        lines.append(line)
    return lines


def _head(text: str, face: Face, size: float, width: float) -> str:
    """Return the longest beginning of `text` that is at most `width` mm wide."""
    known = face.advances
    room = width * POINTS_PER_MM * 1000 / size
    for place, character in enumerate(text):
        room -= known[character]
        if room < 0:
            return text[:place]
    return text


def _shortened(text: str, face: Face, size: float, width: float) -> str:
    """Return as much of `text` as fits, cut after a word and ended by an ellipsis."""
    if width_mm(text, face, size) <= width:
        return text
    room = width - width_mm(ELLIPSIS, face, size)
    if room < 0:
        return ""
    head = _head(text, face, size, room)
    if not text[len(head) : len(head) + 1].isspace():
        words, _, part = head.rpartition(" ")
        if words and len(words) >= len(part):  # else too little would be left: cut inside the word
            head = words
    return head.rstrip(_DANGLING) + ELLIPSIS
