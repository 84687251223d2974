"""Contracts from files: a history told in one file, and a way back told in a later one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from enishi.accounts.models import Record, RecordVersion
from enishi.ingest.files import importing
from enishi.ingest.files.desk import retry_row
from enishi.ingest.files.importing import import_file
from enishi.ingest.models import Reject
from enishi.kit.home import Home

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
HEAD = "契約番号,顧客コード,契約開始日,適用日,月額\n"
OTHERS = "".join(f"X{n},C1,2025/4/1,,50\n" for n in range(3))

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(tmp_path):
    home = Home(tmp_path / "home")

    def take(rows, now=NOW, kind="subscription", head=HEAD):
        path = tmp_path / "file.csv"
        path.write_text(head + rows, encoding="utf-8")
        made, tally = import_file(home, path, kind, actor="test", now=now, backfill=False)
        assert made.status == "done"
        return [tally.counts[name] for name in ("created", "updated", "unchanged", "rejected")]

    take("C1,一番\n", kind="account", head="顧客コード,会社名\n")
    take.home = home
    return take


def told():
    versions = RecordVersion.objects.filter(kind="subscription", outside_id="K1").order_by("pk")
    return sorted((v.valid_on, v.data["amount"]) for v in {v.valid_on: v for v in versions}.values())


@pytest.mark.parametrize("portion", [1, 2000])
@pytest.mark.parametrize("turned", [False, True])
def test_a_history_whose_first_line_has_no_day_changes_nothing_again(bring, monkeypatch, portion, turned):
    monkeypatch.setattr(importing, "PORTION", portion)
    lines = [
        "K1,C1,2025/4/1,,100\n",
        OTHERS,
        "K1,C1,2025/4/1,2025/10/1,200\n",
        "K1,C1,2025/4/1,2027/1/1,300\n",
    ]
    rows = "".join(lines[::-1] if turned else lines)
    assert bring(rows) == [4, 2, 0, 0]
    expected = [(date(2025, 4, 1), "100"), (date(2025, 10, 1), "200"), (date(2027, 1, 1), "300")]
    assert told() == expected
    assert bring(rows, LATER) == [0, 0, 6, 0]
    assert told() == expected


def test_a_downgrade_to_the_first_terms_takes_effect_though_its_file_is_the_first_again(bring):
    for now, amount in ((NOW, 100), (datetime(2026, 5, 1, 3, tzinfo=UTC), 150), (LATER, 100)):
        assert bring(f"K1,C1,2025/4/1,,{amount}\n", now)[2:] == [0, 0]
        assert bring(f"K1,C1,2025/4/1,,{amount}\n", now) == [0, 0, 1, 0]
        assert Record.objects.get().data["amount"] == str(amount)


def test_the_first_line_of_a_history_corrected_on_the_desk_stays_its_first_line(bring):
    assert bring("K1,C1,2025/4/1,,many\nK1,C1,2025/4/1,2025/10/1,200\n")[3] == 1
    reject = Reject.objects.get()
    cells = {**json.loads(reject.payload), "月額": "100"}
    retry_row(bring.home, reject, cells, actor="test", now=LATER)
    assert told() == [(date(2025, 4, 1), "100"), (date(2025, 10, 1), "200")]
