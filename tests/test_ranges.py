"""What cannot be is refused at every door, row by row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from enishi.accounts.models import Account, Record
from enishi.ingest.api import drain
from enishi.ingest.files.importing import import_file
from enishi.ingest.models import ApiKey, Reject, WriteKey
from enishi.kit.home import Home
from enishi.store.kinds import KINDS
from enishi.web.rest.keys import forget_allowances
from enishi.web.rest.shapes import row_schema
from tests.world import NOW, World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(home: Home) -> World:
    return make_world()


ANSWER = {"account": "acc-1", "measure": "nps", "answered_at": "2026-11-01T00:00:00Z"}


def test_the_rest_api_refuses_a_row_alone_in_the_callers_language(world: World) -> None:
    forget_allowances()
    api = ApiKey(name="k", scopes=["write:*"], system="crm")
    client = Client(headers={"authorization": f"Bearer {api.assign()}", "accept-language": "ja"})
    api.save()
    rows = [ANSWER | {"id": "1", "score": 47}, ANSWER | {"id": "2", "score": 9}]
    answer = client.post("/api/v1/survey_answers", json.dumps({"records": rows}), "application/json")
    told = answer.json()["results"]
    assert (answer.status_code, [row["status"] for row in told]) == (207, ["rejected", "created"])
    assert told[0]["errors"]["score"] == "「47」は範囲(0〜10、NPS)の外です。値を修正してください。"


def test_the_api_describes_what_a_number_may_be() -> None:
    properties = row_schema(KINDS["ticket"], writing=True)["properties"]
    assert (properties["tone"]["minimum"], properties["tone"]["maximum"]) == (-1, 1)
    assert row_schema(KINDS["exchange_rate"], writing=True)["properties"]["rate"]["exclusiveMinimum"] == 0
    assert (
        "nps: 0 to 10."
        in row_schema(KINDS["survey_answer"], writing=True)["properties"]["score"]["description"]
    )


def test_a_file_refuses_a_row_alone_with_its_place(world: World, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(
        "回答ID,取引先コード,指標,点数,回答日\n1,acc-1,NPS,11,2026-11-01\n2,acc-1,NPS,10,2026-11-01\n"
    )
    import_file(home, path, "survey_answer", system="crm", actor="t", now=NOW)
    item = Reject.objects.get()
    assert (item.position, item.place) == (2, "点数")
    assert "'11' is outside the range (0 to 10) (NPS)" in item.message_en
    assert Record.objects.filter(kind="survey_answer", outside_id="2").exists()


def test_a_trait_that_cannot_be_waits_on_the_desk_and_the_rest_is_taken(world: World, home: Home) -> None:
    key = WriteKey(name="app", system="crm", updates_records=True)
    key.assign()
    key.save()
    group = {
        "type": "group",
        "groupId": "acc-1",
        "userId": "u",
        "traits": {"employees": -5, "industry": "製造"},
    }
    accept_group(home, key, group)
    assert Account.objects.get(outside_id="acc-1").industry == "製造"
    item = Reject.objects.get()
    assert (item.kind, item.place) == ("account", "employees")
    assert "(0以上)" in item.message_ja


def accept_group(home: Home, key: WriteKey, message: dict[str, Any]) -> None:
    from enishi.ingest.contracts import Origin
    from enishi.ingest.inbox import inbox_of
    from enishi.store.contracts import NewBody

    body = json.dumps({"batch": [message]}).encode()
    inbox_of(home).append([NewBody(int(NOW.timestamp() * 1e6), Origin(key=key.pk).encode(), body)])
    drain(home)
