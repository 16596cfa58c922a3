"""Picture files that nothing shows, such as of a ZIP that nobody confirmed: deleted after days.

Files have no dates of their own. Each night remembers since when it has found a file unused; if
that is forgotten, the days begin anew, and nothing is deleted too early.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from coupons.models import Picture, PictureFile, PrintRun

KEPT_DAYS: Final = 7
_KEY: Final = "unused-pictures"


def delete_unused(on: date) -> int:
    """Delete the files that were unused for KEPT_DAYS of nights; returns how many.

    A file is used while a picture shows it, and as long as a print run was printed with it: that
    may be printed once more. May be repeated.
    """
    since: dict[str, date] = cache.get(_KEY) or {}
    shown = Picture.objects.filter(file=OuterRef("pk"))
    unused = set(PictureFile.objects.filter(~Exists(shown)).values_list("pk", flat=True))
    unused -= _printed(unused)
    since = {sha256: since.get(sha256, on) for sha256 in unused}
    old = [sha256 for sha256, day in since.items() if day <= on - timedelta(days=KEPT_DAYS)]
    PictureFile.objects.filter(~Exists(shown), pk__in=old).delete()
    cache.set(_KEY, {sha256: since[sha256] for sha256 in unused.difference(old)}, timeout=None)
    return len(old)


def looked_at(files: Collection[str]) -> None:
    """Begin the days of `files` anew: somebody just looked at them and may yet confirm."""
    since: dict[str, date] = cache.get(_KEY) or {}
    if since.keys() & set(files):
        kept = {sha256: day for sha256, day in since.items() if sha256 not in files}
        cache.set(_KEY, kept, timeout=None)


def _printed(files: Collection[str]) -> set[str]:
    """Those of `files` that a print run was printed with."""
    if not files:
        return set()
    found: set[str] = set()
    for look in PrintRun.objects.values_list("look", flat=True).iterator(chunk_size=50):
        text = repr(look)
        found.update(sha256 for sha256 in files if sha256 in text)
    return found
