"""The state of things, for the template of the staff's first page."""

from django import template
from django.utils import timezone

from coupons.today import Today, look

register = template.Library()


@register.simple_tag
def today() -> Today:
    return look(timezone.localdate())
