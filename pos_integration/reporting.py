"""What staff are told of a load, in a terminal."""

import sys
from collections import Counter

from tqdm import tqdm

from pos_integration.ingest import Progress
from pos_integration.models import Upload

REJECTS_SHOWN = 10


def counter() -> Progress:
    """Return a progress that counts baskets on the terminal as they are read."""
    bar = tqdm(unit=" baskets", file=sys.stderr, mininterval=0.5, disable=None)

    def progress(entries: int) -> None:
        bar.update(entries - bar.n)

    return progress


def report(upload: Upload) -> str:
    """Say what became of `upload`, and why what was rejected could not be taken."""
    lines = [
        f"Upload {upload.pk}: {upload.get_state_display().lower()}",
        f"  {upload.baskets:,} baskets with {upload.lines:,} lines",
        f"  {upload.accepted:,} taken, {upload.duplicates:,} came before, "
        f"{upload.rejected:,} rejected, {upload.skipped:,} no sales",
    ]
    if upload.rejected:
        reasons = Counter(upload.rejects.values_list("code", flat=True))
        lines += [f"  {count:,} {code}" for code, count in reasons.most_common()]
        for reject in upload.rejects.order_by("position")[:REJECTS_SHOWN]:
            lines.append(f"    {reject.position}: {reject.detail}")
        if upload.rejected > REJECTS_SHOWN:
            lines.append(f"    ... all of them on the page of upload {upload.pk} at the desk")
    return "\n".join(lines)
