"""Progress bars for commands: one a long step, silent where nobody watches."""

import sys
from collections.abc import Callable

from tqdm import tqdm


def bar(label: str) -> Callable[[int, int], None]:
    """Return a function of (done, total) that draws `label`'s progress on the terminal."""
    shown: tqdm[None] | None = None

    def progress(done: int, total: int) -> None:
        nonlocal shown
        if shown is None or shown.disable:
            shown = tqdm(
                total=total,
                desc=f"{label:<28}",
                file=sys.stderr,
                leave=True,
                mininterval=0.5,
                bar_format="{desc}{percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} {elapsed}",
            )
        shown.total = total
        shown.update(done - shown.n)
        if done >= total:
            shown.close()

    return progress
