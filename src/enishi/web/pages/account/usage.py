"""Who uses what, compared with peers at this stage: the usage map as the page draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.models import Contact
from enishi.definitions.api import event_title, get_names, product_title
from enishi.metrics.api import STAGES, UsageMap, usage_map
from enishi.signals.models import AccountState
from enishi.web.asking import number_in
from enishi.web.guard import LEADERS
from enishi.web.pages.account.asked import Asked
from enishi.web.pages.account.facts import facts_now
from enishi.web.pages.account.known import contacts_on
from enishi.web.pages.account.words import say

WEEKS = (12, 26, 52)
FEATURES_SHOWN = 20
PEOPLE_SHOWN = 100
LEAST_PEERS = 5


@dataclass(frozen=True, slots=True)
class User:
    """A person who uses the product; a contact where the user id leads to one."""

    name: str
    note: str
    contact_id: int | None
    active_days: int
    events: int
    features: int
    last_seen_days: int | None
    weeks: list[int]
    has_left: bool


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature used here: how often, by how many, and by what share of the peers."""

    name: str
    uses: int
    users: int
    peer_share: float | None


@dataclass(frozen=True, slots=True)
class Untouched:
    """A feature many peers use and this account does not."""

    name: str
    peer_share: float


def usage_context(asked: Asked) -> Mapping[str, Any]:
    """The usage panel: heat map, people, licences, peers. ``?weeks=`` is 12, 26 or 52."""
    weeks = _weeks(asked)
    with facts_now() as facts:
        found = usage_map(facts, asked.account.pk, asked.day, weeks)
    used = found.features[found.features["uses"] > 0]
    titles = feature_titles(found.features, set(used["product"]))
    everyone = users(asked, found)
    lately = [user for user in everyone if any(user.weeks)]
    return {
        "account": asked.account,
        "map": found,
        "is_empty": used.empty,
        "heat": heat(found, used, titles),
        "features": features(used, titles),
        "people_chart": people_chart(found),
        "features_shown": FEATURES_SHOWN if len(used) > FEATURES_SHOWN else 0,
        "users": lately[:PEOPLE_SHOWN],
        "users_total": len(lately),
        "idle": [user for user in everyone if not any(user.weeks)][:PEOPLE_SHOWN],
        "idle_total": len(everyone) - len(lately),
        "untouched": untouched(found, titles),
        "may_name": asked.member.role in LEADERS,
        "stage": stage_words(found.stage),
        "unused": whole(found.unused),
        "seats": whole(found.seats),
        "weeks": weeks,
        "week_links": _week_links(asked, weeks),
        "as_of_text": asked.as_of_text,
        "last_seen_on": last_seen(asked),
    }


def last_seen(asked: Asked) -> date | None:
    """The last day of use, where it lies before the period shown."""
    state = AccountState.objects.filter(account=asked.account).only("last_seen_on").first()
    return state.last_seen_on if state and asked.as_of is None else None


def _weeks(asked: Asked) -> int:
    text = asked.query.get("weeks", "")
    return weeks if (weeks := number_in(text)) in WEEKS else WEEKS[0]


def _week_links(asked: Asked, chosen: int) -> list[dict[str, Any]]:
    tail = f"&as_of={asked.as_of_text}" if asked.as_of else ""
    titles = {12: _("12 weeks"), 26: _("26 weeks"), 52: _("52 weeks")}
    return [{"title": titles[n], "query": f"?weeks={n}{tail}", "current": n == chosen} for n in WEEKS]


def whole(value: float) -> int | None:
    return None if pd.isna(value) else int(value)


def stage_words(stage: str) -> str:
    """The tenure stage peers share; all customers where it is none."""
    titles = {name: title for name, _first, title in STAGES}
    return say(titles[stage]) if stage in titles else _("all customers")


def week_label(first: date) -> str:
    japanese = (get_language() or "ja").startswith("ja")
    return f"{first.month}/{first.day}" if japanese else f"{first.day} {first:%b}"


def feature_titles(rows: pd.DataFrame, here: set[str]) -> dict[tuple[str, str], str]:
    """Names of the features by (event, product); the product is said where it is not the only one ``here``."""
    names = get_names()
    titles = {}
    for event, product in zip(rows["feature"], rows["product"], strict=True):
        title = say(event_title(names, str(event)))
        named = bool(product) and here != {product}
        titles[event, product] = f"{title} ({say(product_title(names, str(product)))})" if named else title
    return titles


def features(used: pd.DataFrame, titles: Mapping[tuple[str, str], str]) -> list[Feature]:
    """The features used here, most used first, beside the peers."""
    rows = used.head(FEATURES_SHOWN)[["feature", "product", "uses", "users", "peer_share"]]
    return [
        Feature(titles[event, product], int(uses), int(users), None if pd.isna(share) else float(share))
        for event, product, uses, users, share in rows.to_numpy(dtype=object).tolist()
    ]


def heat(found: UsageMap, used: pd.DataFrame, titles: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Feature by week. Colour is relative to the feature's own busiest week, the number is the count."""
    top = used.head(FEATURES_SHOWN)
    columns = [f"w{k}" for k in range(len(found.weeks))]
    cells = [
        [x, y, int(value)]
        for y, row in enumerate(top[columns].itertuples(index=False))
        for x, value in enumerate(row)
    ]
    return {
        "kind": "heatmap",
        "x": [week_label(day) for day in found.weeks],
        "y": [titles[key] for key in zip(top["feature"], top["product"], strict=True)],
        "cells": cells,
        "labels": len(found.weeks) <= WEEKS[0],
    }


def people_chart(found: UsageMap) -> dict[str, Any]:
    """People active per week, beside the median of peers."""
    series: list[dict[str, Any]] = [
        {"name": _("This customer"), "label": pgettext("usage", "Here"), "values": found.active_users}
    ]
    if found.peers >= LEAST_PEERS:
        median = [None if pd.isna(value) else round(value, 1) for value in found.peer_median]
        name = pgettext("usage", "Peers' median")
        label = pgettext("usage", "Peers")
        series.append({"name": name, "label": label, "values": median, "dashed": True, "colour": "muted"})
    targets = []
    if (seats := whole(found.seats)) and seats <= 3 * max([1, *found.active_users]):
        targets.append({"value": seats, "label": _("Licences bought")})
    return {
        "kind": "line",
        "x": [week_label(day) for day in found.weeks],
        "series": series,
        "targets": targets,
    }


def users(asked: Asked, found: UsageMap) -> list[User]:
    """Most active first; contacts by name, others by the id they came with."""
    numbers = [int(n) for n in found.people["contact_id"].dropna()]
    contacts = contacts_on(numbers, asked.as_of)
    columns = [f"w{k}" for k in range(len(found.weeks))]
    return [_user(row, contacts, columns) for row in found.people.to_dict("records")]


def _user(row: Mapping[Any, Any], contacts: Mapping[int, Contact], columns: Sequence[str]) -> User:
    number = row.get("contact_id")
    contact = None if number is None or pd.isna(number) else contacts.get(int(number))
    outside = str(row.get("user_id") or "")
    return User(
        name=contact.full_name if contact else _("Not among the contacts"),
        note=" ".join(part for part in (contact.department, contact.title) if part) if contact else outside,
        contact_id=contact.pk if contact else None,
        active_days=_count(row.get("active_days_28")),
        events=_count(row.get("events_28")),
        features=_count(row.get("feature_breadth_28")),
        last_seen_days=whole(row.get("days_since_last_seen", float("nan"))),
        weeks=[int(row[name]) for name in columns],
        has_left=bool(contact and contact.left_on),
    )


def _count(value: Any) -> int:
    return 0 if value is None or pd.isna(value) else int(value)


def untouched(found: UsageMap, titles: Mapping[tuple[str, str], str]) -> list[Untouched]:
    """Where to step in: features of the products used here that at least a quarter of the peers use."""
    if found.peers < LEAST_PEERS:
        return []
    features = found.features
    here = set(features[features["uses"] > 0]["product"]) | {""}
    idle = features[(features["uses"] == 0) & features["peer_share"].notna() & features["product"].isin(here)]
    shown = idle[["feature", "product", "peer_share"]].head(8)
    return [
        Untouched(titles[event, product], float(share))
        for event, product, share in shown.itertuples(index=False)
    ]
