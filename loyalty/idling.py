"""When the desk lets nobody go on: idle too long, or an account that was closed."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

_SEEN: Final = "desk_seen"  # in the session: seconds since 1970, to the minute
_A_MINUTE: Final = 60  # so that not every page writes the session
_POLLS: Final = "X-Polls"  # what a page asks by itself, to show progress: nobody's hand
IDLE: Final = "idle"
CLOSED: Final = "closed"


@receiver(user_logged_in)
def _note_time(request: HttpRequest, **_: Any) -> None:
    """Written with the sign-in itself, so that no page has to."""
    request.session[_SEEN] = int(timezone.now().timestamp())


class IdleMiddleware:
    """Sign somebody out who did nothing at the desk for SESSION_IDLE_MINUTES.

    Who was signed in and may not be any more, for the account was closed or its password changed,
    is told so instead of only being asked to sign in. A page that follows the night or a print run
    asks by itself, and keeps nobody signed in by that. Tills and shoppers have no session here, and
    none is read for them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.desk = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(self.desk):
            return self.get_response(request)
        was_in = SESSION_KEY in request.session  # before anybody asks who it is
        if request.user.is_authenticated:
            now = int(timezone.now().timestamp())
            seen = request.session.get(_SEEN, now)
            is_poll = _POLLS in request.headers
            if now - seen > 60 * settings.SESSION_IDLE_MINUTES:
                if is_poll:  # whoever comes back is told why, by the next page they ask for
                    return HttpResponse(status=401)
                logout(request)
                return HttpResponseRedirect(self._sign_in_again(request, IDLE))
            is_old = _SEEN not in request.session or now - seen >= _A_MINUTE
            if is_old and not is_poll:
                request.session[_SEEN] = now
        elif was_in:
            logout(request)
            return HttpResponseRedirect(self._sign_in_again(request, CLOSED))
        return self.get_response(request)

    def _sign_in_again(self, request: HttpRequest, why: str) -> str:
        """Where one signs in and comes back to the page; what was only sent is not sent again."""
        back = request.get_full_path() if request.method in ("GET", "HEAD") else self.desk
        query = urlencode({REDIRECT_FIELD_NAME: back, "why": why})
        return f"{reverse('admin:login')}?{query}"
