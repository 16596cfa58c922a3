"""One PDF file of sheets, written while they are drawn: memory does not grow with the run.

A form is written when a sheet first needs it, so the file holds only the offers its sheets use
and no sheet is looked at twice. Fonts come last, when it is known which characters they need.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from coupons.sheets.drawing import (
    OfferForm,
    draw_base,
    draw_cuts,
    draw_offer,
    draw_tag,
)
from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import Look, SheetFace, Tag
from coupons.sheets.fitting import POINTS_PER_MM
from coupons.sheets.layout import PAGE, CouponPlan, plan_for
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.typefaces import Family
from coupons.sheets.variable import VariableLayer
from coupons.sheets.words import in_language

_PAGES_A_NODE: Final = 256  # of the page tree: viewers open a flat list of 50,000 slowly


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds: sheets and bytes, its digest, the first and last sequence number."""

    sheets: int
    bytes: int
    sha256: str
    first: int
    last: int


def write_sheets(
    out: BinaryIO,
    look: Look,
    sheets: Iterable[SheetFace],
    files: Mapping[str, bytes],
) -> Written:
    """Write `sheets` to `out` as one PDF, a page each, and return what was written.

    `sheets` may be a generator and is read once; `files` are the pictures, fonts and profiles
    that the look names, by their SHA-256. The same arguments give the same bytes. `out` is only
    written to, never read or closed.

    Raises ValueError if there are no sheets, if a sheet has no coupons or too many, names an
    offer that is not in `offers`, has a code that is none, or carries an address its window
    cannot hold.
    """
    document = _Document(out, look, files)
    first = last = None
    count = 0
    for sheet in sheets:
        document.add(sheet)
        if first is None:
            first = sheet.sequence
        last = sheet.sequence
        count += 1
    if first is None or last is None:
        raise ValueError("there are no sheets to write")
    document.close(f"{look.theme.brand}: sheets {first} to {last} of {look.total}")
    return Written(count, document.pdf.size_bytes, document.pdf.sha256, first, last)


class _Document:
    """The file being written: its forms by name, its pages by node."""

    def __init__(self, out: BinaryIO, look: Look, files: Mapping[str, bytes]) -> None:
        self.pdf = PdfWriter(out)
        self._theme = theme = look.theme
        self._offers = look.offers
        self._fonts = Fonts(Family.of(theme, files))
        self._variable = VariableLayer(theme, self._fonts, look.total)
        self._font_resources = self.pdf.reserve()
        self._resources = self.pdf.reserve()
        self._root = self.pdf.reserve()
        self._forms: dict[str, int] = {}
        self._offer_forms: dict[tuple[int, CouponPlan], OfferForm] = {}
        self._nodes: list[tuple[int, int]] = []
        self._node = self.pdf.reserve()
        self._kids: list[int] = []
        self._form("Base", draw_base(theme, self._fonts), PAGE.width, PAGE.height)

    def _form(self, name: str, drawn: str, width_mm: float, height_mm: float) -> str:
        """Write a form once under `name`."""
        box = f"0 0 {width_mm * POINTS_PER_MM:.3f} {height_mm * POINTS_PER_MM:.3f}"
        self._forms[name] = self.pdf.write_stream(
            drawn.encode("latin-1"),  # every code of an embedded font is one byte
            f"/Type/XObject/Subtype/Form/BBox[{box}]/Resources {self._font_resources} 0 R".encode(),
        )
        return name

    def _cuts(self, count: int) -> str:
        name = f"Cuts{count}"
        if name not in self._forms:
            self._form(name, draw_cuts(count), PAGE.width, PAGE.height)
        return name

    def _tag(self, tag: Tag, plan: CouponPlan) -> str:
        name = f"{tag}{plan.name}"
        if name not in self._forms:
            words = in_language("en").tags[tag]
            drawn = draw_tag(tag, words, plan, self._fonts)
            self._form(name, drawn, plan.cell.width, plan.cell.height)
        return name

    def _offer(self, offer: int, plan: CouponPlan, sheet: SheetFace) -> OfferForm:
        known = self._offer_forms.get((offer, plan))
        if known is not None:
            return known
        if not 0 <= offer < len(self._offers):
            raise ValueError(
                f"sheet {sheet.sequence} names offer {offer}, "
                f"which is not among the {len(self._offers)} given"
            )
        name = f"Offer{len(self._offer_forms)}"
        form = draw_offer(name, self._offers[offer], plan, self._theme.accent_colour, self._fonts)
        self._form(name, form.drawn, plan.cell.width, plan.cell.height)
        self._offer_forms[offer, plan] = form
        return form

    def add(self, sheet: SheetFace) -> None:
        """Draw one sheet and write its page."""
        count = len(sheet.coupons)
        plan = plan_for(count)
        variable = self._variable
        parts = [f"/Base Do/{self._cuts(count)} Do\n", variable.head(sheet)]
        for coupon, frame in zip(sheet.coupons, variable.frames(count), strict=True):
            form = self._offer(coupon.offer, plan, sheet)
            parts.append(variable.coupon(coupon, frame, form, self._tag(coupon.tag, plan)))
        contents = self.pdf.write_stream("".join(parts).encode("latin-1"))
        page = b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (self._node, contents)
        self._kids.append(self.pdf.write(page))
        if len(self._kids) == _PAGES_A_NODE:
            self._close_node()
            self._node = self.pdf.reserve()

    def _close_node(self) -> None:
        kids = " ".join(f"{kid} 0 R" for kid in self._kids)
        self.pdf.write(
            f"<</Type/Pages/Parent {self._root} 0 R/Count {len(self._kids)}"
            f"/Kids[{kids}]>>".encode(),
            self._node,
        )
        self._nodes.append((self._node, len(self._kids)))
        self._kids = []

    def close(self, title: str) -> None:
        """Write fonts, resources, the page tree and the end of the file."""
        self._close_node()
        fonts = [entry for font in self._fonts.all() for entry in font.write(self.pdf)]
        font_entries = "".join(f"/{name} {object_} 0 R" for name, object_ in fonts)
        self.pdf.write(f"<</Font<<{font_entries}>>>>".encode(), self._font_resources)
        forms = "".join(f"/{name} {object_} 0 R" for name, object_ in self._forms.items())
        self.pdf.write(f"<</Font<<{font_entries}>>/XObject<<{forms}>>>>".encode(), self._resources)
        width, height = PAGE.width * POINTS_PER_MM, PAGE.height * POINTS_PER_MM
        kids = " ".join(f"{node} 0 R" for node, _ in self._nodes)
        count = sum(pages for _, pages in self._nodes)
        self.pdf.write(
            f"<</Type/Pages/Count {count}/Kids[{kids}]/MediaBox[0 0 {width:.3f} {height:.3f}]"
            f"/Resources {self._resources} 0 R>>".encode(),
            self._root,
        )
        catalogue = self.pdf.write(f"<</Type/Catalog/Pages {self._root} 0 R>>".encode())
        text = title.encode("utf-16-be").hex().upper()
        self.pdf.close(catalogue, self.pdf.write(f"<</Title<FEFF{text}>>>".encode()))
