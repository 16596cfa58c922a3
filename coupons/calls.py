"""What a till says when it acts: the shapes of its calls' bodies. What does not fit is a 400."""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pos_integration.records import Basket, WholeNumber

Token = Annotated[str, Meta(max_length=80)]
ShownCard = Annotated[
    str,
    Meta(
        max_length=32,
        description="The card shown. An EAN-13 coupon is good with it only; a lock may leave it to "
        "the basket",
    ),
]


class BasketKey(msgspec.Struct, frozen=True):
    """The receipt a coupon is used on, as the till names it."""

    store: Annotated[str, Meta(min_length=1, max_length=13)]
    till: WholeNumber
    business_date: date
    receipt: Annotated[str, Meta(min_length=1, max_length=40)]


class Lock(msgspec.Struct):
    """The basket as it stands, with the coupons that are on it already."""

    basket: Basket
    ttl_s: Annotated[int, Meta(ge=1, le=3600)] = 300
    card: ShownCard | None = None


class Redeem(msgspec.Struct):
    basket_key: BasketKey
    amount: Annotated[str, Meta(pattern=r"^[0-9]{1,8}(\.[0-9]{1,2})?$")]
    lock: Token | None = None
    item: (
        Annotated[str, Meta(max_length=32, description="What was scanned, to check it")] | None
    ) = None
    card: ShownCard | None = None


class Release(msgspec.Struct):
    lock: Token
    card: ShownCard | None = None


class Reverse(msgspec.Struct):
    reason: Annotated[str, Meta(min_length=1, max_length=40)]


Categories = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=163)]], Meta(max_length=500)
]


class Preferences(msgspec.Struct):
    """What a shopper says now. What is left out, or null, stays as it was said before.

    A category is named as GET names it: by its name, and where several departments have one of
    that name, "Department > Category". `channel` "none" and "post" among `opt_outs` are one word.
    """

    favourites: Categories | None = None
    never_agains: Categories | None = None
    channel: Literal["post", "none"] | None = None
    opt_outs: list[Literal["post", "profiling"]] | None = None
    language: (
        Annotated[str, Meta(max_length=8, description='Such as "de"; "": the house\'s own')] | None
    ) = None
