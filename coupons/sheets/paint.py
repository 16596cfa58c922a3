"""Colours as a file says them: RGB for office printers and digital presses, CMYK for the others.

Text and bars are black ink alone either way. A colour of the brand is separated by the press
profile; a grey never is: it would be four inks, and a hair of misregister would blur it.
"""

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Protocol

from PIL import Image, ImageCms

from coupons.sheets.faces import Colour, Press

_RELATIVE: Final = ImageCms.Intent.RELATIVE_COLORIMETRIC
_BLACK_POINT: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION


class ProfileError(ValueError):
    """An ICC profile that describes no CMYK press; the message says why, for staff."""


class Paint(Protocol):
    """Operators that choose the ink to fill or stroke in, without a space at either end."""

    def fill(self, colour: str) -> str:
        """Return the operator that fills in `colour`, written #rrggbb."""

    def stroke(self, colour: str) -> str:
        """Return the operator that strokes in `colour`, written #rrggbb."""

    def grey(self, level: float) -> str:
        """Return the operator that fills in a grey: 0 is black ink alone, 1 is bare paper."""

    def grey_stroke(self, level: float) -> str:
        """Return the operator that strokes in a grey: 0 is black ink alone, 1 is bare paper."""


def paint_of(press: Press, files: Mapping[str, bytes]) -> Paint:
    """Return the paint of `press`, whose profile, if any, is in `files` by its SHA-256.

    Raises ProfileError if the profile is not among the files or describes no CMYK press.
    """
    if press.colour is Colour.RGB:
        return _Rgb()
    return _separating(profile_in(press, files))


def profile_in(press: Press, files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of the press's profile. Raises ProfileError if they are not in `files`."""
    profile = files.get(press.profile)
    if profile is None:
        raise ProfileError(f"the press profile {press.profile} is not among the files given")
    return profile


def open_profile(data: bytes) -> ImageCms.ImageCmsProfile:
    """Return a CMYK press profile, read. Raises ProfileError if `data` is something else."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    except OSError as error:
        raise ProfileError("this file is not an ICC profile") from error
    space, kind = (profile.profile.xcolor_space.strip(), profile.profile.device_class.strip())
    if space != "CMYK" or kind != "prtr":
        raise ProfileError(
            f"this profile describes {space} of class {kind!r}; wanted: CMYK of a press, 'prtr'"
        )
    return profile


def profile_name(data: bytes) -> str:
    """Return how a CMYK press profile describes itself: empty, if it does not.

    Raises ProfileError as `open_profile`.
    """
    description = open_profile(data).profile.profile_description or ""
    return " ".join(description.replace("\0", " ").split())


def _number(value: float) -> str:
    return f"{value + 0.0:.3f}".rstrip("0").rstrip(".")


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class _Rgb:
    """Device RGB; greys in black ink."""

    def fill(self, colour: str) -> str:
        return self._said(colour, "g", "rg")

    def stroke(self, colour: str) -> str:
        return self._said(colour, "G", "RG")

    def grey(self, level: float) -> str:
        return f"{_number(level)} g"

    def grey_stroke(self, level: float) -> str:
        return f"{_number(level)} G"

    @staticmethod
    def _said(colour: str, of_grey: str, of_rgb: str) -> str:
        red, green, blue = _channels(colour)
        if red == green == blue:
            return f"{_number(red / 255)} {of_grey}"
        return " ".join(_number(channel / 255) for channel in (red, green, blue)) + f" {of_rgb}"


class _Cmyk:
    """Device CMYK, separated by a profile; greys in black ink."""

    def __init__(self, profile: bytes) -> None:
        try:
            self._separation = ImageCms.buildTransform(
                ImageCms.createProfile("sRGB"),
                open_profile(profile),
                "RGB",
                "CMYK",
                renderingIntent=_RELATIVE,
                flags=_BLACK_POINT,
            )
        except ImageCms.PyCMSError as error:
            raise ProfileError(f"this profile separates no colours: {error}") from error
        self._inks: dict[str, str] = {}

    def fill(self, colour: str) -> str:
        return f"{self._separated(colour)} k"

    def stroke(self, colour: str) -> str:
        return f"{self._separated(colour)} K"

    def grey(self, level: float) -> str:
        return f"0 0 0 {_number(1 - level)} k"

    def grey_stroke(self, level: float) -> str:
        return f"0 0 0 {_number(1 - level)} K"

    def _separated(self, colour: str) -> str:
        inks = self._inks.get(colour)
        if inks is None:
            channels = _channels(colour)
            if channels[0] == channels[1] == channels[2]:
                inks = f"0 0 0 {_number(1 - channels[0] / 255)}"
            else:
                pixel = Image.new("RGB", (1, 1), channels)
                separated = ImageCms.applyTransform(pixel, self._separation)
                assert separated is not None  # it is only where the picture itself is changed
                inks = " ".join(_number(ink / 255) for ink in separated.tobytes())
            self._inks[colour] = inks
        return inks


@lru_cache(maxsize=8)
def _separating(profile: bytes) -> _Cmyk:
    return _Cmyk(profile)
