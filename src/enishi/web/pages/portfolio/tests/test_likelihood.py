"""The probability to leave as a column, a filter and an order of the list: today's, and what was said on a past day."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.world import TODAY, World, make_world

from enishi.risk.models import AccountRisk, ForecastModel, Statement
from enishi.web.pages.portfolio import exports, past_book, past_rows, reads
from enishi.web.pages.portfolio.columns import known_keys
from enishi.web.pages.portfolio.likelihood import probability
from enishi.web.pages.portfolio.query import Query, read_query
from enishi.web.pages.portfolio.tests.test_past import known

pytestmark = pytest.mark.django_db
DAY = date(2026, 8, 15)
SAID = {
    "sakura": 0.041,
    "naniwa": 0.32,
    "fuji": None,
}  # of fuji nothing may be said yet; the others are not forecast


@pytest.fixture
def world() -> World:
    cache.clear()
    made = make_world()
    for horizon, factor in ((90, 1.0), (180, 2.0)):
        for name, p in SAID.items():
            said = None if p is None else p * factor
            AccountRisk.objects.create(
                account=made.accounts[name], horizon=horizon, day=TODAY, probability=said
            )
    return made


def ask(text: str) -> Query:
    return read_query(QueryDict(text), known_keys())


def names(world: World, member: str, text: str) -> list[str]:
    rows, _more = reads.read_page(world.members[member], ask(text), today=TODAY, unit=1)
    named = {account.pk: name for name, account in world.accounts.items()}
    return [named[row.pk] for row in rows]


def test_the_list_is_filtered_and_ordered_by_the_probability_within_90_days(world: World) -> None:
    assert names(world, "suzuki", "sort=-leaving")[:2] == ["naniwa", "sakura"]
    assert names(world, "suzuki", "sort=leaving")[:2] == ["sakura", "naniwa"]
    assert names(world, "suzuki", "leaving_min=5") == ["naniwa"]
    assert names(world, "suzuki", "leaving_min=4") == names(world, "suzuki", "forecast=stated")
    assert set(names(world, "suzuki", "forecast=none")) == {"fuji", "acme", "hokuto", "minato"}
    assert len(names(world, "suzuki", "forecast=none&forecast=stated")) == 6
    assert names(world, "smith", "leaving_min=1") == []
    slices = reads.distribution(world.suzuki, ask("forecast=none"), today=TODAY, unit=1)
    assert sum(one.accounts for one in slices) == 4


def test_page_and_file_show_it_and_one_query_reads_it(world: World) -> None:
    client = Client(headers={"accept-language": "ja"})
    client.force_login(world.suzuki)
    with CaptureQueriesContext(
        connection,
    ) as told:
        page = client.get("/accounts/?cols=leaving,mrr&sort=-leaving").content.decode()
    assert sum("risk_accountrisk" in one["sql"] and "SELECT" in one["sql"][:8] for one in told) <= 5
    assert all(word in page for word in ("解約確率(90日以内)", ">32%<", ">4.1%<", "時期尚早"))
    made = exports.ask_export(world.suzuki, ask("cols=leaving&sort=-leaving"), "csv", 2, "en")
    rows = list(csv.DictReader(io.StringIO(made.path.read_bytes().decode("utf-8-sig"))))
    assert [row["Probability to leave (90 days)"] for row in rows][:3] == ["0.3200", "0.0410", ""]


def test_a_past_day_shows_what_was_said_then(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    model = ForecastModel.objects.create(horizon=90, version=1, as_of=DAY, outcome="churn:90")
    for ago, p in ((-1, 0.9), (2, 0.25), (30, 0.8)):
        Statement.objects.create(
            account=world.sakura, horizon=90, day=DAY - timedelta(days=ago), probability=p, model=model
        )
    ids = [world.sakura.pk, world.fuji.pk]
    frame = pd.DataFrame([known(world.sakura), known(world.fuji)])
    monkeypatch.setattr(past_book, "book_as_of", lambda day, progress=None: frame)
    book = past_book.make_book(DAY)

    def found(text: str) -> list[int]:
        chosen = past_rows.select(book, world.suzuki, ask(text), day=DAY, unit=1)
        return [int(pk) for pk in past_rows.order(chosen, ask(text))["account_id"]]

    monkeypatch.setattr(
        past_rows, "_found", lambda frame, member, text: frame["account_id"].notna().to_numpy()
    )
    assert found("leaving_min=20") == found("forecast=stated") == [world.sakura.pk]
    assert found("leaving_min=26") == []
    assert found("forecast=none") == [world.fuji.pk]
    assert found("sort=leaving") == ids
    said = [probability(account) for account in past_rows.rows(book)]
    assert said == [0.25, None], "not the later one, nor one that had lapsed"
