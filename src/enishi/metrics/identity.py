"""Who an event belongs to, on any day: outside ids, memberships, aliases and merges as spans of days.

All are versioned facts applied when reading, so linking, merging and undoing either never rewrite a fact.
Everything here is about ids, not events: it is small, computed once per generation, and handed to the engine
as tables of spans:

``group_link``   group_no -> account_id
``user_link``    user_no -> account_id, contact_id
``user_group``   user_no -> account_id, while the user belongs to exactly one group and that is linked
``person``       user_no -> person_no, where two numbers are one person (alias, or the same contact)
``merged``       account_id -> survivor
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from enishi.metrics.spans import FOREVER, day_numbers, overlap, to_arrow, visible_spans

SPANS = ("group_link", "user_link", "user_group", "person", "merged")
EPOCH = date(1970, 1, 1).toordinal()
_LINK_COLUMNS = ["system", "value", "target", "version_id", "account_id", "contact_id", "deleted"]


@dataclass(frozen=True)
class Identity:
    """The span tables, ready for an engine."""

    group_link: pa.Table
    user_link: pa.Table
    user_group: pa.Table
    person: pa.Table
    merged: pa.Table
    members: pa.Table  # group_no, user_no: who was ever said to belong where

    def tables(self) -> Mapping[str, pa.Table]:
        return {name: getattr(self, name) for name in SPANS}

    def loose(self, first: date, last: date) -> list[int]:
        """Groups not linked to one account from a day to another, of which some user leads to an account."""
        start, stop = (np.asarray(day_numbers(self.group_link[edge])) for edge in ("start", "stop"))
        low, high = (day.toordinal() - EPOCH for day in (first, last))
        firm = self.group_link["group_no"].to_numpy()[(start <= low) & (high < stop)]
        groups, users = (self.members[name].to_numpy() for name in ("group_no", "user_no"))
        open_ended = ~np.isin(groups, firm)
        if not open_ended.any():
            return []
        leading = np.concatenate(
            [self.user_link["user_no"].to_numpy(), self.user_group["user_no"].to_numpy()]
        )
        return [int(n) for n in np.unique(groups[open_ended & np.isin(users, leading)])]


def build_identity(facts: Mapping[str, pa.Table], known_now: bool = False) -> Identity:
    """Spans from the tables ``link``, ``merge``, ``groups``, ``users``, ``memberships``, ``aliases``.

    Args:
        facts: those tables, complete.
        known_now: read the past with today's knowledge: what is known at all was always so.
    """
    links = _links(facts["link"], known_now)
    groups = _outside(links, facts["groups"], "group_id", "account").rename(columns={"number": "group_no"})
    users = _outside(links, facts["users"], "user_id", "user").rename(columns={"number": "user_no"})
    aliases = _aliases(facts["aliases"], known_now)
    person = _persons(aliases, users)
    users = _with_aliases(users, aliases)
    members = _unique_groups(facts["memberships"], aliases, known_now)
    through = overlap(members, groups[["group_no", "account_id", "start", "stop"]], "group_no")
    return Identity(
        group_link=to_arrow(groups, ["group_no", "account_id"]),
        user_link=to_arrow(users, ["user_no", "account_id", "contact_id"]),
        user_group=to_arrow(through, ["user_no", "account_id"]),
        person=to_arrow(person, ["user_no", "person_no"]),
        members=facts["memberships"].select(["group_no", "user_no"]),
        merged=to_arrow(_merges(facts["merge"], known_now), ["account_id", "survivor"]),
    )


def _starts(table: pa.Table, known_now: bool) -> pd.Series[int]:
    days = pd.Series(day_numbers(table["known_on"]), dtype="int64")
    return days * 0 if known_now else days


def _links(link: pa.Table, known_now: bool) -> pd.DataFrame:
    frame = link.select(_LINK_COLUMNS).to_pandas()
    frame["start"] = _starts(link, known_now)
    spans = visible_spans(frame, ["system", "value", "target"], ["version_id"])
    return spans[~spans["deleted"].astype(bool) & spans["account_id"].notna()]


def _outside(links: pd.DataFrame, numbers: pa.Table, id_column: str, target: str) -> pd.DataFrame:
    """The spans of those links whose outside id has a number in the dictionary."""
    wanted = links[links["target"] == target]
    linked = pc.is_in(
        numbers[id_column], pa.array(wanted["value"].unique(), numbers.schema.field(id_column).type)
    )
    names = (
        numbers.filter(linked)
        .to_pandas()
        .rename(columns={id_column: "value", numbers.column_names[0]: "number"})
    )
    joined = wanted.merge(names[["number", "system", "value"]], on=["system", "value"])
    return joined[["number", "account_id", "contact_id", "start", "stop"]]


def _aliases(aliases: pa.Table, known_now: bool) -> pd.DataFrame:
    """previous_no -> user_no from a day on; chains are followed to their end."""
    frame = aliases.select(["previous_no", "user_no"]).to_pandas()
    frame["start"] = _starts(aliases, known_now)
    frame["number"] = range(len(frame))
    spans = visible_spans(
        frame[frame["previous_no"] != frame["user_no"]], ["previous_no"], ["start", "number"]
    )
    return _spans_of_chains(_steps(spans, "previous_no", "user_no"), ["previous_no", "user_no"])


def _steps(spans: pd.DataFrame, a: str, b: str) -> list[tuple[int, int, int, int]]:
    rows = spans[[a, b, "start", "stop"]].astype("int64").to_numpy()
    return [(int(w), int(x), int(y), int(z)) for w, x, y, z in rows]


def _chains(steps: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Follow ``(from, to, start, stop)`` to the end of the chain on every day on which one changes."""
    spans = list(steps)
    edges = sorted({edge for _, _, start, stop in spans for edge in (start, stop)})
    found: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
    for start, stop in pairwise(edges):
        now = {a: b for a, b, s, e in spans if s <= start < e}
        for a in now:
            _extend(found[a, _end_of_chain(now, a)], start, stop)
    return [(a, b, s, e) for (a, b), parts in found.items() for s, e in parts if a != b]


def _extend(parts: list[list[int]], start: int, stop: int) -> None:
    if parts and parts[-1][1] == start:
        parts[-1][1] = stop
    else:
        parts.append([start, stop])


def _end_of_chain(step: Mapping[int, int], first: int) -> int:
    seen, at = {first}, first
    while at in step and step[at] not in seen:
        at = step[at]
        seen.add(at)
    return at


def _spans_of_chains(steps: Iterable[tuple[int, int, int, int]], names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(_chains(steps), columns=[*names, "start", "stop"]).astype("int64")


def _persons(aliases: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Aliases lead to the newer number; numbers linked to one contact lead to the smallest of them."""
    steps = _steps(aliases, "previous_no", "user_no")
    known = users[users["contact_id"].notna()]
    shared = known[known.groupby("contact_id")["user_no"].transform("nunique") > 1]
    for _, group in shared.groupby("contact_id"):
        first = group["user_no"].min()
        other = group[group["user_no"] != first]
        begin = group[group["user_no"] == first]["start"].min()
        rows = other[["user_no", "start", "stop"]].to_numpy()
        steps += [(int(u), int(first), int(max(s, begin)), int(e)) for u, s, e in rows if max(s, begin) < e]
    return _spans_of_chains(steps, ["user_no", "person_no"])


def _with_aliases(users: pd.DataFrame, aliases: pd.DataFrame) -> pd.DataFrame:
    """Before an alias the earlier number answers for itself; from it on, the later number's link does."""
    if aliases.empty or users.empty:
        return users
    later = users.merge(aliases.rename(columns={"start": "from_day", "stop": "to_day"}), on="user_no")
    later["start"] = later[["start", "from_day"]].max(axis=1)
    later["stop"] = later[["stop", "to_day"]].min(axis=1)
    later = later[(later["start"] < later["stop"]) & ~later["previous_no"].isin(users["user_no"])]
    later["user_no"] = later["previous_no"]
    return pd.concat([users, later[users.columns]], ignore_index=True)


def _unique_groups(memberships: pa.Table, aliases: pd.DataFrame, known_now: bool) -> pd.DataFrame:
    """user_no -> group_no from the day of the first membership to the day of a second, different one."""
    frame = memberships.select(["group_no", "user_no"]).to_pandas()
    frame["start"] = _starts(memberships, known_now)
    if not aliases.empty:
        moved = frame.merge(aliases.rename(columns={"start": "from_day", "stop": "to_day"}), on="user_no")
        moved["start"] = moved[["start", "from_day"]].max(axis=1)
        moved["user_no"] = moved["previous_no"]
        frame = pd.concat([frame, moved[frame.columns]], ignore_index=True)
    frame = frame.iloc[np.lexsort((frame["group_no"], frame["start"], frame["user_no"]))]
    user, start, group = (frame[name].to_numpy(np.int64) for name in ("user_no", "start", "group_no"))
    first = np.append(True, user[1:] != user[:-1])[: len(user)]
    of = np.cumsum(first) - 1  # whose row it is
    stop = np.full(first.sum(), FOREVER)
    another = group != group[first][of]
    np.minimum.at(stop, of[another], start[another])
    found = pd.DataFrame(
        {"user_no": user[first], "group_no": group[first], "start": start[first], "stop": stop}
    )
    return found[found["start"] < found["stop"]]


def _merges(merge: pa.Table, known_now: bool) -> pd.DataFrame:
    frame = merge.select(["record_id", "account_id", "version_id", "deleted"]).to_pandas()
    frame["start"] = _starts(merge, known_now)
    spans = visible_spans(frame, ["record_id"], ["version_id"])
    spans = spans[spans["account_id"].notna() & ~spans["deleted"].astype(bool)]
    return _spans_of_chains(_steps(spans, "record_id", "account_id"), ["account_id", "survivor"])
