"""The shipped scorecard on real history it was not made for."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enishi.accounts.models import Company
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.signals.real import FILE, as_table, find_data, run_real

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("ENISHI_DATA") or ROOT.parent / "shared" / "data")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not (DATA / FILE).exists(),
    reason="not tried: the scorecard on real history, for its data are absent (set ENISHI_DATA)",
)
def test_the_default_scorecard_on_openstack_is_as_good_as_the_documents_say(tmp_path: Path) -> None:
    result = run_real(Home(tmp_path), datetime.now(UTC), DATA / FILE)
    assert Company.objects.get().time_zone == "UTC"
    assert (result["rows"], result["accounts"], result["snapshots"]) == (418, 70, 10)
    assert result["observed_rate"] == pytest.approx(0.2153, abs=1e-4)
    assert result["recency"]["auc"] == pytest.approx(0.826, abs=0.001)
    assert result["count_90"]["auc"] == pytest.approx(0.832, abs=0.001)
    assert result["score"]["auc"] >= 0.83
    assert result["monotone"]
    forecast = result["forecast"]
    assert (forecast["n"], forecast["accounts"], forecast["fits"]) == (418, 70, 10)
    assert forecast["auc"] >= 0.85
    assert forecast["brier"] <= 0.125
    assert forecast["against_recency"]["low"] > 0, "ahead of recency beyond chance"
    for language, document in (("en", "README.md"), ("ja", "README.ja.md")):
        text = as_table(result, language)
        assert result["verdict"][language] in text
        assert text in (ROOT / document).read_text(encoding="utf-8"), f"{document} shows another result"


def test_without_the_data_it_says_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ENISHI_DATA", str(tmp_path))
    with pytest.raises(NotFound) as caught:
        find_data()
    assert str(tmp_path) in caught.value.message.en
