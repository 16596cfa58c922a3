"""Which ink a colour is: text in black alone, the brand's colours as the press shows them."""

import io

import pytest
from PIL import Image, ImageCms

from coupons.sheets.faces import Colour, Press
from coupons.sheets.paint import ProfileError, paint_of, profile_name
from tests.icc import cmyk_profile

PROFILE = cmyk_profile()
FILES = {"p": PROFILE}
PRESS = Press(Colour.CMYK, profile="p", condition="TEST1")


def inks(operator: str) -> list[float]:
    return [float(ink) for ink in operator.split()[:-1]]


def shown(operator: str) -> tuple[int, ...]:
    """The colour that a press shows for these inks, in sRGB."""
    back = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(PROFILE)),
        ImageCms.createProfile("sRGB"),
        "CMYK",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    channels = tuple(round(ink * 255) for ink in inks(operator))
    seen = ImageCms.applyTransform(Image.new("CMYK", (1, 1), channels), back)
    assert seen
    return tuple(seen.tobytes())


def test_an_office_printer_gets_rgb_and_greys_in_black_alone():
    paint = paint_of(Press(), {})

    assert paint.fill("#c8102e") == "0.784 0.063 0.18 rg"
    assert paint.stroke("#C8102E") == "0.784 0.063 0.18 RG"
    assert paint.fill("#000000") == "0 g"
    assert paint.grey(0.36) == "0.36 g"
    assert paint.grey_stroke(1) == "1 G"


def test_a_press_gets_the_brands_colour_separated_by_its_profile():
    paint = paint_of(PRESS, FILES)

    fill = paint.fill("#0f6b3e")
    assert fill.endswith(" k")
    assert paint.stroke("#0f6b3e") == fill[:-1] + "K"
    seen, wanted = shown(fill), (0x0F, 0x6B, 0x3E)
    assert all(abs(got - want) <= 16 for got, want in zip(seen, wanted, strict=True))


def test_on_a_press_text_and_greys_are_black_ink_alone_and_white_is_paper():
    paint = paint_of(PRESS, FILES)

    assert paint.grey(0) == "0 0 0 1 k"
    assert paint.grey(0.36) == "0 0 0 0.64 k"
    assert paint.grey_stroke(0.62) == "0 0 0 0.38 K"
    assert paint.fill("#000000") == "0 0 0 1 k"
    assert paint.fill("#ffffff") == "0 0 0 0 k"


def test_the_same_profile_separates_once():
    assert paint_of(PRESS, FILES) is paint_of(PRESS, {"p": cmyk_profile()})


def test_a_profile_of_no_press_is_refused_in_words():
    monitor = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    with pytest.raises(ProfileError, match="RGB of class 'mntr'; wanted: CMYK"):
        profile_name(monitor)
    with pytest.raises(ProfileError, match="not an ICC profile"):
        profile_name(b"a letter")
    with pytest.raises(ProfileError, match="p is not among"):
        paint_of(PRESS, {})
    assert profile_name(PROFILE) == "Test press"
