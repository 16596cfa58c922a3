"""The till's calls as the OpenAPI description shows them, bodies from the types that check them."""

from typing import Any, TypeAlias

import msgspec
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from coupons import answers, calls, slips
from coupons.models import Coupon, Offer, Symbology
from pos_integration import openapi
from pos_integration.openapi import PROBLEM

Field: TypeAlias = serializers.Field[Any, Any, Any, Any]


# drf-spectacular's classes carry no types for subclasses to check against.
class TillSchema(AutoSchema):
    """Says that a body is wanted where a schema of our own has a part that is."""

    def _get_request_body(self, direction: str = "request") -> Any:
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        if body and any("required" in media["schema"] for media in body["content"].values()):
            body["required"] = True
        return body


def _body(shape: type, **properties: Any) -> dict[str, Any]:
    """Return the JSON Schema of `shape` as a request's, `properties` in place of its own."""
    (root,), parts = msgspec.json.schema_components([shape], ref_template="{name}")

    def inlined(schema: Any) -> Any:
        if isinstance(schema, list):
            return [inlined(part) for part in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return inlined(parts[schema["$ref"]])
        return {key: inlined(value) for key, value in schema.items()}

    schema = inlined(root)
    schema["properties"] |= properties
    return {"application/json": schema}


def _problems(*statuses: int) -> dict[Any, Any]:
    return {(status, "application/problem+json"): PROBLEM for status in statuses}


LOOK = (400, 401, 404, 406, 429)
ACT = (*LOOK, 409, 411, 413, 415, 422)
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=[429],
    description="Seconds until this terminal, which asked too often for what it may know nothing "
    "of, is answered again",
)
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": answers.KEY_LENGTH},
    OpenApiParameter.HEADER,
    description="The same key and body get the same answer, byte for byte, for "
    f"{answers.KEPT.days} days; the same key with another body gets 422 key_reused",
)

CODE = OpenApiParameter(
    "code",
    str,
    OpenApiParameter.PATH,
    description="The coupon's own code, hyphens or not, or what a scanner read of its barcode, "
    "percent-encoded: an element string of GS1 with or without brackets (FNC1 is %1D, what a "
    "scanner says of the symbology may stand before it), a GS1 Digital Link, or the 13 digits of "
    "an EAN-13, which name a coupon together with the household's card only",
)

_OFFER = inline_serializer(
    "CouponOffer",
    {
        "code": serializers.CharField(),
        "name": serializers.CharField(),
        "detail": serializers.CharField(),
        "kind": serializers.ChoiceField(Offer.Kind.choices),
        "text": serializers.CharField(help_text="Its worth in a few words"),
        "percent": serializers.IntegerField(allow_null=True),
        "price": serializers.DecimalField(
            max_digits=8,
            decimal_places=2,
            allow_null=True,
            help_text="Of one item, or of all units of a multi-buy together",
        ),
        "units": serializers.IntegerField(help_text="That must be bought"),
        "reduced_units": serializers.IntegerField(help_text="Of these, the cheapest are reduced"),
        "threshold": serializers.DecimalField(
            max_digits=8, decimal_places=2, allow_null=True, help_text="To be spent"
        ),
        "stacking_group": serializers.CharField(
            help_text="On one item, at most one coupon of each group"
        ),
        "funder": serializers.CharField(),
    },
)
_BARCODE = inline_serializer(
    "CouponBarcode",
    {
        "symbology": serializers.ChoiceField(Symbology.choices),
        "payload": serializers.CharField(
            help_text="What the bars say: the coupon's code, 13 digits, an element string of GS1 "
            "such as (255)9501101530003000000000042, or a GS1 Digital Link"
        ),
    },
)
_TERMS: dict[str, Field] = {
    "code": serializers.CharField(),
    "state": serializers.ChoiceField(
        ["good", "locked", "not_here", "redeemed", "void", "not_yet", "expired"],
        help_text="not_here: good in other stores only",
    ),
    "offer": _OFFER,
    "valid_from": serializers.DateField(),
    "valid_to": serializers.DateField(help_text="Last day, by the store's calendar"),
    "value": serializers.DecimalField(
        max_digits=8, decimal_places=2, help_text="The most it takes off, store currency"
    ),
    "barcode": _BARCODE,
}
_PREFERENCES = inline_serializer(
    "CardPreferences",
    {
        "card": serializers.CharField(),
        "favourites": serializers.ListField(
            child=serializers.CharField(),
            help_text='Categories: "Oats", or "Grocery > Milk" where two departments have one',
        ),
        "never_agains": serializers.ListField(child=serializers.CharField()),
        "channel": serializers.ChoiceField(["post", "none"]),
        "opt_outs": serializers.ListField(child=serializers.ChoiceField(["post", "profiling"])),
        "language": serializers.CharField(
            help_text="That it wants to be written to in; empty: it did not say"
        ),
    },
)

coupon_terms = extend_schema(
    operation_id="coupon_terms",
    summary="What a coupon is worth, and whether it is good here and now",
    parameters=[
        CODE,
        OpenApiParameter(
            "card",
            str,
            description="The card shown; of another's coupon say nothing. An EAN-13 coupon is "
            "good with it only",
        ),
        RETRY_AFTER,
    ],
    responses={200: inline_serializer("CouponTerms", _TERMS), **_problems(*LOOK)},
)
coupon_lock = extend_schema(
    operation_id="coupon_lock",
    summary="Check a coupon against a basket and hold it for that receipt",
    parameters=[CODE, KEY, RETRY_AFTER],
    request=_body(calls.Lock, basket=openapi.basket_schema()),
    responses={
        200: inline_serializer(
            "CouponLock",
            {
                "lock": serializers.CharField(help_text="Wanted for redeeming and for releasing"),
                "expires_at": serializers.DateTimeField(),
                "amount": serializers.DecimalField(
                    max_digits=10, decimal_places=2, help_text="What it takes off this basket"
                ),
                "line": serializers.IntegerField(help_text="The first line it is off"),
            },
        ),
        **_problems(*ACT, 410),
    },
)
coupon_redeem = extend_schema(
    operation_id="coupon_redeem",
    summary="Burn a coupon once and for all",
    parameters=[CODE, KEY, RETRY_AFTER],
    request=_body(calls.Redeem),
    responses={
        201: inline_serializer(
            "Redeemed",
            {
                "redemption": serializers.CharField(),
                "amount": serializers.DecimalField(max_digits=10, decimal_places=2),
                "redeemed_at": serializers.DateTimeField(),
            },
        ),
        **_problems(*ACT, 410),
    },
)
coupon_release = extend_schema(
    operation_id="coupon_release",
    summary="Let a lock go",
    parameters=[CODE, KEY, RETRY_AFTER],
    request=_body(calls.Release),
    responses={
        200: inline_serializer(
            "CouponReleased",
            {
                "released": serializers.BooleanField(
                    help_text="Whether this store's lock was still there to let go"
                )
            },
        ),
        **_problems(*ACT),
    },
)
redemption_reverse = extend_schema(
    operation_id="redemption_reverse",
    summary="Take a redemption back; by the offer's policy the coupon is good again",
    parameters=[KEY, RETRY_AFTER],
    request=_body(calls.Reverse),
    responses={
        200: inline_serializer(
            "RedemptionReversed",
            {
                "redemption": serializers.CharField(),
                "coupon_state": serializers.ChoiceField(
                    Coupon.State.choices,
                    allow_null=True,
                    help_text="Null where the offer has one code for everybody",
                ),
                "reversed_at": serializers.DateTimeField(),
            },
        ),
        **_problems(*ACT),
    },
)
card_coupons = extend_schema(
    operation_id="card_coupons",
    summary="A card's coupons that are good in this store today, best first",
    parameters=[
        OpenApiParameter(
            "paper",
            {"type": "string", "enum": ["58", "80"]},
            description="For the till's own printer of 58 or 80 mm: the answer is ESC/POS bytes",
        ),
        RETRY_AFTER,
    ],
    responses={
        (200, slips.CONTENT_TYPE): OpenApiTypes.BINARY,
        (200, "application/json"): inline_serializer(
            "CardCoupons",
            {
                "card": serializers.CharField(),
                "coupons": inline_serializer(
                    "CardCoupon",
                    {
                        **_TERMS,
                        "position": serializers.IntegerField(help_text="Place on the sheet"),
                        "reason": serializers.CharField(help_text="Why this household, as printed"),
                    },
                    many=True,
                ),
            },
        ),
        **_problems(*LOOK),
    },
)
card_preferences = extend_schema(
    operation_id="card_preferences",
    summary="What the card's household said of itself",
    parameters=[RETRY_AFTER],
    responses={200: _PREFERENCES, **_problems(*LOOK, 409)},
)
card_prefer = extend_schema(
    operation_id="card_prefer",
    summary="What the card's household says now",
    description=calls.Preferences.__doc__,
    parameters=[KEY, RETRY_AFTER],
    request=_body(calls.Preferences),
    responses={200: _PREFERENCES, **_problems(*ACT)},
)
