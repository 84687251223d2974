"""Judging, correcting, learning anew, going back, forgetting: on the shared cast."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.pages import world  # noqa: F401
from tests.world import NOW, World, at_hour, days_ago, make_record

from enishi.accounts.models import AuditLine, Record
from enishi.forecasts.api import Judged
from enishi.ingest.api import ask_erasure
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.texts import api, learning, scorers
from enishi.texts.models import TextCorrection, TextJudgement, TextModel


@pytest.fixture
def judged(world: World) -> World:  # noqa: F811
    """The cast with three texts of its own, all judged."""
    sakura = world.accounts["sakura"]
    make_record(
        sakura,
        "ticket",
        at_hour(days_ago(3)),
        subject="ログインできません",
        body="パスワードを変えても入れず、業務が止まって困っています。",
        contact=world.contacts["kato"],
    )
    make_record(
        sakura,
        "survey_answer",
        at_hour(days_ago(2)),
        measure="nps",
        score=9,
        comment="Absolutely love it, thank you! Best tool we ever had.",
    )
    make_record(
        sakura,
        "interaction",
        NOW,
        type="note",
        subject="担当の佐藤様が3月末で退職されるとのこと。後任は未定。",
    )
    while not api.judge_new_texts(NOW):
        pass
    return world


def one(kind: str, **fields: object) -> TextJudgement:
    return TextJudgement.objects.filter(kind=kind, **fields).order_by("-written_at")[0]


def test_texts_are_judged_with_their_version_and_confidence(judged: World) -> None:
    ticket, note, answer = (
        one("ticket", topic="login_access"),
        one("interaction", topic="staff_change"),
        one("survey_answer", written_at=at_hour(days_ago(2))),
    )
    assert (ticket.tone, ticket.language) == ("negative", "ja")
    assert ticket.tone_confidence > 0.5
    assert note.topic == "staff_change"
    assert (answer.language, answer.tone in ("positive", "")) == ("en", True)
    assert ticket.model.number == 1
    assert ticket.model.status == TextModel.Status.IN_USE
    found = api.judgements_of("ticket", [ticket.record_id])[ticket.record_id]
    assert found.later, "the version is younger than the text"
    assert api.judgements_of("ticket", {ticket.record_id: "another wording"}) == {}
    frame = api.judged_texts([judged.accounts["sakura"].pk], kinds=["interaction"])
    assert ["staff_change", 1] in frame[["topic", "model"]].to_numpy().tolist()
    assert api.judge_new_texts(NOW), "nothing more to do"


def test_a_reworded_text_is_judged_again_and_a_deleted_one_forgotten(judged: World) -> None:
    ticket, call = one("ticket", topic="login_access"), one("interaction", topic="staff_change")
    row = Record.objects.get(pk=ticket.record_id)
    row.data = {"subject": "障害で全画面が遅く、つながりません"}
    row.updated_at = timezone.now()
    row.save()
    Record.objects.filter(pk=call.record_id).update(deleted_at=timezone.now(), updated_at=timezone.now())
    api.judge_new_texts(NOW + timedelta(minutes=2))
    ticket.refresh_from_db()
    assert ticket.topic == "outage_performance"
    assert not TextJudgement.objects.filter(pk=call.pk).exists()


def test_a_correction_holds_at_once_and_can_be_taken_back(judged: World) -> None:
    takahashi, ticket = judged.members["takahashi"], one("ticket", topic="login_access")
    api.correct_judgement(
        takahashi, ticket.pk, tone="neutral", topic="security_compliance", now=NOW, digest=ticket.digest
    )
    ticket.refresh_from_db()
    assert (ticket.tone, ticket.topic, ticket.corrected) == ("neutral", "security_compliance", True)
    line = AuditLine.objects.get(verb="text_corrected")
    assert line.detail == {"tone": ["negative", "neutral"], "topic": ["login_access", "security_compliance"]}
    assert TextCorrection.objects.get().made_by == takahashi
    TextJudgement.objects.filter(pk=ticket.pk).update(digest="other")
    with pytest.raises(Conflict):
        api.correct_judgement(takahashi, ticket.pk, tone="", topic="", now=NOW, digest=ticket.digest)
    TextJudgement.objects.filter(pk=ticket.pk).update(digest=ticket.digest)
    with pytest.raises(EnishiError, match="furious"):
        api.correct_judgement(takahashi, ticket.pk, tone="furious", topic="", now=NOW)
    back = api.withdraw_correction(takahashi, ticket.pk, now=NOW)
    assert (back.tone, back.topic, back.corrected) == ("negative", "login_access", False)
    assert api.new_corrections() == 0
    with pytest.raises(NotFound):
        api.correct_judgement(judged.members["tanaka"], ticket.pk, tone="", topic="", now=NOW)


def test_corrections_are_learned_from_and_worse_versions_are_not_published(
    judged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sato, ticket = judged.members["sato"], one("ticket", topic="login_access")
    api.correct_judgement(sato, ticket.pk, tone="negative", topic="security_compliance", now=NOW)
    before = api.model_in_use()
    learned = learning.learn(learning.begin(sato, NOW), NOW)
    assert learned.status == TextModel.Status.IN_USE
    assert learned.corrections + learned.report["own"]["topic"]["n"] == 1
    assert api.new_corrections() == 0
    while not api.judge_new_texts(NOW):
        pass
    assert set(TextJudgement.objects.values_list("model__number", flat=True)) == {2}
    ticket.refresh_from_db()
    assert ticket.topic == "security_compliance", "what a person said stays"
    real = learning.shipped_sentences()
    turned = {
        language: [
            one
            if one.split == "test"
            else type(one)(
                one.text, one.topic, {"negative": "positive"}.get(one.tone, "negative"), one.kind, one.split
            )
            for one in every
        ]
        for language, every in real.items()
    }
    monkeypatch.setattr(learning, "shipped_sentences", lambda: turned)
    worse = learning.learn(learning.begin(sato, NOW), NOW)
    assert worse.status == TextModel.Status.REFUSED
    assert "worse" in worse.reason["en"]
    assert api.model_in_use() == learned
    api.use_version(before.number, member=sato, now=NOW)
    assert api.model_in_use().number == 1
    assert AuditLine.objects.filter(verb="text_model_published").count() == 3
    with pytest.raises(Conflict):
        api.use_version(worse.number, member=sato, now=NOW)


def test_what_was_read_goes_with_the_person(judged: World) -> None:
    ticket = one("ticket", topic="login_access")
    api.correct_judgement(judged.members["sato"], ticket.pk, tone="neutral", topic="", now=NOW)
    ask_erasure(judged.contacts["kato"], actor="test", now=NOW)
    assert not TextJudgement.objects.filter(pk=ticket.pk).exists()
    assert not TextCorrection.objects.exists()
    api.judge_new_texts(NOW + timedelta(minutes=5))
    assert not TextJudgement.objects.filter(kind="ticket", record_id=ticket.record_id).exists()


class Loud:
    """Another scorer."""

    name = "loud"

    def judge(self, texts: list[str]) -> list[Judged]:
        return [Judged("negative", None, 1.0, 0.0, "en") for _text in texts]


def test_another_scorer_takes_over_and_is_measured_alike(
    judged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorers, "named_scorer", lambda: Loud())
    monkeypatch.setattr(learning, "named_scorer", lambda: Loud())
    make_record(judged.accounts["sakura"], "ticket", NOW, subject="Thank you so much")
    while not api.judge_new_texts(NOW):
        pass
    model = api.model_in_use()
    assert model.scorer == "loud"
    assert 0 < model.report["en"]["tone"]["accuracy"]["share"] < 0.8
    assert set(TextJudgement.objects.values_list("tone", flat=True)) == {"negative"}
    assert [one.tone for one in api.judge_texts(["great", "good"])] == ["negative"] * 2
