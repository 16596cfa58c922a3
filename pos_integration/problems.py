"""Errors as tills read them: application/problem+json (RFC 9457)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response


class Problem(exceptions.APIException):
    """An error with a code for machines and a sentence for staff."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[dict[str, str]] = (),
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.sentence = detail
        self.errors = list(errors)


class TryAgainError(exceptions.APIException):
    """The database is away for a moment; a till repeats its call under its Idempotency-Key."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "try_again"
    default_detail = "The database is not there just now. The same call again will do."
    wait = 1  # seconds, as Retry-After


def body(
    status: int, code: str, detail: str, errors: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """Return the members of a problem; `errors` are {pointer, code, detail}."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": list(errors),
    }


@csrf_exempt  # an answer in HTML would be read by no till
def nothing_here(request: HttpRequest) -> JsonResponse:
    """Answer a call to a place that the API does not have."""
    return JsonResponse(
        body(404, "not_found", "There is no such call; see /api/v1/docs/."),
        status=404,
        content_type="application/problem+json",
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; a bug is left to raise."""
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here that this terminal may know of.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, OperationalError):
        # It restarts, or another call was in the way: the same call again will do.
        error = TryAgainError()
    if not isinstance(error, exceptions.APIException):
        return None
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(error, Problem):
        content = body(error.status_code, error.code, error.sentence, error.errors)
    elif isinstance(error, exceptions.ValidationError):
        content = body(
            error.status_code,
            "invalid",
            "The request does not have the form that is wanted.",
            _pointers(error.detail),
        )
    else:
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "invalid"
        content = body(error.status_code, code, str(error.detail))
    return Response(
        content,
        status=error.status_code,
        headers=headers,
        content_type="application/problem+json",
    )


def _pointers(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested messages to a JSON pointer each."""
    if isinstance(detail, dict):
        parts = [_pointers(value, f"{pointer}/{key}") for key, value in detail.items()]
    elif isinstance(detail, list) and not all(isinstance(item, str) for item in detail):
        parts = [_pointers(value, f"{pointer}/{place}") for place, value in enumerate(detail)]
    else:
        messages = detail if isinstance(detail, list) else [detail]
        return [
            {"pointer": pointer, "code": getattr(item, "code", "invalid"), "detail": str(item)}
            for item in messages
        ]
    return [entry for part in parts for entry in part]
