"""Coupons on a till's own printer: what the paper says, and bars that any scanner reads."""

import re
from decimal import Decimal

import numpy as np
import pytest
import zxingcpp
from django.test import Client

from coupons import slips
from coupons.models import Theme
from coupons.sheets import codes, words
from tests import make

CODE = make.code("7Q4MK2XP9TRD")
OATS = slips.Slip(
    value="1,50 Rabatt",
    product="Łódź Müsli mit Äpfeln und Nüssen aus biologischem Anbau der Region",
    detail="Hofmühle · 500 g",
    valid="Gültig 30. Nov. bis 24. Dez. 2026",
    terms=("Einmal je Haushalt.", "Nicht mit anderen Angeboten."),
    code=CODE,
    printed=codes.grouped(CODE),
)


def printed(*some: slips.Slip, paper: int = 80) -> bytes:
    return slips.receipt(
        some, brand="Greenfield", date="30 November 2026", words=words.ENGLISH, paper_mm=paper
    )


def rasters(sent: bytes) -> list[np.ndarray]:
    """The pictures among what a printer is sent (GS v 0), black as True."""
    found = []
    for match in re.finditer(rb"\x1dv0[\x00-\x03](..)(..)", sent, re.DOTALL):
        across, high = (int.from_bytes(part, "little") for part in match.groups())
        data = np.frombuffer(sent[match.end() : match.end() + across * high], dtype=np.uint8)
        found.append(np.unpackbits(data.reshape(high, across), axis=1).astype(bool))
    return found


def scanned(bars: np.ndarray) -> list[str]:
    paper = np.pad(np.where(bars, 0, 255).astype(np.uint8), 40, constant_values=255)
    return [symbol.text for symbol in zxingcpp.read_barcodes(paper)]


@pytest.mark.parametrize(("paper", "dots"), [(58, 384), (80, 576)])
def test_bars_fill_the_paper_in_whole_dots_and_can_be_scanned(paper, dots):
    (bars,) = rasters(printed(OATS, paper=paper))

    assert bars.shape[1] == dots
    edges = np.flatnonzero(np.diff(bars[0].astype(int))) + 1
    assert np.gcd.reduce(np.diff(edges)) == dots // 178  # a symbol of 178 modules
    assert scanned(bars) == [CODE]


def test_every_coupon_is_said_in_full_and_no_line_is_wider_than_the_paper():
    sent = printed(OATS, OATS, paper=58)

    text = re.sub(rb"\x1dv0.{5}", b"", sent, flags=re.DOTALL)
    assert text.count(codes.grouped(CODE).encode()) == 2
    assert b"Einmal je Haushalt." in text
    assert len(rasters(sent)) == 2
    assert sent.endswith(b"\x1dV\x00")  # cut


def test_letters_beyond_ascii_come_from_the_printers_own_code_pages():
    sent = printed(OATS)
    assert b"?" not in re.sub(rb"\x1dv0.{5}.{5184}", b"", sent, flags=re.DOTALL)


def test_a_word_without_blanks_is_broken_where_the_paper_ends():
    long = slips.Slip("1.50 off", "x" * 100, "", "", (), CODE, codes.grouped(CODE))
    assert b"x" * 48 + b"\n" in printed(long)
    assert b"x" * 49 not in printed(long)


def test_a_card_without_coupons_still_gets_a_receipt_that_ends():
    assert printed().endswith(b"\x1dV\x00")


@pytest.mark.django_db
def test_a_till_asks_for_the_cards_coupons_as_a_receipt():
    _, token = make.terminal()
    coupon = make.coupon(CODE)
    coupon.valid_from, coupon.valid_to = make.MARCH[0], make.MARCH[1].replace(year=2100)
    coupon.save()
    Theme.objects.create(name="House", is_default=True, brand="Corner Shop")
    bearer = {"Authorization": f"Bearer {token}"}
    card = coupon.sheet.household.cards.get().number

    answer = Client().get(f"/api/v1/cards/{card}/coupons?paper=58", headers=bearer)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.escpos"
    assert b"Corner Shop" in answer.content
    assert scanned(rasters(answer.content)[0]) == [CODE]

    coupon.offer.face_value = Decimal("0.75")
    coupon.offer.save()
    coupon.sheet.household.language = "de"
    coupon.sheet.household.save()
    answer = Client().get(f"/api/v1/cards/{card}/coupons?paper=80", headers=bearer)
    assert b"0,75 Rabatt" in answer.content

    refused = Client().get(f"/api/v1/cards/{card}/coupons?paper=76", headers=bearer)
    assert refused.status_code == 400
    assert refused.json()["code"] == "bad_paper"
    unknown = Client().get("/api/v1/cards/nobody/coupons?paper=80", headers=bearer)
    assert unknown.status_code == 404
