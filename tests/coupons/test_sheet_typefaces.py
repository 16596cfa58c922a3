"""The fonts of a theme: whose letters are used, and which uploads can be no font of a sheet."""

import struct

import pytest

from coupons.sheets.faces import Theme
from coupons.sheets.fitting import face_for, settable, width_mm
from coupons.sheets.typefaces import Cut, Family, FontError, inspect, source_sans
from tests.coupons.fonts import (
    BOLD_SHA256,
    DEJAVU,
    FILES,
    SHA256,
    WITH_MORE,
    changed,
    variable,
)


def test_a_theme_without_fonts_is_set_in_source_sans():
    family = Family.of(Theme(), {})

    assert family is Family.of()
    assert [face.fonts[0].name for face in family.faces] == [
        "SourceSansPro-Regular",
        "SourceSansPro-It",
        "SourceSansPro-Semibold",
        "SourceSansPro-Bold",
        "SourceSansPro-Black",
        "SheetCode",
    ]


def test_a_themes_font_comes_first_and_source_sans_helps_out():
    family = Family.of(Theme(fonts={"bold": BOLD_SHA256}, more_fonts=(SHA256,)), FILES)

    names = [font.name for font in family.bold.fonts]
    assert names == ["DejaVuSans-Bold", "DejaVuSans", "SourceSansPro-Bold"]
    assert family.face(Cut.BOLD) is family.bold
    assert family.regular.fonts[0] is source_sans(Cut.REGULAR)


def test_the_same_fonts_are_the_same_family_and_changed_ones_are_not():
    theme = Theme(fonts={"regular": SHA256})
    family = Family.of(theme, FILES)
    bolder = Family.of(theme, {SHA256: FILES[BOLD_SHA256]})  # other bytes, whatever they are called

    assert Family.of(theme, dict(FILES)) is family
    assert bolder is not family
    assert width_mm("coffee", bolder.regular, 9) > width_mm("coffee", family.regular, 9)


def test_what_is_bold_is_bold_in_letters_from_other_fonts_too():
    family = Family.of(Theme(more_fonts=(SHA256, BOLD_SHA256)), FILES)

    assert [font.name for font in family.bold.fonts[1:]] == ["DejaVuSans-Bold", "DejaVuSans"]
    assert [font.name for font in family.italic.fonts[1:]] == ["DejaVuSans", "DejaVuSans-Bold"]


def test_more_fonts_are_asked_only_for_letters_that_the_first_lacks():
    face = WITH_MORE.regular
    own, more = face.fonts[0].advances, face.fonts[1].advances

    assert face.advances["a"] == own["a"] != more["a"]
    assert "\N{BLACK CHESS KNIGHT}" not in own
    assert face.advances["\N{BLACK CHESS KNIGHT}"] == more["\N{BLACK CHESS KNIGHT}"]
    assert settable("\N{BLACK CHESS KNIGHT}3", face) == "\N{BLACK CHESS KNIGHT}3"


def test_a_reason_that_the_italic_cannot_say_is_upright_as_a_whole():
    family = Family.of()
    assert face_for("Каждые 4 дня", family.italic) is family.regular
    assert face_for("Every 4 days", family.italic) is family.italic
    assert face_for("Каждые 4 дня", family.bold) is family.bold


def test_every_letter_of_a_code_is_as_wide_as_the_next():
    code = Family.of().code
    assert {code.advances[chr(letter)] for letter in range(32, 127)} == {660}
    assert width_mm("WWWW-WWWW-WWWW-W", code, 7) == width_mm("1111-1111-1111-1", code, 7)


def test_a_font_that_is_not_among_the_files_or_damaged_is_an_error_in_words():
    theme = Theme(fonts={"regular": SHA256})
    with pytest.raises(FontError, match=f"{SHA256} is not among the files"):
        Family.of(theme, {})
    with pytest.raises(FontError, match=f"{SHA256} cannot be read"):
        Family.of(theme, {SHA256: b"no font"})


def test_staff_are_told_what_an_uploaded_font_is_called_and_lacks():
    inspected = inspect(DEJAVU)
    assert inspected.name == "DejaVu Sans Book"
    assert inspected.problem == ""
    assert {"א", "ب", "a"} <= inspected.letters

    def without_euro(font):
        for table in font["cmap"].tables:
            table.cmap.pop(0x20AC, None)

    assert inspect(changed(without_euro)).problem == "It lacks €: these are set in other fonts."


def restricted(font):
    font["OS/2"].fsType = 0x0002


def whole_only(font):
    font["OS/2"].fsType = 0x0100


def bitmaps(font):
    del font["glyf"], font["loca"]


def endless(font):
    table = font["cmap"].tables[0].newSubtable(12)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.reserved = table.length = table.nGroups = 0
    table.cmap = {65: "A"}
    font["cmap"].tables.append(table)


def _endless() -> bytes:
    data = changed(endless)
    one = struct.pack(">IIII", 1, 65, 65, 1)  # one range, of "A" alone
    at = data.index(one[:12])
    return data[: at + 8] + b"\xff" * 4 + data[at + 12 :]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"OTTO" + DEJAVU[4:], "PostScript outlines; wanted: a TrueType font"),
        (b"wOF2....", "web pages"),
        (b"ttcf....", "a collection"),
        (b"\x80\x01..", "PostScript font"),
        (b"Dear Sir", "cannot be read"),
        (DEJAVU[:5000], "cannot be read"),
        (changed(variable), "variable font; wanted: one cut"),
        (changed(restricted), r"does not allow .* \(fsType 2\)"),
        (changed(whole_only), r"does not allow .* \(fsType 256\)"),
        (changed(bitmaps), "no TrueType outlines"),
        (_endless(), "has no end"),
    ],
)
def test_what_is_no_font_for_paper_is_refused_in_words(data, why):
    with pytest.raises(FontError, match=why):
        inspect(data)


def test_a_font_that_allows_editing_may_be_embedded_although_a_stricter_bit_is_set_too():
    def editable(font):
        font["OS/2"].fsType = 0x0008

    assert "7" in inspect(changed(editable)).letters
