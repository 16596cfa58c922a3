"""A PDF file written front to back opens everywhere, is small, and says the same twice."""

import hashlib
import io

import pikepdf
import pytest

from coupons.sheets.pdf import PdfWriter

JPEG = b"\xff\xd8" + bytes(range(256)) * 8


class Pipe(io.RawIOBase):
    """Where what has been written is gone: neither read nor sought."""

    def __init__(self) -> None:
        self.seen = hashlib.sha256()
        self.longest = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # only bytes come
        self.seen.update(data)
        self.longest = max(self.longest, len(data))
        return len(data)


def written(out: io.BytesIO | Pipe, pages: int, filling: bytes = b"0 0 9 9 re f\n") -> PdfWriter:
    pdf = PdfWriter(out)  # type: ignore[arg-type] # a pipe is binary output, too
    tree = pdf.reserve()
    kids = []
    for number in range(pages):
        contents = pdf.write_stream(b"%d w " % number + filling)
        kids.append(
            pdf.write_small(b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (tree, contents))
        )
    names = b" ".join(b"%d 0 R" % kid for kid in kids)
    pdf.write_small(
        b"<</Type/Pages/Count %d/MediaBox[0 0 99 99]/Resources<<>>/Kids[%b]>>" % (pages, names),
        tree,
    )
    catalogue = pdf.write(b"<</Type/Catalog/Pages %d 0 R>>" % tree)
    pdf.close(catalogue, pdf.write(b"<</Title(Sheets)>>"))
    return pdf


@pytest.mark.parametrize("pages", [1, 199, 200, 201, 999])
def test_every_page_is_found_however_many_share_a_stream(pages):
    out = io.BytesIO()
    written(out, pages)

    with pikepdf.open(out) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert [page.Contents.read_bytes().split()[0] for page in pdf.pages] == [
            b"%d" % number for number in range(pages)
        ]
        assert pdf.pdf_version == "1.6"
        assert pdf.docinfo["/Title"] == "Sheets"


def test_what_a_page_takes_beside_its_drawing_is_a_few_bytes():
    short, long = io.BytesIO(), io.BytesIO()
    written(short, 200)
    written(long, 2200)
    drawn = len(b"1234 0 obj\n<</Filter/FlateDecode/Length 20>>stream\n\nendstream\nendobj\n") + 24

    assert (len(long.getvalue()) - len(short.getvalue())) / 2000 < drawn + 14


def test_a_file_says_its_own_size_and_digest_and_is_the_same_twice():
    first, again = io.BytesIO(), io.BytesIO()
    pdf = written(first, 300)
    written(again, 300)

    assert first.getvalue() == again.getvalue()
    assert pdf.size_bytes == len(first.getvalue())
    assert pdf.sha256 == hashlib.sha256(first.getvalue()).hexdigest()


def test_pages_leave_as_they_come_so_that_memory_does_not_grow():
    pipe = Pipe()
    pdf = written(pipe, 3000, hashlib.shake_256(b"noise").digest(4000))

    assert pdf.size_bytes > 12_000_000
    assert pipe.longest < 2_000_000
    assert pdf.sha256 == pipe.seen.hexdigest()


def test_what_is_packed_already_is_written_as_it_stands():
    out = io.BytesIO()
    pdf = PdfWriter(out)
    picture = pdf.write_stream(JPEG, b"/Filter/DCTDecode", packed=True)
    tree = pdf.write_small(b"<</Type/Pages/Count 0/Kids[]>>")
    catalogue = pdf.write(b"<</Type/Catalog/Pages %d 0 R>>" % tree)
    pdf.close(catalogue, pdf.write_small(b"<<>>"))

    with pikepdf.open(out) as read:
        assert read.get_object(picture, 0).read_raw_bytes() == JPEG


def test_an_object_promised_and_never_written_is_an_error():
    pdf = PdfWriter(io.BytesIO())
    promised = pdf.reserve()
    with pytest.raises(ValueError, match=f"object {promised} was reserved"):
        pdf.close(pdf.write(b"<<>>"), pdf.write(b"<<>>"))
