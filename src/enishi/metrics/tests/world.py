"""A small company whose every number can be worked out by hand, and a place to publish it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from enishi.kit.home import Home
from enishi.store.testing import publish

TODAY = date(2024, 6, 30)
ALPHA, BETA, GAMMA = 1, 2, 3
OUTSIDE = {1: "a", 2: "b", 3: "c"}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def at(day: date, hour: int = 3) -> datetime:
    """03:00 UTC is noon in Tokyo."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def use(
    group: int, user: int, day: date, event: str = "Report Made", product: str = "P", n: int = 1, **more: Any
):
    return {
        "group_no": group,
        "user_no": user,
        "day": day,
        "event": event,
        "product": product,
        "n": n,
        **more,
    }


def link(number: int, account: int | None, value: str, day: date, target: str = "account", **more: Any):
    head = {"record_id": number, "account_id": account, "value": value, "target": target}
    return {**head, "valid_on": day, "system": "product", **more}


def usage_rows() -> list[dict[str, Any]]:
    """Alpha: user 1 on 14 of the last 28 days and on 20 of the 28 before; user 2 twice; user 3 long ago.
    Beta: user 9 (linked by id, no group), user 8 (belongs to Beta's group alone), user 7 in group 2."""
    rows = [use(1, 1, ago(2 * k), n=2) for k in range(14)]
    rows += [use(1, 1, ago(28 + k), n=1) for k in range(20)]
    rows += [use(1, 2, ago(3), "Logged In"), use(1, 2, ago(10), "Export Made", n=4)]
    rows += [use(1, 3, ago(80), "Import Made", n=5), use(1, 3, ago(170), "Logged In")]
    rows += [use(4, 50, date(2023, 12, 30))]  # of nobody we know: use was recorded before the first customer
    rows += [
        use(0, 9, ago(40), product="Q"),
        use(0, 8, ago(5), product="Q"),
        use(2, 7, ago(5), product="Q", n=3),
    ]
    return rows


def publish_world(folder: Path) -> Home:
    home = Home(folder)
    first = date(2024, 1, 1)
    publish(home, "record_account", [
        {"record_id": ALPHA, "valid_on": first, "name": "Alpha", "since": first, "size": "large", "stage": "adoption"},
        {"record_id": BETA, "valid_on": first, "name": "Beta", "size": "small"},
        {"record_id": GAMMA, "valid_on": first, "name": "Gamma", "since": first},
    ])  # fmt: skip
    publish(home, "merge", [{"record_id": GAMMA, "account_id": ALPHA, "valid_on": ago(15)}])
    publish(home, "groups", [{"group_no": n, "group_id": v, "first_day": first} for n, v in OUTSIDE.items()])
    publish(home, "users", [{"user_no": n, "user_id": f"u{n}", "first_day": first} for n in range(1, 10)])
    publish(home, "memberships", [{"group_no": 2, "user_no": u, "known_on": first} for u in (7, 8)])
    links = [link(n, n, value, first) for n, value in OUTSIDE.items()]
    publish(home, "link", [*links, link(9, BETA, "u9", first, "user", contact_id=21)])
    publish(home, "usage", usage_rows())
    publish_contracts(home, first)
    publish_support(home)
    publish_people(home, first)
    return home


def publish_contracts(home: Home, first: date) -> None:
    alpha = {"record_id": 101, "account_id": ALPHA, "product": "P", "interval": "year", "started_on": first}
    publish(home, "record_subscription", [
        {**alpha, "valid_on": first, "amount": 1_200_000, "seats": 10, "plan": "basic", "renewal_on": date(2025, 1, 1)},
        {**alpha, "valid_on": ago(30), "amount": 1_800_000, "seats": 15, "plan": "pro", "renewal_on": date(2025, 1, 1)},
        {"record_id": 102, "account_id": BETA, "product": "Q", "valid_on": date(2024, 3, 1), "amount": 100, "seats": 2,
         "currency": "USD", "interval": "month", "started_on": date(2024, 3, 1), "plan": "q"},
        {"record_id": 103, "account_id": BETA, "product": "R", "valid_on": first, "amount": 5000, "interval": "month",
         "started_on": first, "ended_on": ago(10), "notice_on": ago(40), "plan": "r"},
    ])  # fmt: skip
    publish(home, "record_exchange_rate", [
        {"record_id": 1, "currency": "USD", "on": date(2024, 2, 1), "rate": 150.25, "valid_on": date(2024, 2, 1)},
        {"record_id": 2, "currency": "USD", "on": date(2024, 5, 1), "rate": 160.0, "valid_on": date(2024, 5, 1)},
    ])  # fmt: skip
    invoice = {"account_id": BETA, "issued_on": ago(60), "valid_on": ago(60), "due_on": ago(30)}
    publish(home, "record_invoice", [
        {**invoice, "record_id": 201, "amount": 3000},
        {**invoice, "record_id": 202, "amount": 4000, "paid_on": ago(20)},
        {**invoice, "record_id": 203, "amount": 500, "due_on": ago(7)},
        {**invoice, "record_id": 204, "amount": 900, "voided_on": ago(1)},
    ])  # fmt: skip
    order = {"account_id": ALPHA, "product": "cable"}
    publish(home, "record_order", [
        {**order, "record_id": k, "valid_on": ago(k), "ordered_at": at(ago(k)), "amount": 100 + k} for k in (5, 89, 90)
    ])  # fmt: skip


def publish_support(home: Home) -> None:
    def ticket(number: int, opened: int, **more: Any):
        head = {"record_id": number, "account_id": ALPHA, "valid_on": ago(opened), "product": "P"}
        return {**head, "opened_at": at(ago(opened)), **more}

    publish(home, "record_ticket", [
        ticket(301, 5, severity="urgent", tone=-0.5),
        ticket(302, 27, severity="low", tone=0.25, resolved_at=at(ago(26)), reopened=2),
        ticket(303, 50, severity="high", resolved_at=at(ago(10), 5), reopened=0),
        ticket(304, 100, severity="high", resolved_at=at(ago(99))),
    ])  # fmt: skip
    incident = {"started_at": at(ago(20)), "valid_on": ago(20)}
    publish(home, "record_incident", [
        {**incident, "record_id": 401, "ended_at": at(ago(20), 4)},
        {**incident, "record_id": 402, "account_id": BETA, "minutes": 7, "ended_at": at(ago(20), 9)},
        {**incident, "record_id": 403, "product": "Q", "started_at": at(ago(60)), "valid_on": ago(60),
         "ended_at": at(ago(60), 5), "minutes": 120},
        {"record_id": 404, "started_at": at(TODAY), "valid_on": TODAY},
    ])  # fmt: skip


def publish_people(home: Home, first: date) -> None:
    publish(home, "record_contact", [
        {"record_id": 11, "account_id": ALPHA, "valid_on": first, "role": "champion", "left_on": ago(12)},
        {"record_id": 12, "account_id": ALPHA, "valid_on": first, "role": "decision_maker", "bounced_on": ago(1)},
        {"record_id": 13, "account_id": ALPHA, "valid_on": first, "role": "champion"},
        {"record_id": 21, "account_id": BETA, "valid_on": first, "role": "user"},
    ])  # fmt: skip

    def touch(number: int, days: int, type: str, two_way: bool | None = None):
        head = {"record_id": number, "account_id": ALPHA, "valid_on": ago(days), "occurred_at": at(ago(days))}
        return {**head, "type": type, "two_way": two_way}

    publish(home, "record_interaction", [
        touch(501, 9, "mail"), touch(502, 33, "call"), touch(503, 4, "call", False), touch(504, 50, "mail", True),
    ])  # fmt: skip

    def answer(
        number: int, contact: int | None, days: int, score: float, measure: str = "nps", name: str = ""
    ):
        head = {"record_id": number, "account_id": ALPHA, "contact_id": contact, "valid_on": ago(days)}
        head["extra"] = f'{{"contact":"{name}"}}' if name else None
        return {**head, "measure": measure, "score": score, "answered_at": at(ago(days))}

    publish(home, "record_survey_answer", [
        answer(601, 11, 100, 2), answer(602, 11, 30, 8), answer(603, 12, 150, 5), answer(604, None, 170, 10, name="Sato@b.example"),
        answer(605, 12, 200, 9, "csat"), answer(606, 12, 20, 4, "csat"),
        answer(607, None, 175, 0, name="sato@b.example "),
    ])  # fmt: skip
    publish(home, "record_training", [
        {"record_id": 701, "account_id": ALPHA, "valid_on": ago(3), "completed_on": ago(3), "course": "x"},
    ])  # fmt: skip
