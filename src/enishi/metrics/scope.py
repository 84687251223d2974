"""Facts of a few accounts only: what an account's page or a preview reads, whatever the size of the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from enishi.metrics.engines import Engine
from enishi.store.kinds import KINDS
from enishi.store.parquet import DAY_COLUMNS

MOST = 500  # accounts; beyond, reading everything is as cheap


@dataclass(frozen=True)
class Scope:
    """Which rows can matter to the chosen accounts: theirs, those of accounts merged into them, and the groups
    and users that were ever linked to any of these.

    Rows that in the end belong to other accounts are dropped later, by their identity as of then.
    """

    asked: tuple[int, ...]
    accounts: tuple[int, ...]
    groups: tuple[int, ...]
    users: tuple[int, ...]

    def condition(self, table: str) -> str:
        """SQL condition on a table's rows (numbers only); empty for tables that are read whole."""
        if table in DAY_COLUMNS:
            return f"(group_no IN ({_listed(self.groups)}) OR user_no IN ({_listed(self.users)}))"
        if table == "record_account":
            return f"record_id IN ({_listed(self.accounts)})"
        if table == "record_incident":
            return f"(account_id IS NULL OR account_id IN ({_listed(self.accounts)}))"
        if table == "reading":
            return f"account_id IN ({_listed(self.accounts)})"
        if table.removeprefix("record_") in KINDS and KINDS[table.removeprefix("record_")].has_account:
            return f"account_id IN ({_listed(self.accounts)})"
        return ""


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(int(n)) for n in numbers) or "NULL"


def find_scope(engine: Engine, accounts: Collection[int]) -> tuple[Scope, Mapping[str, pa.Table]]:
    """The scope of accounts, and the identity facts that concern it.

    The engine knows the whole tables ``link``, ``merge``, ``groups``, ``users``, ``memberships``, ``aliases``.
    """
    merge, aliases = (engine.rows(f"SELECT * FROM {name}") for name in ("merge", "aliases"))  # noqa: S608
    chosen = _with_merged(set(accounts), merge)
    engine.put("scope_accounts", pa.table({"chosen_id": pa.array(sorted(chosen), pa.int64())}))
    links = engine.rows(_LINKS)
    engine.put("scope_links", links.select(["system", "value", "target"]))
    groups, users = engine.rows(_GROUPS), engine.rows(_USERS)
    engine.put("scope_groups", groups.select(["group_no"]))
    members = engine.rows(_MEMBERS)
    numbers = {*users["user_no"].to_pylist(), *members["user_no"].to_pylist()}
    for _ in range(2):  # an earlier number, and one before that
        pairs = zip(aliases["previous_no"].to_pylist(), aliases["user_no"].to_pylist(), strict=True)
        numbers |= {n for pair in pairs if numbers.intersection(pair) for n in pair}
    engine.put("scope_users", pa.table({"known_no": pa.array(sorted(numbers), pa.int64())}))
    members = engine.rows(_MEMBERS_OF)
    group_numbers = tuple(sorted(groups["group_no"].to_pylist()))
    scope = Scope(tuple(accounts), tuple(sorted(chosen)), group_numbers, tuple(sorted(numbers)))
    tables = {"link": links, "merge": merge, "groups": groups, "users": users}
    return scope, {**tables, "memberships": members, "aliases": aliases}


def _with_merged(accounts: set[int], merge: pa.Table) -> set[int]:
    found, pairs = (
        set(accounts),
        list(zip(merge["record_id"].to_pylist(), merge["account_id"].to_pylist(), strict=True)),
    )
    while more := {gone for gone, survivor in pairs if survivor in found} - found:
        found |= more
    return found


# Every statement about an outside id that was ever linked to one of the accounts: a link that moved away counts.
_LINKS = """
SELECT l.* FROM link l JOIN (
  SELECT DISTINCT k.system AS s, k.value AS v, k.target AS t FROM link k
  JOIN scope_accounts a ON k.account_id = a.chosen_id
) m ON l.system = m.s AND l.value = m.v AND l.target = m.t
"""
_GROUPS = """
SELECT g.* FROM groups g JOIN (SELECT DISTINCT system AS s, value AS v FROM scope_links WHERE target = 'account') l
ON g.system = l.s AND g.group_id = l.v
"""
_USERS = """
SELECT u.* FROM users u JOIN (SELECT DISTINCT system AS s, value AS v FROM scope_links WHERE target = 'user') l
ON u.system = l.s AND u.user_id = l.v
"""
_MEMBERS = """
SELECT m.* FROM memberships m JOIN (
  SELECT DISTINCT n.user_no AS u FROM memberships n JOIN scope_groups g ON n.group_no = g.group_no
) w ON m.user_no = w.u
"""
# Every membership of the users, also in groups that lead elsewhere or nowhere.
_MEMBERS_OF = "SELECT m.* FROM memberships m JOIN scope_users u ON m.user_no = u.known_no"
