"""Every field of every model, sorted: what says something of a shopper, and what does not.

A field that stands in neither list fails a test: whoever adds one decides where it belongs, and
if it is personal, lets `privacy_held` of its app show and erase it.
"""

from typing import Final, NamedTuple


class Fields(NamedTuple):
    personal: str  # erased, emptied, or left pointing to a household without name and card
    other: str = ""


TABLE: Final = {
    "pos_integration.Category": Fields(
        "",
        "level parent name is_modelled goods is_sensitive margin_share",
    ),
    "pos_integration.Product": Fields(
        "",
        "gtin code name brand size category is_listed lowest_price",
    ),
    "pos_integration.Store": Fields(
        "",
        "number name currency time_zone",
    ),
    "pos_integration.StoreStaff": Fields(
        "",
        "user store",
    ),
    "pos_integration.Terminal": Fields(
        "",
        "store number is_collector revoked_at last_seen_at",
    ),
    "pos_integration.StoreAlias": Fields(
        "",
        "store text",
    ),
    "pos_integration.TerminalAlias": Fields(
        "",
        "terminal text",
    ),
    "pos_integration.ScaleLabel": Fields(
        "",
        "store pattern decimals",
    ),
    "pos_integration.TerminalToken": Fields(
        "",
        "terminal sha256 created_at revoked_at",
    ),
    "pos_integration.Upload": Fields(
        "body",
        (
            "terminal sha256 media_type is_packed size replay_of received_at state attempts "
            "claimed_until loaded_at baskets lines accepted duplicates rejected skipped "
            "next_position"
        ),
    ),
    "pos_integration.Change": Fields(
        "label before after",
        "at by_id by_name page kind table_name row_id about_table about_id rows",
    ),
    "pos_integration.UploadPiece": Fields(
        "data",
        "upload number",
    ),
    "pos_integration.Reject": Fields(
        "detail raw",
        "upload position code receipt resolved_by closed_at closed_by closed_why",
    ),
    "pos_integration.Basket": Fields(
        "card_number",
        "store till business_date receipt kind ended_at currency voids upload content_hash",
    ),
    "pos_integration.BasketLine": Fields(
        "",
        "basket number product code kind quantity unit amount discount returns",
    ),
    "pos_integration.Tender": Fields(
        "",
        "basket position kind amount",
    ),
    "pos_integration.RedemptionRecord": Fields(
        "",
        "basket position line_number code amount",
    ),
    "pos_integration.Undoing": Fields(
        "",
        "basket line_number store till business_date receipt original_line original",
    ),
    "loyalty.Household": Fields(
        "name joined_on slot members is_of_age birth_month language",
        "",
    ),
    "loyalty.Address": Fields(
        "household street postcode city region country is_deliverable",
        "",
    ),
    "loyalty.Card": Fields(
        "number household claimed_on sealed_slot",
        "",
    ),
    "loyalty.Consent": Fields(
        "household purpose is_granted said_at source",
        "",
    ),
    "loyalty.Preference": Fields(
        "household category kind",
        "",
    ),
    "loyalty.FittedModel": Fields(
        "",
        "kind version as_of fitted_at parameters sha256 in_use figures",
    ),
    "loyalty.ModelRun_learned": Fields(
        "",
        "modelrun fittedmodel",
    ),
    "loyalty.ModelRun": Fields(
        "",
        (
            "as_of state history_hash started_at published_at households lines seconds "
            "parameters fitted report"
        ),
    ),
    "loyalty.BucketReceipt": Fields(
        "",
        "run step bucket households lines seconds sums",
    ),
    "loyalty.HouseholdSummary": Fields(
        (
            "run household first_on last_on recency_days frequency monetary baskets "
            "mean_gap_days saved coupon_share tier year_value year_margin favourite_weekday "
            "weekly_spend_cents categories weekly_trips home_store favourite_daypart "
            "lifetime_value lifetime_margin wallet_share wallets price_sensitivity is_shared "
            "shared_reason"
        ),
        "",
    ),
    "loyalty.Profile": Fields(
        "household needs discoveries run",
        "",
    ),
    "loyalty.Note": Fields(
        "household kind text written_at settled_at",
        "written_by settled_by",
    ),
    "loyalty.Merger": Fields(
        "kept gone merged_at moved undone_at",
        "merged_by undone_by",
    ),
    "loyalty.DataRequest": Fields(
        "household kind asked_at source due_on done_at",
        "done_by",
    ),
    "loyalty.Erasure": Fields(
        "household_number",
        "erased_at erased_by why counts",
    ),
    "loyalty.SealedUpload": Fields(
        "",
        "upload",
    ),
    "loyalty.SealedUndoing": Fields(
        "",
        "undoing",
    ),
    "loyalty.PurchaseChunk": Fields(
        "data",
        "bucket month of_buckets rows sha256",
    ),
    "coupons.Segment_stores": Fields(
        "",
        "segment store",
    ),
    "coupons.Segment_households": Fields(
        "household segment",
        "",
    ),
    "coupons.Segment": Fields(
        "",
        "name tiers trigger days category least_chance",
    ),
    "coupons.StandingHoldout": Fields(
        "",
        "share salt begins_on ends_on",
    ),
    "coupons.PictureFile": Fields(
        "",
        "sha256 content width height",
    ),
    "coupons.Picture_products": Fields(
        "",
        "picture product",
    ),
    "coupons.Picture": Fields(
        "",
        "name file changes uploaded_at uploaded_by",
    ),
    "coupons.FontFile": Fields(
        "",
        "sha256 name content uploaded_at",
    ),
    "coupons.PressProfile": Fields(
        "",
        "sha256 name condition content uploaded_at",
    ),
    "coupons.Funder": Fields(
        "",
        "name handling_fee reference address",
    ),
    "coupons.Offer_stores": Fields(
        "",
        "offer store",
    ),
    "coupons.Offer": Fields(
        "",
        (
            "code name detail kind face_value percent price units reduced_units threshold "
            "stacking_group after_return category picture photo terms funder funder_share "
            "valid_from valid_to shared_code circulation rivals least_coupons most_coupons "
            "per_household expected_budget real_budget"
        ),
    ),
    "coupons.OfferLevel": Fields(
        "",
        "offer number face_value percent price",
    ),
    "coupons.OfferText": Fields(
        "",
        "offer language name detail terms",
    ),
    "coupons.OfferRule": Fields(
        "",
        "offer is_excluded category brand product",
    ),
    "coupons.Restriction": Fields(
        "",
        "goods country region verdict",
    ),
    "coupons.OfferProduct": Fields(
        "",
        "offer product",
    ),
    "coupons.OfferBarcode": Fields(
        "",
        "offer symbology content company_prefix reference family_code",
    ),
    "coupons.Theme": Fields(
        "",
        (
            "name is_default language brand tagline logo sender brand_colour accent_colour "
            "savings_lead foot how_chosen home page window has_fold_marks has_inserter_marks "
            "has_match_marks has_recycling_mark imb_mailer imb_service symbology company_prefix "
            "dots_per_inch dots_a_module bar_reduction_dots colour profile bleed_mm "
            "sheets_a_file sheets_checked"
        ),
    ),
    "coupons.ThemeFont": Fields(
        "",
        "theme cut font place",
    ),
    "coupons.Mailing_offers": Fields(
        "",
        "mailing offer",
    ),
    "coupons.Mailing_segments": Fields(
        "",
        "mailing segment",
    ),
    "coupons.Mailing_fallback_offers": Fields(
        "",
        "mailing offer",
    ),
    "coupons.Mailing": Fields(
        "",
        (
            "code name state select_on issue_on valid_from valid_to channel objective theme leaf "
            "letter coupons_per_sheet coupons_per_category discovery_slots random_slots fairness "
            "budget short_sheets most_contacts contact_days model_days shows_reasons "
            "holdout_share headline explanation run changed_by approved_by selection issued_at "
            "mailed_on is_goodwill"
        ),
    ),
    "coupons.MailingText": Fields(
        "",
        "mailing language headline explanation letter",
    ),
    "coupons.FunderBudget": Fields(
        "",
        "mailing funder amount",
    ),
    "coupons.Recipient": Fields(
        "household outcome",
        "mailing by_segment",
    ),
    "coupons.Sheet": Fields(
        "household address language",
        "mailing number savings is_generic voided_at replaces",
    ),
    "coupons.Coupon": Fields(
        "reason staff_reason",
        (
            "code serial sheet position offer level state valid_from valid_to chance value "
            "drawn_share tag"
        ),
    ),
    "coupons.Redemption": Fields(
        "",
        (
            "offer coupon record amount redeemed_at store till business_date receipt reversed_at "
            "reversal_reason reversed_by"
        ),
    ),
    "coupons.Refusal": Fields(
        "detail",
        "record reason",
    ),
    "coupons.TillAnswer": Fields(
        "body",
        "terminal key request_sha256 status answered_at",
    ),
    "coupons.CouponLock": Fields(
        "",
        ("coupon token terminal store till business_date receipt amount line_number expires_at"),
    ),
    "coupons.TillMiss": Fields(
        "",
        "terminal at",
    ),
    "coupons.Goodwill": Fields(
        "why",
        "coupon given_at given_by",
    ),
    "coupons.RefusalVerdict": Fields(
        "",
        "refusal verdict note decided_at decided_by",
    ),
    "coupons.OfferTrial": Fields(
        "",
        "offer weeks until state figures error asked_at asked_by done_at",
    ),
    "coupons.PrintRun": Fields(
        "",
        (
            "mailing kind state of numbers look seeds left_out says started_at started_by "
            "finished_at folder manifest sheets coupons checked"
        ),
    ),
    "coupons.PrintFile": Fields(
        "",
        "run name first last sheets pages coupons checked bytes sha256 left_out",
    ),
    "coupons.Spoilage": Fields(
        "",
        "run first last why noted_at noted_by reprint",
    ),
    "coupons.SeedAddress": Fields(
        "",
        "name street postcode city region country is_active",
    ),
    "coupons.Selection_learned": Fields(
        "",
        "selection fittedmodel",
    ),
    "coupons.Selection": Fields(
        "",
        "mailing state asked_by run seed started_at finished_at terms prices report error",
    ),
    "coupons.SelectionPiece": Fields(
        "table chosen",
        "selection bucket households items is_issued",
    ),
    "coupons.Measurement": Fields(
        "",
        "mailing as_of measured_at report",
    ),
    "coupons.OfferFile": Fields(
        "",
        "name body sha256 uploaded_by uploaded_at state rows faults changes applied_at",
    ),
    "coupons.LedgerEntry": Fields(
        "",
        (
            "kind funder store offer redemption business_date coupons face_value handling_fee "
            "currency note booked_at"
        ),
    ),
    "coupons.Statement": Fields(
        "",
        "number funder currency period_from period_to state issued_at issued_by paid_on",
    ),
    "coupons.StatementEntry": Fields(
        "",
        "entry statement",
    ),
    "coupons.Dispute": Fields(
        "",
        "entry amount reason state raised_at answer closed_at closed_by booked",
    ),
}
