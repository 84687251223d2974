"""The forecast's pages: the answer within scope, renewals moved, targets set by form and file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.world import NOW, TODAY, World, make_world, sign_in

from enishi.accounts.models import AuditLine
from enishi.kit.home import Home
from enishi.outlook import facts, jobs, making
from enishi.outlook.models import Forecast, RenewalCall, Target
from enishi.outlook.tests.test_room import rows
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
    assert "予測はまだ作成されていません" in text
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
    seen = {row["account"].pk for row in own.context["renewals"]["rows"]}
    assert seen <= {row["account"].pk for row in whole.context["renewals"]["rows"]}
    worse = sign_in(world.suzuki).get(PAGE + "?churn=200&price=5")
    assert (
        worse.context["plain"]["quarter"]["mrr"]["value"] == whole.context["head"]["quarter"]["mrr"]["value"]
    )
    assert worse.context["query"].address == "?churn=200&price=5"
    step = next(row for row in whole.context["bridge"]["rows"] if row["address"])
    drilled = sign_in(world.suzuki).get(step["address"])
    assert drilled.context["amount"] == step["amount"]
    file = sign_in(world.suzuki).get("/revenue/forecast/export/?format=csv&what=figures")
    assert file.status_code == 200
    assert AuditLine.objects.filter(verb="forecast_exported").exists()


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


def test_targets_are_set_all_or_none(world: World) -> None:
    client = sign_in(world.suzuki)
    cells = {"mrr:quarter:2026-10-01": "1.2億", "nrr:year:2026-04-01": "１０５％"}
    wrong = client.post(TARGETS + "set/", cells | {"grr:quarter:2026-10-01": "140"})
    assert wrong.status_code == 422
    assert not Target.objects.exists()
    assert client.post(TARGETS + "set/", cells).status_code == 302
    assert set(Target.objects.values_list("measure", "value")) == {
        ("mrr", 120_000_000),
        ("nrr", Decimal("1.05")),
    }
    text = client.get(TARGETS).content.decode()
    assert "120000000" in text
    assert sign_in(world.takahashi).post(TARGETS + "set/", cells).status_code == 403


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
