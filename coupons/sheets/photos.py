"""Photographs and logos: made fit for paper when they are uploaded.

What is uploaded may be anything, and anybody may have made it. What is kept is one plain kind: an
upright sRGB or grey picture without transparency, no larger than print wants, and without a word
of where and with what it was taken. Only that ever meets a sheet.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

MOST_BYTES: Final = 20 * 2**20
MOST_PIXELS: Final = 50_000_000
LEAST_SIDE: Final = 60  # pixels
LONGEST_SIDE: Final = 900  # pixels: 300 an inch at 76 mm, more than any coupon shows
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
QUALITY: Final = 85
_NEAR: Final = 1.6  # times the pixels wanted: not worth the time that making it smaller takes
_FEW_COLOURS: Final = 1 << 14  # with more, a picture is a photograph
_PALETTE: Final = 256
_ORIENTATION: Final = 0x0112  # the EXIF tag
_DETAILS: Final = (0x010E, 0x010F, 0x0110, 0x013B, 0x8298, 0x8769, 0x8825)  # what, who, where
_TEXTS: Final = {"xmp", "photoshop", "comment"}
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PNG: Final = b"\x89PNG\r\n\x1a\n"
# Which warnings are told is the same for all threads; and each picture may take a lot of memory.
_ONE_AT_A_TIME: Final = Lock()
INTENT: Final = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION


class PictureError(ValueError):
    """Why a picture cannot be printed, in a sentence."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture fit for paper: JPEG, or PNG of what has few colours; sRGB or grey, no alpha."""

    content: bytes
    sha256: str
    width: int  # pixels
    height: int  # pixels
    changes: tuple[str, ...]  # what was done to it, a few words each


def prepare(data: bytes) -> Prepared:
    """Make an uploaded picture fit for paper. The same bytes always become the same bytes.

    Raises PictureError for what is no picture, is broken, in another format than JPEG, PNG, WebP,
    GIF, TIFF or BMP, above MOST_BYTES or MOST_PIXELS, or has a side below LEAST_SIDE.
    """
    _refuse_from_outside(data)
    changes: list[str] = []
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Pictures are full of small faults that readers forgive; huge ones are refused below.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
        except UnidentifiedImageError as error:
            raise PictureError(
                "This is not a picture that can be read: a JPEG, PNG, WebP, GIF, TIFF or BMP is "
                "wanted."
            ) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise PictureError(_too_many_pixels("too many")) from error
        except Exception as error:  # the readers of six formats raise what comes
            raise PictureError("This picture is broken: it cannot be read.") from error
        _refuse_sizes(image.width, image.height)
        try:
            plain, profile = _decoded(image, changes)
            coloured = _in_srgb(plain, profile, changes)
        except PictureError:
            raise
        except Exception as error:  # as above
            raise PictureError("This picture is broken or cut short: save it anew.") from error
    return _kept(coloured, changes)


def _refuse_from_outside(data: bytes) -> None:
    if not data:
        raise PictureError("This file is empty.")
    if len(data) > MOST_BYTES:
        raise PictureError(
            f"This picture has {len(data) / 2**20:.1f} MiB; {MOST_BYTES // 2**20} MiB is the most."
        )
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") and b"<svg" in start.lower():
        raise PictureError(
            "This is an SVG drawing, which is not printed: upload a PNG of it, of at least "
            f"{LONGEST_SIDE} pixels on its longer side."
        )
    if start.startswith(b"%PDF-"):
        raise PictureError("This is a PDF document: upload the picture as a JPEG or PNG.")
    if data[4:8] == b"ftyp":
        raise PictureError("This is a HEIC or AVIF picture, or a film: upload a JPEG or PNG.")


def _refuse_sizes(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise PictureError(_too_many_pixels(f"{width:,} x {height:,}"))
    if min(width, height) < LEAST_SIDE:
        raise PictureError(
            f"{width} x {height} pixels are too coarse for print: at least {LEAST_SIDE} on each "
            "side are wanted."
        )


def _too_many_pixels(found: str) -> str:
    return (
        f"This picture has {found} pixels; {MOST_PIXELS // 1_000_000} million are the most: save "
        "it smaller."
    )


def _decoded(image: Image.Image, changes: list[str]) -> tuple[Image.Image, bytes | None]:
    """Return it upright and no larger than wanted, as L, RGB, CMYK or LAB, or with alpha, and its
    own colour profile."""
    profile = image.info.get("icc_profile")
    kind, size = image.format, image.size
    is_one_of_many = kind != "MPO" and getattr(image, "is_animated", False)
    is_deep = "16" in _raw_mode(image) or image.mode.startswith("I")
    orientation, has_details = _details(image)
    # Only these may be reduced as they are; a JPEG is then read at about the size wanted.
    if image.mode not in ("L", "RGB", "CMYK", "LAB", "LA", "RGBA") or "transparency" in image.info:
        image = _widened(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    image.load()
    if is_one_of_many:
        changes.append("only the first of its frames")
    if orientation in _UPRIGHT:
        if kind != "TIFF":  # whose reader has done so
            image = image.transpose(_UPRIGHT[orientation])
        changes.append("turned upright")
    if has_details:
        changes.append("details of place and camera taken off")
    if is_deep:
        changes.append("16 bits a colour made 8")
    if max(size) > LONGEST_SIDE:
        width, height = image.size
        changes.append(f"{size[0]:,} x {size[1]:,} pixels made {width} x {height}")
    return image, profile if isinstance(profile, bytes) and profile else None


def _raw_mode(image: Image.Image) -> str:
    """How the file's samples are laid out, as its reader calls it, such as 'RGB;16B'."""
    tiles: list[Any] = getattr(image, "tile", [])
    return str(tiles[0][3]) if tiles else ""


def _details(image: Image.Image) -> tuple[int, bool]:
    """Which way the camera was held, and whether anything is said of how it was taken."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
    except Exception:  # broken details are no reason to refuse a good picture
        return 1, True
    has_details = any(tag in exif for tag in _DETAILS) or bool(_TEXTS & image.info.keys())
    return (orientation if orientation in _UPRIGHT else 1), has_details


def _widened(image: Image.Image) -> Image.Image:
    """Turn palettes, 16 bits and rarer modes into L, LA, RGB or RGBA."""
    image.load()
    if image.mode.startswith("I"):
        samples = np.asarray(image)
        if samples.min() < 0 or samples.max() > 0xFFFF:
            raise PictureError("This picture has more than 16 bits a colour: save it with 8.")
        return Image.fromarray((samples // 257).astype(np.uint8), "L")
    if image.mode == "F":
        raise PictureError("This picture has more than 16 bits a colour: save it with 8.")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None, changes: list[str]) -> Image.Image:
    """Return it as L or RGB: by its own profile where it has one, on white where one sees
    through it."""
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None:
        image = image.convert("L" if image.mode == "LA" else "RGB")
    was = "" if image.mode in ("L", "RGB") else image.mode
    if image.mode == "LAB":
        transform = _transform(ImageCms.createProfile("LAB"), "LAB")
        image = applied(transform, image)
        changes.append("LAB made sRGB")
    else:
        transformed = _by_profile(image, profile) if profile else None
        if transformed is not None:
            image = transformed
            changes.append(f"{was or 'its colours'} made sRGB by its own profile")
        elif was:
            image = image.convert("RGB")
            changes.append(f"{was} made sRGB without a profile: look at its colours")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image = Image.composite(image, Image.new(image.mode, image.size, "white"), alpha)
        changes.append("put on white")
    return image


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """None where the profile is broken, of another kind of colours, or sRGB already."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        if image.mode == "L":  # grey by another curve; only a profile of grey can say so
            return applied(_transform(source, "L"), image).convert("L")
        return applied(_transform(source, image.mode), image)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _transform(source: Any, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGB", INTENT, FLAGS
    )


def applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    made = ImageCms.applyTransform(image, transform)
    assert made is not None  # it is only where the picture is changed in its place
    return made


def _kept(image: Image.Image, changes: list[str]) -> Prepared:
    """Encode an L or RGB picture, and nothing but its pixels."""
    content = _encoded(image)
    return Prepared(
        content, hashlib.sha256(content).hexdigest(), image.width, image.height, tuple(changes)
    )


def _encoded(image: Image.Image) -> bytes:
    image.info = {}
    content = as_jpeg(image)
    if image.getcolors(_FEW_COLOURS) is not None:
        drawn = as_png(image)
        if len(drawn) < len(content):
            return drawn
    return content


def as_jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling="4:2:0", optimize=True)
    return out.getvalue()


def as_png(image: Image.Image) -> bytes:
    if image.mode == "RGB" and image.getcolors(_PALETTE) is not None:
        image = _with_palette(image)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _with_palette(image: Image.Image) -> Image.Image:
    """Return an RGB picture of few colours with a palette, each colour exactly as it was."""
    samples = np.asarray(image).astype(np.uint32)
    packed = samples[..., 0] << 16 | samples[..., 1] << 8 | samples[..., 2]
    colours, places = np.unique(packed, return_inverse=True)
    drawn = Image.fromarray(places.reshape(packed.shape).astype(np.uint8), "L")
    parts = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    drawn.putpalette(parts.astype(np.uint8).tobytes())
    return drawn


@lru_cache(maxsize=256)
def reduced(content: bytes, longest: int) -> bytes:
    """Return what `prepare` made with at most `longest` pixels on its longer side."""
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
        if max(image.size) <= longest * _NEAR:
            return content
        plain = image.convert("RGB") if image.mode == "P" else image
        plain.thumbnail((longest, longest), Image.Resampling.HAMMING, reducing_gap=3.0)
        plain.info = {}
        # A file's pictures are made while it waits: what was a photograph stays one, untried.
        return as_png(plain) if content.startswith(PNG) else as_jpeg(plain)
