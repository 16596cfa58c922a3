"""Who may use which page of the desk, and which button: the tables that test_roles.py goes by.

The whole desk stands here: a page, a button or an action of a list that does not fails there until
somebody says who may use it.
"""

# ruff: noqa: E501 - the tables are read by their columns

from typing import Any, NamedTuple

from django.contrib import admin

from coupons.admin import ledger, mailing_steps, printing_steps, sheets
from loyalty.models import Household

# S: store staff, of their own store alone. M: marketing. A: administrators.
ALL, MARKETING, ADMINS, NOBODY = "SMA", "MA", "A", ""
WHO = {ALL, MARKETING, ADMINS, NOBODY, "SA"}
ROLES = {"S": "Store staff", "M": "Marketing", "A": "Administrators"}
OURS, THEIRS = "Heron", "Zebra"  # written all over what is of the one store and of the other


class Rights(NamedTuple):
    """Who may do what with the rows of a model, and where one of them is in a Chain."""

    row: str
    look: str
    add: str = NOBODY
    change: str = NOBODY
    delete: str = NOBODY


class Act(NamedTuple):
    """Who may open a page of its own and who may send it, what its address and form say.

    What is a way into a Chain, such as `ours.note`, is the key of the row there.
    """

    look: str
    do: str
    at: tuple[Any, ...] = ()
    says: dict[str, Any] = {}


# fmt: off
MODELS = {
    #                                  row               look       add        change     delete
    "auth_user":                Rights("user",           ADMINS,    ADMINS,    ADMINS),
    "coupons_coupon":           Rights("ours.coupon",    ALL),
    "coupons_dispute":          Rights("ours.dispute",   ALL),
    "coupons_fontfile":         Rights("font",           ALL,       NOBODY,    NOBODY,    MARKETING),
    "coupons_funder":           Rights("funder",         MARKETING, MARKETING, MARKETING),
    "coupons_ledgerentry":      Rights("ours.entry",     ALL),
    "coupons_mailing":          Rights("draft",          ALL,       MARKETING, MARKETING),
    "coupons_measurement":      Rights("measurement",    ALL),
    "coupons_offer":            Rights("offer",          ALL,       MARKETING, MARKETING),
    "coupons_offerfile":        Rights("offer_file",     ALL),
    "coupons_offerproduct":     Rights("offer_product",  ALL,       MARKETING, MARKETING, MARKETING),
    "coupons_picture":          Rights("picture",        ALL,       MARKETING, MARKETING, MARKETING),
    "coupons_pressprofile":     Rights("press",          ALL,       NOBODY,    NOBODY,    MARKETING),
    "coupons_printrun":         Rights("print_run",      ALL),
    "coupons_recipient":        Rights("ours.recipient", ALL,       MARKETING),
    "coupons_redemption":       Rights("ours.redemption", ALL),
    "coupons_refusal":          Rights("ours.refused",   ALL),
    "coupons_restriction":      Rights("restriction",    ALL,       MARKETING, MARKETING, MARKETING),
    "coupons_seedaddress":      Rights("seed",           ALL,       MARKETING, MARKETING, MARKETING),
    "coupons_segment":          Rights("segment",        ALL,       MARKETING, MARKETING, MARKETING),
    "coupons_selection":        Rights("selection",      ALL),
    "coupons_sheet":            Rights("ours.sheet",     ALL),
    "coupons_standingholdout":  Rights("standing",       ALL,       MARKETING, MARKETING),
    "coupons_statement":        Rights("statement",      MARKETING),
    "coupons_theme":            Rights("theme",          ALL,       MARKETING, MARKETING, MARKETING),
    "loyalty_card":             Rights("ours.card",      ALL),
    "loyalty_datarequest":      Rights("ours.request",   ALL),
    "loyalty_fittedmodel":      Rights("fitted",         ALL),
    "loyalty_household":        Rights("ours.household", ALL,       ALL,       ALL),
    "loyalty_householdsummary": Rights("ours.summary",   ALL),
    "loyalty_merger":           Rights("ours.merger",    ALL),
    "loyalty_modelrun":         Rights("run",            ALL),
    "loyalty_note":             Rights("ours.note",      ALL),
    "loyalty_purchasechunk":    Rights("chunk",          ALL),
    "pos_integration_basket":   Rights("ours.basket",    ALL),
    "pos_integration_category": Rights("category",       ALL,       MARKETING, MARKETING),
    "pos_integration_change":   Rights("ours.change",    ALL),
    "pos_integration_product":  Rights("product",        ALL,       MARKETING, MARKETING),
    "pos_integration_redemptionrecord": Rights("ours.record", ALL),
    "pos_integration_reject":   Rights("ours.reject",    ALL),
    "pos_integration_scalelabel": Rights("ours.label",   ALL,       MARKETING, MARKETING, MARKETING),
    "pos_integration_store":    Rights("ours.store",     ALL,       MARKETING, MARKETING),
    "pos_integration_terminal": Rights("ours.till",      ALL,       ADMINS,    ADMINS),
    "pos_integration_upload":   Rights("ours.upload",    ALL),
}

WHY = {"why": "lost in the post", "confirmed": "yes"}
CONFIRMED = {"confirmed": "yes"}
ACTS = {
    #                             look       do
    "index":                      Act(ALL,       NOBODY),
    "app_list":                   Act(ALL,       NOBODY, ("coupons",)),
    "search":                     Act(ALL,       NOBODY),
    "pos_integration_store_today": Act(ALL,     NOBODY),
    "jsi18n":                     Act(ALL,       NOBODY),
    "autocomplete":               Act(NOBODY,    NOBODY),  # each field below
    "view_on_site":               Act(NOBODY,    NOBODY, ("type", "ours.household")),  # none has one
    "login":                      Act(NOBODY,    NOBODY),  # who is in is led on
    "logout":                     Act(NOBODY,    ALL),
    "password_change":            Act(ALL,       ALL),
    "password_change_done":       Act(ALL,       NOBODY),
    "auth_user_password_change":  Act(ADMINS,    ADMINS, ("user",)),
    "auth_user_second_factor":    Act(ADMINS,    ADMINS, ("user",)),
    "second_factor":              Act(ALL,       ALL),  # everybody's own
    "second_factor_asked":        Act(NOBODY,    NOBODY),  # of who is at the door
    "second_factor_set_up":       Act(ALL,       ALL),
    "second_factor_codes":        Act(ALL,       ALL),
    "second_factor_another_phone": Act(ALL,      ALL),
    "second_factor_new_codes":    Act(ALL,       ALL),
    "second_factor_do_without":   Act(ALL,       ALL),

    "loyalty_household_step/note":     Act(ALL, ALL, ("ours.household",), {"text": "cross", "kind": "note"}),
    "loyalty_household_step/consent":  Act(ALL, ALL, ("ours.household",), {"purpose": "post", "answer": "no", "source": "desk"}),
    "loyalty_household_step/wish":     Act(ALL, ALL, ("ours.household",), {"category": "category", "wish": "never"}),
    "loyalty_household_step/goodwill": Act(ALL, ALL, ("ours.household",), {"offer": "offer", "why": "cross", "good_days": 9}),
    "loyalty_household_step/request":  Act(ALL, ALL, ("ours.household",), {"kind": "copy", "asked_on": "2026-11-01", "source": "desk"}),
    "loyalty_household_step/merge":    Act(MARKETING, MARKETING, ("ours.household",), {"other": "Zebra-1", "is_sure": "on"}),
    "loyalty_household_step/split":    Act(MARKETING, MARKETING, ("ours.household",), {"cards": ["Heron-1"], "name": "Halves"}),
    "loyalty_note_settle":        Act(ALL,       ALL,       ("ours.note",)),
    "loyalty_merger_undo":        Act(MARKETING, MARKETING, ("ours.merger",)),
    "loyalty_household_export":   Act(MARKETING, MARKETING, ("ours.household",)),
    "loyalty_household_erase":    Act(ADMINS,    ADMINS,    ("ours.household",), {"number": "ours.household", "why": "asked"}),
    "loyalty_modelrun_start":     Act(MARKETING, MARKETING),
    "loyalty_fittedmodel_learn":  Act(MARKETING,    MARKETING),
    "loyalty_fittedmodel_use":    Act(MARKETING,    MARKETING,    ("fitted",)),

    "coupons_sheet_pdf":          Act(ALL,       NOBODY,    ("ours.sheet",)),
    "coupons_sheet_html":         Act(ALL,       NOBODY,    ("ours.sheet",)),
    "coupons_sheet_thumbnail":    Act(ALL,       NOBODY,    ("ours.sheet",)),
    "coupons_sheet_lost/void":    Act(ALL,       ALL,       ("ours.sheet",), WHY),
    "coupons_sheet_lost/replace": Act(ALL,       ALL,       ("ours.sheet",), WHY),
    "coupons_coupon_void":        Act(ALL,       ALL,       ("ours.coupon",), WHY),
    "coupons_coupon_slip":        Act(ALL,       NOBODY,    ("ours.coupon",)),
    "coupons_refusal_decide":     Act(ALL,       ALL,       ("ours.refused",), {"verdict": "stands", **CONFIRMED}),
    "coupons_refusal_reopen":     Act(ALL,       ALL,       ("ours.refused",)),

    "coupons_ledgerentry_dispute": Act(MARKETING,   MARKETING,    ("ours.entry",), {"amount": "0.10", "reason": "no"}),
    "coupons_dispute_answer/concede": Act(MARKETING, MARKETING,   ("ours.dispute",), {"answer": "yes", **CONFIRMED}),
    "coupons_dispute_answer/uphold": Act(MARKETING, MARKETING,    ("ours.dispute",), {"answer": "no", **CONFIRMED}),
    "coupons_statement_settle":   Act(MARKETING,    MARKETING,    (), {"through": "2026-01-31"}),
    "coupons_statement_paid":     Act(MARKETING,    MARKETING,    ("statement",), {"on": "2026-01-31"}),
    "coupons_statement_csv":      Act(MARKETING, NOBODY,    ("statement",)),
    "coupons_statement_pdf":      Act(MARKETING, NOBODY,    ("statement",)),

    "coupons_mailing_before":     Act(MARKETING, MARKETING, ("mailing",)),
    "coupons_mailing_progress":   Act(ALL,       NOBODY,    ("mailing",)),
    "coupons_mailing_audience":   Act(ALL,       NOBODY,    ("mailing",)),
    "coupons_mailing_offers":     Act(ALL,       NOBODY,    ("mailing",)),
    "coupons_mailing_compare":    Act(ALL,       NOBODY,    ("mailing",)),
    "coupons_mailing_recipients": Act(MARKETING, MARKETING, ("draft",), {"tiers": ["gold"]}),
    "coupons_mailing_use":        Act(MARKETING, MARKETING, ("mailing", "selection")),
    "coupons_mailing_step/select":  Act(MARKETING, MARKETING, ("draft",)),
    "coupons_mailing_step/approve": Act(MARKETING, MARKETING, ("draft",)),
    "coupons_mailing_step/draft":   Act(MARKETING, MARKETING, ("draft",)),
    "coupons_mailing_step/issue":   Act(MARKETING, MARKETING, ("draft",)),
    "coupons_mailing_step/print":   Act(MARKETING, MARKETING, ("mailing",)),
    "coupons_mailing_step/mailed":  Act(MARKETING, MARKETING, ("mailing",), {"mailed_on": "2026-03-02"}),
    "coupons_mailing_step/close":   Act(MARKETING, MARKETING, ("mailing",)),
    "coupons_selection_sheets":   Act(MARKETING, NOBODY,    ("selection",)),
    "coupons_selection_proof":    Act(MARKETING, NOBODY,    ("selection",)),
    "coupons_selection_picture":  Act(MARKETING, NOBODY,    ("selection", "ours.household")),
    "coupons_segment_list":       Act(MARKETING, MARKETING, ("segment",), {"typed": "Heron-1"}),
    "coupons_measurement_measure": Act(MARKETING, MARKETING, (), {"mailing": "mailing"}),
    "coupons_measurement_csv":    Act(ALL,       NOBODY,    ("measurement",)),

    "coupons_printrun_begin/proof": Act(MARKETING, MARKETING, ("mailing",), {"sheets": 1}),
    "coupons_printrun_begin/test":  Act(MARKETING, MARKETING, ("mailing",)),
    "coupons_printrun_step/spoiled": Act(MARKETING, MARKETING, ("print_run",), {"sheets": "1", "why": "torn"}),
    "coupons_printrun_step/good":   Act(MARKETING, MARKETING, ("print_run",)),
    "coupons_printrun_step/reprint": Act(MARKETING, MARKETING, ("print_run",), {"sheets": "1"}),
    "coupons_printrun_step/go-on":  Act(MARKETING, MARKETING, ("print_run",)),
    "coupons_printrun_progress":  Act(ALL,       NOBODY,    ("print_run",)),
    "coupons_printrun_manifest":  Act(MARKETING, NOBODY,    ("print_run",)),
    "coupons_printrun_file":      Act(MARKETING, NOBODY,    ("print_run", "print_file")),

    "coupons_offer_calendar":     Act(ALL,       NOBODY),
    "coupons_offer_together":     Act(MARKETING, MARKETING),
    "coupons_offer_try":          Act(MARKETING, MARKETING, ("offer",)),
    "coupons_offer_copy":         Act(MARKETING, MARKETING, ("offer",), {"code": "again"}),
    "coupons_offer_picture":      Act(MARKETING, MARKETING, ("offer",)),
    "coupons_offer_export/csv":   Act(ALL,       NOBODY),
    "coupons_offer_export/xlsx":  Act(ALL,       NOBODY),
    "coupons_offerfile_import":   Act(MARKETING, MARKETING),
    "coupons_offerfile_export/csv": Act(ALL,     NOBODY),
    "coupons_offerfile_export/xlsx": Act(ALL,    NOBODY),
    "coupons_offerfile_step/confirm": Act(MARKETING, MARKETING, ("offer_file",)),
    "coupons_offerfile_step/drop":  Act(MARKETING, MARKETING, ("offer_file",)),
    "coupons_offerfile_step/again": Act(MARKETING, MARKETING, ("offer_file",)),
    "coupons_offerfile_file":     Act(ALL,       NOBODY,    ("offer_file",)),
    "coupons_offerfile_faults":   Act(ALL,       NOBODY,    ("offer_file",)),
    "coupons_picture_upload":     Act(MARKETING, MARKETING),
    "coupons_picture_image":      Act(ALL,       NOBODY,    ("picture.file", 96)),
    "coupons_theme_preview":      Act(NOBODY,    MARKETING),
    "coupons_theme_proof":        Act(NOBODY,    MARKETING),
    "coupons_theme_default":      Act(MARKETING, MARKETING, ("theme",)),

    "pos_integration_category_import": Act(MARKETING, MARKETING),
    "pos_integration_category_waiting": Act(MARKETING, NOBODY, ("token",)),
    "pos_integration_category_faults": Act(MARKETING, NOBODY, ("token",)),
    "pos_integration_category_step/confirm": Act(MARKETING, MARKETING, ("token",)),
    "pos_integration_category_step/drop": Act(MARKETING, MARKETING, ("token",)),
    "pos_integration_category_together": Act(MARKETING, MARKETING),
    "pos_integration_category_export/csv": Act(ALL, NOBODY),
    "pos_integration_category_export/xlsx": Act(ALL, NOBODY),
    "pos_integration_product_import": Act(MARKETING, MARKETING),
    "pos_integration_product_waiting": Act(MARKETING, NOBODY, ("token",)),
    "pos_integration_product_faults": Act(MARKETING, NOBODY, ("token",)),
    "pos_integration_product_step/confirm": Act(MARKETING, MARKETING, ("token",)),
    "pos_integration_product_step/drop": Act(MARKETING, MARKETING, ("token",)),
    "pos_integration_product_together": Act(MARKETING, MARKETING),
    "pos_integration_product_export/csv": Act(ALL, NOBODY),
    "pos_integration_product_export/xlsx": Act(ALL, NOBODY),
    "pos_integration_store_import": Act(MARKETING, MARKETING),
    "pos_integration_store_waiting": Act(MARKETING, NOBODY, ("token",)),
    "pos_integration_store_faults": Act(MARKETING, NOBODY, ("token",)),
    "pos_integration_store_step/confirm": Act(MARKETING, MARKETING, ("token",)),
    "pos_integration_store_step/drop": Act(MARKETING, MARKETING, ("token",)),
    "pos_integration_store_export/csv": Act(ALL, NOBODY),
    "pos_integration_store_export/xlsx": Act(ALL, NOBODY),

    "pos_integration_terminal_missing": Act(ALL, NOBODY),
    "pos_integration_terminal_token": Act(ADMINS, ADMINS,   ("ours.till",), CONFIRMED),
    "pos_integration_terminal_revoke": Act(ADMINS, ADMINS,  ("ours.till",),
                                           {**CONFIRMED, "revokes": 1}),
    "pos_integration_terminal_stop": Act(ADMINS, ADMINS,    ("ours.till", "ours.token"),
                                         CONFIRMED),
    "pos_integration_terminal_again": Act(ALL,   ALL,       ("ours.till",)),
    "pos_integration_upload_hand_in": Act(ALL,   ALL,       (), {"till": "ours.till"}),
    "pos_integration_upload_file": Act("SA",     NOBODY,    ("ours.upload",)),
    "pos_integration_upload_replay": Act(MARKETING, MARKETING,    ("ours.upload",), {"replays": 0, **CONFIRMED}),
    "pos_integration_reject_close": Act(ALL,     ALL,       ("ours.reject",), WHY),
    "pos_integration_reject_reopen": Act(ALL,    ALL,       ("ours.reject",)),
}
# What a list does with the rows that are ticked.
ACTIONS = {
    "auth_user/let_in_again": ADMINS,
    "auth_user/take_second_factors_away": ADMINS,
    "coupons_offer/change_together": MARKETING,
    "pos_integration_category/change_together": MARKETING,
    "pos_integration_product/change_together": MARKETING,
    "coupons_offer/export_as_csv": ALL,
    "coupons_offer/export_as_xlsx": ALL,
    "coupons_refusal/decide": ALL,
    "coupons_refusal/reopen": ALL,
    "loyalty_note/settle_chosen": ALL,
    "loyalty_note/reopen_chosen": ALL,
    "pos_integration_reject/close": ALL,
    "pos_integration_reject/reopen": ALL,
    "pos_integration_terminal/new_token": ADMINS,
    "pos_integration_terminal/revoke": ADMINS,
    "pos_integration_terminal/let_back_in": ADMINS,
    "pos_integration_upload/load_again": MARKETING,
}
# fmt: on

HOUSEHOLDS: Any = admin.site._registry[Household]
TABLES = ("csv", "xlsx")
# Pages that do several things, by the word in their address.
SEVERAL = {
    "loyalty_household_step": [one.slug for one in HOUSEHOLDS.steps],
    "coupons_sheet_lost": sheets.LOST,
    "coupons_dispute_answer": ledger.ANSWERS,
    "coupons_mailing_step": mailing_steps.STEPS,
    "coupons_printrun_begin": [kind.value for kind in printing_steps.BEGUN],
    "coupons_printrun_step": printing_steps.STEPS,
    "coupons_offerfile_step": ["confirm", "drop", "again"],
    "coupons_offer_export": TABLES,
    "coupons_offerfile_export": TABLES,
    **{f"pos_integration_{of}_export": TABLES for of in ("category", "product", "store")},
    **{
        f"pos_integration_{of}_step": ["confirm", "drop"] for of in ("category", "product", "store")
    },
}
# Whoever comes may sign in or out, and read the words of the browser's own part.
OPEN_TO_ALL = {"login", "logout", "jsi18n"}
PAGES = admin.site._registry.values()
OF_A_MODEL = ("changelist", "add", "change", "delete", "history")
