"""The list of renewals: who falls due, in which category, and who said so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member, Record
from enishi.definitions.api import get_names, product_title
from enishi.kit.text import fold
from enishi.metrics.periods import Period, period_of
from enishi.outlook import reads
from enishi.outlook.models import Category
from enishi.outlook.reads import Outlook, Renewal
from enishi.web.pages.account.words import say
from enishi.web.pages.outlook.query import Query

A_PAGE = 15


def span_end(query: Query, today: date) -> date:
    """Until when renewals are listed: to the end of this quarter, of the next, or of four."""
    fiscal = get_company().fiscal_year_start
    period: Period = period_of(today, "quarter", fiscal)
    for _further in range({"quarter": 0, "two": 1, "year": 3}[query.span]):
        period = period_of(period.end, "quarter", fiscal)
    return period.end


def _found_by(member: Member, words: str, ids: Sequence[int]) -> set[int]:
    accounts = visible_accounts(member).filter(pk__in=ids)
    for word in fold(words).split():
        accounts = accounts.filter(Q(search__contains=word))
    return set(accounts.values_list("pk", flat=True))


def _percent(share: float) -> str:
    return f"{share * 100:.4g}"


def listed(member: Member, outlook: Outlook, query: Query, today: date) -> list[Renewal]:
    """Every renewal of the span in view, searched but of every category."""
    found = reads.renewals_in(outlook, today, span_end(query, today), today)
    seen = outlook.view.seen([one.account_id for one in found])
    found = [one for one in found if one.account_id in seen]
    if query.q.strip():
        named = _found_by(member, query.q, [one.account_id for one in found])
        found = [one for one in found if one.account_id in named]
    return found


def products_of(found: Sequence[Renewal]) -> dict[int, str]:
    """What the contracts are of, by number, as people call it; of customers who decide on several apart."""
    numbers = [one.contract for one in found if one.contract]
    names = get_names()
    held = Record.objects.filter(pk__in=numbers, kind="subscription").values_list("pk", "data__product")
    return {pk: say(product_title(names, str(product or ""))) for pk, product in held}


def category_words() -> dict[str, Any]:
    """What the categories are called, and those that a person may choose."""
    choices = [(value, label) for value, label in Category.choices if value != Category.NOTICE]
    return {"words": dict(Category.choices), "choices": choices}


def renewals_context(
    member: Member, outlook: Outlook, query: Query, today: date, number: str | None
) -> dict[str, Any]:
    """Sums by category, and a page of the chosen one."""
    found = listed(member, outlook, query, today)
    sums = []
    for value, label in Category.choices:
        mine = [one for one in found if one.category == value]
        sums.append(
            {
                "value": value, "title": label, "n": len(mine), "mrr": sum(one.mrr for one in mine),
                "kept": round(sum(one.mrr * (1 - one.probability) for one in mine)), "current": query.cat == value,
                "address": query.but(cat="" if query.cat == value else value).address + "#renewals",
            }
        )  # fmt: skip
    chosen = [one for one in found if not query.cat or one.category == query.cat]
    shown = Paginator(chosen, A_PAGE).get_page(number)
    accounts = Account.objects.select_related("owner", "state").in_bulk([one.account_id for one in shown])
    products = products_of(list(shown))
    rows = [
        {"renewal": one, "account": accounts[one.account_id], "product": products.get(one.contract, "")}
        for one in shown
        if one.account_id in accounts
    ]
    total = sum(one.mrr for one in found)
    return {
        "sums": sums, "rows": rows, "page": shown, "total": total, "count": len(found),
        "expected": round(sum(one.mrr * (1 - one.probability) for one in found)),
        "commit_percent": _percent(reads.thresholds().commit), "at_risk_percent": _percent(reads.thresholds().at_risk), "until": span_end(query, today) - timedelta(days=1),
        **category_words(),
    }  # fmt: skip
