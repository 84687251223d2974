"""The account page: every tab, now and as of a past day, for every role."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.world import NOW, TODAY, World, at_hour, days_ago, make_account, make_record

from enishi.accounts.merging import merge_accounts
from enishi.accounts.models import Account, AuditLine, Contact, Merge, Record, RecordVersion
from enishi.definitions.models import DefinitionVersion
from enishi.signals.models import AccountState, HealthScore, Override
from enishi.web.pages.account.known import incidents_of, people_of, records_of
from enishi.web.pages.account.trend import contract_changes
from enishi.work import api as work

SignIn = Callable[[str], Client]
TABS = ("usage", "people", "revenue", "tickets", "timeline", "notes")


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def plain(response: Any) -> str:
    """The page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text(response)))


@pytest.mark.parametrize("tab", ["", *TABS])
def test_every_tab_opens_for_every_role_now_and_then(world: World, sign_in: SignIn, tab: str) -> None:
    address = f"/accounts/{world.sakura.pk}/" + (f"{tab}/" if tab else "")
    for name in ("takahashi", "watanabe"):
        client = sign_in(name)
        assert client.get(address).status_code == 200
        assert "時点で分かっていた内容" in text(client.get(f"{address}?as_of=2026-11-01"))


def test_the_header_says_who_and_how_much(world: World, sign_in: SignIn) -> None:
    page = plain(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/"))
    for words in ("サクラショウジ", "ハイタッチ", "高橋 美咲", "定着", "960万円", "あと45日", "38 / 120 32%"):
        assert words in page, words


def test_the_lines_shown_add_up_to_the_score_shown(world: World, sign_in: SignIn) -> None:
    page = text(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/"))
    table = page[page.index('class="grid drivers"') :].partition("</table>")[0]
    cells = re.findall(r'<td class="num">([\d.]+)</td>', table)
    total = re.search(r"<strong>([\d.]+)</strong>", table)
    assert total is not None
    assert total.group(1) == "38.4"
    assert sum(round(float(cell) * 10) for cell in cells) == 384


def test_a_band_kept_by_the_margin_says_so(world: World, sign_in: SignIn) -> None:
    kept = {"tenths": 575, "computed_tenths": 575, "band": "yellow", "computed_band": "yellow"}
    AccountState.objects.filter(account=world.sakura).update(**kept)
    page = text(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/"))
    assert "「注意」の下限58点を下回っていますが、緩衝幅(2点)の範囲内のため「注意」のままです。" in page


def test_the_changes_shown_add_up(world: World, sign_in: SignIn) -> None:
    page = text(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/"))
    for part in re.findall(r'<details class="score-change">.*?</details>', page, re.S):
        numbers = [round(float(n.replace("−", "-")) * 10) for n in re.findall(r"[+−][\d.]+", part)]
        said, *lines, total = numbers
        assert said == total == sum(lines)


def test_each_line_leads_to_its_facts(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    page = text(client.get(f"/accounts/{world.sakura.pk}/"))
    ticket = Record.objects.get(account=world.sakura, kind="ticket")
    address = f"/accounts/{world.sakura.pk}/tickets/"
    assert f'href="{address}#record-{ticket.pk}"' in page
    assert f'id="record-{ticket.pk}"' in text(client.get(address))
    assert f'href="/accounts/{world.sakura.pk}/people/#contact-{world.nakamura.pk}"' in page
    assert f'id="contact-{world.nakamura.pk}"' in text(client.get(f"/accounts/{world.sakura.pk}/people/"))
    assert f'href="/accounts/{world.sakura.pk}/timeline/?kind=interaction"' in page


def test_an_account_outside_the_scope_does_not_exist(world: World, sign_in: SignIn) -> None:
    client = sign_in("smith")
    for tab in ("", *(f"{tab}/" for tab in TABS), "export/xlsx/", "notes/list/", "panel/mrr/"):
        assert client.get(f"/accounts/{world.sakura.pk}/{tab}").status_code == 404


def test_a_merged_account_leads_to_the_survivor(world: World, sign_in: SignIn) -> None:
    response = sign_in("takahashi").get(f"/accounts/{world.sakura_osaka.pk}/tickets/", follow=True)
    osaka = world.sakura_osaka.pk
    assert response.redirect_chain == [(f"/accounts/{world.sakura.pk}/tickets/?merged={osaka}", 302)]
    assert "さくら商事 大阪支店はこの顧客企業に統合されています" in text(response)
    assert sign_in("tanaka").get(f"/accounts/{world.sakura_osaka.pk}/").status_code == 404


def test_a_past_row_of_a_merged_account_leads_to_that_day_of_the_survivor(
    world: World, sign_in: SignIn
) -> None:
    client, day = sign_in("takahashi"), days_ago(40)
    Merge.objects.create(
        account=world.sakura_osaka, survivor=world.sakura, since=days_ago(10), made_by="test"
    )
    page = client.get(f"/accounts/{world.sakura_osaka.pk}/?as_of={day.isoformat()}", follow=True)
    assert f"as_of={day.isoformat()}" in page.redirect_chain[0][0]
    assert "さくら商事 大阪支店は独立した顧客企業でした" in text(page)
    assert "この画面での変更はできません" in text(page)
    stranger = client.get(f"/accounts/{world.fuji.pk}/?merged={world.sakura_osaka.pk}")
    assert "統合されています" not in text(stranger)


def test_a_ticket_says_how_long_it_took_and_its_topic_in_the_readers_words(
    world: World, sign_in: SignIn
) -> None:
    for number, (hours, topic) in enumerate(((6, "thanks"), (100, "社内用語"))):
        opened = at_hour(days_ago(30))
        data = {"opened_at": opened.isoformat(), "resolved_at": (opened + timedelta(hours=hours)).isoformat()}
        data |= {"subject": f"件{number}", "category": topic}
        Record.objects.create(
            kind="ticket",
            account=world.fuji,
            source="t",
            outside_id=f"t{number}",
            happened_at=opened,
            data=data,
        )
    client = sign_in("takahashi")
    tickets = text(client.get(f"/accounts/{world.fuji.pk}/tickets/"))
    assert '<td class="num">6時間</td>' in tickets
    assert '<td class="num">4日</td>' in tickets
    timeline = text(client.get(f"/accounts/{world.fuji.pk}/timeline/?kind=ticket"))
    assert "お礼" in timeline
    assert "thanks" not in timeline
    assert "社内用語" in timeline


def test_as_of_shows_what_was_known_then(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    before = (days_ago(21)).isoformat()
    people = plain(client.get(f"/accounts/{world.sakura.pk}/people/?as_of={before}"))
    assert "退職・異動された方" not in people
    assert "退職・異動された方" in plain(client.get(f"/accounts/{world.sakura.pk}/people/"))
    tickets = plain(client.get(f"/accounts/{world.sakura.pk}/tickets/?as_of={before}"))
    assert "帳票の出力が遅い" not in tickets
    overview = plain(client.get(f"/accounts/{world.sakura.pk}/?as_of={before}"))
    assert "推進者の離脱" not in overview
    score = HealthScore.objects.filter(account=world.sakura, day=days_ago(21))[0]
    assert f"{score.tenths / 10:.1f}" in overview
    causes = plain(client.get(f"/accounts/{world.sakura.pk}/panel/causes/?as_of={before}"))
    assert "価値を感じていない" in causes
    assert "帳票の出力が遅い" not in causes, "the ticket came later"
    assert "推進者の離脱" not in causes
    assert "対応済みにする" not in overview
    assert "次にすること" not in overview
    assert "時点で分かっていた" not in plain(client.get(f"/accounts/{world.sakura.pk}/?as_of=tomorrow"))


def test_a_ticket_resolved_later_was_open_then(world: World, sign_in: SignIn) -> None:
    make_record(
        world.fuji, "ticket", at_hour(days_ago(40)), subject="印刷できない", opened_at=at_hour(days_ago(40)).isoformat(),
        resolved_at=at_hour(days_ago(10)).isoformat(), severity="normal",
    )  # fmt: skip
    client = sign_in("takahashi")
    assert "解決済み" in plain(client.get(f"/accounts/{world.fuji.pk}/tickets/"))
    then = text(client.get(f"/accounts/{world.fuji.pk}/tickets/?as_of={days_ago(20).isoformat()}"))
    assert '<span class="badge-plain tone-caution">未解決</span>' in then


def test_the_past_knows_no_later_correction_merge_or_deletion(world: World) -> None:
    """A corrected opening, a company taken in since, a contact deleted since: each page of then is as it was."""
    other = make_account("さくらロジ株式会社", since=days_ago(400))
    theirs = make_record(
        other, "ticket", at_hour(days_ago(50)), subject="別会社", opened_at=at_hour(days_ago(50)).isoformat()
    )
    own = make_record(
        world.sakura,
        "ticket",
        at_hour(days_ago(45)),
        subject="自社",
        opened_at=at_hour(days_ago(45)).isoformat(),
    )
    everyone = make_record(
        world.sakura,
        "incident",
        at_hour(days_ago(44)),
        title="全体",
        started_at=at_hour(days_ago(44)).isoformat(),
    )
    Record.objects.filter(pk=everyone.pk).update(account=None)
    RecordVersion.objects.filter(record_id=everyone.pk, kind="incident").update(account_id=None)
    Record.objects.filter(pk=own.pk).update(happened_at=at_hour(days_ago(5)), outside_id="corrected")
    merge_accounts(other, world.sakura, actor="test", now=at_hour(days_ago(10)), since=days_ago(10))
    Contact.objects.filter(pk=world.yamamoto.pk).update(deleted_at=at_hour(days_ago(3)))
    RecordVersion.objects.create(
        kind="contact", record_id=world.yamamoto.pk, account_id=world.sakura.pk, source="crm", outside_id="yamamoto",
        valid_on=days_ago(90), known_at=at_hour(days_ago(90)), data={"role": "decision_maker"},
    )  # fmt: skip

    def tickets(day: date | None) -> dict[int, date]:
        return {known.pk: known.happened_at.date() for known in records_of(world.sakura, day, "ticket")}

    before = tickets(days_ago(20))
    assert before[own.pk] == days_ago(45)
    assert theirs.pk not in before
    assert theirs.pk in tickets(days_ago(5))
    assert theirs.pk in tickets(None)
    for day in (days_ago(20), None):
        assert everyone.pk in {known.pk for known in incidents_of(world.sakura, day)}
    assert world.yamamoto.pk in {one.contact.pk for one in people_of(world.sakura, days_ago(20))}
    assert world.yamamoto.pk not in {one.contact.pk for one in people_of(world.sakura, None)}


def test_people_warn_of_a_single_thread_and_of_missing_roles(world: World, sign_in: SignIn) -> None:
    page = plain(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/people/"))
    assert "直近180日に応答のあった関係者がいません" in page
    assert "推進者が分かっていません" in page
    assert "決裁者が分かっていません" not in page
    assert "メール不達" in page
    for days in (5, 30, 60):
        at = at_hour(days_ago(days))
        make_record(world.sakura, "interaction", at, contact=world.yamamoto, type="call", two_way=True)
    page = plain(sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/people/"))
    assert "窓口が一人に偏っています" in page
    assert "●●● 強い" in page


def test_revenue_marks_what_is_overdue(world: World, sign_in: SignIn) -> None:
    page = plain(sign_in("smith").get(f"/accounts/{world.acme.pk}/revenue/"))
    assert "20 days overdue" in page
    assert "¥1,500,000" in page
    then = plain(sign_in("smith").get(f"/accounts/{world.acme.pk}/revenue/?as_of={days_ago(30).isoformat()}"))
    assert "overdue" not in then


def test_a_training_tells_its_score_as_one(world: World, sign_in: SignIn) -> None:
    make_record(world.fuji, "training", at_hour(days_ago(3)), course="自動化講座", score=68)
    make_record(world.fuji, "training", at_hour(days_ago(4)), course="入門講座")
    said = text(sign_in("takahashi").get(f"/accounts/{world.fuji.pk}/timeline/?kind=training"))
    assert "得点68点" in said
    assert said.count("得点") == 1


def test_the_timeline_pages_without_gap_or_repeat(world: World, sign_in: SignIn) -> None:
    for number in range(90):
        at = at_hour(days_ago(100 + number // 3))
        make_record(world.hokuto, "interaction", at, type="call", subject=f"電話{number:03}")
    client, address = sign_in("takahashi"), f"/accounts/{world.hokuto.pk}/timeline/?kind=interaction"
    seen: list[str] = []
    for _page in range(5):
        page = text(client.get(address))
        seen += re.findall(r"電話\d{3}", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        address = f"/accounts/{world.hokuto.pk}/timeline/" + following.group(1).replace("&amp;", "&")
    assert sorted(seen) == [f"電話{number:03}" for number in range(90)]


def test_the_timeline_holds_everything_and_filters(world: World, sign_in: SignIn) -> None:
    work.add_note(world.takahashi, world.sakura.pk, "稟議は第2週", now=NOW)
    work.create_task(world.takahashi, world.sakura.pk, "資料を送る", now=NOW)
    client, address = sign_in("takahashi"), f"/accounts/{world.sakura.pk}/timeline/"
    page = plain(client.get(address))
    for words in (
        "稟議は第2週",
        "資料を送る",
        "帳票の出力が遅い",
        "ログイン障害",
        "NPS 6",
        "定例会",
        "推進者の離脱",
        "良好 → 危険",
    ):
        assert words in page, words
    only = plain(client.get(f"{address}?kind=ticket"))
    assert "帳票の出力が遅い" in only
    assert "ログイン障害" not in only
    audit = plain(client.get(f"{address}?kind=audit"))
    assert "タスクの作成" in audit
    assert "task created" not in audit


def test_notes_are_written_pinned_changed_and_brought_back(world: World, sign_in: SignIn) -> None:
    client, base = sign_in("takahashi"), f"/accounts/{world.sakura.pk}/notes"
    assert "メモの内容を入力してください" in text(client.post(f"{base}/add/", {"body": " "}))
    assert "決裁は4月" in text(client.post(f"{base}/add/", {"body": "決裁は4月<script>"}))
    note = work.Note.objects.get()
    assert "<script>" not in text(client.get(f"{base}/list/")).replace("&lt;script&gt;", "")
    assert "固定を外す" in text(client.post(f"/accounts/notes/{note.pk}/act/pin/"))
    assert "autofocus" in text(client.get(f"/accounts/notes/{note.pk}/edit/"))
    assert "決裁は5月" in text(client.post(f"/accounts/notes/{note.pk}/edit/", {"body": "決裁は5月"}))
    response = client.post(f"/accounts/notes/{note.pk}/act/delete/")
    assert "決裁は5月" not in text(response)
    assert client.post(f"/accounts/notes/{note.pk}/act/restore/").status_code == 204
    assert "決裁は5月" in text(client.get(f"{base}/list/"))
    assert sign_in("ito").post(f"{base}/add/", {"body": "x"}).status_code == 403


def test_an_override_stands_over_the_computed_band_which_stays_visible(world: World, sign_in: SignIn) -> None:
    client, address = sign_in("takahashi"), f"/accounts/{world.sakura.pk}/act/override/"
    said = {"band": "yellow", "reason": "", "expires_on": (TODAY + timedelta(days=30)).isoformat()}
    assert "入力してください" in text(client.post(address, said))
    here = {"HTTP_HX_CURRENT_URL": f"http://testserver/accounts/{world.sakura.pk}/"}
    response = client.post(address, {**said, "reason": "社長と合意済み"}, **here)  # type: ignore[arg-type]
    assert response.headers["HX-Refresh"] == "true"
    page = plain(client.get(f"/accounts/{world.sakura.pk}/"))
    assert "社長と合意済み" in page
    assert "自動判定: 38.4 ■ 危険" in page
    assert AccountState.objects.get(account=world.sakura).band == "yellow"
    world.clock.advance(days=2)  # not scored since
    assert "社長と合意済み" in plain(client.get(f"/accounts/{world.sakura.pk}/"))
    world.clock.advance(days=-2)
    assert client.post(f"/accounts/{world.sakura.pk}/override/end/").status_code == 204
    assert AccountState.objects.get(account=world.sakura).band == "red"
    assert Override.objects.get().ended_at == NOW
    assert list(AuditLine.objects.order_by("id").values_list("verb", flat=True)) == [
        "band_overridden", "override_ended",
    ]  # fmt: skip


def test_owner_and_tier_are_for_managers(world: World, sign_in: SignIn) -> None:
    for verb in ("owner", "tier"):
        assert sign_in("takahashi").get(f"/accounts/{world.sakura.pk}/act/{verb}/").status_code == 403
        assert sign_in("suzuki").get(f"/accounts/{world.sakura.pk}/act/{verb}/").status_code == 200
    response = sign_in("suzuki").post(
        f"/accounts/{world.sakura.pk}/act/owner/", {"owner": str(world.smith.pk)}
    )
    assert response.status_code == 204
    world.sakura.refresh_from_db()
    assert world.sakura.owner == world.smith
    response = sign_in("smith").post(f"/accounts/{world.sakura.pk}/act/stage/", {"stage": "advocacy"})
    assert response.status_code == 204
    world.sakura.refresh_from_db()
    assert world.sakura.stage == "advocacy"


def test_a_manual_measure_needs_a_declared_one(world: World, sign_in: SignIn) -> None:
    from enishi.definitions.api import install_defaults

    install_defaults("system", NOW)
    client, address = sign_in("takahashi"), f"/accounts/{world.sakura.pk}/act/measure/"
    assert "担当CSMの見立て" in text(client.get(address))
    said = {"measure": "pulse", "value": "35", "note": "社内で不満", "expires_on": "2027-01-31"}
    assert client.post(address, said).status_code == 204
    assert "社内で不満" in text(client.get(f"/accounts/{world.sakura.pk}/"))
    assert "100" in text(client.post(address, {**said, "value": "101"}))


def test_everything_held_goes_into_a_file(world: World, sign_in: SignIn) -> None:
    work.add_note(world.takahashi, world.sakura.pk, "=cmd|' /C calc'!A0", now=NOW)
    client = sign_in("takahashi")
    response = client.get(f"/accounts/{world.sakura.pk}/export/xlsx/")
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.content))
    assert book.sheet_names[:3] == ["顧客企業", "関係者", "契約"]
    assert "帳票の出力が遅い" in str(book.get_sheet_by_name("問い合わせ").to_python())
    for form, encoding in (("csv", "utf-8-sig"), ("cp932", "cp932")):
        archive = zipfile.ZipFile(
            io.BytesIO(client.get(f"/accounts/{world.sakura.pk}/export/{form}/").content)
        )
        assert "ログイン障害" in archive.read("incident.csv").decode(encoding)
        assert "'=cmd" in archive.read("note.csv").decode(encoding), "no spreadsheet runs it"
    assert AuditLine.objects.filter(verb="account_exported", account=world.sakura).count() == 3
    assert sign_in("watanabe").get(f"/accounts/{world.sakura.pk}/export/xlsx/").status_code == 403
    assert client.get(f"/accounts/{world.sakura.pk}/export/pdf/").status_code == 404


def test_what_was_moved_to_another_account_still_stands_on_this_one_s_past(world: World) -> None:
    """A ticket, a contract and a person moved ten days ago are theirs today; the days before show them where they stood."""
    moved_on, other = at_hour(days_ago(10)), world.naniwa
    ticket = make_record(world.sakura, "ticket", at_hour(days_ago(50)), subject="移した件", opened_at=at_hour(days_ago(50)).isoformat())  # fmt: skip
    plan = make_record(world.sakura, "subscription", at_hour(days_ago(80)), plan="A", notice_on=days_ago(40).isoformat())  # fmt: skip
    person = Contact.objects.create(account=world.sakura, name="移った方", source="crm", outside_id="moved", role="champion")  # fmt: skip
    said = {"kind": "contact", "record_id": person.pk, "source": "crm", "outside_id": "moved", "data": {"name": "移った方", "role": "champion"}}  # fmt: skip
    RecordVersion.objects.create(**said, account_id=world.sakura.pk, valid_on=days_ago(90), known_at=at_hour(days_ago(90)))  # fmt: skip
    RecordVersion.objects.create(**said, account_id=other.pk, valid_on=days_ago(10), known_at=moved_on)
    for record in (ticket, plan):
        last = RecordVersion.objects.filter(kind=record.kind, record_id=record.pk).latest("pk")
        last.pk, last.account_id, last.known_at, last.valid_on = None, other.pk, moved_on, days_ago(10)
        last.save()
        Record.objects.filter(pk=record.pk).update(account=other)
    Contact.objects.filter(pk=person.pk).update(account=other)

    def there(account: Account, day: date) -> set[object]:
        people = {one.contact.name for one in people_of(account, day)}
        return people | {known.pk for known in records_of(account, day, "ticket", "subscription")}

    moved = {ticket.pk, plan.pk, "移った方"}
    assert there(world.sakura, days_ago(20)) >= moved
    assert not there(other, days_ago(20)) & moved
    assert not there(world.sakura, days_ago(5)) & moved
    assert there(other, days_ago(5)) >= moved
    assert days_ago(40) in {day for day, _label in contract_changes(world.sakura, days_ago(20))}


def test_the_versions_of_an_account_are_found_by_index(world: World) -> None:
    found = RecordVersion.objects.filter(account_id__in=[world.sakura.pk], kind="ticket").order_by()
    if connection.vendor == "postgresql":  # which reads so few rows without any index otherwise
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    assert "version_of_account" in found.explain()


def test_scores_made_afterwards_do_not_look_like_live_ones(world: World, sign_in: SignIn) -> None:
    """The chart, its table and the past day say when a score was made, and by which version."""
    client, scores = sign_in("takahashi"), HealthScore.objects.filter(account=world.sakura)
    address, past = f"/accounts/{world.sakura.pk}/", days_ago(21)
    for score in scores:
        HealthScore.objects.filter(pk=score.pk).update(computed_at=at_hour(score.day))
    DefinitionVersion.objects.update(published_at=at_hour(days_ago(400)))
    assert "後日計算" not in plain(client.get(address)) + plain(client.get(f"{address}?as_of={past}"))
    scores.filter(day=past).update(computed_at=at_hour(days_ago(1)))
    said = "後日計算(2026年11月19日に、2025年10月16日公開の第1版で算出)"
    now = text(client.get(address))
    assert now.count(said) >= 2, "under the chart and in its table"
    assert "備考" in now
    assert plain(client.get(f"{address}?as_of={past}")).count(said) >= 2
    scores.filter(day=past).update(computed_at=at_hour(past))
    DefinitionVersion.objects.update(published_at=at_hour(days_ago(10)))
    assert "2026年11月10日公開の第1版で算出" in plain(client.get(f"{address}?as_of={past}"))


def test_a_change_since_last_week_says_where_the_kept_score_was_another(
    world: World, sign_in: SignIn
) -> None:
    address = f"/accounts/{world.sakura.pk}/"
    assert "両週とも" not in plain(sign_in("takahashi").get(address))
    HealthScore.objects.filter(account=world.sakura, day=days_ago(7)).update(tenths=123)
    page = plain(sign_in("takahashi").get(address))
    assert "両週とも現在の版で算出しています。1週間前に記録されたスコアは12.3です。" in page


def test_who_has_given_notice_is_told_by_the_header_and_the_lists(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("views", "filters"):
        monkeypatch.setattr(f"enishi.web.pages.portfolio.{module}.system_clock", lambda: NOW)
    contract = Record.objects.get(account=world.sakura, kind="subscription")
    notice, end = TODAY - timedelta(days=7), TODAY + timedelta(days=200)
    client = sign_in("takahashi")
    address, book = f"/accounts/{world.sakura.pk}/", "/accounts/?all=1&columns=renewal"
    AccountState.objects.filter(account=world.sakura).update(renewal_on=None)
    badge = ">解約申出</span>"
    assert badge not in text(client.get(address)) + text(client.get(book))
    contract.data |= {"notice_on": notice.isoformat(), "ended_on": end.isoformat()}
    contract.save()
    said = f"{notice.month}月{notice.day}日に解約の申し出、契約は{end.year}年{end.month}月{end.day}日に終了"
    header = text(client.get(address))
    assert badge in header, "beside the band"
    assert said in header
    assert "あと200日です。" in header
    listed = text(client.get(book))
    assert badge in listed
    assert re.search("あと[0-9]+日で終了", listed), "in the place of the renewal"
    today = text(client.get("/"))
    assert badge in today
    assert f"{said} · MRR" in today
    assert f'href="/accounts/{world.sakura.pk}/revenue/#record-{contract.pk}"' in today
    chosen = text(client.get("/accounts/?contract=noticed"))
    assert f'data-address="/accounts/{world.sakura.pk}/"' in chosen
    assert f'data-address="/accounts/{world.fuji.pk}/"' not in chosen
    make_record(world.sakura, "subscription", at_hour(TODAY), started_on="2026-01-01")
    header = text(client.get(address))
    assert badge not in header
    assert "一部解約申出" in header
    assert "契約2件中1件" in header, "another contract goes on"


def test_money_without_an_exchange_rate_is_unknown_everywhere_and_the_remedy_is_named(
    world: World, sign_in: SignIn
) -> None:
    Record.objects.filter(account=world.sakura, kind="subscription").update(
        data={"amount": "900", "currency": "USD", "started_on": "2026-01-01"}
    )
    AccountState.objects.filter(pk=world.sakura.pk).update(unpriced=True, mrr=None, at_stake=0, band="red")
    client = sign_in("suzuki")
    header = text(client.get(f"/accounts/{world.sakura.pk}/"))
    assert "USDの為替レートがないため" in header
    assert header.count('<span class="quiet">不明</span>') == 2, "ARR and money at stake"
    noted = "1社の金額はどの合計にも含まれていません。"
    today, book = text(client.get("/")), text(client.get("/accounts/?contract=unpriced&columns=mrr,at_stake"))
    assert noted in today
    assert "金額不明(為替レートなし)" in today
    assert noted in book
    assert re.findall('data-address="/accounts/([0-9]+)/"', book) == [str(world.sakura.pk)]
    assert noted not in text(client.get(f"/accounts/{world.fuji.pk}/"))
