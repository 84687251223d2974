"""The pages of fit: what is said, to whom, and how the axes are changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from tests.world import TODAY

from enishi.accounts.models import AuditLine
from enishi.definitions.api import as_yaml, default_body
from enishi.definitions.models import DefinitionVersion
from enishi.fit.models import AccountFit, FitOpinion
from enishi.metrics.revenue import number_of
from enishi.web.pages.fit.present import a_year_ago

pytestmark = pytest.mark.django_db


def test_without_enough_history_counts_are_told_and_no_share(world, sign_in):
    page = sign_in("takahashi").get("/revenue/fit/").content.decode()
    assert "20件中1件" in page
    assert "5件中1件" in page, "one deal is too few for a share"
    assert "40社中1社" in page, "weights are not learned from one"


def test_who_has_no_deal_in_view_is_told_so(world, sign_in):
    """None of the quarters shown, or none within the asker's scope at all."""
    client = sign_in("takahashi")
    AccountFit.objects.update(sold_on=TODAY - timedelta(days=5000))
    assert _told(client.get("/revenue/fit/")) == (0, 8, 0)
    AccountFit.objects.update(sold_on=TODAY - timedelta(days=60))
    cache.clear()
    assert _told(client.get("/revenue/fit/")) == (1, 8, 1)
    member = world.members["takahashi"]
    member.scope, member.team = "own", None
    member.save()
    world.accounts["sakura"].owner = None
    world.accounts["sakura"].save()
    cache.clear()
    assert _told(client.get("/revenue/fit/")) == (0, 8, 0)


def _told(page: HttpResponse) -> tuple[int, int, int]:
    """Deals of a year, quarters, deals of the quarters."""
    assert page.status_code == 200
    shown = page.context
    return shown["head"]["all"], len(shown["quarters"]), sum(one["all"] for one in shown["quarters"])


def test_the_share_leads_to_exactly_the_deals_behind_it(world, sign_in):
    """Of good fit and sold in the months the card counts: neither all that were ever sold, nor those of another fit."""
    client = sign_in("takahashi")
    own = AccountFit.objects.get(account=world.accounts["sakura"])
    others = [a for name, a in world.accounts.items() if name != "sakura" and a.deleted_at is None]
    since = a_year_ago(TODAY)
    AccountFit.objects.filter(pk=own.pk).update(sale_band="good", sold_on=since + timedelta(days=1))
    for account, sold, band in zip(others, (since, TODAY, TODAY), ("good", "good", "poor"), strict=False):
        AccountFit.objects.update_or_create(
            account=account,
            defaults={"run": own.run, "sold_on": sold, "sale_band": band, "sale_tenths": 800},
        )
    cache.clear()
    page = client.get("/revenue/fit/").context
    listed = client.get(page["head_address"])
    assert page["head"]["good"] == listed.context["page"].paginator.count
    assert 0 < page["head"]["good"] < AccountFit.objects.filter(sale_band="good").count()
    assert "以降の新規契約です。" in listed.content.decode()


def test_lists_filter_search_sort_and_export_within_the_scope(world, sign_in):
    client = sign_in("takahashi")
    name = world.accounts["sakura"].name
    for query in ("what=regret", "what=new", "what=all&band=poor&sort=-sale", "what=all&seller=山田 太郎"):
        assert name in client.get(f"/revenue/fit/accounts/?{query}").content.decode(), query
    for query in (
        "what=all&band=good",
        "what=all&channel=nowhere",
        f"what=all&before={TODAY - timedelta(days=90)}",
    ):
        assert "data-row" not in client.get(f"/revenue/fit/accounts/?{query}").content.decode(), query
    file = client.get("/revenue/fit/export/?what=regret&format=csv")
    assert name in file.content.decode("utf-8-sig")
    assert AuditLine.objects.filter(verb="fit_exported").exists()
    stranger = world.members["takahashi"]
    stranger.scope, stranger.team = "own", None
    stranger.save()
    AccountFit.objects.update(account=world.accounts["sakura"])
    world.accounts["sakura"].owner = None
    world.accounts["sakura"].save()
    assert name not in client.get("/revenue/fit/accounts/?what=all").content.decode()
    assert client.get(f"/accounts/{world.accounts['sakura'].pk}/fit/").status_code == 404


def test_an_account_tells_its_axes_now_and_as_said_then(world, sign_in):
    client, account = sign_in("takahashi"), world.accounts["sakura"].pk
    assert "20.0" in client.get(f"/accounts/{account}/fit/").content.decode()
    then = client.get(f"/accounts/{account}/fit/?as_of={TODAY - timedelta(days=5)}").content.decode()
    assert "45.0" in then
    before = client.get(f"/accounts/{account}/fit/?as_of={TODAY - timedelta(days=50)}").content.decode()
    assert "45.0" not in before
    assert "20.0" not in before


def test_what_people_know_is_stated_with_a_reason_and_taken_back(world, sign_in):
    client, account = sign_in("takahashi"), world.accounts["sakura"].pk
    address = f"/accounts/{account}/fit/state/"
    assert client.post(address, {"input": "success_stated", "points": "80", "reason": ""}).status_code == 200
    assert not FitOpinion.objects.exists()
    assert (
        client.post(
            address, {"input": "success_stated", "points": "80", "reason": "役員の後押し"}
        ).status_code
        == 204
    )
    assert (
        client.post(
            address, {"input": "success_stated", "points": "60", "reason": "担当役員の交代"}
        ).status_code
        == 204
    )
    (told,) = FitOpinion.objects.filter(withdrawn_on=None)
    assert told.points == 60
    assert "担当役員の交代" in client.get(f"/accounts/{account}/fit/").content.decode()
    assert client.post(f"/accounts/fit/{told.pk}/withdraw/").status_code == 204
    (again,) = FitOpinion.objects.filter(withdrawn_on=None)
    assert again.points == 80, "what it took the place of holds again"
    assert client.post(f"/accounts/fit/{again.pk}/withdraw/").status_code == 204
    assert not FitOpinion.objects.filter(withdrawn_on=None).exists()
    assert AuditLine.objects.filter(verb__in=["fit_stated", "fit_withdrawn"]).count() == 4


def _fields(**changed: object) -> dict[str, object]:
    return {
        "form:sent": "1", "fit:title:en": "Fit", "fit:title:ja": "適合度", "bands:good": "70", "bands:poor": "40",
        "fit:minimum_coverage": "30", "axis:success:weight": "50", **changed,
    }  # fmt: skip


def test_axes_are_changed_in_the_form_and_as_text(world, sign_in):
    client = sign_in("suzuki")
    added = {
        "new:size:source": "attribute:channel", "new:size:values": ["紹介, Referral", ""],
        "new:size:value_points": ["90", ""], "new:size:weight": "2",
    }  # fmt: skip
    assert client.post("/revenue/fit/axes/", _fields(**added)).status_code == 302
    body = DefinitionVersion.objects.get(definition__kind="fit", status="published").body
    assert (body["bands"]["good"], body["minimum_coverage"], body["axes"][0]["weight"]) == (70, 0.3, 50)
    assert body["axes"][2]["inputs"][-1]["values"] == [{"values": ["紹介", "Referral"], "points": 90}]
    wrong = client.post("/revenue/fit/axes/", _fields(**{"bands:good": "20"}))
    assert wrong.status_code == 422
    text = as_yaml("fit", "default", {**default_body("fit", "default"), "minimum_coverage": 0.25})
    checked = client.post("/revenue/fit/axes/text/", {"text": text, "act": "check"})
    assert checked.status_code == 200
    assert client.post("/revenue/fit/axes/text/", {"text": text, "act": "publish"}).status_code == 302
    assert client.post("/revenue/fit/axes/rollback/", {"number": "1"}).status_code == 302
    assert DefinitionVersion.objects.get(definition__kind="fit", status="published").number == 4
    assert client.get("/revenue/fit/axes/versions/").status_code == 200


def test_who_would_change_band_is_told_before_axes_are_put_in_force(world, sign_in):
    """From what the last judging read: 30 employees give 45 points on size, the only thing known of the customer."""
    known = {
        "sale_on": number_of(TODAY - timedelta(days=60)),
        "sale": {"employees": 30},
        "now": {"employees": 30},
    }
    AccountFit.objects.update(facts=known)
    client, name = sign_in("suzuki"), world.accounts["sakura"].name
    told = client.post(
        "/revenue/fit/axes/preview/", _fields(**{"fit:minimum_coverage": "0"})
    ).content.decode()
    assert name in told
    assert "1社中1社" in told, "poor as judged, fair by the edited axes"
    mine = _fields(**{"fit:minimum_coverage": "0", "bands:good": "95", "bands:poor": "90"})
    assert name not in client.post("/revenue/fit/axes/preview/", mine).content.decode(), "poor as before"
    wrong = client.post("/revenue/fit/axes/preview/", _fields(**{"bands:good": "20"})).content.decode()
    assert "notice" in wrong
    assert sign_in("takahashi").post("/revenue/fit/axes/preview/", _fields()).status_code == 403
    assert AccountFit.objects.get().sale_band == "poor"
