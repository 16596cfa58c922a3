"""What a store's scales print, and what other systems call stores and tills."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import BaseInlineFormSet, IntegerField, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration import scales, staff
from pos_integration.desk import Page, TabularInline
from pos_integration.models import ScaleLabel, Store, StoreAlias, Terminal, TerminalAlias
from pos_integration.said import retold

MOST_DECIMALS = 4

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    LabelForm = ModelForm[ScaleLabel]
    StoreNameForm = ModelForm[StoreAlias]
    TillNameForm = ModelForm[TerminalAlias]
    LabelFormSet = BaseInlineFormSet[ScaleLabel, Store, ModelForm[ScaleLabel]]
else:
    LabelForm = StoreNameForm = TillNameForm = ModelForm
    LabelFormSet = BaseInlineFormSet


class ScaleLabelForm(LabelForm):
    decimals = IntegerField(
        min_value=0,
        max_value=MOST_DECIMALS,
        initial=2,
        help_text=gettext_lazy("Of the price in store currency, or of the weight in kilograms"),
        label=gettext_lazy("Decimals"),
    )

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"].strip().upper()
        try:
            scales.check_layout(scales.Layout(pattern, 0))
        except scales.ScaleError as error:
            raise ValidationError(f"{retold(str(error))}.") from error
        return pattern


class ScaleLabelAloneForm(ScaleLabelForm):
    """On a page of its own: held against the rows that are kept."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if "pattern" in said:
            others = ScaleLabel.objects.filter(store=said.get("store")).exclude(pk=self.instance.pk)
            layouts = [scales.Layout(other.pattern, other.decimals) for other in others]
            try:
                scales.check_layout(scales.Layout(said["pattern"], 0), layouts)
            except scales.ScaleError as error:
                self.add_error("pattern", f"{retold(str(error))}.")
        return said


class ScaleLabelRowsForms(LabelFormSet):
    """On the store's page: held against the other rows there."""

    def clean(self) -> None:
        super().clean()
        kept: list[scales.Layout] = []
        for form in self.forms:
            if form in self.deleted_forms or "pattern" not in getattr(form, "cleaned_data", {}):
                continue
            layout = scales.Layout(form.cleaned_data["pattern"], 0)
            try:
                scales.check_layout(layout, kept)
            except scales.ScaleError as error:
                form.add_error("pattern", f"{retold(str(error))}.")
            kept.append(layout)


class ScaleLabelRows(TabularInline[ScaleLabel, Store]):
    model = ScaleLabel
    form = ScaleLabelForm
    formset = ScaleLabelRowsForms
    fields = ("pattern", "decimals")
    ordering = ("pattern",)
    extra = 0
    verbose_name_plural = gettext_lazy("scale labels of its own")


@admin.register(ScaleLabel)
class ScaleLabelAdmin(Page[ScaleLabel]):
    form = ScaleLabelAloneForm
    list_display = ("pattern", "decimals", "where")
    list_select_related = ("store",)
    search_fields = ("pattern", "store__number", "store__name")
    search_help_text = gettext_lazy("Part of a pattern, or of a store's number or name")
    ordering = ("store__number", "pattern")
    autocomplete_fields = ("store",)
    fields = ("store", "pattern", "decimals")
    may_delete = True
    empty_hint = gettext_lazy(
        "No layout yet: a label with its price in it counts as an item at each price."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScaleLabel]:
        """Of whoever works in stores: those stores' own, and those of every store."""
        rows = super().get_queryset(request)
        stores = staff.stores_of(request.user)
        return rows if stores is None else rows.filter(Q(store=None) | Q(store__in=stores))

    @admin.display(description=gettext_lazy("Store"), ordering="store__number")
    def where(self, label: ScaleLabel) -> str:
        return str(label.store) if label.store else _("every store")


class StoreAliasForm(StoreNameForm):
    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].strip()
        if Store.objects.filter(number=text).exists():
            raise ValidationError(
                _("'%(text)s' is the number of a store: it goes before any alias.") % {"text": text}
            )
        return text


class StoreAliasRows(TabularInline[StoreAlias, Store]):
    model = StoreAlias
    form = StoreAliasForm
    ordering = ("text",)
    extra = 0


class TerminalAliasForm(TillNameForm):
    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].strip()
        till = Terminal.objects.filter(pk=self.instance.terminal_id).first()  # None: being added
        if till is not None and text.isascii() and text.isdigit() and len(text) < 10:
            others = Terminal.objects.filter(store_id=till.store_id, number=int(text))
            if others.exclude(pk=till.pk).exists():
                raise ValidationError(
                    _("'%(text)s' is the number of another till of this store.") % {"text": text}
                )
        return text


class TerminalAliasRows(TabularInline[TerminalAlias, Terminal]):
    model = TerminalAlias
    form = TerminalAliasForm
    ordering = ("text",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[TerminalAlias]:
        return super().get_queryset(request).select_related("terminal__store")
