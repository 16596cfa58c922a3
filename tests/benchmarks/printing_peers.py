"""The same sheets as others would print them: platypus, the plain canvas, fpdf2, pikepdf stamps.

Each draws what ours does: address, panel, headline, ten coupons with photograph, value, product,
maker, reason, validity, terms, cut lines, Code 128 and its code. All embed the same fonts and keep
each photograph once, as a careful user of that library would.
"""

import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import font_source_sans_pro  # type: ignore[import-untyped] # ships no types
from reportlab.graphics.barcode import code128  # type: ignore[import-untyped] # ships no types
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.pdfgen import canvas  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Image,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from coupons.sheets import codes
from coupons.sheets.faces import OfferFace, Symbology
from coupons.sheets.symbols.symbol import drawn
from tests.benchmarks.printing_sheets import (
    EXPLANATION,
    HEADLINE,
    HOW_CHOSEN,
    SAVINGS,
    Home,
)

MM: Final = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
CELL_WIDTH, CELL_HEIGHT = 95 * MM, 34 * MM
MODULE: Final = 6 / 600 * 72
RED, GREEN = (0.784, 0.063, 0.18), (0.06, 0.42, 0.24)
CUTS: Final = {
    "Sans": "SourceSansPro",
    "Bold": "SourceSansProBold",
    "Black": "SourceSansProBlack",
    "Italic": "SourceSansProIt",
}
Print = Callable[[Path, Sequence[Home], tuple[OfferFace, ...], dict[str, bytes]], None]


def _corner(place: int) -> tuple[float, float]:
    """The lower left corner of a coupon, points from the page's."""
    return (10 + place % 2 * 95) * MM, HEIGHT - (107 + (place // 2 + 1) * 34) * MM


def _fonts() -> None:
    for name, file in CUTS.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, font_source_sans_pro.font_files_ttf[file]))


def platypus(
    out: Path, homes: Sequence[Home], faces: tuple[OfferFace, ...], files: dict[str, bytes]
) -> None:
    """Flowables in tables, one template: what the manual teaches."""
    _fonts()
    plain = ParagraphStyle("plain", fontName="Sans", fontSize=8, leading=9)
    value = ParagraphStyle("value", plain, fontName="Black", fontSize=18, leading=20, textColor=RED)
    bold = ParagraphStyle("bold", plain, fontName="Bold", fontSize=9.4, leading=11)
    italic = ParagraphStyle("italic", plain, fontName="Italic", fontSize=7)
    small = ParagraphStyle("small", plain, fontSize=5.8, leading=6.6)
    panel = ParagraphStyle("panel", plain, textColor="white", leading=12)
    headline = ParagraphStyle("headline", plain, fontName="Bold", fontSize=17, leading=20)
    readers = {sha: ImageReader(io.BytesIO(content)) for sha, content in files.items()}
    grid = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, "grey", "butt", (2.2, 2.2)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    inner = TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 3)])

    def coupon(face: OfferFace, code: str, reason: str) -> Table:
        reader = readers[face.photo]
        picture = Image(reader.fp, 17 * MM, 17 * MM)
        bars = code128.Code128(code, barWidth=MODULE, barHeight=7.4 * MM, quiet=0)
        said = [
            Paragraph(f"{face.value} {face.suffix}", value),
            Paragraph(face.product, bold),
            Paragraph(face.detail, plain),
            Paragraph(reason, italic),
        ]
        asides = [Paragraph(face.valid, bold), Paragraph(" ".join(face.terms), small)]
        return Table(
            [[picture, said], [[bars, Paragraph(codes.grouped(code), small)], asides]],
            colWidths=[49 * MM, 44 * MM],
            rowHeights=[19 * MM, 13 * MM],
            style=inner,
        )

    story: list[Any] = []
    for home in homes:
        address = [Paragraph(line, plain) for line in (home.name, home.street, home.city)]
        saved = [Paragraph("Your savings this time, up to", panel), Paragraph(home.savings, value)]
        saved += [Paragraph(line, panel) for line in SAVINGS]
        head = Table(
            [[address, saved]],
            colWidths=[128 * MM, 62 * MM],
            rowHeights=[34 * MM],
            style=TableStyle([("BACKGROUND", (1, 0), (1, 0), GREEN)]),
        )
        cells = [
            coupon(faces[offer], code, reason)
            for offer, code, reason in zip(home.offers, home.codes, home.reasons, strict=True)
        ]
        rows = [cells[at : at + 2] for at in range(0, len(cells), 2)]
        story += [
            Spacer(1, 35 * MM),
            head,
            Paragraph(HEADLINE, headline),
            Paragraph(EXPLANATION, plain),
            Table(rows, colWidths=[CELL_WIDTH] * 2, rowHeights=[CELL_HEIGHT] * 5, style=grid),
            Paragraph(HOW_CHOSEN, small),
            PageBreak(),
        ]
    SimpleDocTemplate(
        str(out),
        pagesize=(WIDTH, HEIGHT),
        leftMargin=10 * MM,
        rightMargin=10 * MM,
        topMargin=5 * MM,
        bottomMargin=3 * MM,
    ).build(story)


def _draw(
    pen: Any, home: Home, faces: tuple[OfferFace, ...], picture: Callable[[Any, str], None]
) -> None:
    """One page on a reportlab canvas, with reportlab's own barcodes."""

    def say(font: str, size: float, x: float, y: float, text: str) -> None:
        pen.setFont(font, size)
        pen.drawString(x, y, text)

    pen.setFillColorRGB(*GREEN)
    pen.roundRect(136 * MM, HEIGHT - 79 * MM, 62 * MM, 34 * MM, 9, stroke=0, fill=1)
    pen.setFillGray(1)
    say("Sans", 9.5, 141 * MM, HEIGHT - 53 * MM, "Your savings this time, up to")
    say("Black", 27, 141 * MM, HEIGHT - 62 * MM, home.savings)
    for line, text in enumerate(SAVINGS):
        say("Sans", 9.2, 141 * MM, HEIGHT - (68 + 4 * line) * MM, text)
    pen.setFillGray(0.1)
    for line, text in enumerate((home.name, home.street, home.city)):
        say("Sans", 11.5, 20 * MM, HEIGHT - 55.4 * MM - 15 * line, text)
    say("Bold", 17, 12 * MM, HEIGHT - 95.4 * MM, HEADLINE)
    say("Sans", 9.5, 12 * MM, HEIGHT - 101.4 * MM, EXPLANATION)
    say("Sans", 6.6, 12 * MM, HEIGHT - 291 * MM, HOW_CHOSEN)
    of_coupon = zip(home.offers, home.codes, home.reasons, strict=True)
    for place, (offer, code, reason) in enumerate(of_coupon):
        face = faces[offer]
        x, y = _corner(place)
        pen.saveState()
        pen.translate(x, y)
        pen.setDash(2.2, 2.2)
        pen.setStrokeGray(0.6)
        pen.rect(0, 0, CELL_WIDTH, CELL_HEIGHT, fill=0)
        pen.setDash()
        picture(pen, face.photo)
        pen.setFillColorRGB(*RED)
        say("Black", 18, 23.4 * MM, 23.5 * MM, f"{face.value} {face.suffix}")
        pen.setFillGray(0.1)
        say("Bold", 9.4, 23.4 * MM, 19.6 * MM, face.product)
        say("Sans", 7.4, 23.4 * MM, 16.7 * MM, face.detail)
        say("Italic", 7, 23.4 * MM, 13.9 * MM, reason)
        say("Bold", 7.2, 52 * MM, 7 * MM, face.valid)
        for line, text in enumerate(face.terms):
            say("Sans", 5.8, 52 * MM, (4.6 - 2.3 * line) * MM, text)
        bars = code128.Code128(code, barWidth=MODULE, barHeight=7.4 * MM, quiet=0)
        bars.drawOn(pen, 3.2 * MM, 4.7 * MM)
        say("Sans", 6.6, 10 * MM, 2.2 * MM, codes.grouped(code))
        pen.restoreState()


def plain_canvas(
    out: Path, homes: Sequence[Home], faces: tuple[OfferFace, ...], files: dict[str, bytes]
) -> None:
    """The canvas with reportlab's own barcode widgets: what those do who find platypus slow."""
    _fonts()
    readers = {sha: ImageReader(io.BytesIO(content)) for sha, content in files.items()}

    def picture(pen: Any, sha: str) -> None:
        pen.drawImage(readers[sha], 3.2 * MM, 14.2 * MM, 17 * MM, 17 * MM)

    pen = canvas.Canvas(str(out), pagesize=(WIDTH, HEIGHT), pageCompression=1)
    for home in homes:
        _draw(pen, home, faces, picture)
        pen.showPage()
    pen.save()


def fpdf2(
    out: Path, homes: Sequence[Home], faces: tuple[OfferFace, ...], files: dict[str, bytes]
) -> None:
    """fpdf2, bars as rectangles."""
    from fpdf import FPDF

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
    pdf.set_auto_page_break(False)
    for name, file in CUTS.items():
        pdf.add_font(name, "", font_source_sans_pro.font_files_ttf[file])
    opened = {sha: io.BytesIO(content) for sha, content in files.items()}

    def say(font: str, size: float, x: float, y: float, text: str) -> None:
        pdf.set_font(font, size=size)
        pdf.text(x, HEIGHT - y, text)

    for home in homes:
        pdf.add_page()
        pdf.set_fill_color(15, 107, 62)
        pdf.rect(136 * MM, 45 * MM, 62 * MM, 34 * MM, "F", round_corners=True, corner_radius=9)
        pdf.set_text_color(255)
        say("Sans", 9.5, 141 * MM, HEIGHT - 53 * MM, "Your savings this time, up to")
        say("Black", 27, 141 * MM, HEIGHT - 62 * MM, home.savings)
        for line, text in enumerate(SAVINGS):
            say("Sans", 9.2, 141 * MM, HEIGHT - (68 + 4 * line) * MM, text)
        pdf.set_text_color(0)
        for line, text in enumerate((home.name, home.street, home.city)):
            say("Sans", 11.5, 20 * MM, HEIGHT - 55.4 * MM - 15 * line, text)
        say("Bold", 17, 12 * MM, HEIGHT - 95.4 * MM, HEADLINE)
        say("Sans", 9.5, 12 * MM, HEIGHT - 101.4 * MM, EXPLANATION)
        say("Sans", 6.6, 12 * MM, HEIGHT - 291 * MM, HOW_CHOSEN)
        pdf.set_fill_color(0)
        of_coupon = zip(home.offers, home.codes, home.reasons, strict=True)
        for place, (offer, code, reason) in enumerate(of_coupon):
            face = faces[offer]
            x, y = _corner(place)
            pdf.set_dash_pattern(2.2, 2.2)
            pdf.rect(x, HEIGHT - y - CELL_HEIGHT, CELL_WIDTH, CELL_HEIGHT)
            pdf.set_dash_pattern()
            pdf.image(opened[face.photo], x + 3.2 * MM, HEIGHT - y - 31.2 * MM, 17 * MM, 17 * MM)
            pdf.set_text_color(200, 16, 46)
            say("Black", 18, x + 23.4 * MM, y + 23.5 * MM, f"{face.value} {face.suffix}")
            pdf.set_text_color(20)
            say("Bold", 9.4, x + 23.4 * MM, y + 19.6 * MM, face.product)
            say("Sans", 7.4, x + 23.4 * MM, y + 16.7 * MM, face.detail)
            say("Italic", 7, x + 23.4 * MM, y + 13.9 * MM, reason)
            say("Bold", 7.2, x + 52 * MM, y + 7 * MM, face.valid)
            for line, text in enumerate(face.terms):
                say("Sans", 5.8, x + 52 * MM, y + (4.6 - 2.3 * line) * MM, text)
            for left, width in _bars(code):
                pdf.rect(
                    x + 3.2 * MM + left * MODULE,
                    HEIGHT - y - 12.1 * MM,
                    width * MODULE,
                    7.4 * MM,
                    "F",
                )
            say("Sans", 6.6, x + 10 * MM, y + 2.2 * MM, codes.grouped(code))
    pdf.output(str(out))


def _bars(code: str) -> list[tuple[float, float]]:
    """Left edge and width of each bar, in modules: computed as ours are, a gift to the peer."""
    rectangles = (line.split() for line in drawn(Symbology.CODE_128, code).split("re"))
    return [(float(row[0]), float(row[2])) for row in rectangles if row]


def stamps(
    out: Path, homes: Sequence[Home], faces: tuple[OfferFace, ...], files: dict[str, bytes]
) -> None:
    """Art pages by reportlab, stamped by pikepdf: the fastest peer, with a hand-made text layer.

    Letters beyond Latin-1 are lost on it: its text layer uses a standard font.
    """
    import pikepdf

    _fonts()
    art = io.BytesIO()
    pen = canvas.Canvas(art, pagesize=(CELL_WIDTH, CELL_HEIGHT), pageCompression=1)
    readers = {sha: ImageReader(io.BytesIO(content)) for sha, content in files.items()}
    for face in faces:
        pen.drawImage(readers[face.photo], 3.2 * MM, 14.2 * MM, 17 * MM, 17 * MM)
        pen.setFillColorRGB(*RED)
        pen.setFont("Black", 18)
        pen.drawString(23.4 * MM, 23.5 * MM, f"{face.value} {face.suffix}")
        pen.setFillGray(0.1)
        pen.setFont("Bold", 9.4)
        pen.drawString(23.4 * MM, 19.6 * MM, face.product)
        pen.setFont("Sans", 7.4)
        pen.drawString(23.4 * MM, 16.7 * MM, face.detail)
        pen.drawString(52 * MM, 7 * MM, face.valid)
        pen.setFont("Sans", 5.8)
        for line, text in enumerate(face.terms):
            pen.drawString(52 * MM, (4.6 - 2.3 * line) * MM, text)
        pen.showPage()
    pen.save()
    source = pikepdf.open(io.BytesIO(art.getvalue()))
    pdf = pikepdf.new()
    forms = pikepdf.Dictionary()
    for number, page in enumerate(source.pages):
        forms[f"/O{number}"] = pdf.copy_foreign(page.as_form_xobject())
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
    resources = pdf.make_indirect(
        pikepdf.Dictionary(XObject=forms, Font=pikepdf.Dictionary(F=pdf.make_indirect(font)))
    )
    box = [0, 0, round(WIDTH, 3), round(HEIGHT, 3)]
    for home in homes:
        contents = pdf.make_stream(_layer(home).encode("latin-1", "replace"))
        leaf = pikepdf.Dictionary(
            Type=pikepdf.Name.Page, MediaBox=box, Resources=resources, Contents=contents
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(leaf)))
    pdf.save(
        out,
        compress_streams=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        deterministic_id=False,
    )


def _layer(home: Home) -> str:
    def say(size: float, x: float, y: float, text: str) -> str:
        shown = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        return f"BT /F {size} Tf {x:.2f} {y:.2f} Td ({shown}) Tj ET\n"

    parts = [
        f"q 0.06 0.42 0.24 rg {136 * MM:.2f} {HEIGHT - 79 * MM:.2f} {62 * MM:.2f} {34 * MM:.2f} "
        "re f 1 g\n",
        say(9.5, 141 * MM, HEIGHT - 53 * MM, "Your savings this time, up to"),
        say(27, 141 * MM, HEIGHT - 62 * MM, home.savings),
        *(say(9.2, 141 * MM, HEIGHT - (68 + 4 * n) * MM, text) for n, text in enumerate(SAVINGS)),
        "0 g\n",
        *(
            say(11.5, 20 * MM, HEIGHT - 55.4 * MM - 15 * line, text)
            for line, text in enumerate((home.name, home.street, home.city))
        ),
        say(17, 12 * MM, HEIGHT - 95.4 * MM, HEADLINE),
        say(9.5, 12 * MM, HEIGHT - 101.4 * MM, EXPLANATION),
        say(6.6, 12 * MM, HEIGHT - 291 * MM, HOW_CHOSEN),
    ]
    of_coupon = zip(home.offers, home.codes, home.reasons, strict=True)
    for place, (offer, code, reason) in enumerate(of_coupon):
        x, y = _corner(place)
        parts.append(
            f"q 1 0 0 1 {x:.2f} {y:.2f} cm /O{offer} Do [2.2 2.2] 0 d 0.6 G 0 0 "
            f"{CELL_WIDTH:.2f} {CELL_HEIGHT:.2f} re S\n"
            + say(7, 23.4 * MM, 13.9 * MM, reason)
            + say(6.6, 10 * MM, 2.2 * MM, codes.grouped(code))
            + f"{MODULE:.3f} 0 0 {7.4 * MM:.2f} {3.2 * MM:.2f} {4.7 * MM:.2f} cm "
            f"{drawn(Symbology.CODE_128, code)}f Q\n"
        )
    parts.append("Q")
    return "".join(parts)


PEERS: Final[dict[str, Print]] = {
    "platypus": platypus,
    "canvas": plain_canvas,
    "fpdf2": fpdf2,
    "pikepdf stamps": stamps,
}
