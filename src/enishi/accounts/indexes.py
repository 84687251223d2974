"""An index by which a word is found anywhere in a text, on both databases."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import DatabaseError, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement

TRIGRAMS = "pg_trgm"


class WordIndex(models.Index):
    """For ``column__contains``.

    PostgreSQL keeps the trigrams of the text, where the extension that comes with it is installed; a hash, which no
    search uses, where it is not. SQLite keeps a narrow copy of the column: a search walks along it and not through
    the wide rows, which costs a third, and finds words of two letters too.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        if schema_editor.connection.vendor != "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        if not has_trigrams(schema_editor):
            return super().create_sql(model, schema_editor, " USING hash", **kwargs)
        from django.contrib.postgres.indexes import GinIndex

        index = GinIndex(name=self.name, fields=self.fields, opclasses=["gin_trgm_ops"])
        return index.create_sql(model, schema_editor, **kwargs)


def has_trigrams(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    """Whether a PostgreSQL database has the extension."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [TRIGRAMS])
        return cursor.fetchone() is not None


def bring_in_trigrams(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step: the extension, where the server has it and lets this role install it.

    Without it a search reads every row.
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(f"CREATE EXTENSION IF NOT EXISTS {TRIGRAMS}")
    except DatabaseError:
        return
