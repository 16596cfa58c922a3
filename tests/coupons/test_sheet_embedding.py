"""Fonts in a file: only what is used, each once, and text that can be copied and searched."""

import io
import re

import pikepdf
import pypdfium2  # type: ignore[import-untyped] # ships no types

from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import Theme
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.typefaces import Face, Family
from tests.coupons.fonts import FILES, SHA256


def page(fonts: Fonts, *lines: tuple[Face, str]) -> bytes:
    shown = "".join(
        f"1 0 0 1 20 {400 - 20 * place} Tm {fonts[face].show(text, 9)}"
        for place, (face, text) in enumerate(lines, 1)
    )
    out = io.BytesIO()
    pdf = PdfWriter(out)
    contents = pdf.write_stream(f"BT {shown}ET".encode("latin-1"))
    entries = "".join(f"/{name} {at} 0 R" for font in fonts.all() for name, at in font.write(pdf))
    tree = pdf.reserve()
    kid = pdf.write_small(
        f"<</Type/Page/Parent {tree} 0 R/Contents {contents} 0 R/MediaBox[0 0 600 400]"
        f"/Resources<</Font<<{entries}>>>>>>".encode()
    )
    pdf.write_small(f"<</Type/Pages/Count 1/Kids[{kid} 0 R]>>".encode(), tree)
    pdf.close(pdf.write(f"<</Type/Catalog/Pages {tree} 0 R>>".encode()), pdf.write(b"<<>>"))
    return out.getvalue()


def names(pdf: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        found = [str(font.BaseFont) for font in opened.pages[0].Resources.Font.values()]
    assert all(re.match(r"/[A-Z]{6}\+", name) for name in found)
    assert len(set(found)) == len(found)
    return sorted(name[8:] for name in found)


def unpacked(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def lines(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    text: str = document[0].get_textpage().get_text_range()
    document.close()
    return text.split("\r\n")


def test_more_letters_than_one_font_holds_still_come_out_right():
    family = Family.of()
    # ŉ is one letter that all programs copy as two.
    latin = "".join(chr(code) for code in range(0xC0, 0x17F) if chr(code) != "ŉ")
    greek_and_cyrillic = "".join(map(chr, (*range(0x391, 0x3A2), *range(0x410, 0x450))))
    wanted = [latin[:90], latin[90:], greek_and_cyrillic, "a" + latin[-1] + "(b)\\" + latin[0]]
    pdf = page(Fonts(family), *((family.regular, text) for text in wanted))

    assert lines(pdf) == wanted
    assert names(pdf) == ["SourceSansPro-Regular"] * 3


def test_a_face_that_shows_nothing_is_not_in_the_file():
    family = Family.of()
    assert names(page(Fonts(family), (family.bold, "Sheet"))) == ["SourceSansPro-Bold"]


def test_a_font_of_two_cuts_is_in_the_file_once():
    family = Family.of(Theme(fonts={"regular": SHA256, "bold": SHA256}), FILES)
    pdf = page(Fonts(family), (family.bold, "Sheet"), (family.regular, "Page"))

    assert lines(pdf) == ["Sheet", "Page"]
    assert names(pdf) == ["DejaVuSans"]


def test_other_letters_of_a_font_have_another_name():
    family = Family.of()
    found = [
        re.findall(rb"[A-Z]{6}\+Source", unpacked(page(Fonts(family), (family.bold, text))))[0]
        for text in ("Köln", "Łódź", "Köln")
    ]
    assert found[0] == found[2] != found[1]


def test_a_letter_of_another_font_stands_among_the_others():
    family = Family.of(Theme(more_fonts=(SHA256,)), FILES)
    pdf = page(Fonts(family), (family.regular, "Pick \N{SNOWMAN} today"))

    assert lines(pdf) == ["Pick \N{SNOWMAN} today"]
    assert names(pdf) == ["DejaVuSans", "SourceSansPro-Regular"]


def test_a_code_is_one_string_and_is_copied_as_one():
    family = Family.of()
    fonts = Fonts(family)

    assert re.fullmatch(
        r"/\w+ 6\.8 Tf\(7Q4M-K2XP-9TRD-A\)Tj ", fonts[family.code].show("7Q4M-K2XP-9TRD-A", 6.8)
    )
    assert lines(page(fonts, (family.code, "(255)950110153100012345"))) == [
        "(255)950110153100012345"
    ]
