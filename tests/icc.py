"""A press profile small enough to make here: four inks, nine steps of each, on white paper."""

import struct
from itertools import product

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 9
_WHITE = np.array([0.9642, 1.0, 0.8249])  # D50, as all profiles mean colours
# sRGB's primaries as seen under D50.
_TO_XYZ = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_DARKEST = 0.02  # what even all the ink reflects


def cmyk_profile(name: str = "Test press") -> bytes:
    """Return an ICC profile, version 2.4, of a printer ('prtr') whose inks mix like filters."""
    tags = {
        b"desc": _description(name),
        b"cprt": b"text\0\0\0\0CC0\0",
        b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(_fixed, _WHITE)),
        b"A2B0": _table(4, _encoded(_seen(_grid(4)))),
        b"B2A0": _table(3, _inks(_decoded(_grid(3)))),
    }
    tags[b"A2B1"], tags[b"B2A1"] = tags[b"A2B0"], tags[b"B2A0"]
    return _file(tags)


def _grid(inputs: int) -> Floats:
    steps = np.linspace(0, 1, _STEPS)
    return np.array(list(product(steps, repeat=inputs)))


def _seen(inks: Floats) -> Floats:
    """Return the CIELAB that inks, each from 0 to 1, are seen as."""
    colours = (1 - inks[:, :3]) * (1 - inks[:, 3:])
    linear = _DARKEST + (1 - _DARKEST) * colours**2.2
    ratios = (linear @ _TO_XYZ.T) / _WHITE
    roots = np.where(ratios > 216 / 24389, np.cbrt(ratios), (24389 / 27 * ratios + 16) / 116)
    x, y, z = roots.T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _inks(lab: Floats) -> Floats:
    """Return the inks, each from 0 to 1, that are seen as nearly as can be as `lab`."""
    y = (lab[:, 0] + 16) / 116
    roots = np.column_stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200])
    ratios = np.where(roots > 6 / 29, roots**3, (116 * roots - 16) * 27 / 24389)
    linear = (ratios * _WHITE) @ np.linalg.inv(_TO_XYZ).T
    colours = np.clip((linear - _DARKEST) / (1 - _DARKEST), 0, 1) ** (1 / 2.2)
    black = 1 - colours.max(axis=1, keepdims=True)
    rest = np.maximum(1 - black, 1e-6)
    return np.hstack([np.clip((1 - colours - black) / rest, 0, 1), black])


# CIELAB as a table of 16 bits means it, from 0 to 1.
_SCALE: Floats = np.array([100 * 65535 / 65280, 65535 / 256, 65535 / 256])
_SHIFT: Floats = np.array([0.0, 128.0, 128.0])


def _encoded(lab: Floats) -> Floats:
    values: Floats = np.clip((lab + _SHIFT) / _SCALE, 0, 1)
    return values


def _decoded(values: Floats) -> Floats:
    return np.subtract(values * _SCALE, _SHIFT)


def _table(inputs: int, values: Floats) -> bytes:
    """Return a lut16Type whose curves do nothing and whose grid holds `values`."""
    outputs: int = values.shape[1]
    head = struct.pack(">4s4xBBBx", b"mft2", inputs, outputs, _STEPS)
    matrix = b"".join(_fixed(one) for one in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    straight = struct.pack(">HH", 0, 65535)
    grid = np.round(values * 65535).astype(">u2").tobytes()
    return head + matrix + struct.pack(">HH", 2, 2) + straight * inputs + grid + straight * outputs


def _fixed(number: float) -> bytes:
    return struct.pack(">i", round(number * 65536))


def _description(name: str) -> bytes:
    text = name.encode("ascii") + b"\0"
    return struct.pack(">4s4xI", b"desc", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)


def _file(tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    directory = struct.pack(">I", len(tags))
    body = b""
    for signature, content in tags.items():
        directory += struct.pack(">4sII", signature, at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4xI4s4s4s6H4s28x3i48x",
        at + len(body),
        0x02400000,
        b"prtr",
        b"CMYK",
        b"Lab ",
        *(2000, 1, 1, 0, 0, 0),
        b"acsp",
        *(round(one * 65536) for one in _WHITE),
    )
    return header + directory + body
