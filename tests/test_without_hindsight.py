"""Whatever learns from past days, or is judged by them, reads them without what was told only later."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import enishi
from enishi.accounts.models import Account
from enishi.definitions.api import get_fit, install_defaults
from enishi.fit import jobs as fit_jobs
from enishi.forecasts.late import count_late
from enishi.growth import learning
from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts, panel, subscription_periods
from enishi.outlook.facts import read_past
from enishi.store.testing import publish
from enishi.value.facts import read_book
from tests.world import NOW, TODAY, make_account, make_world

BEGAN = TODAY - timedelta(days=700)
SOLD = TODAY - timedelta(days=400)
THEN = TODAY - timedelta(days=100)
LEFT, TOLD = THEN - timedelta(days=60), THEN + timedelta(days=50)

TODAY_ONLY = {"growth/book.py": 1, "growth/jobs.py": 1, "outlook/facts.py": 1}
"""Rooms' files that open the plain facts, and how often: they ask of today alone."""


def test_rooms_that_learn_open_no_facts_with_hindsight() -> None:
    root, found = Path(enishi.__file__).parent, {}
    for room in ("risk", "growth", "fit", "outlook", "value"):
        for path in sorted((root / room).glob("*.py")):
            if times := len(re.findall(r"duckdb_facts\(", path.read_text())):
                found[str(path.relative_to(root))] = times
    assert found == TODAY_ONLY, "read past days through forecasts.late.honest_facts"


class _Seen(Exception):
    """What was asked for has been read; the rest plays no part."""


def _moments(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    seen: list[Any] = []
    monkeypatch.setattr(learning, "_fit", lambda kind, moments, *_rest: seen.append(moments))
    learning.learn(NOW)
    return pd.concat([moment.rows.assign(day=moment.day) for moment in seen[0] if moment.day <= THEN]).drop(
        columns="sold"
    )


def _at_sale(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    seen: list[Any] = []

    def judged(book: Any, *_rest: Any) -> Any:
        seen.append(book)
        raise _Seen

    monkeypatch.setattr(fit_jobs, "judge_book", judged)
    axes = get_fit()
    assert axes is not None
    with pytest.raises(_Seen):
        fit_jobs.judge_fit(axes, TODAY, NOW)
    return pd.concat([seen[0].at_sale, seen[0].at_start])


def _books(_monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """``told_end`` is meant to know: it only ever keeps a date back (:mod:`enishi.metrics.renewing`). The books do not."""
    past = read_past(TODAY)
    known = [
        frame.drop(columns="told_end").assign(day=day) for day, frame in past.known.items() if day <= THEN
    ]
    books = [
        pd.DataFrame({"account_id": one.accounts, "now": one.now, "ahead": one.path[:, -1], "renewal": one.renewal, "noticed": one.noticed})
        for one in past.books(TODAY) if one.grid.day <= THEN
    ]  # fmt: skip
    return pd.concat([*known, *books], ignore_index=True)


def _moves_then(_monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    return read_book(THEN, today=TODAY)[0].moves


@pytest.fixture
def home(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Twelve customers under contract; a source that has delivered for years."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    make_world()
    install_defaults("system", NOW)
    Account.objects.all().update(deleted_at=NOW)
    for n in range(12):
        make_account(f"C{n}", since=SOLD)
    home = Home.from_environment()
    publish(home, "record_account", [_account(pk, SOLD) for pk in _accounts()])
    publish(home, "record_subscription", [_contract(pk) for pk in _accounts()])
    publish(home, "record_ticket", [_ticket(1, _accounts()[0], BEGAN, BEGAN)])
    return home


def _accounts() -> list[int]:
    return list(Account.objects.filter(deleted_at=None).order_by("pk").values_list("pk", flat=True))


def _account(pk: int, on: date, **more: object) -> dict[str, object]:
    return {"record_id": pk, "valid_on": on, "name": f"C{pk}", "since": SOLD, **more}


def _contract(pk: int, **more: object) -> dict[str, object]:
    terms = {
        "valid_on": SOLD, "started_on": SOLD, "amount": Decimal(1000), "currency": "JPY", "interval": "month", "product": "desk",
        "plan": "Light", "recurring": True,
    }  # fmt: skip
    return {"record_id": 10_000 + pk, "account_id": pk, **terms, **more}


def _ticket(number: int, pk: int, on: date, told: date) -> dict[str, object]:
    opened = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return {
        "record_id": number,
        "account_id": pk,
        "valid_on": on,
        "known_on": on,
        "recorded_on": told,
        "opened_at": opened,
    }


def _tell_late(home: Home) -> None:
    """Half of them left, had opened tickets and were of another industry: all dated back, all told afterwards."""
    gone = _accounts()[::2]
    late = [
        _ticket(100 * at + k, pk, on, TOLD)
        for at, pk in enumerate(gone, 1)
        for k, on in enumerate((SOLD + timedelta(days=30), LEFT - timedelta(days=5), LEFT))
    ]
    publish(home, "record_ticket", late)
    publish(
        home,
        "record_account",
        [_account(pk, SOLD, industry="told late", known_on=SOLD, recorded_on=TOLD) for pk in gone],
    )
    ended = {"ended_on": LEFT, "known_on": LEFT, "recorded_on": TOLD}
    publish(home, "record_subscription", [_contract(pk, **ended) for pk in gone])


READERS = (_moments, _at_sale, _books, _moves_then)


@pytest.mark.slow
def test_what_is_told_late_changes_no_reading_of_the_past(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Growth, fit at the sale, the books of past revenue forecasts, past lifetime values."""
    before = [read(monkeypatch) for read in READERS]
    assert all(len(frame) for frame in before)
    _tell_late(home)
    assert set(count_late(home)) == {"account", "subscription", "ticket"}
    with duckdb_facts(home) as facts:
        assert (subscription_periods(facts, THEN)["ended"] < 10**6).sum() == 6, "there for who takes it"
        assert panel(facts, [THEN], ["tickets_opened_90"])["tickets_opened_90"].sum() == 12
    for read, frame in zip(READERS, before, strict=True):
        pd.testing.assert_frame_equal(read(monkeypatch), frame, obj=read.__name__)
