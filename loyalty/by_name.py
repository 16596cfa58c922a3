"""Households by what somebody knows of their names, read from the index of names."""

import re
from collections.abc import Sequence
from typing import Final

from django.db.models import Q

_LONG_RUN: Final = re.compile(r"[^\W_]{3}")


def named(words: Sequence[str], name: str = "name") -> Q:
    """Whose name has all of these words. A word with no three letters in a row begins one.

    The index of three-letter pieces knows where words begin, and nothing of shorter pieces.
    """
    said = Q()
    for word in words:
        if _LONG_RUN.search(word):
            said &= Q(**{f"{name}__icontains": word})
        else:
            said &= Q(**{f"{name}__istartswith": word}) | Q(**{f"{name}__icontains": f" {word}"})
    return said
