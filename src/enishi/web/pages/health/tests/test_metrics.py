"""The metric pages of Health: the builder, own metrics over the past, customers without data."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from django.core.cache import cache
from tests.world import NOW, World, days_ago, sign_in

from enishi.accounts.company import company_day
from enishi.accounts.models import Account
from enishi.definitions.api import find_published
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals.models import AccountState
from enishi.store.testing import publish
from enishi.web.pages.health import backfill
from enishi.web.pages.health.metric_reads import scope_ids
from enishi.web.pages.portfolio.ranks import read_ranks

pytestmark = pytest.mark.django_db


def test_the_builder_says_what_an_id_may_be_and_names_what_is_empty_only_where_it_is(world: World) -> None:
    client, form = sign_in(world.suzuki), {"type": "count", "a:window": "28", "direction": "1"}
    page = client.get("/health/metrics/new/").content.decode()
    assert "英小文字で始まる" in page
    assert 'aria-invalid="true"' not in page
    assert "必須" in page
    answer = client.post("/health/metrics/new/", form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "IDを入力してください。" in text
    assert "名称を入力してください。" in text
    text = client.post(
        "/health/metrics/new/", {**form, "id": "Big Exports", "title:ja": "大量出力"}
    ).content.decode()
    assert "「Big Exports」はIDに使えません" in text
    assert "を入力してください。" not in text
    done = client.post(
        "/health/metrics/new/", {**form, "id": "big_exports", "title:ja": "大量出力"}, follow=True
    )
    assert done.redirect_chain[-1][0] == "/health/metrics/big_exports/"
    assert "指標を保存しました" in done.content.decode()


def test_an_own_metric_is_built_previewed_and_retired(world: World) -> None:
    client = sign_in(world.suzuki)
    form = {
        "id": "exports_28", "title:ja": "出力回数", "title:en": "Exports", "type": "count", "a:window": "28",
        "a:events": ["Export Made"], "direction": "1",
    }  # fmt: skip
    assert client.get("/health/metrics/new/").status_code == 200
    assert client.post("/health/metrics/preview/", form | {"accounts": "さくら"}).status_code == 200
    assert client.post("/health/metrics/new/", form)["Location"] == "/health/metrics/exports_28/"
    assert "出力回数" in client.get("/health/metrics/?q=出力").content.decode()
    assert client.post("/health/metrics/new/", form).status_code == 422
    assert client.post("/health/metrics/exports_28/edit/", form | {"a:window": "56"}).status_code == 302
    found = find_published("metric", "exports_28")
    assert found is not None
    assert found.version.body["window"] == 56
    assert client.post("/health/metrics/exports_28/retire/").status_code == 302
    assert client.get("/health/metrics/exports_28/").status_code == 404


def test_a_built_in_metric_is_not_changed(world: World) -> None:
    assert sign_in(world.suzuki).get("/health/metrics/events_90/edit/").status_code == 404


def test_a_wrong_metric_names_its_place(world: World) -> None:
    answer = sign_in(world.suzuki).post(
        "/health/metrics/new/", {"id": "Bad Id", "title:ja": "x", "type": "sum", "a:window": "9999"}
    )
    assert answer.status_code == 422
    assert "window" in answer.content.decode()


def test_the_metric_preview_answers_an_empty_form(world: World) -> None:
    assert sign_in(world.suzuki).post("/health/metrics/preview/").status_code == 200


def test_each_count_of_customers_without_data_leads_to_exactly_those(world: World) -> None:
    home, known = Home.from_environment(), days_ago(20)
    numbers = list(Account.objects.filter(deleted_at=None, merged_into=None).values_list("pk", flat=True))
    publish(home, "record_account", [{"record_id": pk, "valid_on": known} for pk in numbers])
    told = {"known_on": known, "valid_on": known}
    for pk in (world.sakura.pk, world.acme.pk):
        publish(home, "record_ticket", [{"record_id": pk, "account_id": pk, **told}])
    left = Account.objects.exclude(pk__in=(world.sakura.pk, world.acme.pk)).filter(state__band="green")[0]
    AccountState.objects.filter(pk=left.pk).update(stage="churned")
    for member in (world.suzuki, world.takahashi):
        client = sign_in(member)
        cells = re.search(
            r'/health/coverage/ticket/">(\d+)社', client.get("/health/coverage/").content.decode()
        )
        assert cells
        page = client.get("/health/coverage/ticket/").content.decode()
        shown = {int(pk) for pk in re.findall(r'<th scope="row"><a href="/accounts/(\d+)/"', page)}
        assert len(shown) == int(cells[1])
        assert shown == set(scope_ids(member).tolist()) - {world.sakura.pk, world.acme.pk, left.pk}
    AccountState.objects.all().delete()
    assert sign_in(world.suzuki).get("/health/coverage/ticket/").status_code == 200
    assert sign_in(world.suzuki).get("/health/coverage/feed:usage/").status_code == 404
    assert sign_in(world.suzuki).get("/health/coverage/nothing/").status_code == 404


def test_an_own_metric_is_worked_out_at_once_and_shown_in_lists(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(world.suzuki)
    asked: list[str] = []
    monkeypatch.setattr(backfill, "past_job", SimpleNamespace(enqueue=asked.append))
    body = {"type": "count", "id": "own_uses", "title:ja": "自社の利用回数", "a:window": "28"}
    assert client.post("/health/metrics/new/", body).status_code == 302
    assert asked == ["own_uses"]
    page = client.get("/health/metrics/own_uses/").content.decode()
    assert 'id="past-progress"' in page
    assert "値を過去1年分とあわせて計算しています" in page
    assert "社に値があります" not in page
    assert "社は値がありません" not in page
    poll = client.get("/health/metrics/own_uses/", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in poll.headers

    first, second = (AccountState.objects.order_by("account_id")[i].account_id for i in (0, 1))
    seen: list[float] = []

    def values(_facts: Any, _body: Any, days: Any) -> pd.DataFrame:
        return pd.DataFrame({"account_id": [first, second], "own_uses": [float(len(seen)), None]})

    monkeypatch.setattr(backfill, "preview_metric", values)
    past = backfill.work_out("own_uses", seen.append)
    assert past is not None
    assert len(past.days) == len(seen) == 13
    assert AccountState.objects.get(account_id=first).metrics["own_uses"] == 12
    assert AccountState.objects.get(account_id=second).metrics["own_uses"] is None
    assert read_ranks().values["own_uses"][0] == 12
    cache.set(backfill._keys("own_uses")[0], past)
    done = client.get("/health/metrics/own_uses/", headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"


def test_the_past_of_a_metric_counts_who_has_left_since(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six customers until a month ago; two of them, with the highest values, are deleted today."""
    sign_in(world.suzuki).post(
        "/health/metrics/new/", {"type": "count", "id": "own_uses", "title:ja": "利用", "a:window": "28"}
    )
    own = [Account.objects.create(name=f"A{k}", outside_id=f"A{k}", owner=world.smith).pk for k in range(6)]
    Account.objects.filter(pk__in=own[4:]).update(deleted_at=NOW)

    def values(_facts: Any, _body: Any, days: Any) -> pd.DataFrame:
        there = own if days[0] < company_day(system_clock()) else own[:4]
        return pd.DataFrame({"account_id": there, "own_uses": [float(there.index(pk)) for pk in there]})

    monkeypatch.setattr(backfill, "preview_metric", values)
    past = backfill.work_out("own_uses", lambda share: None)
    assert past is not None
    for member, medians in ((world.smith, [2.5] * 12 + [None]), (world.tanaka, None)):
        chart = backfill.past_chart(member, past)
        assert (chart["series"][0]["values"] if chart else None) == medians
