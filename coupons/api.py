"""The till's calls about coupons: what is it worth, and redeem it."""

from datetime import date
from decimal import Decimal

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coupons import till
from pos_integration import problems
from pos_integration.models import Terminal

KEY_LENGTH = 80


class BasketKeySerializer(serializers.Serializer[till.BasketKey]):
    store = serializers.CharField(max_length=13)
    till = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    business_date = serializers.DateField()
    receipt = serializers.CharField(max_length=40)


class RedeemSerializer(serializers.Serializer[object]):
    basket_key = BasketKeySerializer()
    amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=Decimal(0))
    item = serializers.CharField(
        max_length=32, required=False, help_text="What was scanned, to check it against the offer"
    )

    def validate_basket_key(self, value: dict[str, object]) -> till.BasketKey:
        day = value["business_date"]
        assert isinstance(day, date)
        return till.BasketKey(
            store=str(value["store"]),
            till=int(str(value["till"])),
            business_date=day,
            receipt=str(value["receipt"]),
        )


TERMS = inline_serializer(
    "CouponTerms",
    {
        "code": serializers.CharField(),
        "state": serializers.ChoiceField(["good", "redeemed", "expired", "not_yet", "void"]),
        "offer": inline_serializer(
            "CouponOffer",
            {
                "code": serializers.CharField(),
                "name": serializers.CharField(),
                "detail": serializers.CharField(),
                "kind": serializers.ChoiceField(["amount", "percent"]),
                "percent": serializers.IntegerField(allow_null=True),
                "text": serializers.CharField(),
                "funder": serializers.CharField(),
            },
        ),
        "valid_from": serializers.DateField(),
        "valid_to": serializers.DateField(),
        "value": serializers.DecimalField(max_digits=8, decimal_places=2),
    },
)
REDEEMED = inline_serializer(
    "Redeemed",
    {
        "redemption": serializers.CharField(),
        "amount": serializers.DecimalField(max_digits=10, decimal_places=2),
        "redeemed_at": serializers.DateTimeField(),
    },
)


class CouponView(APIView):
    """GET what a coupon is worth and whether it is good here and now."""

    @extend_schema(
        operation_id="coupon_terms",
        parameters=[OpenApiParameter("card", str, description="The card shown at the till")],
        responses={200: TERMS},
    )
    def get(self, request: Request, code: str) -> Response:
        assert isinstance(request.auth, Terminal)
        coupon = till.find(code, card=request.query_params.get("card", ""))
        return Response(till.terms(coupon, request.auth.store))


class RedeemView(APIView):
    """POST burns a coupon once and for all."""

    @extend_schema(
        operation_id="coupon_redeem",
        request=RedeemSerializer,
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
        responses={201: REDEEMED},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        terminal = request.auth
        assert isinstance(terminal, Terminal)
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > KEY_LENGTH:
            raise problems.Problem(
                400, "bad_key", f"the Idempotency-Key is longer than {KEY_LENGTH} characters"
            )
        raw = request._request.body  # before DRF reads the stream
        wanted = RedeemSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data
        answer = till.answer_once(
            terminal,
            key,
            request.path.encode() + b"\n" + raw,
            lambda: till.redeem(
                terminal, code, asked["basket_key"], asked["amount"], asked.get("item", "")
            ),
        )
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
