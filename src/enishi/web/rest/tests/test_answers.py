"""What the API really answers about real records is what its description says, field by field."""

from __future__ import annotations

from datetime import date

import jsonschema
import pytest
from django.test import Client

from enishi.accounts.models import Account
from enishi.ingest.api import drain
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals.models import AccountState
from enishi.store.kinds import KINDS, Kind, Type
from enishi.web.rest.keys import forget_allowances
from enishi.web.rest.shapes import slug_of
from enishi.web.rest.tests.test_rest import Api

pytestmark = pytest.mark.django_db
SAMPLES = {
    Type.TEXT: "甲〜①", Type.INTEGER: 5, Type.NUMBER: 0.5, Type.MONEY: "1200", Type.CURRENCY: "JPY", Type.BOOLEAN: True,
    Type.DATE: "2026-01-05", Type.INSTANT: "2026-01-05T00:00:00Z", Type.EMAIL: "a@b.example", Type.DOMAIN: "b.example", Type.LINK: "https://press.example/a", Type.ACCOUNT: "a",
    Type.CONTACT: "r", Type.MEMBER: "nobody@vendor.example",
}  # fmt: skip


@pytest.fixture
def api(tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    forget_allowances()
    return Api(["read:*", "write:*", "erase:*"])


@pytest.fixture
def described(db):
    return Client().get("/api/v1/openapi.json").json()


def check(described, method, path, answer):
    """Raises where the answer is not as described; strict: nothing may be in it that the description lacks."""
    responses = described["paths"][f"/api/v1/{path}"][method]["responses"]
    schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**described, **schema}).validate(answer.json())
    return answer.json()


def full_row(kind: Kind, name: str) -> dict:
    row = {f.name: f.choices[0][0] if f.choices else SAMPLES[f.type] for f in kind.fields}
    own = "a" if kind.name == "account" else name
    return {**row, "id": own, "extra": {"色": ["青"]}} | ({"parent": "b"} if "parent" in row else {})


def test_every_kind_full_and_bare_answers_as_described(api, described):
    api.upsert("accounts", {"id": "a", "name": "A"}, {"id": "b", "name": "B"})
    for kind in KINDS.values():
        slug = slug_of(kind)
        bare = {n: v for n, v in full_row(kind, "bare").items() if n == "id" or _needed(kind, n)} | {
            "id": "bare"
        }
        sent = api.post(slug, {"records": [full_row(kind, "r"), bare, {"id": ""}]})
        told = check(described, "post", slug, sent)
        assert [row["status"] for row in told["results"]][1:] == ["created", "rejected"], (slug, told)
        page = check(described, "get", slug, api.get(slug))
        own = {field.name for field in kind.fields} | {"extra", "system", "number", "account_number"}
        assert page["records"]
        assert all(
            own <= set(row) <= {*own, "created_at", "updated_at", "deleted_at"} for row in page["records"]
        )
        one = api.get(f"{slug}/{page['records'][0]['id']}")
        check(described, "get", f"{slug}/{{outside_id}}", one)
        check(described, "delete", f"{slug}/{{outside_id}}", api.delete(f"{slug}/bare"))


def _needed(kind: Kind, name: str) -> bool:
    return name != "extra" and (kind.field(name).required or name == "account")


def test_events_merges_scores_and_erasures_answer_as_described(api, described):
    api.upsert("accounts", {"id": "a", "name": "A"}, {"id": "b", "name": "B"})
    api.upsert("contacts", {"id": "c", "account": "a", "name": "山田", "email": "y@a.example"})
    records = [
        {"occurred_at": "2026-01-02T00:00:00Z", "event": "Open", "account": "a", "user": "c", "properties": {"n": [1]}},
        {"occurred_at": "2026-01-03T00:00:00Z", "event": "Open", "user": "x"},
        {"event": "never"},
    ]  # fmt: skip
    assert (
        check(described, "post", "events", api.post("events", {"records": records}))["counts"]["rejected"]
        == 1
    )
    AccountState.objects.create(
        account=Account.objects.get(outside_id="a"), day=date(2026, 1, 5), computed_at=system_clock()
    )
    drain(Home.from_environment())
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-09T00:00:00Z"}
    assert len(check(described, "get", "events", api.get("events", **span))["records"]) == 2
    assert check(described, "get", "scores", api.get("scores"))["records"]
    body = {"account": "a", "survivor": "b"}
    check(described, "post", "merges", api.post("merges", {**body, "dry_run": True}))
    made = check(described, "post", "merges", api.post("merges", body))["merge"]["number"]
    assert check(described, "get", "merges", api.get("merges"))["records"]
    check(described, "delete", "merges/{number}", api.delete(f"merges/{made}"))
    asked = check(described, "post", "erasures", api.post("erasures", {"contact": "c"}))
    check(described, "get", "erasures/{number}", api.client.get(asked["address"]))
    drain(Home.from_environment())
    done = check(described, "get", "erasures/{number}", api.client.get(asked["address"]))
    assert (done["state"], done["traces"]) == ("done", 0)


@pytest.mark.parametrize("address", ["erasures/128480578389775953531240448", "nothing/at/all"])
def test_an_address_no_route_takes_is_answered_in_the_shape_of_every_refusal(described, db, address):
    answer = Client().get(f"/api/v1/{address}", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    said = answer.json()
    shape = described["paths"]["/api/v1/erasures/{number}"]["get"]["responses"]["404"]["content"]
    jsonschema.validate(said, {**next(iter(shape.values()))["schema"], "components": described["components"]})
    assert said["message"] == f"There is nothing at /api/v1/{address}."
