"""What the writes of :mod:`tests.writes` fall on: rows of every kind, made by the product's own doors where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from tests.writes import CSV, OWN_CARD, OWN_METRIC, Stage, api_row, own_metric

if TYPE_CHECKING:
    from enishi.accounts.models import Member
    from tests.world import World


def make_stage(world: World, columns: Mapping[str, Member | None]) -> Stage:
    """Everything the writes fall on, made by the product's own doors where it has them."""
    stage = Stage(world, system_clock())
    _make_work(stage)
    _make_definitions(stage)
    _make_files(stage)
    _make_keys(stage)
    _make_people(stage)
    _make_mail(stage)
    _make_texts(stage)
    for column, member in columns.items():
        if member is not None:
            _make_own(stage, column, member)
    return stage


def _make_work(stage: Stage) -> None:
    from enishi.web.models import SavedView
    from enishi.work import api as work

    takahashi, sakura, now = stage.world.members["takahashi"], stage.sakura, stage.now
    stage.numbers["shared"] = SavedView.objects.create(member=takahashi, name="共有", shared=True).pk
    _make_relations(stage)
    _make_forecast(stage)
    _make_offers(stage)
    stage.numbers["task"] = work.create_task(takahashi, sakura, "電話", now=now).pk
    work.add_tag(takahashi, [stage.world.accounts["sakura"]], "更新前", now=now)
    until = stage.today + timedelta(days=5)
    work.override_band(
        takahashi, sakura, "green", reason="更新", expires_on=until, today=stage.today, now=now
    )


def _make_forecast(stage: Stage) -> None:
    """A statement in which the customer renews in two months."""
    from enishi.outlook.testing import keep_statement

    stage.numbers["forecast"] = keep_statement(stage.today, [stage.sakura], renews_in=60).pk


def _make_relations(stage: Stage) -> None:
    from enishi.stakeholders.api import ContactMove, Opinion, assess

    world, said = stage.world, Opinion(influence="high")
    made = assess(
        world.members["takahashi"], stage.sakura, world.contacts["yamamoto"].pk, said, now=stage.now
    )
    move = ContactMove.objects.create(former=world.contacts["nakamura"], present=world.contacts["kato"])
    stage.numbers["assessment"], stage.numbers["move"] = made.pk, move.pk


def _make_offers(stage: Stage) -> None:
    from enishi.definitions.api import default_body, publish, save_draft
    from enishi.growth.api import propose

    body = default_body("offer", "more_seats")
    version = save_draft("offer", "more_seats", body, actor="test", now=stage.now)
    publish(version, actor="test", now=stage.now)
    made = propose(stage.world.members["takahashi"], stage.sakura, "more_seats", "提案", now=stage.now)
    stage.numbers["proposal"] = made.pk


def _make_own(stage: Stage, column: str, member: Member) -> None:
    from enishi.web.models import Export, SavedView
    from enishi.web.pages.portfolio.exports import scope_of
    from enishi.work import api as work

    view = SavedView.objects.create(member=member, name="一覧", address="band=red")
    scope = scope_of(member)
    export = Export.objects.create(member=member, format="csv", status="done", scope=scope, accounts=[])
    export.path.parent.mkdir(parents=True, exist_ok=True)
    export.path.write_text("a\n")
    stage.own["view", column], stage.own["export", column] = view.pk, export.pk
    if work.may_act(member):
        until = stage.today + timedelta(days=5)
        hidden = work.snooze(member, stage.sakura, until, today=stage.today, now=stage.now)
        stage.own["attention", column] = stage.numbers["attention"] = hidden.pk
        note = work.add_note(member, stage.sakura, "要点", now=stage.now)
        stage.own["note", column] = stage.numbers["note"] = note.pk


def _make_definitions(stage: Stage) -> None:
    from enishi.definitions.api import default_body, publish, save_draft

    now = stage.now
    publish(save_draft("metric", OWN_METRIC, own_metric(), actor="test", now=now), actor="test", now=now)
    body = {**default_body("scorecard", "default"), "title": {"en": "Own", "ja": "自社"}, "priority": -5}
    for title in ("Own", "Own again"):
        body = {**body, "title": {"en": title, "ja": title}}
        publish(save_draft("scorecard", OWN_CARD, body, actor="test", now=now), actor="test", now=now)
    save_draft(
        "scorecard", OWN_CARD, {**body, "title": {"en": "Draft", "ja": "下書き"}}, actor="test", now=now
    )


def _make_files(stage: Stage) -> None:
    from enishi.ingest.files.importing import run_import
    from enishi.ingest.files.receiving import receive_file
    from enishi.ingest.models import Correction, Reject
    from enishi.ingest.models import Mapping as SavedMapping

    home, now, who = Home.from_environment(), stage.now, stage.world.members["sato"]
    bad = CSV + b"w-3,\n"
    done = receive_file(home, BytesIO(bad), "done.csv", kind="account", actor=who, now=now)
    run_import(home, done, now)
    waiting = receive_file(home, BytesIO(CSV), "waiting.csv", kind="account", actor=who, now=now)
    stage.numbers |= {"done": done.pk, "import": waiting.pk}
    stage.numbers["row"] = Reject.objects.get(origin=done.origin).pk
    stage.numbers["mapping"] = SavedMapping.objects.get().pk
    gone = Reject.objects.create(
        origin="test:1",
        position=1,
        payload="{}",
        reason="x",
        message_en="x",
        message_ja="x",
        status="discarded",
    )
    stage.numbers["discarded"] = gone.pk
    rule = {"act": "name", "place": "社名", "values": {}, "to": "name", "order": "", "nested": False}
    kept = Correction.objects.create(kind="account", source="web", rule=rule, kept=True, made_by="test")
    stage.numbers["correction"] = kept.pk
    stopped = Correction.objects.create(
        kind="account", source="web", rule=rule, status="failed", made_by="test"
    )
    stage.numbers["stopped"] = stopped.pk


def _make_keys(stage: Stage) -> None:
    from enishi.ingest.models import ApiKey, WriteKey

    write, api = WriteKey(name="web"), ApiKey(name="warehouse", scopes=["read:ticket"])
    for name, row in (("write_key", write), ("api_key", api)):
        row.assign()
        row.save()
        stage.numbers[name] = row.pk


def _make_people(stage: Stage) -> None:
    from enishi.accounts.actions import save_records
    from enishi.accounts.linking import Wanted, link_ids
    from enishi.accounts.merging import merge_accounts
    from enishi.accounts.models import Member
    from enishi.store.kinds import DEFAULT_SYSTEM, KINDS
    from enishi.web.members import invite
    from enishi.work.api import hand_over
    from tests.world import make_account, make_member

    world, now = stage.world, stage.now
    stage.numbers["contact"] = world.contacts["kato"].pk
    twin = make_account("双子商事", owner=world.members["takahashi"])
    stage.numbers["merge"] = merge_accounts(twin, world.accounts["sakura"], actor="test", now=now).pk
    link = Wanted("erp", "e-9", world.accounts["sakura"])
    stage.numbers["link"] = link_ids([link], actor="test", now=now)[0].pk
    fields = {
        "email": "invited@soratech.example", "family_name": "招", "given_name": "待", "name_kana": "",
        "role": "csm", "scope": "own", "team": None, "language": "ja",
    }  # fmt: skip
    stage.numbers["invited"] = invite(world.members["sato"], fields, now).pk
    for kind in KINDS.values():
        save_records(kind, [api_row(kind, stage)], source=DEFAULT_SYSTEM, actor="test", now=now)
    colleague = make_member("yoshida@soratech.example", "csm", "all")
    stage.numbers["colleague"] = colleague.pk
    make = Member.objects.create_user
    left = make("left@soratech.example", "nagai-tabiji-2026", role="csm", is_active=False)
    stage.numbers["inactive"] = left.pk
    given = [make_account("引継商事", owner=world.members["takahashi"])]
    if handed := hand_over(world.members["sato"], given, colleague, now=now):
        stage.numbers["handed"] = handed.line.pk


def _make_mail(stage: Stage) -> None:
    from enishi.outreach.models import Message

    for status in ("dead", "queued"):
        stage.numbers[status] = Message.objects.create(
            key=f"test:{status}",
            kind="test",
            address="x@sakura.example",
            subject="s",
            text="t",
            status=status,
        ).pk


def _make_texts(stage: Stage) -> None:
    """Two versions of a reader that learned nothing, and a ticket it judged, corrected since."""
    from enishi.accounts.models import Record
    from enishi.forecasts.api import TextReader
    from enishi.texts.models import TextCorrection, TextJudgement, TextModel

    state, now = TextReader().to_bytes(), stage.now
    for number, status in ((1, "retired"), (2, "in_use")):
        model = TextModel.objects.create(
            number=number, status=status, state=state, made_by="test", made_at=now, used_from=now
        )
    ticket = Record.objects.filter(kind="ticket", account=stage.sakura).earliest("pk")
    told = {
        "kind": "ticket",
        "record_id": ticket.pk,
        "account_id": stage.sakura,
        "language": "ja",
        "digest": "0",
    }
    row = TextJudgement.objects.create(**told, written_at=now, model=model, corrected=True)
    TextCorrection.objects.create(**told, tone="positive")
    stage.numbers |= {"text version": 1, "text": row.pk}
