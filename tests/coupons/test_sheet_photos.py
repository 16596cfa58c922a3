"""Any picture anybody uploads is made fit for paper, or refused in a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from coupons.sheets import photos
from coupons.sheets.embedded_photos import embed
from coupons.sheets.photos import PictureError, prepare
from tests.icc import cmyk_profile


def photograph(width=200, height=150, mode="RGB"):
    """Soft colours, no two pixels alike, as a camera sees them."""
    random = np.random.default_rng(7)
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    samples = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    noise = random.integers(-9, 10, samples.shape)
    return Image.fromarray(np.clip(samples + noise, 0, 255).astype(np.uint8)).convert(mode)


def logo(mode="RGB"):
    """A red field with a blue corner at the top left."""
    drawn = Image.new("RGB", (200, 100), (200, 16, 46))
    drawn.paste((0, 0, 255), (0, 0, 50, 50))
    return drawn.convert(mode)


def saved(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def seen(prepared):
    image = Image.open(io.BytesIO(prepared.content))
    image.load()
    return image


def near(colour, wanted, by=6):
    return all(abs(a - b) <= by for a, b in zip(colour, wanted, strict=True))


def refusal(data):
    with pytest.raises(PictureError) as caught:
        prepare(data)
    return str(caught.value)


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_photograph_becomes_a_plain_jpeg_and_the_same_bytes_again():
    data = saved(photograph(), quality=95, kind="JPEG")
    once, again = prepare(data), prepare(data)

    assert once == again
    assert (once.width, once.height, once.changes) == (200, 150, ())
    image = seen(once)
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert "progressive" not in image.info


def test_a_logo_of_few_colours_becomes_a_png_with_each_colour_as_it_was():
    prepared = prepare(saved(logo()))

    image = seen(prepared)
    assert (image.format, image.mode) == ("PNG", "P")
    assert image.convert("RGB").tobytes() == logo().tobytes()
    assert len(prepared.content) < 300


def test_a_grey_picture_stays_grey():
    prepared = prepare(saved(photograph(mode="L")))
    assert seen(prepared).mode == "L"
    assert b"/DeviceGray" in embed(prepared.content).entries


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_six_formats_are_read(kind):
    image = seen(prepare(saved(logo(), kind))).convert("RGB")
    assert near(image.getpixel((5, 5)), (0, 0, 255))
    assert near(image.getpixel((150, 80)), (200, 16, 46))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("held", "blue"),
    [
        (2, (-5, 5)),
        (3, (-5, -5)),
        (4, (5, -5)),
        (5, (5, 5)),
        (6, (-5, 5)),
        (7, (-5, -5)),
        (8, (5, -5)),
    ],
)
def test_however_the_camera_was_held_the_picture_is_upright(kind, held, blue):
    exif = Image.Exif()
    exif[0x0112] = held
    prepared = prepare(saved(logo(), kind, exif=exif))

    image = seen(prepared).convert("RGB")
    assert image.size == ((200, 100) if held < 5 else (100, 200))
    at = [place % side for place, side in zip(blue, image.size, strict=True)]
    assert near(image.getpixel(tuple(at)), (0, 0, 255))
    assert "turned upright" in prepared.changes


def test_where_a_picture_was_taken_and_with_what_is_forgotten():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 7.0)
    data = saved(photograph(), "JPEG", exif=exif, comment=b"SecretComment", xmp=b"<x>SecretXmp</x>")
    assert b"Secret" in data

    prepared = prepare(data)

    assert "details of place and camera taken off" in prepared.changes
    image = seen(prepared)
    assert not image.getexif()
    assert not {"exif", "xmp", "comment", "icc_profile"} & image.info.keys()
    assert b"Secret" not in prepared.content


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_a_film_only_the_first_frame_is_printed(kind):
    other = Image.new("RGB", (200, 100), "yellow")
    prepared = prepare(saved(logo(), kind, save_all=True, append_images=[other]))

    assert "only the first of its frames" in prepared.changes
    assert near(seen(prepared).convert("RGB").getpixel((5, 5)), (0, 0, 255))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA", "palette colour"])
def test_what_one_sees_through_is_put_on_white(mode):
    image = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
    image.paste((10, 10, 10, 255), (60, 0, 120, 80))
    if mode == "palette colour":
        flat = Image.new("P", (120, 80), 3)
        flat.putpalette([10, 10, 10] * 3 + [255, 0, 0])
        flat.paste(0, (60, 0, 120, 80))
        data = saved(flat, "GIF", transparency=3)
    elif mode in ("P", "PA"):
        data = saved(image.quantize(4), "PNG")
    else:
        data = saved(image.convert(mode))
    prepared = prepare(data)

    assert "put on white" in prepared.changes
    made = seen(prepared).convert("RGB")
    assert near(made.getpixel((10, 10)), (255, 255, 255))
    assert near(made.getpixel((110, 70)), (10, 10, 10))


def test_an_opaque_picture_with_alpha_is_not_said_to_be_changed():
    assert prepare(saved(logo("RGBA"))).changes == ()


def test_cmyk_becomes_srgb_by_its_own_profile():
    inks = Image.new("CMYK", (100, 100), (0, 255, 255, 0))  # red
    by_profile = prepare(saved(inks, "JPEG", icc_profile=cmyk_profile(), quality=95))
    bare = prepare(saved(inks, "JPEG", quality=95))

    assert by_profile.changes == ("CMYK made sRGB by its own profile",)
    assert bare.changes == ("CMYK made sRGB without a profile: look at its colours",)
    for prepared in (by_profile, bare):
        red, green, blue = seen(prepared).convert("RGB").getpixel((50, 50))
        assert red > 200
        assert green < 60
        assert blue < 60


def test_colours_of_another_kind_of_rgb_become_srgb():
    # A profile that swaps nothing but is not named sRGB is applied, and sRGB's own is not.
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = own.replace("sRGB built-in".encode("utf-16-be"), "Wide built-in".encode("utf-16-be"))
    assert other != own

    assert prepare(saved(logo(), icc_profile=own)).changes == ()
    changed = prepare(saved(logo(), icc_profile=other))
    assert changed.changes == ("its colours made sRGB by its own profile",)
    assert near(seen(changed).convert("RGB").getpixel((5, 5)), (0, 0, 255))


@pytest.mark.parametrize("profile", [b"no profile at all", cmyk_profile()[:200], cmyk_profile()])
def test_a_profile_that_is_broken_or_of_other_colours_is_left_aside(profile):
    prepared = prepare(saved(logo(), icc_profile=profile))
    assert prepared.changes == ()
    assert seen(prepared).convert("RGB").tobytes() == logo().tobytes()


def test_cmyk_of_a_tiff_is_not_taken_for_its_reverse():
    prepared = prepare(saved(Image.new("CMYK", (100, 100), (0, 255, 255, 0)), "TIFF"))
    assert near(seen(prepared).convert("RGB").getpixel((50, 50)), (255, 0, 0))


def test_what_a_telephone_puts_beside_a_picture_is_left_out():
    data = saved(logo(), "MPO", save_all=True, append_images=[photograph()])
    prepared = prepare(data)
    assert near(seen(prepared).convert("RGB").getpixel((5, 5)), (0, 0, 255))
    assert prepared.changes == ()


def test_lab_becomes_srgb():
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    prepared = prepare(saved(ImageCms.applyTransform(logo(), transform), "TIFF"))

    assert prepared.changes == ("LAB made sRGB",)
    assert near(seen(prepared).convert("RGB").getpixel((150, 80)), (200, 16, 46), by=8)


def test_sixteen_bits_become_eight():
    grey = Image.fromarray(np.full((80, 80), 0x8080, np.uint16))
    prepared = prepare(saved(grey))
    assert prepared.changes == ("16 bits a colour made 8",)
    assert seen(prepared).convert("L").getpixel((5, 5)) == 0x80

    row = b"\0" + bytes([0xFF, 0xFF, 0x80, 0x80, 0, 0]) * 80
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 80, 16, 2, 0, 0, 0))
    deep = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(row * 80))
    prepared = prepare(deep + chunk(b"IEND", b""))
    assert prepared.changes == ("16 bits a colour made 8",)
    assert near(seen(prepared).convert("RGB").getpixel((5, 5)), (255, 128, 0))


def test_thirty_two_bits_are_refused():
    floats = Image.fromarray(np.linspace(0, 1, 6400, dtype=np.float32).reshape(80, 80))
    assert "16 bits" in refusal(saved(floats, "TIFF"))
    whole = Image.fromarray(np.full((80, 80), 1 << 20, np.int32))
    assert "16 bits" in refusal(saved(whole, "TIFF"))


def test_one_bit_a_pixel_is_read():
    assert seen(prepare(saved(photograph().convert("1")))).convert("L").size == (200, 150)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_is_reduced(kind):
    prepared = prepare(saved(photograph(1600, 1200), kind))
    assert (prepared.width, prepared.height) == (900, 675)
    assert prepared.changes == ("1,600 x 1,200 pixels made 900 x 675",)
    assert seen(prepared).size == (900, 675)


def test_too_coarse_too_large_and_too_heavy_pictures_are_refused():
    assert "1 x 1 pixels are too coarse" in refusal(saved(Image.new("RGB", (1, 1))))
    assert "at least 60" in refusal(saved(Image.new("RGB", (59, 400))))
    assert prepare(saved(Image.new("RGB", (60, 60)))).width == 60
    assert "20 MiB is the most" in refusal(bytes(photos.MOST_BYTES + 1))
    assert refusal(b"") == "This file is empty."


@pytest.mark.parametrize(("side", "said"), [(8_000, "8,000 x 8,000"), (60_000, "too many")])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(side, said):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100_000)))
    assert said in refusal(bomb)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_picture_that_is_cut_short_is_refused(kind):
    data = saved(photograph(), kind)
    assert refusal(data[: len(data) // 2]).startswith("This picture is broken")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "upload a PNG of it, of at least 900"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<SVG/>", "SVG"),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"name;price\nMilk;1.09\n", "not a picture"),
        (saved(logo(), "PPM"), "not a picture"),
        (saved(logo(), "ICO"), "not a picture"),
    ],
)
def test_what_is_no_picture_that_can_be_printed_is_refused_in_words(data, said):
    assert said in refusal(data)


SAMPLES = tuple(
    saved(image, kind)
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
    for image in (photograph(64, 64), logo("P") if kind not in ("JPEG", "WEBP") else logo())
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_comes_there_is_a_picture_or_a_sentence(data):
    sample = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for place in data.draw(st.lists(st.integers(0, min(len(sample), 900) - 1), max_size=8)):
        sample[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(sample))))
    _is_picture_or_sentence(bytes(sample[:cut]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(SAMPLES))
def test_so_is_what_only_begins_like_a_picture(noise, sample):
    _is_picture_or_sentence(noise)
    _is_picture_or_sentence(sample[:40] + noise)


def _is_picture_or_sentence(data):
    try:
        made = prepare(data)
    except PictureError as error:
        said = str(error)
    else:
        assert seen(made).size == (made.width, made.height)
        said = "."
    assert said.endswith(".")
