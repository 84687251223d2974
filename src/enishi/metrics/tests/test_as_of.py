"""What was known then: late facts, corrections, backfill, merges, links; and nothing from the future."""

from datetime import date, timedelta
from math import nan

import pandas as pd
import pytest

from enishi.kit.home import Home
from enishi.metrics.api import duckdb_facts, panel
from enishi.metrics.tests.world import ago, at, link, use
from enishi.store.testing import publish

T = ago(0)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    publish(
        home, "record_account", [{"record_id": n, "valid_on": ago(300), "since": ago(300)} for n in (1, 2)]
    )
    publish(home, "groups", [{"group_no": n, "group_id": str(n), "first_day": ago(300)} for n in (1, 2)])
    publish(home, "link", [link(n, n, str(n), ago(300)) for n in (1, 2)])
    publish(home, "usage", [use(1, 1, ago(k)) for k in range(0, 60, 3)])
    return home


def value(home, metric, day=T, account=1, **more):
    with duckdb_facts(home) as facts:
        rows = panel(facts, [day], [metric], **more).set_index("account_id")
    return rows[metric].get(account)


@pytest.mark.parametrize(
    ("metric", "silent"), [("usage_trend_28", 60), ("usage_slope_90", 95), ("use_vs_own_past", 200)]
)
def test_what_stands_still_at_nothing_has_no_trend(home, metric, silent):
    publish(home, "groups", [{"group_no": 2, "group_id": "2", "first_day": ago(298)}])
    publish(home, "usage", [use(2, 9, ago(k)) for k in range(silent, 299)])
    assert pd.isna(value(home, metric, account=2))
    assert value(home, "days_since_last_seen", account=2) == silent
    assert pd.notna(value(home, metric, ago(silent - 20), account=2))


def test_a_late_event_counts_from_the_day_it_was_received(home):
    publish(home, "usage", [use(1, 2, ago(10), known_on=ago(5))])
    assert value(home, "active_users_7", ago(8)) == 1
    assert value(home, "active_users_28", ago(5)) == 2
    assert value(home, "active_users_7", ago(8), known="now") == 2


def test_backfilled_history_counts_from_when_it_happened(home):
    publish(home, "usage", [use(1, 2, ago(10), known_on=ago(10))])
    assert value(home, "active_users_7", ago(8)) == 2


def subscription(**more):
    head = {
        "record_id": 1,
        "account_id": 1,
        "valid_on": ago(200),
        "started_on": ago(200),
        "interval": "month",
    }
    return {**head, "amount": 1000, "known_on": ago(200), **more}


def test_a_correction_is_not_a_change(home):
    publish(home, "record_subscription", [subscription(), subscription(amount=1500, known_on=ago(20))])
    assert value(home, "mrr", ago(21)) == 1000
    assert value(home, "mrr", ago(20)) == 1500
    assert value(home, "mrr_change_90", ago(20)) == 0
    assert value(home, "mrr", ago(100), known="now") == 1500


def test_a_change_holds_from_its_day(home):
    change = subscription(amount=1500, valid_on=ago(20), known_on=ago(40))
    publish(home, "record_subscription", [subscription(), change])
    assert value(home, "mrr", ago(21)) == 1000
    assert value(home, "mrr", ago(20)) == 1500
    assert value(home, "mrr_change_90") == 500


def test_a_change_learned_late_does_not_undo_a_newer_one(home):
    newer = subscription(amount=3000, valid_on=ago(10), known_on=ago(10))
    older = subscription(amount=2000, valid_on=ago(50), known_on=ago(5))
    publish(home, "record_subscription", [subscription(), newer, older])
    assert value(home, "mrr") == 3000
    assert value(home, "mrr", ago(20)) == 1000
    assert value(home, "mrr", ago(20), known="now") == 2000


def test_an_announced_end_is_known_from_the_notice_and_ends_on_its_day(home):
    rows = [subscription(ended_on=ago(5), notice_on=ago(30), renewal_on=ago(5))]
    publish(home, "record_subscription", rows)
    assert value(home, "mrr", ago(6)) == 1000
    assert value(home, "mrr", ago(5)) == 0
    assert value(home, "days_to_renewal", ago(31)) == 26
    assert pd.isna(value(home, "days_to_renewal", ago(30)))


def test_a_deleted_record_is_gone_from_that_day(home):
    publish(home, "record_subscription", [subscription(), subscription(deleted=True, known_on=ago(3))])
    assert value(home, "mrr", ago(4)) == 1000
    assert pd.isna(value(home, "mrr"))  # taken back, not ended
    other = subscription(record_id=2, amount=300, known_on=ago(2))
    publish(home, "record_subscription", [subscription(), subscription(deleted=True, known_on=ago(3)), other])
    assert value(home, "mrr") == 300


def test_who_never_answered_has_no_last_answer(home):
    mail = {"account_id": 1, "type": "mail", "two_way": False}
    mails = [{**mail, "record_id": n, "valid_on": ago(n), "occurred_at": at(ago(n))} for n in (50, 9)]
    call = {
        **mail,
        "record_id": 3,
        "valid_on": ago(3),
        "occurred_at": at(ago(3)),
        "type": "call",
        "two_way": True,
    }
    publish(home, "record_interaction", [*mails, call])
    for day, since, waiting in ((ago(51), nan, nan), (ago(4), nan, 46), (ago(0), 3, nan)):
        assert value(home, "days_since_contact", day) == pytest.approx(since, nan_ok=True)
        assert value(home, "days_unanswered", day) == pytest.approx(waiting, nan_ok=True)


def test_silence_of_an_account_no_record_speaks_of_is_not_nothing(home):
    ticket = {"record_id": 1, "account_id": 1, "opened_at": at(ago(50)), "valid_on": ago(50)}
    publish(home, "record_ticket", [ticket])
    contact = {"record_id": 1, "account_id": 2, "valid_on": ago(40), "known_on": ago(10)}
    publish(home, "record_contact", [contact, {**contact, "deleted": True, "known_on": ago(3)}])
    told = [(ago(51), nan, nan), (ago(11), nan, 0), (ago(10), 0, 1), (ago(3), nan, 0)]
    for day, tickets, kinds in told:  # as soon as anything is known of it, and no sooner; no longer than that
        for accounts in (None, [2]):
            found = value(home, "tickets_open", day, 2, accounts=accounts)
            assert found == pytest.approx(tickets, nan_ok=True), day
            found = value(home, "record_kinds", day, 2, accounts=accounts)
            assert found == pytest.approx(kinds, nan_ok=True), day
    assert value(home, "tickets_open") == 1
    publish(home, "record_account", [{"record_id": 2, "valid_on": ago(2), "name": "Two", "outside_id": "2"}])
    assert value(home, "tickets_open", account=2) == 0


@pytest.mark.parametrize("metric", ["mrr", "mrr_change_90", "seats_change_90", "plan_changes_90"])
def test_a_contract_of_one_says_nothing_of_another(home, metric):
    publish(home, "record_subscription", [subscription(seats=3, known_on=ago(20))])
    assert pd.notna(value(home, metric, ago(20)))
    assert pd.isna(value(home, metric, ago(21)))  # not known yet
    assert pd.isna(value(home, metric, account=2))


def test_mrr_is_0_once_every_contract_has_ended_and_unknown_before_the_first_begins(home):
    row = subscription(started_on=ago(40), valid_on=ago(60), known_on=ago(60), ended_on=ago(5))
    publish(home, "record_subscription", [row])
    assert pd.isna(value(home, "mrr", ago(41)))
    assert value(home, "mrr", ago(40)) == 1000
    assert value(home, "mrr") == 0


@pytest.mark.parametrize(
    ("metric", "field", "told"),
    [("tickets_reopened_90", "reopened", 0), ("tickets_severe_open", "severity", "low")],
)
def test_what_no_ticket_speaks_of_is_unknown(home, metric, field, told):
    def ticket(number, account, opened, **more):
        head = {"record_id": number, "account_id": account, "valid_on": ago(opened), "known_on": ago(opened)}
        return {**head, "opened_at": at(ago(opened)), **more}

    silent = ticket(1, 1, 40, resolved_at=at(ago(39)))
    publish(home, "record_ticket", [silent])
    assert value(home, "tickets_opened_90") == 1
    assert pd.isna(value(home, metric))
    publish(home, "record_ticket", [silent, ticket(2, 2, 10, resolved_at=at(ago(9)), **{field: told})])
    assert value(home, metric, ago(10)) == 0
    assert pd.isna(value(home, metric, ago(11)))


@pytest.mark.parametrize("metric", ["active_users_28", "stickiness", "power_users", "licence_utilisation"])
def test_events_that_name_nobody_say_nothing_of_people(home, metric):
    publish(home, "usage", [use(2, 0, ago(k)) for k in range(1, 20)], replace=True)
    publish(home, "record_subscription", [subscription(account_id=2, seats=5)])
    assert value(home, "events_28", account=2) == 19
    assert pd.isna(value(home, metric, account=2))


def test_use_of_an_account_that_names_nobody_says_nothing_of_its_people_where_others_does(home):
    publish(home, "usage", [use(2, 0, ago(k)) for k in range(10, 20)])
    assert pd.isna(value(home, "active_users_28", account=2))
    assert pd.isna(value(home, "power_users_change", account=2))
    assert value(home, "active_users_7", account=2) == 0  # no use at all in that time
    publish(home, "usage", [use(2, 5, ago(15))])
    assert value(home, "active_users_28", account=2) == 1
    assert value(home, "power_users", account=2) == 0


@pytest.mark.parametrize("grain", ["account", "product"])
@pytest.mark.parametrize("left", [32, 280])
def test_people_who_all_left_while_a_job_runs_on_are_none_and_not_unknown(home, left, grain):
    people = [use(2, user, ago(k)) for user in (5, 6) for k in range(left, left + 15)]
    publish(home, "usage", [use(2, 0, ago(k)) for k in range(299)] + people)
    assert value(home, "active_users_28", account=2, grain=grain) == 0
    assert value(home, "power_users_change", account=2, grain=grain) == (-2 if left < 40 else 0)
    assert pd.isna(
        value(home, "active_users_28", ago(left + 15), account=2, grain=grain)
    )  # nobody known by then
    assert value(home, "active_users_28", ago(left + 14), account=2, grain=grain) == 2


@pytest.mark.parametrize("metric", ["days_overdue", "amount_overdue"])
def test_invoices_without_due_dates_say_nothing_of_delay(home, metric):
    def invoice(number, account, issued, **more):
        head = {"record_id": number, "account_id": account, "valid_on": ago(issued), "known_on": ago(issued)}
        return {**head, "issued_on": ago(issued), "amount": 100, **more}

    publish(home, "record_invoice", [invoice(1, 1, 40)])
    assert pd.isna(value(home, metric))
    publish(home, "record_invoice", [invoice(1, 1, 40), invoice(2, 2, 10, due_on=ago(1))])
    assert value(home, metric) == 0


@pytest.mark.parametrize("metric", ["champions", "decision_makers", "champions_gone_90", "champions_lost"])
def test_contacts_without_roles_say_nothing_of_champions(home, metric):
    def contact(number, known, **more):
        return {"record_id": number, "account_id": 1, "valid_on": ago(known), "known_on": ago(known), **more}

    nameless = contact(1, 40)
    publish(home, "record_contact", [nameless])
    assert value(home, "contacts_known") == 1
    assert pd.isna(value(home, metric))
    publish(home, "record_contact", [nameless, contact(2, 10, role="user")])
    assert value(home, metric, ago(10)) == 0
    assert pd.isna(value(home, metric, ago(11)))


def test_outcomes_of_imported_history_stay_hidden_before_their_date(home):
    row = {
        "record_id": 1,
        "account_id": 1,
        "valid_on": ago(50),
        "opened_at": at(ago(50)),
        "resolved_at": at(ago(40)),
    }
    publish(home, "record_ticket", [{**row, "reopened": 1, "recorded_on": T}])
    assert value(home, "tickets_open", ago(41)) == 1
    assert value(home, "tickets_open", ago(40)) == 0
    assert value(home, "tickets_reopened_90", ago(41)) == 0
    assert value(home, "tickets_reopened_90", ago(40)) == 1


def test_the_day_is_the_companys_not_greenwichs(home):
    late = {
        "record_id": 1,
        "account_id": 1,
        "valid_on": ago(10),
        "known_on": ago(20),
        "opened_at": at(ago(11), 16),
    }
    publish(home, "record_ticket", [late])
    assert value(home, "tickets_opened_28", ago(11)) == 0
    assert value(home, "tickets_opened_28", ago(10)) == 1


def test_unlinking_and_relinking_moves_the_past_with_the_knowledge(home):
    publish(home, "link", [link(1, 1, "1", ago(10), deleted=True), link(1, 2, "1", ago(5))])
    assert value(home, "events_90", ago(11)) > 0
    assert pd.isna(value(home, "events_90", ago(9)))
    assert value(home, "events_90", account=2) > 0
    assert value(home, "events_90", ago(11), account=2, known="now") > 0


def test_a_merge_and_its_undoing(home):
    publish(home, "merge", [
        {"record_id": 1, "account_id": 2, "valid_on": ago(20)}, {"record_id": 1, "account_id": None, "valid_on": ago(10)},
    ])  # fmt: skip
    assert value(home, "events_90", ago(20), account=2) > 0
    assert value(home, "events_90", ago(20), account=1) is None
    assert value(home, "events_90", account=1) > 0
    assert pd.isna(value(home, "events_90", account=2))


def test_a_person_with_two_ids_is_one_person(home):
    publish(home, "usage", [use(1, 2, ago(1)), use(1, 3, ago(1))])
    assert value(home, "active_users_28") == 3
    publish(home, "aliases", [{"previous_no": 2, "user_no": 1, "known_on": ago(1)}])
    assert value(home, "active_users_28", ago(2)) == 1
    assert value(home, "active_users_28") == 2


def test_a_user_of_two_groups_belongs_to_neither(home):
    publish(home, "memberships", [{"group_no": 2, "user_no": 5, "known_on": ago(30)}])
    publish(home, "usage", [use(0, 5, ago(20))])
    assert value(home, "active_users_28", account=2) == 1
    publish(home, "memberships", [{"group_no": 1, "user_no": 5, "known_on": ago(3)}])
    assert value(home, "active_users_28", ago(4), account=2) == 1
    assert pd.isna(value(home, "active_users_28", account=2))


def test_a_stage_learned_today_is_not_read_into_the_past(home):
    from enishi.metrics.relations import AT, visible
    from enishi.metrics.session import Session

    publish(home, "record_account", [
        {"record_id": 3, "valid_on": ago(300), "known_on": ago(300), "recorded_on": T, "stage": "churned", "name": "C"},
    ])  # fmt: skip
    with duckdb_facts(home) as facts:
        s = Session(facts, [ago(1), T])
        rows = s.rows(
            ("stages",), lambda: visible(s, "account").select(*AT, "record_id", "stage", "name")
        ).to_pylist()
    found = {r["as_of"]: (r["stage"], r["name"]) for r in rows if r["record_id"] == 3}
    assert found == {ago(1): (None, "C"), T: ("churned", "C")}


def test_a_rate_learned_later_never_moves_what_was_known(home):
    publish(home, "record_subscription", [subscription(currency="USD", amount=10)])
    rate = {"record_id": 1, "currency": "USD", "on": ago(210), "rate": 150.0, "valid_on": ago(210)}
    publish(home, "record_exchange_rate", [{**rate, "known_on": ago(100)}])
    assert pd.isna(value(home, "mrr", ago(101))) or value(home, "mrr", ago(101)) == 0
    assert value(home, "mrr", ago(100)) == 1500
    publish(
        home,
        "record_exchange_rate",
        [{**rate, "record_id": 2, "on": ago(50), "rate": 200.0, "known_on": ago(50)}],
    )
    assert value(home, "mrr") == 1500


def test_history_that_came_in_later_is_not_converted_at_a_rate_learned_later(home):
    publish(home, "record_exchange_rate", [
        {"record_id": 1, "currency": "USD", "on": ago(200), "rate": 150.0, "valid_on": ago(200)},
        {"record_id": 2, "currency": "USD", "on": ago(20), "rate": 200.0, "valid_on": ago(20)},
    ])  # fmt: skip
    terms = {"currency": "USD", "amount": 10, "started_on": ago(150)}
    live, history = {"valid_on": ago(10), "known_on": ago(10)}, {"valid_on": ago(150), "known_on": ago(150)}
    publish(home, "record_subscription", [subscription(**terms, **live)])
    publish(home, "record_subscription", [subscription(**terms, **history, recorded_on=T)])
    assert [value(home, "mrr", day) for day in (ago(100), ago(11), ago(9))] == [1500] * 3


def test_a_credit_note_is_never_late_and_lessens_nothing(home):
    due = {"account_id": 1, "issued_on": ago(60), "valid_on": ago(60)}
    publish(home, "record_invoice", [{**due, "record_id": 1, "amount": -500, "due_on": ago(43)}])
    assert [value(home, name) for name in ("days_overdue", "amount_overdue")] == [0, 0]
    publish(home, "record_invoice", [{**due, "record_id": 2, "amount": 300, "due_on": ago(5)}])
    assert [value(home, name) for name in ("days_overdue", "amount_overdue")] == [5, 300]


def test_money_without_a_rate_is_unknown_and_never_nothing(home):
    publish(home, "record_subscription", [
        subscription(record_id=11), subscription(record_id=12, currency="CHF", started_on=ago(50), valid_on=ago(50)),
    ])  # fmt: skip
    publish(home, "record_invoice", [
        {"record_id": 1, "account_id": 1, "issued_on": ago(9), "valid_on": ago(9), "due_on": ago(5), "amount": 3,
         "currency": "CHF"},
    ])  # fmt: skip
    assert value(home, "mrr", ago(51)) == 1000
    for name in ("mrr", "mrr_change_90", "amount_overdue"):
        assert pd.isna(value(home, name)), name
    assert value(home, "days_overdue") == 5
    rate = {
        "record_id": 1,
        "currency": "CHF",
        "on": ago(60),
        "rate": 170.0,
        "valid_on": ago(60),
        "known_on": ago(2),
    }
    publish(home, "record_exchange_rate", [rate])
    assert pd.isna(value(home, "mrr", ago(3)))
    assert value(home, "mrr", ago(2)) > value(home, "mrr", ago(51))
    publish(home, "record_subscription", [subscription(record_id=13, currency="NOK", amount=0)])
    assert value(home, "mrr") == value(home, "mrr", ago(2))


FUTURE = {
    "usage": lambda d: use(1, 77, d - timedelta(days=2), known_on=d),
    "link": lambda d: link(2, 1, "2", d),
    "merge": lambda d: {"record_id": 1, "account_id": 2, "valid_on": d},
    "memberships": lambda d: {"group_no": 2, "user_no": 1, "known_on": d},
    "aliases": lambda d: {"previous_no": 1, "user_no": 2, "known_on": d},
    "record_account": lambda d: {"record_id": 1, "valid_on": d, "deleted": True},
    "record_subscription": lambda d: subscription(valid_on=d - timedelta(days=30), known_on=d, amount=9),
    "record_exchange_rate": lambda d: {"record_id": 9, "currency": "USD", "on": ago(300), "rate": 1.0, "valid_on": d},
    "record_ticket": lambda d: {"record_id": 9, "account_id": 1, "opened_at": at(ago(90)), "valid_on": ago(90), "known_on": d},
    "record_invoice": lambda d: {"record_id": 9, "account_id": 1, "issued_on": ago(90), "due_on": ago(60), "amount": 5,
                                 "valid_on": ago(90), "known_on": d},
    "record_incident": lambda d: {"record_id": 9, "started_at": at(ago(70)), "minutes": 5, "valid_on": ago(70), "known_on": d},
    "record_contact": lambda d: {"record_id": 9, "account_id": 1, "role": "champion", "valid_on": ago(90), "known_on": d},
    "record_interaction": lambda d: {"record_id": 9, "account_id": 1, "type": "call", "occurred_at": at(ago(70)),
                                     "valid_on": ago(70), "known_on": d},
    "record_survey_answer": lambda d: {"record_id": 9, "account_id": 1, "measure": "nps", "score": 3,
                                       "answered_at": at(ago(70)), "valid_on": ago(70), "known_on": d},
    "record_training": lambda d: {"record_id": 9, "account_id": 1, "completed_on": ago(70), "valid_on": ago(70), "known_on": d},
    "record_order": lambda d: {"record_id": 9, "account_id": 1, "ordered_at": at(ago(70)), "amount": 5,
                               "valid_on": ago(70), "known_on": d},
}  # fmt: skip


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A company with some of everything, so that a leak would find something to spoil."""
    from enishi.metrics.tests.world import publish_world

    return publish_world(tmp_path_factory.mktemp("busy"))


def test_nothing_learned_later_changes_what_was_known(busy, tmp_path):
    """Every table at once: facts about the past, learned a day and weeks after the day, leave the day as it was."""
    from shutil import copytree

    day = ago(40)
    home = Home(copytree(busy.root, tmp_path / "copy"))
    with duckdb_facts(home) as facts:
        before = {g: panel(facts, [day, ago(80)], grain=g) for g in ("account", "product", "user")}
    for table, row in FUTURE.items():
        publish(home, table, [row(day + timedelta(days=after)) for after in (1, 40)])
    with duckdb_facts(home) as facts:
        later = panel(facts, [T])
        for account in (1, 2):
            among = later[later["account_id"] == account].reset_index(drop=True)
            pd.testing.assert_frame_equal(panel(facts, [T], accounts=[account]), among)
        for grain, frame in before.items():
            pd.testing.assert_frame_equal(panel(facts, [day, ago(80)], grain=grain), frame)


def test_day_before_everything_has_no_rows(home):
    with duckdb_facts(home) as facts:
        assert panel(facts, [date(1999, 1, 1)]).empty
        assert panel(facts, []).empty


def test_an_empty_installation_answers(tmp_path):
    with duckdb_facts(Home(tmp_path)) as facts:
        assert panel(facts, [T]).empty


def test_people_in_touch_and_key_people_gone_quiet_as_known_then(home):
    people = [
        {"record_id": n, "account_id": 1, "valid_on": ago(290), "role": r}
        for n, r in enumerate(("champion", "user"), 1)
    ]
    publish(home, "record_contact", people)
    talks = [(1, k) for k in (250, 220, 190, 160)] + [(2, 20), (2, 100)]
    rows = [
        {"record_id": n, "account_id": 1, "contact_id": who, "valid_on": ago(k), "occurred_at": at(ago(k)), "type": "call"}
        for n, (who, k) in enumerate(talks)
    ]  # fmt: skip
    publish(home, "record_interaction", rows)
    shown = [
        [value(home, m, ago(k)) for k in (0, 90, 150, 240)]
        for m in ("people_in_touch_180", "key_people_quiet")
    ]
    assert shown == [[2, 2, 1, 1], [1, 0, 0, 0]]
    publish(home, "record_contact", [{**people[0], "valid_on": ago(50), "left_on": ago(50)}])
    assert [value(home, m) for m in ("people_in_touch_180", "key_people_quiet")] == [1, 0], (
        "who left is not quiet"
    )
    assert pd.isna(value(home, "people_in_touch_180", account=2)), "no record speaks of it"
