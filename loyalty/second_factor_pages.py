"""The desk's pages of a second factor: asked at sign-in, set up, changed, its recovery codes."""

from typing import Any, Final, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from loyalty import second_factor, second_factor_code
from loyalty.second_factor import Step, Wish
from loyalty.second_factor_forms import CodeForm, DigitsForm, FirstDigitsForm, ProofForm

_FEW: Final = 3  # recovery codes: time for new ones

# Title, what will happen, button.
_WISHES: Final = {
    Wish.DEVICE: (
        gettext_lazy("Use another phone"),
        gettext_lazy(
            "You scan a new code with the other phone. The one you use now is good until the new "
            "one has shown its first digits; then it is worth nothing any more, and neither are "
            "your recovery codes: you get new ones."
        ),
        gettext_lazy("Show the new code"),
    ),
    Wish.CODES: (
        gettext_lazy("New recovery codes"),
        gettext_lazy(
            "You get ten new recovery codes. Those that you have now are worth nothing any more."
        ),
        gettext_lazy("Make new recovery codes"),
    ),
    Wish.NONE: (
        gettext_lazy("Do without a second factor"),
        gettext_lazy(
            "From then on your password alone lets you in, and anybody who knows it. Your recovery "
            "codes are worth nothing any more."
        ),
        gettext_lazy("Do without"),
    ),
}


@sensitive_post_parameters("digits", "code")
def asked(request: HttpRequest) -> HttpResponse:
    """After the password: the digits, or a recovery code."""
    user, session = _who(request), request.session
    onward = HttpResponseRedirect(_onward(request))
    if second_factor.step_of(user, session) is not Step.SHOW:
        return onward
    digits = DigitsForm(request.POST if "digits" in request.POST else None)
    code = CodeForm(request.POST if "code" in request.POST else None)
    if digits.is_valid():
        reason = second_factor.show_digits(session, user, digits.cleaned_data["digits"])
        if reason is None:
            return onward
        digits.add_error("digits", reason)
    elif code.is_valid():
        reason = second_factor.show_code(session, user, code.cleaned_data["code"])
        if reason is None:
            _tell_of_codes(request, second_factor.codes_left(user))
            return onward
        code.add_error("code", reason)
    second_factor.note_asked(session)
    return _page(
        request, "asked", _("One more step"), has_permission=False, digits=digits, code=code
    )


def mine(request: HttpRequest) -> HttpResponse:
    """Whether one has a second factor, and what can be done about it. POST begins."""
    user, session = _who(request), request.session
    has_one = second_factor.has_one(user)
    if request.method == "POST":
        if not has_one:
            second_factor.start(session, user)
        return redirect("admin:second_factor" if has_one else "admin:second_factor_set_up")
    return _page(
        request,
        "mine",
        _("Your second factor"),
        has_one=has_one,
        left=second_factor.codes_left(user) if has_one else 0,
        few=_FEW,
        are_unseen=second_factor.are_codes_unseen(session),
        is_required=settings.SECOND_FACTOR == second_factor.REQUIRED,
    )


@sensitive_post_parameters("digits")
def set_up(request: HttpRequest) -> HttpResponse:
    """The new secret as a QR code and in letters, until its first digits were typed."""
    user, session = _who(request), request.session
    device = second_factor.being_set_up(session, user)
    if device is None:
        if second_factor.are_codes_unseen(session):
            return redirect("admin:second_factor_codes")
        if request.method == "POST":
            messages.warning(request, _("This code is not good any more. Begin again."))
        return redirect("admin:second_factor")
    form = FirstDigitsForm(_sent(request))
    if form.is_valid():
        reason = second_factor.confirm(session, user, form.cleaned_data["digits"])
        if reason is None:
            return redirect("admin:second_factor_codes")
        form.add_error("digits", reason)
    return _page(
        request,
        "set_up",
        _("Set up your second factor"),
        form=form,
        drawn=second_factor_code.drawn(
            device.config_url, _("QR code of the secret; it stands below in letters, too")
        ),
        address=device.config_url,
        secret=second_factor.secret_in_fours(device),
    )


def codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes that were made in this session, until they are kept."""
    user, session = _who(request), request.session
    if not second_factor.are_codes_unseen(session):
        return redirect("admin:second_factor")
    if request.method == "POST":
        second_factor.codes_are_kept(session)
        return redirect("admin:index")
    return _page(
        request, "codes", _("Your recovery codes"), codes=second_factor.codes_of(user), who=user
    )


@sensitive_post_parameters("digits", "password")
def changed(request: HttpRequest, wish: str) -> HttpResponse:
    """Asks once more who it is, then does what is wished."""
    user, wanted = _who(request), Wish(wish)
    if wanted is Wish.NONE and settings.SECOND_FACTOR == second_factor.REQUIRED:
        raise Http404
    if not second_factor.has_one(user):
        return redirect("admin:second_factor")
    form = ProofForm(_sent(request))
    if form.is_valid():
        reason = second_factor.change(
            request.session, user, wanted, lambda: _objection(request, user, form.cleaned_data)
        )
        if reason is None:
            if wanted is Wish.NONE:
                messages.success(request, _("You have no second factor any more."))
            return redirect(
                {
                    Wish.DEVICE: "admin:second_factor_set_up",
                    Wish.CODES: "admin:second_factor_codes",
                    Wish.NONE: "admin:second_factor",
                }[wanted]
            )
        form.add_error("digits" if form.cleaned_data["digits"] else "password", reason)
    title, says, button = _WISHES[wanted]
    return _page(request, "changed", title, form=form, says=says, button=button)


def _objection(request: HttpRequest, user: User, typed: dict[str, Any]) -> str | None:
    if typed["digits"]:
        return second_factor.is_right_now(user, typed["digits"])
    # Wrong passwords count as they do at sign-in, and lock out as they do there.
    known = authenticate(request, username=user.get_username(), password=typed["password"])
    if known is None or known.pk != user.pk:
        return _("This is not your password. Type it again, or the digits instead.")
    return None


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _who(request: HttpRequest) -> User:
    """Whoever is signed in, as the desk's own check found. Raises Http404 when it is off."""
    if settings.SECOND_FACTOR == second_factor.OFF:
        raise Http404
    return cast(User, request.user)


def _onward(request: HttpRequest) -> str:
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else reverse("admin:index")


def _tell_of_codes(request: HttpRequest, left: int) -> None:
    if left == 0:
        says = _("That was your last recovery code: make new ones now, under your name.")
    else:
        says = ngettext(
            "This recovery code is used up; you have %(left)s more.",
            "This recovery code is used up; you have %(left)s more.",
            left,
        ) % {"left": left}
    messages.warning(request, says)


def _page(request: HttpRequest, name: str, title: Any, **more: Any) -> TemplateResponse:
    """A page of these; without the bar for who may not go anywhere else yet."""
    frame = admin.site.each_context(request)
    if second_factor.step_of(_who(request), request.session) is not None:
        frame["has_permission"] = False
    return TemplateResponse(
        request, f"admin/second_factor/{name}.html", {**frame, "title": title, **more}
    )


def _at(address: str, view: Any, name: str) -> Any:
    return path(f"second-factor/{address}", admin.site.admin_view(view), name=name)


urls = [
    _at("", mine, "second_factor"),
    _at("asked/", asked, "second_factor_asked"),
    _at("set-up/", set_up, "second_factor_set_up"),
    _at("recovery-codes/", codes, "second_factor_codes"),
    *(
        path(
            f"second-factor/{wish}/",
            admin.site.admin_view(changed),
            {"wish": wish.value},
            name=f"second_factor_{wish.value.replace('-', '_')}",
        )
        for wish in Wish
    ),
]
