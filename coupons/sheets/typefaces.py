"""Typefaces: the fonts a sheet is set in, a theme's own or Source Sans, and their letters.

A font is one TrueType file. A face is what text is set in: a font of the wanted cut, and others
that are asked in turn for letters that it lacks. A family is the faces of one theme.
"""

import io
import struct
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

import font_source_sans_pro  # type: ignore[import-untyped] # ships no types
from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # ships no types
from reportlab.pdfbase.ttfonts import TTFontFile  # type: ignore[import-untyped] # ships no types

from coupons.sheets.faces import Theme
from coupons.sheets.monospaced import monospaced
from coupons.sheets.scripts import is_plain


class Cut(StrEnum):
    """How a font is cut, named as a theme names it."""

    REGULAR = "regular"
    ITALIC = "italic"
    SEMIBOLD = "semibold"
    BOLD = "bold"
    BLACK = "black"


_SOURCE_SANS: Final = {
    Cut.REGULAR: "SourceSansPro",
    Cut.ITALIC: "SourceSansProIt",
    Cut.SEMIBOLD: "SourceSansProSemibold",
    Cut.BOLD: "SourceSansProBold",
    Cut.BLACK: "SourceSansProBlack",
}
_OPENED: Final = 64  # fonts kept open; a theme seldom has ten
_FORCE_BOLD: Final = 1 << 18  # set of a font as heavy as 600, or heavier
_HEAVY: Final = (Cut.SEMIBOLD, Cut.BOLD, Cut.BLACK)
_NO_LETTERS: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
_ASCII: Final = frozenset(map(chr, range(32, 127)))


class FontError(ValueError):
    """A font that cannot be used; the message says why, for staff."""


@dataclass(frozen=True, slots=True, eq=False)
class Font:
    """One font file, read.

    advances are those of the letters that simply follow one another, in thousandths of the size;
    letters are all that it has a glyph for; is_heavy says that it is semibold, or bolder.
    """

    name: str
    data: bytes = field(repr=False)
    file: TTFontFile = field(repr=False)
    advances: Mapping[str, float] = field(repr=False)
    letters: frozenset[str] = field(repr=False)
    is_heavy: bool


@lru_cache(maxsize=_OPENED)
def open_font(data: bytes) -> Font:
    """Return the font in `data`, read once for the same bytes."""
    file = TTFontFile(io.BytesIO(data))
    widths = file.charWidths
    codes = [code for code, glyph in file.charToGlyph.items() if glyph]
    letters = [
        letter for letter in map(chr, codes) if unicodedata.category(letter) not in _NO_LETTERS
    ]
    return Font(
        name=file.name.decode(),
        data=data,
        file=file,
        advances={letter: widths[ord(letter)] for letter in letters if is_plain(letter)},
        letters=frozenset(letters),
        is_heavy=bool(file.flags & _FORCE_BOLD),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What text is set in. Two faces are the same only if they are one object.

    fonts are asked for a letter in this order; one of them has all of ASCII. advances are those
    of every letter that one of them shows and that is simply set beside the next, in thousandths
    of the size. upright is the face of the same family to set a text in whose letters the first
    font lacks and the upright one's has: None, if this one is upright.
    """

    name: str
    fonts: tuple[Font, ...]
    upright: "Face | None" = None
    advances: Mapping[str, float] = field(init=False, repr=False)
    letters: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        advances: dict[str, float] = {}
        for font in reversed(self.fonts):
            advances |= font.advances
        object.__setattr__(self, "advances", advances)
        letters = frozenset().union(*(font.letters for font in self.fonts))
        object.__setattr__(self, "letters", letters)


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The faces of a theme; `code` is that of coupon codes: every letter as wide as the next."""

    regular: Face
    italic: Face
    semibold: Face
    bold: Face
    black: Face
    code: Face

    @property
    def faces(self) -> tuple[Face, ...]:
        """All of them, in a fixed order."""
        return (self.regular, self.italic, self.semibold, self.bold, self.black, self.code)

    def face(self, cut: Cut) -> Face:
        """Return the face of a cut."""
        face: Face = getattr(self, cut.value)
        return face

    @staticmethod
    def of(theme: Theme | None = None, files: Mapping[str, bytes] | None = None) -> "Family":
        """Return the faces of `theme`, whose fonts are in `files` by their SHA-256.

        Without a theme it is all Source Sans. The same fonts give the same family, so that what
        was fitted in its faces may be remembered by them.

        Raises FontError if a font is not among the files or cannot be read.
        """

        def font(sha256: str) -> Font:
            data = (files or {}).get(sha256)
            if data is None:
                raise FontError(f"the font {sha256} is not among the files given")
            try:
                return open_font(data)
            except Exception as error:  # a file that is damaged fails in any way there is
                raise FontError(f"the font {sha256} cannot be read: {error}") from error

        chosen = theme.fonts if theme else {}
        own = tuple(font(chosen[cut]) if chosen.get(cut) else None for cut in Cut)
        return _family(own, tuple(map(font, theme.more_fonts if theme else ())))


@lru_cache(maxsize=8)
def _family(own: tuple[Font | None, ...], more: tuple[Font, ...]) -> Family:
    """Return the family of a theme's `own` fonts, by cut, and `more` for what they lack.

    Of those, the ones as heavy as a cut are asked before the others.
    """
    fonts: dict[Cut, tuple[Font, ...]] = {}
    for cut, font in zip(Cut, own, strict=True):
        is_heavy = cut in _HEAVY
        alike = [other for other in more if other.is_heavy == is_heavy]
        fallback = source_sans(cut)
        asked = (font or fallback, *alike, *more, fallback)
        fonts[cut] = tuple(dict.fromkeys(asked))
    regular = Face("regular", fonts[Cut.REGULAR])
    return Family(
        regular=regular,
        italic=Face("italic", fonts[Cut.ITALIC], regular),
        semibold=Face("semibold", fonts[Cut.SEMIBOLD]),
        bold=Face("bold", fonts[Cut.BOLD]),
        black=Face("black", fonts[Cut.BLACK]),
        code=Face(
            "code", (open_font(monospaced(source_sans(Cut.REGULAR).data)), source_sans(Cut.REGULAR))
        ),
    )


def source_sans(cut: Cut) -> Font:
    """Return the font of Source Sans that has the `cut` named."""
    return open_font(_bytes_of(font_source_sans_pro.font_files_ttf[_SOURCE_SANS[cut]]))


@lru_cache(maxsize=len(_SOURCE_SANS))
def _bytes_of(path: str) -> bytes:
    return Path(path).read_bytes()


@dataclass(frozen=True, slots=True)
class Inspected:
    """A font that may be used: how it calls itself, its letters, and what is not quite right.

    problem is a sentence for staff, empty if all that sheets usually say can be set in it.
    """

    name: str
    letters: frozenset[str]
    problem: str


def inspect(data: bytes) -> Inspected:
    """Return what staff should know of a font before sheets are set in it.

    Raises FontError, in words, for what is no static TrueType font, may not be embedded in part,
    or cannot be read to its end.
    """
    kind = next((kind for start, kind in _OTHER_KINDS.items() if data.startswith(start)), "")
    if kind:
        raise FontError(f"this is {kind}; wanted: a TrueType font, a .ttf file of one cut")
    try:
        made = TTFont(io.BytesIO(data), lazy=True, checkChecksums=0)
        if "fvar" in made:
            raise FontError(
                "this is a variable font; wanted: one cut of it, which its maker calls static"
            )
        if "glyf" not in made:
            raise FontError("this font has no TrueType outlines")
        rights = made["OS/2"].fsType if "OS/2" in made else 0
        if rights & _FORBIDDEN == _RESTRICTED or rights & (_WHOLE_ONLY | _BITMAPS_ONLY):
            raise FontError(
                f"its maker does not allow this font to be embedded in part (fsType {rights})"
            )
        if _characters_mapped(made.reader["cmap"]) > sys.maxunicode:
            raise FontError("this font's table of characters has no end")
        font = open_font(data)
        codes = sorted(map(ord, font.letters))
        font.file.makeSubset(codes)
        name = made["name"].getBestFullName() or font.name
    except FontError:
        raise
    except Exception as error:  # a file that is damaged fails in any way there is
        raise FontError(f"this file cannot be read as a TrueType font: {error}") from error
    if not font.letters:
        raise FontError("this font names no letter that its glyphs stand for")
    return Inspected(name, font.letters, _problem(font.letters))


def _characters_mapped(table: bytes) -> int:
    """Return how many characters the ranges of a character table cover, without reading them.

    A table of a few bytes can claim milliards, and whoever reads it reads them all.
    """
    most = 0
    for record in range(int.from_bytes(table[2:4])):
        at = int.from_bytes(table[8 + 8 * record : 12 + 8 * record])
        if int.from_bytes(table[at : at + 2]) not in (12, 13):
            continue
        groups = (len(table) - at - 16) // 12
        said = int.from_bytes(table[at + 12 : at + 16])
        covered = 0
        for first, last, _ in struct.iter_unpack(
            ">III", table[at + 16 : at + 16 + 12 * min(groups, said)]
        ):
            covered += max(0, last - first + 1)
        most = max(most, covered)
    return most


def _problem(letters: frozenset[str]) -> str:
    lacking = "".join(sorted(_USUAL - letters))
    if not lacking:
        return ""
    said = lacking if len(lacking) <= _NAMED else f"{len(lacking)} usual letters, digits and signs"
    return f"It lacks {said}: these are set in other fonts."


_OTHER_KINDS: Final = {
    b"OTTO": "an OpenType font with PostScript outlines",
    b"wOFF": "a font for web pages (WOFF)",
    b"wOF2": "a font for web pages (WOFF2)",
    b"ttcf": "a collection of fonts",
    b"\x80\x01": "a PostScript font",
    b"%!PS": "a PostScript font",
}
# OS/2 fsType: of the lowest four bits the most generous counts.
_FORBIDDEN: Final = 0x000F
_RESTRICTED: Final = 0x0002
_WHOLE_ONLY: Final = 0x0100
_BITMAPS_ONLY: Final = 0x0200
_NAMED: Final = 20  # letters that one still reads in a sentence
_USUAL: Final = _ASCII | frozenset("\N{EURO SIGN}\N{POUND SIGN}\N{MULTIPLICATION SIGN}·–…’“”")  # noqa: RUF001 - what sheets are set with
