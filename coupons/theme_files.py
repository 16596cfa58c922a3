"""Fonts and press profiles that are uploaded: looked at before they are kept, and kept once."""

import hashlib
import io
from contextlib import suppress
from typing import Final

from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped] # ships no types
from PIL import ImageCms

from coupons.models import FontFile, PressProfile
from coupons.sheets import typefaces

MOST_BYTES: Final = 25 * 2**20  # Chinese and Japanese fonts have 20
_OTHER_KINDS: Final = {
    b"OTTO": "It has PostScript outlines (.otf); a TrueType font (.ttf) is wanted.",
    b"wOFF": "It is packed for web pages (.woff); a TrueType font (.ttf) is wanted.",
    b"wOF2": "It is packed for web pages (.woff2); a TrueType font (.ttf) is wanted.",
    b"ttcf": "It is a collection of several fonts (.ttc); one TrueType font (.ttf) is wanted.",
}
_TRUETYPE: Final = (b"\x00\x01\x00\x00", b"true")
# Of the rights that a font's maker gives (OS/2, fsType).
_NOT_EMBEDDED: Final = 0x0002
_NOT_IN_PART: Final = 0x0100
_PICTURES_ONLY: Final = 0x0200
_FULL_NAME: Final = 4


class ThemeFileError(ValueError):
    """Why a font or a profile cannot be used, in a sentence for staff."""


def font_of(data: bytes) -> FontFile:
    """Return, unsaved, the font in `data`.

    Raises ThemeFileError for what is no TrueType font, is broken, or may not be embedded.
    """
    _check_size(data, "font")
    if (other := _OTHER_KINDS.get(data[:4])) is not None:
        raise ThemeFileError(other)
    if data[:4] not in _TRUETYPE:
        raise ThemeFileError("It is no TrueType font (.ttf).")
    try:
        font = TTFont(io.BytesIO(data), lazy=True)
        rights = int(font["OS/2"].fsType)
        name = str(font["name"].getDebugName(_FULL_NAME) or "")
        has_letters = "glyf" in font and bool(font.getBestCmap())
    except (TTLibError, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise ThemeFileError("It is broken: its tables cannot be read.") from error
    if not has_letters:
        raise ThemeFileError("It has no letters that could be printed.")
    if rights & _NOT_EMBEDDED:
        raise ThemeFileError("Its maker does not allow it to be embedded in files.")
    if rights & (_NOT_IN_PART | _PICTURES_ONLY):
        raise ThemeFileError("Its maker does not allow it to be embedded in part, as sheets do.")
    try:
        called = typefaces.open_font(data).name
    except Exception as error:  # a reader of its own, which raises what comes
        raise ThemeFileError("It is broken: it cannot be read for print.") from error
    return FontFile(
        sha256=hashlib.sha256(data).hexdigest(), name=(name or called)[:80], content=data
    )


def profile_of(data: bytes, condition: str) -> PressProfile:
    """Return, unsaved, the ICC profile in `data` of the printing condition called `condition`.

    Raises ThemeFileError for what is no profile, or is not a press's of CMYK.
    """
    _check_size(data, "profile")
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(data))
    except (OSError, ImageCms.PyCMSError) as error:
        raise ThemeFileError("It is no ICC profile (.icc).") from error
    profile = opened.profile
    space = str(profile.xcolor_space).strip()
    if space != "CMYK":
        raise ThemeFileError(f"It is of {space}; the profile of a press is of CMYK.")
    if str(profile.device_class).strip() != "prtr":
        raise ThemeFileError("It is not of an output device; the profile of a press is wanted.")
    try:
        ImageCms.buildTransform(ImageCms.createProfile("sRGB"), opened, "RGB", "CMYK")
    except ImageCms.PyCMSError as error:
        raise ThemeFileError("It does not say which inks make a colour.") from error
    name = ""
    with suppress(ImageCms.PyCMSError):
        name = " ".join((profile.profile_description or "").replace("\0", "").split())
    return PressProfile(
        sha256=hashlib.sha256(data).hexdigest(),
        name=(name or "without a name")[:80],
        condition=condition,
        content=data,
    )


def kept_font(font: FontFile) -> FontFile:
    """Return the one font of these bytes, kept now if it was not."""
    return FontFile.objects.defer("content").get_or_create(
        sha256=font.sha256, defaults={"name": font.name, "content": font.content}
    )[0]


def kept_profile(profile: PressProfile) -> PressProfile:
    """Return the one profile of these bytes, kept now if it was not, of its condition as said."""
    values = {"name": profile.name, "condition": profile.condition, "content": profile.content}
    return PressProfile.objects.update_or_create(sha256=profile.sha256, defaults=values)[0]


def _check_size(data: bytes, what: str) -> None:
    if not data:
        raise ThemeFileError("This file is empty.")
    if len(data) > MOST_BYTES:
        raise ThemeFileError(
            f"A {what} of {len(data) / 2**20:.0f} MiB is too large; {MOST_BYTES // 2**20} are the "
            "most."
        )
