"""Who of the staff may what, and sees which stores, asked of the database once."""

from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User

from coupons.groups import ensure_groups
from pos_integration.models import StoreStaff
from pos_integration.staff import StaffBackend, stores_of
from tests import make

pytestmark = pytest.mark.django_db


def employed(*groups):
    ensure_groups()
    user = User.objects.create_user("mara", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


@pytest.mark.parametrize("groups", [[], ["Marketing"], ["Store staff", "Marketing"]])
def test_somebody_may_what_they_and_their_groups_may_and_it_is_asked_once(
    groups, django_assert_num_queries
):
    user = employed(*groups)
    user.user_permissions.add(Permission.objects.get(codename="delete_offer"))
    expected = ModelBackend().get_all_permissions(User.objects.get(pk=user.pk))
    assert "coupons.delete_offer" in expected
    with django_assert_num_queries(2):  # who it is, and what they may
        found: Any = StaffBackend().get_user(user.pk)
        assert StaffBackend().get_all_permissions(found) == expected
        assert found.has_perm("coupons.delete_offer")
        assert found.has_perm("coupons.change_offer") == ("Marketing" in groups)
    assert sorted(found.group_names) == sorted(groups)


def test_who_is_not_active_is_nobody_and_may_nothing():
    user = employed("Administrators")
    user.is_active = False
    user.save()
    assert StaffBackend().get_user(user.pk) is None
    assert StaffBackend().get_all_permissions(user) == set()
    assert StaffBackend().get_user(0) is None


@pytest.mark.parametrize(
    ("groups", "sees_all"),
    [(["Store staff"], False), (["Store staff", "Marketing"], True), (["Marketing"], True)],
)
def test_whoever_works_in_stores_only_sees_these(groups, sees_all):
    user = employed(*groups)
    store = make.store("330")
    StoreStaff.objects.create(user=user, store=store)
    expected = None if sees_all else [store.pk]
    assert stores_of(StaffBackend().get_user(user.pk)) == expected
    assert stores_of(User.objects.get(pk=user.pk)) == expected  # outside of a request
