"""What the terminal shows: progress on long work, tables, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table


class Step(Protocol):
    """Told how far the work is: ``done`` of ``total`` (None where unknown), and what is being done."""

    def __call__(self, done: float, total: float | None = None, title: str | None = None) -> None: ...


@contextmanager
def progress(title: str, total: float | None = None) -> Iterator[Step]:
    """A bar on the terminal's error stream; one plain line at start and end where nobody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"{title} ...", err=True)
        yield lambda done, total=None, title=None: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=False) as bar:
        task = bar.add_task(title, total=total)

        def step(done: float, total: float | None = None, title: str | None = None) -> None:
            bar.update(task, completed=done, total=total, description=title)

        yield step


def show_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=plain))


def plain(value: object) -> object:
    """JSON for what JSON does not know."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "item"):  # a number of numpy
        return value.item()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "", right: Sequence[int] = ()
) -> None:
    """A plain table; the columns numbered in ``right`` are numbers."""
    table = Table(title=title or None, title_justify="left", show_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place in right else "left")
    for row in rows:
        table.add_row(*(("" if cell is None else str(cell)) for cell in row))
    console().print(table)


def console() -> Console:
    """The output; wide enough for tables where it is not a terminal."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=140)


def show_pairs(pairs: Mapping[str, Any]) -> None:
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        click.echo(f"{name:<{width}}  {value}")
