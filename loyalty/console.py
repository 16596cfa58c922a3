"""What long commands share: a progress bar a step, and no diary of a million queries."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from tqdm import tqdm


def bar(label: str) -> Callable[[int, int], None]:
    """Return a function of (done, total) that draws `label`'s progress on the terminal."""
    bars: list[tqdm[Any]] = []  # drawn at the first call, when the total is known

    def progress(done: int, total: int) -> None:
        if not total:
            return
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


def forget_queries() -> None:
    """Let this process keep no text of its queries, as Django does for pages while DEBUG is on:
    a night has millions, and an upload's is as long as the upload.
    """
    settings.DEBUG = False
