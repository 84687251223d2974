"""Writing many rows at once without the cost of Django's ``bulk_create``, which spends most of an import on building
one long statement per portion.

What a field's value is in the database is still the field's own business; plain texts and numbers are passed as
they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import Field, Model

# Fields whose values the database driver takes as they are.
_PLAIN = (
    models.AutoField,
    models.BigAutoField,
    models.BooleanField,
    models.CharField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)

Prepare = Callable[[Any], Any] | None


def _prepare(field: Field[Any, Any]) -> Prepare:
    if isinstance(field, _PLAIN):
        return None
    if not isinstance(field, models.DateField):
        return lambda value: field.get_db_prep_save(value, connection)
    known: dict[Any, Any] = {}

    def day(value: Any) -> Any:
        # A portion holds few different instants: most rows share that of the import.
        if value not in known:
            if len(known) > 10_000:
                known.clear()
            known[value] = field.get_db_prep_save(value, connection)
        return known[value]

    return day


@cache
def _plan(model: type[Model], vendor: str) -> tuple[str, str, list[tuple[str, Prepare]]]:
    """Table, columns and how each attribute is prepared."""
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(f.column)) for f in fields)
    return quote(model._meta.db_table), columns, [(str(f.attname), _prepare(f)) for f in fields]


def _number(model: type[Model], rows: Sequence[Model]) -> None:
    """Give new rows their numbers, in order, before they are written. Runs under the lock of the versions."""
    if not rows:
        return
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), len(rows)],
            )
            numbers = [row[0] for row in cursor.fetchall()]
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            found = cursor.fetchone()
            start = (found[0] if found else 0) + 1
            numbers = list(range(start, start + len(rows)))
    for row, number in zip(rows, numbers, strict=True):
        row.pk = number


def insert_rows(model: type[Model], rows: Iterable[Model], *, update: Sequence[str] = ()) -> None:
    """Insert rows in one statement for all of them; new ones get their numbers.

    Args:
        update: columns (field names) to overwrite where a row of this number is there already.
    """
    written = list(rows)
    if not written:
        return
    _number(model, [row for row in written if row.pk is None])
    table, columns, prepared = _plan(model, connection.vendor)
    places = ", ".join(["%s"] * len(prepared))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names from the models
    if update:
        quote = connection.ops.quote_name
        columns_of = {field.name: str(field.column) for field in model._meta.concrete_fields}
        names = [quote(columns_of[name]) for name in update]
        sql += f" ON CONFLICT ({quote('id')}) DO UPDATE SET "
        sql += ", ".join(f"{name} = EXCLUDED.{name}" for name in names)
    with connection.cursor() as cursor:
        cursor.executemany(sql, [_values(row, prepared) for row in written])
    for row in written:
        row._state.adding, row._state.db = False, "default"


def _values(row: Model, prepared: list[tuple[str, Prepare]]) -> tuple[Any, ...]:
    own = row.__dict__
    return tuple(own[name] if to is None else to(own[name]) for name, to in prepared)
