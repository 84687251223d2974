"""Lists far down: the same rows in the same order, walked to once, and never a row that is no longer the reader's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.pages import SignIn, sign_in, world  # noqa: F401
from tests.world import NOW, TODAY, World, make_account

from enishi.accounts.models import Account
from enishi.definitions.models import DefinitionVersion
from enishi.fit.models import AccountFit, FitRun
from enishi.growth.models import Readiness
from enishi.signals.models import AccountState
from enishi.stakeholders.models import AccountRelationship
from enishi.web import paging
from enishi.web.pages.fit import views as fit_views
from enishi.web.pages.growth import views as growth_views
from enishi.web.pages.stakeholders import listing
from enishi.web.paging import Counted, Deep

pytestmark = pytest.mark.django_db
MANY = 12  # two on a page, four in a portion


@pytest.fixture
def book(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Account]:  # noqa: F811
    """Twelve more customers of one person, each with an offer, a fit and a relationship; two on a page, four in a portion."""
    cache.clear()
    monkeypatch.setattr(paging, "PORTION", 4)
    for place, name in ((growth_views, "A_PAGE"), (fit_views, "A_PAGE"), (listing, "PAGE_SIZE")):
        monkeypatch.setattr(place, name, 2)
    Readiness.objects.all().delete()
    AccountRelationship.objects.all().delete()
    run = FitRun.objects.create(
        day=TODAY, status="done", version=DefinitionVersion.objects.all()[0], finished_at=NOW
    )
    made = [make_account(f"far {n:02}", owner=world.takahashi) for n in range(MANY)]
    for n, account in enumerate(made):
        AccountState.objects.create(account=account, day=TODAY, band="green", at_stake=1_000 - n)
        Readiness.objects.create(
            account=account, offer="more_seats", kind="seats", status="ready", on=TODAY, since=TODAY, day=TODAY,
            place=100 - n, first=True, shown=True,
        )  # fmt: skip
        AccountFit.objects.create(
            account=account, run=run, sold_on=TODAY, sale_tenths=900 - n, sale_band="good"
        )
        AccountRelationship.objects.create(account=account, day=TODAY)
    return made


def _growth(context: object) -> list[int]:
    return [line.row.account_id for line in context["lines"]]  # type: ignore[index]


def _fit(context: object) -> list[int]:
    return [line["row"].account_id for line in context["lines"]]  # type: ignore[index]


LISTS: list[tuple[str, Callable[[object], list[int]], str]] = [
    ("/growth/?sort=-expected", _growth, "growth_readiness"),
    ("/revenue/fit/accounts/?what=all&sort=-sale", _fit, "fit_accountfit"),
    ("/accounts/relations/?sort=-stake", _growth, "stakeholders_accountrelationship"),
]


@pytest.mark.parametrize(("address", "accounts_of", "table"), LISTS, ids=["growth", "fit", "relations"])
def test_far_pages_go_on_where_near_ones_end_and_are_walked_to_once(
    book: list[Account],
    sign_in: SignIn,  # noqa: F811
    address: str,
    accounts_of: Callable[[object], list[int]],
    table: str,
) -> None:
    client = sign_in("takahashi")
    pages = [accounts_of(client.get(f"{address}&page={n}").context) for n in range(1, MANY // 2 + 1)]
    assert [pk for one in pages for pk in one] == [account.pk for account in book]
    with CaptureQueriesContext(connection) as caught:
        assert accounts_of(client.get(f"{address}&page=5").context) == pages[4]
    assert not [one["sql"] for one in caught if "OFFSET" in one["sql"] and table in one["sql"]], (
        "walked to again"
    )


@pytest.mark.parametrize(("address", "accounts_of", "table"), LISTS, ids=["growth", "fit", "relations"])
def test_who_left_the_readers_view_is_on_no_kept_page(
    book: list[Account],
    sign_in: SignIn,  # noqa: F811
    address: str,
    accounts_of: Callable[[object], list[int]],
    table: str,
) -> None:
    client = sign_in("takahashi")
    before = accounts_of(client.get(f"{address}&page=5").context)
    Account.objects.filter(pk=before[0]).update(owner=None)
    assert before[0] not in accounts_of(client.get(f"{address}&page=5").context)


def test_a_page_over_two_portions_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PORTION", 4)
    kept: dict[str, list[int]] = {}

    def keep(name: str, read: Callable[[], list[int]]) -> list[int]:
        return kept.setdefault(name, read())

    numbers = list(range(0, 40, 2))
    deep = Counted(Deep(numbers, keep, lambda some: [n for n in some if n != 14]), 3, len(numbers))
    shown = [list(deep.page(n)) for n in deep.page_range]
    assert [n for one in shown for n in one] == [n for n in numbers if n != 14]
    assert sorted(kept) == ["from 0", "from 12", "from 16", "from 4", "from 8"]
