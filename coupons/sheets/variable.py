"""What is one household's alone on a sheet: a string of operators, put together from look-ups.

Texts are fitted once and remembered, bars are looked up by pairs of characters, and everything
that stands in the same place on every sheet was turned into operators beforehand.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from coupons.sheets import barcodes, words
from coupons.sheets.drawing import (
    FOOT_BASELINE,
    FOOT_SIZE,
    INK,
    SOFT,
    OfferForm,
    at,
    number,
    points,
)
from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import CouponFace, SheetFace, Theme
from coupons.sheets.fitting import (
    POINTS_PER_MM,
    face_for,
    fit,
    fit_block,
    width_mm,
)
from coupons.sheets.layout import (
    ADDRESS_LEFT,
    ADDRESS_TOP,
    PAGE,
    PANEL,
    TEXT_LEFT,
    TEXT_RIGHT,
    Box,
    CouponPlan,
    coupon_boxes,
    plan_for,
    set_address,
)
from coupons.sheets.typefaces import Face

_CODE_CELL: Final = 0.66  # of the size: every character of a code stands in a cell this wide
_CODE_PRINTED: Final = 16  # characters of a code with its hyphens
_PANEL_PADDING: Final = 5.0
_REMEMBERED: Final = 20_000  # set texts kept, so that memory does not grow with the run


@cache
def _spaced(face: Face) -> dict[int, str]:
    """Return, for each ASCII character, how a `TJ` array shows it in the middle of its cell."""
    spaced = {}
    for code in range(33, 127):
        before = -round((_CODE_CELL * 1000 - face.advances[chr(code)]) / 2)
        character = f"\\{chr(code)}" if code in b"()\\" else chr(code)
        spaced[code] = f"{before}({character}){before} "
    return spaced


class VariableLayer:
    """Everything on a sheet that is this household's alone, as one string of operators."""

    def __init__(self, theme: Theme, fonts: Fonts, total: int) -> None:
        self._lead = theme.savings_lead or words.in_language("en").savings_lead
        self._fonts = fonts
        self._family = fonts.family
        self._total = f"{total:,}".replace(",", "\u00a0")
        self._remembered: dict[tuple[str, str], str] = {}
        self._spaced = _spaced(self._family.regular)
        self._frames: dict[int, list[Frame]] = {}

    def _remember(self, key: tuple[str, str], shown: str) -> str:
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = shown
        return shown

    def _line(
        self, text: str, face: Face, size: float, least: float, width: float, kind: str
    ) -> str:
        """Return one fitted line, remembered by the `kind` of text it is."""
        key = (kind, text)
        shown = self._remembered.get(key)
        if shown is None:
            face = face_for(text, face)
            line = fit(text, face, size, least, width)
            shown = self._remember(key, self._fonts[face].show(line.text, line.size))
        return shown

    def head(self, sheet: SheetFace) -> str:
        """Return address, savings, headline, explanation and sheet number."""
        height = PAGE.height
        regular = self._fonts[self._family.regular]
        address = set_address(sheet.address, self._family)
        leading = number(address.leading)
        parts = [f"BT {INK} g {leading} TL {at(ADDRESS_LEFT, ADDRESS_TOP, height)}"]
        parts += [regular.show(line, address.size) + "T* " for line in address.lines]
        room = TEXT_RIGHT - TEXT_LEFT
        parts += (
            _HEADLINE,
            self._line(sheet.headline, self._family.bold, 17, 12, room, "headline"),
            f"{SOFT} g ",
            _EXPLANATION,
            self._line(sheet.explanation, self._family.regular, 9.5, 7.5, room, "explanation"),
            self._number(sheet.sequence),
            _HOW_CHOSEN,
            self._line(sheet.how_chosen, self._family.regular, FOOT_SIZE, 5.4, room - 25, "foot"),
            "1 g ",
            self._panel(sheet.savings, sheet.savings_lines),
            "ET\n",
        )
        return "".join(parts)

    def _panel(self, savings: str, lines: tuple[str, ...]) -> str:
        """Return lead, figure and lines, together in the middle of the panel's height."""
        key = (savings, "\n".join(lines))
        shown = self._remembered.get(key)
        if shown is not None:
            return shown
        room = PANEL.width - 2 * _PANEL_PADDING
        size = 9.2
        fitted = [fit_block(line, self._family.regular, size, size, room, 3) for line in lines]
        texts = [text for block in fitted for text in block.lines]
        if len(texts) > 3:
            block = fit_block(" ".join(lines), self._family.regular, size, 7.6, room, 3)
            texts, size = list(block.lines), block.size
        lead = fit(self._lead, self._family.regular, 9.5, 7, room)
        figure = fit(savings, self._family.black, 27, 14, room)
        # From the lead's baseline: 9 mm to the figure's, 5.6 to the first line's, 4 to the next.
        x = PANEL.x + _PANEL_PADDING
        drop = 9 + (5.6 + 4 * (len(texts) - 1) if texts else 0)
        first = PANEL.y + (PANEL.height - drop) / 2 + 1.1
        regular = self._fonts[self._family.regular]
        parts = [
            at(x, first, PAGE.height) + regular.show(lead.text, lead.size),
            at(x, first + 9, PAGE.height)
            + self._fonts[self._family.black].show(figure.text, figure.size),
        ]
        parts += [
            at(x, first + 14.6 + 4 * index, PAGE.height) + regular.show(text, size)
            for index, text in enumerate(texts)
        ]
        return self._remember(key, "".join(parts))

    def _number(self, sequence: int) -> str:
        text = f"Sheet {sequence:06d} / {self._total}"
        x = TEXT_RIGHT - width_mm(text, self._family.regular, FOOT_SIZE)
        return at(x, FOOT_BASELINE, PAGE.height) + self._fonts[self._family.regular].show(
            text, FOOT_SIZE
        )

    def _reason(self, plan: CouponPlan, text: str) -> str:
        room, size = plan.text_right - plan.text_left, plan.reason_size
        return self._line(text, self._family.italic, size, size - 1, room, plan.name)

    def frames(self, count: int) -> list["Frame"]:
        """Return the frames of a sheet of `count` coupons, in the order of the layout."""
        frames = self._frames.get(count)
        if frames is None:
            plan = plan_for(count)
            frames = [_frame(plan, box, self._fonts) for box in coupon_boxes(count)]
            self._frames[count] = frames
        return frames

    def coupon(self, coupon: CouponFace, frame: "Frame", form: OfferForm, tag_form: str) -> str:
        """Return one coupon: its two forms, reason, validity, code and bars.

        Raises ValueError for a code of another length, whose bars would leave their place.
        """
        code, payload = coupon.code, coupon.payload
        if len(code) != _CODE_PRINTED or not (payload.isascii() and payload.isalnum()):
            raise ValueError(f"{payload!r} is not the 13 letters and digits of a coupon code")
        plan = form.plan
        reason = coupon.reason
        shown_reason = self._remembered.get((plan.name, reason)) or self._reason(plan, reason)
        return (
            f"{frame.begin}/{form.name} Do/{tag_form} Do BT {form.reason_at}{shown_reason}"
            f"/Span<</ActualText({code})>>BDC {frame.code_at}"
            f"{code.translate(self._spaced)}]TJ EMC ET {frame.bars_at}"
            f"{barcodes.bars(payload)}f Q\n"
        )


_HEADLINE: Final = at(TEXT_LEFT, 95.4, PAGE.height)
_EXPLANATION: Final = at(TEXT_LEFT, 101.4, PAGE.height)
_HOW_CHOSEN: Final = at(TEXT_LEFT, FOOT_BASELINE + 2.7, PAGE.height)


@dataclass(frozen=True, slots=True)
class Frame:
    """How a coupon in one place of a sheet begins, and its code and bars within it."""

    begin: str
    code_at: str
    bars_at: str


def _frame(plan: CouponPlan, box: Box, fonts: Fonts) -> Frame:
    height = plan.cell.height
    bars = plan.barcode
    code_width = _CODE_PRINTED * _CODE_CELL * plan.code_size / POINTS_PER_MM
    x = bars.x + (bars.width - code_width) / 2
    return Frame(
        begin=f"q 1 0 0 1 {points(box.x)} {points(PAGE.height - box.bottom)} cm",
        code_at=f"0 g {at(x, plan.code_baseline, height)}"
        f"{fonts[fonts.family.regular].choose(plan.code_size)}[",
        bars_at=f"{points(barcodes.MODULE_MM)} 0 0 {points(bars.height)} {points(bars.x)} "
        f"{points(height - bars.bottom)} cm\n",
    )
