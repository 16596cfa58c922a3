"""Line icons within a page: `{% icon "moon" %}`. Tabler's outlines, drawn here on the server."""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_SHAPES = ("path", "circle", "line", "rect", "polyline", "ellipse")


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon beside words that say the same: hidden from who hears the page.

    Raises ValueError if there is no outline icon of that name.
    """
    shapes = format_html_join(
        "",
        "<{} {}/>",
        (
            (tag, format_html_join(" ", '{}="{}"', attributes.items()))
            for tag, attributes in _shapes(name)
        ),
    )
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="18" height="18" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        shapes,
    )


def _shapes(name: str) -> Iterator[tuple[str, dict[str, str]]]:
    # Found without importing it: the package's own module starts a game library.
    spec = find_spec("pytablericons")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError("the package pytablericons is not installed")
    file = Path(spec.submodule_search_locations[0]) / "icons" / "outline" / f"{name}.svg"
    if not file.is_file():
        raise ValueError(f"there is no outline icon named {name!r}")
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - from a pinned package, not from a user
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag in _SHAPES and element.get("stroke") != "none":
            yield tag, dict(element.attrib)
