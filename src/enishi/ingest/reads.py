"""What the desks show: ids that lead nowhere yet, with how much hangs on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from enishi.accounts.models import OutsideId
from enishi.kit.home import Home
from enishi.store.batch import ANONYMOUS
from enishi.store.published import Published


@dataclass(frozen=True, slots=True)
class UnmatchedGroup:
    """A group id that leads to no account.

    Args:
        events, users: counted use, and by how many people.
        first_day, last_day: of the use; None where a group was only named.
    """

    system: str
    group_id: str
    events: int
    users: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class UnmatchedUser:
    """A user id that leads to no contact and belongs to no group.

    Args:
        email: from the latest identify call, or the id itself where it is an address; empty where unknown.
    """

    system: str
    user_id: str
    events: int
    email: str
    first_day: date | None
    last_day: date | None


def list_unmatched_groups(home: Home, limit: int = 1000) -> list[UnmatchedGroup]:
    """Group ids without an account, the most used first."""
    rows = _groups(Published(home))
    linked = _linked(OutsideId.Target.ACCOUNT)
    found = (UnmatchedGroup(*row) for row in rows if (row[0], row[1]) not in linked)
    return [group for group, _ in zip(found, range(limit), strict=False)]


def count_unmatched_groups(home: Home) -> int:
    """How many group ids lead to no account."""
    published = Published(home)
    if not published.has("groups"):
        return 0
    linked = _linked(OutsideId.Target.ACCOUNT)
    with duckdb.connect() as engine:
        rows = engine.execute(f"SELECT system, group_id FROM {table_of(published, 'groups')}").fetchall()  # noqa: S608
    return sum((system, group) not in linked for system, group in rows)


def list_unmatched_users(home: Home, limit: int = 1000) -> list[UnmatchedUser]:
    """User ids without a contact whose events carry no group either, the most active first."""
    published = Published(home)
    linked = _linked(OutsideId.Target.USER)
    loose = [row for row in _users(published) if (row[1], row[2]) not in linked][:limit]
    mails = _emails(published, [row[0] for row in loose])
    return [
        UnmatchedUser(system, user, events, mails.get(number) or _address(user), first, last)
        for number, system, user, events, first, last in loose
    ]


def _linked(target: str) -> set[tuple[str, str]]:
    return set(OutsideId.objects.filter(target=target).values_list("system", "value"))


def table_of(published: Published, table: str) -> str:
    """A published table as DuckDB reads it, empty where nothing was published."""
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in published.files(table))
    if files:
        return f"read_parquet([{files}])"
    names = ", ".join(f"NULL AS {name}" for name in published.schema(table).names)
    return f"(SELECT {names} WHERE false)"


def _groups(published: Published) -> Iterator[tuple[Any, ...]]:
    if not published.has("groups"):
        return iter(())
    query = f"""
        SELECT g.system, g.group_id, coalesce(sum(u.n), 0)::BIGINT AS events,
               count(DISTINCT nullif(u.user_no, 0)) AS users, min(u.day), max(u.day)
        FROM {table_of(published, "groups")} g LEFT JOIN {table_of(published, "usage")} u ON u.group_no = g.group_no
        GROUP BY ALL ORDER BY events DESC, g.system, g.group_id
    """  # noqa: S608 - paths of our own files
    with duckdb.connect() as engine:
        return iter(engine.execute(query).fetchall())


def _users(published: Published) -> list[tuple[Any, ...]]:
    if not published.has("users"):
        return []
    query = f"""
        SELECT p.user_no, p.system, p.user_id, coalesce(sum(u.n), 0)::BIGINT AS events, min(u.day), max(u.day)
        FROM {table_of(published, "users")} p LEFT JOIN {table_of(published, "usage")} u ON u.user_no = p.user_no
        WHERE NOT ends_with(p.system, '{ANONYMOUS}')
          AND p.user_no NOT IN (SELECT user_no FROM {table_of(published, "memberships")} WHERE user_no IS NOT NULL)
        GROUP BY ALL ORDER BY events DESC, p.system, p.user_id
    """  # noqa: S608
    with duckdb.connect() as engine:
        return engine.execute(query).fetchall()


def _emails(published: Published, numbers: list[int]) -> dict[int, str]:
    """The latest mail address said of each user by identify calls."""
    if not numbers or not published.has("events"):
        return {}
    listed = ", ".join(map(str, numbers))
    query = f"""
        SELECT user_no, arg_max(properties, occurred_at) FROM {table_of(published, "events")}
        WHERE type = 'identify' AND user_no IN ({listed}) AND contains(properties, '"email"') GROUP BY user_no
    """  # noqa: S608
    with duckdb.connect() as engine:
        rows = engine.execute(query).fetchall()
    return {number: _address(json.loads(traits).get("email")) for number, traits in rows}


def _address(text: object) -> str:
    return text if isinstance(text, str) and "@" in text[1:-1] else ""
