"""The database counts changes of the catalogue, so that what is remembered of it can be checked."""

from django.db import migrations

TABLE = """
CREATE TABLE pos_integration_catalogueversion (
    version bigint NOT NULL,
    one boolean PRIMARY KEY DEFAULT true CHECK (one)
)
"""
# From a sequence: a number that was rolled back never comes again.
# Products that only a till has named are new codes: nobody remembers them wrongly.
COUNT = """
CREATE FUNCTION pos_integration_count_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM added WHERE is_listed) THEN
            RETURN NULL;
        END IF;
    END IF;
    UPDATE pos_integration_catalogueversion
    SET version = nextval('pos_integration_catalogueversions');
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("pos_integration", "0003_bad_networks")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE pos_integration_catalogueversions",
            "DROP SEQUENCE pos_integration_catalogueversions",
        ),
        migrations.RunSQL(TABLE, "DROP TABLE pos_integration_catalogueversion"),
        migrations.RunSQL(
            "INSERT INTO pos_integration_catalogueversion (version)"
            " VALUES (nextval('pos_integration_catalogueversions'))",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(COUNT, "DROP FUNCTION pos_integration_count_catalogue()"),
        migrations.RunSQL(
            "CREATE TRIGGER catalogue_grows AFTER INSERT ON pos_integration_product"
            " REFERENCING NEW TABLE AS added"
            " FOR EACH STATEMENT EXECUTE FUNCTION pos_integration_count_catalogue()",
            "DROP TRIGGER catalogue_grows ON pos_integration_product",
        ),
        migrations.RunSQL(
            "CREATE TRIGGER catalogue_changes AFTER UPDATE OR DELETE OR TRUNCATE"
            " ON pos_integration_product"
            " FOR EACH STATEMENT EXECUTE FUNCTION pos_integration_count_catalogue()",
            "DROP TRIGGER catalogue_changes ON pos_integration_product",
        ),
    ]
