"""Tasks, notes and logged interactions: one change, one audit line, within the scope."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import NOW, TODAY, World, make_world

from enishi.accounts.models import AuditLine, Record, RecordVersion
from enishi.kit.errors import EnishiError, NotAllowed, NotFound
from enishi.work import api

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def verbs() -> list[str]:
    return list(AuditLine.objects.order_by("id").values_list("verb", flat=True))


def test_a_task_from_promise_to_done_and_back(world: World) -> None:
    task = api.create_task(world.takahashi, world.sakura.pk, "  資料を  送る ", now=NOW, due_on=TODAY)
    assert (task.title, task.assignee) == ("資料を 送る", world.takahashi)
    api.complete_task(world.takahashi, task.pk, now=NOW)
    api.complete_task(world.takahashi, task.pk, now=NOW)
    assert not api.my_promises(world.takahashi, TODAY).exists()
    api.reopen_task(world.takahashi, task.pk)
    api.move_task(world.takahashi, task.pk, TODAY + timedelta(days=30))
    assert list(api.later_tasks(world.takahashi, TODAY)) == [task]
    api.drop_task(world.suzuki, task.pk, now=NOW)
    assert verbs() == ["task_created", "task_completed", "task_reopened", "task_moved", "task_dropped"]


def test_work_goes_only_to_people_who_see_the_account(world: World) -> None:
    task = api.create_task(world.takahashi, world.sakura.pk, "電話", now=NOW)
    assert world.tanaka not in api.members_seeing(world.sakura)
    for outsider in (world.tanaka, world.smith, world.watanabe):
        with pytest.raises(EnishiError, match="does not see"):
            api.reassign_task(world.takahashi, task.pk, outsider)
    assert api.reassign_task(world.takahashi, task.pk, world.suzuki).assignee == world.suzuki


def test_accounts_are_owned_by_those_who_act(world: World) -> None:
    assert set(api.members_acting()) >= {world.takahashi, world.tanaka, world.suzuki}
    assert not {world.ito, world.watanabe} & set(api.members_acting())
    world.tanaka.is_active = False
    for member in (world.ito, world.watanabe, world.tanaka):
        with pytest.raises(EnishiError, match="cannot look after"):
            api.check_may_own(member)
    api.check_may_own(world.suzuki)


def test_a_task_outside_the_scope_does_not_exist(world: World) -> None:
    task = api.create_task(world.tanaka, world.naniwa.pk, "訪問", now=NOW)
    with pytest.raises(NotFound):
        api.complete_task(world.takahashi, task.pk, now=NOW)
    with pytest.raises(EnishiError, match="Write what"):
        api.create_task(world.tanaka, world.naniwa.pk, "  ", now=NOW)


def test_notes_belong_to_their_author_and_deletion_can_be_undone(world: World) -> None:
    note = api.add_note(world.takahashi, world.acme.pk, "予算は4月に決まる\r\n", now=NOW)
    assert note.body == "予算は4月に決まる"
    with pytest.raises(NotAllowed):
        api.edit_note(world.smith, note.pk, "別の内容", now=NOW)
    api.pin_note(world.smith, note.pk, pinned=True)
    api.edit_note(world.takahashi, note.pk, "予算は3月に決まる", now=NOW)
    api.delete_note(world.suzuki, note.pk, now=NOW)
    assert not api.notes_of(world.acme).exists()
    api.restore_note(world.suzuki, note.pk)
    assert [n.body for n in api.notes_of(world.acme)] == ["予算は3月に決まる"]
    assert verbs() == ["note_added", "note_pinned", "note_edited", "note_deleted", "note_restored"]
    assert "予算" not in str([line.detail for line in AuditLine.objects.all()]), "no content in the log"


def test_empty_and_endless_notes_are_refused(world: World) -> None:
    for body, code in ((" \n", "empty_note"), ("あ" * 20_001, "note_too_long")):
        with pytest.raises(EnishiError) as caught:
            api.add_note(world.takahashi, world.acme.pk, body, now=NOW)
        assert caught.value.code == code


def test_a_logged_call_is_a_record_with_a_version(world: World) -> None:
    said = api.Interaction(
        "call",
        NOW,
        two_way=True,
        minutes=15,
        contact_id=world.yamamoto.pk,
        subject="後任の件",
        body="来週面談",
    )
    record = api.log_interaction(world.takahashi, world.sakura.pk, said, now=NOW)
    record = Record.objects.get(pk=record.pk)
    assert (record.kind, record.account, record.contact) == ("interaction", world.sakura, world.yamamoto)
    assert record.data["two_way"] is True
    assert record.data["minutes"] == 15
    assert record.data["member"] == world.takahashi.email
    version = RecordVersion.objects.get(kind="interaction", record_id=record.pk)
    assert version.known_at == NOW
    assert not version.backfill
    assert AuditLine.objects.filter(verb="interaction_logged", account=world.sakura).count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "telepathy"}, "type"),
        ({"occurred_at": NOW + timedelta(hours=1)}, "occurred_at"),
        ({"minutes": 5000}, "minutes"),
    ],
)
def test_a_wrong_interaction_names_its_field(world: World, change: dict[str, object], field: str) -> None:
    said = api.Interaction(**{"type": "call", "occurred_at": NOW, **change})  # type: ignore[arg-type]
    with pytest.raises(EnishiError) as caught:
        api.log_interaction(world.takahashi, world.sakura.pk, said, now=NOW)
    assert field in caught.value.fields


def test_a_contact_of_another_account_is_refused(world: World) -> None:
    said = api.Interaction("call", NOW, contact_id=world.brown.pk)
    with pytest.raises(NotFound):
        api.log_interaction(world.takahashi, world.sakura.pk, said, now=NOW)
    with pytest.raises(NotAllowed):
        api.log_interaction(world.ito, world.sakura.pk, api.Interaction("call", NOW), now=NOW)
