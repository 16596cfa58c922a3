"""What the staff's first page shows, for its template."""

from typing import Any

from django import template

from coupons.admin.home import Home, look

register = template.Library()


@register.simple_tag(takes_context=True)
def home(context: dict[str, Any]) -> Home:
    """The cards that whoever is signed in may see."""
    return look(context["request"])
