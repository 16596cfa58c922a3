"""What a PDF file says of a font beside its outlines: how large it is, and what its codes read."""

import hashlib
from collections.abc import Mapping

from coupons.sheets.pdf import PdfWriter
from coupons.sheets.typefaces import Font


def write_descriptor(pdf: PdfWriter, font: Font, program: bytes) -> tuple[str, int]:
    """Write a subset of `font` and its descriptor; return the subset's name and the number.

    The name begins with six letters that come of the subset's bytes: presses keep fonts by their
    names, and two files of a run must not share a name for different letters.
    """
    digest = hashlib.sha256(program).digest()
    name = "".join(chr(ord("A") + byte % 26) for byte in digest[:6]) + f"+{font.name}"
    file = pdf.write_stream(program, b"/Length1 %d" % len(program))
    made = font.file
    box = " ".join(f"{edge:g}" for edge in made.bbox)
    descriptor = pdf.write_small(
        (
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{box}]"
            f"/ItalicAngle {made.italicAngle:g}/Ascent {made.ascent:g}"
            f"/Descent {made.descent:g}/CapHeight {made.capHeight:g}/StemV {made.stemV:g}"
            f"/FontFile2 {file} 0 R>>"
        ).encode()
    )
    return name, descriptor


def to_unicode(meant: Mapping[int, str], code_bytes: int) -> bytes:
    """Return the map from codes of that many bytes to text, so that it can be copied."""
    digits = 2 * code_bytes
    pairs = [
        f"<{code:0{digits}X}> <{text.encode('utf-16-be').hex().upper()}>"
        for code, text in sorted(meant.items())
    ]
    sections = [
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar"
        for part in (pairs[start : start + 100] for start in range(0, len(pairs), 100))
    ]
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def\n"
        "/CMapName /Sheets def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<{'00' * code_bytes}> <{'FF' * code_bytes}>\nendcodespacerange\n"
        + "\n".join(sections)
        + "\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
