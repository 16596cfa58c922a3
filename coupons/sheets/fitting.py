"""Setting words in the room there is: widths, smaller sizes, line breaks, ellipses.

Sizes are in points, widths in millimetres. No function here returns a line wider than asked for.
Text stays in the order in which it is read, whatever its script; it is cut between letters as a
reader knows them, never between one and its marks.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from coupons.sheets import shaping
from coupons.sheets.scripts import DIRECTIONS, JOINERS, base_level, clusters
from coupons.sheets.typefaces import Face

POINTS_PER_MM: Final = 72 / 25.4
ELLIPSIS: Final = "…"
_DANGLING: Final = " ,;:·-\u2013"  # left before an ellipsis, these look like mistakes
_STEP: Final = 0.1  # points between the sizes tried
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE: Final = re.compile(r"[\u00ad\u200b\u202a-\u202e\u2060-\u2069\ufeff]+")
_UNSEEN: Final = re.compile(f"[{JOINERS}{DIRECTIONS}\ufe00-\ufe0f]+")  # but not without effect


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
        or (all(map(known.__contains__, text)) and unicodedata.is_normalized("NFC", text))
    ):
        return text.strip()
    visible = unicodedata.normalize("NFC", _CONTROLS.sub(" ", _INVISIBLE.sub("", text)))
    plain = _UNSEEN.sub("", visible)
    if not all(map(known.__contains__, plain)):
        kept = "".join(_kept(cluster, face) for cluster in clusters(visible))
        # Without a letter that joins or runs leftwards, what directs such letters says nothing.
        plain = _UNSEEN.sub("", kept)
        if not all(map(known.__contains__, plain)):
            plain = kept
    return re.sub(" {2,}", " ", plain).strip()


def _kept(cluster: str, face: Face) -> str:
    """Return what of a cluster the face can show: all, its base, something like it, or "?"."""
    if cluster in face.advances or shaping.font_for(cluster, face):
        return cluster
    base = cluster[0]
    if base.isspace():
        return " "
    if base in face.letters:
        return base
    if unicodedata.category(base)[0] == "M":
        return ""
    if _UNSEEN.fullmatch(cluster):
        return cluster
    bare = unicodedata.normalize("NFKD", base)[0]
    return bare if bare in face.advances else "?"


def width_mm(text: str, face: Face, size: float) -> float:
    """Return how wide `text`, already settable, is at `size` points."""
    try:
        thousandths = sum(map(face.advances.__getitem__, text))
    except KeyError:
        thousandths = sum(run.width for run in shaping.shape(text, face))
    return thousandths * size / 1000 / POINTS_PER_MM


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
        lines = _broken(text, face, trial, width)
        if len(lines) <= max_lines:
            return Block(tuple(_directed(lines, text)), trial)
        if trial <= min_size:
            break
        trial = max(min_size, round(trial - 2 * _STEP, 1))
    rest = " ".join(lines[max_lines - 1 :])
    last = _shortened(rest, face, trial, width)
    return Block(tuple(_directed([*lines[: max_lines - 1], last], text)), trial)


def wrap(text: str, face: Face, size: float, width: float) -> list[str]:
    """Break `text` into lines of at most `width` mm at `size` points, between words.

    A word longer than a line is broken where the line ends; a width that holds not even one
    letter gives no lines.
    """
    text = settable(text, face)
    return _directed(_broken(text, face, size, width), text)


def _directed(lines: list[str], text: str) -> list[str]:
    """Return the lines of `text`, each read from the side from which the whole is read."""
    if text.isascii():
        return lines
    level = base_level(text)
    return [line if base_level(line) == level else DIRECTIONS[level] + line for line in lines]


def _broken(text: str, face: Face, size: float, width: float) -> list[str]:
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
            # Scripts without capitals are broken without a hyphen.
            lines.append(head + "-" if head[-1].islower() or head[-1].isupper() else head)
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
        advance = known.get(character)
        if advance is None:
            return _shaped_head(text, face, size, width)
        room -= advance
        if room < 0:
            return text[:place]
    return text


def _shaped_head(text: str, face: Face, size: float, width: float) -> str:
    """Return the same where letters must be shaped, cut between clusters."""
    ends = list(accumulate(map(len, clusters(text))))
    count = bisect_right(ends, width, key=lambda end: width_mm(text[:end], face, size))
    while count and width_mm(text[: ends[count - 1]], face, size) > width:
        count -= 1  # letters that join may be narrower together than apart
    return text[: ends[count - 1]] if count else ""


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
