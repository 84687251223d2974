"""The REST API as a developer meets it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from django.test import Client
from ninja import NinjaAPI

from enishi.accounts.models import Account, AuditLine, Contact, Member, Record, RecordVersion
from enishi.ingest.api import drain
from enishi.ingest.models import ApiKey, ErasureRequest
from enishi.kit.home import Home
from enishi.signals.models import AccountState
from enishi.store.api import Published
from enishi.store.kinds import KINDS
from enishi.web.rest import keys
from enishi.web.rest.allowances import Allowances
from enishi.web.rest.api import build_api
from enishi.web.rest.keys import forget_allowances
from enishi.web.rest.shapes import slug_of
from enishi.work.api import override_band

pytestmark = pytest.mark.django_db


class Api:
    """A caller with a key."""

    def __init__(self, scopes=("read:*", "write:*", "erase:contact"), member=None, **more):
        self.row = ApiKey(name=f"key {ApiKey.objects.count()}", scopes=list(scopes), member=member, **more)
        self.key = self.row.assign()
        self.row.save()
        self.client = Client(headers={"authorization": f"Bearer {self.key}"})

    def post(self, path, body, **headers):
        return self.client.post(f"/api/v1/{path}", json.dumps(body), "application/json", headers=headers)

    def get(self, path, **query):
        return self.client.get(f"/api/v1/{path}", query)

    def delete(self, path, **headers):
        return self.client.delete(f"/api/v1/{path}", headers=headers)

    def upsert(self, slug, *rows, **more):
        answer = self.post(slug, {"records": list(rows), **more})
        return [row["status"] for row in answer.json()["results"]]


@pytest.fixture(autouse=True)
def _fresh():
    forget_allowances()


@pytest.fixture
def api():
    return Api()


def test_records_are_made_updated_and_left_alone(api):
    row = {"id": "a1", "name": "株式会社アクメ", "since": "2024-04-01"}
    answer = api.post("accounts", {"records": [row, {"id": "bad"}]}, **{"accept-language": "ja"})
    assert answer.status_code == 207
    assert answer.json()["counts"] == {"created": 1, "rejected": 1}
    assert answer.json()["results"][1]["errors"] == {
        "name": "入力されていません。新しい顧客企業には必須です。"
    }
    assert api.upsert("accounts", row) == ["unchanged"]
    assert api.upsert("accounts", {"id": "a1", "industry": "製造"}) == ["updated"]
    assert Account.objects.get().industry == "製造"
    assert AuditLine.objects.filter(actor="api:key 0").count() == 2
    got = api.get("accounts/a1")
    assert "アクメ" in got.content.decode()
    assert got.json()["record"]["since"] == "2024-04-01"


def test_what_is_read_may_be_sent_back_and_changes_nothing(api):
    api.upsert(
        "accounts", {"id": "top", "name": "Top"}, {"id": "a", "name": "A", "parent": "top", "extra": {"x": 1}}
    )
    api.upsert("contacts", {"id": "c", "account": "a", "email": "c@a.example"})
    api.upsert("subscriptions", {"id": "s", "account": "a", "amount": "1200", "started_on": "2026-01-01"})
    api.upsert("tickets", {"id": "t", "account": "a", "contact": "c", "opened_at": "2026-01-05T00:00:00Z"})
    before = RecordVersion.objects.count()
    for slug, kind in (
        ("accounts", "account"),
        ("contacts", "contact"),
        ("subscriptions", "subscription"),
        ("tickets", "ticket"),
    ):
        own = {field.name for field in KINDS[kind].fields} | {"extra"}
        for record in api.get(slug).json()["records"]:
            again = {name: value for name, value in record.items() if name in own}
            assert api.upsert(slug, again) == ["unchanged"], record
    assert RecordVersion.objects.count() == before


def test_every_kind_has_the_same_operations(api):
    api.upsert("accounts", {"id": "a", "name": "A"})
    for kind in KINDS.values():
        assert api.get(slug_of(kind)).status_code == 200
        assert api.get(f"{slug_of(kind)}/none").status_code == 404
        assert api.post(slug_of(kind), {"records": [{"id": "x"}], "dry_run": True}).status_code in (200, 207)


def test_pages_follow_each_other_without_gap_or_repetition(api):
    api.upsert("accounts", *({"id": f"a{n}", "name": f"N{n}"} for n in range(25)))
    api.upsert("accounts", {"id": "a3", "industry": "x"})
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get("accounts", limit=10, cursor=cursor).json()
        seen += [record["id"] for record in page["records"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted(f"a{n}" for n in range(25))
    assert seen[-1] == "a3"
    since = Account.objects.get(outside_id="a3").updated_at
    changed = api.get("accounts", updated_since=since.isoformat()).json()["records"]
    assert [record["id"] for record in changed] == ["a3"]
    assert api.get("accounts", cursor="bm9uc2Vuc2U").status_code == 422
    assert api.get("accounts", limit=0).status_code == 422


def test_a_deleted_record_is_gone_but_can_be_asked_for(api):
    api.upsert("accounts", {"id": "a/1", "name": "A"})
    assert api.delete("accounts/a/1").status_code == 200
    assert api.get("accounts").json()["records"] == []
    assert api.get("accounts", deleted=True).json()["records"][0]["deleted_at"]
    assert api.delete("accounts/none").status_code == 404
    assert api.upsert("accounts", {"id": "a/1", "name": "A"}) == ["created"]  # what was gone is there again


def test_an_idempotency_key_gives_the_first_answer_again(api):
    body = {"records": [{"id": "a", "name": "A"}]}
    first = api.post("accounts", body, **{"idempotency-key": "k1"})
    second = api.post("accounts", body, **{"idempotency-key": "k1"})
    assert first.json() == second.json()
    assert first.json()["counts"] == {"created": 1}
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    other = api.post("accounts", {"records": [{"id": "b", "name": "B"}]}, **{"idempotency-key": "k1"})
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")
    elsewhere = Api(system="crm").post("accounts", body, **{"idempotency-key": "k1"})
    assert (elsewhere.get("Idempotency-Replayed"), elsewhere.json()["counts"]) == (None, {"created": 1})
    assert other["Content-Type"] == "application/problem+json"
    assert not Account.objects.filter(outside_id="b").exists()


def test_keys_are_needed_scoped_expired_and_revoked(api):
    assert Client().get("/api/v1/accounts").status_code == 401
    wrong = Client(headers={"authorization": "Bearer nonsense"}).get("/api/v1/accounts")
    assert (wrong.status_code, wrong["WWW-Authenticate"]) == (401, 'Bearer realm="enishi"')
    reader = Api(["read:account"])
    assert reader.get("accounts").status_code == 200
    assert reader.get("contacts").status_code == 403
    assert reader.post("accounts", {"records": [{"id": "a"}]}).status_code == 403
    assert reader.get("scores").status_code == 403
    past = datetime.now(UTC) - timedelta(days=1)
    assert Api(expires_at=past).get("accounts").status_code == 401
    assert Api(revoked_at=past).get("accounts").status_code == 401
    reader.row.refresh_from_db()
    assert reader.row.last_used_at
    assert reader.key not in repr(list(ApiKey.objects.values()))


def test_a_key_bound_to_a_member_sees_only_what_the_member_sees(api):
    ken = Member.objects.create_user("ken@vendor.example", role="csm", scope="own")
    api.upsert("accounts", {"id": "mine", "name": "M", "owner": ken.email}, {"id": "other", "name": "O"})
    for account in ("mine", "other"):
        api.upsert("contacts", {"id": f"c-{account}", "account": account})
        api.upsert("tickets", {"id": f"t-{account}", "account": account, "opened_at": "2026-01-01T00:00:00Z"})
        AccountState.objects.create(
            account=Account.objects.get(outside_id=account), day="2026-01-01", tenths=723
        )
    api.upsert("incidents", {"id": "i", "started_at": "2026-01-01T00:00:00Z"})
    bound = Api(member=ken)
    assert [r["id"] for r in bound.get("accounts").json()["records"]] == ["mine"]
    assert [r["id"] for r in bound.get("contacts").json()["records"]] == ["c-mine"]
    assert [r["id"] for r in bound.get("tickets").json()["records"]] == ["t-mine"]
    assert bound.get("incidents").json()["records"] == []
    assert bound.get("accounts/other").status_code == bound.get("tickets/t-other").status_code == 404
    scores = bound.get("scores").json()["records"]
    assert [(s["account"], s["score"]) for s in scores] == [("mine", 72.3)]
    both = {one.outside_id: one.pk for one in Account.objects.all()}
    assert [
        len(bound.get(f"scores?account_number={both[name]}").json()["records"]) for name in ("mine", "other")
    ] == [1, 0]
    for path in ("accounts", "contacts", "tickets", "scores"):
        assert len(bound.get(path, account="mine").json()["records"]) == 1
        hidden, unknown = (bound.get(path, account=name) for name in ("other", "nobody"))
        assert (hidden.status_code, unknown.status_code) == (404, 404)
        assert hidden.json()["error"] == unknown.json()["error"] == "unknown_account"
    refused = bound.post("tickets", {"records": [{"id": "x"}]})
    assert (refused.status_code, refused.json()["error"]) == (403, "scope_restricted")
    ken.is_active = False
    ken.save()
    assert bound.get("accounts").status_code == 401


def test_a_band_set_by_hand_stands_beside_the_computed_one(api):
    api.upsert("accounts", {"id": "a", "name": "A"}, {"id": "b", "name": "B"})
    for account in Account.objects.all():
        AccountState.objects.create(
            account=account, day="2026-01-01", tenths=423, band="red", computed_band="red"
        )
    lead = Member.objects.create_user("lead@vendor.example", role="admin", scope="all")
    now = datetime.now(UTC)
    override_band(
        lead, Account.objects.get(outside_id="a").pk, "yellow", reason="商談中",
        expires_on=now.date() + timedelta(days=9), today=now.date(), now=now,
    )  # fmt: skip
    told = [(s["band"], s["band_computed"], s["band_by_hand"]) for s in api.get("scores").json()["records"]]
    assert told == [("yellow", "red", True), ("red", "red", False)]


@pytest.mark.parametrize("role", ["viewer", "sales"])
def test_a_key_bound_to_somebody_who_only_reads_does_not_write(api, role):
    api.upsert("accounts", {"id": "a1", "name": "A"})
    bound = Api(member=Member.objects.create_user("r@vendor.example", role=role, scope="all"))
    assert bound.get("accounts").status_code == 200
    answers = [
        bound.post("accounts", {"records": [{"id": "a1", "name": "B"}]}),
        bound.delete("accounts/a1"),
        bound.post("erasures", {"contact": "c1"}),
    ]
    assert [(a.status_code, a.json()["error"]) for a in answers] == [(403, "role_only_reads")] * 3
    assert Account.objects.get().name == "A"


def test_a_parent_outside_the_view_of_a_key_is_not_named(api):
    ken = Member.objects.create_user("ken@vendor.example", role="csm", scope="own")
    api.upsert("accounts", {"id": "secret-parent", "name": "P"})
    api.upsert("accounts", {"id": "mine", "name": "M", "owner": ken.email, "parent": "secret-parent"})
    assert api.get("accounts/mine").json()["record"]["parent"] == "secret-parent"
    assert Api(member=ken).get("accounts/mine").json()["record"]["parent"] is None


def test_the_allowance_is_told_and_enforced(api, monkeypatch):
    monkeypatch.setattr(keys, "CALLS_A_MINUTE", 2)
    first, second, third = (api.get("accounts") for _ in range(3))
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("2", "1")
    assert second.status_code == 200
    assert third.status_code == 429
    assert int(third["Retry-After"]) >= 1
    assert third["Content-Type"] == "application/problem+json"


def test_a_new_minute_brings_a_new_allowance(tmp_path):
    now = [0.0]
    counter = Allowances(tmp_path, 1, lambda: now[0])
    assert not counter.spend(1).used_up
    assert counter.spend(1).used_up
    assert not counter.spend(2).used_up
    now[0] = 60.0
    assert not counter.spend(1).used_up


def test_calls_of_all_processes_count_together(tmp_path):
    """Each process has its own counter over one folder; none of them may lose another's call."""
    processes = [Allowances(tmp_path, 100, lambda: 30.0) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        left = [pool.submit(processes[n % 4].spend, 7) for n in range(100)]
        assert sorted(spent.result().remaining for spent in left) == list(range(100))
    assert processes[0].spend(7).used_up


def test_who_may_not_write_learns_nothing_about_the_body(api):
    """The scope is judged before the body is read."""
    reader = Api(["read:*"])
    for path in ("accounts", "events", "merges", "erasures"):
        for body in ("{oops", "{}"):
            answer = reader.client.post(f"/api/v1/{path}", body, "application/json")
            assert (answer.status_code, answer.json()["error"]) == (403, "scope_missing"), path


def test_bodies_that_do_not_fit_are_problems(api):
    for body in ({}, {"records": []}, {"records": [1]}, {"records": [{"id": "x"}] * 1001}, []):
        answer = api.post("accounts", body)
        assert answer.status_code == 422, body
        assert {"type", "title", "status", "detail", "fields"} <= set(answer.json())
    broken = api.client.post("/api/v1/accounts", "{oops", "application/json")
    assert broken.status_code == 400
    assert broken["Content-Type"] == "application/problem+json"


def test_a_person_is_erased_by_one_call(api, tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    api.upsert("accounts", {"id": "a", "name": "A"})
    api.upsert("contacts", {"id": "c", "account": "a", "name": "山田", "email": "y@a.example"})
    api.upsert(
        "tickets",
        {"id": "t", "account": "a", "contact": "c", "opened_at": "2026-01-01T00:00:00Z", "body": "秘密"},
    )
    api.upsert(
        "tickets", {"id": "t2", "account": "a", "opened_at": "2026-01-01T00:00:00Z", "body": "y@a.example"}
    )
    would = api.post("erasures", {"contact": "c", "dry_run": True}).json()
    (other,) = would["naming"]
    assert (would["records"], other["id"], ErasureRequest.objects.count()) == ({"ticket": 1}, "t2", 0)
    assert api.post("erasures", {"contact": "c", "keep": ["t2"]}).json()["error"] == "bad_keep"
    answer = api.post("erasures", {"contact": "c", "keep": [other["key"]]}, **{"Idempotency-Key": "e"})
    told = answer.json()
    assert (answer.status_code, told["state"], told["traces"]) == (202, "waiting", None)
    assert answer.headers["Location"] == told["address"] == f"/api/v1/erasures/{told['number']}"
    assert Contact.objects.get().name == ""
    assert ["body" in row.data for row in Record.objects.order_by("outside_id")] == [False, True]
    assert api.post("erasures", {"contact": "c"}).status_code == 404
    again = api.post("erasures", {"contact": "c", "keep": [other["key"]]}, **{"Idempotency-Key": "e"})
    assert (again.json(), again.headers["Location"]) == (told, told["address"])
    drain(Home(tmp_path))
    asked = api.client.get(told["address"]).json()
    assert (asked["state"], asked["traces"], asked["kept"], asked["records"]) == ("done", 0, 1, 1)
    assert api.get("erasures/999").status_code == 404
    assert Api(["read:*"]).client.get(told["address"]).status_code == 403


def test_a_user_who_is_no_contact_is_erased_too(api, tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    rows = [{"occurred_at": "2026-01-02T00:00:00Z", "event": "Open", "user": user} for user in ("taro", "u")]
    api.post("events", {"records": rows})
    drain(Home(tmp_path))
    told = api.post("erasures", {"user": "taro"}).json()
    drain(Home(tmp_path))
    assert api.client.get(told["address"]).json()["traces"] == 0
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    assert [row["user"] for row in api.get("events", **span).json()["records"]] == ["u"]
    for body in ({}, {"user": "x", "contact": "c"}):
        assert api.post("erasures", body).json()["error"] == "contact_or_user"


def test_the_description_is_openapi_31_and_names_every_field():
    schema = Client().get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    text = json.dumps(schema, ensure_ascii=False)
    for kind in KINDS.values():
        assert f"/api/v1/{slug_of(kind)}" in schema["paths"]
        for field in kind.fields:
            assert field.title.ja in text


def test_the_description_is_made_once_for_each_address_it_is_served_at(monkeypatch):
    first = Client().get("/api/v1/openapi.json").json()
    monkeypatch.setattr(NinjaAPI, "get_openapi_schema", lambda *_args, **_more: pytest.fail("made again"))
    assert Client().get("/api/v1/openapi.json").json() == first
    monkeypatch.undo()
    below = build_api().get_openapi_schema(path_prefix="/cs/")
    assert all(path.startswith("/cs/") for path in below["paths"])


def test_the_guide_lists_every_operation():
    member = Member.objects.create_user("dev@vendor.example", role="viewer")
    client = Client()
    assert client.get("/api/v1/docs").status_code == 302
    client.force_login(member)
    text = client.get("/api/v1/docs").content.decode()
    for kind in KINDS.values():
        assert f"/api/v1/{slug_of(kind)}" in text
    assert "cdn" not in text.lower()


def test_unknown_addresses_answer_as_problems(api):
    answer = api.get("nonsense/%0a")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert "/api/v1/subscriptions" in api.get("subscription").json()["hint"]
    assert "/api/v1/docs" in answer.json()["hint"]


def test_two_accounts_are_merged_and_taken_apart(api):
    api.upsert("accounts", {"id": "a", "name": "A"}, {"id": "b", "name": "B"})
    api.upsert("tickets", {"id": "t", "account": "a", "opened_at": "2026-01-01T00:00:00Z"})
    asked = {"account": "a", "survivor": "b"}
    tried = api.post("merges", {**asked, "dry_run": True}).json()
    assert (tried["merge"], tried["preview"]["records"]) == (None, {"ticket": 1})
    assert api.get("merges").json()["records"] == []
    made = api.post("merges", {**asked, "since": "2026-02-01"}, **{"idempotency-key": "m1"})
    assert made.status_code == 200
    again = api.post("merges", {**asked, "since": "2026-02-01"}, **{"idempotency-key": "m1"})
    assert (again["Idempotency-Replayed"], again.json()) == ("true", made.json())
    told = api.get("merges").json()["records"]
    assert [(m["account"], m["survivor"], m["since"], m["undone_at"]) for m in told] == [
        ("a", "b", "2026-02-01", None)
    ]
    assert [r["id"] for r in api.get("accounts").json()["records"]] == ["b"]
    assert api.get("tickets").json()["records"][0]["account"] == "b"
    assert api.post("merges", asked).status_code == 422
    undone = api.delete(f"merges/{told[0]['number']}")
    assert undone.json()["merge"]["undone_at"]
    assert api.get("tickets").json()["records"][0]["account"] == "a"
    assert api.delete(f"merges/{told[0]['number']}").status_code == 409
    assert api.delete("merges/999").status_code == 404


def test_a_merge_names_one_account_or_none(api):
    api.upsert("accounts", {"id": "a", "name": "Twin"}, {"id": "b", "name": "Twin"})
    for stated in ("nobody", "Twin", 999_999, 2**70, -(2**70)):
        answer = api.post("merges", {"account": stated, "survivor": "a"}, **{"accept-language": "ja"})
        assert (answer.status_code, answer.json()["error"]) == (422, "unknown_account")
        assert str(stated) in answer.json()["fields"]["account"]
    number = Account.objects.get(outside_id="a").pk
    assert api.post("merges", {"account": number, "survivor": number}).status_code == 409


def test_a_key_sees_the_merges_of_its_own_accounts_only(api):
    ken = Member.objects.create_user("ken@vendor.example", role="csm", scope="own")
    api.upsert("accounts", {"id": "mine", "name": "M", "owner": ken.email}, {"id": "x", "name": "X"})
    api.upsert("accounts", {"id": "y", "name": "Y"}, {"id": "z", "name": "Z"})
    own = api.post("merges", {"account": "x", "survivor": "mine"}).json()["merge"]["number"]
    other = api.post("merges", {"account": "y", "survivor": "z"}).json()["merge"]["number"]
    bound = Api(member=ken)
    assert [m["account"] for m in bound.get("merges").json()["records"]] == ["x"]
    assert bound.delete(f"merges/{other}").status_code == 403
    api.delete(f"merges/{own}")
    assert bound.get("merges").json()["records"] == [], "taken apart, the other account is not its own"


def test_events_are_taken_one_by_one_and_count_once(api, tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    good = {"occurred_at": "2026-01-05T09:00:00+09:00", "event": "Opened", "account": "g", "user": "u"}
    rows = [
        {**good, "id": "e1", "properties": {"n": 1}},
        {"event": "Opened", "user": "u"},
        {**good, "occurred_at": "yesterday"},
        {**good, "colour": "red"},
        {"occurred_at": "2026-01-05", "event": "Opened"},
    ]
    answer = api.post("events", {"records": rows})
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [row["status"] for row in results] == ["created"] + ["rejected"] * 4
    assert [list(row["errors"]) for row in results[1:]] == [
        ["occurred_at"], ["occurred_at"], ["colour"], ["account"]
    ]  # fmt: skip
    api.post("events", {"records": rows[:1]})
    drain(Home(tmp_path))
    files = Published(Home(tmp_path)).files("events")
    assert sum(pq.read_metadata(file).num_rows for file in files) == 1


@pytest.mark.parametrize("path", ["accounts", "scores", "merges"])
@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("0197-11-06T06:04:18+23:25", 200),
        ("2026-01-01T00:00:00-23:59", 200),
        ("0001-01-01T00:00:00+23:00", 422),
    ],
)
def test_any_offset_of_an_instant_is_understood(api, path, since, status):
    assert api.get(path, updated_since=since).status_code == status
