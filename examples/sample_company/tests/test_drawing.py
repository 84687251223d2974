"""Drawing beside the loading, week by week; a load that is cut off and goes on."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from enishi.cli.sample import Wanted, bring_sample
from enishi.kit.home import Home
from enishi.store.api import Published

from .. import Sample, load
from ..drawing import WEEK_US, event_bodies, spool
from ..events import event_tables

FEW = Sample(until=date(2026, 11, 20), accounts=12, months=3)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


def test_bodies_hold_every_event_once_in_order_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examples.sample_company.drawing.ROWS_A_SPILL", 2_000)
    drawn = {row["message_id"]: row for table in event_tables(FEW) for row in table.to_pylist()}
    files = spool(FEW, tmp_path)
    items = [item for file in files for body in event_bodies(file) for item in json.loads(body)["batch"]]
    assert Counter(item["messageId"] for item in items) == Counter(drawn.keys())
    stamps = [item["timestamp"] for item in items]
    assert stamps == sorted(stamps)
    for item in items[::97]:
        row = drawn[item["messageId"]]
        assert datetime.fromisoformat(item["timestamp"]) == row["occurred_at"]
        assert item["properties"] == json.loads(row["properties"])
        assert item["context"] == {"groupId": row["account"], "product": row["product"]}
        assert (item["userId"], item["event"]) == (row["user"], row["event"])


def test_a_file_holds_one_week(tmp_path: Path) -> None:
    for file in spool(FEW, tmp_path):
        for body in event_bodies(file):
            at = {datetime.fromisoformat(item["timestamp"]).timestamp() for item in json.loads(body)["batch"]}
            assert {int(second * 1_000_000) // WEEK_US for second in at} == {int(file.stem)}


@pytest.mark.django_db(transaction=True)
def test_a_load_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    home.prepare()
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    wanted = Wanted(accounts=12, months=3, until=FEW.until)
    with monkeypatch.context() as broken:
        broken.setattr("enishi.ingest.api.drain", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bring_sample(home, wanted, NOW)
    assert load.loaded(home)[1] is False
    assert bring_sample(home, wanted, NOW)
    assert load.loaded(home) == (load.loaded(home)[0], True)
    events = sum(table.num_rows for table in event_tables(FEW))
    assert events <= Published(home).rows("events") < events * 1.2, "told twice, counted once"
    assert not bring_sample(home, wanted, NOW)
