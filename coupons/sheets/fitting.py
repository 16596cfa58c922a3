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
        (text.isascii() and text.isprintable())
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
    level = _level(text, face)
    return Line(_directed(_shortened(text, face, min_size, width, level), level), min_size)


def fit_block(
    text: str, face: Face, size: float, min_size: float, width: float, max_lines: int
) -> Block:
    """Return `text` on at most `max_lines` lines of at most `width` mm, as large as may be.

    What does not fit at `min_size` points is shortened at the end of the last line.
    """
    text = settable(text, face)
    level = _level(text, face)
    trial = size
    while True:
        lines = _broken(text, face, trial, width, level)
        if len(lines) <= max_lines:
            return Block(tuple(_directed(line, level) for line in lines), trial)
        if trial <= min_size:
            break
        trial = max(min_size, round(trial - 2 * _STEP, 1))
    rest = " ".join(lines[max_lines - 1 :])
    last = _shortened(rest, face, trial, width, level)
    kept = [*lines[: max_lines - 1], last]
    return Block(tuple(_directed(line, level) for line in kept), trial)


def wrap(text: str, face: Face, size: float, width: float) -> list[str]:
    """Break `text` into lines of at most `width` mm at `size` points, between words.

    A word longer than a line is broken where the line ends; a width that holds not even one
    letter gives no lines.
    """
    text = settable(text, face)
    level = _level(text, face)
    return [_directed(line, level) for line in _broken(text, face, size, width, level)]


def _level(text: str, face: Face) -> int | None:
    """Return from which side `text` is read, as `base_level`; None, if it is not to be shaped."""
    if text.isascii() or all(map(face.advances.__contains__, text)):
        return None
    return base_level(text)


def _directed(line: str, level: int | None) -> str:
    """Return a line of a text so that it is read from the side from which the whole is read."""
    if not line or level is None or base_level(line) == level:
        return line
    return DIRECTIONS[level] + line


def _fits(line: str, face: Face, size: float, width: float, level: int | None) -> bool:
    return width_mm(_directed(line, level), face, size) <= width


def _broken(text: str, face: Face, size: float, width: float, level: int | None) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if _fits(longer, face, size, width, level):
            line = longer
            continue
        if line:
            lines.append(line)
        while not _fits(word, face, size, width, level):
            head = _head(word, face, size, width, level, "-")
            if not head:
                return lines
            # Scripts without capitals are broken without a hyphen.
            lines.append(head + "-" if head[-1].islower() or head[-1].isupper() else head)
            word = word[len(head) :]
        line = word
    if line:
        lines.append(line)
    return lines


def _head(text: str, face: Face, size: float, width: float, level: int | None, end: str) -> str:
    """Return the longest beginning of `text` that is at most `width` mm wide, `end` included."""
    if level is not None:
        return _shaped_head(text, face, size, width, level, end)
    known = face.advances
    room = (width - width_mm(end, face, size)) * POINTS_PER_MM * 1000 / size
    for place, character in enumerate(text):
        room -= known[character]
        if room < 0:
            return text[:place]
    return text


def _shaped_head(text: str, face: Face, size: float, width: float, level: int, end: str) -> str:
    """Return the same where letters must be shaped, cut between clusters."""

    def needed(count: int) -> float:
        # What ends it takes part: it may be of another font there, or change a letter's form.
        head = text[: edges[count]]
        return max(width_mm(_directed(head + one, level), face, size) for one in ("", end))

    edges = [0, *accumulate(map(len, clusters(text)))]
    count = bisect_right(range(1, len(edges)), width, key=needed)
    while count and needed(count) > width:
        count -= 1  # letters that join may be narrower together than apart
    return text[: edges[count]]


def _shortened(text: str, face: Face, size: float, width: float, level: int | None) -> str:
    """Return as much of `text` as fits, cut after a word and ended by an ellipsis."""
    if _fits(text, face, size, width, level):
        return text
    if width_mm(ELLIPSIS, face, size) > width:
        return ""
    head = _head(text, face, size, width, level, ELLIPSIS)
    if not text[len(head) : len(head) + 1].isspace():
        words, _, part = head.rpartition(" ")
        if words and len(words) >= len(part):  # else too little would be left: cut inside the word
            head = words
    head = head.rstrip(_DANGLING)
    while level is not None and head and not _fits(head + ELLIPSIS, face, size, width, level):
        head = "".join(clusters(head)[:-1]).rstrip(_DANGLING)
    if not _fits(head + ELLIPSIS, face, size, width + 1e-9, level):
        return ""
    return head + ELLIPSIS
