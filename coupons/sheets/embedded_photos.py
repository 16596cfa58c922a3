"""Photographs and logos as images of a PDF file."""

import io
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

from coupons.sheets.photos import FLAGS, INTENT, PNG, QUALITY, applied, reduced


@dataclass(frozen=True, slots=True)
class Embedded:
    """An image of a PDF file: all entries of its dictionary but Length, and its stream."""

    entries: bytes
    data: bytes


def embed(content: bytes, profile: bytes | None = None, longest: int | None = None) -> Embedded:
    """Return what `prepare` made as a PDF image, in the CMYK of the ICC `profile` if there is one.

    longest: pixels that its longer side has at most, where it is small on paper: a file of
        hundreds of pictures is as large as these are. Twelve to a millimetre are enough.
    Grey stays grey, which every press prints in black alone. Raises ValueError for a profile
    that is not of CMYK.
    """
    if longest is not None:
        content = reduced(content, longest)
    if profile is not None:
        return _in_cmyk(content, profile)
    return _as_it_is(content)


_Space = Literal["DeviceGray", "DeviceRGB", "DeviceCMYK"]


def _entries(width: int, height: int, space: str, bits: int, rest: str) -> bytes:
    return (
        f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace{space}"
        f"/BitsPerComponent {bits}{rest}"
    ).encode()


def _as_it_is(content: bytes) -> Embedded:
    """A JPEG goes in whole; of a PNG, the compressed rows, whose filters PDF knows as well."""
    if content.startswith(PNG):
        return _rows(content, _png_chunks(content))
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        space = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
        entries = _entries(image.width, image.height, space, 8, "/Filter/DCTDecode")
    return Embedded(entries, content)


def _png_chunks(content: bytes) -> dict[bytes, bytes]:
    """Return a PNG's chunks by name, those of one name joined."""
    chunks: dict[bytes, bytes] = {}
    at = len(PNG)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        name = content[at + 4 : at + 8]
        chunks[name] = chunks.get(name, b"") + content[at + 8 : at + 8 + length]
        at += length + 12
    return chunks


def _rows(
    content: bytes,
    chunks: dict[bytes, bytes],
    palette: tuple[_Space, bytes] | None = None,
) -> Embedded:
    """A PNG's rows as they are, with its own palette or another."""
    header = chunks[b"IHDR"]
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    bits, kind = header[8], header[9]
    if header[12] or kind not in (0, 2, 3):
        raise ValueError("a PNG with alpha or in passes was not made by `prepare`")
    space = {0: "/DeviceGray", 2: "/DeviceRGB"}.get(kind, "")
    if kind == 3:
        base, colours = palette or ("DeviceRGB", chunks[b"PLTE"])
        count = len(chunks[b"PLTE"]) // 3
        space = f"[/Indexed/{base} {count - 1}<{colours.hex()}>]"
    parts = 3 if kind == 2 else 1
    rest = (
        f"/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors {parts}"
        f"/BitsPerComponent {bits}/Columns {width}>>"
    )
    return Embedded(_entries(width, height, space, bits, rest), chunks[b"IDAT"])


@lru_cache(maxsize=256)
def _in_cmyk(content: bytes, profile: bytes) -> Embedded:
    """As `embed`. Kept, because a run's files show the same pictures."""
    transform = _to_press(profile)
    if content.startswith(PNG):
        chunks = _png_chunks(content)
        kind = chunks[b"IHDR"][9]
        if kind == 0:
            return _as_it_is(content)
        if kind == 3:
            colours = chunks[b"PLTE"]
            strip = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
            return _rows(content, chunks, ("DeviceCMYK", _inks_of_drawn(transform, strip)))
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            entries = _entries(image.width, image.height, "/DeviceCMYK", 8, "/Filter/FlateDecode")
            return Embedded(entries, zlib.compress(_inks_of_drawn(transform, image), 9))
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        if image.mode == "L":
            return _as_it_is(content)
        made = applied(transform, image)
    made.info = {}
    out = io.BytesIO()
    made.save(out, "JPEG", quality=QUALITY, optimize=True)
    # Adobe's JPEGs, which these are, say how much of an ink is left out.
    rest = "/Filter/DCTDecode/Decode[1 0 1 0 1 0 1 0]"
    return Embedded(_entries(made.width, made.height, "/DeviceCMYK", 8, rest), out.getvalue())


def _inks_of_drawn(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> bytes:
    """Greys of what is drawn are in black ink alone, as all else on a sheet: edges stay sharp."""
    colours = np.asarray(image)
    inks = np.array(applied(transform, image))
    red, green, blue = (colours[..., part] for part in range(3))
    is_grey = (red == green) & (green == blue)
    inks[is_grey] = 0
    inks[is_grey, 3] = 255 - red[is_grey]
    return inks.tobytes()


@lru_cache(maxsize=4)
def _to_press(profile: bytes) -> ImageCms.ImageCmsTransform:
    try:
        press = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), press, "RGB", "CMYK", INTENT, FLAGS
        )
    except (ImageCms.PyCMSError, OSError) as error:
        raise ValueError("the profile is not one of a press that prints in CMYK") from error
