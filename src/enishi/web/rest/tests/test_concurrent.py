"""Calls at the same time, each on a connection of its own: done once, answered alike, never half."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from enishi.accounts.models import Account, Merge, Record, RecordVersion
from enishi.ingest.models import Answer, ApiKey
from enishi.web.rest.keys import forget_allowances

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.both,
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL"),
        reason="the embedded database of the tests is in memory, where writers do not wait for each other",
    ),
]

Call = Callable[[], HttpResponse]


@pytest.fixture
def post() -> Callable[..., HttpResponse]:
    forget_allowances()
    row = ApiKey(name="many", scopes=["read:*", "write:*"])
    headers = {"authorization": f"Bearer {row.assign()}", "accept-language": "en"}
    row.save()

    def call(path: str, body: object, key: str = "") -> HttpResponse:
        more = {"idempotency-key": key} if key else {}
        client = Client(headers={**headers, **more})
        return client.post(f"/api/v1/{path}", json.dumps(body), "application/json")

    return call


def together(*calls: Call) -> list[HttpResponse]:
    """The answers of calls that start at one instant, each in a thread."""
    barrier, answers = Barrier(len(calls)), dict[int, HttpResponse]()

    def run(place: int, call: Call) -> None:
        try:
            barrier.wait(timeout=30)
            answers[place] = call()
        finally:
            connection.close()

    threads = [Thread(target=run, args=found) for found in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == len(calls), "a call never came back"
    return [answers[place] for place in range(len(calls))]


def accounts(*names: str) -> dict[str, object]:
    return {"records": [{"id": name, "name": name} for name in names]}


def test_calls_under_one_idempotency_key_are_done_once_and_answered_alike(post):
    for n in range(4):
        answers = together(*[lambda n=n: post("accounts", accounts(f"a{n}"), key=f"k{n}")] * 6)
        assert Counter(answer.status_code for answer in answers) == {200: 6}
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].json()["results"][0]["status"] == "created"
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 5
        assert RecordVersion.objects.filter(kind="account", outside_id=f"a{n}").count() == 1
    assert Answer.objects.count() == 4


def test_one_key_for_two_requests_serves_one_of_them(post):
    answers = together(
        *(lambda name=name: post("accounts", accounts(name), key="k") for name in ("a", "b", "a", "b"))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 2, 422: 2}
    assert Account.objects.count() == 1
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert refused.json()["error"] == "idempotency_key_reused"


def test_the_same_record_sent_by_many_at_once_is_one_record(post):
    answers = together(*[lambda: post("accounts", accounts("a", "b"))] * 5)
    assert Counter(answer.status_code for answer in answers) == {200: 5}
    told = Counter(row["status"] for answer in answers for row in answer.json()["results"])
    assert told == {"created": 2, "unchanged": 8}
    assert Account.objects.count() == 2
    assert RecordVersion.objects.filter(kind="account").count() == 2


def test_of_merges_that_contradict_each_other_one_is_made(post):
    post("accounts", accounts("a", "b"))
    pairs = [("a", "b"), ("b", "a")] * 3
    answers = together(
        *(
            lambda pair=pair: post("merges", dict(zip(("account", "survivor"), pair, strict=True)))
            for pair in pairs
        )
    )
    found = Counter(answer.status_code for answer in answers)
    assert found[200] == 1
    assert set(found) <= {200, 409, 422}
    assert Merge.objects.count() == RecordVersion.objects.filter(kind="merge").count() == 1
    merged = Account.objects.get(merged_into__isnull=False)
    assert Account.objects.get(pk=merged.merged_into_id).merged_into_id is None


def test_what_is_sent_while_its_account_is_merged_ends_up_at_the_survivor(post):
    for n in range(3):
        post("accounts", accounts(f"a{n}", f"b{n}"))
        tickets = {"records": [{"id": f"t{n}", "account": f"a{n}", "opened_at": "2026-01-01T00:00:00Z"}]}
        merge = {"account": f"a{n}", "survivor": f"b{n}"}
        answers = together(lambda t=tickets: post("tickets", t), lambda m=merge: post("merges", m))
        assert [answer.status_code for answer in answers] == [200, 200]
        assert Record.objects.get(outside_id=f"t{n}").account.outside_id == f"b{n}"
