"""What became of accounts, read from published facts without the application."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from enishi.forecasts.outcomes import Outcome, read_labels, sole_contracts
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.store.testing import publish

D = date
FIRST, DAY = D(2025, 1, 1), D(2025, 11, 30)
TERMS = {"valid_on": FIRST, "started_on": FIRST, "amount": 1000, "recurring": True}


def contract(account, number=None, **more):
    return {"record_id": number or account * 10, "account_id": account, **TERMS, **more}


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    publish(
        home, "record_account", [{"record_id": n, "valid_on": FIRST, "name": f"C{n}"} for n in range(1, 9)]
    )
    publish(home, "usage", [{"group_no": 1, "day": D(2026, 6, 30), "event": "Report Made"}])
    return home


def told(home, outcome, days=(DAY,), **how):
    found = read_labels(home, list(days), Outcome.parse(outcome), **how)
    return {(row.as_of.date(), row.account_id): row.label for row in found.itertuples()}


def test_outcomes_are_read_from_their_names():
    assert [str(Outcome.parse(name)) for name in ("silence:30", "churn:90", "renewal")] == [
        "silence:30",
        "churn:90",
        "renewal",
    ]
    with pytest.raises(EnishiError):
        Outcome.parse("renewal:90")


def test_a_renewal_is_decided_at_the_date_known_on_the_day(home):
    due, moved = D(2026, 1, 1), D(2027, 1, 1)
    publish(home, "record_subscription", [
        contract(1, renewal_on=due),
        contract(1, renewal_on=moved, valid_on=due),  # renewed
        contract(2, renewal_on=due),
        contract(2, renewal_on=due, known_on=due, ended_on=due),  # not renewed
        contract(3, renewal_on=due),
        contract(3, renewal_on=due, known_on=D(2025, 10, 1), notice_on=D(2025, 10, 1), ended_on=due),  # notice before
        contract(4),  # no date
        contract(5, renewal_on=due),
        contract(5, renewal_on=due, known_on=due, ended_on=due),
        contract(5, 51, valid_on=due, started_on=due),  # goes on under a new number
        contract(6, renewal_on=D(2026, 12, 1)),  # not decided yet
        contract(7, renewal_on=due), contract(7, 71, renewal_on=D(2026, 9, 1)),
        contract(7, renewal_on=due, known_on=due, ended_on=due),  # one of two: this contract is not renewed
    ])  # fmt: skip
    found = told(home, "renewal")
    assert {account: label for (_, account), label in found.items() if label == label} == {
        1: 0,
        2: 1,
        5: 0,
        7: 1,
    }
    assert (DAY, 6) in found, "censored"
    assert (DAY, 3) not in found, "notice was given"
    assert (DAY, 4) not in found, "no date"
    ends = read_labels(home, [DAY], Outcome.parse("renewal")).set_index("account_id")["ends_on"]
    assert ends[1] == pd.Timestamp(due) + pd.Timedelta(days=7)


def test_who_signed_what_follows_did_not_leave_however_early_the_notice_was(home):
    """Notices come before ends, so the contract that follows often begins after the horizon."""
    notice, end = D(2026, 1, 10), D(2026, 5, 1)
    gives_up = {"notice_on": notice, "ended_on": end, "known_on": notice, "valid_on": notice}
    late, long_after = end + timedelta(days=7), end + timedelta(days=8)
    publish(home, "record_subscription", [
        contract(1), contract(1, **gives_up), contract(1, 11, valid_on=end, started_on=end),
        contract(2), contract(2, **gives_up), contract(2, 21, valid_on=late, started_on=late),
        contract(3), contract(3, **gives_up), contract(3, 31, valid_on=long_after, started_on=long_after),
        contract(4), contract(4, **gives_up),
        contract(5), contract(5, notice_on=notice, known_on=notice, valid_on=notice),
        contract(5, 51, valid_on=end, started_on=end),  # nobody told when the first one ends
        contract(6), contract(6, **gives_up), contract(6, 61, valid_on=end, started_on=end, ended_on=end + timedelta(days=9)),
        contract(8), contract(8, valid_on=D(2026, 3, 30)),
    ])  # fmt: skip
    for horizon in ("churn:90", "churn:180"):
        found = {account: label for (_, account), label in told(home, horizon).items()}
        assert {n: found[n] for n in (1, 2, 3, 4)} == {1: 0, 2: 0, 3: 1 if horizon == "churn:90" else 0, 4: 1}
    assert told(home, "churn:90")[DAY, 5] == 1
    assert told(home, "churn:90")[DAY, 6] == 0, "who went on for nine days left after the horizon"
    assert told(home, "churn:90", known_by=D(2026, 4, 1))[DAY, 1] == 1, (
        "what nobody had told by then saves nobody"
    )


def test_of_a_history_told_at_once_renewals_were_decided_both_ways(home):
    """A billing system tells one row a contract: the present renewal date, or the end."""
    start, told_on = D(2023, 3, 10), D(2026, 11, 22)
    history = {"valid_on": start, "started_on": start, "term_months": 12, "recorded_on": told_on}
    end = D(2026, 3, 10)
    publish(home, "record_subscription", [
        *(contract(n, renewal_on=D(2027, 3, 10), **history) for n in (1, 2, 3)),
        contract(4, renewal_on=end, ended_on=end, **history),
        contract(5, renewal_on=D(2025, 8, 1), ended_on=D(2025, 8, 1), **history),  # between two renewals
        contract(6, **history),  # a term alone
    ])  # fmt: skip
    days = [D(2024, 12, 31), D(2025, 6, 30), D(2025, 12, 31)]
    found = told(home, "renewal", days)
    assert {account: [found.get((day, account)) for day in days] for account in range(1, 7)} == {
        **{account: [0, 0, 0] for account in (1, 2, 3, 6)},
        4: [0, 1, 1],
        5: [0, 1, None],
    }
    assert sole_contracts(home, days[-1]) == {1, 2, 3, 4, 6}


def test_labels_of_many_days_are_those_of_each(home):
    days = [DAY + timedelta(days=30 * k) for k in range(6)]
    publish(home, "record_subscription", [
        contract(n, ended_on=FIRST + timedelta(days=300 + 40 * n), known_on=FIRST + timedelta(days=300 + 40 * n))
        for n in range(1, 7)
    ] + [contract(n, version_id=n) for n in range(1, 7)])  # fmt: skip
    for outcome in ("churn:90", "silence:30"):
        together = told(home, outcome, days)
        apart = {key: label for day in days for key, label in told(home, outcome, [day]).items()}
        assert together.keys() == apart.keys()
        assert all(together[key] == apart[key] or together[key] != together[key] for key in apart)


def test_what_was_learned_later_is_no_outcome_yet(home):
    left = D(2026, 1, 10)
    publish(
        home,
        "record_subscription",
        [contract(1), contract(2), contract(1, known_on=D(2026, 3, 1), ended_on=left)],
    )
    assert told(home, "churn:90") == {(DAY, 1): 1, (DAY, 2): 0}
    early = told(home, "churn:90", known_by=D(2026, 2, 1))
    assert early[(DAY, 1)] != early[(DAY, 1)], "on 1 February the 90 days had not passed"
    publish(home, "usage", [{"group_no": 1, "day": D(2026, 2, 28), "event": "Report Made"}])
    assert told(home, "churn:90", known_by=D(2026, 2, 28)) == {(DAY, 1): 0, (DAY, 2): 0}


def test_of_a_day_all_outcomes_are_known_or_none(home):
    """Contracts told at once, as history: the last end is the last day on which anybody was seen."""
    ends = {1: D(2026, 7, 20), 2: D(2026, 9, 15)}
    publish(home, "record_subscription", [contract(n, ended_on=ends.get(n)) for n in range(1, 6)])
    decided, open_day = D(2026, 5, 31), D(2026, 7, 31)
    found = told(home, "churn:90", [decided, open_day])
    assert [found[decided, n] for n in range(1, 6)] == [1, 0, 0, 0, 0]
    assert pd.isna([found[open_day, n] for n in range(2, 6)]).all()
    early = told(home, "churn:90", [open_day], early=True)
    assert early[open_day, 2] == 1
    assert pd.isna([early[open_day, n] for n in range(3, 6)]).all()
