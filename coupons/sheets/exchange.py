"""What a print shop reads of a file beside its pages: what it is, for which press, whose pages.

A file for a CMYK press says that it is PDF/X-4 and PDF/VT-1 (ISO 15930-7, ISO 16612-2): blind
exchange, all that is wanted inside, one document part a household. In RGB it claims neither:
PDF/X wants a printing condition named and described by a press's profile, and an office printer
or a digital press that separates by itself has none that we know. The parts stand there anyway.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from coupons.sheets.faces import Colour, Format, Leaf, Look, Page, Press
from coupons.sheets.paint import open_profile, profile_in, profile_name
from coupons.sheets.pdf import PdfWriter

PRODUCER: Final = "Coupon sheets"
_POINTS_PER_MM: Final = 72 / 25.4
_PAPER_MM: Final = {Page.A4: (210.0, 297.0), Page.LETTER: (215.9, 279.4)}
_PARTS_A_NODE: Final = 256  # of the tree of parts, as of the tree of pages
_RECORD_LEVEL: Final = 2  # run, groups of 256, households


def page_boxes(form: Format) -> bytes:
    """Return the entries of a page that say where paper ends and where it is cut.

    The cut page's lower left corner is the origin; the bleed lies outside. Neither TrimBox nor
    BleedBox is inherited, so that every page wants all of this.
    """
    width, height = (side * _POINTS_PER_MM for side in _PAPER_MM[form.page])
    bleed = form.bleed_mm * _POINTS_PER_MM
    outside = _box(-bleed, -bleed, width + bleed, height + bleed)
    return b"/MediaBox%b/BleedBox%b/TrimBox%b" % (outside, outside, _box(0, 0, width, height))


def _box(*edges: float) -> bytes:
    return (
        "[" + " ".join(f"{edge + 0.0:.3f}".rstrip("0").rstrip(".") for edge in edges) + "]"
    ).encode()


class Exchange:
    """The parts, the metadata and the end of one file.

    Made when the file begins. Then for each household, in the order of the pages: `begin` gives
    the number that each of its pages names as /DPart, and `end` is told which pages they were.
    Last comes `close`, after everything else is written. Raises ProfileError as `paint_of`.
    """

    def __init__(self, pdf: PdfWriter, look: Look, files: Mapping[str, bytes]) -> None:
        self._pdf = pdf
        self._press = look.press
        self._leaf = look.format.leaf
        self._profile = b""
        if look.press.colour is Colour.CMYK:
            self._profile = profile_in(look.press, files)
            open_profile(self._profile)
        self.boxes = page_boxes(look.format)  # entries of every page
        self._root = pdf.reserve_small()
        self._groups: list[int] = []
        self._group = 0  # the number of the one being filled, 0 if there is none
        self._parts: list[int] = []
        self._part = 0  # the number of the one that has begun, 0 if there is none

    def begin(self) -> int:
        """Return the number of a household's part, for the /DPart of its pages.

        Where a household then gets no page, the next one has the number.
        """
        if not self._group:
            self._group = self._pdf.reserve_small()
        if not self._part:
            self._part = self._pdf.reserve_small()
        return self._part

    def end(self, first_page: int, last_page: int, sequence: int, postcode: str = "") -> None:
        """Write the part begun last: its pages' object numbers, its sheet's, and where it goes.

        Inserters and sorters tell sheets apart by the number; names do not stand here.
        """
        place = (
            f"/CIP4_Contact<</CIP4_Address<</CIP4_PostalCode{_text(postcode)}>>>>"
            if postcode
            else ""
        )
        self._pdf.write_small(
            (
                f"<</Type/DPart/Parent {self._group} 0 R/Start {first_page} 0 R"
                f"/End {last_page} 0 R/DPM<</CIP4_Root<</Type/CIP4_Root"
                f"/CIP4_Recipient<</CIP4_UniqueID({sequence:06d}){place}>>>>>>>>"
            ).encode(),
            self._part,
        )
        self._parts.append(self._part)
        self._part = 0
        if len(self._parts) == _PARTS_A_NODE:
            self._close_group()

    def _close_group(self) -> None:
        parts = " ".join(f"{part} 0 R" for part in self._parts)
        self._pdf.write_small(
            f"<</Type/DPart/Parent {self._root} 0 R/DParts[[{parts}]]>>".encode(), self._group
        )
        self._groups.append(self._group)
        self._group = 0
        self._parts = []

    def close(self, pages: int, title: str) -> None:
        """Write what is said of the whole file, whose page tree is object `pages`, and end it.

        Raises ValueError if there was no part, or an object was reserved and never written.
        """
        pdf = self._pdf
        entries = [f"/Pages {pages} 0 R", f"/DPartRoot {self._write_tree(title)} 0 R"]
        entries.append(f"/Metadata {self._write_metadata(title)} 0 R")
        if self._profile:
            entries.append(f"/OutputIntents[{self._write_intent()} 0 R]")
        entries.append(f"/ViewerPreferences<<{self._preferences()}>>")
        catalogue = pdf.write(f"<</Type/Catalog{''.join(entries)}>>".encode())
        pdf.close(catalogue, self._write_information(title))

    def _preferences(self) -> str:
        # Bars of whole printer dots are spoiled by a page that is scaled to fit the paper.
        if self._profile:
            return "/PrintScaling/None"
        # Younger than the PDF that PDF/X-4 is made of, which the offices' programs do not mind.
        duplex = "Simplex" if self._leaf is Leaf.ONE else "DuplexFlipLongEdge"
        return f"/PrintScaling/None/Duplex/{duplex}"

    def _write_tree(self, title: str) -> int:
        """Write the root of the parts and return its number."""
        pdf = self._pdf
        for number in (self._part, 0 if self._parts else self._group):
            if number:  # begun for a household that got no page
                pdf.write_small(b"null", number)
        if self._parts:
            self._close_group()
        if not self._groups:
            raise ValueError("a file wants the pages of one household at least")
        tree = pdf.reserve_small()
        groups = " ".join(f"{group} 0 R" for group in self._groups)
        pdf.write_small(
            (
                f"<</Type/DPart/Parent {tree} 0 R/DParts[[{groups}]]"
                f"/DPM<</CIP4_Root<</Type/CIP4_Root"
                f"/CIP4_Metadata<</CIP4_JobID{_text(title)}>>>>>>>>"
            ).encode(),
            self._root,
        )
        return pdf.write_small(
            (
                f"<</Type/DPartRoot/DPartRootNode {self._root} 0 R/RecordLevel {_RECORD_LEVEL}"
                "/NodeNameList[/Run/Group/Household]>>"
            ).encode(),
            tree,
        )

    def _write_metadata(self, title: str) -> int:
        """Write the XMP packet, as it stands so that any tool finds it, and return its number."""
        packet = metadata(self._press, title, _identity(self._pdf.sha256))
        return self._pdf.write_stream(packet.encode(), b"/Type/Metadata/Subtype/XML", packed=True)

    def _write_intent(self) -> int:
        """Write the profile and the output intent that refers to it; return the latter's number."""
        profile = self._pdf.write_stream(self._profile, b"/N 4")
        condition = self._press.condition
        name = profile_name(self._profile) or condition
        return self._pdf.write(
            (
                f"<</Type/OutputIntent/S/GTS_PDFX/OutputConditionIdentifier{_text(condition)}"
                f"/OutputCondition{_text(name)}/Info{_text(name)}"
                f"/RegistryName(http://www.color.org)/DestOutputProfile {profile} 0 R>>"
            ).encode()
        )

    def _write_information(self, title: str) -> int:
        made = _made_at(self._press).strftime("(D:%Y%m%d%H%M%SZ)")
        claims = (
            "/GTS_PDFXVersion(PDF/X-4)/GTS_PDFVTVersion(PDF/VT-1)"
            if self._press.colour is Colour.CMYK
            else ""
        )
        return self._pdf.write(
            (
                f"<</Title{_text(title)}/Creator({PRODUCER})/Producer({PRODUCER})"
                f"/CreationDate{made}/ModDate{made}/Trapped/False{claims}>>"
            ).encode()
        )


def metadata(press: Press, title: str, identity: str) -> str:
    """Return the XMP packet of a file: what it claims to be, its title, its dates, its name."""
    made = _made_at(press).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {
        "dc:format": "application/pdf",
        "xmp:CreatorTool": PRODUCER,
        "xmp:CreateDate": made,
        "xmp:ModifyDate": made,
        "xmp:MetadataDate": made,
        "xmpMM:DocumentID": identity,
        "xmpMM:InstanceID": identity,
        "xmpMM:VersionID": "1",
        "xmpMM:RenditionClass": "default",
        "pdf:Producer": PRODUCER,
        "pdf:Trapped": "False",
    }
    if press.colour is Colour.CMYK:
        said |= {
            "pdfxid:GTS_PDFXVersion": "PDF/X-4",
            "pdfvtid:GTS_PDFVTVersion": "PDF/VT-1",
            "pdfvtid:GTS_PDFVTModDate": made,
        }
    spaces = "".join(f'\n    xmlns:{prefix}="{space}"' for prefix, space in _NAMESPACES.items())
    lines = "".join(f"\n   <{name}>{escape(value)}</{name}>" for name, value in said.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""{spaces}>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>\
{lines}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


_NAMESPACES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "pdfxid": "http://www.npes.org/pdfx/ns/id/",
    "pdfvtid": "http://www.npes.org/pdfvt/ns/id/",
}


def _identity(sha256: str) -> str:
    """Return a name for a file, from the digest of what is in it: a reprint has the same."""
    return f"uuid:{uuid.UUID(bytes=bytes.fromhex(sha256)[:16], version=5)}"


def _made_at(press: Press) -> datetime:
    made = datetime.fromisoformat(press.made_at)
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).astimezone(UTC)


def _text(text: str) -> str:
    """Return a text string as PDF writes it: Unicode, unless it is plain."""
    if text.isascii() and text.isprintable():
        return "(" + text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"
