"""Large files: kept in pieces, loaded in batches, taken up where a killed load ended."""

import gzip
import io
import tracemalloc

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from pos_integration import ingest, keeping
from pos_integration.models import Basket, BasketLine, Upload, UploadPiece
from tests.pos_integration.tills import basket, body, line, open_store, outcome, send_bytes

NDJSON = "application/x-ndjson"


def ndjson(*baskets):
    return b"".join(body(one)[13:-2] + b"\n" for one in baskets)


@pytest.fixture
def _small(monkeypatch):
    """Pieces and batches so small that a few baskets are many of both."""
    monkeypatch.setattr(keeping, "PIECE_BYTES", 1000)
    monkeypatch.setattr(ingest, "LINES_AT_ONCE", 4)


@given(
    parts=st.lists(st.binary(max_size=3000), max_size=12),
)
def test_bytes_are_cut_into_even_pieces_and_none_is_lost(parts):
    pieces = list(keeping._pieces(parts, 1000))
    assert b"".join(pieces) == b"".join(parts)
    assert all(len(piece) == 1000 for piece in pieces[:-1])
    assert all(pieces)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_small")
def test_a_file_in_pieces_comes_back_as_it_was_and_is_loaded_once():
    till = open_store()
    content = ndjson(*[basket(str(number)) for number in range(30)])

    upload = send_bytes(till, content, NDJSON)

    assert upload.state == "loaded"
    assert outcome(upload) == (30, 0, 0)
    assert UploadPiece.objects.filter(upload=upload).count() == len(content) // 1000
    assert keeping.opened(upload).read() == content
    again, is_new = keeping.accept(till, io.BytesIO(content), NDJSON)
    assert (again.pk, is_new) == (upload.pk, False)
    assert ingest.load(upload.pk).accepted == 30


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_small")
def test_a_load_that_is_cut_off_goes_on_where_its_last_batch_ended():
    till = open_store()
    baskets = [basket(str(number), lines=[line(1), line(2)]) for number in range(10)]
    upload, _ = keeping.accept(till, ndjson(*baskets), NDJSON)
    seen = []

    def die_after_two_batches(entries):
        seen.append(entries)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest.load(upload.pk, die_after_two_batches)
    halfway = Upload.objects.get()
    assert (halfway.state, halfway.next_position, halfway.accepted) == ("received", 4, 4)
    assert ingest.load(upload.pk).state == "received", "the dead one's lease still runs"

    Upload.objects.update(claimed_until=None)
    done = ingest.load(upload.pk, seen.append)
    assert seen[2] > 4, "what was done is not done again"
    assert outcome(done) == (10, 0, 0)
    assert (done.baskets, done.lines) == (10, 20)
    assert Basket.objects.count() == 10
    assert BasketLine.objects.count() == 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_small")
def test_a_file_cut_off_in_its_middle_gives_what_comes_before():
    till = open_store()
    content = b'<POSLog xmlns="x">' + b"".join(transaction(n) for n in range(9)) + b"<Transact"

    upload = send_bytes(till, content, "application/xml")

    assert upload.state == "failed"
    assert outcome(upload) == (9, 0, 1)
    reject = upload.rejects.get()
    assert (reject.code, reject.position) == ("unreadable", 9)


def transaction(number):
    return f"""<Transaction><RetailStoreID>330</RetailStoreID><WorkstationID>1</WorkstationID>
    <SequenceNumber>{number}</SequenceNumber><BusinessDayDate>2026-03-05</BusinessDayDate>
    <EndDateTime>2026-03-05T10:00:00</EndDateTime><RetailTransaction><LineItem>
    <SequenceNumber>1</SequenceNumber><Sale><ItemID>5012345678900</ItemID>
    <ExtendedAmount>2.00</ExtendedAmount><Quantity>1</Quantity></Sale></LineItem>
    </RetailTransaction></Transaction>""".encode()


@pytest.mark.django_db(transaction=True)
def test_memory_does_not_grow_with_the_file(monkeypatch):
    monkeypatch.setattr(keeping, "SPOOLED_BYTES", 10_000)
    monkeypatch.setattr(keeping, "PIECE_BYTES", 100_000)
    monkeypatch.setattr(ingest, "LINES_AT_ONCE", 2_000)
    till = open_store()
    one = body(basket("{}", lines=[line(n) for n in range(1, 40)]))[13:-2] + b"\n"
    size = 0

    def parts(count):
        nonlocal size
        for number in range(count):
            part = one.replace(b'"{}"', b'"%d"' % number)
            size += len(part)
            yield part

    peaks = []
    for count in (200, 800):
        size = 0
        tracemalloc.start()
        upload, _ = keeping.accept(till, parts(count), NDJSON)
        upload = ingest.load(upload.pk)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert upload.state == "loaded"
    assert size > 20 * keeping.PIECE_BYTES
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.django_db(transaction=True)
def test_a_file_on_disk_is_taken_packed_or_not_and_its_report_says_what_became_of_it(
    tmp_path, capsys
):
    open_store(collector=True)
    path = tmp_path / "sales.json.gz"
    path.write_bytes(gzip.compress(body(basket("1"), basket("2", currency="EUR"))))

    call_command("ingest_file", str(path))
    said = capsys.readouterr().out
    assert "1 taken, 0 came before, 1 rejected" in said
    assert "The basket is in EUR, the store sells in USD." in said

    call_command("ingest_file", str(path))
    assert "came before, as upload" in capsys.readouterr().out
    assert Basket.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("sales.dat", {}, "say it with --feed"),
        ("sales.json", {"terminal": "331/1"}, "no till '331/1'"),
        ("missing.json", {}, "No such file"),
        ("cut.json.gz", {}, "is cut off"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_a_sentence(tmp_path, name, options, sentence):
    open_store(collector=True)
    (tmp_path / "sales.dat").write_bytes(body(basket()))
    (tmp_path / "sales.json").write_bytes(body(basket()))
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(body(basket()))[:-9])

    with pytest.raises(CommandError, match=sentence):
        call_command("ingest_file", str(tmp_path / name), **options)
    assert Basket.objects.count() == 0
