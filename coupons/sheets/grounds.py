"""What stands on every sheet of a run, drawn once: brand, sender, panel, foot, folds, cut lines."""

from typing import Final

from coupons.sheets import heads, marks
from coupons.sheets.boxes import Box, paper
from coupons.sheets.drawing import Inks, Setter, contain, image, line, rounded
from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import Format, Leaf, Theme

FOOT_SIZE: Final = 6.6
_FOOT_RISE: Final = 8.4  # mm from the foot's first baseline to the page's edge
NUMBER_ROOM: Final = 34.0  # mm kept at the right of the foot for the sheet's number
LOGO: Final = (62.0, 18.0)


def foot_baseline(format_: Format) -> float:
    """Return where the foot's first line stands, mm."""
    return paper(format_.page).height - _FOOT_RISE


def foot_left(format_: Format) -> float:
    """Return where the foot's lines begin: after the recycling mark, if there is one."""
    return heads.MARGIN + (7 if format_.recycling_mark else 0)


def foot_room(format_: Format) -> float:
    """Return how wide the foot's lines may be."""
    return paper(format_.page).width - heads.MARGIN - NUMBER_ROOM - foot_left(format_)


def logo_place(format_: Format, width: int, height: int) -> Box:
    """Return where a logo of so many pixels stands: whole, at the right, on one floor."""
    return contain(_logo_room(format_), width, height)


def _logo_room(format_: Format) -> Box:
    head = heads.head(format_)
    height = min(LOGO[1], head.tagline_baseline - 8)
    return Box(head.right - LOGO[0], head.tagline_baseline - height, LOGO[0], height)


def draw_front(
    theme: Theme,
    format_: Format,
    fonts: Fonts,
    inks: Inks,
    logo: tuple[str, int, int] | None,
    count: int,
) -> str:
    """Return a front page's ground; with the cut lines of `count` coupons, if it carries any."""
    head, height = heads.head(format_), paper(format_.page).height
    setter = Setter(fonts, inks, height)
    family = fonts.family
    parts = [f"q {inks.paint.fill(theme.brand_colour)} {rounded(head.panel, 3.2, height)} f Q "]
    if logo is not None:
        name, width, high = logo
        parts.append(image(name, logo_place(format_, width, high), height))
    parts.append("BT ")
    left, room = head.right - 88, 88.0
    if logo is None:
        parts.append(f"{inks.paint.fill(theme.brand_colour)} ")
        parts.append(
            setter.fitted(theme.brand, family.black, (29, 15), left, head.brand_baseline, room, 1)
        )
        parts.append(f"{inks.soft} ")
        parts.append(
            setter.fitted(
                theme.tagline, family.regular, (9.5, 7), left, head.tagline_baseline, room, 1
            )
        )
    parts.append(f"{inks.soft} ")
    if head.sender_is_beside:
        parts.append(
            setter.fitted(
                theme.sender, family.regular, (7, 5.5), left, head.sender_baseline, room, 1
            )
        )
    else:
        parts.append(
            setter.fitted(
                theme.sender,
                family.regular,
                (6.5, 5),
                head.address.x,
                head.sender_baseline,
                head.address.width,
            )
        )
    parts.append(_foot(theme, format_, setter))
    parts.append("ET ")
    if not head.sender_is_beside and theme.sender:
        rule = head.sender_baseline + 1.2
        stroke = line(head.address.x, rule, head.address.right, rule, height)
        parts.append(f"q {inks.faint_lines} 0.4 w {stroke}Q ")
    if format_.fold_marks:
        parts.append(marks.folds(format_, inks))
    if format_.recycling_mark:
        parts.append(marks.recycling(format_, inks, heads.MARGIN, foot_baseline(format_)))
    if format_.leaf is not Leaf.LETTER:
        parts.append(marks.cuts(format_, inks, count))
    return "".join(parts)


def _foot(theme: Theme, format_: Format, setter: Setter) -> str:
    return setter.fitted(
        theme.foot,
        setter.fonts.family.regular,
        (FOOT_SIZE, 5.2),
        foot_left(format_),
        foot_baseline(format_),
        foot_room(format_),
    )


def draw_back(theme: Theme, format_: Format, fonts: Fonts, inks: Inks, count: int) -> str:
    """Return the ground of coupons behind a letter: the brand, small, foot and cut lines."""
    height = paper(format_.page).height
    setter = Setter(fonts, inks, height)
    x, baseline = back_head(format_)
    parts = [
        f"BT {inks.paint.fill(theme.brand_colour)} ",
        setter.fitted(theme.brand, fonts.family.black, (17, 11), x, baseline, 60),
        f"{inks.soft} ",
        _foot(theme, format_, setter),
        "ET ",
        marks.cuts(format_, inks, count),
    ]
    if format_.recycling_mark:
        parts.append(marks.recycling(format_, inks, heads.MARGIN, foot_baseline(format_)))
    return "".join(parts)


def back_head(format_: Format) -> tuple[float, float]:
    """Return where the small head behind a letter begins: left edge and baseline."""
    left = heads.MATCH_SIDE + 2 * heads.MATCH_CLEAR + 1 if format_.match_marks else heads.MARGIN
    return left, 17.4
