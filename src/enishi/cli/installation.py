"""Opening an installation: Django set up on the data folder, the database found to be whole."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path

from django.apps import apps

from enishi.cli.words import this_program
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text


def open_django() -> Home:
    """Set Django up on the chosen data folder, made where it is not there; once a process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
    if not apps.ready:
        _check_folder(Home.from_environment().root)
        django.setup()
    return Home.from_environment()


def _check_folder(root: Path) -> None:
    """Refuse a data folder that cannot be written, before anything else stumbles over it."""
    if root.exists() and not root.is_dir():
        raise EnishiError(
            "bad_folder",
            Text(f"{root} is a file, not a folder.", f"{root} はフォルダーではなくファイルです。"),
            Text("Name another folder with --data.", "--data で別のフォルダーを指定してください。"),
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise EnishiError(
            "bad_folder",
            Text(
                f"{root} cannot be written to: {error.strerror}.",
                f"{root} に書き込めません({error.strerror})。",
            ),
            Text("Name another folder with --data.", "--data で別のフォルダーを指定してください。"),
        ) from error


def is_there(home: Home) -> bool:
    """Whether the folder holds an installation, or an outside database may (or is open already). Makes nothing."""
    return apps.ready or home.database.exists() or bool(os.environ.get("DATABASE_URL"))


def open_installation(old_is_fine: bool = False) -> Home:
    """As :func:`open_django`, and the database must have been made by ``enishi init`` and be up to date."""
    home = Home.from_environment()
    # A folder that was mistyped is not made.
    waiting = (open_django() and pending_migrations()) if is_there(home) else None
    if waiting is None:
        raise EnishiError(
            "not_initialised",
            Text(f"There is no installation in {home.root}.", f"{home.root} にはまだ環境がありません。"),
            Text(
                f"Run `{this_program()} init` first, or name the data folder with --data.",
                f"先に `{this_program()} init` を実行するか、--data でデータフォルダーを指定してください。",
            ),
        )
    if waiting and not old_is_fine:
        raise EnishiError(
            "old_database",
            Text(
                f"The database is older than the program ({len(waiting)} changes are waiting).",
                f"データベースがプログラムより古い状態です(未適用の変更が{len(waiting)}件あります)。",
            ),
            Text(
                f"Make a backup (`{this_program()} backup`), then run `{this_program()} init`.",
                f"`{this_program()} backup` でバックアップを取り、`{this_program()} init` を実行してください。",
            ),
        )
    return home


def pending_migrations() -> list[str] | None:
    """Names of database changes not yet applied; None where there is no database at all."""
    from django.conf import settings
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    name = str(settings.DATABASES["default"]["NAME"])
    if connection.vendor == "sqlite" and not os.path.exists(name):
        return None
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise EnishiError(
            "database_unreachable",
            Text(
                f"The database cannot be used: {error}".strip(),
                f"データベースを利用できません: {error}".strip(),
            ),
            Text(
                "Check DATABASE_URL and that the server runs, then try again.",
                "DATABASE_URL とサーバーの状態をご確認ください。",
            ),
        ) from error
    if not executor.loader.applied_migrations:
        return None
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


class _Line(logging.Formatter):
    """One format for every process: local time, process, level, message."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s {process:<8} %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S")


def _tells_something(record: logging.LogRecord) -> bool:
    """The job runner's two lines for every job that went well would drown the rest."""
    return not (record.name.startswith("django_tasks") and record.levelno < logging.WARNING)


def log_to_stderr(process: str, level: int = logging.INFO) -> None:
    """Send every logger's lines to the error stream in one format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line(process))
    handler.addFilter(_tells_something)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("django", "uvicorn", "uvicorn.error", "uvicorn.access", "django_tasks", "django_tasks_db"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
