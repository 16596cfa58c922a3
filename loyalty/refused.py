"""What somebody sees who is refused, or asks for what is not there, or meets a fault of ours.

At the desk these pages look like the desk, and say what happened and what to do; elsewhere they
are plain, and tills are answered as they are of everything.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from pos_integration import problems


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the role does not allow it, or does not any more."""
    if _is_of_a_till(request):
        return _told_a_till(403, "forbidden", "This terminal may not do that.")
    return _said(
        request,
        403,
        _("That is not yours to do"),
        [
            _("Nothing was changed: your role at the desk does not include this page or button."),
            _role(request),
            _(
                "If you could do it before, your role was changed since. Ask an administrator, "
                "who gives out roles and stores on the page of users."
            ),
        ],
    )


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that was not made for this session, or whose session is over; for CSRF."""
    return _said(
        request,
        403,
        _("This form is not good any more"),
        [
            _(
                "Nothing was changed. The form was opened before you last signed in, or in a "
                "browser that keeps no cookies of this site."
            )
            if _home(request)
            else _(
                "Nothing was changed. The page was open for long, or your browser keeps no cookies "
                "of this site: let it keep them."
            ),
            _("Go back, load the page again, and send it once more."),
        ],
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or a row that is gone or of a store that is not one's own."""
    if _is_of_a_till(request):
        return _told_a_till(404, "not_found", "There is nothing here.")
    if not _home(request):
        return _said(
            request,
            404,
            _("There is nothing here"),
            [
                _("The address may be mistyped, or have been cut off on its way to you."),
                _(
                    "If it is of a sheet of coupons, read the code on the sheet once more, or "
                    "bring the sheet to any of our tills: its coupons are good without this page."
                ),
            ],
        )
    return _said(
        request,
        404,
        _("There is nothing here"),
        [
            _(
                "The address may be mistyped. What it led to may be gone, or belong to a store "
                "that is not among yours."
            ),
            _role(request),
            _("Look for it by its number, code or name in the box at the top."),
        ],
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what was sent cannot be read, or is too large to be."""
    if _is_of_a_till(request):
        return _told_a_till(400, "invalid", "The request cannot be read.")
    return _said(
        request,
        400,
        _("That could not be read"),
        [
            _("Nothing was changed: what the browser sent is too large, or not what a form sends."),
            _("Go back and send less at once: a smaller file, a shorter text, fewer ticked rows."),
        ],
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500: a fault of ours. Asks neither the database nor the session: they may be the fault."""
    if _is_of_a_till(request):
        return _told_a_till(500, "broken", "Something is broken here. Try again later.")
    text = render_to_string(
        "refused.html",
        {
            "title": _("Something went wrong here"),
            "says": [
                _("It is not your fault, and it was noted. What you sent was not kept."),
                _(
                    "Try again in a minute. If it comes again, tell an administrator what you did "
                    "and at what time."
                ),
            ],
            "home": _home(request),
        },
    )
    return HttpResponse(text, status=500)


def _is_of_a_till(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _told_a_till(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse(
        problems.body(status, code, detail), status=status, content_type="application/problem+json"
    )


def _home(request: HttpRequest) -> str:
    """The desk's first page, for who is somewhere at the desk; else nothing."""
    desk = reverse("admin:index")
    return desk if request.path.startswith(desk) else ""


def _said(request: HttpRequest, status: int, title: str, says: list[str]) -> HttpResponse:
    home = _home(request)
    context: dict[str, Any] = {
        "title": title,
        "says": [sentence for sentence in says if sentence],
        "home": home,
    }
    if home and admin.site.has_permission(request):
        return render(
            request,
            "admin/refused.html",
            {**admin.site.each_context(request), **context},
            status=status,
        )
    return HttpResponse(render_to_string("refused.html", context), status=status)


def _role(request: HttpRequest) -> str:
    """What whoever is signed in is here, in a sentence; empty for nobody."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    if user.is_superuser:
        return _("You are signed in as %(name)s.") % {"name": user.get_username()}
    groups = ", ".join(user.groups.order_by("name").values_list("name", flat=True))
    if not groups:
        return _("You are signed in as %(name)s, and have no role yet.") % {
            "name": user.get_username()
        }
    return _("You are signed in as %(name)s, and your role is %(groups)s.") % {
        "name": user.get_username(),
        "groups": groups,
    }
