"""Line icons as PDF paths: the Tabler icons' SVG, read once and turned into drawing operators.

Tabler icons are drawn on a 24 x 24 grid, y downwards, as bare outlines: paths and, in a few,
circles. That is little enough to read directly, and leaves the lines vectors on paper.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

GRID: Final = 24.0

_COMMAND = re.compile(r"([MmLlHhVvCcSsQqAaZz])([^MmLlHhVvCcSsQqAaZz]*)")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SVG: Final = "{http://www.w3.org/2000/svg}"
_ARITY: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "A": 7}

Point = tuple[float, float]


@cache
def outline(name: str) -> str:
    """Return the PDF path of the outline icon `name` on its 24 x 24 grid, y downwards.

    The path is built, not painted: the caller sets colour, width, round caps and joins, and
    strokes. Raises ValueError if there is no icon of that name.
    """
    file = _folder() / f"{name}.svg"
    if not file.is_file():
        raise ValueError(f"there is no outline icon named {name!r}")
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - from a pinned package, not from a user
    parts: list[str] = []
    for element in root.iter():
        if element.tag == f"{_SVG}path":
            if element.get("stroke") != "none":  # an invisible frame in the older icons
                parts.extend(_path(element.get("d", "")))
        elif element.tag == f"{_SVG}circle":
            cx, cy, r = (float(element.get(key, "0")) for key in ("cx", "cy", "r"))
            parts.extend(_path(f"M{cx - r} {cy}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0"))
    return " ".join(parts)


@cache
def _folder() -> Path:
    # Found without importing it: the package's own module starts a game library.
    spec = find_spec("pytablericons")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError("the package pytablericons is not installed")
    return Path(spec.submodule_search_locations[0]) / "icons" / "outline"


def _arguments(letter: str, text: str) -> Iterator[list[float]]:
    """Yield one command's numbers, cut into as many repetitions as there are."""
    if letter == "A":
        # Flags may be written without a separator ("0 01.5 2"), so an arc is read by hand.
        flag_places = (3, 4)
        numbers: list[float] = []
        rest = text
        while rest.strip(" ,\n\t"):
            rest = rest.lstrip(" ,\n\t")
            if len(numbers) % 7 in flag_places:
                numbers.append(float(rest[0]))
                rest = rest[1:]
            else:
                match = _NUMBER.match(rest)
                if match is None:
                    raise ValueError(f"cannot read the arc {text!r}")
                numbers.append(float(match.group()))
                rest = rest[match.end() :]
    else:
        numbers = [float(number) for number in _NUMBER.findall(text)]
    size = _ARITY[letter]
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def _path(data: str) -> Iterator[str]:
    """Yield PDF operators for one SVG path."""
    x = y = start_x = start_y = 0.0
    control: Point | None = None  # the last cubic's second control point, for S
    for command, text in _COMMAND.findall(data):
        letter = command.upper()
        relative = command.islower()
        if letter == "Z":
            yield "h"
            x, y, control = start_x, start_y, None
            continue
        for index, numbers in enumerate(_arguments(letter, text)):
            ox, oy = (x, y) if relative else (0.0, 0.0)
            last_control, control = control, None
            if letter == "M":
                x, y = ox + numbers[0], oy + numbers[1]
                if index == 0:
                    start_x, start_y = x, y
                    yield f"{_n(x)} {_n(y)} m"
                else:  # further pairs after a move are lines
                    yield f"{_n(x)} {_n(y)} l"
            elif letter in "LHV":
                if letter == "L":
                    x, y = ox + numbers[0], oy + numbers[1]
                elif letter == "H":
                    x = ox + numbers[0]
                else:
                    y = oy + numbers[0]
                yield f"{_n(x)} {_n(y)} l"
            elif letter == "A":
                end = (ox + numbers[5], oy + numbers[6])
                yield from _arc((x, y), numbers[:5], end)
                x, y = end
            else:
                points = [(ox + numbers[k], oy + numbers[k + 1]) for k in range(0, len(numbers), 2)]
                if letter == "S":
                    cx, cy = last_control or (x, y)
                    points.insert(0, (2 * x - cx, 2 * y - cy))
                elif letter == "Q":
                    points = _raised((x, y), points[0], points[1])
                yield _curve(*points)
                control = points[1]
                x, y = points[2]


def _raised(start: Point, middle: Point, end: Point) -> list[Point]:
    """Return the cubic that is the same curve as a quadratic one."""
    return [
        (start[0] + 2 / 3 * (middle[0] - start[0]), start[1] + 2 / 3 * (middle[1] - start[1])),
        (end[0] + 2 / 3 * (middle[0] - end[0]), end[1] + 2 / 3 * (middle[1] - end[1])),
        end,
    ]


def _arc(start: Point, numbers: list[float], end: Point) -> Iterator[str]:
    """Yield cubics for an elliptical arc: SVG 1.1, appendix F.6, from ends to centre."""
    rx, ry, turn, large, sweep = abs(numbers[0]), abs(numbers[1]), *numbers[2:]
    if start == end:
        return
    if not rx or not ry:
        yield f"{_n(end[0])} {_n(end[1])} l"
        return
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    scale = math.sqrt(max(1.0, (u / rx) ** 2 + (v / ry) ** 2))  # radii too short are stretched
    rx, ry = rx * scale, ry * scale
    denominator = (rx * v) ** 2 + (ry * u) ** 2
    root = math.sqrt(max(0.0, (rx * ry) ** 2 / denominator - 1))
    if large == sweep:
        root = -root
    cu, cv = root * rx * v / ry, -root * ry * u / rx
    centre = (
        cos * cu - sin * cv + (start[0] + end[0]) / 2,
        sin * cu + cos * cv + (start[1] + end[1]) / 2,
    )
    first = math.atan2((v - cv) / ry, (u - cu) / rx)
    span = math.atan2((-v - cv) / ry, (-u - cu) / rx) - first
    if sweep and span < 0:
        span += 2 * math.pi
    elif not sweep and span > 0:
        span -= 2 * math.pi
    pieces = max(1, math.ceil(abs(span) / (math.pi / 2) - 1e-9))
    step = span / pieces
    reach = 4 / 3 * math.tan(step / 4)

    def at(u: float, v: float) -> Point:
        return (
            centre[0] + cos * rx * u - sin * ry * v,
            centre[1] + sin * rx * u + cos * ry * v,
        )

    for piece in range(pieces):
        a = first + piece * step
        b = a + step
        yield _curve(
            at(math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a)),
            at(math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b)),
            at(math.cos(b), math.sin(b)),
        )


def _curve(one: Point, two: Point, three: Point) -> str:
    return " ".join(f"{_n(x)} {_n(y)}" for x, y in (one, two, three)) + " c"


def _n(value: float) -> str:
    return f"{value + 0.0:.3f}".rstrip("0").rstrip(".")
