"""The book from the published facts: the same as the page says of each account, and only what was known then."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.world import NOW, TODAY, World, at_hour, days_ago

from enishi.accounts.actions import save_records
from enishi.accounts.merging import merge_accounts
from enishi.accounts.models import Account, Contact, Record
from enishi.ingest.api import ask_erasure, drain
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.stakeholders.api import AccountRelationship, ContactMove, judge_book, relationship_now
from enishi.stakeholders.book import row_of
from enishi.stakeholders.jobs import refresh_relationships
from enishi.store.kinds import KINDS

pytestmark = [pytest.mark.slow, pytest.mark.both]


def save(kind: str, *rows: dict[str, Any]) -> None:
    """History of the CRM: known when it happened."""
    full = [{"id": f"{kind}-{n}", **row} for n, row in enumerate(rows)]
    results = save_records(KINDS[kind], full, source="crm", actor="test", backfill=True, now=NOW)
    assert not [one.errors for one in results if one.errors]


@pytest.fixture
def home(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    sakura, fuji = world.sakura, world.fuji
    save(
        "contact",
        {"id": "p1", "account": sakura, "family_name": "早川", "given_name": "玲", "name_kana": "ハヤカワ レイ", "email": "hayakawa.rei@sakura.example",
         "role": "champion", "title": "課長", "since": days_ago(400), "left_on": days_ago(60)},
        {"id": "p2", "account": sakura, "name": "高木 恵", "role": "decision_maker", "title": "代表取締役", "since": days_ago(400), "bounced_on": days_ago(9)},
        {"id": "p3", "account": fuji, "family_name": "早川", "given_name": "玲", "name_kana": "ハヤカワ レイ", "email": "hayakawa.rei@fuji.example",
         "role": "influencer", "title": "部長", "since": days_ago(20)},
    )  # fmt: skip
    talk = {"type": "call", "two_way": True, "member": world.takahashi.email}
    save(
        "interaction",
        *({**talk, "account": sakura, "contact": "p1", "occurred_at": at_hour(days_ago(n))} for n in (70, 90, 110)),
        {**talk, "account": sakura, "contact": "p2", "occurred_at": at_hour(days_ago(30)), "body": "高木様は来春に異動とのこと。"},
        {**talk, "account": sakura, "contact": "p2", "two_way": False, "occurred_at": at_hour(days_ago(5))},
        {**talk, "account": fuji, "contact": "p3", "occurred_at": at_hour(days_ago(6))},
        {**talk, "account": fuji, "contact": "p3", "occurred_at": at_hour(days_ago(2))},
    )  # fmt: skip
    save(
        "survey_answer",
        {
            "account": fuji,
            "contact": "p3",
            "measure": "nps",
            "score": 10,
            "answered_at": at_hour(days_ago(4)),
        },
    )
    save(
        "ticket",
        {
            "account": fuji,
            "contact": "p3",
            "subject": "質問",
            "tone": -0.5,
            "opened_at": at_hour(days_ago(3)),
        },
    )
    left = {"type": "person_left", "url": "https://press.example/1"}
    save(
        "news",
        {
            **left,
            "account": sakura,
            "contact": "p2",
            "headline": "さくら、代表交代",
            "published_on": days_ago(12),
        },
        {**left, "account": fuji, "headline": "富士の早川 玲部長が退任", "published_on": days_ago(3)},
        {
            "type": "person_joined",
            "account": fuji,
            "headline": "早川玲氏が部長に",
            "published_on": days_ago(20),
        },
    )
    drain(Home(tmp_path))
    return Home(tmp_path)


def shown(row: AccountRelationship) -> dict[str, Any]:
    names = [f.attname for f in row._meta.concrete_fields if f.name not in ("judged_at",)]
    return {name: getattr(row, name) for name in names}


def test_the_book_says_what_the_page_says_and_finds_who_moved(world: World, home: Home) -> None:
    # Only the records of the CRM: the cast's own contacts were never stated.
    Account.objects.get(pk=world.sakura.pk).contacts.exclude(source="crm").delete()
    world.fuji.contacts.exclude(source="crm").delete()
    run = judge_book(TODAY, now=NOW, home=home)
    assert run.accounts == Account.objects.filter(merged_into=None, deleted_at=None).count()
    for account in (world.sakura, world.fuji):
        kept = AccountRelationship.objects.get(account=account)
        assert shown(kept) == shown(row_of(account.pk, relationship_now(account, TODAY), {}, NOW))
    sakura, fuji = (AccountRelationship.objects.get(account=one) for one in (world.sakura, world.fuji))
    assert (sakura.champions, sakura.executives, sakura.executive_on) == (0, 1, days_ago(30))
    assert sakura.departing[0]["signs"] == ["news", "bounced", "parting"]
    assert fuji.departing[0]["signs"] == ["news"]
    assert (fuji.single_thread, fuji.executives) == (True, 0)
    move = ContactMove.objects.get()
    assert (move.former.outside_id, move.present.outside_id) == ("p1", "p3")
    assert refresh_relationships(NOW, home) is None, "nothing new since"


def test_a_past_day_knows_nothing_of_later_ones(world: World, home: Home) -> None:
    judge_book(days_ago(80), now=NOW, home=home)
    then = AccountRelationship.objects.get(account=world.sakura)
    assert (then.champions, then.key_leaving, then.last_two_way) == (1, 0, days_ago(90))
    assert AccountRelationship.objects.get(account=world.fuji).people == 0
    assert not ContactMove.objects.exists()
    judge_book(TODAY - timedelta(days=7), now=NOW, home=home)
    assert ContactMove.objects.count() == 1


def test_news_counts_from_the_day_it_was_known_and_follows_a_merge(world: World, home: Home) -> None:
    judge_book(days_ago(13), now=NOW, home=home)
    (then,) = AccountRelationship.objects.get(account=world.sakura).departing
    assert then["signs"] == ["parting"]
    merge_accounts(world.fuji, world.sakura, actor=world.takahashi, now=NOW)
    drain(home)
    judge_book(TODAY, now=NOW, home=home)
    kept = AccountRelationship.objects.get(account=world.sakura)
    signs = {one["contact"]: one["signs"] for one in kept.departing}
    assert signs[Contact.objects.get(outside_id="p3").pk] == ["news"]


def test_erasing_the_person_takes_the_article_too(world: World, home: Home) -> None:
    ask_erasure(Contact.objects.get(outside_id="p2"), actor=world.takahashi, now=NOW)
    drain(home)
    item = Record.objects.get(kind="news", outside_id="news-0")
    assert not {"headline", "url"} & set(item.data)
    with KnownRecords(home) as records:
        rows = records.query("select headline, url from news where type = 'person_left'", TODAY)
    assert rows["headline"].dropna().tolist() == ["富士の早川 玲部長が退任"]
