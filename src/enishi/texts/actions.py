"""Correcting a judgement, and taking a correction back. One verb, one transaction, one audit line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from enishi.accounts.access import visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.forecasts.api import TONES, TOPICS
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.text import Text
from enishi.texts.judging import judge_pieces
from enishi.texts.models import TextCorrection, TextJudgement
from enishi.texts.readings import note_readings
from enishi.texts.scorers import scorer_of
from enishi.texts.sources import SOURCES


def access_judgement(member: Member, number: int) -> TextJudgement:
    """A judgement about an account within the member's scope; :class:`NotFound` otherwise."""
    rows = TextJudgement.objects.select_related("account", "model").defer("model__state")
    found = rows.filter(pk=number, account__in=visible_accounts(member)).first()
    if found is None:
        raise NotFound(
            "unknown_judgement",
            Text("There is no such text in your view.", "ご覧になれる範囲に該当する文章がありません。"),
        )
    return found


@transaction.atomic
def correct_judgement(
    member: Member, number: int, *, tone: str, topic: str, now: datetime, digest: str = ""
) -> TextJudgement:
    """Say what a text's tone and topic are; it holds at once, and the next version learns from it.

    Args:
        tone, topic: labels; empty: cannot be said.
        digest: of the text the person saw; refused where it changed meanwhile.
    """
    _check_labels(tone, topic)
    found = access_judgement(member, number)
    if digest and digest != found.digest:
        raise Conflict(
            "text_changed",
            Text("The text was changed meanwhile.", "この文章は、表示後に変更されました。"),
            Text("Read it again and correct it then.", "最新の内容をご確認のうえ、改めて修正してください。"),
        )
    before = {"tone": found.tone, "topic": found.topic}
    mine = TextCorrection.objects.filter(kind=found.kind, record_id=found.record_id, withdrawn_at=None)
    mine.update(withdrawn_at=now)
    TextCorrection.objects.create(
        kind=found.kind,
        record_id=found.record_id,
        account=found.account,
        language=found.language,
        digest=found.digest,
        tone=tone,
        topic=topic,
        before=before,
        made_by=member,
        made_at=now,
    )
    found.tone, found.topic, found.corrected = tone, topic, True
    found.save(update_fields=["tone", "topic", "corrected"])
    pieces = list(SOURCES[found.kind].find([found.record_id]).values())
    note_readings(found.kind, pieces, {found.record_id: found}, found.model, now)
    _audit(member, "text_corrected", found, before, {"tone": tone, "topic": topic})
    return found


def _check_labels(tone: str, topic: str) -> None:
    if (tone and tone not in TONES) or (topic and topic not in TOPICS):
        raise EnishiError(
            "unknown_label",
            Text(
                f"'{tone}' / '{topic}' is no tone or topic.", f"「{tone}」「{topic}」という区分はありません。"
            ),
        )


def _audit(
    member: Member, verb: str, found: TextJudgement, before: dict[str, Any], after: dict[str, Any]
) -> None:
    detail = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    write_audit(member, verb, f"{found.kind} {found.record_id}", account=found.account, detail=detail)


@transaction.atomic
def withdraw_correction(member: Member, number: int, *, now: datetime) -> TextJudgement:
    """Let the model's word hold again."""
    found = access_judgement(member, number)
    before = {"tone": found.tone, "topic": found.topic}
    mine = TextCorrection.objects.filter(kind=found.kind, record_id=found.record_id, withdrawn_at=None)
    if mine.update(withdrawn_at=now):
        pieces = list(SOURCES[found.kind].find([found.record_id]).values())
        judge_pieces(found.kind, pieces, found.model, scorer_of(found.model), now)
        found = access_judgement(member, number)
        _audit(member, "text_correction_withdrawn", found, before, {"tone": found.tone, "topic": found.topic})
    return found
