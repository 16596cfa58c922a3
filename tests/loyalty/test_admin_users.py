"""Who works here is looked after at the desk: roles, stores, and nobody locks everybody out."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from coupons.groups import ensure_groups
from pos_integration.models import Store, StoreStaff
from pos_integration.staff import stores_of
from tests.staff import one_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    """A browser of the only one who looks after users."""
    return one_of("Administrators")


def page_of(user):
    return reverse("admin:auth_user_change", args=[user.pk])


def form_of(user, *groups, stores=(), **changes):
    """What the page of somebody sends, with these groups and new stores."""
    form = {
        "username": user.username.replace(" ", "-"),  # as names are written
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_active": "on",
        "groups": [Group.objects.get(name=name).pk for name in groups],
        "store_staff-TOTAL_FORMS": len(stores),
        "store_staff-INITIAL_FORMS": 0,
    }
    for place, store in enumerate(stores):
        form[f"store_staff-{place}-store"] = store.pk
        form[f"store_staff-{place}-user"] = user.pk
    form.update(changes)
    return {name: value for name, value in form.items() if value is not None}


def test_somebody_is_given_a_role_and_a_store(administrator):
    store = Store.objects.create(number="330", name="South")
    user = User.objects.create_user("new", is_staff=True)
    answer = administrator.post(page_of(user), form_of(user, "Store staff", stores=[store]))
    assert answer.status_code == 302, answer.context["errors"]
    assert stores_of(User.objects.get(username="new")) == [store.pk]

    listed = administrator.get(reverse("admin:auth_user_changelist")).text
    assert "South" in listed
    assert "Store staff" in listed


def test_who_works_in_stores_and_was_given_none_sees_none():
    one_of("Store staff")
    assert stores_of(User.objects.get()) == []


def test_marketing_sees_every_store_even_beside_a_store_of_its_own():
    ensure_groups()
    user = User.objects.create_user("both", is_staff=True)
    user.groups.set(Group.objects.filter(name__in=["Store staff", "Marketing"]))
    StoreStaff.objects.create(user=user, store=Store.objects.create(number="1", name="One"))
    assert stores_of(user) is None


@pytest.mark.parametrize(
    "changes", [{"groups": []}, {"is_active": None}], ids=["other role", "left"]
)
def test_the_last_administrator_stays_one(administrator, changes):
    me = User.objects.get()
    answer = administrator.post(page_of(me), form_of(me, "Administrators", **changes))
    assert "make somebody else an administrator first" in answer.text
    me.refresh_from_db()
    assert me.is_active
    assert me.groups.filter(name="Administrators").exists()


def test_one_of_two_administrators_may_go(administrator):
    User.objects.create_superuser("other")
    me = User.objects.get(username__startswith="one of")
    answer = administrator.post(page_of(me), form_of(me, "Marketing"))
    assert answer.status_code == 302, answer.context["errors"]
    assert administrator.get(page_of(me)).status_code == 403


def test_who_may_look_after_users_makes_nobody_a_superuser(administrator):
    user = User.objects.create_user("friend", is_staff=True)
    administrator.post(page_of(user), form_of(user, is_superuser="on"))
    user.refresh_from_db()
    assert not user.is_superuser


def test_who_may_do_everything_is_changed_by_their_like_alone(administrator):
    boss = User.objects.create_superuser("boss", password="a-long-pass-phrase")
    typed = "another-long-pass-phrase"
    new_password = reverse("admin:auth_user_password_change", args=[boss.pk])
    for url, form in (
        (new_password, {"password1": typed, "password2": typed, "usable_password": "true"}),
        (page_of(boss), form_of(boss, username="mallory")),
        (page_of(boss), form_of(boss, is_active=None)),
    ):
        assert administrator.post(url, form).status_code == 403
    boss.refresh_from_db()
    assert (boss.username, boss.is_active) == ("boss", True)
    assert boss.check_password("a-long-pass-phrase")
    assert administrator.get(page_of(boss)).status_code == 200  # they may look


def test_that_somebody_was_let_in_again_is_in_their_history(administrator):
    user = User.objects.create_user("ada", is_staff=True)
    administrator.post(
        reverse("admin:auth_user_changelist"),
        {"action": "let_in_again", "_selected_action": [user.pk]},
    )
    history = administrator.get(reverse("admin:auth_user_history", args=[user.pk])).text
    assert "Let in again after wrong passwords." in history
    assert "one of Administrators" in history


def test_who_is_locked_out_is_let_in_again(administrator, client):
    user = User.objects.create_user("ada", password="a-long-pass-phrase", is_staff=True)

    def signs_in(password):
        return client.post(reverse("admin:login"), {"username": "ada", "password": password})

    for _ in range(5):
        signs_in("wrong")
    assert signs_in("a-long-pass-phrase").status_code == 429
    administrator.post(
        reverse("admin:auth_user_changelist"),
        {"action": "let_in_again", "_selected_action": [user.pk]},
    )
    assert signs_in("a-long-pass-phrase").status_code == 302


@pytest.mark.parametrize("group", ["Store staff", "Marketing"])
def test_others_see_no_users(group):
    assert one_of(group).get(reverse("admin:auth_user_changelist")).status_code == 403


def test_a_user_that_is_made_may_come_to_the_desk(administrator):
    administrator.post(
        reverse("admin:auth_user_add"),
        {
            "username": "new",
            "usable_password": "true",
            "password1": "a-long-pass-phrase",
            "password2": "a-long-pass-phrase",
        },
    )
    assert User.objects.get(username="new").is_staff


def test_how_a_password_is_kept_is_shown_to_nobody(administrator):
    user = User.objects.create_user("ada", password="a-long-pass-phrase", is_staff=True)
    page = administrator.get(page_of(user)).text
    assert "algorithm" not in page
    assert "Reset password" in page


def test_two_who_change_a_user_at_once_do_not_undo_each_other(administrator):
    user = User.objects.create_user("ada", is_staff=True)
    seen = re.findall('name="_seen" value="([^"]+)"', administrator.get(page_of(user)).text)
    User.objects.filter(pk=user.pk).update(last_name="Byron")
    answer = administrator.post(
        page_of(user), form_of(user, _seen=unescape(seen[0]), last_name="Lovelace")
    )
    assert "while you had it open" in answer.text
    assert User.objects.get(username="ada").last_name == "Byron"
