"""A second factor at sign-in: who has one, what is asked of whom, and whether digits are right.

Secrets and recovery codes are kept as django-otp keeps them; which session has passed stands in
the session. A function that tries something returns what to change, or None if it was right:
raised, it would take back the count of wrong tries, too.
"""

import time
from base64 import b32encode
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

OFF: Final = "off"
OFFERED: Final = "offered"
REQUIRED: Final = "required"
CODES: Final = 10
"""Recovery codes that somebody is given at once."""

# In the session: whom it has let pass, by the number of the device; 0 once it was asked.
_PASSED: Final = "second_factor"
_SETTING_UP: Final = "second_factor_new"  # the device that is not confirmed yet
_UNSEEN: Final = "second_factor_codes"  # recovery codes were made and are still to be shown
_NAME: Final = "second factor"
_FAR: Final = 20  # steps, ten minutes: how wrong a clock is looked for
_SHOWN: Final = timedelta(minutes=15)  # a new secret; who leaves the desk leaves it to nobody


class Step(StrEnum):
    """What somebody has to do before any page of the desk."""

    SHOW = "show it"
    SET_UP = "set one up"
    SIGN_IN_AGAIN = "sign in again"


class Wish(StrEnum):
    """What somebody who has one changes; each asks once more who it is."""

    DEVICE = "another-phone"
    CODES = "new-codes"
    NONE = "do-without"


def next_step(mode: str, *, device: int | None, passed: int | None) -> Step | None:
    """Decide what stands between somebody who gave the right password and the desk.

    device: the number of their device, None if they have none
    passed: the device that this session passed, 0 if it was only asked, None if it was not
    A session that was asked for a device that is gone may be somebody else's: it ends.
    """
    if mode == OFF:
        return None
    if device is not None:
        return None if passed == device else Step.SHOW
    if passed is not None:
        return Step.SIGN_IN_AGAIN
    return Step.SET_UP if mode == REQUIRED else None


def step_of(user: User, session: SessionBase) -> Step | None:
    """`next_step` of whoever is signed in, as they were when this page was asked for."""
    if settings.SECOND_FACTOR == OFF:
        return None
    if hasattr(user, "device_in_use"):  # as `signing_in` asks for them: no query
        device = user.device_in_use
    else:
        device = _devices(user).values_list("pk", flat=True).first()
    return next_step(settings.SECOND_FACTOR, device=device, passed=session.get(_PASSED))


def has_one(user: User) -> bool:
    return bool(_devices(user).exists())


def having_one() -> Exists:
    """For lists of users: whether they have a second factor."""
    return Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))


def codes_of(user: User) -> list[str]:
    """The recovery codes that are left, in groups of four: `abcd-efgh`."""
    tokens = StaticToken.objects.filter(device__user=user).order_by("pk")
    return ["-".join(_fours(token)) for token in tokens.values_list("token", flat=True)]


def codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def are_codes_unseen(session: SessionBase) -> bool:
    return _UNSEEN in session


def codes_are_kept(session: SessionBase) -> None:
    """Whoever was shown the codes wrote them down: they are not shown again."""
    session.pop(_UNSEEN, None)


def note_asked(session: SessionBase) -> None:
    """Remember that this session was asked and has not answered."""
    if session.get(_PASSED) != 0:
        session[_PASSED] = 0


def show_digits(session: SessionBase, user: User, digits: str) -> str | None:
    """Let this session pass with the six digits of now, each once; see the module's first lines."""
    with transaction.atomic():
        device = _devices(user).select_for_update().first()
        if device is None:
            return _("You have no second factor any more. Sign in again.")
        reason = _try(device, digits)
        if reason is None:
            _keep(session, {_PASSED: device.pk})
        elif _kept(session).get(_PASSED) == device.pk:
            return None  # a double click: the first one passed
    return reason


def show_code(session: SessionBase, user: User, code: str) -> str | None:
    """Let this session pass with a recovery code, which is used up by it."""
    with transaction.atomic():
        device = _devices(user).select_for_update().first()
        codes = StaticDevice.objects.select_for_update().filter(user=user).first()
        if device is None or codes is None:
            return _("You have no recovery codes. Ask an administrator to let you set up anew.")
        reason = _waits(codes)
        if reason is None and not codes.verify_token(code.replace("-", "").lower()):
            reason = _(
                "This is none of your recovery codes, or it was used already. Type another one: "
                "eight letters and digits."
            )
        if reason is None:
            _keep(session, {_PASSED: device.pk})
            left = codes_left(user)
            note(user, _("Signed in with a recovery code: %(left)s left.") % {"left": left})
        elif _kept(session).get(_PASSED) == device.pk:
            return None
    return reason


def is_right_now(user: User, digits: str) -> str | None:
    """Try digits of somebody who has passed already, before something is changed."""
    with transaction.atomic():
        device = _devices(user).select_for_update().first()
        if device is None:
            return _("You have no second factor any more. Sign in again.")
        return _try(device, digits)


def start(session: SessionBase, user: User) -> None:
    """Make a new secret, known to this session. The old one is good until the new is confirmed."""
    with transaction.atomic():
        _hold(user)
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        device = TOTPDevice.objects.create(user=user, name=_NAME, confirmed=False)
        _keep(session, {_SETTING_UP: device.pk})


def being_set_up(session: SessionBase, user: User) -> Any:
    """The TOTPDevice that this session started lately and did not confirm yet, or None."""
    number = session.get(_SETTING_UP)
    if number is None:
        return None
    begun = TOTPDevice.objects.filter(created_at__gt=timezone.now() - _SHOWN)
    return begun.filter(pk=number, user=user, confirmed=False).first()


def confirm(session: SessionBase, user: User, digits: str) -> str | None:
    """Put the new secret to use with its first digits; give new recovery codes.

    Every other session of the user is asked for the new one.
    """
    with transaction.atomic():
        _hold(user)
        device = being_set_up(session, user)
        if device is None:
            return _("This code is not good any more. Begin again.")
        reason = _try(device, digits, is_new=True)
        if reason is None:
            had_one = has_one(user)
            TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
            device.confirmed = True
            device.save()
            _new_codes(user)
            _keep(session, {_PASSED: device.pk, _SETTING_UP: None, _UNSEEN: True})
            note(user, _("Changed the second factor.") if had_one else _("Set up a second factor."))
    return reason


def change(
    session: SessionBase, user: User, wish: Wish, prove: Callable[[], str | None]
) -> str | None:
    """Do what somebody wishes once `prove` finds nothing wrong; returns what it says.

    A double click does it once: the second finds it done in the session.
    """
    with transaction.atomic():
        _hold(user)
        reason = prove()
        if reason is not None:
            is_done = {Wish.DEVICE: _SETTING_UP, Wish.CODES: _UNSEEN}.get(wish) in _kept(session)
            return None if is_done else reason
        if wish is Wish.DEVICE:
            start(session, user)
        elif wish is Wish.CODES:
            _new_codes(user)
            _keep(session, {_UNSEEN: True})
            note(user, _("Made new recovery codes."))
        else:
            take_away(user)
            _keep(session, {_PASSED: None, _SETTING_UP: None, _UNSEEN: None})
            note(user, _("Gave up the second factor."))
    return None


def take_away(user: User) -> bool:
    """Take secret and codes of somebody who lost them: their sessions end. False: had none."""
    with transaction.atomic():
        _hold(user)
        StaticDevice.objects.filter(user=user).delete()
        gone, _rows = TOTPDevice.objects.filter(user=user).delete()
    return bool(gone)


def forgive(names: Sequence[str]) -> None:
    """Let these users try again at once after wrong digits."""
    for devices in (TOTPDevice.objects, StaticDevice.objects):
        devices.filter(user__username__in=names).update(
            throttling_failure_count=0, throttling_failure_timestamp=None
        )


def note(user: User, what: str) -> None:
    """Write into the history of a user what they did themselves."""
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, what, single_object=True)


def secret_in_fours(device: Any) -> str:
    """The secret of a TOTPDevice as it is typed into an app: base32, in groups of four."""
    return " ".join(_fours(b32encode(device.bin_key).decode()))


def steps_off(device: Any, digits: str, *, now: float, ahead: int) -> int | None:
    """How many steps of 30 s from now a clock shows these digits, the nearest; None: nowhere near.

    ahead: how far into the future to look. Digits that are still to come must not be told from
    wrong ones by who did not see the secret: they could wait for them.
    """
    at = (int(now) - device.t0) // device.step + device.drift
    near = sorted(range(-_FAR, ahead + 1), key=abs)
    key = device.bin_key
    return next((n for n in near if hotp(key, at + n, device.digits) == int(digits)), None)


def _try(device: Any, digits: str, *, is_new: bool = False) -> str | None:
    """Verify, and count what is wrong; the device's row is locked."""
    reason = _waits(device)
    if reason is not None:
        return reason
    if device.verify_token(digits):
        return None
    off = steps_off(device, digits, now=time.time(), ahead=_FAR if is_new else 0)
    if off is None:
        return _(
            "These are not the digits that your app shows now. Type those of this desk's entry; "
            "if it goes on, let the phone set its clock by itself."
        )
    if abs(off) <= device.tolerance:
        return _("These digits were used already. Wait until the app shows new ones: 30 seconds.")
    minutes = max(1, round(abs(off) * device.step / 60))
    return ngettext(
        "The digits are right for a clock that is about %(minutes)s minute off. Let the phone "
        "set its clock by itself, then type what it shows.",
        "The digits are right for a clock that is about %(minutes)s minutes off. Let the phone "
        "set its clock by itself, then type what it shows.",
        minutes,
    ) % {"minutes": minutes}


def _waits(device: Any) -> str | None:
    """What is said while a device takes no digits; every wrong try doubles the time."""
    is_allowed, why = device.verify_is_allowed()
    if is_allowed:
        return None
    seconds = max(1, round((why["locked_until"] - timezone.now()).total_seconds()))
    if seconds < 90:
        wait = ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    else:
        minutes = round(seconds / 60)
        wait = ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    return _(
        "Too many wrong tries: wait %(wait)s, then type what is shown by then. An administrator "
        "can let you try again at once."
    ) % {"wait": wait}


def _devices(user: User) -> Any:
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("-pk")


def _new_codes(user: User) -> None:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=_NAME)
    tokens = {StaticToken.random_token() for _n in range(CODES)}
    while len(tokens) < CODES:
        tokens.add(StaticToken.random_token())
    StaticToken.objects.bulk_create(StaticToken(device=device, token=token) for token in tokens)


def _hold(user: User) -> None:
    """Let one of two clicks wait for the other."""
    User.objects.select_for_update().get(pk=user.pk)


def _keep(session: SessionBase, values: dict[str, Any]) -> None:
    """Save the session before locks are let go, so that a second click finds what the first did."""
    for name, value in values.items():
        if value is None:
            session.pop(name, None)
        else:
            session[name] = value
    session.save()
    session.modified = False


def _kept(session: SessionBase) -> dict[str, Any]:
    """The session as it is stored now."""
    return type(session)(session.session_key).load()


def _fours(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]
