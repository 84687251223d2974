"""Who may open what: every address opened as everyone, beside the table in docs/access.md.

``python -m tests.access`` prints the table's rows as they are observed, for pasting into the document after
thinking about each new one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, reset_queries, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from tests.staging import make_stage
from tests.writes import API_WRITES, DEAF, SIGN_IN, VERBS, WRITES, Stage, Write, write_of_kind

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
    "account-note-act": {"verb": "pin"},
    "portfolio-bulk": {"verb": "stage"},
    "growth-propose": {"offer": "more_seats"},
    "growth-aside": {"offer": "more_seats"},
    "growth-offer": {"slug": "more_seats"},
    "growth-offer-text": {"slug": "more_seats"},
    "growth-offer-versions": {"slug": "more_seats"},
    "growth-offer-rollback": {"slug": "more_seats"},
    "growth-offer-retire": {"slug": "more_seats"},
    "health-metric": {"slug": "active_users_28"},
    "health-lacking": {"name": "usage"},
    "health-rule-holding": {"key": "alert:use_stopped"},
    "health-rules": {"kind": "causes"},
    "health-rules-edit": {"kind": "causes"},
    "health-rules-text": {"kind": "causes"},
    "health-rules-versions": {"kind": "causes"},
    "health-rules-rollback": {"kind": "causes"},
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

    def path(self, world: World, values: Mapping[str, str] | None = None) -> str:
        known = {**DEFAULTS, **KNOWN.get(self.name, {})}
        if self.pattern.startswith("/accounts/<int:number>/"):
            known["number"] = str(world.accounts["sakura"].pk)
        elif self.name in ("outlook-judge", "outlook-withdraw"):
            known["account_id"] = str(world.accounts["sakura"].pk)
        elif self.name.startswith("member"):
            known["number"] = str(world.members["tanaka"].pk)
        elif self.name.startswith("team"):
            known["number"] = str(world.teams["east"].pk)
        known |= values or {}
        return ARGUMENT.sub(lambda found: known.get(found[2] or found[3], "1"), self.pattern)

    def with_verb(self, verb: str) -> Route:
        return Route(self.pattern.replace("<str:verb>", verb), self.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the matrix: what is asked of which address, and what is sent along."""

    method: str
    route: Route
    write: Write | None = None

    @property
    def row(self) -> str:
        return self.route.row


def list_asked() -> Iterator[Asked]:
    """Every address opened; every writing one with a body that fits it, each verb by itself."""
    for route in list_routes():
        yield Asked("GET", route)
        for method in ("POST", "DELETE") if route.pattern.startswith("/api/") else ("POST",):
            for verb, data in VERBS.get(route.name, {"": None}).items():
                write = Write(data) if data else write_for(method, route)
                yield Asked(method, route.with_verb(verb) if verb else route, write)


def write_for(method: str, route: Route) -> Write | None:
    """The body that fits an address; None where nothing is written."""
    if not route.pattern.startswith("/api/"):
        return WRITES.get(route.name)
    if route.row.startswith("/api/v1/{kind}"):
        single = route.row != "/api/v1/{kind}"
        return write_of_kind(method, route.pattern.split("/")[3]) if single == (method == "DELETE") else None
    return API_WRITES.get((method, route.row))


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


# Rows every request may touch: they say who was here, not what was done.
TRACES = re.compile(
    r'"(django_session|usersessions_usersession|ingest_apikey|django_content_type)"|SAVEPOINT'
)
CHANGING = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and which statements changed the database on the way."""

    status: int
    changes: list[str]
    text: str = ""


@dataclass
class Cast:
    """A client per column; API calls carry a key bound to the same member, with every scope."""

    world: World
    stage: Stage
    clients: dict[str, Client]
    keys: dict[str, str]

    def ask(self, asked: Asked, column: str, path: str = "") -> Answer:
        """Ask once, and take back whatever it changed."""
        route, write = asked.route, asked.write
        path = path or self.path(asked, column)
        headers = {}
        if route.pattern.startswith("/api/") and self.keys.get(column):
            headers["Authorization"] = f"Bearer {self.keys[column]}"
        client = self.clients[column]
        cookies = client.cookies.copy()
        with transaction.atomic():
            sent = self._body(write)
            reset_queries()  # the log is of limited length
            with CaptureQueriesContext(connection) as seen:
                response = getattr(client, asked.method.lower())(path, *sent, headers=headers)
                text = response.getvalue().decode(errors="replace")
            transaction.set_rollback(True)
        client.cookies = cookies  # signing out is taken back too
        texts = [query["sql"] for query in seen.captured_queries]
        return Answer(
            response.status_code, [t for t in texts if CHANGING.match(t) and not TRACES.search(t)], text
        )

    def path(self, asked: Asked, column: str) -> str:
        route, write = asked.route, asked.write
        if write is None:
            return route.path(self.world)
        query = write.query(self.stage)
        return route.path(self.world, write.values(self.stage, column)) + (f"?{query}" if query else "")

    def _body(self, write: Write | None) -> tuple[Any, ...]:
        if write is None:
            return ()
        write.before(self.stage)
        data = dict(write.data(self.stage))
        return (json.dumps(data), "application/json") if write.json else (data,)


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
    members = {column: world.members[name] if name else None for column, name in COLUMNS.items()}
    cast = Cast(world, make_stage(world, members), {}, {})
    cast_members = [member.pk for member in members.values() if member]
    Member.objects.filter(pk__in=cast_members).update(password=make_password("nagai-tabiji-2026"))
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


def observe(cast: Cast, columns: Iterable[str] = COLUMNS) -> Iterator[tuple[Asked, dict[str, Answer]]]:
    """What is asked and the answer per column: GET, and where they are taken POST and DELETE."""
    for asked in list_asked():
        answers = {column: cast.ask(asked, column) for column in columns}
        if asked.method == "GET" or {answer.status for answer in answers.values()} - {404, 405}:
            yield asked, answers


def statuses_of(answers: Mapping[str, Answer]) -> list[int]:
    return [answer.status for answer in answers.values()]


def faults(asked: Asked, answers: Mapping[str, Answer]) -> Iterator[str]:
    """What is wrong with the answers to a write, whatever the table says.

    Refused, it may not have changed anything. Let in, the body must have been taken, or a refusal of the body
    stands where the refusal of the role should be; and something must have changed, or nothing was tried.
    """
    taken = any(answer.status < 400 for column, answer in answers.items() if column != "nobody")
    if taken and asked.write is None and asked.method != "GET" and asked.route.name not in SIGN_IN | DEAF:
        yield f"{asked.method} {asked.row} is taken, and tests/writes.py has no body for it"
    for column, answer in answers.items():
        where = f"{asked.method} {asked.row} as {column}"
        refused = column == "nobody" or answer.status >= 400
        if refused and answer.changes and asked.route.name not in SIGN_IN:
            yield f"{where}: refused with {answer.status}, yet it did {answer.changes[0][:120]}"
        if asked.write and answer.status in (400, 409, 415, 422):
            yield f"{where}: {answer.status}, its body in tests/writes.py is not taken"
        if asked.write and asked.write.changes and not refused and not answer.changes:
            yield f"{where}: {answer.status}, but nothing changed"
    if asked.write and all(answer.status >= 400 for answer in answers.values()):
        yield f"{asked.method} {asked.row}: nobody at all may do it with the body of tests/writes.py"


def read_table(path: Path = TABLE, columns: Iterable[str] = COLUMNS) -> dict[tuple[str, str], list[int]]:
    """The document's rows: (method, pattern) to a status per column."""
    places = [1 + list(COLUMNS).index(column) for column in columns]
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        found = re.fullmatch(r"`(GET|POST|DELETE) (.+)`", cells[0])
        if found:
            rows[found[1], found[2]] = [int(cells[place]) for place in places]
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
        for asked, answers in observe(make_cast()):
            row, statuses = (asked.method, asked.row), statuses_of(answers)
            mark = "" if known.get(row) == statuses else "  <-- new or different"
            print(f"| `{' '.join(row)}` | {' | '.join(map(str, statuses))} |{mark}")
            for fault in faults(asked, answers):
                print(f"    FAULT {fault}")
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
