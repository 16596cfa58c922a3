"""Pictures as the desk shows them: photographs by their address, drawn ones as SVG."""

from functools import cache
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coupons.sheets import icons
from coupons.sheets.pictures import FALLBACK, PICTURES

SMALL = 96  # pixels of a picture in a list
LARGE = 400

_COMMANDS = {"m": "M", "l": "L", "c": "C", "h": "Z"}


def photograph(sha256: str, name: str, longest: int = SMALL) -> SafeString:
    """An image of a kept picture, no larger than wanted."""
    url = reverse("admin:coupons_picture_image", args=[sha256, longest])
    size = "large" if longest > SMALL else "small"
    return format_html(
        '<img class="photo photo-{}" src="{}" alt="{}" loading="lazy">', size, url, name
    )


@cache
def drawing(key: str) -> SafeString:
    """The drawn picture of this name as SVG; a basket for a name that none has."""
    picture = PICTURES.get(key, PICTURES[FALLBACK])
    return format_html(
        '<svg class="drawn" viewBox="-6 -6 36 36" role="img" aria-label="{}">'
        '<rect x="-6" y="-6" width="36" height="36" rx="6" fill="{}"/>'
        '<path d="{}" fill="none" stroke="{}" stroke-width="1.6" stroke-linecap="round" '
        'stroke-linejoin="round"/></svg>',
        key,
        picture.tint,
        _path(icons.outline(picture.icon)),
        picture.line,
    )


def _path(outline: str) -> str:
    """The operators of a PDF path, which follow their numbers, as SVG's, which precede them."""
    parts: list[str] = []
    numbers: list[str] = []
    for word in outline.split():
        if word in _COMMANDS:
            parts.append(_COMMANDS[word] + " ".join(numbers))
            numbers.clear()
        else:
            numbers.append(word)
    return "".join(parts)


class DrawnChoice(forms.RadioSelect):
    """All drawn pictures side by side, behind the one that is chosen."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = str(value or FALLBACK)
        keys = [*PICTURES] if chosen in PICTURES else [chosen, *PICTURES]
        choices = format_html_join(
            "",
            '<label title="{}"><input type="radio" name="{}" value="{}"{}>{}</label>',
            (
                (key, name, key, SafeString(" checked" if key == chosen else ""), drawing(key))
                for key in keys
            ),
        )
        return format_html(
            '<details class="drawn-choice"><summary>{} {}</summary>'
            '<div class="drawn-all">{}</div></details>',
            drawing(chosen),
            chosen,
            choices,
        )
