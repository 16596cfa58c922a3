"""The columns of a file of offers: what each is called, what stands in it, what empty means."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from pos_integration.tables.cells import (
    MOST_SMALL,
    AmountColumn,
    ChoiceColumn,
    Column,
    CountColumn,
    DayColumn,
    ListColumn,
    TextColumn,
)
from pos_integration.tables.forms import Form

_SYMBOLOGIES: Final = ("ean_13", "gs1_128", "databar", "datamatrix", "qr")
_KINDS: Final = ("amount", "percent", "fixed_price", "free_item", "multi_buy", "threshold")


def _level(number: int) -> Iterable[Column]:
    yield AmountColumn(
        name=f"level_{number}_face_value",
        says=f"Of level {number}, as face_value; empty, where its percent or price is given: as of "
        "the level below",
    )
    yield CountColumn(
        name=f"level_{number}_percent",
        says=f"Of level {number}, as percent",
        most=MOST_SMALL,
        is_percent=True,
    )
    yield AmountColumn(name=f"level_{number}_price", says=f"Of level {number}, as price")


COLUMNS: Final[tuple[Column, ...]] = (
    TextColumn(name="code", says="The house's own reference", longest=40, is_wanted=True),
    TextColumn(name="name", says="What the shopper reads", longest=80, is_wanted=True),
    TextColumn(name="detail", says="Maker and size", empty="", longest=80),
    ChoiceColumn(
        name="kind", says=f"{', '.join(_KINDS)}; empty: amount", empty="amount", choices=_KINDS
    ),
    AmountColumn(
        name="face_value",
        says="What it takes off; of other kinds than amount and threshold: the most it may come to",
        is_wanted=True,
    ),
    CountColumn(name="percent", says="Off, 1 to 100", most=MOST_SMALL, is_percent=True),
    AmountColumn(name="price", says="A fixed price, or that of all units together"),
    CountColumn(
        name="units",
        says="That are bought together, of a multi_buy; empty: 1",
        empty=1,
        most=MOST_SMALL,
    ),
    CountColumn(
        name="reduced_units",
        says="How many of these the percent is off; empty: 1",
        empty=1,
        most=MOST_SMALL,
    ),
    AmountColumn(name="threshold", says="To be spent, of a threshold"),
    TextColumn(
        name="category",
        says="What a sheet has only so many of: a name, or Department > Category > Type",
        empty="",
        longest=250,
    ),
    TextColumn(name="funder", says="Who pays, by name", longest=60, is_wanted=True),
    AmountColumn(
        name="funder_share",
        says="Their part, 0 to 1 or in percent; empty: all",
        empty=Decimal(1),
        digits=4,
        places=3,
        is_share=True,
    ),
    DayColumn(
        name="valid_from", says="The first day, such as 2026-03-01 or 1.3.2026", is_wanted=True
    ),
    DayColumn(name="valid_to", says="The last day", is_wanted=True),
    TextColumn(
        name="terms",
        says="A line each, two at most on paper",
        empty="",
        longest=1000,
        has_lines=True,
    ),
    TextColumn(
        name="picture", says="What is drawn, by name; empty: a basket", empty="basket", longest=30
    ),
    TextColumn(
        name="photo",
        says="An uploaded picture, by name; empty: that of a product, else what is drawn",
        empty="",
        longest=60,
    ),
    TextColumn(
        name="stacking_group",
        says="On one item at most one coupon of each group; empty: coupon",
        empty="coupon",
        longest=20,
        is_word=True,
    ),
    ChoiceColumn(
        name="after_return",
        says="What a coupon is after a return: good_again or used",
        empty="good_again",
        choices=("good_again", "used"),
    ),
    TextColumn(name="shared_code", says="One code for everybody", longest=40),
    ChoiceColumn(
        name="symbology",
        says=f"Of a barcode by rules of GS1: {', '.join(_SYMBOLOGIES)}; empty: codes of our own",
        choices=_SYMBOLOGIES,
    ),
    ChoiceColumn(
        name="content",
        says="What that barcode says: ean, 255, 8110 or 8112",
        choices=("ean", "255", "8110", "8112"),
    ),
    TextColumn(name="company_prefix", says="Of that barcode: GS1's for its owner", longest=12),
    TextColumn(name="reference", says="Of that barcode: the offer, in digits", longest=10),
    TextColumn(
        name="family_code",
        says="Of a barcode of 8110: which of the maker's items; empty: 000",
        longest=3,
    ),
    CountColumn(name="circulation", says="Copies handed out elsewhere", empty=0),
    TextColumn(
        name="rivals",
        says="One word: a sheet has at most one offer of a category with it",
        empty="",
        longest=20,
        is_word=True,
    ),
    ListColumn(
        name="stores",
        says="Where it is good: numbers with semicolons; empty: everywhere",
        are_numbers=True,
    ),
    CountColumn(
        name="least_coupons", says="Coupons guaranteed to its funder, all mailings together"
    ),
    CountColumn(name="most_coupons", says="Coupons at most, all mailings together"),
    CountColumn(name="per_household", says="Times one household is given it", most=MOST_SMALL),
    AmountColumn(name="expected_budget", says="Most it may be expected to cost", digits=12),
    AmountColumn(name="real_budget", says="Most it may really cost", digits=12),
    *_level(2),
    *_level(3),
    ListColumn(
        name="products",
        says="Good on these: GTINs or in-house numbers with semicolons",
        are_numbers=True,
    ),
    ListColumn(name="categories", says="And on all in these, with semicolons, each as in category"),
    ListColumn(
        name="brands",
        says="And on all of these, with semicolons; 'Brand @ Category': on those in a category",
    ),
    ListColumn(name="not_products", says="But not on these, as in products", are_numbers=True),
    ListColumn(name="not_categories", says="But not on these, as in categories"),
    ListColumn(name="not_brands", says="But not on these, as in brands"),
)
BY_NAME: Final = {column.name: column for column in COLUMNS}
GOOD_ON: Final = ("products", "categories", "brands")  # what an offer is good on
RULES: Final = (*GOOD_ON, *(f"not_{name}" for name in GOOD_ON))
LEVELS: Final = (2, 3)
BARCODE: Final = ("symbology", "content", "company_prefix", "reference", "family_code")

OFFERS: Final = Form("offers", COLUMNS, key="code", unique=("code", "shared_code"))
