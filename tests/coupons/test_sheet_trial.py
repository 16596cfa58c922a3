"""The page to set a press up by: its bars read, its rulers are true, and it comes out the same."""

import io

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest

from coupons.sheets import trial, verification
from coupons.sheets.faces import Colour, Format, Look, Page, Press, Theme, Window
from coupons.sheets.paint import ProfileError
from tests.icc import cmyk_profile

A4 = Format()
LETTER = Format(
    page=Page.LETTER, window=Window.US_10, dots_per_inch=1200, dots_a_module=12, bleed_mm=3
)
FEW_DOTS = Format(dots_per_inch=300, dots_a_module=3, bar_reduction_dots=1)


def written(format_: Format, press: Press | None = None, files: dict[str, bytes] | None = None):
    out = io.BytesIO()
    look = Look(Theme(), format_, press or Press(), (), 1)
    return out, *trial.write_trial(out, look, files or {})


@pytest.mark.parametrize("format_", [A4, LETTER])
def test_every_barcode_of_it_reads(format_, tmp_path):
    out, kept, bars = written(format_)
    assert (kept.pages, kept.bytes) == (1, len(out.getvalue()))
    assert len({one.symbology for one in bars}) == 6
    path = tmp_path / "trial.pdf"
    path.write_bytes(out.getvalue())
    asked = [verification.Asked(0, (one.box,), (one.symbology,)) for one in bars]
    assert verification.read_back(path, asked) == [[one.payload] for one in bars]


@pytest.mark.parametrize("format_", [A4, LETTER, FEW_DOTS])
def test_nothing_of_it_overlaps_or_leaves_the_paper(format_):
    _, _, bars = written(format_)
    for place, one in enumerate(bars):
        assert one.box.right < 202
        assert not any(one.box.overlaps(other.box) for other in bars[place + 1 :])


def test_a_millimetre_of_its_ruler_is_one():
    out, _, _ = written(A4)
    inch = 600
    page = pypdfium2.PdfDocument(out.getvalue())[0]
    picture = page.render(scale=inch / 72, grayscale=True).to_pil()
    y = round(28 / 25.4 * inch)  # through the long strokes alone
    row = [picture.getpixel((x, y)) < 128 for x in range(picture.width)]
    found = [x / inch * 25.4 for x in range(1, len(row)) if row[x] and not row[x - 1]]
    tens = [mm for mm in found if abs(mm - 14 - round((mm - 14) / 10) * 10) < 0.1]
    assert len(tens) >= 17
    assert abs(tens[10] - tens[0] - 100) < 0.06


def test_the_same_look_gives_the_same_bytes_and_a_press_gets_its_inks():
    assert written(A4)[0].getvalue() == written(A4)[0].getvalue()
    press = Press(Colour.CMYK, "profile", "FOGRA39")
    _, kept, _ = written(A4, press, {"profile": cmyk_profile()})
    assert kept.bytes
    with pytest.raises(ProfileError, match="not among the files"):
        written(A4, press)
