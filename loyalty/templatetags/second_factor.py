"""Where one's own sign-in is looked after: what one's name in the bar leads to."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse

from loyalty.second_factor import OFF

register = template.Library()


@register.simple_tag(takes_context=True)
def my_sign_in(context: dict[str, Any]) -> str:
    """The page of one's second factor, or else of one's password; "" for who has neither."""
    if settings.SECOND_FACTOR != OFF:
        return reverse("admin:second_factor")
    has_password = context["request"].user.has_usable_password()
    return reverse("admin:password_change") if has_password else ""
