"""A statement on paper: A4, in the house's type, a store at a time, every page numbered."""

import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, partial
from itertools import groupby
from typing import Any, Final
from xml.sax.saxutils import escape

from django.utils import timezone
from reportlab.lib.colors import HexColor  # type: ignore[import-untyped] # ships no types
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped] # ships no types
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped] # ships no types
from reportlab.lib.units import mm  # type: ignore[import-untyped] # ships no types
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped] # ships no types
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped] # ships no types
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped] # ships no types
from reportlab.platypus import (  # type: ignore[import-untyped] # ships no types
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from coupons import looks, statements
from coupons.models import LedgerEntry, Statement
from coupons.sheets.fitting import settable
from coupons.sheets.typefaces import Cut, Family, source_sans
from coupons.statements import Line, Totals
from pos_integration.money import WITHOUT_CENTS

MARGIN: Final = 20 * mm
HEAD: Final = 14 * mm  # above the text of later pages: the number, and the columns' titles
FOOT: Final = 14 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
INK, QUIET, LINE = HexColor("#1b1f1d"), HexColor("#5f6a64"), HexColor("#c9d1cc")
TINT: Final = HexColor("#eef4f0")
CLEARED_TITLES: Final = ("Offer", "Coupons", "Face value", "Handling fee", "Total")
CLEARED: Final = (80 * mm, 18 * mm, 24 * mm, 24 * mm, 24 * mm)
OTHER_TITLES: Final = ("Day", "What and why", "Store and offer", *CLEARED_TITLES[1:])
OTHERS: Final = (19 * mm, 35 * mm, 40 * mm, 13 * mm, 21 * mm, 21 * mm, 21 * mm)
STRONG_FACTS: Final = ("Statement", "Total")
TOTALS: Final = (100 * mm, 40 * mm)


def _style(cut: Cut, size: float, lead: float, colour: Any = INK) -> ParagraphStyle:
    return ParagraphStyle(
        f"{cut} {size} {colour}",
        fontName=cut.value,
        fontSize=size,
        leading=lead,
        textColor=colour,
        splitLongWords=1,
    )


TEXT: Final = _style(Cut.REGULAR, 9, 11.5)
SMALL: Final = _style(Cut.REGULAR, 7.5, 9.5, QUIET)
LABEL: Final = _style(Cut.REGULAR, 8, 11.5, QUIET)  # on one line with TEXT
STRONG: Final = _style(Cut.SEMIBOLD, 9, 11.5)
SECTION: Final = _style(Cut.SEMIBOLD, 11.5, 15)
TITLE: Final = _style(Cut.BOLD, 19, 23)


@cache
def _set_type() -> None:
    """Tell the press of the house's faces, once."""
    for cut in (Cut.REGULAR, Cut.SEMIBOLD, Cut.BOLD):
        pdfmetrics.registerFont(TTFont(cut.value, io.BytesIO(source_sans(cut).data)))


def draw(statement: Statement) -> bytes:
    """Return the PDF of `statement`; the same statement and house theme give the same bytes."""
    _set_type()
    lines, others = statements.lines(statement), statements.others(statement)
    rows: list[Line | LedgerEntry] = [*lines, *others]
    whole = statement.currency in WITHOUT_CENTS and not any(
        amount % 1 for row in rows for amount in (row.face_value, row.handling_fee)
    )
    say = _Words(statement, "{:,.0f}" if whole else "{:,.2f}")
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=f"Statement {statement.number}",
        author=say.sender,
        subject=f"Coupons cleared, {say.period}",
        creator=say.sender,
        invariant=1,
    )
    document.addPageTemplates(list(_pages(say)))
    story: list[Flowable] = [*_letterhead(say, statements.sums(rows).total)]
    story += [*_cleared(say, lines), *_others(say, others), *_totals(say, lines, others)]
    document.build(story, canvasmaker=partial(_NumberedCanvas, foot=say.house.sender))
    return out.getvalue()


class _Words:
    """How this statement says its dates and amounts, and whose it is."""

    def __init__(self, statement: Statement, amounts: str) -> None:
        self.statement = statement
        self.amounts = amounts
        self.house = looks.face_of_theme(looks.house_theme())
        self.sender = self.house.sender.partition(" · ")[0]
        self.colour = HexColor(self.house.brand_colour)
        self.period = f"{day(statement.period_from)} to {day(statement.period_to)}"

    def money(self, amount: Decimal) -> str:
        return _signed(self.amounts.format(amount))

    def figures(self, row: Line | Totals | LedgerEntry) -> tuple[str, str, str, str]:
        """Coupons, face value, fee and both together, as the columns show them."""
        return (
            _signed(f"{row.coupons:,}"),
            self.money(row.face_value),
            self.money(row.handling_fee),
            self.money(row.face_value + row.handling_fee),
        )


def _signed(figure: str) -> str:
    # A hyphen is lost before a figure; this is the sign accountants read.
    return figure.replace("-", "\N{MINUS SIGN}")


def day(when: date) -> str:
    return f"{when.day} {when:%b %Y}"


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(settable(text, Family.of().face(Cut(style.fontName)))), style)


def _letterhead(say: _Words, total: Decimal) -> Iterator[Flowable]:
    """Who writes, to whom, about what."""
    statement = say.statement
    funder = statement.funder
    address = [
        _paragraph(say.house.sender, SMALL),
        Spacer(0, 3 * mm),
        _paragraph(funder.name, STRONG),
    ]
    address += [_paragraph(row, TEXT) for row in funder.address.splitlines() if row.strip()]
    facts = [
        ("Statement", statement.number),
        ("Your reference", funder.reference),
        ("Period", say.period),
        ("Date issued", day(timezone.localdate(statement.issued_at))),
        ("Total", f"{statement.currency} {say.money(total)}"),
    ]
    about = Table(
        [
            [_paragraph(name, LABEL), _paragraph(said, STRONG if name in STRONG_FACTS else TEXT)]
            for name, said in facts
            if said
        ],
        colWidths=(25 * mm, 55 * mm),
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ],
    )
    yield _paragraph(say.house.brand, _style(Cut.BOLD, 15, 18, say.colour))
    yield Spacer(0, 8 * mm)
    yield Table(
        [[address, about]],
        colWidths=(WIDTH - 82 * mm, 82 * mm),
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ],
    )
    yield Spacer(0, 8 * mm)
    yield _paragraph("Statement of coupons cleared", TITLE)
    yield Spacer(0, 4 * mm)


# What every table here has in common: figures to the right, hairlines, little air.
_ROWS: Final[tuple[tuple[Any, ...], ...]] = (
    ("FONT", (0, 0), (-1, -1), Cut.REGULAR.value, 9, 11.5),
    ("TEXTCOLOR", (0, 0), (-1, -1), INK),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 1.2 * mm),
    ("RIGHTPADDING", (0, 0), (-1, -1), 1.2 * mm),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
)


def _titles(say: _Words, titles: Sequence[str], widths: Sequence[float]) -> Table:
    """The row of a table's titles: in the text where it begins, at the head of later pages."""
    first_figure = titles.index("Coupons")
    return Table(
        [titles],
        colWidths=widths,
        style=[
            *_ROWS,
            ("FONT", (0, 0), (-1, 0), Cut.SEMIBOLD.value, 8, 10),
            ("TEXTCOLOR", (0, 0), (-1, 0), QUIET),
            ("ALIGN", (first_figure, 0), (-1, 0), "RIGHT"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, say.colour),
            ("BOTTOMPADDING", (0, 0), (-1, 0), 3),
        ],
        spaceAfter=0.8,  # else the tint below hides the line
    )


def _cleared(say: _Words, lines: list[Line]) -> Iterator[Flowable]:
    if not lines:
        return
    yield NextPageTemplate("cleared")
    yield CondPageBreak(40 * mm)
    yield _titles(say, CLEARED_TITLES, CLEARED)
    for _, of_store in groupby(lines, lambda line: line.store.pk):
        yield _store(say, list(of_store))


def _store(say: _Words, lines: list[Line]) -> Table:
    """A store's offers and their sum. The store's name is said again where a page ends it."""
    rows: list[list[Any]] = [[_paragraph(str(lines[0].store), STRONG), "", "", "", ""]]
    for line in lines:
        about = " · ".join(filter(None, (line.offer.code, line.offer.detail)))
        name = [_paragraph(line.offer.name, TEXT), _paragraph(about, SMALL)]
        rows.append([name, *say.figures(line)])
    rows.append([f"Store {lines[0].store.number}", *say.figures(statements.sums(lines))])
    last = len(rows) - 1
    return Table(
        rows,
        colWidths=CLEARED,
        repeatRows=1,
        style=[
            *_ROWS,
            ("SPAN", (0, 0), (-1, 0)),
            ("BACKGROUND", (0, 0), (-1, 0), TINT),
            ("ALIGN", (1, 1), (-1, -1), "RIGHT"),
            ("LINEBELOW", (0, 1), (-1, -3), 0.3, LINE),
            ("LINEABOVE", (0, last), (-1, last), 0.6, INK),
            ("FONT", (0, last), (-1, last), Cut.SEMIBOLD.value, 9, 11.5),
            ("BOTTOMPADDING", (0, last), (-1, last), 7),
            ("NOSPLIT", (0, last - 1), (-1, last)),
        ],
    )


def _others(say: _Words, entries: list[LedgerEntry]) -> Iterator[Flowable]:
    if not entries:
        return
    yield NextPageTemplate("others")
    yield CondPageBreak(45 * mm)
    yield Spacer(0, 4 * mm)
    yield _paragraph("Taken back and conceded", SECTION)
    yield Spacer(0, 2 * mm)
    yield _titles(say, OTHER_TITLES, OTHERS)
    for entry in entries:
        what = [_paragraph(entry.get_kind_display(), TEXT)]
        what += [_paragraph(entry.note, SMALL)] if entry.note else []
        where = [
            _paragraph(str(entry.store), TEXT),
            _paragraph(f"{entry.offer.name} · {entry.offer.code}", SMALL),
        ]
        # A table a row: a thousand of them are laid out in the time of a thousand, not its square.
        yield Table(
            [[day(entry.business_date), what, where, *say.figures(entry)]],
            colWidths=OTHERS,
            style=[
                *_ROWS,
                ("ALIGN", (3, 0), (-1, 0), "RIGHT"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.3, LINE),
            ],
        )


def _totals(say: _Words, lines: list[Line], others: list[LedgerEntry]) -> Iterator[Flowable]:
    """What it comes to, and what to do about it; kept on one page."""
    statement = say.statement
    cleared, back = statements.sums(lines), statements.sums(others)
    totals = statements.sums([*lines, *others])
    rows = [["Coupons cleared", say.money(cleared.total)]]
    if others:
        rows.append(["Taken back and conceded", say.money(back.total)])
    total = len(rows)
    count, face_value, fees, amount = say.figures(totals)
    coupons = "coupon" if abs(totals.coupons) == 1 else "coupons"
    rows += [
        [f"Total in {statement.currency}", amount],
        ["of it face value", face_value],
        [f"of it handling fees, for {count} {coupons}", fees],
    ]
    table = Table(
        rows,
        colWidths=TOTALS,
        hAlign="RIGHT",
        style=[
            *_ROWS,
            ("ALIGN", (1, 0), (1, -1), "RIGHT"),
            ("FONT", (0, total), (-1, total), Cut.BOLD.value, 12, 15),
            ("BACKGROUND", (0, total), (-1, total), TINT),
            ("LINEABOVE", (0, total), (-1, total), 1, say.colour),
            ("TOPPADDING", (0, total), (-1, total), 5),
            ("BOTTOMPADDING", (0, total), (-1, total), 6),
            ("LEFTPADDING", (0, total + 1), (0, -1), 6 * mm),
            ("TEXTCOLOR", (0, total + 1), (-1, -1), QUIET),
            ("TOPPADDING", (0, total + 1), (-1, total + 1), 4),
        ],
    )
    due = f"{statement.currency} {say.money(abs(totals.total))}"
    if totals.total > 0:
        payment = f"Please pay {due} to {say.sender}, quoting {statement.number}."
    elif totals.total < 0:
        payment = f"{due} is in your favour. We pay it, quoting {statement.number}."
    else:
        payment = "There is nothing to pay."
    late = (
        "Coupons of earlier days that reached us late are in this statement. Each coupon is "
        "stated once. If you do not agree with one, name its store, offer and day."
    )
    yield NextPageTemplate("plain")
    yield KeepTogether(
        [
            Spacer(0, 6 * mm),
            table,
            Spacer(0, 8 * mm),
            _paragraph(payment, STRONG),
            Spacer(0, 1.5 * mm),
            _paragraph(late, SMALL),
        ]
    )


def _pages(say: _Words) -> Iterator[PageTemplate]:
    """The first page, and later ones by the table that goes on there."""
    statement = say.statement
    left, bottom = MARGIN, FOOT + 6 * mm
    height = A4[1] - bottom - 16 * mm
    edges = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}

    def frame(head: float) -> Frame:
        return Frame(left, bottom, WIDTH, height - head, id="text", **edges)

    def headed(titles: Table | None) -> Any:
        def on_page(canvas: Canvas, document: BaseDocTemplate) -> None:
            top = bottom + height
            canvas.setFillColor(QUIET)
            canvas.setFont(Cut.REGULAR.value, 8)
            canvas.drawString(left, top - 3 * mm, f"{say.sender} · Statement {statement.number}")
            name = settable(statement.funder.name, Family.of().regular)
            canvas.drawRightString(left + WIDTH, top - 3 * mm, name)
            if titles is not None:
                titles.wrapOn(canvas, WIDTH, HEAD)
                titles.drawOn(canvas, left, top - HEAD)

        return on_page

    yield PageTemplate("first", [frame(0)])
    yield PageTemplate(
        "cleared", [frame(HEAD)], onPage=headed(_titles(say, CLEARED_TITLES, CLEARED))
    )
    yield PageTemplate("others", [frame(HEAD)], onPage=headed(_titles(say, OTHER_TITLES, OTHERS)))
    yield PageTemplate("plain", [frame(HEAD)], onPage=headed(None))


class _NumberedCanvas(Canvas):  # type: ignore[misc] # reportlab ships no types
    """Keeps its pages back until it knows how many there are, for the foot of each."""

    def __init__(self, *args: Any, foot: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._foot = foot
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._kept, start=1):
            self.__dict__.update(state)
            self.setFillColor(QUIET)
            self.setFont(Cut.REGULAR.value, 8)
            self.drawString(MARGIN, 11 * mm, self._foot)
            pages = f"Page {number} of {len(self._kept)}"
            self.drawRightString(A4[0] - MARGIN, 11 * mm, pages)
            super().showPage()
        super().save()
