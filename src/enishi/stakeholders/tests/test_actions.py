"""What members state of people: kept, found again on past days, taken back, forgotten with the person."""

from datetime import timedelta

import pytest
from tests.world import NOW, TODAY, World, days_ago

from enishi.accounts.actions import save_records
from enishi.accounts.erasing import erase_contact
from enishi.accounts.models import AuditLine, Contact, RecordVersion
from enishi.kit.errors import Conflict, EnishiError, NotAllowed, NotFound
from enishi.stakeholders.api import (
    AccountRelationship,
    Assessment,
    ContactMove,
    Opinion,
    assess,
    decide_move,
    moves_of,
    relationship_now,
    undo_assessment,
)
from enishi.stakeholders.reads import said_of
from enishi.store.kinds import CONTACT

DAY = timedelta(days=1)


def state(world: World, **said: object) -> Assessment:
    return assess(world.takahashi, world.sakura.pk, world.kobayashi.pk, Opinion(**said), now=NOW)  # type: ignore[arg-type]


def test_stating_changes_facts_judgement_and_list_and_can_be_undone(world: World) -> None:
    made = state(
        world,
        role="champion",
        influence="high",
        feeling="positive",
        feeling_until=TODAY + 30 * DAY,
        left_on=days_ago(3),
    )
    kobayashi = Contact.objects.get(pk=world.kobayashi.pk)
    assert (kobayashi.role, kobayashi.left_on) == ("champion", days_ago(3))
    last = RecordVersion.objects.filter(kind="contact", record_id=kobayashi.pk).latest("pk")
    assert last.data["left_on"] == days_ago(3).isoformat(), "a fact like any other: causes and alerts see it"
    line = AuditLine.objects.get(verb="stakeholder_assessed")
    assert line.account == world.sakura
    assert line.detail["influence"] == "high"
    assert AccountRelationship.objects.get(account=world.sakura).people == 1
    undo_assessment(world.takahashi, made.pk, now=NOW + DAY)
    kobayashi.refresh_from_db()
    assert (kobayashi.role, kobayashi.left_on) == ("user", None)
    assert AccountRelationship.objects.get(account=world.sakura).people == 2
    assert said_of([kobayashi.pk], None) == {}
    with pytest.raises(Conflict):
        undo_assessment(world.takahashi, made.pk, now=NOW + DAY)


def test_the_newer_statement_stands_and_undoing_it_gives_the_older_back(world: World) -> None:
    state(world, influence="low")
    newer = assess(
        world.suzuki, world.sakura.pk, world.kobayashi.pk, Opinion(influence="high"), now=NOW + 5 * DAY
    )
    number = world.kobayashi.pk
    assert said_of([number], None)[number].influence == "high"
    assert said_of([number], TODAY + DAY)[number].influence == "low", "as it was stated then"
    assert said_of([number], days_ago(1)) == {}
    undo_assessment(world.takahashi, newer.pk, now=NOW + 6 * DAY)
    assert said_of([number], None)[number].influence == "low"


def test_undoing_leaves_alone_what_a_source_told_since(world: World) -> None:
    made = state(world, role="champion", left_on=days_ago(3))
    kobayashi = Contact.objects.get(pk=world.kobayashi.pk)
    row = {"id": kobayashi.outside_id, "role": "decision_maker"}
    (result,) = save_records(CONTACT, [row], source=kobayashi.source, actor="import", now=NOW + DAY)
    assert not result.errors
    undo_assessment(world.takahashi, made.pk, now=NOW + 2 * DAY)
    kobayashi.refresh_from_db()
    assert (kobayashi.role, kobayashi.left_on) == ("decision_maker", None)


def test_an_announced_leaving_is_a_sign_and_no_fact_yet(world: World) -> None:
    state(world, left_on=TODAY + 20 * DAY)
    world.kobayashi.refresh_from_db()
    assert world.kobayashi.left_on is None
    tie = next(one for one in relationship_now(world.sakura, TODAY).ties if one.number == world.kobayashi.pk)
    assert tie.signs[0].id == "announced"


def test_who_may_not(world: World) -> None:
    for who in ("ito", "watanabe"):
        with pytest.raises(NotAllowed):
            assess(world.members[who], world.sakura.pk, world.kobayashi.pk, Opinion(), now=NOW)
    with pytest.raises(NotFound):
        assess(world.tanaka, world.sakura.pk, world.kobayashi.pk, Opinion(), now=NOW)
    with pytest.raises(NotFound):
        assess(world.takahashi, world.fuji.pk, world.kobayashi.pk, Opinion(), now=NOW)
    with pytest.raises(EnishiError) as refused:
        state(world, feeling="positive", influence="enormous")
    assert set(refused.value.fields) == {"influence", "feeling_until"}


def test_a_move_is_decided_by_who_sees_both_and_can_be_asked_again(world: World) -> None:
    move = ContactMove.objects.create(former=world.nakamura, present=world.kato)
    with pytest.raises(NotFound):
        decide_move(world.tanaka, move.pk, "confirmed", now=NOW)
    decide_move(world.takahashi, move.pk, "confirmed", now=NOW)
    here = [world.kato.pk]
    assert [one.status for one in moves_of(here, None)] == ["confirmed"]
    assert moves_of(here, days_ago(1)) == [], "nobody had said so then"
    assert len(moves_of(here, TODAY)) == 1
    decide_move(world.takahashi, move.pk, "dismissed", now=NOW)
    assert moves_of(here, None) == []
    decide_move(world.takahashi, move.pk, "proposed", now=NOW)
    assert [one.decided_at for one in moves_of(here, None)] == [None]
    assert AuditLine.objects.filter(verb="move_confirmed").count() == 2, "on both accounts"


def test_who_is_erased_takes_what_was_said_of_them_along(world: World) -> None:
    state(world, influence="high", note="小林さんの評判")
    ContactMove.objects.create(former=world.kobayashi, present=world.kato)
    row = {"id": "someone-else", "account": world.sakura, "name": "別の方"}
    save_records(CONTACT, [row], source="crm", actor="test", now=NOW)
    assert Assessment.objects.exists(), "saving others forgets nobody"
    erase_contact(world.kobayashi, actor=world.sato, now=NOW)
    assert not Assessment.objects.exists()
    assert not ContactMove.objects.exists()
