"""The ledger only grows: the database refuses to change, delete or empty what was booked."""

from django.db import migrations

TABLES = ("coupons_ledgerentry", "coupons_statemententry")
REFUSE = """
CREATE FUNCTION coupons_ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger only grows: book another entry instead of a % on %',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
# Emptying a table that is full of money takes a second, deliberate step.
EMPTY = "(current_setting('loyalty.ledger_may_be_emptied', true) IS DISTINCT FROM 'yes')"


def _triggers(table):
    return [
        (
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION coupons_ledger_only_grows()",
            f"DROP TRIGGER {table}_kept ON {table}",
        ),
        (
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT WHEN {EMPTY} EXECUTE FUNCTION coupons_ledger_only_grows()",
            f"DROP TRIGGER {table}_not_emptied ON {table}",
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("coupons", "0004_redeemed_again")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION coupons_ledger_only_grows()"),
        *(
            migrations.RunSQL(forward, backward)
            for table in TABLES
            for forward, backward in _triggers(table)
        ),
    ]
