"""Notes are read for tone and topic, follow their account through a merge, and are forgotten with their deletion."""

from __future__ import annotations

from datetime import timedelta

from tests.world import NOW, make_world

from enishi.texts.api import TextJudgement
from enishi.texts.sources import SOURCES
from enishi.work import api as work


def test_notes_are_found_by_their_last_change(db: None) -> None:
    world = make_world()
    takahashi, sakura, source = world.members["takahashi"], world.accounts["sakura"], SOURCES["note"]
    note = work.add_note(takahashi, sakura.pk, "担当者が退職", now=NOW)
    piece = source.changed(None, 10)[-1]
    assert (piece.number, piece.account_id, piece.text) == (note.pk, sakura.pk, "担当者が退職")
    after = (piece.changed_at, piece.number)
    for known in source.changed(None, 10):
        _judge(known.number, known.account_id, known.digest)
    assert source.changed(after, 10) == []
    work.delete_note(takahashi, note.pk, now=NOW + timedelta(minutes=1))
    assert [one.text for one in source.changed(after, 10)] == [""]
    later = (NOW + timedelta(minutes=1), note.pk)
    TextJudgement.objects.filter(record_id=note.pk).delete()
    work.restore_note(takahashi, note.pk)
    assert [one.number for one in source.changed(later, 10)] == [note.pk], "brought back: judged nowhere"
    _judge(note.pk, world.accounts["fuji"].pk, piece.digest)
    assert [one.account_id for one in source.changed(later, 10)] == [sakura.pk], "judged at another account"


def _judge(number: int, account: int | None, digest: str) -> None:
    from enishi.texts.models import TextModel

    model, _made = TextModel.objects.get_or_create(number=1, defaults={"made_by": "test"})
    TextJudgement.objects.create(
        kind="note",
        record_id=number,
        account_id=account,
        written_at=NOW,
        language="ja",
        digest=digest,
        model=model,
    )
