"""Erasing a person touches what names them, on an installation that is at work, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from enishi.accounts.audit import write_audit
from enishi.accounts.models import AuditLine
from enishi.cli.schedule import run_job
from enishi.ingest.api import ask_user_erasure, drain
from enishi.ingest.corrections import VALUES, Rule
from enishi.ingest.models import Correction, ErasureRequest, Reject
from enishi.kit.home import Home
from enishi.signals.api import score_day
from enishi.signals.models import AccountState, HealthScore, Signal
from enishi.web.models import SavedView
from enishi.work.api import Note, Tag
from tests.world import NOW, TODAY, World, make_record, make_world

pytestmark = pytest.mark.django_db

MAIL = "hanako.secret@acme.example"


def everything() -> dict[tuple[str, Any], dict[str, Any]]:
    """Every row of every table."""
    return {(m._meta.label, row["pk"]): row for m in apps.get_models() for row in m._default_manager.values("pk", *[f.attname for f in m._meta.concrete_fields])}  # fmt: skip


@pytest.fixture
def populated(home: Home) -> World:
    """A company at work: members, scores, signals, definitions, jobs that wait, comments, a view, items of the desk."""
    world = make_world()
    account, now = world.accounts["sakura"], NOW
    comment = "The support is fine; nothing unknown. By default a customer is active."
    make_record(account, "survey_answer", now, measure="nps", score=9, comment=comment)
    Note.objects.create(account=account, author=world.sato, body="Asked support about the scorecard")
    SavedView.objects.create(member=world.sato, name="active customer", address="q=support&band=unknown")
    run_job.enqueue("refresh", "default")
    Reject.objects.create(
        kind="account", source="crm", origin="import:1", position=1, reason="row_rejected",
        payload=json.dumps({"id": "R1", "name": "support", "size": "customer", "employees": "12"}),
        message_en="'active' is not a whole number", message_ja="「active」は整数ではありません。",
    )  # fmt: skip
    rule = Rule(VALUES, "size", values={"support": "12"}).as_json()
    Correction.objects.create(kind="account", source="crm", place="size", rule=rule, made_by="p", kept=True)
    for label in ("default", "support"):
        write_audit("api:support", "records_saved", label, detail={"source": "customer", "reason": "unknown"})
    return world


@pytest.mark.parametrize(
    "user",
    ["support", "unknown", "default", "active", "scorecard", "customer", "12", "2026-11-20", "healthy"],
)
def test_an_id_that_reads_like_any_word_erases_its_user_and_touches_nothing_else(
    populated: World, user: str
) -> None:
    before = everything()
    request = ask_user_erasure("product", user, actor="boss", now=NOW)
    after = everything()
    own = {
        ("ingest.ErasureRequest", request.pk),
        ("accounts.AuditLine", AuditLine.objects.get(verb="user_erased").pk),
    }
    assert after.keys() - before.keys() == own
    assert {key: row for key, row in after.items() if key not in own} == before
    assert (request.records, request.rejects) == (0, 0)


def scored(home: Home) -> list[tuple[Any, ...]]:
    """What a pass of the scoring says of every account, and by which version."""
    assert score_day(TODAY, now=NOW, home=home).status == "done"
    said = AccountState.objects.order_by("pk").values_list(
        "pk", "scorecard", "band", "tenths", "lines", "stage"
    )
    return [
        *said,
        *HealthScore.objects.filter(day=TODAY).order_by("account").values_list("account", "version"),
    ]


@pytest.mark.parametrize("user", ["support", "default", "scorecard"])
def test_scoring_and_health_go_on_after_a_word_of_the_machine_was_erased(
    populated: World, home: Home, user: str
) -> None:
    drain(home)
    before = scored(home)
    ask_user_erasure("product", user, actor="boss", now=NOW)
    drain(home)
    assert ErasureRequest.objects.get().traces == 0
    assert scored(home) == before
    client = Client()
    client.force_login(populated.sato)
    for address in ("/health/", "/health/scorecards/", "/setup/rejects/"):
        assert client.get(address).status_code == 200


def test_a_telling_id_and_an_address_leave_texts_but_never_a_key_or_a_word_of_the_machine(
    populated: World, home: Home
) -> None:
    account, id_ = populated.accounts["sakura"], "usr-20418"
    Signal.objects.create(
        account=account, type=f"cause:{id_}", since=TODAY,
        evidence=[{"en": f"{id_} left", "ja": "x", "kind": id_, id_: 1}],
    )  # fmt: skip
    SavedView.objects.create(
        member=populated.sato, name="one", address="q=hanako.secret%40acme.example&band=red"
    )
    note = Note.objects.create(
        account=account, author=populated.sato, body=f"{id_} and x{id_} and {MAIL.upper()}"
    )
    Tag.objects.create(account=account, name=id_, folded=id_)
    for user in (id_, MAIL):
        ask_user_erasure("product", user, actor="boss", now=NOW)
    signal = Signal.objects.get(type__contains=id_)
    assert signal.evidence == [{"en": "erased left", "ja": "x", "kind": id_, id_: 1}]
    assert SavedView.objects.get(name="one").address == "q=erased&band=red"
    note.refresh_from_db()
    assert note.body == f"erased and x{id_} and erased"
    assert Tag.objects.get().name == "erased"
