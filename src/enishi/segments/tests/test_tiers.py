"""Tiers written and read: assignments with their history, pins, and the long tail in view."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from enishi.accounts.models import Account, AuditLine, Company, Member, Scope
from enishi.definitions.actions import install_defaults, publish, save_draft
from enishi.definitions.contracts import Tiers
from enishi.definitions.reads import default_body, get_tiers
from enishi.kit.errors import EnishiError
from enishi.segments import api
from enishi.segments.models import TierAssignment
from enishi.signals.hooks import tiers_on
from enishi.signals.models import AccountState

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def book() -> None:
    """Ten accounts: one large, three middling, six small."""
    Company.objects.update_or_create(pk=1, defaults={"time_zone": "UTC"})
    install_defaults("system", NOW)
    for n, mrr in enumerate([1000, 300, 250, 200, 50, 50, 50, 50, 25, 25], start=1):
        account = Account.objects.create(pk=n, name=f"C{n}", outside_id=f"c{n}")
        band = "red" if n == 10 else "green"
        AccountState.objects.create(account=account, day=TODAY, mrr=mrr, band=band, metrics={"seats": n})


@pytest.fixture
def boss() -> Member:
    return Member.objects.create_user("boss@example.jp", role="manager", scope=Scope.ALL)


def tiers() -> dict[int, str]:
    return dict(AccountState.objects.order_by("pk").values_list("pk", "tier"))


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def test_everyone_gets_a_tier_by_share_of_revenue() -> None:
    result = api.assign_tiers(now=NOW)
    assert (result.accounts, result.moved) == (10, 10)
    assert tiers() == {1: "high", 2: "low", 3: "low", 4: "low", **dict.fromkeys(range(5, 11), "tech")}
    assert api.assign_tiers(now=later(1)).moved == 0
    assert AuditLine.objects.filter(verb="tiers_assigned").count() == 1


def test_lifetime_value_ranks_where_it_is_known() -> None:
    AccountState.objects.filter(pk=10).update(ltv=10_000_000)
    AccountState.objects.exclude(pk=10).update(ltv=100)
    api.assign_tiers(now=NOW)
    assert tiers()[10] == "high"
    assert tiers()[1] == "tech"


def test_whose_money_is_unknown_does_not_fall_to_the_tail(boss: Member) -> None:
    AccountState.objects.filter(pk=2).update(mrr=None, unpriced=True)
    api.assign_tiers(now=NOW)
    assert tiers()[2] == ""
    AccountState.objects.filter(pk=2).update(mrr=300, unpriced=False)
    api.assign_tiers(now=later(1))
    AccountState.objects.filter(pk=2).update(mrr=None, unpriced=True)
    api.assign_tiers(now=later(100))
    assert tiers()[2] == "low"
    body: Tiers = get_tiers()
    assert sum(count for count, _mrr in api.count_tiers(body, boss).values()) == 10
    AccountState.objects.filter(pk=2).update(tier="gone")
    TierAssignment.objects.filter(account=2, until=None).update(tier="gone")
    api.assign_tiers(now=later(101))
    assert tiers()[2] == ""
    assert api.tier_history(2)[0].until == TODAY + timedelta(days=101)


def test_a_move_closes_the_old_assignment_and_opens_the_new() -> None:
    api.assign_tiers(now=NOW)
    AccountState.objects.filter(pk=10).update(mrr=5000)
    assert api.assign_tiers(now=later(5)).moved == 0  # too soon
    assert api.assign_tiers(now=later(40)).moves["tech -> high"] == 1
    new, old = api.tier_history(10)
    assert (old.tier, old.since, old.until) == ("tech", TODAY, TODAY + timedelta(days=40))
    assert (new.tier, new.until, new.reason) == ("high", None, "share")
    assert api.tiers_on(TODAY)[10] == "tech"
    assert tiers_on(TODAY + timedelta(days=41))[10] == "high"
    assert tiers_on(TODAY - timedelta(days=1)) == {}


def test_a_pin_holds_until_it_is_taken_out_or_expires(boss: Member) -> None:
    account = Account.objects.get(pk=9)
    api.assign_tiers(now=NOW)
    pin = api.pin_tier(account, "high", member=boss, reason="戦略顧客", now=NOW)
    assert tiers()[9] == "high"
    assert api.find_pin(9) == pin
    api.assign_tiers(now=later(60))
    assert tiers()[9] == "high"
    api.unpin_tier(account, member=boss, now=later(61))
    api.assign_tiers(now=later(61))
    assert tiers()[9] == "tech"
    api.pin_tier(
        account, "low", member=boss, reason="x", now=later(62), expires_on=TODAY + timedelta(days=70)
    )
    api.assign_tiers(now=later(120))
    assert tiers()[9] == "tech"
    verbs = AuditLine.objects.filter(account=account).values_list("verb", flat=True)
    assert sorted(verbs) == ["tier_pinned", "tier_pinned", "tier_unpinned"]
    for tier, reason in (("gold", "x"), ("high", "  ")):
        with pytest.raises(EnishiError):
            api.pin_tier(account, tier, member=boss, reason=reason, now=NOW)


def test_a_community_tier_comes_by_definition(boss: Member) -> None:
    body = default_body("tiers", "default")
    body = {
        **body,
        "tiers": [
            *body["tiers"],
            {"id": "community", "title": {"en": "Community touch", "ja": "コミュニティタッチ"}},
        ],
        "rules": [
            {
                "id": "tiny",
                "tier": "community",
                "title": "t",
                "when": [{"metric": "seats", "op": ">=", "value": 9}],
            }
        ],
    }
    publish(save_draft("tiers", "default", body, actor=boss, now=NOW), actor=boss, now=NOW)
    api.assign_tiers(now=NOW)
    assert tiers()[9] == tiers()[10] == "community"
    assert api.tier_titles()["community"].ja == "コミュニティタッチ"
    assert TierAssignment.objects.get(account=9, until=None).detail["rule"] == "tiny"


def test_the_long_tail_stays_in_view(boss: Member) -> None:
    api.assign_tiers(now=NOW)
    api.assign_tiers(now=later(1))
    lines = {line.tier: line for line in api.list_tiers(boss, TODAY + timedelta(days=1))}
    tail = lines["tech"]
    assert (tail.accounts, tail.mrr, tail.at_risk) == (6, 250, 1)
    assert tail.share == pytest.approx(0.125)
    assert [(day, accounts) for day, accounts, _ in tail.trend] == [
        (TODAY, 6),
        (TODAY + timedelta(days=1), 6),
    ]
    csm = Member.objects.create_user("csm@example.jp", scope=Scope.OWN)
    Account.objects.filter(pk=5).update(owner=csm)
    own = {line.tier: line for line in api.list_tiers(csm, TODAY)}
    assert (own["tech"].accounts, own["high"].accounts, own["tech"].trend) == (1, 0, ())
