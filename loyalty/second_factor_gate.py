"""Nobody comes to a page of the desk without the second factor that is asked of them."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from loyalty import second_factor
from loyalty.second_factor import Step

RESET: Final = "second-factor"
"""Why somebody signs in again: their second factor was taken away meanwhile."""

_ASKED: Final = "admin:second_factor_asked"
_MINE: Final = "admin:second_factor"
_OPEN: Final = {
    Step.SHOW: {_ASKED},
    Step.SET_UP: {_MINE, "admin:second_factor_set_up"},
    Step.SIGN_IN_AGAIN: set[str](),
}


class SecondFactorMiddleware:
    """Lead who gave a password, and has more to do, to where it is done.

    Whatever the desk's own addresses are, under whichever prefix, and even those it does not
    know: all but logging out. Tills, shoppers and the choice of language are not of the desk.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if (
            settings.SECOND_FACTOR == second_factor.OFF
            or match is None
            or "admin" not in match.app_names
            or match.view_name == "admin:logout"
        ):
            return None
        user = request.user
        if not user.is_authenticated or not user.is_staff:
            return None  # is shown no page but the one to sign in at
        step = second_factor.step_of(user, request.session)
        if step is None or match.view_name in _OPEN[step]:
            return None
        if step is Step.SIGN_IN_AGAIN:
            logout(request)
            return _lead(request, "admin:login", why=RESET)
        return _lead(request, _ASKED if step is Step.SHOW else _MINE)


def _lead(request: HttpRequest, name: str, **query: str) -> HttpResponse:
    """To a page that leads back to this one; what was only sent is not sent again."""
    is_shown = request.method in ("GET", "HEAD")
    back = request.get_full_path() if is_shown else reverse("admin:index")
    asked = urlencode({REDIRECT_FIELD_NAME: back, **query})
    return HttpResponseRedirect(f"{reverse(name)}?{asked}")
