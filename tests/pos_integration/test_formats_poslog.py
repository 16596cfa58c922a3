"""POSLog: every vendor's words for one sale mean the same basket."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pos_integration import formats
from tests.pos_integration.samples import read, sample, told

XML = "application/xml"


def one(inner: str, head: str = "", flags: str = "") -> formats.Entry:
    """The entry of a POSLog with one transaction."""
    body = (
        f"<POSLog><Transaction {flags}><RetailStoreID>1</RetailStoreID><SequenceNumber>7"
        f"</SequenceNumber>{head}<RetailTransaction>{inner}</RetailTransaction>"
        "</Transaction></POSLog>"
    )
    (entry,) = formats.read(body.encode(), XML)
    return entry


def item(inner: str, name: str = "Sale", flags: str = "") -> str:
    return f"<LineItem {flags}><{name}><ItemID>77</ItemID>{inner}</{name}></LineItem>"


def paid(inner: str) -> tuple[str, str]:
    """The amount and discount of one item."""
    (line,) = told(one(item(inner)))["lines"]
    return line["amount"], line["discount"]


def test_what_is_no_sale_is_skipped_and_keeps_its_place():
    entries = read("poslog-2.xml")

    assert [entry.position for entry in entries] == list(range(7))
    assert [entry.skipped for entry in entries] == [
        "operator sign on", "", "training", "cancelled", "tender loan", "", "suspended",
    ]  # fmt: skip
    assert all(entry.text.startswith("<Transaction") for entry in entries)
    assert all(entry.text.endswith("</Transaction>") for entry in entries)


def test_a_sale_of_version_2_with_all_that_can_happen_at_a_till():
    sale = told(read("poslog-2.xml")[1])

    lines, coupons, tenders = sale.pop("lines"), sale.pop("coupons"), sale.pop("tenders")
    assert sale == {
        "store": "330",
        "till": "12",
        "business_date": "2026-03-05",
        "receipt": "501",
        "ended_at": "2026-03-05T08:02:54",
        "kind": "sale",
        "card": "0000000000000040000012345",
        "currency": "USD",
    }
    seen = [
        tuple(line[name] for name in ("code", "quantity", "unit", "amount", "discount", "kind"))
        for line in lines
    ]
    assert seen == [
        ("00000000040112", "0.84", "LBR", "1.07", "0.19", "sale"),  # weighed, and a reward
        ("5012345678900", "3", "EA", "4.25", "1.75", "sale"),  # told before discount
        ("7002", "1", "EA", "4", "0", "void"),  # taken back by the next
        ("7002", "1", "EA", "4", "0", "void"),
        ("7003", "1", "EA", "9", "0", "void"),
        ("7004", "2", "EA", "0.5", "0", "return"),  # empties, by their sign
    ]
    assert [line["line"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[0]["description"] == "BANANAS & MORE"
    assert coupons == [
        {"code": "7Q4M-2222", "amount": "0.5"},  # paid with paper: no line is cheaper
        {"code": "5123", "amount": "0.19", "line": 1},  # told by item and as a sum: once
        {"code": "1134", "amount": "0.25", "line": 2},
    ]
    assert tenders == [
        {"kind": "card", "amount": "2.07"},
        {"kind": "cash", "amount": "5"},
        {"kind": "cash", "amount": "-2.5"},
        {"kind": "coupon", "amount": "0.5"},
    ]


def test_a_receipt_that_voids_another_names_it():
    void = told(read("poslog-2.xml")[5])

    assert (void["kind"], void["receipt"]) == ("void", "505")
    assert void["voids"] == {
        "receipt": "501", "store": "330", "till": "12", "business_date": "2026-03-05",
    }  # fmt: skip


def test_a_sale_of_version_6_leaves_its_day_to_the_store():
    sale = told(read("poslog-6.xml")[0])

    assert "business_date" not in sale
    assert (sale["store"], sale["till"], sale["receipt"]) == ("100", "10001", "R-2")
    assert (sale["card"], sale["currency"]) == ("T220001293", "EUR")
    first, weighed = sale["lines"]
    assert (first["code"], first["description"]) == ("4006381333931", "Hafermilch, 1 l")
    assert (first["amount"], first["discount"]) == ("25.99", "1")  # told after discount
    assert (weighed["code"], weighed["quantity"], weighed["unit"]) == (
        "2199001004205", "0.42", "KGM",
    )  # fmt: skip
    assert (weighed["amount"], weighed["discount"]) == ("3.7", "0.5")
    assert [tender["amount"] for tender in sale["tenders"]] == ["30", "-0.31"]


def test_a_receipt_of_things_brought_back_is_a_return_with_its_original():
    back = told(read("poslog-6.xml")[1])

    assert (back["kind"], back["business_date"]) == ("return", "2026-03-05")
    assert back["card"] == "22000129"
    assert back["lines"][0]["returns"] == {
        "receipt": "R-2", "store": "100", "till": "10001", "business_date": "2026-03-05", "line": 1,
    }  # fmt: skip
    assert back["tenders"] == [{"kind": "cash", "amount": "-25.99"}]


@pytest.mark.parametrize("old", [b"acme:", b' xmlns="http://www.nrf-arts.org/IXRetail/namespace/"'])
def test_namespaces_do_not_matter(old):
    body = sample("poslog-2.xml")
    other = body.replace(old, b"any:" if old == b"acme:" else b"")

    assert list(map(told, read("poslog-2.xml", other)[1:2])) == [told(read("poslog-2.xml")[1])]


def test_a_prefix_for_every_element_does_not_matter_either():
    body = b"""<p:POSLog xmlns:p="urn:x"><p:Transaction><p:RetailStoreID>1</p:RetailStoreID>
        <p:SequenceNumber>3</p:SequenceNumber><p:RetailTransaction/></p:Transaction></p:POSLog>"""
    (entry,) = formats.read(body, XML)

    assert told(entry) == {"store": "1", "receipt": "3", "kind": "sale"}


@pytest.mark.parametrize(
    ("inner", "amount", "discount"),
    [
        # before discount: quantity times the regular price, to the cent
        ("<Quantity>2</Quantity><RegularSalesUnitPrice>3</RegularSalesUnitPrice>"
         "<ExtendedAmount>6</ExtendedAmount><ExtendedDiscountAmount>1</ExtendedDiscountAmount>",
         "5", "1"),
        # after discount: it is less than that
        ("<Quantity>2</Quantity><RegularSalesUnitPrice>3</RegularSalesUnitPrice>"
         "<ExtendedAmount>5</ExtendedAmount><ExtendedDiscountAmount>1</ExtendedDiscountAmount>",
         "5", "1"),
        # no regular price: the amount is taken as it is
        ("<ExtendedAmount>5</ExtendedAmount><ExtendedDiscountAmount>-1</ExtendedDiscountAmount>",
         "5", "1"),
        # modifiers in place of a sum
        ("<Quantity>1</Quantity><RegularSalesUnitPrice>556</RegularSalesUnitPrice>"
         "<ActualSalesUnitPrice>556</ActualSalesUnitPrice><ExtendedAmount>556</ExtendedAmount>"
         '<RetailPriceModifier><Amount Action="Subtract">51</Amount></RetailPriceModifier>'
         '<RetailPriceModifier><Amount Action="Add">1</Amount></RetailPriceModifier>',
         "506", "50"),
        # no sum at all
        ("<Quantity>3</Quantity><RegularSalesUnitPrice>1.50</RegularSalesUnitPrice>"
         "<ActualSalesUnitPrice>1.25</ActualSalesUnitPrice>", "3.75", "0.75"),
        ("<ExtendedAmount>26.990</ExtendedAmount>", "26.99", "0"),
        ("<ExtendedAmount>26.995</ExtendedAmount>", "26.995", "0"),  # left for the rules to refuse
        ("<ExtendedAmount>much</ExtendedAmount>", "much", "0"),
        ("", "", "0"),
    ],
)  # fmt: skip
def test_an_amount_is_what_was_paid_after_discount(inner, amount, discount):
    assert paid(inner) == (amount, discount)


def test_a_reward_that_the_total_has_already_counts_once():
    reward = (
        "<LineItem><LoyaltyReward><PromotionID>5</PromotionID><ExtendedRewardAmount>-1"
        "</ExtendedRewardAmount><RewardBasis><ItemID>77</ItemID></RewardBasis></LoyaltyReward>"
        "</LineItem>"
    )
    total = '<Total TotalType="TransactionGrandAmount">4</Total>'

    for amount, left in (("4", "4"), ("5", "4")):
        sale = told(one(item(f"<ExtendedAmount>{amount}</ExtendedAmount>") + reward + total))
        assert sale["lines"][0]["amount"] == left
        assert sale["coupons"] == [{"code": "5", "amount": "1", "line": 1}]


def test_a_return_may_be_signed_or_not():
    for sign in ("", "-"):
        inner = f"<ExtendedAmount>{sign}2</ExtendedAmount><Quantity>{sign}1</Quantity>"
        back = told(one(item(inner, "Return")))
        assert back["kind"] == "return"
        (line,) = back["lines"]
        assert (line["kind"], line["amount"], line["quantity"]) == ("return", "2", "1")


LINK = (
    '<TransactionLink ReasonCode="{}"><WorkstationID>3</WorkstationID>'
    "<SequenceNumber>5</SequenceNumber></TransactionLink>"
)


def test_an_original_may_be_named_once_for_all_that_comes_back():
    back = told(one(LINK.format("Return") + item("<Quantity>1</Quantity>", "Return")))

    assert back["kind"] == "return"
    assert back["lines"][0]["returns"] == {"receipt": "5", "till": "3"}
    assert "voids" not in back


@pytest.mark.parametrize(
    "inner",
    [
        f"<RetailTransaction>{LINK.format('Voided')}</RetailTransaction>",
        f'<RetailTransaction TransactionStatus="Voided">{LINK.format("Void")}</RetailTransaction>',
        f"<RetailTransaction><PostVoid>{LINK.format('')}</PostVoid></RetailTransaction>",
        f'<RetailTransaction TypeCode="PostVoid">{LINK.format("x")}</RetailTransaction>',
        f"<PostVoidTransaction>{LINK.format('')}</PostVoidTransaction>",
        f"<RetailTransaction/><PostVoid>{LINK.format('')}</PostVoid>",
    ],
)
def test_a_void_names_its_receipt_in_any_of_many_ways(inner):
    body = f"<POSLog><Transaction><SequenceNumber>7</SequenceNumber>{inner}</Transaction></POSLog>"
    void = told(next(formats.read(body.encode(), XML)))

    assert (void["kind"], void["voids"]) == ("void", {"receipt": "5", "till": "3"})


def test_the_first_filled_field_of_three_is_the_card():
    said = {
        "LoyaltyMembership": "<LoyaltyID>{}</LoyaltyID>",
        "LoyaltyAccount": "<LoyaltyCard><PrimaryAccountNumber>{}</PrimaryAccountNumber>"
        "</LoyaltyCard>",
        "Customer": "<CustomerID>{}</CustomerID>",
    }

    def card(*numbers: str) -> str:
        parts = zip(said.items(), numbers, strict=True)
        inner = "".join(f"<{n}>{text.format(number)}</{n}>" for (n, text), number in parts)
        return str(told(one(inner)).get("card", ""))

    assert card("A", "B", "C") == "A"
    assert card("000000", "B", "C") == "B"
    assert card("", " ", "C") == "C"
    assert card("", "", "0") == ""


def test_a_file_in_another_encoding_is_read_by_what_it_says_of_itself():
    text = sample("poslog-6.xml").decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><POSLog><Transaction><SequenceNumber>1'
    latin += "</SequenceNumber><RetailTransaction>" + item("<Description>K\xe4se</Description>")
    latin += "</RetailTransaction></Transaction></POSLog>"

    assert list(map(told, read("poslog-6.xml", text.encode("utf-16")))) == list(
        map(told, read("poslog-6.xml"))
    )
    (entry,) = formats.read(latin.encode("latin-1"), XML)
    assert told(entry)["lines"][0]["description"] == "K\xe4se"


def test_a_prefix_that_nobody_declared_is_no_matter():
    body = b"<POSLog><Transaction><SequenceNumber>1</SequenceNumber><x:Note/><RetailTransaction/>"
    (entry,) = formats.read(body + b"</Transaction></POSLog>", XML)
    assert told(entry)["receipt"] == "1"


def test_a_line_that_names_the_line_it_voids_voids_that():
    sold = item("<ExtendedAmount>2</ExtendedAmount>")
    void = item(
        "<ExtendedAmount>2</ExtendedAmount>"
        "<Void><LineItemSequenceNumber>1</LineItemSequenceNumber></Void>",
        flags='VoidFlag="1"',
    )
    sale = told(one(sold + sold + void))

    assert [line["kind"] for line in sale["lines"]] == ["void", "sale", "void"]


@pytest.mark.parametrize(
    ("head", "ended_at"),
    [
        ("<EndDateTime>2026-03-05T10:00:00</EndDateTime>", datetime(2026, 3, 5, 10)),  # noqa: DTZ001
        ("<EndDateTime>2026-03-05T10:00:00Z</EndDateTime><POSLogDateTime>2020-01-01T00:00:00"
         "</POSLogDateTime>", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("<BeginDateTime>2026-03-05T10:00:00.5+05:30</BeginDateTime>",
         datetime(2026, 3, 5, 10, 0, 0, 500_000, timezone(timedelta(hours=5, minutes=30)))),
    ],
)  # fmt: skip
def test_times_keep_their_zone_or_have_none(head, ended_at):
    basket = one("", head).basket
    assert basket is not None
    assert basket.ended_at == ended_at
    assert (basket.ended_at.tzinfo is None) == (ended_at.tzinfo is None)


def test_a_transaction_that_says_too_little_is_a_fault_of_its_own():
    fault = one("", "<EndDateTime>noon</EndDateTime>").fault
    assert fault is not None
    assert fault.code == "bad_date"

    body = b"<POSLog><Transaction><RetailTransaction/></Transaction></POSLog>"
    (entry,) = formats.read(body, XML)
    assert entry.fault is not None
    assert entry.fault.detail.startswith("receipt is")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "empty"),
        (b"hello", "not XML"),
        (b"<html></html>", "no POSLog: it begins with <html>"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><POSLog>&b;</POSLog>', "document type"),
        (b'<!DOCTYPE POSLog SYSTEM "http://x/y.dtd"><POSLog/>', "document type"),
        (b"<POSLog><Transaction>", "no element found"),
        (b"<POSLog>&undefined;</POSLog>", "undefined entity"),
        (b"<a>" * 600, "nested too deeply"),
        (b'<?xml version="1.0" encoding="x-unknown"?><POSLog/>', "unknown encoding"),
        (b"<POSLog>" + b"".join(b"<n%d/>" % n for n in range(10_001)), "names"),
    ],
)
def test_bytes_that_are_no_poslog_say_why(body, sentence):
    with pytest.raises(formats.UnreadableError, match=sentence):
        list(formats.read(body, XML))


def test_what_came_before_a_cut_is_read():
    body = sample("poslog-2.xml")
    entries = formats.read(body[: body.index(b"<SequenceNumber>503")], XML)

    assert [next(entries).skipped for _ in range(3)] == ["operator sign on", "", "training"]
    with pytest.raises(formats.UnreadableError):
        next(entries)


@pytest.mark.parametrize("filling", [b"<x/>" * 120_000, b"<x>" + b"y" * 9_000_000 + b"</x>"])
def test_a_transaction_that_is_too_long_hides_no_neighbour(filling):
    def sale(number: int, more: bytes = b"") -> bytes:
        return b"<Transaction><SequenceNumber>%d</SequenceNumber>%s<RetailTransaction/>" % (
            number, more,
        ) + b"</Transaction>"  # fmt: skip

    body = b"<POSLog>" + sale(1) + sale(2, filling) + sale(3) + b"</POSLog>"
    first, long, last = formats.read(body, XML)

    assert first.basket is not None
    assert last.basket is not None
    assert (first.basket.receipt, last.basket.receipt) == ("1", "3")
    assert long.fault is not None
    assert long.fault.code == "too_long"
    assert long.text.startswith("<Transaction><SequenceNumber>2")
    assert len(long.raw) <= 10_000
    assert bytes(last.raw) == sale(3)
