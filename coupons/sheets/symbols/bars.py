"""Runs of dark modules as PDF rectangles: whole numbers as they are, narrowed ones to a thousandth.

A press or printer lets ink spread. Bars are then drawn narrower by what the ink adds, evenly from
both sides, so that the middle of every bar stays where it was.
"""


def figure(value: float) -> str:
    """Return a coordinate as PDF writes it, in no more characters than it needs."""
    rounded = round(value, 3)
    if rounded == int(rounded):
        return str(int(rounded))
    return f"{rounded:.3f}".rstrip("0").removeprefix("0")


def bar(x: int, width: int, reduction: float) -> str:
    """Return the rectangle of one bar of `width` modules that begins at `x`, one unit high.

    reduction: modules by which the bar is narrowed, at least 0 and less than 1.
    """
    if not reduction:
        return f"{x} 0 {width} 1 re\n"
    return f"{figure(x + reduction / 2)} 0 {figure(width - reduction)} 1 re\n"


def symbol(runs: str, x: int, reduction: float) -> str:
    """Return the rectangles of a pattern at `x`. runs: widths of bar, space, bar, space ..."""
    drawn = ""
    for index, run in enumerate(map(int, runs)):
        if index % 2 == 0:
            drawn += bar(x, run, reduction)
        x += run
    return drawn
