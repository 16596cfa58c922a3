"""What staff can do about what could not be taken, in words, for each code of a reject."""

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Mend:
    """What to do, and the page at the desk where it is done: a URL's name, and its label."""

    words: str | Promise
    page: str = ""
    label: str | Promise = ""


_AT_THE_SENDER = _(
    "This is put right where it was sent from: show the text below to whoever looks after the "
    "tills' software. The next file comes with its baskets whole; this one is handed in again."
)

MENDS = {
    "unknown_store": Mend(
        _(
            "If it is a store under another name, add that name to the store's other names; if it "
            "is a new store, add it. Then load the file again."
        ),
        "admin:pos_integration_store_changelist",
        _("Stores and their other names"),
    ),
    "unknown_terminal": Mend(
        _(
            "If the till has another name in this feed, add it on the till's page; if it is new, "
            "add the till. Then load the file again."
        ),
        "admin:pos_integration_terminal_changelist",
        _("Tills and their other names"),
    ),
    "foreign_store": Mend(
        _(
            "A till sends its own store's sales only. If this one collects for every store, a "
            "till that speaks for every store is wanted: add it, with a token of its own."
        ),
        "admin:pos_integration_terminal_changelist",
        _("Tills"),
    ),
    "wrong_currency": Mend(
        _("Compare the currency that the store keeps with what its tills print."),
        "admin:pos_integration_store_changelist",
        _("Stores"),
    ),
    "bad_scale_label": Mend(
        _(
            "A label with its price or weight in it did not add up. Compare the layout kept for "
            "the store with a label from its scales, then load the file again."
        ),
        "admin:pos_integration_scalelabel_changelist",
        _("Layouts of scale labels"),
    ),
    "bad_check_digit": Mend(
        _(
            "The number's last digit does not fit the others: it was keyed in wrongly, or the "
            "item's record at the till is wrong. Mend the item there. If the code is the house's "
            "own and no GTIN, the till must send it as such."
        ),
        "admin:pos_integration_product_changelist",
        _("Products"),
    ),
    "conflicting_receipt": Mend(
        _(
            "The same receipt came before with another content, and that one counts. Look at both: "
            "was the till set back, or numbered anew in the day? If the first is right, close this."
        ),
        "admin:pos_integration_basket_changelist",
        _("Receipts"),
    ),
    "payment_card": Mend(
        _(
            "A payment card was scanned as a loyalty card; its number was not kept. If the chain's "
            "own cards look like this, an administrator names how they begin "
            "(LOYALTY_CARD_PREFIXES), and the file is loaded again."
        )
    ),
    "future_date": Mend(
        _("The till's clock, or the store's time zone here, is wrong. Compare both."),
        "admin:pos_integration_store_changelist",
        _("Stores and their time zones"),
    ),
    "bad_date": Mend(
        _("The till's clock, or the store's time zone here, is wrong. Compare both."),
        "admin:pos_integration_store_changelist",
        _("Stores and their time zones"),
    ),
    "unreadable": Mend(
        _(
            "The file is not what it was said to be, or was cut off. Look at its beginning below: "
            "hand it in again whole, and say what it is."
        ),
        "admin:pos_integration_upload_hand_in",
        _("Upload a file"),
    ),
    "gave_up": Mend(
        _(
            "Loading was begun and broke off, more than once. See whether the server ran out of "
            "memory or was stopped, then load the file again."
        )
    ),
    "too_long": Mend(
        _("No receipt is that long: two were run together, or a file of another kind was sent.")
    ),
}


IN_SHORT = {
    "unknown_store": _("unknown store"),
    "unknown_terminal": _("unknown terminal"),
    "foreign_store": _("foreign store"),
    "wrong_currency": _("wrong currency"),
    "bad_scale_label": _("bad scale label"),
    "bad_check_digit": _("bad check digit"),
    "conflicting_receipt": _("conflicting receipt"),
    "payment_card": _("payment card"),
    "future_date": _("future date"),
    "bad_date": _("bad date"),
    "unreadable": _("unreadable"),
    "gave_up": _("gave up"),
    "too_long": _("too long"),
}


def in_short(code: str) -> str:
    """A code of rejects in a word or two, for a pill."""
    return str(IN_SHORT.get(code, code.replace("_", " ")))


def mend_of(code: str) -> Mend:
    """What to do about a reject with this code."""
    return MENDS.get(code, Mend(_AT_THE_SENDER))


def marked(raw: str, detail: str) -> tuple[str, str, str]:
    """Cut a reject's text around what its sentence quotes: before, the wrong place, after.

    All of it comes first, and nothing is marked, where the sentence quotes nothing that is in it.
    """
    for quoted in re.findall(r"'([^']{1,80})'", detail):
        before, found, after = raw.partition(quoted)
        if found:
            return before, found, after
    return raw, "", ""
