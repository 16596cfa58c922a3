"""Names in any script: in the right order, never cut inside a letter, and still to be copied."""

import io
import unicodedata

import pikepdf
import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.sheets.embedding import Fonts
from coupons.sheets.fitting import fit, fit_block, settable, width_mm, wrap
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.scripts import base_level, clusters
from coupons.sheets.shaping import Run, shape, shaper
from coupons.sheets.typefaces import Face, Family
from tests.coupons.fonts import WITH_MORE

FACE = WITH_MORE.regular
PLAIN = Family.of().regular
HEBREW = "רחוב הרצל 12 תל אביב"
ARABIC = "محمد بن سلمان"
letters = st.one_of(
    st.sampled_from("abÄ ж12-,()אבגשםַּכ\u05d9\u05bcمحدنال\u0651\u0301 \u200d\u200e\u200f"),  # noqa: RUF001 - Arabic
    st.characters(max_codepoint=0x1FFF),
)
texts = st.text(letters, max_size=40)


def drawn(*lines: str, face: Face = FACE) -> bytes:
    """A page of lines, one below the other."""
    fonts = Fonts(WITH_MORE)
    shown = [
        f"1 0 0 1 20 {20 * place} Tm {fonts[face].show(line, 12)}"
        for place, line in enumerate(reversed(lines), 1)
    ]
    out = io.BytesIO()
    pdf = PdfWriter(out)
    contents = pdf.write_stream(f"BT {''.join(shown)}ET".encode("latin-1"))
    entries = "".join(f"/{name} {at} 0 R" for font in fonts.all() for name, at in font.write(pdf))
    tree = pdf.reserve()
    page = pdf.write_small(
        f"<</Type/Page/Parent {tree} 0 R/Contents {contents} 0 R/MediaBox[0 0 300 400]"
        f"/Resources<</Font<<{entries}>>>>>>".encode()
    )
    pdf.write_small(f"<</Type/Pages/Count 1/Kids[{page} 0 R]>>".encode(), tree)
    pdf.close(pdf.write(f"<</Type/Catalog/Pages {tree} 0 R>>".encode()), pdf.write(b"<<>>"))
    return out.getvalue()


def copied(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text: str = document[0].get_textpage().get_text_range().replace("\r\n", "\n")
    document.close()
    return text


def seen(runs: tuple[Run, ...]) -> str:
    """The letters from left to right."""
    return "".join(
        "".join(glyph.text for glyph in run.glyphs) if run.glyphs else run.text for run in runs
    )


def test_hebrew_runs_from_the_right_and_its_numbers_from_the_left():
    assert seen(shape("רחוב 12", FACE)) == "12 בוחר"
    assert seen(shape("Haus רחוב 12", FACE)) == "Haus 12 בוחר"
    assert seen(shape("Familie משה Cohen", FACE)) == "Familie השמ Cohen"


def test_a_bracket_in_hebrew_opens_to_the_left():
    [run] = shape("תל (אב", FACE)
    [bracket] = [glyph for glyph in run.glyphs if glyph.text == "("]
    assert bracket.number == shaper(run.font).get_nominal_glyph(ord(")"))


def test_a_pair_of_brackets_stays_a_pair_round_what_it_holds():
    # Drawn mirrored where they run leftwards: what is read first stands at the right.
    assert seen(shape("אב (Coffee) 500 g", FACE)) == "500 g )Coffee( בא"
    assert seen(shape("Café (אב) 5", FACE)) == "Café (בא) 5"
    assert seen(shape("אב (דה) Cohen", FACE)) == "Cohen )הד( בא"
    assert seen(shape("Haus [אב] (12", FACE)) == "Haus [בא] (12"


def test_arabic_letters_join():
    joined = shape("محمد", FACE)
    apart = shape("م ح م د", FACE)
    assert joined[0].width < apart[0].width
    assert {glyph.number for glyph in joined[0].glyphs}.isdisjoint(
        glyph.number for run in apart for glyph in run.glyphs if glyph.text in "مح"
    )
    assert len(shape("لا", FACE)[0].glyphs) == 1


def test_marks_that_do_not_compose_stand_on_their_letter():
    text = settable("x\u0302 q\u0303", PLAIN)
    marks = [
        glyph for run in shape(text, PLAIN) for glyph in run.glyphs if glyph.text in "\u0302\u0303"
    ]
    assert len(marks) == 2
    assert all(mark.advance == 0 and mark.x < 0 for mark in marks)
    assert width_mm(text, PLAIN, 9) == pytest.approx(width_mm("x q", PLAIN, 9), abs=0.02)


def test_letters_that_no_font_has_are_said_as_well_as_can_be():
    assert settable("Herzl הרצל", PLAIN) == "Herzl ????"
    assert settable("ต a\u0e34", FACE) == "? a"
    assert settable("x\u20e3", PLAIN) == "x"
    assert settable("שָׁלוֹם", FACE) == unicodedata.normalize("NFC", "שָׁלוֹם")


def test_what_directs_letters_is_kept_only_where_there_are_some_to_direct():
    assert settable("Anna\u200f Huber\u200d", FACE) == "Anna Huber"
    assert settable("\u200fמשה", FACE) == "\u200fמשה"
    assert settable("\u202eevil\u2066", FACE) == "evil"


@pytest.mark.parametrize(
    "text", [HEBREW, "Familie משה Cohen", ARABIC, "x̂ ŷ q̃", "Żółć Привет Ελλάδα"]
)
def test_text_can_be_copied_from_the_file(text):
    assert copied(drawn(settable(text, FACE))).strip() == text


def test_a_file_with_shaped_text_is_sound_small_and_the_same_twice():
    pdf = drawn(HEBREW, ARABIC + ", 12", "Anna Huber")

    assert pdf == drawn(HEBREW, ARABIC + ", 12", "Anna Huber")
    assert len(pdf) < 45_000
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert opened.check_pdf_syntax() == []
        fonts = {str(name): font for name, font in opened.pages[0].Resources.Font.items()}
        [shaped] = [font for font in fonts.values() if font.Subtype == "/Type0"]
        assert shaped.Encoding == "/Identity-H"
        assert "/FontFile2" in shaped.DescendantFonts[0].FontDescriptor


def test_plain_text_is_not_shaped():
    runs = shape("Anna Huber, Łódź", FACE)
    assert not any(run.glyphs for run in runs)
    assert b"Identity-H" not in drawn("Anna Huber, Łódź")


def test_a_name_is_cut_between_letters_and_never_between_one_and_its_marks():
    name = "שָׁלוֹםעֲלֵיכֶם" * 3
    line = fit(name, FACE, 10, 8, 30)
    assert line.text.endswith("…")
    assert "".join(clusters(settable(name, FACE))).startswith(line.text[:-1])
    assert line.text[:-1] in [
        "".join(clusters(settable(name, FACE))[:count]) for count in range(60)
    ]


def test_lines_of_one_text_are_all_read_from_the_same_side():
    text = "שלום לכולם Greenfield Markets Dark Roast Coffee"
    lines = wrap(text, FACE, 10, 30)

    assert len(lines) > 1
    assert {base_level(line) for line in lines} == {1}
    assert " ".join(lines).replace("\u200f", "") == text
    assert fit_block(text, FACE, 10, 10, 30, 9).lines == tuple(lines)


def test_only_scripts_with_capitals_are_broken_with_a_hyphen():
    assert wrap("Donaudampfschifffahrt", FACE, 10, 20)[0].endswith("-")
    assert wrap("ДОНАУДАМПФШИФФАРТ", FACE, 10, 20)[0].endswith("-")
    assert "-" not in "".join(wrap("קפה" * 20, FACE, 10, 20))
    assert "-" not in "".join(wrap("1234567890" * 3, FACE, 10, 20))


def test_clusters_are_letters_as_readers_know_them():
    assert clusters("ab") == ["a", "b"]
    assert clusters("e\u0301x") == ["e\u0301", "x"]
    assert clusters("क्षि") == ["क्षि"]
    assert clusters("กำเ") == ["กำ", "เ"]
    assert clusters("เก") == ["เก"]


@given(texts)
def test_what_is_settable_stays_as_it_is(text):
    once = settable(text, FACE)
    assert settable(once, FACE) == once


@given(texts)
def test_every_letter_is_shown_once(text):
    text = settable(text, FACE)
    unseen = str.maketrans(dict.fromkeys("\u200c\u200d\u200e\u200f"))
    shown = "".join(run.text for run in shape(text, FACE)).translate(unseen)
    assert sorted(shown) == sorted(text.translate(unseen))


@given(texts, st.floats(5, 60))
def test_no_line_is_wider_than_its_box_in_any_script(text, width):
    line = fit(text, FACE, 10, 7, width)
    assert width_mm(line.text, FACE, line.size) <= width + 1e-9
    block = fit_block(text, FACE, 10, 7, width, 3)
    assert len(block.lines) <= 3
    assert all(width_mm(line, FACE, block.size) <= width + 1e-9 for line in block.lines)
    # Pages are bytes, one for each code.
    Fonts(WITH_MORE)[FACE].show(line.text, line.size).encode("latin-1")
