"""The desk for who works here: names, roles, stores, and letting somebody in again.

Secrets of second factors have no page: whose is lost is taken away, and its owner sets up anew.
"""

from typing import TYPE_CHECKING, Any

import django_otp.plugins.otp_static.admin
import django_otp.plugins.otp_totp.admin  # noqa: F401 # registered now, so that it can be undone
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import (
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
    UsernameField,
)
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty import second_factor, wrong_passwords
from pos_integration.desk import NOTHING, Page, TabularInline, Tool, pill
from pos_integration.models import StoreStaff

# Django's own classes take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    ChangeForm = UserChangeForm[User]
    BaseAdmin = UserAdmin[User]
else:
    ChangeForm = UserChangeForm
    BaseAdmin = UserAdmin

ADMINISTRATORS = "Administrators"

# Django and django-otp register their own pages of these; ours take their place.
admin.site.unregister([User, Group, TOTPDevice, StaticDevice])


class StoreRows(TabularInline[StoreStaff, User]):
    model = StoreStaff
    autocomplete_fields = ("store",)
    extra = 0
    verbose_name_plural = _("Stores: of who is in 'Store staff' alone, the only ones they see")


class PasswordState(ReadOnlyPasswordHashWidget):
    """Whether there is a password: how it is kept is of no use to who reads this."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if is_password_usable(value):
            context["summary"] = [{"label": gettext("set")}]
        return context


class StaffForm(ChangeForm):
    """Says no to what would leave nobody to look after users."""

    password = ReadOnlyPasswordHashField(
        label=_("Password"),
        widget=PasswordState,
        help_text=_("Nobody can read it, here or elsewhere; a new one signs them out everywhere."),
    )

    class Meta:
        model = User
        fields = "__all__"  # the page says which
        field_classes = {"username": UsernameField}
        labels = {
            "is_active": _("Works here"),
            "groups": _("Roles"),
            "is_superuser": _("May do everything"),
        }
        help_texts = {
            "username": _("What they sign in with: letters, digits and @ . + - _"),
            "is_active": _("Take this away from who left: they are signed out at once."),
            "groups": _(
                "Store staff see their stores; Marketing everything but security and erasure; "
                "Administrators all, and look after users."
            ),
            "is_superuser": _("Beyond all roles; for who keeps the system running."),
        }

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
class StaffAdmin(BaseAdmin, Page[User]):  # type: ignore[misc] # get_form's defaults differ
    form = StaffForm
    list_display = ("username", "full_name", "role", "works_in", "state", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()
    inlines = (StoreRows,)
    actions = ("let_in_again", "take_second_factors_away")
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request).prefetch_related("groups", "store_staff__store")
        if settings.SECOND_FACTOR == second_factor.OFF:
            return rows
        return rows.annotate(has_second_factor=second_factor.having_one())

    def get_list_display(self, request: HttpRequest) -> Any:
        if settings.SECOND_FACTOR == second_factor.OFF:
            return self.list_display
        return (*self.list_display, "which_factor")

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if settings.SECOND_FACTOR == second_factor.OFF:
            actions.pop("take_second_factors_away", None)
        return actions

    def get_urls(self) -> Any:
        taking = path(
            "<int:pk>/second-factor/",
            self.admin_site.admin_view(self.take_second_factor_away),
            name="auth_user_second_factor",
        )
        return [taking, *super().get_urls()]

    def row_tools(self, request: HttpRequest, row: User) -> list[Tool]:
        if (
            settings.SECOND_FACTOR == second_factor.OFF
            or not self.has_change_permission(request, row)
            or _no_taking(request.user, row)
            or not second_factor.has_one(row)
        ):
            return []
        url = reverse("admin:auth_user_second_factor", args=[row.pk])
        return [Tool(gettext("Take the second factor away"), url)]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        rights = ["is_active", "groups"]
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
        obj.is_staff = True  # the desk is all that a user is for
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who may do everything is changed by their like: a new password would make one of them."""
        is_beyond = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not is_beyond and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # what they did names them: take "active" away instead

    @admin.display(description=_("Name"), ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or NOTHING

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

    @admin.display(description=_("Second factor"))
    def which_factor(self, user: User) -> SafeString:
        if user.has_second_factor:  # type: ignore[attr-defined] # annotated by get_queryset
            return pill(gettext("set up"), "good")
        if settings.SECOND_FACTOR == second_factor.REQUIRED:
            return pill(gettext("at the next sign-in"), "warn")
        return pill(gettext("none"))

    @admin.action(description=_("Let in again after wrong passwords"), permissions=["change"])
    def let_in_again(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        users = list(chosen)
        names = [user.get_username() for user in users]
        wrong_passwords.forgive(names)
        for user in users:
            self.log_change(request, user, gettext("Let in again after wrong passwords."))
        if settings.SECOND_FACTOR != second_factor.OFF:
            second_factor.forgive(names)
        messages.success(
            request, gettext("%(names)s may try again at once.") % {"names": ", ".join(names)}
        )

    @admin.action(description=_("Take second factors away"), permissions=["change"])
    def take_second_factors_away(
        self, request: HttpRequest, chosen: QuerySet[User]
    ) -> HttpResponse | None:
        users = list(chosen)
        if request.POST.get("confirmed"):
            for user in users:
                self._take_away(request, user)
            return None
        return self._ask_taking(request, users, reverse("admin:auth_user_changelist"))

    def take_second_factor_away(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Of one user, from their page."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        user = self.get_object(request, str(pk))
        if user is None or settings.SECOND_FACTOR == second_factor.OFF:
            raise Http404
        back = reverse("admin:auth_user_change", args=[pk])
        if request.method == "POST":
            self._take_away(request, user)
            return HttpResponseRedirect(back)
        return self._ask_taking(request, [user], back)

    def _ask_taking(self, request: HttpRequest, users: list[User], back: str) -> HttpResponse:
        refused = [why for user in users if (why := _no_taking(request.user, user))]
        if settings.SECOND_FACTOR == second_factor.REQUIRED:
            then = gettext("They are signed out, and set up a new one when they sign in again.")
        else:
            then = gettext(
                "They are signed out. Their password alone lets them in, until they set one up."
            )
        return self.ask(
            request,
            title=gettext("Take second factors away?"),
            says=refused
            or [
                gettext(
                    "The app on their phone and their recovery codes let them in no more. Make "
                    "sure that it is they who ask: call them, or see them."
                ),
                then,
            ],
            back=back,
            button="" if refused else gettext("Take away"),
            rows=users,
        )

    def _take_away(self, request: HttpRequest, user: User) -> None:
        who = user.get_username()
        refused = _no_taking(request.user, user)
        if refused:
            messages.error(request, refused)
        elif second_factor.take_away(user):
            self.log_change(request, user, gettext("Took the second factor away."))
            messages.success(
                request, gettext("%(who)s has no second factor any more.") % {"who": who}
            )
        else:
            messages.info(request, gettext("%(who)s had no second factor.") % {"who": who})


def _no_taking(by: Any, user: User) -> str:
    """Why somebody may not take a user's second factor away; "" if they may."""
    if by.pk == user.pk:
        return gettext("Your own is changed under your name, where you show it once more.")
    if user.is_superuser and not by.is_superuser:
        return gettext(
            "%(who)s may do everything: only somebody who may, too, takes that second factor away."
        ) % {"who": user.get_username()}
    return ""


def _looks_after(user: User) -> bool:
    return user.pk is not None and _administrators().filter(pk=user.pk).exists()


def _administrators() -> QuerySet[User]:
    """Who may look after users."""
    wanted = Q(is_superuser=True) | Q(groups__name=ADMINISTRATORS)
    return User.objects.filter(wanted, is_active=True, is_staff=True).distinct()
