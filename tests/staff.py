"""Staff who are signed in at the desk."""

from django.contrib.auth.models import Group, User
from django.test import Client

from coupons.groups import ensure_groups


def one_of(group: str) -> Client:
    """A browser in which somebody of this group, and of no other, is signed in."""
    ensure_groups()
    user = User.objects.create_user(f"one of {group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
