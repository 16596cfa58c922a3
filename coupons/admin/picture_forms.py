"""What the pages of pictures are made of: three forms and the table that is looked at."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.drawn import photograph
from coupons.models import Picture
from pos_integration.desk import NOTHING, grouped, pill, table
from pos_integration.said import retold

if TYPE_CHECKING:  # Django's own forms take no model in brackets, its type stubs demand one
    from coupons.picture_uploads import Plan
    from coupons.sheets.photos import Prepared

    PictureModelForm = forms.ModelForm[Picture]
else:
    PictureModelForm = forms.ModelForm

_ACCEPT: Final = "image/jpeg,image/png,image/webp,image/gif,image/tiff,image/bmp"
_MOST_BYTES: Final = 20 * 2**20
# As words and tones, in the order in which they are shown.
VERDICTS: dict[str, tuple[str | Promise, str]] = {
    "faulty": (gettext_lazy("faulty"), "bad"),
    "unknown": (gettext_lazy("unknown name"), "warn"),
    "new": (gettext_lazy("new"), "good"),
    "replaces": (gettext_lazy("replaces"), "busy"),
    "same": (gettext_lazy("the same"), "plain"),
}


class PictureForm(PictureModelForm):
    """A picture, and the file that it shows from now on."""

    upload = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": _ACCEPT}),
        help_text=gettext_lazy(
            "JPEG, PNG, WebP, GIF, TIFF or BMP, up to 20 MiB; 900 pixels are enough."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prepared: Prepared | None = None
        is_new = self.instance._state.adding
        if "upload" in self.fields and not is_new:
            self.fields["upload"].required = False
            self.fields["upload"].label = _("Another file")
        if "name" in self.fields and is_new:
            self.fields["name"].required = False
            self.fields["name"].help_text = _("What offers call it; empty: as the file is called")

    def clean_upload(self) -> Any:
        from coupons.sheets import photos  # loads what reads pictures: too slow for every command

        file = self.cleaned_data["upload"]
        if file:
            if file.size > _MOST_BYTES:
                raise forms.ValidationError(
                    _("%(said)s MiB are too many.") % {"said": grouped(file.size / 2**20, 1)}
                )
            try:
                self.prepared = photos.prepare(file.read())
            except photos.PictureError as error:
                raise forms.ValidationError(retold(str(error))) from error
        return file

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        file = said.get("upload")
        if file and "name" in said and not said["name"]:
            name = PurePath(file.name).stem.strip()
            if not name or len(name) > 60:
                self.add_error("name", _("Say a name: the file's has not 1 to 60 characters."))
            elif Picture.objects.filter(name=name).exists():
                self.add_error(
                    "name",
                    (_("There is a picture '%(name)s': open it to replace it.") % {"name": name}),
                )
            else:
                said["name"] = name
        return said


class _Files(forms.FileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """One file or several; its value is a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = data if isinstance(data, list | tuple) else [data]
        files = files or [None]  # none at all is asked for, as one is
        return [super(_FilesField, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    pictures = _FilesField(
        label=gettext_lazy("Pictures, or one ZIP of them"),
        widget=_Files(attrs={"accept": f"{_ACCEPT},.zip", "multiple": True}),
        help_text=gettext_lazy("Up to 100 files at once; in a ZIP up to 500, and 300 MiB."),
    )


class ConfirmForm(forms.Form):
    """Carries what was looked at, signed, so that nothing else is done."""

    looked = forms.CharField(widget=forms.HiddenInput)
    digest = forms.CharField(widget=forms.HiddenInput)
    may_leave_faulty = forms.BooleanField(
        required=False,
        label=gettext_lazy("Take the right files, and leave the faulty ones"),
        label_suffix="",
    )
    may_keep_unknown = forms.BooleanField(
        required=False,
        label=gettext_lazy(
            "Take those of unknown names too: nothing shows them before an offer names them"
        ),
        label_suffix="",
    )

    def drop_needless(self, counts: Any) -> None:
        """Ask nothing about files that are not there."""
        if counts["faulty"] in (0, sum(counts.values())):  # of faulty ones alone nothing is taken
            del self.fields["may_leave_faulty"]
        if not counts["unknown"]:
            del self.fields["may_keep_unknown"]


def lines_table(plan: "Plan") -> SafeString:
    order = [*VERDICTS]
    lines = sorted(plan.lines, key=lambda line: order.index(line.verdict))
    return table(
        ("", _("File"), "", _("Of"), _("What was done to it")),
        (
            (
                photograph(line.looked.sha256, line.name) if line.looked.sha256 else "",
                line.looked.file,
                pill(*VERDICTS[line.verdict]),
                format_html('<span class="words-cell">{}</span>', retold(line.says)),
                line.looked.changes or NOTHING,
            )
            for line in lines
        ),
        _("There is no picture in it."),
    )


def in_short(counts: Any) -> str:
    """How many of each verdict: '3 new, 1 faulty'."""
    words = {
        "new": "new",
        "replaces": _("in place of another"),
        "same": _("the same"),
        "unknown": _("of an unknown name"),
        "faulty": "faulty",
    }
    said = [f"{counts[name]:,} {says}" for name, says in words.items() if counts[name]]
    return ", ".join(said) or _("no picture")
