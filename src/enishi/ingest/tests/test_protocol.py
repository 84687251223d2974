"""The Segment protocol's finer points, from a request to stored facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from enishi.accounts.models import Account, Company
from enishi.ingest.keys import KeyRing, load_keys
from enishi.ingest.models import Reject, WriteKey
from enishi.ingest.tests.test_carrying import rows, send, track
from enishi.kit.clock import HandClock
from enishi.kit.home import Home

pytestmark = pytest.mark.django_db

Keys = Callable[..., tuple[WriteKey, str]]


def test_a_person_may_belong_to_several_accounts(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    """Each use counts for the account it names; one that names none and belongs to nobody alone counts for none."""
    key, _ = make_key()
    send(
        home, clock, key,
        track(1, context={"groupId": "g1"}), track(2, context={"groupId": "g2"}), track(3, groupId="g2"), track(4),
    )  # fmt: skip
    (user,) = rows(home, "users")
    groups = {row["group_no"]: row["group_id"] for row in rows(home, "groups")}
    assert set(Account.objects.values_list("outside_id", flat=True)) == set(groups.values()) == {"g1", "g2"}
    members = rows(home, "memberships")
    assert {(groups[row["group_no"]], row["user_no"]) for row in members} == {
        ("g1", user["user_no"]),
        ("g2", user["user_no"]),
    }
    counts: dict[str, int] = {}
    for row in rows(home, "usage"):
        name = groups.get(row["group_no"], "")
        counts[name] = counts.get(name, 0) + row["n"]
    assert counts == {"g1": 1, "g2": 2, "": 1}


def test_the_group_of_the_message_goes_before_the_one_of_its_context(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    send(home, clock, key, track(1, groupId="own", context={"groupId": "context"}))
    assert [row["group_id"] for row in rows(home, "groups")] == ["own"]


def test_history_sent_to_import_is_known_when_it_happened(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    send(home, clock, key, track(1, timestamp="2024-05-01T03:00:00Z", groupId="g"), route="import")
    send(home, clock, key, track(2, timestamp="2024-05-01T03:00:00Z", groupId="g"))
    known = {row["message_id"]: str(row["known_on"]) for row in rows(home, "events")}
    assert known == {"m1": "2024-05-01", "m2": "2026-03-10"}
    assert {str(row["day"]) for row in rows(home, "events")} == {"2024-05-01"}
    assert str(Account.objects.get().since) == "2024-05-01"


def test_what_was_sent_live_and_imported_counts_once(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    send(home, clock, key, track(1))
    send(home, clock, key, track(1, timestamp=clock().isoformat()), track(2), route="import")
    assert sorted(row["message_id"] for row in rows(home, "events")) == ["m1", "m2"]


def test_an_alias_joins_the_visitor_to_the_person(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key()
    visit = {"type": "page", "name": "Home", "anonymousId": "visitor", "messageId": "v"}
    alias = {"type": "alias", "previousId": "visitor", "userId": "u1", "messageId": "a"}
    send(home, clock, key, visit)
    send(home, clock, key, alias)
    users = {row["user_id"]: row["user_no"] for row in rows(home, "users")}
    (joined,) = rows(home, "aliases")
    assert (joined["previous_no"], joined["user_no"]) == (users["visitor"], users["u1"])
    assert not Reject.objects.exists()


def test_a_clock_that_is_hours_ahead_is_corrected_in_every_message(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    """Taken at its word, a use of an hour ago would lie in the future."""
    key, _ = make_key()
    ahead = clock() + timedelta(hours=30)
    items = [track(n, timestamp=(ahead - timedelta(hours=n)).isoformat()) for n in (1, 2)]
    send(home, clock, key, *items, sentAt=ahead.isoformat())
    now = clock().replace(tzinfo=None)
    times = sorted(row["occurred_at"] for row in rows(home, "events"))
    assert times == [now - timedelta(hours=2), now - timedelta(hours=1)]


def test_the_last_use_of_a_key_is_kept(make_key: Keys) -> None:
    key, text = make_key("web")
    idle, _ = make_key("idle")
    gone, revoked = make_key("gone")
    WriteKey.objects.filter(pk=gone.pk).update(revoked_at=gone.created_at)
    ring = KeyRing()
    ring._keys = load_keys()
    assert ring.find(text)
    assert ring.find(revoked) is None
    assert ring.find("enw_other") is None
    ring.save_now()
    used = dict(WriteKey.objects.values_list("name", "last_used_at"))
    assert used["web"] is not None
    assert abs(used["web"] - key.created_at) < timedelta(minutes=5)
    assert used["idle"] is None
    assert used["gone"] is None
    assert idle.last_used_at is None
