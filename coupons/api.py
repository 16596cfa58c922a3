"""The till's calls: what a coupon is worth, hold it, redeem it, and what a card has and wants."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from coupons import answers, calls, described, holding, slips, till, wallet
from pos_integration import strict
from pos_integration.models import Terminal

T = TypeVar("T")


class TillView(APIView):
    """A call that could be a guess. What it reads is strict JSON; what it answers is bytes."""

    schema = described.TillSchema()
    parser_classes = [strict.StrictJSONParser]

    def look(
        self, request: Request, work: Callable[[Terminal], dict[str, Any] | bytes]
    ) -> HttpResponse:
        """Answer a call that changes nothing."""
        terminal = request.auth
        assert isinstance(terminal, Terminal)
        return _said(answers.answer(terminal, lambda: work(terminal)))

    def act(
        self,
        request: Request,
        shape: type[T],
        work: Callable[[Terminal, T], dict[str, Any]],
        status: int = 200,
    ) -> HttpResponse:
        """Answer a call whose body is a `shape`, once under its Idempotency-Key."""
        terminal = request.auth
        assert isinstance(terminal, Terminal)
        key = answers.check_key(request.headers.get("Idempotency-Key"))
        body = strict.body(request)
        asked = strict.shaped(request.data, shape)
        whole = f"{request.method} {request.path}\n".encode() + body
        return _said(
            answers.answer(
                terminal, lambda: work(terminal, asked), status=status, key=key, request=whole
            )
        )


def _said(answer: answers.Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


class CouponView(TillView):
    """GET what a coupon is worth and whether it is good here and now."""

    @described.coupon_terms
    def get(self, request: Request, code: str) -> HttpResponse:
        card = request.query_params.get("card", "")
        return self.look(request, lambda terminal: till.terms(terminal, code, card))


class LockView(TillView):
    """POST checks a coupon against a basket and holds it for that receipt."""

    @described.coupon_lock
    def post(self, request: Request, code: str) -> HttpResponse:
        return self.act(
            request, calls.Lock, lambda terminal, asked: holding.hold(terminal, code, asked)
        )


class RedeemView(TillView):
    """POST burns a coupon once and for all."""

    @described.coupon_redeem
    def post(self, request: Request, code: str) -> HttpResponse:
        return self.act(
            request,
            calls.Redeem,
            lambda terminal, asked: till.redeem(
                terminal,
                code,
                asked.basket_key,
                asked.amount,
                token=asked.lock or "",
                item=asked.item or "",
                card=asked.card or "",
            ),
            status=201,
        )


class ReleaseView(TillView):
    """POST lets a lock go."""

    @described.coupon_release
    def post(self, request: Request, code: str) -> HttpResponse:
        return self.act(
            request,
            calls.Release,
            lambda terminal, asked: holding.release(terminal, code, asked.lock, asked.card or ""),
        )


class ReverseView(TillView):
    """POST takes a redemption back."""

    @described.redemption_reverse
    def post(self, request: Request, redemption: str) -> HttpResponse:
        return self.act(
            request,
            calls.Reverse,
            lambda terminal, asked: till.take_back(terminal, redemption, asked.reason),
        )


class CardCouponsView(TillView):
    """GET a card's live coupons, best first."""

    @described.card_coupons
    def get(self, request: Request, card: str) -> HttpResponse:
        paper = request.query_params.get("paper")
        if paper is None:
            return self.look(request, lambda terminal: wallet.coupons_of(terminal, card))
        said = self.look(request, lambda terminal: wallet.receipt_of(terminal, card, paper))
        if said.status_code == 200:
            said["Content-Type"] = slips.CONTENT_TYPE
        return said


class CardPreferencesView(TillView):
    """GET and PUT what a shopper said."""

    @described.card_preferences
    def get(self, request: Request, card: str) -> HttpResponse:
        return self.look(request, lambda terminal: wallet.preferences_of(card))

    @described.card_prefer
    def put(self, request: Request, card: str) -> HttpResponse:
        return self.act(
            request, calls.Preferences, lambda terminal, said: wallet.prefer(card, said)
        )
