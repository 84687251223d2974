"""Nothing a sender writes stops what others send."""

from __future__ import annotations

import json
from typing import Any

import pytest

import enishi.ingest.application as application
from enishi.accounts.models import Account, Company
from enishi.ingest.api import drain
from enishi.ingest.api import replay_reject as replay
from enishi.ingest.contracts import Origin
from enishi.ingest.inbox import inbox_of
from enishi.ingest.models import Reject
from enishi.ingest.tests.test_carrying import Keys, rows, send, track
from enishi.kit.clock import HandClock
from enishi.kit.home import Home
from enishi.store.api import NewBody

pytestmark = pytest.mark.django_db


def test_hostile_traits_and_ids_hold_up_nobody(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    """What one sender writes about itself is saved, left out or put on the desk; the next event still arrives."""
    key, _ = make_key(updates_records=True)
    deep = json.loads("[" * 90 + "]" * 90)
    odd: list[Any] = [
        "x" * 2_000,
        "=1+1",
        "' OR 1=1 --",
        "<script>",
        "a\tb",
        "９" * 300,
        deep,
        {"a": deep},
        1e308,
        -1,
        True,
        None,
        [],
        "",
    ]
    names = ("name", "email", "industry", "employees", "website", "phone", "title", "firstName", "country")
    for n, value in enumerate(odd):
        traits = dict.fromkeys(names, value)
        send(
            home, clock, key,
            {"type": "group", "userId": f"u{n}", "groupId": f"g{n}", "traits": traits, "messageId": f"g{n}"},
            {"type": "identify", "userId": f"u{n}", "traits": traits, "context": {"groupId": f"g{n}"}, "messageId": f"i{n}"},
            {"type": "alias", "userId": f"u{n}", "previousId": f"u{(n + 1) % len(odd)}", "messageId": f"a{n}"},
        )  # fmt: skip
    body = (
        b'{"batch":[{"type":"group","groupId":"big","userId":"u","traits":{"employees":%s,"name":%s}}]}'
        % (b"9" * 400, b"9" * 4000)
    )
    inbox_of(home).append(
        [NewBody(int(clock().timestamp() * 1e6), Origin(key=key.pk, route="batch").encode(), body)]
    )
    drain(home, clock)
    send(home, clock, key, track("last", groupId="g1"))
    assert "mlast" in {row["message_id"] for row in rows(home, "events")}
    assert Account.objects.filter(outside_id__in=[f"g{n}" for n in range(len(odd))]).count() == len(odd)


def test_whatever_raises_leaves_one_item_on_the_desk_and_all_others_go_on(
    home: Home, clock: HandClock, company: Company, make_key: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last resort: not even keeping the failed identity succeeds."""
    real = application.apply_identities

    def failing(events: Any, groups: Any, *more: Any) -> None:
        if any(event.group == "bad" for event in (*events, *groups)):
            raise ValueError("Exceeds the limit")
        real(events, groups, *more)

    def failing_too(*_: Any) -> None:
        raise ValueError("Exceeds the limit")

    def stored() -> set[str]:
        return {row["message_id"] for row in rows(home, "events")}

    key, _ = make_key()
    bad = {"type": "group", "userId": "u", "groupId": "bad", "messageId": "bad", "traits": {"name": "悪"}}
    with monkeypatch.context() as patch:
        patch.setattr(application, "apply_identities", failing)
        patch.setattr(application, "keep_failed", failing_too)
        send(home, clock, key, track(1, groupId="good"), bad, track(2, groupId="good"))
        send(home, clock, key, track(3))
        reject = Reject.objects.get()
        assert (reject.reason, "Exceeds the limit" in reject.message_en) == ("not_carried", True)
        assert stored() == {"m1", "m2", "m3"}
        replay(home, reject, reject.payload, actor="x", now=clock())
        drain(home, clock)
        assert Reject.objects.get().status == Reject.Status.OPEN, "tried again in vain, it waits again"
    replay(home, reject, reject.payload, actor="x", now=clock())
    drain(home, clock)
    assert set(Account.objects.values_list("outside_id", "name")) == {("good", "good"), ("bad", "悪")}
    assert stored() == {"m1", "m2", "m3", "bad"}
