"""Pictures at the desk: uploaded, looked at, given to products, replaced."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.drawn import LARGE, SMALL, photograph
from coupons.admin.picture_forms import (
    ConfirmForm,
    PictureForm,
    UploadForm,
    in_short,
    lines_table,
)
from coupons.models import Offer, Picture, PictureFile, Theme
from pos_integration.desk import NOTHING, Page, Panel, Tool, grouped, link, table
from pos_integration.said import retold

if TYPE_CHECKING:
    from coupons.picture_uploads import Looked, Plan

OFFERS_SHOWN: Final = 20
_OFFERS_ASKED: Final = 200
_SALT: Final = "coupons.pictures"
_A_DAY: Final = 24 * 3600
_A_YEAR: Final = 365 * 24 * 3600


def may_upload(request: HttpRequest) -> bool:
    return request.user.has_perms(["coupons.add_picture", "coupons.change_picture"])


@admin.register(Picture)
class PictureAdmin(Page[Picture]):
    list_display = ("thumbnail", "name", "size", "shown_by", "done_to_it", "uploaded_at")
    list_display_links = ("name",)
    list_select_related = ("file",)
    search_fields = ("name", "products__gtin__exact", "products__code__exact")
    search_help_text = gettext_lazy("Name; a whole GTIN-14 or in-house number of a product")
    ordering = ("-uploaded_at", "name")
    autocomplete_fields = ("products",)
    form = PictureForm
    fields = ("name", "upload", "products")
    may_delete = True
    empty_hint = gettext_lazy("No picture yet. Upload some, called after products or offers.")

    class Media:
        css = {"all": ("coupons/pictures.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Picture]:
        pictures = super().get_queryset(request).defer("file__content")
        return pictures.annotate(
            offer_count=Count("offers", distinct=True),
            product_count=Count("products", distinct=True),
        )

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_picture_{name}")

        return [
            named("upload/", self.upload_view, "upload"),
            named("image/<slug:sha256>/<int:longest>/", self.image_view, "image"),
            *super().get_urls(),
        ]

    @admin.display(description="")
    def thumbnail(self, picture: Picture) -> SafeString:
        return photograph(picture.file_id, picture.name)

    @admin.display(description=gettext_lazy("Pixels"))
    def size(self, picture: Picture) -> str:
        return str(picture.file)

    @admin.display(description=gettext_lazy("Shown by"))
    def shown_by(self, picture: Any) -> str:
        counts = ((picture.offer_count, "offer"), (picture.product_count, "product"))
        return ", ".join(_count(n, what) for n, what in counts if n) or NOTHING

    @admin.display(description=gettext_lazy("What was done to it"))
    def done_to_it(self, picture: Picture) -> str:
        return picture.changes or NOTHING

    def save_model(self, request: HttpRequest, obj: Picture, form: Any, change: bool) -> None:
        from coupons import pictures  # as in the forms

        if form.prepared is not None:
            obj.file = pictures.file_of(form.prepared)
            obj.changes = pictures.said_of(form.prepared)
            assert not request.user.is_anonymous
            obj.uploaded_by = request.user
        super().save_model(request, obj, form, change)

    def get_deleted_objects(
        self, objs: QuerySet[Picture] | Sequence[Picture], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        rows, counts, lacking, protected = super().get_deleted_objects(objs, request)
        if not protected:
            return rows, counts, lacking, []
        return rows, counts, set(), [*_in_use(objs)]

    def sentence(self, row: Picture) -> str:
        by = (
            (_(" by %(uploaded_by)s") % {"uploaded_by": row.uploaded_by}) if row.uploaded_by else ""
        )
        done = (
            (_(" What was done to it: %(changes)s.") % {"changes": row.changes})
            if row.changes
            else ""
        )
        return _("Uploaded %(uploaded_at)s%(by)s.%(done)s") % {
            "uploaded_at": date_format(row.uploaded_at),
            "by": by,
            "done": done,
        }

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        if not may_upload(request):
            return []
        return [Tool(_("Upload pictures"), reverse("admin:coupons_picture_upload"), is_main=True)]

    def panels(self, request: HttpRequest, row: Picture) -> list[Panel]:
        from coupons import pictures  # as in the forms

        candidates = Offer.objects.filter(photo=None, products__pictures=row).distinct()
        some = [*Offer.objects.filter(photo=row).order_by("-pk")[:_OFFERS_ASKED]]
        some += candidates.order_by("-pk")[:_OFFERS_ASKED]
        shown = pictures.photo_of(some)
        offers = [offer for offer in some if shown.get(offer.pk) == row.file_id]
        body = table(
            (_("Offer"), _("Why")),
            (
                (
                    link(reverse("admin:coupons_offer_change", args=[offer.pk]), offer),
                    _("its own photograph") if offer.photo_id else _("of a product it is good on"),
                )
                for offer in offers[:OFFERS_SHOWN]
            ),
            _("No offer shows it: give it products below, or choose it on an offer's page."),
        )
        note = (
            (_("the first %(offers_shown)s") % {"offers_shown": OFFERS_SHOWN})
            if len(offers) > OFFERS_SHOWN
            else ""
        )
        return [
            Panel(_("As it is printed"), photograph(row.file_id, row.name, LARGE), str(row.file)),
            Panel(_("Offers that show it"), body, note),
        ]

    def image_view(self, request: HttpRequest, sha256: str, longest: int) -> HttpResponse:
        """A kept picture, small or larger. Its bytes never change, so browsers may keep it."""
        may = request.user.has_perm
        if not (may("coupons.view_picture") or may("coupons.view_offer") or may_upload(request)):
            raise PermissionDenied
        from coupons.sheets import photos  # as in the forms

        file = get_object_or_404(PictureFile, pk=sha256)
        content = photos.reduced(bytes(file.content), SMALL if longest <= SMALL else LARGE)
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        response = HttpResponse(content, content_type=f"image/{kind}")
        response["Cache-Control"] = f"private, max-age={_A_YEAR}, immutable"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Disposition"] = "inline"
        return response

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Take files or a ZIP in, say what they would do, and do it once that is confirmed."""
        if not may_upload(request):
            raise PermissionDenied
        from coupons import picture_uploads  # as in the forms

        if "looked" in request.POST:
            return self._confirmed(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                looked = picture_uploads.look(_files(form.cleaned_data["pictures"]))
            except picture_uploads.UploadError as error:
                form.add_error("pictures", retold(str(error)))
            else:
                return self._look(request, looked)
        context = {
            "title": _("Upload pictures"),
            "says": [
                _(
                    "Call each file after a product, by its GTIN or in-house number, or after an "
                    "offer, by its code: 04006381333931.jpg. Nothing is changed before "
                    "you have seen "
                    "what they would do, and confirmed."
                )
            ],
            "form": form,
            "button": _("Look at them"),
        }
        return self._upload_page(request, context)

    def _look(self, request: HttpRequest, looked: "list[Looked]") -> HttpResponse:
        from coupons import picture_uploads  # as in the forms

        plan = picture_uploads.plan(looked)
        said = signing.dumps([request.user.pk, looked], salt=_SALT, compress=True)
        form = ConfirmForm(initial={"looked": said, "digest": plan.digest})
        form.drop_needless(plan.counts)
        return self._upload_page(request, _preview(plan, form))

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        from coupons import picture_uploads  # as in the forms

        form = ConfirmForm(request.POST)
        again = HttpResponseRedirect(reverse("admin:coupons_picture_upload"))
        try:
            said = signing.loads(request.POST["looked"], salt=_SALT, max_age=_A_DAY)
        except signing.BadSignature:
            messages.error(
                request, _("This was looked at too long ago: upload the files once more.")
            )
            return again
        user, rows = said
        looked = [picture_uploads.Looked(*row) for row in rows]
        if user != request.user.pk or not form.is_valid():
            messages.error(request, _("Somebody else looked at these: upload the files once more."))
            return again
        assert isinstance(request.user, AbstractBaseUser)
        try:
            done = picture_uploads.confirm(
                looked,
                request.user,
                digest=form.cleaned_data["digest"],
                may_leave_faulty=form.cleaned_data["may_leave_faulty"],
                may_keep_unknown=form.cleaned_data["may_keep_unknown"],
            )
        except picture_uploads.UploadError as error:
            messages.error(request, retold(str(error)))
            return self._look(request, looked)
        counts = done.counts
        if not form.cleaned_data["may_keep_unknown"]:
            counts["left"] = counts.pop("unknown", 0)
        taken = counts["new"] + counts["replaces"] + counts["unknown"]
        messages.success(request, (_("%(taken)s taken.") % {"taken": _count(taken, "picture")}))
        return HttpResponseRedirect(reverse("admin:coupons_picture_changelist"))

    def _upload_page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/upload_pictures.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "back": reverse("admin:coupons_picture_changelist"),
                **context,
            },
        )


def _preview(plan: "Plan", form: ConfirmForm) -> dict[str, Any]:
    counts = plan.counts
    says = [
        (_("Nothing is changed yet. Once you confirm: %(counts)s.") % {"counts": in_short(counts)})
    ]
    if counts["unknown"]:
        says.append(_("Those of unknown names are left out, unless you say otherwise."))
    takes = counts["new"] + counts["replaces"] + counts["unknown"]
    return {
        "title": _("What these pictures would do"),
        "says": says
        if takes
        else [(_("There is nothing to take: %(counts)s.") % {"counts": in_short(counts)})],
        "form": form,
        "button": _("Confirm") if takes else "",
        "lines": lines_table(plan),
        "note": _count(len(plan.lines), "file"),
    }


def _files(files: Sequence[Any]) -> "Iterator[tuple[str, Any]]":
    """The pictures among uploaded files, and those in ZIPs among them."""
    from coupons import picture_uploads  # as in the forms
    from coupons.sheets import photos

    for file in files:
        name = PurePath(file.name).name
        if name.lower().endswith(".zip"):
            yield from picture_uploads.unpacked(file)
        elif file.size > photos.MOST_BYTES:
            yield (
                name,
                photos.PictureError(
                    _("%(said)s MiB are too many.") % {"said": grouped(file.size / 2**20, 1)}
                ),
            )
        else:
            yield name, file.read()


def _in_use(pictures: QuerySet[Picture] | Sequence[Picture]) -> Iterator[str]:
    """Why some of these cannot be deleted, a sentence each."""
    keys = [picture.pk for picture in pictures]
    for offer in Offer.objects.filter(photo__in=keys).select_related("photo").order_by("pk"):
        yield (
            _("The offer %(offer)s shows '%(photo)s': choose another for it first.")
            % {"offer": offer, "photo": offer.photo}
        )
    for theme in Theme.objects.filter(logo__in=keys).select_related("logo").order_by("pk"):
        yield format_html(
            "'{}' is the logo of the theme {}: choose another for it first.", theme.logo, theme
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
