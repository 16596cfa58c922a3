"""Triggers that note what staff change: the SQL that migrations put on a table they watch.

A trigger sees every way a row is changed, `save()`, `update()`, a bulk or plain SQL, and notes it
only while somebody of the staff acts (`pos_integration.changes`). Otherwise its condition is all
that is worked out: tills, the night and the queue pay nothing for it.
"""

from typing import Final

from django.db import migrations

_STAFF_ACT: Final = "(current_setting('loyalty.staff', true) <> '')"
# A lock that is not had at once would let every till behind it wait. A migration that gave up so
# is run again, and puts on what is missing.
_NOT_LONG: Final = "SET LOCAL lock_timeout = '5s';"

# Arguments: table and column it is about, primary key, secret columns, columns left out.
_NOTE: Final = """
CREATE FUNCTION loyalty_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who jsonb := current_setting('loyalty.staff')::jsonb;
    pk text := TG_ARGV[2];
    secrets text[] := string_to_array(TG_ARGV[3], ' ');
    hidden text[] := secrets || string_to_array(TG_ARGV[4], ' ');
    shown text;
    has_bytes boolean;
    one jsonb;
    two jsonb;
    whole jsonb;
    differs boolean;
    secret text;
BEGIN
    -- Bytes may be a gigabyte: a table that has some is asked for its other columns by name.
    has_bytes := EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = TG_RELID AND atttypid = 'bytea'::regtype AND NOT attisdropped);
    IF has_bytes THEN
        SELECT string_agg(format('($1).%I AS %I', attname, attname), ', ') INTO shown
        FROM pg_attribute
        WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped
          AND atttypid <> 'bytea'::regtype;
    END IF;
    IF has_bytes AND TG_OP <> 'INSERT' THEN
        EXECUTE format('SELECT to_jsonb(x) FROM (SELECT %s) x', shown) INTO one USING OLD;
    ELSIF TG_OP <> 'INSERT' THEN
        one := to_jsonb(OLD);
    END IF;
    IF has_bytes AND TG_OP <> 'DELETE' THEN
        EXECUTE format('SELECT to_jsonb(x) FROM (SELECT %s) x', shown) INTO two USING NEW;
    ELSIF TG_OP <> 'DELETE' THEN
        two := to_jsonb(NEW);
    END IF;
    one := one - hidden;
    two := two - hidden;
    whole := coalesce(two, one);
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, n.value) INTO one, two
        FROM jsonb_each(one) o JOIN jsonb_each(two) n ON n.key = o.key
        WHERE o.value IS DISTINCT FROM n.value;
        FOREACH secret IN ARRAY secrets LOOP
            EXECUTE format('SELECT ($1).%1$I IS DISTINCT FROM ($2).%1$I', secret)
                INTO differs USING OLD, NEW;
            IF differs THEN
                one := coalesce(one, '{}') || jsonb_build_object(secret, '***');
                two := coalesce(two, '{}') || jsonb_build_object(secret, '***');
            END IF;
        END LOOP;
        IF one IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        SELECT jsonb_object_agg(v.key, v.value) INTO one FROM jsonb_each(one) v
        WHERE v.value NOT IN ('null', '""', '[]', '{}') AND v.key <> pk;
        SELECT jsonb_object_agg(v.key, v.value) INTO two FROM jsonb_each(two) v
        WHERE v.value NOT IN ('null', '""', '[]', '{}') AND v.key <> pk;
    END IF;
    INSERT INTO pos_integration_change
        (at, by_id, by_name, page, kind, table_name, row_id, label,
         about_table, about_id, rows, before, after)
    VALUES
        (clock_timestamp(), (who->>'id')::bigint, who->>'name', who->>'page',
         CASE TG_OP WHEN 'INSERT' THEN 'made' WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END,
         TG_TABLE_NAME, whole->>pk,
         left(coalesce(nullif(whole->>'name', ''), whole->>'username', whole->>'code',
                       whole->>'number', ''), 80),
         TG_ARGV[0], coalesce(whole->>TG_ARGV[1], ''), 1,
         coalesce(one, '{}'), coalesce(two, '{}'));
    RETURN NULL;
END $$
"""

# Arguments: table and column it is about. Rows add up, the end of their statement notes the sum.
_COUNT: Final = """
CREATE FUNCTION loyalty_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who jsonb;
    counted bigint := coalesce(nullif(current_setting('loyalty.rows', true), ''), '0')::bigint;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        IF counted = 0 THEN
            PERFORM set_config(
                'loyalty.rows_about',
                to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END)->>TG_ARGV[1], true);
        END IF;
        PERFORM set_config('loyalty.rows', (counted + 1)::text, true);
    ELSIF counted > 0 THEN
        who := current_setting('loyalty.staff')::jsonb;
        INSERT INTO pos_integration_change
            (at, by_id, by_name, page, kind, table_name, row_id, label,
             about_table, about_id, rows, before, after)
        VALUES
            (clock_timestamp(), (who->>'id')::bigint, who->>'name', who->>'page',
             CASE TG_OP WHEN 'INSERT' THEN 'made' ELSE 'deleted' END, TG_TABLE_NAME, '', '',
             TG_ARGV[0], coalesce(current_setting('loyalty.rows_about', true), ''), counted,
             '{}', '{}');
        PERFORM set_config('loyalty.rows', '', true);
    END IF;
    RETURN NULL;
END $$
"""


def functions() -> list[migrations.RunSQL]:
    """The functions that all triggers share."""
    return [
        migrations.RunSQL(_NOTE, "DROP FUNCTION loyalty_note_change()"),
        migrations.RunSQL(_COUNT, "DROP FUNCTION loyalty_count_change()"),
    ]


def watch(
    table: str,
    *,
    about: tuple[str, str] | None = None,
    key: str = "id",
    unseen: str = "",
    left_out: str = "",
    on: str = "INSERT OR UPDATE OR DELETE",
) -> migrations.RunSQL:
    """Note each row of `table` that staff make, change or delete. For migrations: atomic or not.

    about: the table, and the column that points to it, on whose page this is told; its own
    unseen: columns whose values are not kept, only that they changed, spaced
    left_out: columns that are nobody's change, or large, or personal without being needed; bytes
        are always left out
    """
    about_table, column = about or (table, key)
    arguments = ", ".join(f"'{one}'" for one in (about_table, column, key, unseen, left_out))
    return migrations.RunSQL(
        f"{_NOT_LONG} CREATE OR REPLACE TRIGGER {table}_noted AFTER {on} ON {table} FOR EACH ROW"
        f" WHEN {_STAFF_ACT} EXECUTE FUNCTION loyalty_note_change({arguments});",
        f"{_NOT_LONG} DROP TRIGGER IF EXISTS {table}_noted ON {table};",
    )


def count(table: str, about: tuple[str, str], on: tuple[str, ...]) -> list[migrations.RunSQL]:
    """Note how many rows of `table` a statement of staff made or deleted: they may be a million.

    on: INSERT, DELETE or both
    """
    arguments = f"'{about[0]}', '{about[1]}'"
    made = []
    for verb in on:
        for name, each in (("row", "ROW"), ("all", "STATEMENT")):
            trigger = f"{table}_{verb.lower()}_{name}"
            made.append(
                migrations.RunSQL(
                    f"{_NOT_LONG} CREATE OR REPLACE TRIGGER {trigger} AFTER {verb} ON {table}"
                    f" FOR EACH {each} WHEN {_STAFF_ACT}"
                    f" EXECUTE FUNCTION loyalty_count_change({arguments});",
                    f"{_NOT_LONG} DROP TRIGGER IF EXISTS {trigger} ON {table};",
                )
            )
    return made
