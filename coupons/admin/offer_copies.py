"""Copying an offer at the desk: its code is asked for, and a double click makes one copy."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import copying
from coupons.models import Offer, OfferBarcode
from pos_integration.said import retold


class CodeForm(forms.Form):
    """The code of the copy."""

    code = forms.CharField(
        max_length=40, label=gettext_lazy("Code of the copy"), help_text=gettext_lazy("Not taken")
    )


def copy_view(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the code of the copy, make it and go where it is put right."""
    if not request.user.has_perm("coupons.add_offer"):
        raise PermissionDenied
    offer = get_object_or_404(Offer, pk=pk)
    form = CodeForm(request.POST or None, initial={"code": copying.next_code(offer.code)})
    if form.is_valid():
        assert isinstance(request.user, AbstractBaseUser)
        try:
            made, is_new = copying.copy(offer, request.user, form.cleaned_data["code"])
        except ValueError as error:
            form.add_error("code", retold(str(error)))
        else:
            if is_new:
                messages.success(
                    request,
                    _("Copied, for %(first)s to %(last)s: look at its days and its words.")
                    % {"first": made.valid_from, "last": made.valid_to},
                )
                if OfferBarcode.objects.filter(offer=offer).exists():
                    messages.warning(
                        request,
                        _(
                            "Its barcode by rules of GS1 did not come along: a reference names "
                            "one offer. Give the copy one of its own below, or none."
                        ),
                    )
            return HttpResponseRedirect(reverse("admin:coupons_offer_change", args=[made.pk]))
    days = (offer.valid_to - offer.valid_from).days + 1
    answer: Any = page.ask(
        request,
        title=_("Copy: %(offer)s") % {"offer": offer},
        says=[
            _(
                "Its worth, levels, words, rules, products, stores, limits and photograph are "
                "copied; its coupons are not. The copy is good for the %(days)s days that follow."
            )
            % {"days": days}
        ],
        button=_("Copy"),
        back=reverse("admin:coupons_offer_change", args=[pk]),
    )
    answer.context_data["form"] = form
    kept: HttpResponse = answer
    return kept
