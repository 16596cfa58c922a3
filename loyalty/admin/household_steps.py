"""What staff do from a household's page: each step is a small form that asks, then says it did."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import merging, notes, privacy
from loyalty.admin.overview import categories_by_department
from loyalty.models import Card, Consent, DataRequest, Household, Note, Preference
from pos_integration.desk import in_sentence
from pos_integration.models import Category

SOURCE = "desk"
TAKE_AWAY = "none"
TWICE = timedelta(minutes=2)  # within which the same note by the same person is a double click
LONG_AGO = timedelta(days=92)  # a letter lay on somebody's table


class Step:
    """One thing to do for a household. `perm` is who may; `button` says what it does."""

    slug: ClassVar[str]
    perm: ClassVar[str]
    title: ClassVar[Any]
    button: ClassVar[Any]

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        """What is asked, filled with what was sent."""
        raise NotImplementedError

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        """What is to be known before; form: as it was sent, if it was."""
        return ()

    def can(self, form: forms.Form) -> bool:
        """Whether it can be done at all; `says` tells why not, and there is no button."""
        return True

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        """Do it; a sentence that says so. Raises ValueError with one for what cannot be done."""
        raise NotImplementedError


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What was said or done"),
        max_length=notes.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Note.Kind.choices)


class WriteNote(Step):
    slug, perm = "note", "loyalty.add_note"
    title, button = gettext_lazy("Write a note"), gettext_lazy("Keep it")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        return NoteForm(request.POST or None)

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [_("A concern stays on the work list until somebody settles it.")]

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        text, since = told["text"].strip(), timezone.now() - TWICE
        mine = Note.objects.filter(household=home, written_by=by.pk, kind=told["kind"], text=text)
        if not mine.filter(written_at__gte=since).exists():
            notes.write(home, told["kind"], text, by)
        return _("It is written down.")


class ConsentForm(forms.Form):
    purpose = forms.ChoiceField(label=gettext_lazy("It spoke of"), choices=Consent.Purpose.choices)
    answer = forms.ChoiceField(
        label=gettext_lazy("It said"),
        choices=[("yes", gettext_lazy("Yes, it agrees")), ("no", gettext_lazy("No, it objects"))],
    )
    source = forms.CharField(
        label=gettext_lazy("Where it was said"),
        max_length=40,
        initial=SOURCE,
        help_text=gettext_lazy("Such as: desk, phone, letter"),
    )


class RecordConsent(Step):
    slug, perm = "consent", "loyalty.add_consent"
    title, button = gettext_lazy("Record consent or objection"), gettext_lazy("Record it")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        return ConsentForm(request.POST or None)

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [
            _("What it said before is kept; from now on the latest word counts."),
            _(
                "Who objects to post gets no sheet any more; who objects to profiling gets offers "
                "that are the same for everybody."
            ),
        ]

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        granted = told["answer"] == "yes"
        Household.objects.select_for_update().get(pk=home.pk)  # a double click waits here
        of = home.consents.filter(purpose=told["purpose"]).order_by("-said_at", "-pk")
        last = of.first()
        if last is None or last.is_granted != granted:
            last = Consent.objects.create(
                household=home,
                purpose=told["purpose"],
                is_granted=granted,
                said_at=timezone.now(),
                source=told["source"],
            )
        word = _("it agreed") if granted else _("it objected")
        return _("Recorded: %(purpose)s, %(word)s.") % {
            "purpose": last.get_purpose_display(),
            "word": word,
        }


class WishForm(forms.Form):
    category = forms.ChoiceField(label=gettext_lazy("Category"))
    wish = forms.ChoiceField(
        label=gettext_lazy("It said"),
        choices=[
            ("favourite", gettext_lazy("It likes this")),
            ("never", gettext_lazy("Never offer this")),
            (TAKE_AWAY, gettext_lazy("Nothing any more: take the wish away")),
        ],
    )


class ChangeWish(Step):
    slug, perm = "wish", "loyalty.add_preference"
    title, button = gettext_lazy("Change wishes"), gettext_lazy("Keep it")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        form = WishForm(request.POST or None)
        mine = list(home.preferences.values_list("category", "category__name", "kind"))
        choices: list[Any] = [("", _("Choose"))]
        if mine:
            said = [(pk, f"{name} ({kind})") for pk, name, kind in mine]
            choices.append((_("Spoken of before"), said))
        field = form.fields["category"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices + categories_by_department()
        return form

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [_("What a household says beats whatever its purchases suggest, from tonight on.")]

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        category = Category.objects.get(pk=told["category"])
        if told["wish"] == TAKE_AWAY:
            home.preferences.filter(category=category).delete()
            return _("Nothing is said of %(category)s any more.") % {"category": category.name}
        Preference.objects.update_or_create(
            household=home, category=category, defaults={"kind": told["wish"]}
        )
        if told["wish"] == Preference.Kind.NEVER:
            return _("%(category)s is never offered.") % {"category": category.name}
        return _("%(category)s is a favourite.") % {"category": category.name}


class RequestForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("It asks for"), choices=DataRequest.Kind.choices)
    asked_on = forms.DateField(
        label=gettext_lazy("Asked on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("The day the letter or the call came: the month begins then"),
    )
    source = forms.CharField(
        label=gettext_lazy("Where it was asked"),
        max_length=40,
        initial=SOURCE,
        help_text=gettext_lazy("Such as: desk, phone, letter"),
    )

    def clean_asked_on(self) -> date:
        day: date = self.cleaned_data["asked_on"]
        today = timezone.localdate()
        if not today - LONG_AGO <= day <= today:
            raise forms.ValidationError(
                _("Give a day of the last three months, today at the latest.")
            )
        return day


class NoteRequest(Step):
    slug, perm = "request", "loyalty.add_datarequest"
    title, button = gettext_lazy("Note a request for its data"), gettext_lazy("Note it")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        return RequestForm(request.POST or None, initial={"asked_on": timezone.localdate()})

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [
            _(
                "It is answered within a month of the day it was asked. Until then it stands on "
                "the work list of requests for data."
            )
        ]

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        asked = privacy.ask(home, told["kind"], told["source"], told["asked_on"])
        return _("Noted: %(what)s, to be answered by %(day)s.") % {
            "what": in_sentence(asked.get_kind_display()),
            "day": date_format(asked.due_on),
        }


class MergeForm(forms.Form):
    other = forms.CharField(
        label=gettext_lazy("A card of the other household"),
        max_length=40,
        help_text=gettext_lazy("A whole card number, or # and the household's number"),
    )
    is_sure = forms.BooleanField(
        label=gettext_lazy("It is one household: I looked at both"),
        error_messages={"required": gettext_lazy("Look at both, then tick this.")},
    )


class Merge(Step):
    slug, perm = "merge", "loyalty.add_merger"
    title, button = gettext_lazy("Merge with another household"), gettext_lazy("Merge them")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        return MergeForm(request.POST or None)

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [
            _(
                "All cards of the other household become those of '%(household)s', and with the "
                "next night their purchases. An address, wishes and notes come along where this "
                "one has none; the stricter of two words counts."
            )
            % {"household": home},
            _("Its open coupons stay good. A merger can be undone."),
            *_looked_at(home, form),
        ]

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        other = named(told["other"])
        merging.merge(home, other, by)
        self.after(other)
        return _("'%(gone)s' is now part of '%(kept)s'.") % {"gone": other, "kept": home}

    def after(self, gone: Household) -> None:
        """What else goes with it; in the same transaction."""


def _looked_at(home: Household, form: forms.Form) -> list[str]:
    """Both, side by side, once it is said which the other is."""
    text = form.data.get("other", "") if form.is_bound else ""
    try:
        other = named(text) if text else None
    except ValueError:
        return []  # doing it says so
    if other is None:
        return []
    said = []
    for name, one in ((_("This one"), home), (_("The other"), other)):
        cards = ", ".join(one.cards.order_by("pk").values_list("number", flat=True)[:5])
        lives = str(getattr(one, "address", None) or _("no address"))
        said.append(f"{name}: {one} (#{one.pk}), {lives}; {cards or _('no card')}")
    return said


def named(text: str) -> Household:
    """The household that a card number, or # and its own, names. Raises ValueError."""
    text = text.strip()
    if text.startswith("#"):
        number = text[1:].strip()
        is_number = number.isascii() and number.isdecimal() and len(number) <= 18
        found = Household.objects.filter(pk=int(number)).first() if is_number else None
        if found is None:
            raise ValueError(_("There is no household %(text)s.") % {"text": text})
        return found
    number = text.replace("\0", " ")
    card = Card.objects.select_related("household").filter(number=number).first()
    if card is None or card.household is None:
        raise ValueError(
            _("No household has the card '%(text)s': look for it under Households.")
            % {"text": text}
        )
    return card.household


class SplitForm(forms.Form):
    cards = forms.MultipleChoiceField(
        label=gettext_lazy("Cards of the new household"), widget=forms.CheckboxSelectMultiple
    )
    name = forms.CharField(label=gettext_lazy("Its name"), max_length=80)


class Split(Step):
    slug, perm = "split", "loyalty.add_merger"
    title, button = gettext_lazy("Split off some cards"), gettext_lazy("Make a new household")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        form = SplitForm(request.POST or None)
        field = form.fields["cards"]
        assert isinstance(field, forms.MultipleChoiceField)
        numbers = home.cards.order_by("pk").values_list("number", flat=True)[:100]
        field.choices = [(number, number) for number in numbers]
        return form

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [
            _(
                "The cards you tick become a new household's, and with the next night their "
                "purchases. One card at least stays here. What was objected to holds for both."
            )
        ]

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        made = merging.split(home, told["cards"], told["name"], timezone.localdate(), by)
        return _("'%(made)s' is a household of its own now: #%(number)s.") % {
            "made": made,
            "number": made.pk,
        }


STEPS: list[Step] = [WriteNote(), RecordConsent(), ChangeWish(), NoteRequest(), Merge(), Split()]
