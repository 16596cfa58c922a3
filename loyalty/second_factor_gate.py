"""Nobody comes to a page of the desk without the second factor that is asked of them."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from loyalty import second_factor
from loyalty.second_factor import Step

RESET: Final = "second-factor"
"""Why somebody signs in again: their second factor was taken away meanwhile."""


class SecondFactorMiddleware:
    """Lead who gave a password, and has more to do, to where it is done.

    Tills and shoppers are not looked at: their addresses lie elsewhere. Logging out and the
    desk's language stay possible.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.desk = reverse("admin:index")
        self.always = {reverse("admin:logout")}
        self.open = {
            Step.SHOW: {reverse("admin:second_factor_asked")},
            Step.SET_UP: {reverse("admin:second_factor"), reverse("admin:second_factor_set_up")},
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            settings.SECOND_FACTOR == second_factor.OFF
            or not request.path.startswith(self.desk)
            or request.path in self.always
        ):
            return self.get_response(request)
        user = request.user
        # Who is not of the staff is shown no page but the one to sign in at.
        step = (
            second_factor.step_of(user, request.session)
            if user.is_authenticated and user.is_staff
            else None
        )
        if step is Step.SIGN_IN_AGAIN:
            logout(request)
            return self._lead(request, "admin:login", why=RESET)
        if step is None or request.path in self.open[step]:
            return self.get_response(request)
        return self._lead(
            request, "admin:second_factor_asked" if step is Step.SHOW else "admin:second_factor"
        )

    def _lead(self, request: HttpRequest, name: str, **query: str) -> HttpResponse:
        """To a page that leads back to this one; what was only sent is not sent again."""
        back = request.get_full_path() if request.method in ("GET", "HEAD") else self.desk
        asked = urlencode({REDIRECT_FIELD_NAME: back, **query})
        return HttpResponseRedirect(f"{reverse(name)}?{asked}")
