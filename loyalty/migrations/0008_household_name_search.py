"""Part of a name finds its household by an index of three-letter pieces: PostgreSQL's pg_trgm."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import ProgrammingError, migrations
from django.db.models.functions import Upper


class Trigrams(TrigramExtension):
    """The extension, unless it is there; where this role may not create it, says whom to ask."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        try:
            super().database_forwards(app_label, schema_editor, *states)
        except ProgrammingError as error:
            name = schema_editor.connection.settings_dict["NAME"]
            raise ProgrammingError(
                f"{error}\nThis role may not create the extension pg_trgm. Ask who runs the "
                f'database to connect to "{name}" and run "CREATE EXTENSION pg_trgm;" once (it '
                "is part of PostgreSQL's contrib package), then run this migration again."
            ) from error

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Leave the extension: others may use it, and the next migration forwards finds it."""


class Migration(migrations.Migration):
    atomic = False  # the index is built while the desk and the tills go on

    dependencies = [("loyalty", "0007_desk")]

    operations = [
        Trigrams(),
        # A build that was cut off leaves an index that is never used.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS household_name_search", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="household",
            index=GinIndex(
                OpClass(Upper("name"), name="gin_trgm_ops"), name="household_name_search"
            ),
        ),
    ]
