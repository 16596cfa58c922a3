"""Fonts and press profiles that are uploaded: looked at before they are kept, and kept once."""

import hashlib
from typing import Final, NamedTuple

from PIL import ImageCms

from coupons.models import FontFile, PressProfile
from coupons.sheets import paint, typefaces

MOST_BYTES: Final = 25 * 2**20  # Chinese and Japanese fonts have 20


class ThemeFileError(ValueError):
    """Why a font or a profile cannot be used, in a sentence for staff."""


class Uploaded(NamedTuple):
    """A font, unsaved, and what staff should know of it: empty, nothing."""

    font: FontFile
    problem: str


def font_of(data: bytes) -> Uploaded:
    """Return the font in `data`.

    Raises ThemeFileError for what is no TrueType font, is broken, or may not be embedded.
    """
    _check_size(data, "font")
    try:
        found = typefaces.inspect(data)
    except typefaces.FontError as error:
        raise ThemeFileError(_sentence(error)) from error
    sha256 = hashlib.sha256(data).hexdigest()
    return Uploaded(FontFile(sha256=sha256, name=found.name[:80], content=data), found.problem)


def profile_of(data: bytes, condition: str) -> PressProfile:
    """Return, unsaved, the ICC profile in `data` of the printing condition called `condition`.

    Raises ThemeFileError for what is no profile, or is not a press's of CMYK.
    """
    _check_size(data, "profile")
    try:
        opened = paint.open_profile(data)
        name = paint.profile_name(data)
    except paint.ProfileError as error:
        raise ThemeFileError(_sentence(error)) from error
    try:
        ImageCms.buildTransform(ImageCms.createProfile("sRGB"), opened, "RGB", "CMYK")
    except ImageCms.PyCMSError as error:
        raise ThemeFileError("It does not say which inks make a colour.") from error
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


def _sentence(error: Exception) -> str:
    """What a pure file says of a fault, as staff read it."""
    said = str(error)
    return f"{said[:1].upper()}{said[1:]}."


def _check_size(data: bytes, what: str) -> None:
    if not data:
        raise ThemeFileError("This file is empty.")
    if len(data) > MOST_BYTES:
        raise ThemeFileError(f"A {what} may have {MOST_BYTES // 2**20} MiB at most.")
