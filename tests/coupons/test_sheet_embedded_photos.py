"""Photographs go into PDF files as they are, in the colours of the press."""

import io
import zlib

import pikepdf
import pytest
from PIL import Image, ImageCms

from coupons.sheets.embedded_photos import embed
from coupons.sheets.photos import prepare
from tests.coupons.test_sheet_photos import logo, near, photograph, saved, seen
from tests.icc import cmyk_profile


def drawn(embedded):
    """The pixels that a PDF reader sees."""
    entries = b"<<" + embedded.entries + b">>"
    with pikepdf.new() as pdf:
        stream = pikepdf.Stream(pdf, embedded.data)
        for key, value in pikepdf.Object.parse(entries).items():
            stream[key] = value
        return pikepdf.PdfImage(stream).as_pil_image()


def test_a_photograph_goes_into_a_file_byte_for_byte():
    content = prepare(saved(photograph())).content
    embedded = embed(content)
    assert embedded.data == content
    assert b"/DCTDecode" in embedded.entries
    assert b"/DeviceRGB" in embedded.entries


@pytest.mark.parametrize("mode", ["RGB", "L", "many colours"])
def test_a_logo_goes_into_a_file_pixel_for_pixel(mode):
    if mode == "many colours":
        image = Image.new("RGB", (60, 60))
        image.putdata([(place % 60, place // 60, 0) for place in range(3600)])
    else:
        image = logo(mode)
    prepared = prepare(saved(image))
    assert seen(prepared).format == "PNG"
    assert drawn(embed(prepared.content)).convert("RGB").tobytes() == image.convert("RGB").tobytes()


def test_a_logo_is_printed_in_the_inks_of_the_press():
    image = Image.new("RGB", (90, 90), "white")
    image.paste("red", (0, 0, 45, 90))
    image.paste((80, 80, 80), (0, 0, 90, 30))
    content = prepare(saved(image)).content

    embedded = embed(content, cmyk_profile())

    assert b"/Indexed/DeviceCMYK 2<" in embedded.entries
    colours = bytes.fromhex(embedded.entries.split(b"<")[1].split(b">")[0].decode())
    assert colours[:4] == bytes([0, 0, 0, 175])  # from dark to light: grey, in black ink alone
    assert near(colours[4:8], (0, 255, 255, 0), by=40)
    assert colours[8:] == bytes(4)


def test_a_photograph_is_printed_in_the_inks_of_the_press():
    image = photograph()
    image.paste("white", (0, 0, 64, 64))
    image.paste("red", (64, 0, 128, 64))
    content = prepare(saved(image)).content

    embedded = embed(content, cmyk_profile())

    assert embed(content, cmyk_profile()) == embedded
    assert b"/DeviceCMYK" in embedded.entries
    assert b"/Decode[1 0 1 0 1 0 1 0]" in embedded.entries
    # What stands in the file, before Decode turns it round: the share of ink left out. Pillow
    # turns Adobe's JPEGs round itself.
    inks = Image.open(io.BytesIO(embedded.data))
    assert near(inks.getpixel((30, 30)), (0, 0, 0, 0))
    assert near(inks.getpixel((96, 30)), (0, 255, 255, 0), by=40)


def test_a_drawing_of_many_colours_is_printed_in_the_inks_of_the_press():
    image = Image.new("RGB", (60, 60))
    image.putdata([(place % 60, place // 60, 0) for place in range(3600)])
    embedded = embed(prepare(saved(image)).content, cmyk_profile())
    assert b"/DeviceCMYK" in embedded.entries
    assert len(zlib.decompress(embedded.data)) == 60 * 60 * 4


def test_grey_is_printed_in_black_alone():
    for image in (photograph(mode="L"), logo("L")):
        content = prepare(saved(image)).content
        assert b"/DeviceGray" in embed(content, cmyk_profile()).entries


def test_a_picture_that_is_small_on_paper_takes_little_room():
    for image in (photograph(800, 600), photograph(800, 600, "L"), logo().resize((800, 400))):
        content = prepare(saved(image)).content
        small = embed(content, longest=200)
        assert b"/Width 200/" in small.entries
        assert len(small.data) < len(content) / 2
        assert embed(content, longest=900) == embed(content)


def test_a_profile_that_is_not_of_a_press_is_refused():
    content = prepare(saved(logo())).content
    screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (screen, b"none"):
        with pytest.raises(ValueError, match="CMYK"):
            embed(content, profile)
