"""Drawing a sheet: what every sheet shares, what every coupon of an offer shares, and the rest.

The shared parts become forms, drawn once in a file. The rest, the variable layer, is one string
a sheet, put together from look-ups. Nothing is filled white: paper is white already. Greys and
black are DeviceGray, so that a press prints text and barcodes in black ink alone.
"""

from functools import cache
from typing import Final

from coupons.sheets import barcodes
from coupons.sheets.codes import grouped
from coupons.sheets.embedding import EmbeddedFont
from coupons.sheets.faces import CouponFace, OfferFace, SheetFace, Tag, Theme
from coupons.sheets.fitting import (
    ELLIPSIS,
    POINTS_PER_MM,
    Typeface,
    advances,
    face_for,
    fit,
    fit_block,
    width_mm,
)
from coupons.sheets.icons import GRID, outline
from coupons.sheets.layout import (
    ADDRESS_LEFT,
    ADDRESS_TOP,
    COLUMNS,
    FOLDS,
    GRID_LEFT,
    GRID_TOP,
    PAGE,
    PANEL,
    TEXT_LEFT,
    TEXT_RIGHT,
    WINDOW,
    Box,
    CouponPlan,
    OfferSetting,
    coupon_boxes,
    plan_for,
    set_address,
    set_offer,
)
from coupons.sheets.pictures import PICTURES

INK: Final = "0.11"
SOFT: Final = "0.36"
FAINT: Final = "0.62"
_TAG_COLOURS: Final = {
    Tag.BUY: ("#dff1e6", "#0b5a34"),
    Tag.BACK: ("#fdebd2", "#8a4a00"),
    Tag.NEW: ("#ebe5fb", "#4f2fb0"),
}
_FOOT_SIZE: Final = 6.6
_TAG_SIZE: Final = 6.3
_TAG_PADDING: Final = 1.7
_PANEL_PADDING: Final = 5.0
_CODE_CELL: Final = 0.64  # of the size: every character of a code stands in a cell this wide
_CIRCLE: Final = 0.5523  # control points of a quarter circle
_REMEMBERED: Final = 20_000  # set texts kept, so that memory does not grow with the run


def points(mm: float) -> str:
    """Return a length in PDF points, as written in a file."""
    return number(mm * POINTS_PER_MM)


def number(value: float) -> str:
    """Return a number as PDF writes it, to a thousandth."""
    return f"{value + 0.0:.3f}".rstrip("0").rstrip(".")


def fill(colour: str) -> str:
    """Return the operator that fills in a colour written #rrggbb."""
    return " ".join(number(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)) + " rg"


def at(x: float, y: float, height: float) -> str:
    """Return the text matrix that puts text at (x, y) mm from the top left of `height` mm."""
    return f"1 0 0 1 {points(x)} {points(height - y)} Tm "


def rounded(box: Box, radius: float, height: float) -> str:
    """Return the path of a rectangle with round corners, mm from the top left of `height` mm."""
    left, right = box.x, box.right
    low, high = height - box.bottom, height - box.y
    r, k = radius, radius * (1 - _CIRCLE)

    def p(*values: float) -> str:
        return " ".join(points(value) for value in values)

    return (
        f"{p(left + r, low)} m {p(right - r, low)} l "
        f"{p(right - k, low, right, low + k, right, low + r)} c {p(right, high - r)} l "
        f"{p(right, high - k, right - k, high, right - r, high)} c {p(left + r, high)} l "
        f"{p(left + k, high, left, high - k, left, high - r)} c {p(left, low + r)} l "
        f"{p(left, low + k, left + k, low, left + r, low)} c h"
    )


def _icon(name: str, x: float, y: float, size: float, stroke: float, height: float) -> str:
    """Return an icon stroked in the current colour, `size` mm square, lines `stroke` mm thick."""
    scale = size / GRID
    return (
        f"q {points(scale)} 0 0 -{points(scale)} {points(x)} {points(height - y)} cm "
        f"1 J 1 j {number(stroke / scale)} w {outline(name)} S Q\n"
    )


class Fonts:
    """The faces of one file."""

    def __init__(self) -> None:
        self._fonts = {
            face: EmbeddedFont(face, letter)
            for face, letter in zip(Typeface, ("R", "I", "S", "B", "H"), strict=True)
        }

    def __getitem__(self, face: Typeface) -> EmbeddedFont:
        return self._fonts[face]

    def all(self) -> list[EmbeddedFont]:
        """Every face, used or not, in a fixed order."""
        return list(self._fonts.values())


def draw_base(theme: Theme, fonts: Fonts) -> str:
    """Return what stands on every sheet of a mailing: brand, sender, panel, foot, fold marks."""
    height = PAGE.height
    parts = [f"q {fill(theme.brand_colour)} {rounded(PANEL, 3.2, height)} f Q\n"]

    def right(text: str, face: Typeface, size: float, least: float, y: float) -> str:
        line = fit(text, face, size, least, TEXT_RIGHT - 110)
        x = TEXT_RIGHT - width_mm(line.text, face, line.size)
        return at(x, y, height) + fonts[face].show(line.text, line.size)

    parts.append(f"BT {fill(theme.brand_colour)} ")
    parts.append(right(theme.brand, Typeface.BLACK, 29, 16, 20.6))
    parts.append(f"{SOFT} g ")
    parts.append(right(theme.tagline, Typeface.REGULAR, 9.5, 7, 26.2))
    sender = fit(theme.sender, Typeface.REGULAR, 6.5, 5, WINDOW.width - 6)
    parts.append(at(ADDRESS_LEFT, 47.6, height))
    parts.append(fonts[Typeface.REGULAR].show(sender.text, sender.size))
    foot_width = TEXT_RIGHT - TEXT_LEFT - 25  # the sheet number stands at the right
    foot = fit_block(theme.foot, Typeface.REGULAR, _FOOT_SIZE, 6.2, foot_width, 1)
    if foot.lines and foot.lines[0].endswith(ELLIPSIS):
        foot = fit_block(theme.foot, Typeface.REGULAR, 6.2, 5.4, foot_width, 2)
    for index, text in enumerate(foot.lines):
        parts.append(at(TEXT_LEFT, 288.6 + 2.7 * index, height))
        parts.append(fonts[Typeface.REGULAR].show(text, foot.size))
    parts.append(f"ET\nq {FAINT} G 0.4 w ")
    rule = points(height - 48.9)
    parts.append(
        f"{points(ADDRESS_LEFT)} {rule} m {points(ADDRESS_LEFT + WINDOW.width - 5)} {rule} l S "
    )
    for fold in FOLDS:
        y = points(height - fold)
        parts.append(f"{points(3.5)} {y} m {points(7)} {y} l S ")
    parts.append("Q\n")
    return "".join(parts)


def draw_cuts(count: int) -> str:
    """Return the lines to cut along for `count` coupons: each edge once, none round nothing."""
    boxes = coupon_boxes(count)
    edges = set()
    for box in boxes:
        edges |= {
            (box.x, box.y, box.right, box.y),
            (box.x, box.bottom, box.right, box.bottom),
            (box.x, box.y, box.x, box.bottom),
            (box.right, box.y, box.right, box.bottom),
        }
    height = PAGE.height
    parts = [f"q {FAINT} G 0.5 w [2.2 2.2] 1.1 d\n"]
    for x1, y1, x2, y2 in sorted(edges):
        parts.append(
            f"{points(x1)} {points(height - y1)} m {points(x2)} {points(height - y2)} l S\n"
        )
    parts.append(f"[] 0 d {FAINT} G\n")
    # Scissors where the first cut begins: down the middle, or along the side of a lone coupon.
    x = GRID_LEFT + (boxes[0].width if count >= COLUMNS else 0)
    scale = 3.4 / GRID * POINTS_PER_MM
    parts.append(
        f"q 0 {number(-scale)} {number(-scale)} 0 {points(x + 1.7)} {points(height - GRID_TOP + 3.9)}"
        f" cm 1 J 1 j 1.5 w {outline('scissors')} S Q\nQ\n"
    )
    return "".join(parts)


def draw_tag(tag: Tag, plan: CouponPlan, fonts: Fonts) -> str:
    """Return a tag, in a coupon's own coordinates."""
    ground, words = _TAG_COLOURS[tag]
    height = plan.cell.height
    size = _TAG_SIZE * plan.tag.height / 3.5
    width = width_mm(tag.words, Typeface.BOLD, size) + len(tag.words) * 0.25 / POINTS_PER_MM
    pill = Box(plan.tag.x, plan.tag.y, width + 2 * _TAG_PADDING, plan.tag.height)
    baseline = pill.y + pill.height / 2 + 0.33 * size / POINTS_PER_MM
    return (
        f"q {fill(ground)} {rounded(pill, pill.height / 2, height)} f "
        f"BT {fill(words)} 0.25 Tc {at(pill.x + _TAG_PADDING, baseline, height)}"
        f"{fonts[Typeface.BOLD].show(tag.words, size)}ET Q\n"
    )


def setting_of(offer: OfferFace, plan: CouponPlan) -> OfferSetting:
    """Return `offer`'s words set in `plan`."""
    return set_offer(plan, offer.value, offer.suffix, offer.product, offer.detail, offer.terms)


def draw_offer(
    offer: OfferFace, plan: CouponPlan, setting: OfferSetting, accent: str, fonts: Fonts
) -> str:
    """Return picture, value, product, maker and terms, in a coupon's own coordinates.

    Raises ValueError if the offer's picture is not one of PICTURES.
    """
    picture = PICTURES.get(offer.picture)
    if picture is None:
        raise ValueError(f"there is no picture {offer.picture!r} for {offer.product!r}")
    height = plan.cell.height
    tile = plan.tile
    size = tile.width * 0.68
    inset = (tile.width - size) / 2
    parts = [
        f"q {fill(picture.tint)} {rounded(tile, tile.width * 0.11, height)} f ",
        fill(picture.line).replace(" rg", " RG "),
        _icon(picture.icon, tile.x + inset, tile.y + inset, size, size * 0.072, height),
        f"Q\nBT {fill(accent)} ",
        at(plan.text_left, plan.value_baseline, height),
        fonts[Typeface.BLACK].show(setting.value, setting.value_size),
    ]
    if setting.suffix:
        parts.append(at(setting.suffix_left, plan.value_baseline, height))
        parts.append(fonts[Typeface.BOLD].show(setting.suffix, setting.suffix_size))

    def lines(texts: tuple[str, ...], baselines: tuple[float, ...], x: float) -> list[str]:
        return [
            at(x, baseline, height) + shown
            for shown, baseline in zip(texts, baselines, strict=False)
        ]

    semibold, regular = fonts[Typeface.SEMIBOLD], fonts[Typeface.REGULAR]
    product, detail, terms = setting.product, setting.detail, setting.terms
    parts.append(f"{INK} g ")
    shown = tuple(semibold.show(text, product.size) for text in product.lines)
    parts += lines(shown, setting.product_baselines, plan.text_left)
    parts.append(f"{SOFT} g ")
    shown = tuple(regular.show(text, detail.size) for text in detail.lines)
    parts += lines(shown, (setting.detail_baseline,), plan.text_left)
    shown = tuple(regular.show(text, terms.size) for text in terms.lines)
    parts += lines(shown, setting.terms_baselines, plan.aside_left)
    parts.append("ET\n")
    return "".join(parts)


@cache
def _spaced(face: Typeface) -> dict[int, str]:
    """Return, for each ASCII character, how a `TJ` array shows it in the middle of its cell."""
    spaced = {}
    for code in range(33, 127):
        before = -round((_CODE_CELL * 1000 - advances(face)[code]) / 2)
        character = f"\\{chr(code)}" if code in b"()\\" else chr(code)
        spaced[code] = f"{before}({character}){before} "
    return spaced


class VariableLayer:
    """Everything on a sheet that is this household's alone, as one string of operators."""

    def __init__(self, theme: Theme, fonts: Fonts, total: int) -> None:
        self._lead = theme.savings_lead
        self._fonts = fonts
        self._total = f"{total:,}".replace(",", "\u00a0")
        self._remembered: dict[tuple[str, str, int], str] = {}
        self._frames: dict[tuple[CouponPlan, float, float], tuple[str, str]] = {}

    def _remember(self, key: tuple[str, str, int], shown: str) -> str:
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = shown
        return shown

    def _line(
        self, text: str, face: Typeface, size: float, least: float, width: float, kind: str
    ) -> str:
        """Return one fitted line, remembered by the `kind` of text it is."""
        key = (kind, text, 0)
        shown = self._remembered.get(key)
        if shown is None:
            face = face_for(text, face)
            line = fit(text, face, size, least, width)
            shown = self._remember(key, self._fonts[face].show(line.text, line.size))
        return shown

    def head(self, sheet: SheetFace) -> str:
        """Return address, savings, headline, explanation and sheet number."""
        height = PAGE.height
        regular = self._fonts[Typeface.REGULAR]
        address = set_address(sheet.address)
        leading = number(address.leading)
        parts = [f"BT {INK} g {leading} TL {at(ADDRESS_LEFT, ADDRESS_TOP, height)}"]
        parts += [regular.show(line, address.size) + "T* " for line in address.lines]
        room = TEXT_RIGHT - TEXT_LEFT
        parts += (
            _HEADLINE,
            self._line(sheet.headline, Typeface.BOLD, 17, 12, room, "headline"),
            f"{SOFT} g ",
            _EXPLANATION,
            self._line(sheet.explanation, Typeface.REGULAR, 9.5, 7.5, room, "explanation"),
            self._number(sheet.sequence),
            "1 g ",
            self._panel(sheet.savings, sheet.savings_lines),
            "ET\n",
        )
        return "".join(parts)

    def _panel(self, savings: str, lines: tuple[str, ...]) -> str:
        """Return lead, figure and lines, together in the middle of the panel's height."""
        key = (savings, "\n".join(lines), 0)
        shown = self._remembered.get(key)
        if shown is not None:
            return shown
        room = PANEL.width - 2 * _PANEL_PADDING
        size = 9.2
        fitted = [fit_block(line, Typeface.REGULAR, size, size, room, 3) for line in lines]
        texts = [text for block in fitted for text in block.lines]
        if len(texts) > 3:
            block = fit_block(" ".join(lines), Typeface.REGULAR, size, 7.6, room, 3)
            texts, size = list(block.lines), block.size
        lead = fit(self._lead, Typeface.REGULAR, 9.5, 7, room)
        figure = fit(savings, Typeface.BLACK, 27, 14, room)
        # From the lead's baseline: 9 mm to the figure's, 5.6 to the first line's, 4 to the next.
        x = PANEL.x + _PANEL_PADDING
        drop = 9 + (5.6 + 4 * (len(texts) - 1) if texts else 0)
        first = PANEL.y + (PANEL.height - drop) / 2 + 1.1
        regular = self._fonts[Typeface.REGULAR]
        parts = [
            at(x, first, PAGE.height) + regular.show(lead.text, lead.size),
            at(x, first + 9, PAGE.height)
            + self._fonts[Typeface.BLACK].show(figure.text, figure.size),
        ]
        parts += [
            at(x, first + 14.6 + 4 * index, PAGE.height) + regular.show(text, size)
            for index, text in enumerate(texts)
        ]
        return self._remember(key, "".join(parts))

    def _number(self, sequence: int) -> str:
        text = f"Sheet {sequence:06d} / {self._total}"
        x = TEXT_RIGHT - width_mm(text, Typeface.REGULAR, _FOOT_SIZE)
        return at(x, 288.6, PAGE.height) + self._fonts[Typeface.REGULAR].show(text, _FOOT_SIZE)

    def coupon(
        self,
        coupon: CouponFace,
        plan: CouponPlan,
        box: Box,
        offer_form: str,
        tag_form: str,
        setting: OfferSetting,
    ) -> str:
        """Return one coupon at `box`: its two forms, reason, validity, code and bars."""
        frame = self._frames.get((plan, box.x, box.y))
        if frame is None:
            frame = self._frames[plan, box.x, box.y] = _frame(plan, box, self._fonts)
        code = grouped(coupon.code)
        code_cells = code.translate(_spaced(Typeface.REGULAR))
        return (
            f"{frame[0]}/{offer_form} Do/{tag_form} Do BT "
            f"{self._words(coupon, plan, setting)}"
            f"/Span<</ActualText({code})>>BDC {frame[1]}{code_cells}]TJ EMC ET {_bars_at(plan)}{barcodes.bars(coupon.code)}f Q\n"
        )

    def _words(self, coupon: CouponFace, plan: CouponPlan, setting: OfferSetting) -> str:
        key = (coupon.reason, coupon.valid, id(setting))
        shown = self._remembered.get(key)
        if shown is None:
            height = plan.cell.height
            reason = self._line(
                coupon.reason,
                Typeface.ITALIC,
                plan.reason_size,
                plan.reason_size - 1,
                plan.text_right - plan.text_left,
                f"reason {height}",
            )
            valid = self._line(
                coupon.valid,
                Typeface.BOLD,
                plan.valid_size,
                plan.valid_size - 1.4,
                plan.text_right - plan.aside_left,
                f"valid {height}",
            )
            shown = self._remember(
                key,
                f"{SOFT} g {at(plan.text_left, setting.reason_baseline, height)}{reason}"
                f"{INK} g {at(plan.aside_left, setting.valid_baseline, height)}{valid}",
            )
        return shown


_HEADLINE: Final = at(TEXT_LEFT, 95.4, PAGE.height)
_EXPLANATION: Final = at(TEXT_LEFT, 101.4, PAGE.height)


def _frame(plan: CouponPlan, box: Box, fonts: Fonts) -> tuple[str, str]:
    """Return how a coupon at `box` begins, and how its code does."""
    height = plan.cell.height
    code_width = 16 * _CODE_CELL * plan.code_size / POINTS_PER_MM
    x = plan.barcode.x + (plan.barcode.width - code_width) / 2
    return (
        f"q 1 0 0 1 {points(box.x)} {points(PAGE.height - box.bottom)} cm",
        f"0 g {at(x, plan.code_baseline, height)}"
        f"{fonts[Typeface.REGULAR].show_spaced(plan.code_size)}[",
    )


@cache
def _bars_at(plan: CouponPlan) -> str:
    bars = plan.barcode
    return (
        f"{points(barcodes.MODULE_MM)} 0 0 {points(bars.height)} {points(bars.x)} "
        f"{points(plan.cell.height - bars.bottom)} cm\n"
    )


def boxes_and_plan(sheet: SheetFace) -> tuple[tuple[Box, ...], CouponPlan]:
    """Return where the sheet's coupons stand and how each is laid out."""
    count = len(sheet.coupons)
    return coupon_boxes(count), plan_for(count)
