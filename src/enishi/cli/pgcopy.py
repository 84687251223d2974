"""PostgreSQL's tables as files and back, by COPY: no client programs are needed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

MIGRATIONS = "django_migrations"
INBOX = "ingest_inboxbody"
_PIECE = 1 << 20


def _cursor() -> Any:
    """psycopg's own cursor (Django's wrapper knows no COPY)."""
    connection.ensure_connection()
    return connection.connection.cursor()


def _columns(table: str) -> list[str]:
    """The stored columns; generated ones make themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return [row[0] for row in cursor.fetchall()]


def _tables() -> list[str]:
    return sorted(name for name in connection.introspection.table_names() if name != MIGRATIONS)


def _copy_out(table: str, target: Path) -> None:
    columns = _columns(table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(names, sql.Identifier(table))
    with _cursor() as cursor, cursor.copy(statement) as copy, target.open("wb") as out:
        out.write((",".join(columns) + "\n").encode())
        for piece in copy:
            out.write(piece)


def dump_inbox(target: Path) -> int:
    """Write the waiting bodies; returns the lowest number among them, or the next to be given."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        _copy_out(INBOX, target)
        cursor.execute(f"SELECT min(id) FROM {INBOX}")  # noqa: S608 - a constant
        low = cursor.fetchone()[0]
        if low is None:
            cursor.execute("SELECT last_value, is_called FROM ingest_inboxbody_id_seq")
            last, called = cursor.fetchone()
            low = last + 1 if called else 1
    return int(low)


def dump_tables(folder: Path) -> list[Path]:
    """Write every table as of one moment; returns the files."""
    made = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for table in _tables():
            made.append(folder / f"{table}.table")
            _copy_out(table, made[-1])
    return made


def is_empty() -> bool:
    """Whether the database holds no installation."""
    return "accounts_member" not in connection.introspection.table_names()


def load_tables(folder: Path, migrations: dict[str, str], inbox: int) -> None:
    """Make the tables as they were, fill them, and set every sequence beyond its largest number."""
    _drop_tables()
    executor, targets = chain_to(migrations)
    executor.migrate(targets)
    with transaction.atomic(), connection.cursor() as cursor:
        tables = [path.stem for path in sorted(folder.glob("*.table"))]
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        _execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            _copy_in(folder / f"{table}.table", table)
        _load_inbox(folder / "inbox.copy")
        _set_sequences(tables, inbox)


def chain_to(migrations: dict[str, str]) -> tuple[MigrationExecutor, list[tuple[str, str]]]:
    """What leads from an empty database to the last migration of each app, as a backup names it.

    A migration that stands for several is taken where the backup holds all of them; where it holds only the first
    ones, these are taken one by one.
    """
    executor = MigrationExecutor(connection)
    loader = executor.loader = MigrationLoader(connection, replace_migrations=False)
    instead: dict[tuple[str, str], tuple[str, str]] = {}
    for key, squashed in loader.replacements.items():
        if (key[0], migrations.get(key[0])) in squashed.replaces[:-1]:
            loader.graph.remove_replacement_node(key, squashed.replaces)
        else:
            loader.graph.remove_replaced_nodes(key, squashed.replaces)
            instead |= dict.fromkeys(squashed.replaces, key)
    return executor, [instead.get(name, name) for name in migrations.items()]


def _drop_tables() -> None:
    """An installation that is replaced may be newer than the backup: nothing of it stays."""
    found = {MIGRATIONS, *connection.introspection.django_table_names()} & set(
        connection.introspection.table_names()
    )
    if found:
        names = sql.SQL(", ").join(map(sql.Identifier, sorted(found)))
        _execute(sql.SQL("DROP TABLE {} CASCADE").format(names))


def _execute(statement: sql.Composable) -> None:
    with _cursor() as cursor:
        cursor.execute(statement)


def _copy_in(path: Path, table: str) -> None:
    with path.open("rb") as source:
        columns = source.readline().decode().strip().split(",")
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with _cursor() as cursor, cursor.copy(statement) as copy:
            while piece := source.read(_PIECE):
                copy.write(piece)


def _load_inbox(path: Path) -> None:
    """Bodies that waited when the backup began and had been taken when the tables were copied."""
    _execute(sql.SQL("CREATE TEMPORARY TABLE waited (LIKE {}) ON COMMIT DROP").format(sql.Identifier(INBOX)))
    _copy_in(path, "waited")
    _execute(
        sql.SQL("INSERT INTO {} SELECT * FROM waited ON CONFLICT DO NOTHING").format(sql.Identifier(INBOX))
    )


def _set_sequences(tables: Iterable[str], inbox: int) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            for found in connection.introspection.get_sequences(cursor, table):
                least = inbox if table == INBOX else 0
                statement = sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, {}), greatest((SELECT coalesce(max({}), 0) FROM {}), {}, 1))"
                ).format(
                    sql.Literal(table),
                    sql.Literal(found["column"]),
                    sql.Identifier(found["column"]),
                    sql.Identifier(table),
                    sql.Literal(least),
                )
                _execute(statement)
