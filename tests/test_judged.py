"""What the rooms of forecasts and money keep of an account or a person goes along when accounts are merged, taken apart
or deleted, and when a person is erased. Every table is in one of the lists here."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db.models import Model

from enishi.accounts.merging import BESIDE_RECORDS, FOLLOWERS, merge_accounts, preview_merge, unmerge_accounts
from enishi.accounts.models import Account, Contact
from enishi.accounts.removing import delete_records
from enishi.fit.models import FitOpinion
from enishi.ingest.erasing import ask_erasure
from enishi.ingest.foreseeing import foresee_erasure
from enishi.kit.home import Home
from enishi.outlook.models import RenewalCall
from enishi.stakeholders.models import Assessment, ContactMove
from enishi.store.kinds import KINDS
from enishi.texts.models import TextCorrection, TextJudgement, TextModel
from enishi.work.models import Note
from tests import judged
from tests.world import NOW, TODAY, World, make_account, make_record, make_world, sign_in

ROOMS = ("risk", "value", "fit", "growth", "outlook", "texts", "stakeholders")
COMPUTED = {  # of the living accounts alone, made anew with the next run; shown of visible accounts alone
    "risk.AccountRisk", "value.AccountValue", "fit.AccountFit", "growth.Readiness", "growth.NextItems",
    "stakeholders.AccountRelationship",
}  # fmt: skip
SAID = {"risk.Statement", "value.ValueStatement", "fit.FitStatement"}  # of the account as it was on that day
OF_PEOPLE = {
    "stakeholders.Assessment",
    "stakeholders.ContactMove",
}  # follow the contact; gone with the person


def _pointing_at(target: type[Model]) -> set[str]:
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    return {
        model._meta.label
        for model in models
        if any(field.related_model is target for field in model._meta.concrete_fields)
    }


def test_every_table_of_an_account_or_a_person_says_where_it_goes() -> None:
    own = {name for name in FOLLOWERS if name.split(".")[0] in ROOMS}
    assert _pointing_at(Account) == own | {*BESIDE_RECORDS} | COMPUTED | SAID
    assert _pointing_at(Contact) == OF_PEOPLE | {
        "stakeholders.AccountRelationship"
    }  # its only contact: computed


def _said(account: Account, **more: object) -> list[Model]:
    call = RenewalCall.objects.create(
        account=account, renewal_on=TODAY, category="at_risk", computed="likely", reason="x", expires_on=TODAY
    )
    opinion = {"account": account, "points": 10, "reason": "x", "stated_on": TODAY}
    rows = [FitOpinion.objects.create(input=name, **opinion, **more) for name in ("a", f"b{account.pk}")]
    return [call, *rows]


def _read(account: Account, kind: str, number: int) -> list[Model]:
    model = TextModel.objects.first() or TextModel.objects.create(number=1, status="in_use")
    text = {"kind": kind, "record_id": number, "account": account, "language": "ja", "digest": "0" * 16}
    return [
        TextJudgement.objects.create(**text, written_at=NOW, model=model, tone="negative"),
        TextCorrection.objects.create(**text, tone="negative", withdrawn_at=NOW),
    ]


def _homes(rows: list[Model]) -> list[int]:
    for row in rows:
        row.refresh_from_db()
    return [row.account_id for row in rows]  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_what_people_said_follows_a_merge_and_its_undoing() -> None:
    one, two, three = (make_account(f"company {n}") for n in range(3))
    mine, theirs = _said(one), _said(two)
    note = Note.objects.create(account=one, body="x")
    ticket = make_record(one, "ticket", NOW, subject="x")
    texts = [*_read(one, "note", note.pk), *_read(one, "ticket", ticket.pk)]
    assert preview_merge(one, two).followers == 4
    first = merge_accounts(one, two, actor="test", now=NOW)
    assert _homes(mine) == [one.pk, one.pk, two.pk]  # what two has a word of its own on waits
    assert _homes(theirs) == [two.pk] * 3
    assert _homes(texts) == [two.pk] * 4
    second = merge_accounts(two, three, actor="test", now=NOW)
    late = make_record(one, "ticket", NOW, subject="told of one, read at three")
    type(late).objects.filter(pk=late.pk).update(account=three)
    texts += _read(three, "ticket", late.pk)
    assert _homes([*mine, *theirs]) == [one.pk, one.pk, *[three.pk] * 4]
    unmerge_accounts(first, actor="test", now=NOW)
    assert _homes([*mine, *texts]) == [one.pk] * 9
    unmerge_accounts(second, actor="test", now=NOW)
    assert _homes([*mine, *theirs]) == [one.pk] * 3 + [two.pk] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["merged", "deleted"])
def test_no_list_names_an_account_that_is_no_more(how: str, tmp_path: object) -> None:
    world = make_world()
    gone, stays = make_account("消えた会社"), make_account("残る会社")
    judged.make_judged([gone, stays], TODAY, NOW)
    client = sign_in(world.sato)
    if how == "merged":
        merge_accounts(gone, stays, actor="test", now=NOW)
    else:
        delete_records(KINDS["account"], [gone.outside_id], source="crm", actor="test", now=NOW)
    cache.clear()
    for path in sorted(judged.NAMING):
        answer = client.get(path)
        told = b"".join(answer) if answer.streaming else answer.content
        assert gone.name not in told.decode("utf-8-sig"), path


@pytest.mark.django_db
def test_what_is_deleted_with_a_person_is_counted_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home.from_environment()
    home.prepare()
    world: World = make_world()
    person, other = (
        world.contacts["nakamura"],
        Contact.objects.exclude(pk=world.contacts["nakamura"].pk).first(),
    )
    assert other is not None
    Assessment.objects.create(contact=person, influence="high", ended_at=NOW)
    Assessment.objects.create(contact=other, influence="high", ended_at=NOW)
    ContactMove.objects.create(former=other, present=person, found_at=NOW - timedelta(days=1))
    sakura = world.accounts["sakura"]
    about = make_record(sakura, "ticket", NOW, subject="x", contact=person)
    naming = make_record(sakura, "ticket", NOW, body=f"cc {person.email}")
    spared = make_record(sakura, "ticket", NOW, body="x")
    for record in (about, naming, spared):
        _read(sakura, "ticket", record.pk)
    foreseen = foresee_erasure(person, home).judged
    assert foreseen == {"assessments": 1, "moves": 1, "readings": 2, "corrections": 2}
    page = sign_in(world.sato).get(f"/setup/privacy/people/{person.pk}/").content.decode()
    assert "メンバーによる評価 1" in page
    before = {
        model: model.objects.count() for model in (Assessment, ContactMove, TextJudgement, TextCorrection)
    }
    ask_erasure(person, actor="test", now=NOW)
    gone = [count - model.objects.count() for model, count in before.items()]
    assert gone == list(foreseen.values())
    assert TextJudgement.objects.get().record_id == spared.pk
