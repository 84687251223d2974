"""Usage events read by the API: in order, page by page, within what the key sees."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.company import get_company
from enishi.accounts.merging import merge_accounts
from enishi.accounts.models import Account, Member
from enishi.ingest.api import drain
from enishi.kit.home import Home
from enishi.store.kinds import ACCOUNT
from enishi.store.testing import publish
from enishi.web.rest.keys import forget_allowances
from enishi.web.rest.tests.test_rest import Api

NOW = datetime(2026, 1, 10, tzinfo=UTC)
SPAN = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-09T00:00:00Z"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def api(tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    forget_allowances()
    return Api(["read:*", "write:*"])


def send(api, *rows):
    records = [
        {"occurred_at": f"2026-01-0{day}T00:00:00Z", "event": event, **more} for day, event, more in rows
    ]
    assert api.post("events", {"records": records}).status_code == 200
    drain(Home.from_environment())


def names(api, **query):
    """All events asked for, page by page."""
    found, cursor = [], ""
    while True:
        answer = api.get("events", **{**SPAN, "cursor": cursor, **query}).json()
        found += [row["event"] for row in answer["records"]]
        if not (cursor := answer["next_cursor"]):
            return found


def test_what_was_sent_is_read_as_it_came_with_the_account_it_leads_to(api):
    send(api, (2, "Open", {"account": "g", "user": "u", "product": "crm", "id": "m1", "properties": {"n": [1, "二"]}}),
         (3, "Alone", {"user": "u2"}))  # fmt: skip
    first, second = api.get("events", **SPAN).json()["records"]
    assert first.pop("received_at") > first["occurred_at"]
    assert first == {
        "id": "m1", "type": "track", "event": "Open", "occurred_at": "2026-01-02T00:00:00+00:00", "account": "g",
        "account_number": Account.objects.get().pk, "user": "u", "product": "crm", "properties": {"n": [1, "二"]},
        "source": f"api:{api.row.name}",
    }  # fmt: skip
    assert (second["account"], second["account_number"], second["user"]) == (None, None, "u2")


def test_pages_follow_each_other_without_gap_or_repetition_also_within_one_instant(api):
    send(api, *((4 + n // 20, f"E{n}", {"user": "u"}) for n in range(40)))
    everything = names(api, limit=40)
    assert sorted(everything) == sorted(f"E{n}" for n in range(40))
    assert names(api, limit=7) == everything
    assert names(api, since="2026-01-05T00:00:00Z", limit=3) == everything[20:]
    assert names(api, until="2026-01-05T00:00:00Z", limit=3) == everything[:20]


def test_a_key_reads_the_events_of_the_accounts_it_sees_and_of_one_it_asks_for(api):
    member = Member.objects.create_user("csm@vendor.example", role="csm", scope="own")
    send(api, (2, "Mine", {"account": "a"}), (3, "Theirs", {"account": "b"}), (4, "Nobody's", {"user": "u"}))
    mine, theirs = (Account.objects.get(outside_id=name) for name in "ab")
    mine.owner = member
    mine.save()
    bound = Api(["read:event"], member=member)
    assert names(bound) == ["Mine"]
    for hidden in ("b", "nobody"):
        assert bound.get("events", **SPAN, account=hidden).status_code == 404
    assert names(bound, account="a") == ["Mine"]
    assert names(api, account="b") == ["Theirs"]
    assert names(api) == ["Mine", "Theirs", "Nobody's"]
    merge_accounts(theirs, mine, actor="t", now=NOW)
    drain(Home.from_environment())
    assert names(bound) == ["Mine", "Theirs"]


def test_a_day_stands_for_its_beginning_where_the_company_is(api):
    send(api, (2, "Early", {"user": "u"}), (3, "Late", {"user": "u"}))
    assert names(api, since="2026-01-03", until="2026-01-04") == ["Late"]
    assert names(api, since="2026-01-02", until="2026-01-03") == ["Early"]
    assert api.get("events", since="yesterday").status_code == 422


def test_who_asks_for_no_language_is_answered_in_the_companys(api):
    company = get_company()
    for language, told in (("en", "The request does not fit: limit."), ("ja", "リクエストの形式")):
        company.language = language
        company.save()
        answer = api.get("events", limit="many").json()
        assert answer["message"].startswith(told)
        assert answer["fields"]["limit"].isascii() == (language == "en")
    asked = {"accept-language": "en"}
    english = api.client.get("/api/v1/events", {"limit": "many"}, headers=asked).json()
    assert english["message"] == "The request does not fit: limit."


def test_without_a_span_the_last_days_are_read_and_nothing_odd_is_an_accident(api, monkeypatch):
    save_records(ACCOUNT, [{"id": "a", "name": "A"}], source="product", actor="t", now=NOW)
    assert api.get("events").json() == {"records": [], "next_cursor": None}
    fresh = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    api.post("events", {"records": [{"occurred_at": fresh, "event": "New", "user": "u"}]})
    drain(Home.from_environment())
    assert [row["event"] for row in api.get("events").json()["records"]] == ["New"]
    assert api.get("events", since="0001-01-01T00:00:00Z", until="9999-12-31T23:00:00Z").status_code == 200
    assert api.get("events", cursor="x" * 30).status_code == 422
    assert Api(["write:event"]).get("events").status_code == 403


def test_numbers_no_program_of_ours_can_hold_are_read_as_they_are_stored(api, tmp_path):
    """They came before such messages were refused, and may not keep anybody from reading the others."""
    stored = f'{{"n":{"9" * 5000},"m":1e999,"deep":{"[" * 900}{"]" * 900}}}'
    publish(
        Home(tmp_path),
        "events",
        [{"day": date(2026, 1, 2), "event": "Open", "message_hash": 1, "properties": stored}],
    )
    answer = api.get("events", **SPAN)
    assert answer.status_code == 200
    assert stored.encode() in answer.content


def test_a_body_with_a_number_that_cannot_be_read_is_told(api):
    body = (
        '{"records":[{"occurred_at":"2026-01-02T00:00:00Z","event":"x","account":"g","properties":{"n":%s}}]}'
    )
    answer = api.client.post("/api/v1/events", body % ("9" * 5000), "application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_an_unforeseen_failure_is_told_as_every_other(api, monkeypatch):
    def failing(*_):
        raise RuntimeError

    monkeypatch.setattr("enishi.web.rest.events.read_events", failing)
    api.client.raise_request_exception = False
    answer = api.get("events", **SPAN)
    assert (answer.status_code, answer["Content-Type"], answer.json()["error"]) == (
        500,
        "application/problem+json",
        "broken",
    )
