"""The till's calls about sales: hand over an upload, and ask what became of it."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django_q.tasks import async_task
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pos_integration import formats, incoming, ingest, keeping, openapi
from pos_integration.models import Terminal, Upload
from pos_integration.problems import Problem

REJECTS_SHOWN = 1_000
UNREAD = "application/gzip"  # bytes that were no gzip are kept as this: no feed reads it

RECEIPT = inline_serializer(
    "Upload",
    {
        "upload": serializers.CharField(),
        "state": serializers.ChoiceField(choices=["received", "loaded", "failed"]),
        "baskets": serializers.IntegerField(),
        "lines": serializers.IntegerField(help_text="Of all baskets that could be read"),
        "accepted": serializers.IntegerField(),
        "duplicates": serializers.IntegerField(help_text="Came before, with the same content"),
        "rejected": serializers.IntegerField(),
        "skipped": serializers.IntegerField(help_text="No sales: training, sign-ons, cash counts"),
        "rejects": inline_serializer(
            "Reject",
            {
                "position": serializers.IntegerField(help_text="Place in the upload, from 0"),
                "code": serializers.CharField(),
                "detail": serializers.CharField(),
                "receipt": serializers.CharField(),
            },
            many=True,
        ),
        "rejects_left_out": serializers.IntegerField(help_text=f"Beyond the first {REJECTS_SHOWN}"),
    },
)
PROBLEM_TYPE = "application/problem+json"
BASKET = openapi.basket_schema()


def receipt(upload: Upload) -> dict[str, Any]:
    """Return what a till is told of its upload, the same however often it asks."""
    fields = ("position", "code", "detail", "receipt")
    rejects = upload.rejects.order_by("position").values(*fields) if upload.rejected else ()
    return {
        "upload": str(upload.pk),
        "state": upload.state,
        "baskets": upload.baskets,
        "lines": upload.lines,
        "accepted": upload.accepted,
        "duplicates": upload.duplicates,
        "rejected": upload.rejected,
        "skipped": upload.skipped,
        "rejects": list(rejects[:REJECTS_SHOWN]),
        "rejects_left_out": max(0, upload.rejected - REJECTS_SHOWN),
    }


class UploadsView(APIView):
    """POST a till's sales: kept, then loaded before the answer unless asked otherwise."""

    @extend_schema(
        operation_id="upload_sales",
        parameters=[
            OpenApiParameter(
                "Prefer", str, OpenApiParameter.HEADER, enum=["respond-async"], required=False
            ),
            OpenApiParameter(
                "Content-Encoding", str, OpenApiParameter.HEADER, enum=["gzip"], required=False
            ),
        ],
        request={
            "application/json": {
                "type": "object",
                "required": ["baskets"],
                "properties": {"baskets": {"type": "array", "items": BASKET}},
            },
            "application/x-ndjson": {"type": "string", "description": "A basket a line"},
            "text/csv": {
                "type": "string",
                "description": "A line item a row under a header of the basket's field names",
            },
            "application/xml": {"type": "string", "description": "ARTS POSLog 2 to 6"},
            "text/xml": {"type": "string", "description": "ARTS POSLog 2 to 6"},
            **{
                media_type: {"type": "object", "description": "As the system's own API answers"}
                for media_type in formats.MEDIA_TYPES
                if media_type.startswith("application/vnd.")
            },
        },
        responses={
            200: RECEIPT,
            201: RECEIPT,
            202: RECEIPT,
            **{(status, PROBLEM_TYPE): openapi.PROBLEM for status in (400, 401, 411, 413, 415)},
        },
    )
    def post(self, request: Request) -> Response:
        terminal = request.auth
        assert isinstance(terminal, Terminal)
        media_type = _media_type(request)
        loads_now = not _wants_no_wait(request)
        with incoming.Body(request._request, settings.UPLOAD_MAX_BYTES) as body:
            try:
                upload, is_new = keeping.accept(
                    terminal, body.unpacked(), media_type, is_claimed=loads_now
                )
            except incoming.NotGzipError:
                loads_now = True  # there is nothing in it to wait for
                upload, is_new = keeping.accept(
                    terminal, body.as_it_came(), UNREAD, is_claimed=True
                )
        if loads_now:
            upload = ingest.load(upload.pk, is_claimed=is_new)
        elif upload.state == Upload.State.RECEIVED:
            async_task("pos_integration.tasks.load", upload.pk)
        if upload.state == Upload.State.FAILED:
            raise _not_to_its_end(upload)
        waits = upload.state == Upload.State.RECEIVED  # here, or another call is loading it now
        headers = {"Location": reverse("upload", args=[upload.pk])}
        return Response(receipt(upload), 202 if waits else 201 if is_new else 200, headers=headers)


def _not_to_its_end(upload: Upload) -> Problem:
    fault = upload.rejects.latest("position")
    taken = f" {upload.accepted} baskets before that were taken." if upload.accepted else ""
    return Problem(400, fault.code, f"{fault.detail}{taken} Kept for staff as upload {upload.pk}.")


class UploadView(APIView):
    """GET what became of an upload of this terminal."""

    @extend_schema(
        operation_id="upload_receipt",
        parameters=[OpenApiParameter("pk", OpenApiTypes.INT64, OpenApiParameter.PATH)],
        responses={
            200: RECEIPT,
            **{(status, PROBLEM_TYPE): openapi.PROBLEM for status in (401, 404)},
        },
    )
    def get(self, request: Request, pk: int) -> Response:
        assert isinstance(request.auth, Terminal)
        uploads = Upload.objects.filter(terminal=request.auth).defer("body")
        if pk >= 2**63:
            uploads = uploads.none()
        return Response(receipt(get_object_or_404(uploads, pk=pk)))


def _wants_no_wait(request: Request) -> bool:
    wishes = request.headers.get("Prefer", "").replace(";", ",").split(",")
    return "respond-async" in {wish.strip().lower() for wish in wishes}


def _media_type(request: Request) -> str:
    """Return the body's media type, one that can be read; Problem 415 for others."""
    given, *parameters = (request.content_type or "").lower().split(";")
    media_type = given.strip()
    for name, _, value in (parameter.partition("=") for parameter in parameters):
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
            raise Problem(415, "unknown_charset", f"Send UTF-8, not {value.strip()[:40]}.")
    if media_type not in formats.MEDIA_TYPES:
        wanted = " or ".join(formats.MEDIA_TYPES)
        raise Problem(
            415, "unknown_media_type", f"'{media_type[:80]}' is not read here; send {wanted}."
        )
    return media_type
