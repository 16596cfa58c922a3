"""What staff write down of a household: notes, talks, and concerns until they are settled."""

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.models import Household, Note

LONGEST = 1000


class NoteError(ValueError):
    """What was found and what was wanted, in a sentence for staff."""


def write(household: Household, kind: str, text: str, by: AbstractBaseUser) -> Note:
    """Keep what somebody wrote down; a concern is open from then on. Raises NoteError."""
    said = text.strip()
    if not said:
        raise NoteError(_("Write down what was said or done."))
    if len(said) > LONGEST:
        raise NoteError(_("Write it in %(most)s letters at most.") % {"most": LONGEST})
    if kind not in Note.Kind:
        raise NoteError(_("A note is a note, a talk or a concern."))
    return Note.objects.create(household=household, kind=kind, text=said, written_by_id=by.pk)


def settle(note: Note, by: AbstractBaseUser) -> bool:
    """Note that a concern was settled; False if it was already, or is none. Of two at once one."""
    open_ = Note.objects.filter(pk=note.pk, kind=Note.Kind.CONCERN, settled_at=None)
    return bool(open_.update(settled_at=timezone.now(), settled_by=by.pk))


def reopen(note: Note) -> bool:
    """Take back that a concern was settled: it waits again. False if it does already."""
    settled = Note.objects.filter(pk=note.pk, kind=Note.Kind.CONCERN).exclude(settled_at=None)
    return bool(settled.update(settled_at=None, settled_by=None))
