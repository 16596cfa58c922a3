"""What is one household's alone on a sheet: a string of operators, put together from look-ups.

Texts are fitted once and remembered, and everything that stands in the same place on every sheet
was turned into operators beforehand.
"""

from collections.abc import Callable
from typing import Final

from coupons.sheets import grounds, heads, letters, marks, windows
from coupons.sheets.boxes import paper
from coupons.sheets.drawing import Inks, Setter, at, number, points, snapped
from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import CouponFace, Leaf, Look, SheetFace, Symbology
from coupons.sheets.fitting import POINTS_PER_MM, face_for, fit, fit_block
from coupons.sheets.layout import coupon_boxes
from coupons.sheets.offer_forms import OfferForm, code_at, shown_reason
from coupons.sheets.setting import balanced
from coupons.sheets.symbols import imb, symbol
from coupons.sheets.words import in_language

_PANEL_PADDING: Final = 5.0
_LEAST_LINK_MODULE: Final = 0.25  # mm that a telephone can tell apart
_REMEMBERED: Final = 20_000  # set texts kept, so that memory does not grow with the run
_FORMS: Final = 64  # of words that many sheets share; what differs more often stands on each


class VariableLayer:
    """Everything on a sheet that is this household's alone, as strings of operators."""

    def __init__(
        self, look: Look, fonts: Fonts, inks: Inks, as_form: Callable[[str, str], str]
    ) -> None:
        """as_form: writes a page's operators under a name, once, and returns the name."""
        self._look = look
        self._as_form = as_form
        self._format = look.format
        self._head = heads.head(look.format)
        self._page = paper(look.format.page)
        self._inks = inks
        self._family = fonts.family
        self._setter = Setter(fonts, inks, self._page.height)
        self._total = f"{look.total:,}".replace(",", "\u00a0")
        self._common: dict[tuple[object, ...], tuple[str, str, float]] = {}
        self._savings: dict[tuple[str, float], str] = {}
        self._numbers: dict[tuple[str, int], tuple[str, str]] = {}
        self._lines: dict[tuple[str, str], str] = {}
        self._letter = letters.Letter(look.format, self._setter)
        self._steps = _steps(look)

    def front(self, sheet: SheetFace) -> str:
        """Return the head of a front page and, where it has a letter, that.

        Raises ValueError for an address, a letter or a barcode that has no room.
        """
        head, height = self._head, self._page.height
        set_address = heads.set_address(head, self._family, sheet.address, has_imb=bool(sheet.imb))
        show, face, size = self._setter.show, self._family.regular, set_address.size
        form, words = self._words_in_common(sheet)
        parts = [
            f"{form}BT {self._inks.ink} {number(set_address.leading)} TL "
            f"{at(head.address.x, set_address.baseline, height)}",
            "T* ".join([show(text, face, size) for text in set_address.lines]),
        ]
        has_letter = self._format.leaf is Leaf.LETTER
        if has_letter:
            parts.append(self._letter.drawn(sheet.greeting, sheet.letter))
        elif sheet.greeting:
            parts.append(f"{self._inks.soft} {self._line('greeting', sheet.greeting)}")
        parts.append(words)
        parts.append(self._number(sheet))
        parts.append("ET ")
        if sheet.imb:
            parts.append(self._imb(sheet.imb))
        if sheet.link:
            parts.append(self._link(sheet.link, sheet.language))
        return "".join(parts) + self._marks(sheet, 1)

    def back(self, sheet: SheetFace) -> str:
        """Return what stands above and below the coupons behind a letter."""
        x, baseline = grounds.back_head(self._format)
        right = self._head.right
        words = self._setter.fitted(
            sheet.explanation,
            self._family.regular,
            (9.5, 7),
            x + 62,
            baseline,
            right - x - 62,
            1,
        )
        below = self._foot(sheet) + self._number(sheet)
        return f"BT {self._inks.soft} {words}{below}ET {self._marks(sheet, 2)}"

    def blank(self, sheet: SheetFace) -> str:
        """Return what stands on a blank back: a match mark, if there are any."""
        return self._marks(sheet, 2)

    def _marks(self, sheet: SheetFace, side: int) -> str:
        drawn = ""
        if self._format.match_marks:
            drawn = marks.match(self._format, self._inks, sheet.sequence, side, self._look.total)
        if self._format.inserter_marks and side == 1:
            drawn += marks.inserter(self._format, self._inks, sheet.sequence)
        return drawn

    def _line(self, kind: str, text: str) -> str:
        """Return a line above the headline or below the coupons, remembered."""
        shown = self._lines.get((kind, text))
        if shown is None:
            if len(self._lines) >= _REMEMBERED:
                self._lines.clear()
            x, room = heads.MARGIN, self._page.width - 2 * heads.MARGIN
            shown = self._lines[kind, text] = self._setter.fitted(
                text, self._family.regular, (10.5, 8), x, self._head.greeting_baseline, room
            )
        return shown

    def _words_in_common(self, sheet: SheetFace) -> tuple[str, str]:
        """Return headline, explanation, foot and panel: only the saving differs much.

        First the operator that shows what stands in a form, then what stands on the sheet itself.
        """
        key = (
            sheet.headline,
            sheet.explanation,
            sheet.savings_lines,
            sheet.how_chosen,
            sheet.language,
        )
        common = self._common.get(key)
        if common is None:
            if len(self._common) >= _REMEMBERED:
                self._common.clear()
            words, baseline = self._set_words_in_common(sheet)
            form = ""
            if len(self._common) < _FORMS:
                form = f"/{self._as_form(f'W{len(self._common)}', f'BT {words}ET')} Do "
                words = ""
            common = self._common[key] = form, words, baseline
        form, words, baseline = common
        saving = self._savings.get((sheet.savings, baseline))
        if saving is None:
            if len(self._savings) >= _REMEMBERED:
                self._savings.clear()
            saving = self._savings[sheet.savings, baseline] = self._setter.fitted(
                sheet.savings,
                self._family.black,
                (27, 14),
                self._head.panel.x + _PANEL_PADDING,
                baseline,
                self._head.panel.width - 2 * _PANEL_PADDING,
            )
        on_panel = self._inks.on(self._look.theme.brand_colour)
        return form, f"{words}{on_panel} {saving}{self._inks.soft} "

    def _set_words_in_common(self, sheet: SheetFace) -> tuple[str, float]:
        """Return all but the saving, and the saving's baseline in mm."""
        head, family, fitted = self._head, self._family, self._setter.fitted
        has_letter = self._format.leaf is Leaf.LETTER
        x = letters.left(self._format) if has_letter else heads.MARGIN
        room = self._page.width - heads.MARGIN - x
        parts = [
            f"{self._inks.ink} ",
            fitted(sheet.headline, family.bold, (17, 11), x, head.headline_baseline, room),
            f"{self._inks.soft} ",
        ]
        if not has_letter:
            parts.append(
                fitted(
                    sheet.explanation,
                    family.regular,
                    (9.5, 7),
                    x,
                    head.explanation_baseline,
                    room,
                )
            )
            parts.append(self._foot(sheet))
        panel, baseline = self._panel(sheet)
        on_panel = self._inks.on(self._look.theme.brand_colour)
        return "".join((*parts, f"{on_panel} ", panel)), baseline

    def _foot(self, sheet: SheetFace) -> str:
        """Return what law wants said, below the foot."""
        return self._setter.fitted(
            sheet.how_chosen,
            self._family.regular,
            (grounds.FOOT_SIZE, 5.2),
            grounds.foot_left(self._format),
            grounds.foot_baseline(self._format) + 2.7,
            grounds.foot_room(self._format),
        )

    def _panel(self, sheet: SheetFace) -> tuple[str, float]:
        """Return lead and lines, and the baseline of the figure between them.

        The three stand together in the middle of the panel's height.
        """
        panel, family = self._head.panel, self._family
        lead_text = self._look.theme.savings_lead or in_language(sheet.language).savings_lead
        room = panel.width - 2 * _PANEL_PADDING
        lines, size = sheet.savings_lines, 9.2
        faces = [face_for(line, family.regular) for line in lines]
        size = min(
            (
                fit(line, face, size, 8.3, room).size
                for line, face in zip(lines, faces, strict=True)
            ),
            default=size,
        )  # a little smaller rather than a last word alone on its line
        fitted = [
            balanced(line, face, size, room, 3) for line, face in zip(lines, faces, strict=True)
        ]
        texts = [text for block in fitted for text in block.lines]
        if len(texts) > 3:
            block = fit_block(" ".join(lines), family.regular, size, 7.6, room, 3)
            texts, size = list(block.lines), block.size
        lead = fit(lead_text, family.regular, 9.5, 7, room)
        # From the lead's baseline: 9 mm to the figure's, 5.6 to the first line's, 4 to the next.
        x = panel.x + _PANEL_PADDING
        drop = 9 + (5.6 + 4 * (len(texts) - 1) if texts else 0)
        first = panel.y + (panel.height - drop) / 2 + 1.1
        put = self._setter.put
        parts = [put(lead.text, family.regular, lead.size, x, first)]
        parts += [
            put(text, family.regular, size, x, first + 14.6 + 4 * index)
            for index, text in enumerate(texts)
        ]
        return "".join(parts), first + 9

    def _number(self, sheet: SheetFace) -> str:
        """Return the sheet's number at the right of the foot.

        It is set once for each language, with zeros: figures are as wide as zeros in nearly all
        fonts, and where they are not, a line that ends a hair too soon does no harm.
        """
        language, digits = sheet.language, f"{sheet.sequence:06d}"
        key = (language, len(digits))
        parts = self._numbers.get(key)
        if parts is None:
            zeros = "0" * len(digits)
            room = grounds.NUMBER_ROOM - 2
            shown = self._setter.fitted(
                in_language(language).sheet.format(zeros, self._total),
                self._family.regular,
                (grounds.FOOT_SIZE, 4.5),
                self._head.right - room,
                grounds.foot_baseline(self._format),
                room,
                1,
            )
            before, found, after = shown.partition(zeros)
            assert found, "figures are shown as they are"
            parts = self._numbers[key] = before, after
        return digits.join(parts)

    def _imb(self, digits: str) -> str:
        """Return an Intelligent Mail barcode above the address, in its clear zones."""
        area = windows.place(self._format.window, self._format.page).address
        x = min(self._head.address.x, area.x) if self._head.sender_is_beside else area.x
        y = self._page.height - self._head.address.y
        bottom = y * POINTS_PER_MM - imb.HEIGHT_POINTS
        return (
            f"{self._inks.bars} q 1 0 0 1 {points(x)} {number(bottom)} cm {imb.drawn(digits)}f Q "
        )

    def _link(self, link: str, language: str) -> str:
        """Return the code that leads to the sheet's own page, and the words that say so."""
        head, format_ = self._head, self._format
        extent = symbol.extent(Symbology.QR, link)
        dot = 72 / format_.dots_per_inch
        dots = max(1, int(head.link.width * POINTS_PER_MM / extent.width / dot))
        module = dots * dot
        if module < _LEAST_LINK_MODULE * POINTS_PER_MM:
            raise ValueError(f"a link of {len(link)} letters is too long for a code of 16 mm")
        side = extent.width * module / POINTS_PER_MM
        x = head.link.x + (head.link.width - side) * (0.5 if head.caption_is_below else 1)
        left = snapped(x, format_.dots_per_inch)
        bottom = snapped(self._page.height - head.link.y - side, format_.dots_per_inch)
        drawn = symbol.drawn(Symbology.QR, link, format_.bar_reduction_dots / dots)
        place = f"{number(module)} 0 0 {number(module)} {number(left)} {number(bottom)} cm"
        return (
            f"BT {self._inks.soft} {self._caption(language)}ET "
            f"{self._inks.bars} q {place} {drawn}f Q "
        )

    def _caption(self, language: str) -> str:
        key = ("caption", language)
        shown = self._lines.get(key)
        if shown is None:
            head, face = self._head, self._family.regular
            box, lines = head.caption, in_language(language).scan.split("\n")
            side = 0.5 if head.caption_is_below else 1.0
            first = box.y + 1.7
            if not head.caption_is_below:
                first = box.y + (box.height - 2.7 * (len(lines) - 1)) / 2 + 0.8
            shown = self._lines[key] = "".join(
                self._setter.fitted(
                    line, face, (6.6, 5), box.x, first + 2.7 * place, box.width, side
                )
                for place, line in enumerate(lines)
            )
        return shown

    def coupon(self, coupon: CouponFace, place: int, form: OfferForm, name: str) -> str:
        """Return one coupon: its form, reason, code and bars.

        Raises ValueError for a payload that its symbology cannot carry.
        """
        reason, code = coupon.reason, coupon.code
        shown = form.reasons.get(reason)
        if shown is None:
            if len(form.reasons) >= _REMEMBERED:
                form.reasons.clear()
            shown = form.reasons[reason] = shown_reason(form, reason, self._setter)
        code_begins = form.codes.get(len(code))
        if not (code.isascii() and code.isprintable()):
            raise ValueError(f"{code!r} is no code that can be printed under a barcode")
        if code_begins is None:
            code_begins = form.codes[len(code)] = code_at(form, len(code), self._setter)
        if "(" in code or ")" in code or "\\" in code:
            code = code.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        return (
            f"{self._steps[place]}/{name} Do {form.reason_at}{shown}{code_begins}({code})Tj "
            f"{form.bars_at}{form.draw(coupon.payload)}f Q "
        )


def _steps(look: Look) -> list[str]:
    """Return, for each place, how the origin gets there from the place before."""
    page, dots = paper(look.format.page), look.format.dots_per_inch
    corners = [
        (snapped(box.x, dots), snapped(page.height - box.bottom, dots))
        for box in coupon_boxes(look.format)
    ]
    steps = []
    before = (0.0, 0.0)
    for x, y in corners:
        steps.append(f"1 0 0 1 {_plain(x - before[0])} {_plain(y - before[1])} cm")
        before = (x, y)
    return steps


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
