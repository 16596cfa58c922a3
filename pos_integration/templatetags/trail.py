"""Where a page of the desk lies: the list it belongs to, above its title."""

from typing import Any

from django import template
from django.contrib import admin
from django.db.models.options import Options
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from pos_integration.desk import Page

register = template.Library()


def list_name(opts: "Options[Any]") -> str:
    """What a model's list is called at the desk."""
    page = admin.site.get_model_admin(opts.model) if admin.site.is_registered(opts.model) else None
    named = page.list_title if isinstance(page, Page) else ""
    return str(named) or capfirst(str(opts.verbose_name_plural))


@register.inclusion_tag("admin/trail.html")
def trail(opts: "Options[Any]", row: object = None, url: str = "") -> dict[str, Any]:
    """The way back: to the list, and to the `row` at `url` for a page that is a part of its."""
    steps = []
    try:
        back = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    except NoReverseMatch:
        back = ""
    if back:
        steps.append((back, list_name(opts)))
    if row is not None and url:
        steps.append((url, str(row)))
    return {"steps": steps}
