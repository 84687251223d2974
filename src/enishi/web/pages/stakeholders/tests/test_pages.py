"""The stakeholder map and the list of relationships, as people of each role see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client
from tests.world import NOW, TODAY, World, at_hour, days_ago, make_record

from enishi.accounts.actions import save_records
from enishi.accounts.models import AuditLine, Contact, RecordVersion
from enishi.stakeholders.api import AccountRelationship, Assessment, ContactMove, RelationshipRun, judge_again
from enishi.store.kinds import KINDS

SignIn = Callable[[str], Client]


def plain(response: Any) -> str:
    """A page's words without tags, one space between them."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def talk(world: World, name: str, days: int, account: str = "sakura", two_way: bool = True) -> None:
    make_record(
        world.accounts[account], "interaction", at_hour(days_ago(days)), contact=world.contacts[name], type="call",
        two_way=two_way, member=world.takahashi.email, occurred_at=at_hour(days_ago(days)).isoformat(),
    )  # fmt: skip


def people(client: Client, world: World, account: str = "sakura", query: str = "") -> str:
    return plain(client.get(f"/accounts/{world.accounts[account].pk}/people/{query}"))


def test_the_map_names_levels_drivers_and_signs(world: World, sign_in: SignIn) -> None:
    for days in (3, 20, 40):
        talk(world, "yamamoto", days)
    page = people(sign_in("takahashi"), world)
    assert "役割と影響力のマップ" in page
    assert re.search(r"経営層 1名 \d+日前 · 山本 太一", page)
    assert "当社側では、直近180日の双方向のやり取り4回がすべて高橋 美咲さん" in page
    assert "●●● 強い" in page
    assert "直近180日の接触3回中3回が双方向" in page
    assert "メールが不達になりました" in page
    assert "評価" in page
    english = people(sign_in("smith"), world, "acme")
    assert "Executive 1 person never answered" in english


def test_who_may_only_read_is_offered_nothing_to_change(world: World, sign_in: SignIn) -> None:
    page = sign_in("watanabe").get(f"/accounts/{world.sakura.pk}/people/").content.decode()
    assert "/stakeholders/" not in page
    past = (
        sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/people/?as_of={days_ago(5)}").content.decode()
    )
    assert "/stakeholders/" not in past, "the past cannot be changed"


def test_a_person_is_assessed_in_a_dialog_and_it_can_be_undone(world: World, sign_in: SignIn) -> None:
    client, address = sign_in("takahashi"), f"/accounts/{world.sakura.pk}/stakeholders/{world.kobayashi.pk}/"
    assert "推定のまま" in plain(client.get(address))
    refused = client.post(address, {"feeling": "negative", "feeling_until": days_ago(3).isoformat()})
    assert "今日以降の日付" in plain(refused)
    said = {
        "role": "finance",
        "influence": "high",
        "feeling": "negative",
        "feeling_until": TODAY + timedelta(days=9),
        "note": "請求の件",
    }
    assert client.post(address, said).status_code == 204
    page = people(client, world)
    assert "経理担当" in page
    assert "▼ 否定的 メンバーによる登録" in page
    assert "小林 葵様の評価を保存しました" in page
    assert "“請求の件”" in page
    undone = client.post(f"/accounts/stakeholders/{Assessment.objects.get().pk}/undo/")
    assert undone.status_code == 204
    assert "▼ 否定的" not in people(client, world)


def test_changes_of_role_and_title_are_told_as_they_were_known(world: World, sign_in: SignIn) -> None:
    for days, data in (
        (90, {"name": "加藤 誠", "role": "user", "title": "係長"}),
        (10, {"name": "加藤 誠", "role": "champion", "title": "部長"}),
    ):
        RecordVersion.objects.create(
            kind="contact", record_id=world.kato.pk, account_id=world.fuji.pk, source="crm", outside_id="kato",
            valid_on=days_ago(days), known_at=at_hour(days_ago(days)), data=data,
        )  # fmt: skip
    client = sign_in("takahashi")
    page = people(client, world, "fuji")
    assert "関与の役割: 利用者 → 推進者" in page
    assert "役職: 係長 → 部長" in page
    then = people(client, world, "fuji", f"?as_of={days_ago(20)}")
    assert "担当顧客全体の現在の関係を見る" in then, "the list has no past days"
    assert "担当顧客全体の関係を見る" in people(client, world, "fuji")
    assert "係長" in then
    assert "→" not in then


def test_a_confirmed_move_stands_on_both_accounts_and_outside_the_view_names_nobody(
    world: World, sign_in: SignIn
) -> None:
    move = ContactMove.objects.create(
        former=world.nakamura, present=world.kato, points=70, reasons=["name", "mail_name", "left_before"]
    )
    client = sign_in("takahashi")
    page = people(client, world, "fuji")
    assert "別の顧客企業にいた方と同じ人物ではありませんか" in page
    assert "前の会社を離れた後に登録された" in page
    assert client.post(f"/accounts/stakeholders/moves/{move.pk}/confirm/").status_code == 204
    assert "以前の所属: 株式会社さくら商事 : 推進者" in people(client, world, "fuji")
    assert "現在の所属: 富士精機株式会社" in people(client, world, "sakura")
    Contact.objects.filter(pk=world.kato.pk).update(account=world.naniwa)  # not in the team's view
    page = people(client, world, "sakura")
    assert "閲覧範囲外" in page
    assert "浪速物産" not in page
    ContactMove.objects.update(status="proposed")
    assert "浪速物産" not in people(client, world, "sakura")
    assert client.post(f"/accounts/stakeholders/moves/{move.pk}/dismiss/").status_code == 404


def judged(world: World) -> None:
    for days in (3, 20):
        talk(world, "yamamoto", days)
    for account in world.accounts.values():
        if account.merged_into_id is None:
            judge_again(account, TODAY, NOW)
    RelationshipRun.objects.create(day=TODAY, started_at=NOW, finished_at=NOW)


def test_the_list_filters_sorts_and_keeps_to_the_view(world: World, sign_in: SignIn) -> None:
    judged(world)
    client = sign_in("suzuki")
    page = plain(client.get("/accounts/relations/"))
    assert "接点はすべて次の方経由: 山本 太一" in page
    assert "浪速物産株式会社" in page
    single = plain(client.get("/accounts/relations/?finding=single"))
    assert "株式会社さくら商事" in single
    assert "富士精機" not in single
    assert "条件に合う顧客企業がありません" in plain(client.get("/accounts/relations/?q=存在しない"))
    assert "富士精機" in plain(client.get("/accounts/relations/?q=フジ&sort=-strength&finding=nonsense"))
    assert "浪速物産" not in plain(sign_in("takahashi").get("/accounts/relations/"))


def test_a_champion_who_does_not_answer_is_a_finding_with_the_name(world: World, sign_in: SignIn) -> None:
    for days in (5, 30):
        talk(world, "yamamoto", days, two_way=False)
    judge_again(world.sakura, TODAY, NOW)
    RelationshipRun.objects.create(day=TODAY, started_at=NOW, finished_at=NOW)
    client = sign_in("suzuki")
    page = plain(client.get("/accounts/relations/?finding=unanswered"))
    assert "推進者・決裁者から応答なし" in page
    assert "山本 太一 様 決裁者 · 直近180日の働きかけ2回に応答なし" in page
    talk(world, "yamamoto", 3)
    judge_again(world.sakura, TODAY, NOW)
    assert "条件に合う顧客企業がありません" in plain(
        client.get("/accounts/relations/?finding=unanswered&tier=")
    )


def test_the_list_as_a_file(world: World, sign_in: SignIn) -> None:
    judged(world)
    answer = sign_in("suzuki").get("/accounts/relations/export/?format=csv&finding=single")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("株式会社さくら商事,高橋 美咲,")
    assert AuditLine.objects.get(verb="relations_exported").detail == {"format": "csv", "rows": 1}
    assert sign_in("watanabe").get("/accounts/relations/export/?format=csv").status_code == 403


def test_before_the_first_pass_the_list_says_so(world: World, sign_in: SignIn) -> None:
    assert not AccountRelationship.objects.exists()
    assert "最初の集計は、関係者と対応履歴の取り込みから数分後" in plain(
        sign_in("suzuki").get("/accounts/relations/")
    )


def test_news_of_leaving_stands_on_the_map_and_in_the_timeline_with_its_source(
    world: World, sign_in: SignIn
) -> None:
    row = {
        "id": "n1", "account": world.sakura, "type": "person_left", "headline": "<b>山本 太一</b>氏が退任",
        "url": "https://press.example/1?a=1&b=2", "published_on": days_ago(9),
    }  # fmt: skip
    refused = save_records(
        KINDS["news"], [row | {"url": "javascript:alert(1)"}], source="feed", actor="t", now=NOW
    )
    assert "https://" in refused[0].errors["url"].en
    row["headline"] = "山本 太一氏が<b>退任"
    saved = save_records(KINDS["news"], [row], source="feed", actor="t", backfill=True, now=NOW)
    assert not saved[0].errors
    client = sign_in("takahashi")
    page = people(client, world)
    assert "退任・異動のニュース:山本 太一氏が<b>退任(press.example)" in page
    timeline = client.get(f"/accounts/{world.sakura.pk}/timeline/?kind=news").content.decode()
    for html in (client.get(f"/accounts/{world.sakura.pk}/people/").content.decode(), timeline):
        assert 'href="https://press.example/1?a=1&amp;b=2" rel="noopener noreferrer nofollow"' in html
        assert "山本 太一氏が&lt;b&gt;退任" in html
    before = client.get(f"/accounts/{world.sakura.pk}/people/?as_of={days_ago(12)}").content.decode()
    assert "press.example" not in before
