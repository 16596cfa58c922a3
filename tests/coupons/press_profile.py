"""A small ICC profile of a press, made here: ideal inks, black in place of equal parts of all."""

import struct
from functools import cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

# From linear sRGB to XYZ as seen under D50, which is what profiles connect by.
_TO_XYZ = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
_WHITE = np.array([0.9642, 1.0, 0.8249])


@cache
def press_profile() -> bytes:
    """Return a profile of CMYK, both ways, by grids of 9 and 5 points."""
    lab = _grid(9, 3)
    lab = np.stack([lab[:, 0] * 100, lab[:, 1] * 255 - 128, lab[:, 2] * 255 - 128], axis=1)
    to_inks = _table(3, 4, 9, _inks_of(_rgb_of(lab)))
    inks = _grid(5, 4)
    seen = _lab_of((1 - inks[:, :3]) * (1 - inks[:, 3:]))
    parts = [seen[:, 0] / 100, (seen[:, 1] + 128) / 255, (seen[:, 2] + 128) / 255]
    to_lab = _table(4, 3, 5, np.stack(parts, axis=1))
    name = b"An ideal press\0"
    words = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(4 + 4 + 2 + 1 + 67)
    white = b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(x * 65536)) for x in _WHITE)
    rights = b"text" + bytes(4) + b"None\0"
    return _file(
        {b"desc": words, b"cprt": rights, b"wtpt": white, b"A2B0": to_lab, b"B2A0": to_inks}
    )


def _grid(points: int, channels: int) -> Array:
    axes = np.meshgrid(*[np.linspace(0, 1, points)] * channels, indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


def _inks_of(rgb: Array) -> Array:
    black = 1 - rgb.max(axis=1, keepdims=True)
    return np.hstack([(1 - rgb - black) / np.maximum(1 - black, 1e-6), black])


def _lab_of(rgb: Array) -> Array:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def _rgb_of(lab: Array) -> Array:
    y = (lab[:, 0] + 16) / 116
    root = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    ratio = np.where(root > 6 / 29, root**3, (116 * root - 16) * 27 / 24389)
    linear = np.clip(ratio * _WHITE @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _table(inputs: int, outputs: int, points: int, values: Array) -> bytes:
    same = bytes(range(256))
    matrix = b"".join(struct.pack(">i", 65536 * (place % 4 == 0)) for place in range(9))
    cells = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8).tobytes()
    head = b"mft1" + bytes(4) + bytes([inputs, outputs, points, 0])
    return head + matrix + same * inputs + cells + same * outputs


def _file(tags: dict[bytes, bytes]) -> bytes:
    rows, body, at = b"", b"", 132 + 12 * len(tags)
    for name, said in tags.items():
        padded = said + bytes(-len(said) % 4)
        rows += name + struct.pack(">II", at + len(body), len(said))
        body += padded
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += b"".join(struct.pack(">i", round(x * 65536)) for x in _WHITE)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + rows + body
