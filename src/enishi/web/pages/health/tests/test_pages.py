"""The Health pages: read by all, changed by managers and administrators."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.world import NOW, World, days_ago, sign_in

from enishi.accounts.models import Account, AuditLine, Member
from enishi.definitions.api import default_body, find_published, list_versions, save_draft
from enishi.kit.home import Home
from enishi.signals.models import Backtest
from enishi.store.testing import publish
from enishi.web.pages.health import card_views, previews, text_views
from enishi.web.pages.health.backtests import in_scope, latest_test
from enishi.web.pages.health.metric_reads import scope_ids
from enishi.web.pages.health.previews import preview_card

pytestmark = pytest.mark.django_db

READ = ["/health/", "/health/scorecards/", "/health/scorecards/default/", "/health/scorecards/default/versions/",
        "/health/metrics/", "/health/metrics/?q=利用", "/health/metrics/events_90/", "/health/coverage/",
        "/health/rules/causes/", "/health/rules/tiers/", "/health/definitions/"]  # fmt: skip
RESULT: dict[str, Any] = {
    "snapshots": 12, "rows": 400, "accounts": 60, "churned": 45, "observed_rate": 0.11, "censored": 20, "unknown": 3,
    "score": {"auc": 0.82, "low": 0.76, "high": 0.87, "n": 400, "accounts": 60},
    "recency": {"auc": 0.74, "low": 0.67, "high": 0.8, "n": 400, "accounts": 60},
    "count_90": {"auc": 0.7, "low": 0.6, "high": 0.8, "n": 400, "accounts": 60}, "published": None,
    "against_recency": {"value": 0.08, "low": 0.02, "high": 0.13}, "against_count_90": {"value": 0.12, "low": 0.1, "high": 0.2},
    "bands": [{"band": "red", "n": 40, "observed": 0.5, "low": 0.3, "high": 0.7},
              {"band": "yellow", "n": 100, "observed": 0.15, "low": 0.1, "high": 0.2},
              {"band": "green", "n": 260, "observed": 0.03, "low": 0.01, "high": 0.05}],
    "lead_time": {"median": 62, "low": 30, "high": 90, "churns": 45, "alarmed": 30}, "alarms_per_week": 2.4, "monotone": True,
    "moves": [], "missed": [], "verdict": {"code": "better", "en": "Better than recency.", "ja": "最終利用日より優れています。"},
}  # fmt: skip


def finished(version: Any, **result: Any) -> Backtest:
    return Backtest.objects.create(
        version=version, status="done", progress=100, result=RESULT | result, asked_at=NOW, finished_at=NOW
    )


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_everyone_reads(world: World, path: str, language: str) -> None:
    Member.objects.filter(pk=world.watanabe.pk).update(language=language)
    assert sign_in(Member.objects.get(pk=world.watanabe.pk)).get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/health/scorecards/default/draft/", "/health/scorecards/default/preview/", "/health/scorecards/default/test/",
     "/health/scorecards/default/rollback/", "/health/scorecards/new/", "/health/definitions/import/"],
)  # fmt: skip
def test_only_managers_and_administrators_change(world: World, path: str) -> None:
    for member in (world.takahashi, world.ito, world.watanabe):
        assert sign_in(member).post(path).status_code == 403


def test_a_draft_is_kept_and_the_version_in_force_stands(world: World) -> None:
    client = sign_in(world.suzuki)
    answer = client.post("/health/scorecards/default/draft/", {"bands:green": "77"})
    assert answer.status_code == 302
    draft = list_versions("scorecard", "default").get(status="draft")
    assert draft.body["bands"]["green"] == 77
    published = find_published("scorecard", "default")
    assert published is not None
    assert published.body.bands.green != 77
    assert "77" in client.get("/health/scorecards/default/").content.decode()


def test_a_mistake_is_named_with_its_place_and_nothing_is_kept(world: World) -> None:
    answer = sign_in(world.suzuki).post("/health/scorecards/default/draft/", {"bands:green": "very"})
    page = answer.content.decode()
    assert answer.status_code == 422
    bands = page[page.index('class="band-fields"') :]
    assert "数値を入力してください" in bands[: bands.index("</section>")]
    assert "bands.green" not in page
    assert not list_versions("scorecard", "default").filter(status="draft").exists()


def test_a_wrong_table_is_named_by_its_measure_and_what_was_entered_stays(world: World) -> None:
    key = "measure:recency"
    sent = {
        f"{key}:weight": "3", f"{key}:group": "usage", f"{key}:mapping": "points", f"{key}:x": ["0", "0"],
        f"{key}:y": ["100", "20"], "new-measure:metric": "days_since_order", "new-measure:group": "usage", "new-group:title:ja": "成果",
        "card:description:ja": "入力したまま",
    }  # fmt: skip
    answer = sign_in(world.suzuki).post("/health/scorecards/default/draft/", sent)
    page = answer.content.decode()
    measure = page[page.index('id="measure-recency"') :]
    assert answer.status_code == 422
    assert "小さい順" in measure[: measure.index("</details>")]
    for kept in (
        "入力したまま",
        "成果",
        'name="measure:days_since_order:weight"',
        f'name="{key}:weight" value="3"',
    ):
        assert kept in page
    assert "measures[" not in page


def test_a_scorecard_is_for_the_accounts_ticked(world: World) -> None:
    client = sign_in(world.suzuki)
    page = client.get("/health/scorecards/default/").content.decode()
    assert 'name="applies:tiers" value="high"' in page
    sent = {"applies:sent": "1", "applies:tiers": ["high", "low"], "applies:stages": "onboarding"}
    assert client.post("/health/scorecards/default/draft/", sent).status_code == 302
    draft = list_versions("scorecard", "default").get(status="draft")
    assert draft.body["applies_to"] == {"tiers": ["high", "low"], "stages": ["onboarding"]}
    shown = client.get("/health/scorecards/default/").content.decode()
    assert 'name="applies:tiers" value="high" checked' in shown
    assert 'name="applies:tiers" value="tech" checked' not in shown


def test_publishing_shows_the_changes_in_words_and_keeps_the_note(world: World) -> None:
    client = sign_in(world.suzuki)
    client.post("/health/scorecards/default/draft/", {"bands:green": "77"})
    page = client.get("/health/scorecards/default/publish/").content.decode()
    assert "77" in page
    assert "良好" in page
    client.post("/health/scorecards/default/publish/", {"note": "緑の基準を上げる"})
    published = find_published("scorecard", "default")
    assert published is not None
    assert (published.body.bands.green, published.version.note) == (77, "緑の基準を上げる")
    assert AuditLine.objects.filter(verb="definition_published", member=world.suzuki).exists()


def test_rolling_back_makes_a_new_version(world: World) -> None:
    client = sign_in(world.suzuki)
    before = find_published("scorecard", "default")
    assert before is not None
    client.post("/health/scorecards/default/draft/", {"bands:green": "77"})
    client.post("/health/scorecards/default/publish/", {"note": ""})
    client.post("/health/scorecards/default/rollback/", {"number": str(before.version.number)})
    now = find_published("scorecard", "default")
    assert now is not None
    assert now.body == before.body
    assert now.version.number > before.version.number


def test_a_copy_starts_as_a_draft_of_its_own(world: World) -> None:
    answer = sign_in(world.suzuki).post(
        "/health/scorecards/new/", {"title": "導入期", "slug": "onboarding", "source": "default"}
    )
    assert answer["Location"].endswith("/health/scorecards/onboarding/")
    assert list_versions("scorecard", "onboarding").get().status == "draft"


def test_the_record_says_what_the_figures_allow(world: World) -> None:
    published = find_published("scorecard", "default")
    assert published is not None
    finished(published.version)
    page = sign_in(world.watanabe).get("/health/").content.decode()
    assert "最終利用日より優れています。" in page
    assert "0.820" in page
    assert "0.740" in page


def test_names_beyond_ones_scope_are_left_out(world: World) -> None:
    entries = [{"account_id": world.naniwa.pk}, {"account_id": world.acme.pk}]
    assert in_scope(world.smith, entries) == [{"account_id": world.acme.pk}]


def test_losses_outside_ones_view_are_counted_without_their_names(world: World) -> None:
    version = find_published("scorecard", "default")
    assert version is not None
    one = {"name": "浪速物産", "band": "green", "tenths": 700, "as_of": "2026-05-31", "lost_on": "2026-06-10"}
    finished(version.version, missed=[{"account_id": world.naniwa.pk} | one] * 3)
    said = "ほかに3件あります"
    page = sign_in(world.takahashi).get("/health/").content.decode()
    assert (said in page, "浪速物産" in page) == (True, False)
    page = sign_in(world.suzuki).get("/health/").content.decode()
    assert (said in page, "浪速物産" in page) == (False, True)


def test_every_missed_loss_can_be_seen_on_the_day_it_was_judged(world: World) -> None:
    version = find_published("scorecard", "default")
    assert version is not None
    one = {"account_id": world.acme.pk, "name": "Acme", "band": "green", "tenths": 700,
           "as_of": "2026-05-31", "lost_on": "2026-06-10"}  # fmt: skip
    row = finished(version.version, missed=[one] * 35)
    client = sign_in(world.suzuki)
    first = client.get(f"/health/backtests/{row.pk}/")
    assert (len(first.context["missed"]), first.context["missed_more"]) == (30, 5)
    page = first.content.decode()
    assert "?all=1#missed" in page
    assert "35件中30件を表示" in page
    assert "解約・解約申出日" in page
    whole = client.get(f"/health/backtests/{row.pk}/?all=1")
    assert (len(whole.context["missed"]), whole.context["missed_more"]) == (35, 0)
    address = f"/accounts/{world.acme.pk}/?as_of=2026-05-31"
    assert address in whole.content.decode()
    assert client.get(address).context["as_of"].isoformat() == "2026-05-31"


def test_a_draft_changed_after_its_test_is_said_to_be_untested(world: World) -> None:
    published = find_published("scorecard", "default")
    assert published is not None
    draft = save_draft("scorecard", "default", published.version.body, actor=world.suzuki, now=NOW)
    finished(draft)
    test = latest_test(draft)
    assert test is not None
    assert not test.stale
    draft.created_at = NOW.replace(year=NOW.year + 1)
    test = latest_test(draft)
    assert test is not None
    assert test.stale


def test_asking_for_a_back_test_queues_it_and_shows_progress(world: World) -> None:
    client = sign_in(world.suzuki)
    answer = client.post("/health/scorecards/default/test/")
    row = Backtest.objects.get()
    assert answer["Location"] == f"/health/backtests/{row.pk}/"
    assert "hx-get" in client.get(answer["Location"]).content.decode()
    Backtest.objects.filter(pk=row.pk).update(status="done", result=RESULT, finished_at=NOW)
    assert client.get(answer["Location"], headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert client.get(answer["Location"]).status_code == 200


def test_rules_are_checked_compared_and_put_in_force_as_text(world: World) -> None:
    client = sign_in(world.suzuki)
    text = client.get("/health/rules/tiers/text/").content.decode()
    assert "minimum_days" in text
    found = find_published("tiers", "default")
    assert found is not None
    body = found.version.body | {"minimum_days": 45}
    text = yaml.safe_dump({"kind": "tiers", "slug": "default", **body}, allow_unicode=True)
    assert "45" in client.post("/health/rules/tiers/text/", {"text": text, "act": "check"}).content.decode()
    assert client.post("/health/rules/tiers/text/", {"text": text, "act": "publish"}).status_code == 302
    found = find_published("tiers", "default")
    assert found is not None
    assert found.body.minimum_days == 45


def test_text_that_is_no_yaml_names_its_line(world: World) -> None:
    answer = sign_in(world.suzuki).post(
        "/health/rules/tiers/text/", {"text": "a: 1\nb: [1,\n", "act": "check"}
    )
    assert answer.status_code == 422
    assert "3行目" in answer.content.decode()


def test_a_running_back_test_stands_in_place_of_the_result_and_beside_an_earlier_one(world: World) -> None:
    found = find_published("scorecard", "default")
    assert found is not None
    row = Backtest.objects.create(version=found.version, status="running", progress=40)
    client = sign_in(world.takahashi)
    text = client.get("/health/").content.decode()
    assert f"/health/backtests/{row.pk}/" in text
    assert "まだ過去の実績で検証されていません" not in text
    assert "第1版の検証を実行しています" not in text
    row.status = "failed"
    row.save()
    text = client.get("/health/").content.decode()
    assert "まだ過去の実績で検証されていません" in text
    assert "検証がエラーで止まりました" in text
    row.status = "running"
    row.save()
    done = Backtest.objects.create(version=found.version, status="done", result=RESULT)
    text = client.get("/health/").content.decode()
    assert "最終利用日より優れています" in text
    assert f"/health/backtests/{row.pk}/" in text
    assert "/scorecards/default/test/" not in text
    assert latest_test(found.version).row == done


def test_definitions_go_out_and_come_back(world: World) -> None:
    client = sign_in(world.suzuki)
    archive = client.get("/health/definitions/export/").content
    assert "scorecard/default.yaml" in zipfile.ZipFile(io.BytesIO(archive)).namelist()
    upload = SimpleUploadedFile("d.zip", archive)
    page = client.post("/health/definitions/import/", {"file": upload, "act": "check"}).content.decode()
    assert "default.yaml" in page


def test_an_upload_cannot_leave_its_folder(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil.yaml", "kind: tiers")
    folder = tmp_path / "in"
    folder.mkdir()
    assert text_views.unpack("a.zip", buffer.getvalue(), folder) == 1
    assert [path.name for path in folder.iterdir()] == ["000-evil.yaml"]
    assert not (tmp_path / "evil.yaml").exists()


def test_the_preview_answers_before_any_facts_have_come(world: World) -> None:
    answer = sign_in(world.suzuki).post("/health/scorecards/default/preview/", {"bands:green": "70"})
    assert answer.status_code == 200


def test_the_shares_beside_the_weights_follow_the_form(world: World) -> None:
    sent = {"group:usage:weight": "40", "measure:nps:weight": "0"}
    page = sign_in(world.suzuki).post("/health/scorecards/default/preview/", sent).content.decode()
    shown = {
        found[1]: found[2]
        for found in re.finditer(r'id="share-([^"]+)"[^>]*hx-swap-oob="true">.*?([\d.]+%)', page)
    }
    body = default_body("scorecard", "default")
    total = 40 + sum(group["weight"] for group in body["groups"] if group["id"] != "usage")
    assert shown["group:usage"] == f"{100 * 40 / total:.0f}%"
    assert shown["measure:nps"] == "0.0%"
    assert len(shown) == len(body["groups"]) + len(body["measures"])


def test_the_preview_names_a_mistake(world: World) -> None:
    answer = sign_in(world.suzuki).post("/health/scorecards/default/preview/", {"bands:green": "many"})
    assert answer.status_code == 200
    assert "<strong>区分</strong> 数値を入力してください" in answer.content.decode()
    assert '<span id="preview-told" hx-swap-oob="true">修正が必要な箇所が1件' in answer.content.decode()


def test_the_preview_shows_chosen_accounts_line_by_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []

    def lines(body: Any, today: Any, accounts: list[int], slug: str) -> dict[int, Any]:
        asked.append(accounts)
        line = {
            "title_en": "Use",
            "title_ja": "利用",
            "text_en": "",
            "text_ja": "",
            "before": 120,
            "after": 90,
        }
        return {accounts[0]: {"before": 620, "after": 590, "lines": [line | {"changed": True}]}}

    monkeypatch.setattr(previews, "preview_lines", lines)
    found = {
        "moves": [],
        "move_counts": {"unknown->red": 3, "green->unknown": 1, "green->red": 2},
        "accounts_today": 1,
        "before": {},
        "after": {},
        "histogram": [0] * 10,
    }
    monkeypatch.setattr(previews, "preview", lambda body, today, slug, accounts: found)
    client = Client()
    client.force_login(world.suzuki)
    page = client.post("/health/scorecards/default/preview/", {"preview:accounts": "さくら"}).content.decode()
    assert asked == [[world.sakura.pk]]
    assert "株式会社さくら商事" in page
    assert "12.0" in page
    assert "データ不足の3社が判定対象になります。" in page
    assert "1社がデータ不足で判定できなくなります。" in page
    assert "9.0" in page


def test_a_preview_counts_the_accounts_of_the_member_s_scope(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.from_environment()
    numbers = list(Account.objects.filter(merged_into=None).order_by("pk").values_list("pk", flat=True))
    known = days_ago(100)
    publish(home, "record_account", [{"record_id": pk, "valid_on": known} for pk in numbers])
    publish(home, "groups", [{"group_no": pk, "group_id": str(pk), "first_day": known} for pk in numbers])
    publish(home, "link", [
        {"record_id": pk, "account_id": pk, "value": str(pk), "target": "account", "system": "product", "valid_on": known}
        for pk in numbers
    ])  # fmt: skip
    publish(home, "usage", [{"group_no": pk, "user_no": pk, "day": known, "event": "Used"} for pk in numbers])
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(
        card_views.previews, "preview_card", lambda *asked: seen.append(preview_card(*asked)) or seen[-1]
    )
    boss = Member.objects.get(pk=world.suzuki.pk)
    for scope, own in (("all", numbers), ("own", [world.acme.pk])):
        Account.objects.filter(pk=world.acme.pk).update(owner=boss)
        Member.objects.filter(pk=boss.pk).update(scope=scope)
        page = sign_in(Member.objects.get(pk=boss.pk)).post(
            "/health/scorecards/default/preview/", {"bands:green": "99"}
        )
        assert sum(row["after"] for row in seen[-1]["distribution"]) == len(own) == seen[-1]["accounts"]
        assert sum(row["before"] for row in seen[-1]["distribution"]) == len(own)
        assert {move["account_id"] for move in seen[-1]["moves"]} <= set(own)
        assert ("すべての顧客のスコアが変わります" in page.content.decode()) == (scope == "own")


@pytest.mark.parametrize(("alarmed", "said"), [(3, False), (4, True)])
def test_quartiles_of_a_handful_of_losses_are_not_printed(world: World, alarmed: int, said: bool) -> None:
    version = find_published("scorecard", "default")
    assert version is not None
    lead = RESULT["lead_time"] | {"alarmed": alarmed, "median": 37, "low": 37, "high": 37}
    test = Backtest.objects.create(
        version=version.version, status="done", result=RESULT | {"lead_time": lead}
    )
    page = sign_in(world.suzuki).get(f"/health/backtests/{test.pk}/").content.decode()
    assert ("半数は37〜37日前" in page) == said
    assert "37~37" not in page


def test_an_account_handed_over_leaves_the_figures_at_once(world: World) -> None:
    member = world.smith
    assert world.acme.pk in scope_ids(member).tolist()
    Account.objects.filter(pk=world.acme.pk).update(owner=world.suzuki)
    assert world.acme.pk not in scope_ids(member).tolist()
