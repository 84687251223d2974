"""Unit economics and an account's value, as members see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pages import SignIn
from tests.world import NOW, TODAY, World

from enishi.accounts.models import AuditLine
from enishi.value.api import AccountValue, ValueRun, ValueStatement, get_settings
from enishi.web.pages.value import reads

pytestmark = pytest.mark.django_db
FITS = {
    "simple": {"lost": 6, "months": 600, "monthly_churn": 0.01},
    "contractual": {"alpha": 1.0, "beta": 6.0, "unit": 12, "lost": 25, "customers": 90,
                    "covariance": [[0.1, 0.1], [0.1, 0.12]]},
    "noncontractual": {"have": 2, "need": 30, "customers": 4},
}  # fmt: skip


@pytest.fixture
def valued(world: World) -> ValueRun:
    assumed = {"margin": 0.8, "discount": 0.1, "hour_cost": None, "ticket_cost": None}
    run = ValueRun.objects.create(day=TODAY, status="done", started_at=NOW, fits=FITS, assumptions=assumed)
    for place, account in enumerate(world.accounts.values(), 1):
        told = {"contractual": place * 1_000_000, "residual": place * 900_000, "simple": place * 1_100_000}
        amounts = {f"{name}{end}": round(value * share) for name, value in told.items()
                   for end, share in (("_low", 0.8), ("_high", 1.2))}  # fmt: skip
        AccountValue.objects.create(
            account=account, run=run, day=TODAY, **told, **amounts, chosen=told["residual"], chosen_by="residual",
            margin=50_000, acquisition=300_000, earned=700_000, months=14, even_month=6, months_left=60.0,
            since=TODAY - timedelta(days=430), curve=[50_000 * n for n in range(1, 15)],
            detail={"mrr": 70_000, "leaves_in": None, "multiplier": 1.0},
        )  # fmt: skip
    return run


def test_before_the_first_valuation_the_page_teaches(world: World, sign_in: SignIn) -> None:
    page = sign_in("suzuki").get("/revenue/value/").content.decode()
    assert "LTVはまだ計算されていません" in page
    assert "今すぐ計算" in page


def test_the_answer_comes_first_with_its_names_and_what_is_missing(valued: ValueRun, sign_in: SignIn) -> None:
    page = sign_in("suzuki").get("/revenue/value/").content.decode()
    assert "契約型LTV(契約開始から)" in page
    assert "履歴不足: 再注文した顧客が30社必要です(現在2社)。" in page
    assert "獲得費用が取り込まれていないため" in page, "no costs are imported in this world"
    simple = sign_in("suzuki").get("/revenue/value/?method=simple&by=size&months=24").content.decode()
    assert "規模" in simple


def test_everyone_sees_their_own_customers_alone(valued: ValueRun, world: World, sign_in: SignIn) -> None:
    everyone = sign_in("suzuki").get("/revenue/value/accounts/").context
    own = sign_in("takahashi").get("/revenue/value/accounts/").context
    assert own["count"] < everyone["count"]
    theirs = {line["account"] for line in own["lines"]}
    outside = next(a for a in world.accounts.values() if a.pk not in theirs and a.deleted_at is None)
    assert sign_in("takahashi").get(f"/accounts/{outside.pk}/value/").status_code == 404


def test_figures_are_kept_for_whom_they_are_and_until_the_next_valuation(
    valued: ValueRun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "/revenue/value/"
    whole, own = (sign_in(name).get(page).context for name in ("suzuki", "takahashi"))
    assert 0 < own["head"]["customers"] < whole["head"]["customers"]
    read = reads.read_values
    with monkeypatch.context() as patched:
        patched.setattr(reads, "read_values", None)  # a further view reads no customer's values
        again = sign_in("suzuki").get(page).context
    assert again["head"] == whole["head"]
    assert again["units"] == whole["units"]
    assert sign_in("suzuki").get(page + "?method=simple").context["head"]["ltv"] != whole["head"]["ltv"]
    AccountValue.objects.update(contractual=7)
    ValueRun.objects.create(
        day=TODAY,
        status="done",
        started_at=NOW + timedelta(hours=1),
        fits=FITS,
        assumptions=valued.assumptions,
    )
    asked = []
    monkeypatch.setattr(reads, "read_values", lambda *told: asked.append(told) or read(*told))
    assert sign_in("suzuki").get(page + "?method=contractual").context["head"]["ltv"]["value"] == 7
    sign_in("suzuki").get(page + "?cohort=2001-01-01")
    sign_in("suzuki").get(page + "?cohort=2001-01-01")
    assert len(asked) == 3, "what is not there is not kept"


def test_a_list_and_a_table_as_files(valued: ValueRun, sign_in: SignIn) -> None:
    client = sign_in("suzuki")
    listed = client.get("/revenue/value/accounts/export/?format=csv")
    assert listed.status_code == 200
    assert "契約型LTV(今後の分)" in listed.content.decode("utf-8-sig")
    assert client.get("/revenue/value/export/?format=xlsx").content[:2] == b"PK"
    assert client.get("/revenue/value/export/?format=odt").status_code == 400
    assert AuditLine.objects.filter(verb="value_exported").count() == 2


def test_assumptions_are_changed_by_leaders_within_bounds(valued: ValueRun, sign_in: SignIn) -> None:
    body = {
        "discount_rate": "8.5",
        "horizon_years": "5",
        "hour_cost": "6000",
        "ticket_cost": "",
        "ranking": "simple",
    }
    assert sign_in("takahashi").post("/revenue/value/settings/", body).status_code == 403
    client = sign_in("suzuki")
    assert client.post("/revenue/value/settings/", body | {"discount_rate": "150"}).status_code == 422
    assert client.post("/revenue/value/settings/", body).status_code == 302
    settings = get_settings()
    assert (str(settings.discount_rate), settings.horizon_years, settings.hour_cost) == ("0.0850", 5, 6000)
    assert settings.ticket_cost is None


def test_asking_for_a_valuation_twice_asks_once(valued: ValueRun, sign_in: SignIn) -> None:
    client = sign_in("suzuki")
    for _time in range(2):
        assert client.post("/revenue/value/run/").status_code == 302
    assert ValueRun.objects.filter(status="queued").count() == 1
    assert client.get("/revenue/value/progress/").status_code == 200


def test_an_account_today_and_on_a_past_day(valued: ValueRun, world: World, sign_in: SignIn) -> None:
    sakura = world.accounts["sakura"]
    client = sign_in("suzuki")
    today = client.get(f"/accounts/{sakura.pk}/value/")
    assert [line["line"].id for line in today.context["lines"]] == [
        "contractual", "residual", "noncontractual", "simple",
    ]  # fmt: skip
    assert today.context["even"] == 6
    series = today.context["chart"]["series"]
    assert series[0]["values"][0] == -300_000
    assert series[1]["dashed"]
    mine = AccountValue.objects.filter(account=sakura)
    mine.update(near_term=True, detail={"mrr": 70_000, "age": 14.1, "near": {"90": 0.7, "180": 0.9}})
    leaving = client.get(f"/accounts/{sakura.pk}/value/").context["chart"]["series"]
    assert leaving[1]["values"][20] < series[1]["values"][20] - 3 * 50_000, "the forecast beside it is heeded"
    mine.update(detail={"mrr": 70_000})
    stale = client.get(f"/accounts/{sakura.pk}/value/").context["chart"]["series"]
    assert len(stale) == 1, "a valuation that kept no forecast expects nothing against it"
    earlier = TODAY - timedelta(days=60)
    unknown = client.get(f"/accounts/{sakura.pk}/value/?as_of={earlier}").content.decode()
    assert "その時期の計算結果はありません。" in unknown
    ValueStatement.objects.create(
        account=sakura, run=valued, day=earlier, residual=123_000, chosen_by="residual"
    )
    said = client.get(f"/accounts/{sakura.pk}/value/?as_of={earlier + timedelta(days=5)}").content.decode()
    assert "12.3万円" in said
