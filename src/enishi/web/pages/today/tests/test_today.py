"""Today as each member opens it, and what is done there without leaving."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.world import NOW, TODAY, World, make_account, make_state

from enishi.accounts.models import Account, Member, Record
from enishi.signals.models import AccountState
from enishi.web.pages.portfolio.exports import sortable
from enishi.web.pages.today import present
from enishi.work import api as work

SignIn = Callable[[str], Client]


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def told(response: Any) -> dict[str, Any]:
    """The toast of an htmx answer."""
    toast: dict[str, Any] = json.loads(response.headers["HX-Trigger"])["toast"]
    return toast


def test_the_renewals_open_sorted_by_a_column_there_is(world: World) -> None:
    member = next(iter(world.members.values()))
    asked = present.read_asked(member, {})
    sort = QueryDict(present._renewals_address(asked, member)[1:])["sort"]
    assert sortable(sort)


def test_a_card_says_money_cause_evidence_and_what_to_do(world: World, sign_in: SignIn) -> None:
    page = text(sign_in("takahashi").get("/"))
    for words in (
        "株式会社さくら商事", "960万円", "関係が切れている", "推進者の中村 優さんが異動されました", "関係を結び直す",
        "執行役員 山本様", "順位の理由", "11月20日時点",
    ):  # fmt: skip
        assert words in page, words
    assert "浪速物産" not in page, "a colleague's account"


def test_it_speaks_english_to_those_who_read_english(world: World, sign_in: SignIn) -> None:
    page = text(sign_in("smith").get("/"))
    assert "Whom do I help first, and why?" in page
    assert "Talk about a fitting contract" in page
    assert "¥6M" in page


def test_views_widen_only_within_the_scope(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    assert "Acme Corporation" not in text(client.get("/"))
    assert "Acme Corporation" in text(client.get("/?view=team"))
    assert "浪速物産" not in text(client.get("/?view=all")), "her scope is the team"
    assert "浪速物産" in text(sign_in("suzuki").get("/"))


def test_readers_see_no_buttons(world: World, sign_in: SignIn) -> None:
    for name in ("ito", "watanabe"):
        page = text(sign_in(name).get("/"))
        assert "株式会社さくら商事" in page
        assert "対応済みにする" not in page


def test_done_is_one_click_and_can_be_undone(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    response = client.post(f"/accounts/{world.sakura.pk}/done/")
    assert response.status_code == 204
    toast = told(response)
    assert "対応済み" in toast["message"]
    after = text(client.get("/today/queue/"))
    assert f'id="todo-{world.sakura.pk}"' not in after
    assert "対応済み・あとで対応" in after
    assert client.post(toast["undo"]).status_code == 204
    assert f'id="todo-{world.sakura.pk}"' in text(client.get("/today/queue/"))


def test_a_card_says_that_its_minutes_hold_the_preparation(world: World, sign_in: SignIn) -> None:
    assert "準備込みで" in text(sign_in("takahashi").get("/"))


def test_snooze_by_preset_and_by_date(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    address = f"/accounts/{world.fuji.pk}/act/snooze/"
    dialog = text(client.get(address))
    assert "1週間" in dialog
    assert dialog.count("日付を指定") == 1
    assert "別の日を指定する場合</label>" in dialog, "not called optional"
    assert "日付を指定してください" in text(client.post(address, {"until": "date"}))
    far = (TODAY + timedelta(days=300)).isoformat()
    assert "2027年9月16日は指定できません。明日から180日以内" in text(
        client.post(address, {"until": "date", "day": far})
    )
    day = (TODAY + timedelta(days=10)).isoformat()
    response = client.post(address, {"until": "date", "day": day, "reason": "役員会のあと"})
    assert "11月30日" in told(response)["message"]
    assert "役員会のあと" in text(client.get("/today/queue/"))


def test_logging_a_call_with_a_promise(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    address = f"/accounts/{world.sakura.pk}/act/log/"
    form = text(client.get(address))
    assert f'<option value="{world.yamamoto.pk}" selected>' in form, "the person to address is chosen already"
    assert "中村" not in form, "who left cannot be called"
    said = {
        "type": "call", "occurred_on": TODAY.isoformat(), "minutes": "20", "contact": str(world.yamamoto.pk),
        "two_way": "on", "subject": "後任の件", "body": "来週ご紹介いただける", "promise": "説明資料を送る",
        "promise_on": (TODAY + timedelta(days=2)).isoformat(), "done": "on",
    }  # fmt: skip
    response = client.post(address, said)
    assert response.status_code == 204
    assert told(response)["undo"]
    record = Record.objects.get(kind="interaction", account=world.sakura, contact=world.yamamoto)
    assert record.data["minutes"] == 20
    assert "説明資料を送る" in text(client.get("/today/promises/"))
    assert f'id="todo-{world.sakura.pk}"' not in text(client.get("/today/queue/"))


def test_a_wrong_log_comes_back_with_its_words(world: World, sign_in: SignIn) -> None:
    address = f"/accounts/{world.sakura.pk}/act/log/"
    later = (TODAY + timedelta(days=1)).isoformat()
    page = text(sign_in("takahashi").post(address, {"type": "call", "occurred_on": later, "body": "長い話"}))
    assert "未来の日付は記録できません" in page
    assert "長い話" in page, "nothing typed is lost"


def test_delegating_offers_only_who_sees_the_account(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    address = f"/accounts/{world.acme.pk}/act/delegate/"
    form = text(client.get(address))
    assert "Alice Smith" in form
    assert "田中 健" not in form
    said = {"assignee": str(world.smith.pk), "title": "Call", "due_on": TODAY.isoformat(), "note": ""}
    response = client.post(address, said)
    assert told(response)["message"] == "Acme CorporationをAlice Smithさんに任せました。"
    assert list(work.my_promises(world.smith, TODAY).values_list("title", flat=True)) == ["Call"]
    stranger = {**said, "assignee": str(world.tanaka.pk)}
    assert "選択" in text(client.post(address, stranger))


def test_a_promise_is_ticked_off_and_taken_back(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    task = work.create_task(
        world.takahashi, world.fuji.pk, "見積を送る", now=NOW, due_on=TODAY - timedelta(days=2)
    )
    page = text(client.get("/"))
    assert "期限超過1件" in page
    assert page.index(f'id="todo-{world.fuji.pk}"') < page.index(f'id="todo-{world.sakura.pk}"')
    response = client.post(f"/accounts/tasks/{task.pk}/done/")
    assert "見積を送る" not in text(client.get("/today/promises/"))
    client.post(told(response)["undo"])
    assert "見積を送る" in text(client.get("/today/promises/"))


def test_others_work_cannot_be_touched(world: World, sign_in: SignIn) -> None:
    client = sign_in("smith")
    task = work.create_task(world.takahashi, world.fuji.pk, "見積を送る", now=NOW)
    assert client.post(f"/accounts/{world.sakura.pk}/done/").status_code == 404
    assert client.get(f"/accounts/{world.sakura.pk}/act/log/").status_code == 404
    assert client.post(f"/accounts/tasks/{task.pk}/done/").status_code == 404
    assert sign_in("watanabe").post(f"/accounts/{world.sakura.pk}/done/").status_code == 403
    assert sign_in("ito").get(f"/accounts/{world.sakura.pk}/act/log/").status_code == 403


def test_ten_at_a_time_with_totals(world: World, sign_in: SignIn) -> None:
    for number in range(14):
        make_state(make_account(f"追加{number}", owner=world.tanaka), "red", 250, at_stake=number + 1)
    client = sign_in("tanaka")
    first = text(client.get("/"))
    assert first.count("data-card ") == 10
    assert "さらに5社を表示" in first
    everything = text(client.get("/today/queue/?view=mine&shown=20"))
    assert everything.count("data-card ") == 15
    assert "data-more" not in everything


def test_empty_pages_teach_the_next_step(world: World, sign_in: SignIn) -> None:
    AccountState.objects.update(band="green", main_cause="", alerts=[], causes=[], tenths_week_ago=None)
    world.sakura.signals.all().delete()
    world.fuji.signals.all().delete()
    assert "今、対応が必要な顧客はありません" in text(sign_in("takahashi").get("/"))
    newcomer = Member.objects.create(email="new@soratech.example", role="csm", scope="own")
    client = Client()
    client.force_login(newcomer)
    assert "担当の顧客がまだありません" in text(client.get("/"))
    Account.objects.all().delete()
    assert "顧客がまだ登録されていません" in text(sign_in("suzuki").get("/"))


def test_the_number_of_queries_does_not_grow(
    world: World, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(9):
        make_state(make_account(f"追加{number}", owner=world.takahashi), "red", 250, at_stake=number + 1)
    client = sign_in("takahashi")
    client.get("/")
    with django_assert_max_num_queries(36):
        client.get("/")


def test_a_good_account_says_why_it_is_listed(world: World, sign_in: SignIn) -> None:
    AccountState.objects.filter(account=world.fuji).update(band="green")
    page = text(sign_in("takahashi").get("/"))
    assert "スコアはまだ良好ですが、スコアに表れる前の兆候「パワーユーザーの減少」があるため" in page
    work.create_task(world.takahashi, world.hokuto.pk, "資料を送る", now=NOW, due_on=TODAY)
    assert "お約束の期限が来ているため" in text(sign_in("takahashi").get("/"))


def test_a_matter_of_others_is_named_once_with_its_evidence(world: World, sign_in: SignIn) -> None:
    world.sakura.signals.filter(type__startswith="alert:").delete()
    state = AccountState.objects.get(account=world.sakura)
    state.alerts, state.causes = [], state.causes[::-1]
    state.causes[0]["strength"] = 90
    state.save()
    page = text(sign_in("takahashi").get("/"))
    card = page[page.index(f'id="todo-{world.sakura.pk}"') :].partition("</article>")[0]
    assert card.count(">製品課題</span>") == 1
    assert "帳票の遅さに触れています" in card
    assert "価値を感じていない (" not in card


def test_a_manager_sees_the_load_of_the_team(world: World, sign_in: SignIn) -> None:
    task = work.create_task(world.smith, world.acme.pk, "Call", now=NOW, due_on=TODAY - timedelta(days=1))
    client = sign_in("suzuki")
    page = text(client.get("/?view=all"))
    load = page[page.index("チームの負荷") :].partition("</section>")[0]
    for words in ("高橋 美咲", "Alice Smith", "田中 健", "1,080万円", "期限超過1件"):
        assert words in load, words
    assert load.index("高橋 美咲") < load.index("田中 健") < load.index("Alice Smith"), "most at stake first"
    assert "引き継ぎが必要" not in load
    Member.objects.filter(pk=world.smith.pk).update(role="viewer")
    page = text(client.get("/?view=all"))
    assert page.count("引き継ぎが必要") == 1, "who reads only cannot help them"
    assert f'/accounts/?owner={world.smith.pk}"' in page
    one = text(client.get(f"/?view=all&owner={world.smith.pk}"))
    assert f'id="todo-{world.acme.pk}"' in one
    assert f'id="todo-{world.sakura.pk}"' not in one
    assert "全員の表示に戻す" in one
    assert task.title in text(sign_in("smith").get("/"))
    assert "チームの負荷" not in text(sign_in("takahashi").get("/?view=mine"))


def test_an_owner_cannot_widen_the_scope(world: World, sign_in: SignIn) -> None:
    page = text(sign_in("takahashi").get(f"/?view=team&owner={world.tanaka.pk}"))
    assert "浪速物産" not in page


def test_what_was_handed_over_and_what_comes_later(world: World, sign_in: SignIn) -> None:
    work.create_task(
        world.suzuki, world.acme.pk, "規約を確認する", now=NOW, due_on=TODAY, assignee=world.smith
    )
    work.create_task(world.suzuki, world.sakura.pk, "来期の計画", now=NOW)
    client = sign_in("suzuki")
    page = text(client.get("/"))
    assert "ほかの方に任せたタスク" in page
    assert "規約を確認する" in page
    assert "来期の計画" not in page
    assert "来期の計画" in text(client.get("/today/promises/?all=1"))


def test_the_end_of_a_long_list_leads_on(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(present, "MOST_SHOWN", 10)
    for number in range(14):
        make_state(make_account(f"追加{number}", owner=world.tanaka), "red", 250, at_stake=number + 1)
    page = text(sign_in("tanaka").get("/"))
    assert "data-more" not in page, "a button that shows nothing new is none"
    assert "ほかに5社が対応を必要としています" in page


def test_nobody_meets_a_page_without_a_next_step(world: World, sign_in: SignIn) -> None:
    for name in ("sato", "suzuki", "ito", "watanabe"):
        assert "data-card " in text(sign_in(name).get("/")), name
    alone = Member.objects.create(email="new@soratech.example", role="csm", scope="own")
    client = Client()
    client.force_login(alone)
    page = text(client.get("/"))
    assert "割り当て後は、毎朝この画面に" in page
    assert 'href="/me/"' in page


@pytest.mark.parametrize(("kind", "answered"), [("meeting", True), ("visit", True), ("mail", False)])
def test_contacts_in_which_customers_take_part_are_ticked_as_answered(
    world: World, sign_in: SignIn, kind: str, answered: bool
) -> None:
    form = text(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/act/log/?type={kind}"))
    box = form[form.index('name="two_way"') :].partition(">")[0]
    assert ("checked" in box) == answered


def test_a_card_that_stands_for_a_promise_completes_it(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    card = f'id="todo-{world.hokuto.pk}"'
    assert card not in text(client.get("/today/queue/"))
    promise = work.create_task(world.takahashi, world.hokuto.pk, "資料を送る", now=NOW, due_on=TODAY)
    shown = text(client.get("/today/queue/")).partition(card)[2].partition("</article>")[0]
    assert "約束を完了にする" in shown
    assert "お約束いたしました「資料を送る」の件" in shown
    assert "対応済みにする" not in shown
    answer = told(client.post(re.findall(r'data-act="d" hx-post="([^"]+)"', shown)[0]))
    promise.refresh_from_db()
    assert promise.status == "done"
    assert card not in text(client.get("/today/queue/"))
    client.post(answer["undo"])
    assert card in text(client.get("/today/queue/"))
