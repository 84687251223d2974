"""The executive page: leaders alone, sentences that agree with the numbers, and the same on paper."""

from __future__ import annotations

import builtins
import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.template.loader import render_to_string
from django.test import Client, TestCase
from django.utils.translation import override
from tests.world import NOW, TODAY, World, make_world, sign_in

from enishi.accounts.company import get_company
from enishi.accounts.models import AuditLine, Member
from enishi.forecasts.standing import month_grid
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import MINUS
from enishi.metrics.periods import add_months, period_of
from enishi.outlook import facts, jobs, making
from enishi.outlook.models import Target
from enishi.outlook.tests.test_room import rows
from enishi.reports import pdf
from enishi.reports.fan import draw_fan, round_ticks
from enishi.risk.api import ForecastModel
from enishi.store.testing import publish
from enishi.web.models import Export
from enishi.web.pages.executive import present, printing, reads, sentence, views
from enishi.web.pages.portfolio.words import cause_words

WORDS = {"new": "new customers", "expansion": "expansion", "contraction": "contraction", "churn": "churn"}


def show(amount: int) -> str:
    return f"¥{amount:,}"


def on(day: date) -> str:
    return day.isoformat()


def change(**values: Any) -> reads.Change:
    base = reads.Change(
        date(2026, 10, 31), date(2026, 11, 22), 1_000_000, 1_080_000, (("new", 100_000), ("churn", -20_000)), 0.954, 0.96,
        None, None,
    )  # fmt: skip
    known = {name: values.get(name, getattr(base, name)) for name in base.__slots__}
    return reads.Change(**known)


def test_the_sentence_says_what_the_numbers_say_in_both_languages() -> None:
    told = sentence.english(change(), show, WORDS, {}, on)
    assert told == (
        f"Since 2026-10-31 MRR rose by ¥80,000 to ¥1,080,000 (new customers +¥100,000, churn {MINUS}¥20,000); "
        f"NRR over twelve months is 95.4% ({MINUS}0.6pt)."
    )
    ja = sentence.japanese(change(), show, {"new": "新規", "churn": "解約"}, {}, on)
    assert ja == (
        f"MRRは2026-10-31から¥80,000増加し、¥1,080,000になりました(新規+¥100,000、解約{MINUS}¥20,000)。"
        f"12か月のNRRは95.4%({MINUS}0.6pt)です。"
    )
    still = sentence.english(change(after=1_000_000, moves=(), nrr=None), show, WORDS, {}, on)
    assert still == "Since 2026-10-31 MRR did not change: it is ¥1,000,000."


def test_the_fan_on_paper_holds_every_line_and_escapes_what_it_writes() -> None:
    spec = {
        "x": ["<a>", "b", "c"], "past": [1.0, 2.0, None], "middle": [None, 2.0, 3.0],
        "bands": [{"low": [None, 2.0, 2.5], "high": [None, 2.0, 3.5], "shade": 0.2}], "goals": [None, None, 3.2],
    }  # fmt: skip
    drawn = draw_fan(spec, lambda value: f"{value:.1f}")
    assert drawn.count("<polyline") == 2
    assert drawn.count("<polygon") == 2
    assert "&lt;a&gt;" in drawn


def test_a_missing_library_is_named_with_the_way_to_bring_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EnishiError, match="Pango") as caught:
        pdf.to_pdf("<p>x</p>")
    assert "apt-get install" in caught.value.hint.en


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
    for module in (views, printing):
        monkeypatch.setattr(module, "company_day", lambda _now: TODAY)
    return made


def test_what_a_loss_is_due_to_adds_up_to_it() -> None:
    """Eight causes, two customers without one; a cause and a driver of the same words are two lines."""
    whys = [reads.Why(f"cause:{n}", "same words", "cause") for n in range(4)]
    whys += [reads.Why(f"driver:{n}", "same words", "driver") for n in range(4)]
    losing = [(pk, 500, 100 - pk, whys[pk % 8] if pk < 18 else reads.Why()) for pk in range(20)]
    rows = reads.shares_of(losing)
    assert len({row.why.key for row in rows}) == len(rows) == reads.CAUSES_SHOWN + 1
    assert rows[-1].why.key == reads.REST
    assert (sum(row.loss for row in rows), sum(row.customers for row in rows)) == (
        sum(one[2] for one in losing), 20,
    )  # fmt: skip


def test_a_driver_nobody_can_act_on_is_no_cause() -> None:
    drivers = [
        {"feature": name, "effect": 1.0} for name in ("card", "days_to_renewal", "stage", "power_users")
    ]
    assert reads._theme(drivers, "en").key == "driver:use"
    assert reads._theme(drivers[:3], "en") == reads.Why()
    assert reads._theme([{"feature": "power_users", "effect": -1.0}], "en") == reads.Why()


@pytest.mark.django_db
def test_what_a_model_leans_on_is_never_told_in_the_words_of_a_judged_cause() -> None:
    features = [parts[0] for parts in reads.THEMES.values()]
    for language in ("ja", "en"):
        with override(language):
            told = {reads._theme([{"feature": name, "effect": 1.0}], language).words for name in features}
            assert len(told) == len(reads.THEMES)
            assert not told & set(cause_words().values())


def test_the_axis_on_paper_is_round() -> None:
    assert round_ticks(1551, 2243) == [1400, 1600, 1800, 2000, 2200, 2400]
    assert round_ticks(0.91, 0.97)[0] <= 0.91 < round_ticks(0.91, 0.97)[1]


@pytest.mark.django_db
def test_leaders_see_one_page_whose_figures_agree_with_the_rooms(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    client = sign_in(world.suzuki)
    assert "初回の計算中です" in client.get("/executive/").content.decode()
    jobs.forecast_today(datetime(2026, 10, 31, 3, tzinfo=UTC))
    jobs.forecast_today(NOW)
    Target.objects.create(measure="nrr", every="year", start=date(2026, 4, 1), value=Decimal("0.9"))
    page = client.get("/executive/")
    assert page.status_code == 200
    risk = page.context["risk"]
    assert risk.loss >= sum(one.loss for one in risk.customers)
    assert sum(row.loss for row in risk.drivers) == risk.loss
    _drilled(client, world, risk)
    assert {one.account.pk for one in risk.customers} <= set(page.context["view"].accounts)
    assert page.context["change"] in page.content.decode().replace("&#x27;", "'")
    assert page.context["has_targets"]
    quarter = period_of(TODAY, "quarter")
    assert page.context["rows"][0]["cells"][1]["figure"].period == quarter
    assert sign_in(world.takahashi).get("/executive/").status_code == 403
    _printed(client, world, caplog)


def _drilled(client: Client, world: World, risk: reads.Risk) -> None:
    """Each line of the loss leads to the customers that make it: as many, and as much money."""
    assert risk.drivers
    for line in (*risk.drivers, None):
        shown = client.get("/executive/losses/", {"why": line.why.key} if line else {})
        assert shown.status_code == 200
        money, customers = (
            (line.loss, line.customers) if line else (risk.loss, shown.context["line"].customers)
        )
        assert shown.context["page"].paginator.count == customers
        assert sum(one[2] for one in shown.context["page"]) == money
        assert shown.context["lines"] or line
    whole = [one.account.pk for one in shown.context["lines"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(present, "A_PAGE", 2)
        pages = [client.get(f"/executive/losses/?why=&page={number}") for number in (1, 2)]
    assert [one.account.pk for page in pages for one in page.context["lines"]] == whole[:4]
    assert len(whole) > 2, "there is a second page"
    assert "2社目を表示" in pages[0].content.decode()
    assert 'rel="next"' in pages[0].content.decode()
    assert client.get("/executive/losses/?why=nothing-like-it").status_code == 200
    assert client.get("/executive/losses/?page=99999999999999999999").status_code == 200
    assert sign_in(world.takahashi).get("/executive/losses/").status_code == 403


def _printed(client: Client, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The page as a file: drawn by a job, for who asked alone and only as long as they see what it holds."""
    assert client.get("/executive/pdf/").url == "/executive/"
    with TestCase.captureOnCommitCallbacks():  # the job is run below
        asked = client.post("/executive/pdf/")
        assert client.post("/executive/pdf/").url == asked.url  # one at a time
    order = Export.objects.get()
    assert "progress" in client.get(asked.url, HTTP_HX_REQUEST="true").content.decode()
    assert client.get(f"{asked.url}file/").status_code == 404
    printing.print_executive.func(order.pk)
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert f"{asked.url}file/" in client.get(asked.url).content.decode()
    file = client.get(f"{asked.url}file/")
    assert b"".join(file.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert sign_in(world.sato).get(f"{asked.url}file/").status_code == 404
    assert client.get(f"/accounts/exports/{order.pk}/file/").status_code == 404
    verbs = AuditLine.objects.filter(member=world.suzuki).values_list("verb", flat=True)
    assert {"executive_printed", "export_fetched"} <= set(verbs)
    world.suzuki.scope = "own"
    world.suzuki.save()
    assert client.get(f"{asked.url}file/").status_code == 404


def test_without_a_font_for_japanese_the_file_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf, "fonts_for", lambda language: language != "ja")
    with pytest.raises(EnishiError) as caught:
        pdf.to_pdf("<p>解約</p>")
    assert "fonts-noto-cjk" in caught.value.hint.en
    assert pdf.to_pdf("<p>churn</p>").startswith(b"%PDF")


def test_fontconfig_knows_what_is_there() -> None:
    assert pdf.fonts_for("en")
    assert not pdf.fonts_for("qqq")


def test_the_models_record_stands_beside_the_scorecards_and_says_what_is_not_shown(db: None) -> None:
    def told(low: float) -> dict[str, Any]:
        ahead = {"value": 0.01, "low": low, "high": 0.03}
        return {
            "auc": {"value": 0.767, "low": 0.72, "high": 0.81}, "skill": {"value": 0.04, "low": 0.01, "high": 0.08},
            "ece": {"value": 0.007, "high": 0.011}, "left": 80,
            "others": {"scorecard": {"auc": {"value": 0.757}, "ahead": ahead}, "recency": {"auc": {"value": 0.588}}},
        }  # fmt: skip

    model = ForecastModel.objects.create(
        horizon=90, version=1, status="in_use", speaks=True, as_of=date(2026, 11, 1), rows=1, accounts=1, outcomes=80,
        outcome="churn:90", made_at=datetime(2026, 11, 1, tzinfo=UTC), report={"evaluation": told(-0.011)},
    )  # fmt: skip
    for low, words in (
        (-0.011, "スコアカードを上回るとまでは確認できていません"),
        (0.002, "スコアカードよりも正確でした"),
    ):
        model.report = {"evaluation": told(low)}
        model.save()
        with override("ja"):
            page = render_to_string(
                "pages/executive/_trust.html", {"trust": reads.model_trust(), "paper": True}
            )
        assert "AUCは0.77" in page
        assert "スコアカードのみでは0.76" in page
        assert "最終利用からの日数のみでは0.59" in page
        assert "一律に当てはめると0.50" in page
        assert words in page, page


@pytest.mark.parametrize(("language", "told"), [("ja", "予期しない問題"), ("en", "Something unforeseen")])
def test_an_unforeseen_error_is_told_in_words_and_kept_in_the_log(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, language: str, told: str
) -> None:
    member = Member.objects.create_user("boss@vendor.example", role="manager", scope="all")
    export = Export.objects.create(
        member=member, page=printing.PAGE, format="pdf", language=language, rows=100, asked_at=NOW
    )

    def broken(_export: Export, _now: datetime) -> None:
        raise RuntimeError("libpango: undefined symbol")

    monkeypatch.setattr(printing, "make_print", broken)
    with pytest.raises(RuntimeError):
        printing.print_executive.func(export.pk)
    export.refresh_from_db()
    assert (export.status, "libpango" in export.error) == ("failed", False)
    assert told in export.error
    assert "libpango" in caplog.text


def test_a_company_that_nobody_named_is_not_headed_by_our_name(db: None) -> None:
    context = {"company": get_company(), "today": TODAY, "forecast": None}
    assert "Enishi" not in render_to_string("pages/executive/print.html", {**context, "named": False})
    assert "Enishi" in render_to_string("pages/executive/print.html", {**context, "named": True})


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2026, 11, 23), date(2027, 5, 31)),
        (date(2026, 11, 30), date(2027, 5, 31)),
        (date(2026, 12, 1), date(2027, 6, 30)),
    ],
)
def test_half_a_year_is_never_less(day: date, until: date) -> None:
    """The rest of the running month is no month of the six."""

    class Told:
        ends = month_grid(day, 14).ends

    Told.day = day  # type: ignore[attr-defined]
    assert reads.lost_until(Told()) == until  # type: ignore[arg-type]
    assert until >= add_months(day, 6)
