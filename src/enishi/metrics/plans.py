"""Compiled queries, kept: in the process, and in a folder for the processes to come.

An expression's SQL depends on this package's source and on the shape of a session, not on any fact; building it takes
longer than running it over a small company's facts. What is kept is thrown away when the source or Ibis changes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ibis

from enishi.store import kinds, schema

MOST = 2000  # files; sets of metrics asked for together are few, but nothing bounds them

Need = tuple[Any, ...]


@dataclass(frozen=True)
class Plan:
    """A compiled query: its text, its columns, and what must be bound before it runs."""

    sql: str
    schema: Any
    needs: tuple[Need, ...]


class Plans:
    """Plans by key.

    Args:
        folder: where plans outlive the process; None: nowhere.
    """

    _known: dict[Hashable, Plan] = {}

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder / source_version() if folder else None

    def find(self, key: Hashable, shape: Hashable) -> Plan | None:
        """A plan and all it rests on, or nothing."""
        whole = (key, shape)
        if whole not in self._known and self.folder:
            plan = self._load(whole)
            if plan is None or any(n[0] == "kept" and not self.find(n[1], shape) for n in plan.needs):
                return None
            self._known[whole] = plan
        return self._known.get(whole)

    def add(self, key: Hashable, shape: Hashable, plan: Plan) -> None:
        """Keep a plan; in the folder too, unless it is of a company's own metric (drafts come and go)."""
        self._known[key, shape] = plan
        if self.folder and "custom:" not in repr(key):
            with suppress(OSError):  # a full or read-only disk costs time, not the answer
                self._save((key, shape), plan)

    def _path(self, whole: Hashable) -> Path:
        assert self.folder  # noqa: S101 - callers have looked
        return self.folder / f"{hashlib.sha256(repr(whole).encode()).hexdigest()[:32]}.json"

    def _load(self, whole: Hashable) -> Plan | None:
        try:
            kept = json.loads(self._path(whole).read_bytes())
        except (OSError, ValueError):
            return None
        columns = ibis.schema({name: ibis.dtype(kind) for name, kind in kept["schema"]})
        return Plan(kept["sql"], columns, tuple(_tuples(kept["needs"])))

    def _save(self, whole: Hashable, plan: Plan) -> None:
        path = self._path(whole)
        if not path.parent.exists():
            shutil.rmtree(path.parent.parent, ignore_errors=True)  # plans of an earlier version
            path.parent.mkdir(parents=True)
        elif sum(1 for _ in path.parent.iterdir()) >= MOST:
            return
        columns = [(name, str(kind)) for name, kind in plan.schema.items()]
        part = path.with_suffix(f".{secrets.token_hex(4)}.part")
        part.write_text(json.dumps({"sql": plan.sql, "schema": columns, "needs": plan.needs}))
        part.replace(path)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


@cache
def source_version() -> str:
    """Changes with whatever a plan's text comes from."""
    found = hashlib.sha256(ibis.__version__.encode())
    for path in [*sorted(Path(__file__).parent.glob("*.py")), Path(schema.__file__), Path(kinds.__file__)]:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
