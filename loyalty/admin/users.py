"""The desk for who works here: names, roles, stores, and letting somebody in again."""

from typing import TYPE_CHECKING, Any

import axes.utils
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pos_integration.desk import NOTHING, TabularInline, pill
from pos_integration.models import StoreStaff

# Django's own classes take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    ChangeForm = UserChangeForm[User]
    BaseAdmin = UserAdmin[User]
else:
    ChangeForm = UserChangeForm
    BaseAdmin = UserAdmin

ADMINISTRATORS = "Administrators"

# Django registers its own pages of these; ours take their place.
admin.site.unregister([User, Group])


class StoreRows(TabularInline[StoreStaff, User]):
    model = StoreStaff
    autocomplete_fields = ("store",)
    extra = 0
    verbose_name_plural = _("Stores: of who is in 'Store staff' alone, the only ones they see")


class StaffForm(ChangeForm):
    """Says no to what would leave nobody to look after users."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        groups = cleaned.get("groups")
        if groups is None or not _looks_after(self.instance):
            return cleaned
        stays = cleaned.get("is_active", self.instance.is_active) and (
            cleaned.get("is_superuser", self.instance.is_superuser)
            or any(group.name == ADMINISTRATORS for group in groups)
        )
        if not stays and not _administrators().exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                gettext(
                    "Nobody else could look after users then: make somebody else an "
                    "administrator first."
                )
            )
        return cleaned


@admin.register(User)
class StaffAdmin(BaseAdmin):
    form = StaffForm
    list_display = ("username", "get_full_name", "role", "works_in", "state", "last_login")
    list_filter = ("is_active", "groups")
    list_per_page = 50
    show_full_result_count = False
    filter_horizontal = ()
    inlines = (StoreRows,)
    actions = ("let_in_again",)
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows.prefetch_related("groups", "store_staff__store")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        rights = ["is_active", "is_staff", "groups"]
        if request.user.is_superuser:  # what one has not, one gives nobody
            rights.append("is_superuser")
        return (
            (None, {"fields": ("username", "password")}),
            (_("Name"), {"fields": (("first_name", "last_name"), "email")}),
            (_("Role"), {"fields": rights}),
            (_("Seen"), {"fields": (("last_login", "date_joined"),)}),
        )

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True  # the desk is all that a user is for
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # what they did names them: take "active" away instead

    @admin.display(description=_("Role"))
    def role(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        if user.is_superuser:
            names.insert(0, gettext("may do everything"))
        return ", ".join(names) or gettext("none: sees nothing yet")

    @admin.display(description=_("Stores"))
    def works_in(self, user: User) -> str:
        names = [row.store.name for row in user.store_staff.all()]
        return ", ".join(names[:3]) + (" …" if len(names) > 3 else "") or NOTHING

    @admin.display(description=_("State"))
    def state(self, user: User) -> SafeString:
        if not user.is_active:
            return pill(gettext("left"), "bad")
        return pill(gettext("may sign in"), "good") if user.is_staff else pill(gettext("no desk"))

    @admin.action(description=_("Let in again after wrong passwords"), permissions=["change"])
    def let_in_again(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        names = list(chosen.values_list("username", flat=True))
        for name in names:
            axes.utils.reset(username=name)
        messages.success(
            request, gettext("%(names)s may try again at once.") % {"names": ", ".join(names)}
        )


def _looks_after(user: User) -> bool:
    return user.pk is not None and _administrators().filter(pk=user.pk).exists()


def _administrators() -> QuerySet[User]:
    """Who may look after users."""
    wanted = Q(is_superuser=True) | Q(groups__name=ADMINISTRATORS)
    return User.objects.filter(wanted, is_active=True, is_staff=True).distinct()
