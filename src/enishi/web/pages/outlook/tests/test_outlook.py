"""The forecast's pages: the answer within scope, renewals moved, targets set by form and file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.filebased import FileBasedCache
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.world import NOW, TODAY, World, make_world, sign_in

from enishi.accounts.models import AuditLine, Record
from enishi.forecasts.simulation import Scenario
from enishi.kit.home import Home
from enishi.outlook import facts, jobs, making, measures, reads
from enishi.outlook.models import Forecast, RenewalCall, Target
from enishi.outlook.tests.test_room import rows, with_second
from enishi.store.testing import publish
from enishi.web.pages.outlook import target_views, views
from enishi.web.pages.outlook.target_form import read_file, read_period, read_value

pytestmark = pytest.mark.django_db
PAGE, TARGETS = "/revenue/forecast/", "/revenue/targets/"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> World:
    cache.clear()
    made = make_world()
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home.from_environment()
    home.prepare()
    publish(home, "record_subscription", rows(made))
    monkeypatch.setattr(making, "TRIED", 1)
    monkeypatch.setattr(facts, "PAST_MONTHS", 9)
    for module in (views, target_views):
        monkeypatch.setattr(module, "company_day", lambda _now: TODAY)
    monkeypatch.setattr(views, "system_clock", lambda: NOW)
    return made


def test_the_page_teaches_before_there_is_a_forecast_and_while_history_is_short(world: World) -> None:
    text = sign_in(world.suzuki).get(PAGE).content.decode()
    assert "初回の計算中です" in text
    Forecast.objects.create(
        day=TODAY, kind="daily", status="done", result={"missing": {"what": "losses", "have": 2, "need": 5}}
    )
    text = sign_in(world.suzuki).get(PAGE).content.decode()
    assert "解約した顧客が5社必要です(現在2社)" in text


def test_the_answer_comes_first_and_every_figure_stays_within_scope(world: World) -> None:
    jobs.forecast_today(datetime(2026, 10, 5, 3, tzinfo=UTC))
    jobs.forecast_today(NOW)
    Target.objects.create(measure="mrr", every="quarter", start=date(2026, 10, 1), value=Decimal(1_000_000))
    whole = sign_in(world.suzuki).get(PAGE)
    text = whole.content.decode()
    assert "80%の確率で" in text
    assert "目標100万円の達成確率は" in text
    assert whole.context["bridge"]["rows"]
    assert whole.context["tested"]["spans"] == 1
    own = sign_in(world.takahashi).get(PAGE)
    assert "新規顧客は含みません" in own.content.decode()
    assert "tested-chart-data" in text
    assert "tested-chart-data" not in own.content.decode()  # MRR of the whole company
    seen = {row["account"].pk for row in own.context["renewals"]["rows"]}
    assert seen <= {row["account"].pk for row in whole.context["renewals"]["rows"]}
    worse = sign_in(world.suzuki).get(PAGE + "?churn=200&price=5")
    assert (
        worse.context["plain"]["quarter"]["mrr"]["value"] == whole.context["head"]["quarter"]["mrr"]["value"]
    )
    assert worse.context["query"].address == "?churn=200&price=5"
    assert "予測ではありません" in worse.content.decode()  # the link may be passed on
    assert "予測ではありません" not in text
    _scenarios_share_their_draws(world)
    step = next(row for row in whole.context["bridge"]["rows"] if row["address"])
    drilled = sign_in(world.suzuki).get(step["address"])
    assert drilled.context["amount"] == step["amount"]
    file = sign_in(world.suzuki).get("/revenue/forecast/export/?format=csv&what=figures")
    assert file.status_code == 200
    assert AuditLine.objects.filter(verb="forecast_exported").exists()


def _scenarios_share_their_draws(world: World) -> None:
    """Only what is drawn is kept, for few factors; customers handed over make another view of as many."""
    forecast, view, kept = reads.latest(), reads.view_of(world.takahashi), caches["drawn"]
    assert forecast is not None
    assert isinstance(kept, FileBasedCache)
    kept.clear()
    for churn in range(50, 200, 7):
        scenario = Scenario(churn / 100, churn / 90, price=churn / 5000)
        assert reads.read_outlook(view, forecast, scenario).paths.opening > 0
    assert 2 < len(kept._list_cache_files()) <= len(reads.FACTORS) + 1  # type: ignore[attr-defined]
    assert settings.CACHES["drawn"]["LOCATION"] != settings.CACHES["default"]["LOCATION"]
    assert reads._these({1, 2}) != reads._these({1, 3})


def test_figures_are_kept_for_whom_they_are_and_until_something_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.forecast_today(datetime(2026, 10, 5, 3, tzinfo=UTC))
    jobs.forecast_today(NOW)
    whole, own = (sign_in(member).get(PAGE).context for member in (world.suzuki, world.takahashi))
    assert own["head"]["quarter"]["mrr"]["value"] < whole["head"]["quarter"]["mrr"]["value"]
    assert sum(own["sources"].values()) < sum(whole["sources"].values())
    assert own["bridge"]["moved"].after < whole["bridge"]["moved"].after
    with monkeypatch.context() as patched:
        patched.setattr(reads, "read_statement", None)  # a further view reads no customer's numbers
        again = sign_in(world.suzuki).get(PAGE).context
    assert again["head"] == whole["head"]
    assert again["bridge"]["rows"] == whole["bridge"]["rows"]
    assert again["renewals"]["total"] == whole["renewals"]["total"]
    Target.objects.create(measure="mrr", every="quarter", start=date(2026, 10, 1), value=Decimal(5))
    aimed = sign_in(world.suzuki).get(PAGE).context["head"]["quarter"]["mrr"]["figure"]
    assert aimed.target == 5
    Forecast.objects.filter(pk=whole["forecast"].pk).update(finished_at=NOW + timedelta(hours=1))
    seen = []
    read = reads.read_statement
    monkeypatch.setattr(reads, "read_statement", lambda one: seen.append(one.pk) or read(one))
    sign_in(world.suzuki).get(PAGE)
    assert whole["forecast"].pk in seen


def test_the_expected_value_lies_within_its_ranges() -> None:
    """One customer in ten who may leave: nearly all draws are alike, and the mean is beside them."""
    draws = np.array([100.0] * 95 + [0.0] * 5)
    for level in (0.5, 0.8, 0.95):
        low, high = measures.around_expected(draws, level, float(draws.mean()))
        assert low <= draws.mean() <= high


def test_a_renewal_is_moved_with_a_reason_and_moved_back(world: World) -> None:
    jobs.forecast_today(NOW)
    address = f"/revenue/forecast/renewals/{world.accounts['sakura'].pk}/"
    until = (TODAY + timedelta(days=20)).isoformat()
    client = sign_in(world.suzuki)
    assert client.post(address, {"category": "at_risk", "reason": "", "expires_on": until}).status_code >= 400
    posted = {"category": "at_risk", "reason": "merger", "expires_on": until, "query": "?cat=at_risk"}
    assert client.post(address, posted)["location"] == PAGE + "?cat=at_risk#renewals"
    text = client.get(PAGE).content.decode()
    assert "merger" in text
    assert "計算値:" in text
    assert sign_in(world.watanabe).post(address, posted).status_code == 403
    client.post(address + "withdraw/")
    assert not RenewalCall.objects.filter(ended_at=None).exists()


def test_a_blank_reason_comes_back_in_its_dialog_with_what_was_typed(world: World) -> None:
    jobs.forecast_today(NOW)
    address = f"/revenue/forecast/renewals/{world.accounts['sakura'].pk}/"
    until = (TODAY + timedelta(days=17)).isoformat()
    client = sign_in(world.suzuki)
    typed = {"category": "at_risk", "reason": "  ", "expires_on": until, "query": "?cat=likely"}
    answer = client.post(address, typed, headers={"hx-request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "理由を入力してください。" in text
    assert '<option value="at_risk" selected>' in text
    assert f'value="{until}"' in text
    assert 'value="?cat=likely"' in text
    assert text.count('aria-invalid="true"') == 1
    assert "<html" not in text
    assert not RenewalCall.objects.exists()
    late = typed | {"reason": "merger", "expires_on": "2020-01-01"}
    text = client.post(address, late, headers={"hx-request": "true"}).content.decode()
    assert 'value="merger"' in text
    assert 'value="2020-01-01"' in text
    done = client.post(address, typed | {"reason": "merger"}, headers={"hx-request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    assert "merger" in client.get(PAGE).content.decode()


def test_contracts_of_one_customer_stand_in_lines_of_their_own(world: World) -> None:
    publish(Home.from_environment(), "record_subscription", with_second(world))
    account = world.accounts["sakura"]
    for pk, product in ((1, "Desk"), (50, "Mail")):
        told = {"kind": "subscription", "account": account, "happened_at": NOW, "data": {"product": product}}
        Record.objects.update_or_create(pk=pk, defaults=told | {"source": "t", "outside_id": f"two-{pk}"})
    jobs.forecast_today(NOW)
    client = sign_in(world.suzuki)
    span = PAGE + "?span=year"
    lines = {
        row["renewal"].contract: row
        for row in client.get(span).context["renewals"]["rows"]
        if row["account"] == account
    }
    assert {number: (row["renewal"].mrr, row["product"]) for number, row in lines.items()} == {
        1: (300_000, "Desk"), 50: (120_000, "Mail"),
    }  # fmt: skip
    assert "Mail(複数契約のうち1件)" in client.get(span).content.decode()
    said = {
        "category": "at_risk",
        "reason": "rival",
        "expires_on": (TODAY + timedelta(days=20)).isoformat(),
        "contract": "50",
    }
    address = f"/revenue/forecast/renewals/{account.pk}/"
    assert client.post(address, said).status_code == 302
    assert RenewalCall.objects.get(ended_at=None).renewal_on == TODAY + timedelta(days=100)
    for unknown in ("77", "-1", "9" * 30, "x"):
        assert client.post(address, said | {"contract": unknown}).status_code == 404
    file = client.get(f"/revenue/forecast/export/?format=csv&span=year&q={account.name}").content.decode()
    assert [line.split(",")[1] for line in file.splitlines() if account.name in line] == ["Desk", "Mail"]
    client.post(address + "withdraw/?contract=50")
    assert not RenewalCall.objects.filter(ended_at=None).exists()


def test_thresholds_out_of_order_are_told_in_their_dialog_with_what_was_typed(world: World) -> None:
    address, crossed = "/revenue/forecast/thresholds/", {"commit": "40", "at_risk": "30"}
    client = sign_in(world.suzuki)
    told = client.post(address, crossed, headers={"HX-Request": "true"})
    text = told.content.decode()
    assert told.status_code == 200
    assert 'value="40"' in text
    assert "「確実」の上限は「要注意」の下限より小さくしてください" in text
    assert client.post(address, crossed).status_code >= 400, "without scripts the page says it"
    assert reads.thresholds().commit == 0.1
    client.post(address, {"commit": "8", "at_risk": "25"}, headers={"HX-Request": "true"})
    assert reads.thresholds().commit == pytest.approx(0.08)


def test_targets_are_set_all_or_none(world: World) -> None:
    client = sign_in(world.suzuki)
    cells = {"mrr:quarter:2026-10-01": "1.2億", "nrr:year:2026-04-01": "１０５％"}
    wrong = client.post(TARGETS + "set/", cells | {"grr:quarter:2026-10-01": "140"})
    assert wrong.status_code == 422
    assert not Target.objects.exists()
    again = wrong.content.decode()
    assert 'value="120,000,000"' in again, "what could be read comes back as it would stand there"
    assert 'value="105"' in again
    assert 'value="140"' in again, "what is wrong comes back as it was typed"
    assert client.post(TARGETS + "set/", cells).status_code == 302
    assert set(Target.objects.values_list("measure", "value")) == {
        ("mrr", 120_000_000),
        ("nrr", Decimal("1.05")),
    }
    text = client.get(TARGETS).content.decode()
    assert 'value="120,000,000"' in text
    part = sign_in(world.takahashi)  # sees a part of the customers: neither the targets nor their history
    assert part.post(TARGETS + "set/", cells).status_code == 403
    assert "120,000,000" not in part.get(TARGETS).content.decode()
    assert b"120000000" in client.get(TARGETS + "template/").content
    assert b"120000000" not in part.get(TARGETS + "template/").content
    _only_what_was_touched_is_set(client)
    Target.objects.bulk_create(
        Target(measure="grr", every="year", start=date(2026, 4, 1), value=1) for _ in range(57)
    )
    assert [len(client.get(f"{TARGETS}?history={n}").context["history"]) for n in (1, 2)] == [50, 11]


def _only_what_was_touched_is_set(client: Any) -> None:
    """The note is of the cells that were changed, and what another person set since is left alone."""
    mrr, nrr = "mrr:quarter:2026-10-01", "nrr:year:2026-04-01"
    Target.objects.create(measure="nrr", every="year", start=date(2026, 4, 1), value=Decimal("1.1"))
    stale = {mrr: "130000000", f"was:{mrr}": "120000000", nrr: "105", f"was:{nrr}": "105"}
    client.post(TARGETS + "set/", stale | {"note": "board"})
    assert [(one.measure, one.value) for one in Target.objects.filter(note="board")] == [("mrr", 130_000_000)]
    client.post(TARGETS + "set/", {mrr: "130,000,000", f"was:{mrr}": "130,000,000"})
    client.post(TARGETS + "set/", {mrr: "130000000", f"was:{mrr}": "130,000,000"})
    assert Target.objects.first().note == "board"  # type: ignore[union-attr]


def test_targets_come_from_a_file_and_go_back_into_one(world: World) -> None:
    client = sign_in(world.suzuki)

    def send(text: str, encoding: str = "utf-8") -> Any:
        return client.post(TARGETS + "import/", {"file": SimpleUploadedFile("t.csv", text.encode(encoding))})

    bad = send("measure,period,value\nnrr,FY2026 Q3,104\nnrr,soon,104\n")
    assert bad.status_code == 422
    assert not Target.objects.exists()
    assert (
        send("指標,期間,目標値\nGRR(12か月),2026年度第3四半期,91.5\nchurn,FY2026,8\n", "cp932").status_code
        == 302
    )
    assert Target.objects.count() == 2
    back = client.get(TARGETS + "template/").content
    assert read_file(back).wrong == {}
    assert {aim.value for aim in read_file(back).aims} == {Decimal("0.915"), Decimal("0.08")}


def test_periods_and_values_as_people_write_them(world: World) -> None:
    assert read_period("FY2026 Q4")[1].start == date(2027, 1, 1)
    assert read_period("2026年度")[1].start == date(2026, 4, 1)
    assert read_period("2026/11/3")[1].start == date(2026, 10, 1)
    assert read_value("mrr", "450万円") == 4_500_000
    assert read_value("nrr", "") is None
    for measure, text in (("mrr", "many"), ("grr", "101"), ("mrr", "-1"), ("nrr", "NaN")):
        with pytest.raises(ValueError, match=r"."):
            read_value(measure, text)


@pytest.mark.parametrize(
    ("measure", "text", "value"),
    [
        ("mrr", "170.000,00", 170_000), ("mrr", "2億2000万円", 220_000_000), ("mrr", "¥170k", 170_000), ("arr", "0.17m", 170_000),
        ("mrr", "170,000", 170_000), ("mrr", "1,900万", 19_000_000), ("expansion", "3,2", Decimal("0.032")),
        ("churn", "0.8%", Decimal("0.008")), ("nrr", "104,5 %", Decimal("1.045")), ("churn", "0.8", Decimal("0.008")),
    ],
)  # fmt: skip
def test_numbers_are_read_by_the_habits_of_imports(
    world: World, measure: str, text: str, value: Decimal
) -> None:
    assert read_value(measure, text) == value


@pytest.mark.parametrize(
    ("measure", "text"), [("mrr", "170.000"), ("nrr", "0.96"), ("mrr", "£5"), ("nrr", "1,000"), ("mrr", "5%")]
)
def test_what_can_be_read_in_two_ways_is_refused(world: World, measure: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_value(measure, text)


def test_a_file_is_read_by_its_own_headings_words_and_marks(world: World) -> None:
    body = '目標,期間,値,分析軸,セグメント\n期末MRR,2026年度第3四半期,170.000,,\n拡大率,FY2026 Q3,"3,2",業種,製造\n'
    assert [(aim.measure, aim.value, aim.segment) for aim in read_file(body.encode()).aims] == [
        ("mrr", 170_000, ""), ("expansion", Decimal("0.032"), "製造"),
    ]  # fmt: skip
    wrong = read_file(
        "measure,period,value,by,segment\nchurn,FY2026,0.08,,\nnrr,FY2026,99,industry,製造業界\n".encode()
    )
    assert set(wrong.wrong) == {"2", "3"}
    assert "製造" in wrong.wrong["3"]
