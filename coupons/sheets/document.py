"""One PDF file of sheets, written while they are drawn: memory does not grow with the run.

A form is written when a sheet first needs it, so the file holds only the offers its sheets use
and no sheet is looked at twice. Fonts come last, when it is known which characters they need.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from PIL import Image

from coupons.sheets import embedded_photos, grounds
from coupons.sheets.boxes import paper
from coupons.sheets.coupon_plan import CouponPlan
from coupons.sheets.drawing import Inks, Setter
from coupons.sheets.embedding import Fonts
from coupons.sheets.exchange import Exchange
from coupons.sheets.faces import Colour, CouponFace, Leaf, Look, SheetFace, Symbology, Tag
from coupons.sheets.fitting import POINTS_PER_MM
from coupons.sheets.layout import pages_a_sheet, plan_for
from coupons.sheets.offer_forms import OfferForm, draw_offer, draw_tag, photo_box
from coupons.sheets.paint import paint_of, profile_in
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.setting import Reason, set_offer
from coupons.sheets.symbols.symbol import Extent, extent
from coupons.sheets.typefaces import Family
from coupons.sheets.variable import VariableLayer
from coupons.sheets.words import in_language

_PAGES_A_NODE: Final = 256  # of the page tree: viewers open a flat list of 50,000 slowly
_PIXELS_A_MM: Final = 12  # 300 an inch
_SIZE: Final = re.compile(rb"/(Width|Height) (\d+)")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sheet that is not in the file, and why, in words that name what was wrong."""

    sequence: int
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds: sheets, pages and bytes, its digest, the first and last sequence number.

    left_out are those that could not be set.
    """

    sheets: int
    pages: int
    bytes: int
    sha256: str
    first: int
    last: int
    left_out: tuple[LeftOut, ...] = ()


def write_sheets(
    out: BinaryIO,
    look: Look,
    sheets: Iterable[SheetFace],
    files: Mapping[str, bytes],
) -> Written:
    """Write `sheets` to `out` as one PDF and return what was written.

    `sheets` may be a generator and is read once; `files` are the pictures, fonts and profiles
    that the look names, by their SHA-256. The same arguments give the same bytes. `out` is only
    written to, never read or closed.

    A sheet that cannot be set is left out and named: it has no coupons or more than there are
    places, names an offer that is not in the look, has an address its window cannot hold, or a
    barcode that cannot be made or has no room. Nothing of it is in the file.

    Raises ValueError if no sheet could be written, or if the look names a file that is not given
    or cannot be read.
    """
    document = _Document(out, look, files)
    first = last = None
    count = 0
    left_out = []
    for sheet in sheets:
        try:
            document.add(sheet)
        except _SheetError as error:
            left_out.append(LeftOut(sheet.sequence, str(error)))
            continue
        if first is None:
            first = sheet.sequence
        last = sheet.sequence
        count += 1
    if first is None or last is None:
        why = f": sheet {left_out[0].sequence}: {left_out[0].why}" if left_out else ""
        raise ValueError(f"there are no sheets to write{why}")
    document.close(f"{look.theme.brand}: sheets {first} to {last} of {look.total}")
    pdf = document.pdf
    return Written(
        count,
        count * pages_a_sheet(look.format),
        pdf.size_bytes,
        pdf.sha256,
        first,
        last,
        tuple(left_out),
    )


def _sides(sha256: str, files: Mapping[str, bytes]) -> tuple[int, int]:
    """Return a picture's width and height in pixels. Raises ValueError if it is not there."""
    if sha256 not in files:
        raise ValueError(f"the picture {sha256} is not among the files given")
    try:
        with Image.open(io.BytesIO(files[sha256])) as picture:
            return picture.size
    except OSError as error:
        raise ValueError(f"the picture {sha256} cannot be read") from error


class _SheetError(Exception):
    """Why one sheet cannot be set."""


class _Document:
    """The file being written: its forms by name, its pages by node."""

    def __init__(self, out: BinaryIO, look: Look, files: Mapping[str, bytes]) -> None:
        self.pdf = PdfWriter(out)
        self._exchange = Exchange(self.pdf, look, files)
        self._look, self._format, self._files = look, look.format, files
        self._page = paper(look.format.page)
        self._is_cmyk = look.press.colour is Colour.CMYK
        self._inks = Inks(look.press, paint_of(look.press, files))
        self._fonts = Fonts(Family.of(look.theme, files))
        wanted = {look.theme.logo, *(offer.photo for offer in look.offers)} - {""}
        self._sides = {sha256: _sides(sha256, files) for sha256 in sorted(wanted)}
        self._font_resources = self.pdf.reserve()
        self._resources = self.pdf.reserve()
        self._root = self.pdf.reserve()
        self._forms: dict[str, int] = {}
        self._variable = VariableLayer(look, self._fonts, self._inks, self._page_form)
        self._images: dict[tuple[str, int], tuple[str, int, int, int]] = {}
        self._offer_forms: dict[tuple[int, Extent | int], OfferForm] = {}
        self._tagged: dict[tuple[int, Extent | int, Tag, str], tuple[OfferForm, str]] = {}
        self._reasons: dict[Reason, dict[str, str]] = {}
        self._nodes: list[tuple[int, int]] = []
        self._node = self.pdf.reserve()
        self._kids: list[int] = []

    def _form(
        self, name: str, drawn: str, width_mm: float, height_mm: float, uses: str = ""
    ) -> str:
        """Write a form once under `name`. uses: names and numbers of what it draws itself."""
        box = f"0 0 {width_mm * POINTS_PER_MM:.3f} {height_mm * POINTS_PER_MM:.3f}"
        more = f"/XObject<<{uses}>>" if uses else ""
        self._forms[name] = self.pdf.write_stream(
            drawn.encode("latin-1"),  # every code of an embedded font is one byte
            f"/Type/XObject/Subtype/Form/BBox[{box}]"
            f"/Resources<</Font {self._font_resources} 0 R{more}>>".encode(),
        )
        return name

    def _page_form(self, name: str, drawn: str) -> str:
        return self._form(name, drawn, self._page.width, self._page.height)

    def _image(self, sha256: str, longest_mm: float) -> tuple[str, int, int, int]:
        """Write a picture once for about that size; return name, object, width and height."""
        longest = max(64, -(-round(longest_mm * _PIXELS_A_MM) // 32) * 32)
        known = self._images.get((sha256, longest))
        if known is None:
            embedded = embedded_photos.embed(self._files[sha256], self._profile(), longest)
            sides = {key: int(value) for key, value in _SIZE.findall(embedded.entries)}
            number = self.pdf.write_stream(embedded.data, embedded.entries, packed=True)
            name = f"P{len(self._images)}"
            known = (name, number, sides[b"Width"], sides[b"Height"])
            self._images[sha256, longest] = known
        return known

    def _profile(self) -> bytes | None:
        return profile_in(self._look.press, self._files) if self._is_cmyk else None

    def _ground(self, kind: str, count: int) -> str:
        """Return the form of what stands on every front or back that carries `count` coupons."""
        name = f"{kind}{count}"
        if name in self._forms:
            return name
        theme, format_ = self._look.theme, self._format
        uses = ""
        if kind == "B":
            drawn = grounds.draw_back(theme, format_, self._fonts, self._inks, count)
        else:
            logo = None
            if theme.logo:
                box = grounds.logo_place(format_, *self._sides[theme.logo])
                image, number, width, height = self._image(theme.logo, max(box.width, box.height))
                logo = (image, width, height)
                uses = f"/{image} {number} 0 R"
            drawn = grounds.draw_front(theme, format_, self._fonts, self._inks, logo, count)
        return self._form(name, drawn, self._page.width, self._page.height, uses)

    def _setter(self, plan: CouponPlan) -> Setter:
        return Setter(self._fonts, self._inks, plan.cell.height)

    def _tag(self, tag: Tag, language: str, plan: CouponPlan) -> str:
        words = in_language(language)
        name = f"T{words.language}{tag}{plan.tag.x:.1f}-{plan.tag.y:.1f}-{plan.tag.width:.1f}"
        if name not in self._forms:
            drawn = draw_tag(tag, words.tags[tag], plan, self._setter(plan))
            self._form(name, drawn, plan.cell.width, plan.cell.height)
        return name

    def _tagged_offer(
        self, coupon: CouponFace, size: Extent | int, language: str
    ) -> tuple[OfferForm, str]:
        """Return an offer's form and the name of the one that shows it with a tag."""
        form = self._offer_forms.get((coupon.offer, size))
        if form is None:
            form = self._offer_forms[coupon.offer, size] = self._offer(coupon)
        tag = self._tag(coupon.tag, language, form.plan)
        name = f"{form.name}{coupon.tag}{in_language(language).language}"
        plan = form.plan
        if name not in self._forms:
            uses = f"/{form.name} {self._forms[form.name]} 0 R/{tag} {self._forms[tag]} 0 R"
            cell = plan.cell
            self._form(name, f"/{form.name} Do/{tag} Do", cell.width, cell.height, uses)
        self._tagged[coupon.offer, size, coupon.tag, language] = form, name
        return form, name

    def _offer(self, coupon: CouponFace) -> OfferForm:
        offer = self._look.offers[coupon.offer]
        plan = plan_for(self._format, extent(offer.symbology, coupon.payload), len(coupon.code))
        photo, uses = None, ""
        if offer.photo:
            drawn_at = photo_box(plan, *self._sides[offer.photo])
            name, number, width, height = self._image(
                offer.photo, max(drawn_at.width, drawn_at.height)
            )
            photo, uses = (name, width, height), f"/{name} {number} 0 R"
        setting = set_offer(plan, self._fonts.family, offer)
        form = draw_offer(
            f"O{len(self._offer_forms)}",
            offer,
            plan,
            setting,
            self._setter(plan),
            self._format,
            self._look.theme.accent_colour,
            photo,
            self._reasons.setdefault(setting.reason, {}),
        )
        self._form(form.name, form.drawn, plan.cell.width, plan.cell.height, uses)
        form.drawn = ""
        return form

    def _coupons(self, sheet: SheetFace) -> str:
        """Return all coupons of a sheet."""
        offers, tagged, variable = self._look.offers, self._tagged, self._variable
        language = sheet.language
        parts = ["q "]
        for place, coupon in enumerate(sheet.coupons):
            number, payload = coupon.offer, coupon.payload
            if not 0 <= number < len(offers):
                raise ValueError(f"offer {number} is not among the {len(offers)} that the run has")
            symbology = offers[number].symbology
            size: Extent | int = (
                len(payload) if symbology is Symbology.CODE_128 else extent(symbology, payload)
            )
            known = tagged.get((number, size, coupon.tag, language))
            form, name = known or self._tagged_offer(coupon, size, language)
            parts.append(variable.coupon(coupon, place, form, name))
        parts.append("Q ")
        return "".join(parts)

    def add(self, sheet: SheetFace) -> None:
        """Draw one sheet and write its pages. Raises _SheetError if it cannot be set."""
        try:
            pages = self._drawn(sheet)
        except ValueError as error:
            raise _SheetError(str(error)) from error
        pdf, exchange = self.pdf, self._exchange
        part = exchange.begin()
        numbers = []
        for drawn in pages:
            entries = exchange.boxes
            if drawn:
                contents = pdf.write_stream(drawn.encode("latin-1"))
                entries = b"/Contents %d 0 R%b" % (contents, entries)
            numbers.append(
                pdf.write_small(
                    b"<</Type/Page/Parent %d 0 R/DPart %d 0 R%b>>" % (self._node, part, entries)
                )
            )
        exchange.end(numbers[0], numbers[-1], sheet.sequence)
        self._kids += numbers
        if len(self._kids) >= _PAGES_A_NODE:
            self._close_node()
            self._node = self.pdf.reserve()

    def _drawn(self, sheet: SheetFace) -> list[str]:
        count, places = len(sheet.coupons), self._format.places
        if not 1 <= count <= places:
            raise ValueError(f"{count} coupons where a sheet has 1 to {places}")
        variable = self._variable
        coupons = self._coupons(sheet)
        front = variable.front(sheet)
        if self._format.leaf is Leaf.LETTER:
            return [
                f"/{self._ground('F', 0)} Do {front}",
                f"/{self._ground('B', count)} Do {variable.back(sheet)}{coupons}",
            ]
        drawn = f"/{self._ground('F', count)} Do {front}{coupons}"
        return [drawn] if self._format.leaf is Leaf.ONE else [drawn, variable.blank(sheet)]

    def _close_node(self) -> None:
        kids = " ".join(f"{kid} 0 R" for kid in self._kids)
        self.pdf.write_small(
            f"<</Type/Pages/Parent {self._root} 0 R/Count {len(self._kids)}"
            f"/Kids[{kids}]>>".encode(),
            self._node,
        )
        self._nodes.append((self._node, len(self._kids)))
        self._kids = []

    def close(self, title: str) -> None:
        """Write fonts, resources, the page tree and the end of the file."""
        if self._kids:
            self._close_node()
        else:
            self.pdf.write_small(b"null", self._node)
        fonts = [entry for font in self._fonts.all() for entry in font.write(self.pdf)]
        font_entries = "".join(f"/{name} {object_} 0 R" for name, object_ in fonts)
        self.pdf.write(f"<<{font_entries}>>".encode(), self._font_resources)
        forms = "".join(f"/{name} {object_} 0 R" for name, object_ in self._forms.items())
        self.pdf.write(
            f"<</Font {self._font_resources} 0 R/XObject<<{forms}>>>>".encode(), self._resources
        )
        kids = " ".join(f"{node} 0 R" for node, _ in self._nodes)
        count = sum(pages for _, pages in self._nodes)
        self.pdf.write(
            f"<</Type/Pages/Count {count}/Kids[{kids}]/Resources {self._resources} 0 R>>".encode(),
            self._root,
        )
        self._exchange.close(self._root, title)
