"""Who may open what: every address opened as everyone, beside the table in docs/access.md.

``python -m tests.access`` prints the table's rows as they are observed, for pasting into the document after
thinking about each new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

if TYPE_CHECKING:
    from tests.world import World

TABLE = Path(__file__).resolve().parents[1] / "docs" / "access.md"
# The cast in the order of the table's columns. The CSM sees a team's accounts, the others all.
COLUMNS = {
    "nobody": None,
    "viewer": "watanabe",
    "sales": "ito",
    "csm": "takahashi",
    "manager": "suzuki",
    "admin": "sato",
}
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
# Values that lead to something real, by address name and argument; numbers of what is not there give 404.
KNOWN: dict[str, dict[str, str]] = {
    "account-act": {"verb": "log"},
    "account-export": {"form": "csv"},
    "account-panel": {"name": "mrr"},
    "account-tab": {"tab": "people"},
    "account-task": {"verb": "done"},
    "account-note-act": {"verb": "delete"},
    "portfolio-bulk": {"verb": "snooze"},
    "health-metric": {"slug": "active_users_28"},
    "health-rules": {"kind": "causes"},
    "health-rules-edit": {"kind": "causes"},
}
DEFAULTS = {
    "number": "999999",
    "slug": "default",
    "key": "no-such-key",
    "uidb36": "1",
    "outside_id": "no-such-id",
    "account_id": "999999",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the resolver: its pattern and its name."""

    pattern: str
    name: str

    @property
    def row(self) -> str:
        """The pattern as the table writes it: the kinds of record of the API share one row."""
        from enishi.store.kinds import KINDS
        from enishi.web.rest.shapes import slug_of

        parts = self.pattern.split("/")
        if self.pattern.startswith("/api/v1/") and parts[3] in {slug_of(kind) for kind in KINDS.values()}:
            parts[3] = "{kind}"
        return "/".join(parts)

    def path(self, world: World) -> str:
        values = {**DEFAULTS, **KNOWN.get(self.name, {})}
        if self.pattern.startswith("/accounts/<int:number>/"):
            values["number"] = str(world.accounts["sakura"].pk)
        elif self.name.startswith("member"):
            values["number"] = str(world.members["tanaka"].pk)
        elif self.name.startswith("team"):
            values["number"] = str(world.teams["east"].pk)
        return ARGUMENT.sub(lambda found: values.get(found[2] or found[3], "1"), self.pattern)


def list_routes() -> list[Route]:
    """Every address the resolver knows, once."""
    found = {route.pattern: route for route in _walk(get_resolver().url_patterns, "/")}
    return list(found.values())


def _walk(patterns: list[Any], prefix: str) -> Iterator[Route]:
    for one in patterns:
        text = prefix + str(one.pattern).replace("^", "").replace("\\Z", "").replace("$", "")
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, text)
        elif isinstance(one, URLPattern):
            yield Route(text, one.name or "")


@dataclass
class Cast:
    """A client per column; API calls carry a key bound to the same member, with every scope."""

    world: World
    clients: dict[str, Client]
    keys: dict[str, str]

    def status(self, method: str, route: Route, column: str) -> int:
        """Ask once, and take back whatever it changed."""
        headers = {}
        if route.pattern.startswith("/api/") and self.keys.get(column):
            headers["Authorization"] = f"Bearer {self.keys[column]}"
        client = self.clients[column]
        cookies = client.cookies.copy()
        with transaction.atomic():
            response = getattr(client, method.lower())(route.path(self.world), headers=headers)
            transaction.set_rollback(True)
        client.cookies = cookies  # signing out is taken back too
        return int(response.status_code)


def make_cast() -> Cast:
    """The cast signed in. Call inside a test database."""
    from django.contrib.auth.hashers import make_password

    from enishi.accounts.models import Member
    from enishi.definitions.api import install_defaults
    from enishi.ingest.models import ApiKey
    from enishi.kit.clock import system_clock
    from tests.world import make_world

    world = make_world()
    install_defaults("system", system_clock())
    cast = Cast(world, {}, {})
    Member.objects.update(password=make_password("nagai-tabiji-2026"))
    for column, name in COLUMNS.items():
        client = cast.clients[column] = Client(raise_request_exception=False)
        if name is None:
            continue
        member = Member.objects.get(pk=world.members[name].pk)
        client.force_login(member)
        row = ApiKey(
            name=f"key of {name}", scopes=["read:*", "write:*", "erase:*", "read:scores"], member=member
        )
        cast.keys[column] = row.assign()
        row.save()
    return cast


def observe(cast: Cast) -> Iterator[tuple[str, str, list[int]]]:
    """Method, pattern and the status per column, for GET and, where it is taken, POST and DELETE."""
    for route in list_routes():
        for method in _methods(route):
            statuses = [cast.status(method, route, column) for column in COLUMNS]
            if method == "GET" or set(statuses) - {404, 405}:
                yield method, route.row, statuses


def _methods(route: Route) -> tuple[str, ...]:
    return ("GET", "POST", "DELETE") if route.pattern.startswith("/api/") else ("GET", "POST")


def read_table(path: Path = TABLE) -> dict[tuple[str, str], list[int]]:
    """The document's rows: (method, pattern) to a status per column."""
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        found = re.fullmatch(r"`(GET|POST|DELETE) (.+)`", cells[0])
        if found:
            rows[found[1], found[2]] = [int(cell) for cell in cells[1 : 1 + len(COLUMNS)]]
    return rows


def main() -> None:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
    import django

    django.setup()
    from django.test.utils import get_runner, setup_test_environment

    setup_test_environment()
    from django.conf import settings

    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        known = read_table() if TABLE.exists() else {}
        rows = {(method, row): statuses for method, row, statuses in observe(make_cast())}
        for (method, pattern), statuses in rows.items():
            mark = "" if known.get((method, pattern)) == statuses else "  <-- new or different"
            print(f"| `{method} {pattern}` | {' | '.join(map(str, statuses))} |{mark}")
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
