"""POST /drf/uploads: nested ModelSerializers, validated, then bulk_create.

The fair version of it: products are looked up in one query and a request is one transaction. It
keeps no bytes, knows no repeats and rejects a whole request for one bad basket.
"""

from typing import Any

from django.db import transaction
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pos_integration.models import Product, Terminal
from tests.benchmarks.drf_shop.models import Basket, BasketLine, Tender


class LineSerializer(serializers.ModelSerializer[BasketLine]):
    line = serializers.IntegerField(source="number", min_value=0)

    class Meta:
        model = BasketLine
        fields = ("line", "code", "kind", "quantity", "unit", "amount", "discount")


class TenderSerializer(serializers.ModelSerializer[Tender]):
    class Meta:
        model = Tender
        fields = ("kind", "amount")


class BasketSerializer(serializers.ModelSerializer[Basket]):
    card = serializers.CharField(source="card_number", max_length=32)
    lines = LineSerializer(many=True)
    tenders = TenderSerializer(many=True)

    class Meta:
        model = Basket
        fields = (
            *("till", "business_date", "receipt", "kind", "ended_at", "card", "currency"),
            *("lines", "tenders"),
        )


class UploadSerializer(serializers.Serializer[Any]):
    baskets = BasketSerializer(many=True)


class DrfUploads(APIView):
    @transaction.atomic
    def post(self, request: Request) -> Response:
        terminal = request.auth
        assert isinstance(terminal, Terminal)
        wanted = UploadSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data["baskets"]
        parts = [(basket.pop("lines"), basket.pop("tenders")) for basket in said]
        baskets = Basket._default_manager.bulk_create(
            Basket(store=terminal.store, **basket) for basket in said
        )
        codes = {line["code"] for lines, _ in parts for line in lines}
        products = dict(Product.objects.filter(code__in=codes).values_list("code", "pk"))
        pairs = list(zip(baskets, parts, strict=True))
        BasketLine._default_manager.bulk_create(
            BasketLine(basket=basket, product_id=products[line["code"]], **line)
            for basket, (lines, _) in pairs
            for line in lines
        )
        Tender._default_manager.bulk_create(
            Tender(basket=basket, position=place, **tender)
            for basket, (_, tenders) in pairs
            for place, tender in enumerate(tenders)
        )
        return Response({"accepted": len(baskets)}, 201)


urlpatterns = [path("drf/uploads", DrfUploads.as_view()), path("", include("loyalty.urls"))]
