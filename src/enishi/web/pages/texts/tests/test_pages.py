"""Text reading: the record, the list to correct, judgements beside texts; scoped, and by role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.world import NOW, World

from enishi.accounts import search
from enishi.accounts.models import Record
from enishi.forecasts.api import TextReader
from enishi.texts.api import TextJudgement, TextModel, digest_of, growing_topics
from enishi.web.pages.texts import reads
from enishi.web.paging import Bounded

SignIn = Callable[[str], Client]
SHARE = {"share": 0.8, "low": 0.7, "high": 0.9, "n": 10}
ANSWERS = {"n": 12, "accuracy": SHARE, "unknown": SHARE, "known": SHARE, "labels": {}, "threshold": 0.6}
TONES = {**ANSWERS, "confusion": [[3, 1, 0, 1], [0, 4, 0, 0], [0, 0, 3, 0]]}


@pytest.fixture
def judged(world: World) -> TextJudgement:
    """A ticket of Sakura (seen by the east) and one of an account of the west, read by a version with a record."""
    model = TextModel.objects.create(
        number=1,
        status="in_use",
        state=TextReader().to_bytes(),
        report={language: {"tone": TONES, "topic": ANSWERS} for language in ("ja", "en")},
        reason={"en": "Learned.", "ja": "学習しました。"},
        made_by="system",
        made_at=NOW,
    )
    rows = []
    for record in Record.objects.filter(kind="ticket").exclude(account=None):
        text = "\n".join(record.data[name] for name in ("subject", "body") if record.data.get(name))
        rows.append(
            TextJudgement.objects.create(
                kind="ticket",
                record_id=record.pk,
                account=record.account,
                written_at=record.happened_at,
                language="ja",
                tone="negative",
                topic="bug_defect",
                tone_confidence=0.91,
                topic_confidence=0.42,
                digest=digest_of(text),
                model=model,
                judged_at=NOW,
            )
        )
    return next(row for row in rows if row.account == world.accounts["sakura"])


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_a_model_the_page_teaches(world: World, sign_in: SignIn) -> None:
    assert "まだ判定した文章がありません" in page_of(sign_in("sato"), "/health/texts/")


def test_the_page_shows_the_record_and_the_texts_in_scope(judged: TextJudgement, sign_in: SignIn) -> None:
    whole = page_of(sign_in("sato"), "/health/texts/")
    assert "判定を示した10件の正解率(70%〜90%)" in whole
    assert "感情の判定の取り違え:日本語" in whole
    assert judged.account.name in whole
    assert judged.account.name not in page_of(sign_in("tanaka"), "/health/texts/")
    assert judged.account.name not in page_of(sign_in("sato"), "/health/texts/?topic=usability")
    assert judged.account.name in page_of(
        sign_in("sato"), "/health/texts/?topic=bug_defect&language=ja&kind=ticket"
    )
    assert judged.account.name not in page_of(sign_in("sato"), "/health/texts/?state=unknown")


def test_a_judgement_is_corrected_in_place_and_taken_back(judged: TextJudgement, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    form = page_of(client, f"/health/texts/{judged.pk}/correct/")
    assert 'value="bug_defect" selected' in form
    said = {"tone": "neutral", "topic": "usability", "digest": judged.digest}
    answer = client.post(f"/health/texts/{judged.pk}/correct/", said)
    assert "使いやすさ" in answer.content.decode()
    assert "人が修正済み" in answer.content.decode()
    assert "withdraw" in answer.headers["HX-Trigger"]
    assert judged.account.name in page_of(client, "/health/texts/?state=corrected")
    listed = page_of(client, "/health/texts/corrections/?q=" + judged.account.name[:4])
    assert "否定的 · 不具合" in listed
    assert "中立 · 使いやすさ" in listed
    assert "該当する修正がありません" in page_of(client, "/health/texts/corrections/?q=nobody")
    assert "修正はまだありません" in page_of(sign_in("tanaka"), "/health/texts/corrections/")
    assert (
        client.post(
            f"/health/texts/{judged.pk}/withdraw/", headers={"HX-Target": f"text-{judged.pk}"}
        ).status_code
        == 200
    )
    judged.refresh_from_db()
    assert not judged.corrected
    assert sign_in("tanaka").get(f"/health/texts/{judged.pk}/").status_code == 404
    assert sign_in("watanabe").post(f"/health/texts/{judged.pk}/correct/", said).status_code == 403


def test_tone_and_topic_stand_beside_the_tickets_of_the_account(
    judged: TextJudgement, sign_in: SignIn
) -> None:
    tab = f"/accounts/{judged.account_id}/tickets/"
    now = page_of(sign_in("takahashi"), tab)
    assert f'id="text-{judged.pk}"' in now
    assert "確信度 91% / 42%" in now
    assert f'id="text-{judged.pk}"' in page_of(
        sign_in("takahashi"), f"/accounts/{judged.account_id}/timeline/"
    )
    for where in (tab, f"/accounts/{judged.account_id}/timeline/"):
        past = page_of(sign_in("takahashi"), f"{where}?as_of=2026-11-18")
        if f'id="text-{judged.pk}"' in past:
            assert "後日、第1版で判定" in past
            assert "判定を修正する" not in past


def test_the_tone_a_source_gave_is_told_as_such_and_a_correction_wins(
    judged: TextJudgement, sign_in: SignIn
) -> None:
    client, tab = sign_in("takahashi"), f"/accounts/{judged.account_id}/tickets/"
    record = Record.objects.get(pk=judged.record_id)
    record.data |= {"tone": 0.8}
    record.save()
    told = page_of(client, tab)
    assert "感情(記録元の値)" in told
    assert '<span class="ink-good">肯定的</span>' in told, "one scale of words for what texts say"
    assert "人が修正済み" not in told
    assert "文章の判定:" in told
    said = {"tone": "negative", "topic": "bug_defect", "digest": judged.digest}
    assert client.post(f"/health/texts/{judged.pk}/correct/", said).status_code == 200
    cell = next(part for part in page_of(client, tab).split("<td>") if "記録元の値は肯定的で" in part)
    assert '<span class="ink-danger">否定的</span>' in cell
    assert "人が修正済み" in cell
    assert "記録元の値は肯定的で" not in page_of(client, f"{tab}?as_of=2026-11-18"), "not on a day before it"


def test_topics_are_drawn_beside_the_page_and_long_lists_counted_only_so_far(
    judged: TextJudgement, sign_in: SignIn
) -> None:
    assert "topics-over-time" in page_of(sign_in("sato"), "/health/texts/")
    assert "話題の推移" in page_of(sign_in("sato"), "/health/texts/topics/")
    pages = Bounded(TextJudgement.objects.all(), 1, most=0)
    assert (pages.count, pages.beyond, pages.num_pages) == (0, True, 1)
    assert not Bounded(TextJudgement.objects.all(), 1).beyond


def test_what_customers_write_more_of_must_be_beyond_chance(judged: TextJudgement, world: World) -> None:
    today, member = NOW.date(), world.members["sato"]
    mine = {"account": judged.account, "model": judged.model, "language": "ja", "kind": "note", "digest": "0"}

    def write(topic: str, days: list[int]) -> None:
        for n in days:
            number = TextJudgement.objects.count() + 500
            at = NOW - timedelta(days=n)
            TextJudgement.objects.create(
                record_id=number, written_at=at, topic=topic, tone="negative", **mine
            )

    write("usability", [*range(1, 13), 100])
    write("security_compliance", [1, 2, 3, 100])
    found, texts = growing_topics(member, today, [judged.account_id])
    assert [(one.topic, one.now, one.before, one.negative) for one in found] == [("usability", 12, 1, 12)]
    assert texts >= 15
    assert growing_topics(member, today, []) == ([], 0)


def test_a_customer_is_found_by_name_within_the_scope_alone(
    judged: TextJudgement, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(who: str, words: str) -> set[int]:
        lines = sign_in(who).get(f"/health/texts/?q={words}").context["lines"]
        return {line.read.judgement.account_id for line in lines}

    for few in (2_000, 0):  # few customers hold the word, or many
        monkeypatch.setattr(search, "FEW", few)
        assert named("sato", "さくら") == {judged.account_id}
        assert named("tanaka", "さくら") == named("sato", "nobody") == set()


def test_a_page_reads_its_own_texts_and_counts_without_other_tables(
    judged: TextJudgement, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = TextJudgement.objects.values_list("record_id", flat=True).order_by("-record_id")[0]
    for number in range(1, 31):
        judged.pk, judged.record_id = None, last + number
        judged.save(force_insert=True)
    monkeypatch.setattr(reads, "A_PAGE", 4)
    with CaptureQueriesContext(connection) as caught:
        shown = sign_in("sato").get("/health/texts/?tone=negative&page=2").context
    asked = [one["sql"] for one in caught if 'FROM "texts_textjudgement"' in one["sql"]]
    count, rows = asked
    assert len(shown["lines"]) == 4
    assert shown["page"].paginator.count > 30
    assert "LIMIT 4 OFFSET 4" in rows
    assert "JOIN" not in count, "joined, every account is gone through before the first text"
    assert "EXISTS" in count


def test_each_filter_of_the_list_has_an_index_in_its_order() -> None:
    """A rare language or kind is otherwise looked for through all texts."""
    indexed = {
        index.fields[0] for index in TextJudgement._meta.indexes if index.fields[1:] == ["-written_at", "-id"]
    }
    assert indexed >= {"tone", "topic", *reads._FILTERS}
