"""Progress bars for commands: one a long step, silent where nobody watches."""

import sys
from collections.abc import Callable
from typing import Any

from tqdm import tqdm


def bar(label: str) -> Callable[[int, int], None]:
    """Return a function of (done, total) that draws `label`'s progress on the terminal."""
    bars: list[tqdm[Any]] = []  # drawn at the first call, when the total is known

    def progress(done: int, total: int) -> None:
        if not bars:
            bars.append(
                tqdm(
                    total=total,
                    desc=f"{label:<28}",
                    file=sys.stderr,
                    mininterval=0.5,
                    bar_format="{desc}{percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} {elapsed}",
                )
            )
        bars[0].update(done - bars[0].n)
        if done >= total:
            bars[0].close()

    return progress
