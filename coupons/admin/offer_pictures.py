"""An offer's picture, uploaded on its own page: looked at as it will be printed, then shown."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.drawn import LARGE, drawing, photograph
from coupons.models import Offer
from pos_integration.desk import Tool

_SALT: Final = "coupons.offer_picture"
_A_DAY: Final = 24 * 3600
_ACCEPT: Final = "image/jpeg,image/png,image/webp,image/gif,image/tiff,image/bmp"


class UploadForm(forms.Form):
    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        allow_empty_file=True,  # it is refused in words of its own
        widget=forms.FileInput(attrs={"accept": _ACCEPT}),
        help_text=gettext_lazy(
            "JPEG, PNG, WebP, GIF, TIFF or BMP, up to 20 MiB; 900 pixels are enough."
        ),
    )


def may_show(request: HttpRequest) -> bool:
    return request.user.has_perms(
        ["coupons.change_offer", "coupons.add_picture", "coupons.change_picture"]
    )


def tool(offer: Offer) -> Tool:
    return Tool(_("Upload a picture"), reverse("admin:coupons_offer_picture", args=[offer.pk]))


def picture_view(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Take a file in and show it as it is printed; then, once confirmed, on this offer."""
    if not may_show(request):
        raise PermissionDenied
    offer = get_object_or_404(Offer, pk=pk)
    if "looked" in request.POST:
        return _confirmed(request, offer)
    from coupons import (  # loads what reads pictures: too slow for every command
        picture_retention,
        pictures,
    )
    from coupons.sheets import photos

    form = UploadForm(request.POST or None, request.FILES or None)
    looked = new = ""
    done: str = ""
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["picture"]
        try:
            if upload.size > photos.MOST_BYTES:
                raise pictures.PictureError(f"{upload.size / 2**20:.1f} MiB are too many.")
            prepared = photos.prepare(upload.read())
        except pictures.PictureError as error:
            form.add_error("picture", str(error))
        else:
            file, done = pictures.file_of(prepared), pictures.said_of(prepared)
            picture_retention.looked_at([file.pk])
            looked = signing.dumps([request.user.pk, offer.pk, file.pk, done], salt=_SALT)
            new = photograph(file.pk, offer.name, LARGE)
    shown = pictures.photo_of([offer]).get(offer.pk)
    return TemplateResponse(
        request,
        "admin/offer_picture.html",
        {
            **page.admin_site.each_context(request),
            "opts": page.opts,
            "title": _("Picture of %(offer)s") % {"offer": offer},
            "offer": offer,
            "back": reverse("admin:coupons_offer_change", args=[pk]),
            "form": form,
            "looked": looked,
            "new": new,
            "done": done,
            "now": photograph(shown, offer.name, LARGE) if shown else drawing(offer.picture),
        },
    )


def _confirmed(request: HttpRequest, offer: Offer) -> HttpResponse:
    from coupons import pictures  # as above

    back = HttpResponseRedirect(reverse("admin:coupons_offer_change", args=[offer.pk]))
    try:
        said = signing.loads(request.POST["looked"], salt=_SALT, max_age=_A_DAY)
    except signing.BadSignature:
        said = None
    if said is None or said[:2] != [request.user.pk, offer.pk]:
        messages.error(
            request,
            _(
                "This was looked at too long ago, or by somebody else: upload the picture once "
                "more."
            ),
        )
        return HttpResponseRedirect(reverse("admin:coupons_offer_picture", args=[offer.pk]))
    assert isinstance(request.user, AbstractBaseUser)
    picture = pictures.show_on(offer.pk, said[2], said[3], request.user)
    if picture is None:
        messages.info(request, _("It shows this picture already: nothing was changed."))
    else:
        messages.success(
            request,
            _("It shows “%(picture)s” from now on; what is printed already stays.")
            % {"picture": picture},
        )
    return back
