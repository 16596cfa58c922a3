"""What staff change of offers, mailings, coupons and money is noted by the database."""

from django.db import migrations

from pos_integration.watching import count, watch

OFFER = ("coupons_offer", "offer_id")
MAILING = ("coupons_mailing", "mailing_id")
SEGMENT = ("coupons_segment", "segment_id")
THEME = ("coupons_theme", "theme_id")


class Migration(migrations.Migration):
    atomic = False  # a lock on each table for itself, and not longer than it takes

    dependencies = [("coupons", "0015_mailed_on"), ("pos_integration", "0010_changes_noted")]

    operations = [
        watch("coupons_funder"),
        watch("coupons_offer"),
        watch("coupons_offer_stores", about=OFFER),
        watch("coupons_offerlevel", about=OFFER),
        watch("coupons_offertext", about=OFFER),
        watch("coupons_offerrule", about=OFFER),
        watch("coupons_offerproduct", about=OFFER),
        watch("coupons_offerbarcode", about=OFFER),
        watch("coupons_offertrial", about=OFFER, left_out="figures error"),
        watch("coupons_offerfile", left_out="sha256 faults changes"),
        watch("coupons_restriction"),
        watch("coupons_picture", left_out="changes"),
        watch("coupons_picture_products", about=("coupons_picture", "picture_id")),
        watch("coupons_theme"),
        watch("coupons_themefont", about=THEME),
        watch("coupons_fontfile", key="sha256"),
        watch("coupons_pressprofile", key="sha256"),
        watch("coupons_seedaddress"),
        watch("coupons_segment"),
        watch("coupons_segment_stores", about=SEGMENT),
        *count("coupons_segment_households", SEGMENT, ("INSERT", "DELETE")),
        watch("coupons_standingholdout", unseen="salt"),
        watch("coupons_mailing"),
        watch("coupons_mailing_offers", about=MAILING),
        watch("coupons_mailing_segments", about=MAILING),
        watch("coupons_mailing_fallback_offers", about=MAILING),
        watch("coupons_mailingtext", about=MAILING),
        watch("coupons_funderbudget", about=MAILING),
        *count("coupons_recipient", MAILING, ("INSERT", "DELETE")),
        watch("coupons_selection", about=MAILING, left_out="terms prices report"),
        watch("coupons_measurement", about=MAILING, left_out="report"),
        watch(
            "coupons_printrun",
            left_out="numbers look seeds left_out says folder manifest sheets coupons checked",
        ),
        watch("coupons_spoilage", about=("coupons_printrun", "run_id")),
        # Sheets and coupons are issued by the million, and changed by staff one at a time.
        *count("coupons_sheet", MAILING, ("INSERT", "DELETE")),
        watch("coupons_sheet", about=("loyalty_household", "household_id"), on="UPDATE"),
        *count("coupons_coupon", ("coupons_sheet", "sheet_id"), ("INSERT", "DELETE")),
        watch(
            "coupons_coupon",
            about=("coupons_sheet", "sheet_id"),
            left_out="reason staff_reason",
            on="UPDATE",
        ),
        watch("coupons_goodwill", about=("coupons_coupon", "coupon_id"), left_out="why"),
        watch("coupons_redemption"),
        watch("coupons_refusal", left_out="detail"),
        watch("coupons_refusalverdict", about=("coupons_refusal", "refusal_id")),
        watch("coupons_tillmiss", about=("pos_integration_terminal", "terminal_id"), on="DELETE"),
        *count("coupons_ledgerentry", ("coupons_funder", "funder_id"), ("INSERT",)),
        watch("coupons_statement"),
        *count("coupons_statemententry", ("coupons_statement", "statement_id"), ("INSERT",)),
        watch("coupons_dispute"),
    ]
