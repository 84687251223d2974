"""Growth in the browser: the list, what is done about a row, the catalogue, the next hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import TODAY, World

from enishi.definitions.api import find_published
from enishi.growth.models import CommerceTrial, Effort, NextItems, Proposal
from enishi.value.models import AccountValue

from .conftest import SignIn

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_the_list_says_who_what_why_and_how_likely(world: World, sign_in: SignIn) -> None:
    page = sign_in("takahashi").get("/growth/").content.decode()
    for said in (
        "ライセンス追加",
        "ライセンスの96%を使用中",
        "18%",
        "34,560円",
        "10%〜30%",
        "10ライセンス",
        "増額の実績23社による",
    ):
        assert said in page
    assert "上位プラン" not in page.split("<tbody>")[1], "one offer at a time"
    every = sign_in("takahashi").get("/growth/?offer=higher_plan").content.decode()
    assert "時期尚早(実績3/20社)" in every
    assert "Light → Pro" in every


def test_filters_and_order_stand_in_the_address(world: World, sign_in: SignIn) -> None:
    client = sign_in("takahashi")
    assert "提案できる顧客をすべて表示" in client.get("/growth/?q=ない名前").content.decode()
    for query in (
        "owner=-",
        "tier=nonsense&when=now&sort=-nonsense",
        "sort=name&page=99",
        "when=30&every=1&sort=on",
    ):
        assert client.get(f"/growth/?{query}").status_code == 200
    text = client.get("/growth/export/?format=csv").content.decode("utf-8-sig")
    assert "ライセンスの96%を使用中" in text
    assert ",0.1800,0.1000,0.3000," in text, "numbers are numbers"
    assert ",20000,増額の実績23社による,34560," in text, "what the amount rests on stands beside it"
    assert client.get("/growth/export/?format=pdf").status_code == 400


def test_an_offer_is_made_recorded_and_taken_back(world: World, sign_in: SignIn) -> None:
    client, account = sign_in("takahashi"), world.accounts["sakura"].pk
    dialog = client.get(f"/growth/accounts/{account}/more_seats/propose/", headers=HTMX).content.decode()
    assert "ライセンスの96%を使用中" in dialog
    sent = {"title": "ご相談", "assignee": str(world.members["takahashi"].pk)}
    late = client.post(
        f"/growth/accounts/{account}/more_seats/propose/", sent | {"due_on": "2020-01-01"}, headers=HTMX
    )
    assert "今日以降の日付" in late.content.decode()
    assert (
        client.post(f"/growth/accounts/{account}/more_seats/propose/", sent, headers=HTMX).status_code == 204
    )
    made = Proposal.objects.get()
    refused = client.post(f"/growth/made/{made.pk}/result/", {"won": "0"}, headers=HTMX)
    assert "理由を入力してください" in refused.content.decode()
    client.post(f"/growth/made/{made.pk}/result/", {"won": "1", "amount": "15000"}, headers=HTMX)
    record = client.get("/growth/record/").content.decode()
    assert "15,000円" in record
    assert "受注" in record
    assert client.post(f"/growth/made/{made.pk}/undo/").headers["Location"] == "/growth/record/"
    made.refresh_from_db()
    assert made.status == "open"


def test_an_offer_set_aside_needs_a_reason_and_a_day(world: World, sign_in: SignIn) -> None:
    client, account = sign_in("takahashi"), world.accounts["sakura"].pk
    address = f"/growth/accounts/{account}/more_seats/aside/"
    assert client.post(address, {"reason": "x", "until": TODAY.isoformat()}, headers=HTMX).status_code == 200
    until = TODAY + timedelta(days=40)
    assert (
        client.post(address, {"reason": "来期に", "until": until.isoformat()}, headers=HTMX).status_code
        == 204
    )
    left = client.get("/growth/").content.decode().split("<tbody>")[1]
    assert "ライセンス追加" not in left
    assert "上位プラン" in left, "the next offer comes first"


def test_the_panel_of_an_account_stays_within_the_view(world: World, sign_in: SignIn) -> None:
    inside, outside = world.accounts["sakura"].pk, world.accounts["fuji"]
    assert sign_in("takahashi").get(f"/accounts/{inside}/growth/").status_code == 200
    member = world.members["takahashi"]
    member.scope = "own"
    member.save()
    outside.owner = None
    outside.save()
    assert sign_in("takahashi").get(f"/accounts/{outside.pk}/growth/").status_code == 404


def test_an_offer_is_changed_in_a_form(world: World, sign_in: SignIn) -> None:
    client = sign_in("suzuki")
    form = {
        "form:sent": "1", "offer:title:ja": "席の追加", "offer:title:en": "Seats", "offer:type": "seats", "offer:priority": "5",
        "offer:minutes": "20", "offer:least_weight": "2", "eligible:bands": ["green"], "eligible:stages": ["established"],
        "eligible:tenure_from_days": "30", "eligible:rest_days": "60", "timing:at": "threshold", "timing:days_before": "120",
        "uplift:unit": "share_of_mrr", "uplift:value": "15", "uplift:learn": "1",
    }  # fmt: skip
    wrong = client.post(
        "/growth/offers/more_seats/", {**form, "uplift:value": "-5", "offer:least_weight": "99"}
    )
    assert wrong.status_code == 422
    assert "見込み増加額は0より大きい値" in wrong.content.decode()
    assert "99には届きません" in wrong.content.decode()
    assert client.post("/growth/offers/more_seats/", form).status_code == 302
    found = find_published("offer", "more_seats")
    assert found is not None
    assert (found.version.number, found.body.uplift.value, found.body.eligible.bands) == (2, 0.15, ("green",))
    assert len(found.body.signals) == 3, "what was not sent stays"
    assert client.post("/growth/offers/more_seats/rollback/", {"number": "1"}).status_code == 302
    assert find_published("offer", "more_seats").body.uplift.value == 0.2  # type: ignore[union-attr]


def test_the_next_hour_needs_a_history_and_keeps_its_assumptions(world: World, sign_in: SignIn) -> None:
    client = sign_in("suzuki")
    assert "履歴が足りません" in client.get("/growth/next-hour/").content.decode()
    figures = {
        "churn": "12", "expansion": "8", "new": "0", "margin": "80", "months": "24", "churn_minutes": "1000",
        "expansion_minutes": "900", "floor": "2", "ceiling": "40",
    }  # fmt: skip
    client.post("/growth/next-hour/declare/", {**figures, "floor": "20"})
    assert not Effort.objects.exists(), "a floor above the churn is refused"
    client.post("/growth/next-hour/declare/", figures)
    assert Effort.objects.get().churn_minutes == 1000


def test_next_products_are_those_of_customers_likely_to_order_with_an_act(
    world: World, sign_in: SignIn
) -> None:
    """Who ended its contract or is long silent is left out, and said to be; everybody is a choice away."""
    CommerceTrial.objects.create(day=TODAY, used="best_sellers", report={"rates": {}})
    names = dict(zip(("sakura", "fuji", "kaede"), list(world.accounts.values())[:3], strict=True))
    told = {"sakura": (False, 0.4, 0.9), "fuji": (True, 0.4, 0.9), "kaede": (False, 0.01, 0.1)}
    for name, account in names.items():
        NextItems.objects.create(
            account=account, day=TODAY, items=[{"item": "Ink & paper", "reason": "popular"}], last_on=TODAY
        )
        left, soon, year = told[name]
        AccountValue.objects.create(account=account, day=TODAY, left=left, order_soon=soon, order_year=year)
    once = list(world.accounts.values())[3]
    NextItems.objects.create(
        account=once,
        day=TODAY,
        items=[{"item": "Ink", "reason": "popular"}],
        orders=1,
        last_on=TODAY - timedelta(days=700),
    )
    page = sign_in("suzuki").get("/growth/next-product/")
    assert [row.account_id for row in page.context["page"]] == [names["sakura"].pk]
    assert page.context["gone"] == 3
    text = page.content.decode()
    assert f"/accounts/{names['sakura'].pk}/act/task/?title=" in text
    assert "Ink+%26+paper" in text
    assert "40%" in text
    assert len(sign_in("suzuki").get("/growth/next-product/?show=all").context["page"]) == 4
