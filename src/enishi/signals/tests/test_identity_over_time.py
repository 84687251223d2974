"""A past day shows who stood then, whatever has been merged, taken apart, deleted or handed over since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from enishi.accounts.access import access_on_day, visible_accounts, visible_in_past
from enishi.accounts.models import Account, Member, Role, Scope
from enishi.kit.errors import NotFound
from enishi.kit.home import Home
from enishi.signals import api
from enishi.signals.book import SignalBook
from enishi.signals.models import HealthScore, Signal
from enishi.signals.tests.world import NOW, TODAY, record
from enishi.store.testing import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]
DAY = timedelta(days=1)
THEN = TODAY - 30 * DAY
ABSORBED, SURVIVOR, APART, DELETED, HANDED = 5, 4, 7, 8, 10


def member(mail: str) -> Member:
    return Member.objects.create(email=mail, role=Role.CSM, scope=Scope.OWN)


@pytest.fixture
def since_then(home: Home) -> tuple[Member, Member]:
    """Since ``THEN``: one became part of another, a merge was made and taken back, one was deleted, one handed over."""
    aoki, baba = member("aoki@example.com"), member("baba@example.com")
    publish(home, "merge", [
        record(ABSORBED, SURVIVOR, TODAY - 10 * DAY),
        record(APART, SURVIVOR, THEN - 200 * DAY),
        record(APART, None, THEN - 200 * DAY),  # taken back: as if it had never been
    ])  # fmt: skip
    publish(home, "record_account", [record(DELETED, None, TODAY - 5 * DAY, name="Company 8", deleted=True)])
    Account.objects.filter(pk=ABSORBED).update(merged_into=SURVIVOR, owner=baba)
    Account.objects.filter(pk__in=[SURVIVOR, HANDED]).update(owner=aoki)
    Account.objects.filter(pk=DELETED).update(deleted_at=NOW, owner=baba)
    return aoki, baba


def test_a_past_book_holds_those_merged_or_deleted_since(home: Home, since_then: object) -> None:
    api.score_day(TODAY, now=NOW, home=home)
    today = set(HealthScore.objects.filter(day=TODAY).values_list("account_id", flat=True))
    book = api.book_as_of(THEN, home=home, now=NOW).set_index("account_id")
    assert {ABSORBED, SURVIVOR, APART, DELETED, HANDED} <= set(book.index)
    assert today == set(book.index) - {ABSORBED, DELETED}
    assert book.loc[[ABSORBED, DELETED], "tenths"].notna().all()
    assert book.loc[ABSORBED, "name"] == "Company 5"
    HealthScore.objects.filter(day=THEN, account=APART).delete()  # kept while it was part of another
    again = api.book_as_of(THEN, home=home, now=NOW).set_index("account_id")
    assert again.loc[APART, "tenths"] == book.loc[APART, "tenths"]
    assert api.explain(ABSORBED, THEN, home=home)["tenths"] == book.loc[ABSORBED, "tenths"]


def test_who_sees_the_survivor_sees_what_it_was(since_then: tuple[Member, Member]) -> None:
    aoki, baba = since_then
    assert visible_in_past(aoki) == {SURVIVOR, ABSORBED, HANDED}
    assert visible_in_past(baba) == {DELETED}
    assert not visible_accounts(baba).exists()
    Account.objects.filter(pk=SURVIVOR).update(merged_into=HANDED, owner=baba)  # a chain leads to its end
    assert visible_in_past(aoki) == {HANDED, SURVIVOR, ABSORBED}
    Account.objects.filter(pk=ABSORBED).update(merged_into=None)  # taken back
    assert visible_in_past(aoki) == {HANDED, SURVIVOR}
    assert visible_in_past(baba) == {DELETED, ABSORBED}
    assert visible_in_past(Member(role=Role.ADMIN, scope=Scope.ALL, is_active=False)) == set()


def test_a_deleted_account_is_reached_on_the_days_before_by_whom_it_belonged_to(
    since_then: tuple[Member, Member],
) -> None:
    aoki, baba = since_then
    assert access_on_day(baba, DELETED, THEN).pk == DELETED
    assert access_on_day(aoki, HANDED, THEN).pk == HANDED
    for who, number, day in ((aoki, DELETED, THEN), (baba, DELETED, TODAY), (baba, HANDED, THEN)):
        with pytest.raises(NotFound):
            access_on_day(who, number, day)


def test_nothing_stands_of_an_account_that_is_no_more() -> None:
    for account in (1, DELETED):
        Signal.objects.create(account_id=account, type="alert:payment_late", since=THEN, seen_at=NOW)
    book = SignalBook()
    book.end_departed({1}, TODAY)
    book.write()
    assert dict(Signal.objects.values_list("account_id", "until")) == {1: None, DELETED: TODAY}
