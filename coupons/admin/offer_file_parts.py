"""What the pages of offer files show of offers: changed ones and new ones."""

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coupons.importing.columns import GOOD_ON
from pos_integration.admin.table_parts import before_after
from pos_integration.desk import table


def changed_table(shown: list[dict[str, Any]]) -> SafeString:
    return before_after(
        (one["row"], f"{one['code']} {one['name']}", one["changes"]) for one in shown
    )


def new_table(shown: list[dict[str, Any]]) -> SafeString:
    return table(
        (_("Row#"), _("Code"), _("Offer"), _("Worth"), _("Dates"), _("Good on")),
        (
            (
                one["row"],
                one["code"],
                one["name"],
                one["worth"],
                _(" to ").join(one["dates"]),
                "; ".join(after for column, _before, after in one["changes"] if column in GOOD_ON)
                or _("the whole basket"),
            )
            for one in shown
        ),
        "",
    )
