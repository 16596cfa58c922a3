"""A basket belongs to a store and an upload that exist: asked once a batch, not for every basket.

What a foreign key guarantees, at a twentieth of its price: the few stores and uploads of a batch
are locked against deletion until it is committed, and one that has baskets cannot be deleted.
"""

import django.db.models.deletion
from django.db import migrations, models

PARENTS = {"store": "pos_integration_store", "upload": "pos_integration_upload"}
BELONG = """
CREATE FUNCTION pos_integration_baskets_belong() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named integer;
    found_ integer;
BEGIN
    SELECT count(DISTINCT {name}_id) INTO named FROM added;
    SELECT count(*) INTO found_ FROM (
        SELECT FROM {table} WHERE id IN (SELECT {name}_id FROM added) FOR KEY SHARE
    ) AS locked;
    IF found_ < named THEN
        RAISE EXCEPTION 'A basket names a {name} that does not exist'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""
STAY = """
CREATE FUNCTION pos_integration_{name}_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pos_integration_basket WHERE {name}_id = OLD.id) THEN
        RAISE EXCEPTION 'This {name} has baskets' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""


def _operations(name, table):
    belong = BELONG.replace("baskets_belong()", f"baskets_belong_to_{name}()")
    yield migrations.AlterField(
        model_name="basket",
        name=name,
        field=models.ForeignKey(
            db_constraint=False,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="baskets" if name == "store" else "loaded_baskets",
            to=f"pos_integration.{name}",
        ),
    )
    yield migrations.RunSQL(
        belong.format(name=name, table=table),
        f"DROP FUNCTION pos_integration_baskets_belong_to_{name}()",
    )
    for verb in ("INSERT", "UPDATE"):
        trigger = f"baskets_belong_to_{name}_{verb.lower()}"
        yield migrations.RunSQL(
            f"CREATE TRIGGER {trigger} AFTER {verb} ON pos_integration_basket"
            " REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
            f" EXECUTE FUNCTION pos_integration_baskets_belong_to_{name}()",
            f"DROP TRIGGER {trigger} ON pos_integration_basket",
        )
    yield migrations.RunSQL(STAY.format(name=name), f"DROP FUNCTION pos_integration_{name}_stays()")
    yield migrations.RunSQL(
        f"CREATE TRIGGER {name}_stays AFTER DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION pos_integration_{name}_stays()",
        f"DROP TRIGGER {name}_stays ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("pos_integration", "0004_catalogue_version")]

    operations = [
        operation for name, table in PARENTS.items() for operation in _operations(name, table)
    ]
