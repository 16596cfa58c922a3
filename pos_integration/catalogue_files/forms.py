"""The columns of files of products, of categories and of stores."""

from typing import Final

from pos_integration.records import NAME_LENGTH
from pos_integration.tables.cells import (
    AmountColumn,
    ChoiceColumn,
    Column,
    NumberColumn,
    TextColumn,
    YesNoColumn,
)
from pos_integration.tables.forms import Form

MOST_ROWS: Final = 100_000
MOST_BYTES: Final = 20 * 2**20
GOODS: Final = ("alcohol", "tobacco", "infant_formula", "medicine", "gambling")
TREE: Final = ("department", "category", "type")
"""The columns that name a place in the tree, from the top."""


def _tree(*, of: str) -> tuple[Column, ...]:
    return (
        TextColumn(name="department", says=f"{of}; the top of the tree", empty="", longest=80),
        TextColumn(name="category", says="Below the department", empty="", longest=80),
        TextColumn(name="type", says="Below the category", empty="", longest=80),
    )


PRODUCTS: Final = Form(
    "products",
    (
        NumberColumn(name="code", says="The chain's own number", longest=32),
        NumberColumn(
            name="gtin",
            says="As on the pack: 8, 12, 13 or 14 digits. One of both numbers is wanted; a product "
            "is known by its code, else by this. Empty: as it was",
            longest=14,
        ),
        TextColumn(name="name", says="What it is", longest=NAME_LENGTH, is_wanted=True),
        TextColumn(name="brand", says="Whose it is", empty="", longest=60),
        TextColumn(name="size", says="What is in the pack, such as 500 g", empty="", longest=40),
        *_tree(of="Where it stands"),
        AmountColumn(
            name="lowest_price",
            says="No coupon brings a unit below this: fixed and minimum prices; empty: none",
        ),
    ),
    key="name",
    unique=("code",),
    most_rows=MOST_ROWS,
    most_bytes=MOST_BYTES,
)

CATEGORIES: Final = Form(
    "categories",
    (
        TextColumn(
            name="department", says="The top of the tree, by name", longest=80, is_wanted=True
        ),
        TextColumn(
            name="category", says="Below it; empty: the department itself", empty="", longest=80
        ),
        TextColumn(
            name="type", says="Below that; empty: the category itself", empty="", longest=80
        ),
        YesNoColumn(
            name="is_modelled",
            says="no: it says nothing of what a household needs, as fuel and deposits; empty: yes",
            empty=True,
        ),
        ChoiceColumn(
            name="goods",
            says=f"What law restricts, also all below it: {', '.join(GOODS)}; empty: nothing",
            empty="",
            choices=GOODS,
        ),
        YesNoColumn(
            name="is_sensitive",
            says="yes: tells of health, faith or private life; empty: no",
            empty=False,
        ),
        AmountColumn(
            name="margin_share",
            says="Of the price, 0 to 1 or in percent; empty: as the one above it",
            digits=4,
            places=3,
            is_share=True,
        ),
    ),
    key="department",
    most_rows=MOST_ROWS,
    most_bytes=MOST_BYTES,
)

STORES: Final = Form(
    "stores",
    (
        NumberColumn(
            name="number", says="GLN or the chain's own number", longest=13, is_wanted=True
        ),
        TextColumn(name="name", says="What it is called", longest=80, is_wanted=True),
        TextColumn(
            name="currency", says="Three letters of ISO 4217; empty: USD", empty="USD", longest=3
        ),
        TextColumn(
            name="time_zone",
            says="Such as Europe/Berlin, for tills whose clocks name none; empty: UTC",
            empty="UTC",
            longest=40,
        ),
    ),
    key="number",
    unique=("number",),
    most_rows=MOST_ROWS,
    most_bytes=MOST_BYTES,
)
