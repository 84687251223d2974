"""From subscription versions to the bridge: any sequence of changes, currencies and ends adds up to the last yen.

The closing of a bridge and the MRR of the panel come by two ways that share only the amounts; they must meet on every day,
at account, segment and company level.
"""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.metrics.api import Period, bridges, bridges_by, duckdb_facts, movements, mrr_at, panel, retention
from enishi.metrics.api import subscription_periods as periods_of
from enishi.store.testing import publish

FIRST, DAYS = date(2023, 1, 15), 500
SEGMENTS = {1: "large", 2: "small"}  # account 3 has none

version = st.fixed_dictionaries(
    {
        "after": st.integers(1, 200),
        "amount": st.one_of(st.just(0), st.integers(-9_999_999, 9_999_999).map(lambda n: Decimal(n) / 100)),
        "interval": st.sampled_from(("month", "quarter", "half", "year")),
        "currency": st.sampled_from(("JPY", "USD", "EUR")),
        "recurring": st.sampled_from((True, True, None, False)),
    }
)
subscription = st.fixed_dictionaries(
    {
        "account_id": st.integers(1, 3),
        "product": st.sampled_from(("P", "Q")),
        "versions": st.lists(version, min_size=1, max_size=4),
        "ends": st.one_of(st.none(), st.integers(0, 200)),
    }
)


def rows_of(record, one):
    """A subscription's versions: changes of amount, interval and currency in mid-month, and maybe an end."""
    day, started, rows = FIRST, None, []
    for number, terms in enumerate(one["versions"]):
        day += timedelta(days=terms["after"])
        started = started or day
        last = number == len(one["versions"]) - 1
        ended = day + timedelta(days=one["ends"]) if last and one["ends"] is not None else None
        head = {
            "record_id": record,
            "account_id": one["account_id"],
            "product": one["product"],
            "valid_on": day,
        }
        rest = {name: terms[name] for name in ("amount", "interval", "currency", "recurring")}
        rows.append({**head, **rest, "started_on": started, "ended_on": ended})
    return rows


@pytest.mark.slow
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(subscription, min_size=1, max_size=5),
    st.lists(st.integers(0, DAYS), min_size=3, max_size=5, unique=True),
)
def test_the_bridge_meets_the_panel_at_every_level(tmp_path_factory, subscriptions, cuts):
    home = Home(tmp_path_factory.mktemp("revenue"))
    publish(home, "record_account", [{"record_id": n, "valid_on": FIRST} for n in (1, 2, 3)])
    rates = [("USD", 0, 150.25), ("EUR", 0, 163.3), ("USD", 90, 141.7)]
    publish(
        home,
        "record_exchange_rate",
        [
            {"record_id": n, "currency": c, "on": day, "valid_on": day, "rate": rate}
            for n, (c, ago, rate) in enumerate(rates)
            for day in [FIRST + timedelta(days=ago)]
        ],
    )
    rows = [row for n, one in enumerate(subscriptions) for row in rows_of(n + 1, one)]
    publish(home, "record_subscription", rows)
    days = [FIRST + timedelta(days=cut) for cut in sorted(cuts)]
    with duckdb_facts(home) as facts:
        moves = movements(periods_of(facts, FIRST + timedelta(days=1200)))
        numbers = panel(facts, days, ["mrr"], known="now").pivot(
            index="as_of", columns="account_id", values="mrr"
        )
    spans = [Period(a + timedelta(days=1), b + timedelta(days=1), Text("", "")) for a, b in pairwise(days)]
    by_segment = bridges_by(moves, spans, SEGMENTS, other="none")
    for place, (whole, span) in enumerate(zip(bridges(moves, spans), spans, strict=True)):
        before, after = (numbers.loc[day].fillna(0) for day in days[place : place + 2])
        assert (whole.opening, whole.closing) == (before.sum(), after.sum())
        assert mrr_at(moves, span.last).to_dict() == after[after != 0].to_dict()
        for account in (1, 2, 3):
            one = bridges(moves[moves["account_id"] == account], [span])[0]
            assert (one.opening, one.closing) == (before[account], after[account])
        for segment, parts in by_segment.items():
            of = [n for n in (1, 2, 3) if SEGMENTS.get(n, "none") == segment]
            assert (parts[place].opening, parts[place].closing) == (before[of].sum(), after[of].sum())
        kept = retention(moves, span.start, span.end)
        assert 0 <= kept.kept <= kept.opening == before[before > 0].sum()
        assert kept.kept <= kept.closing
