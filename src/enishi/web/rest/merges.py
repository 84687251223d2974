"""Merges by the API: two accounts that are one company, told by the ids the caller knows them by."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field as Constraint

from enishi.accounts.merging import check_merge, merge_accounts, preview_merge, unmerge_accounts
from enishi.accounts.models import Account, Merge
from enishi.accounts.references import AccountBook
from enishi.kit.clock import system_clock
from enishi.kit.text import Text
from enishi.web.rest.cursors import page_of
from enishi.web.rest.keys import Caller, KeyAuth, caller_of
from enishi.web.rest.once import once
from enishi.web.rest.problems import NOT_FOUND, BadRequest, language_of
from enishi.web.rest.reads import Names
from enishi.web.rest.shapes import REFUSALS, PageQuery, Problem

router = Router(tags=["Merges"])


class MergeBody(Schema):
    """Accounts by an outside id, mail domain or exact name, or by our own number."""

    account: str | int = Constraint(description="the account that is merged / 統合元")
    survivor: str | int = Constraint(description="the account that stands for both / 統合先")
    since: date | None = Constraint(
        None, description="the day on which the two became one; without it they were one all along / 統合日"
    )
    dry_run: bool = Constraint(False, description="say what would happen, write nothing / 試し実行")


class MergeRecord(Schema):
    number: int
    account: str | None
    account_number: int
    survivor: str | None
    survivor_number: int
    since: str | None
    made_by: str
    made_at: str
    undone_at: str | None


class MergePage(Schema):
    records: list[MergeRecord]
    next_cursor: str | None = None


class Moved(Schema):
    """What a merge moves. ``records`` by kind; ``differences`` are field titles with both values."""

    records: dict[str, int]
    followers: int
    outside_ids: list[str]
    differences: list[dict[str, str]]
    same_people: list[str]


class MergeAnswer(Schema):
    merge: MergeRecord | None = Constraint(description="null in a dry run")
    preview: Moved


class UnmergeAnswer(Schema):
    merge: MergeRecord


def find_account(caller: Caller, stated: str | int, field: str) -> Account:
    """The one account meant, among those the key sees.

    Raises:
        BadRequest: none or several fit.
    """
    if isinstance(stated, int):
        numbers = {stated} if 0 < stated < 2**63 else set()
    else:
        book = AccountBook(caller.key.system)
        book.look_up({stated})
        numbers = book.find(stated)
    found = list(caller.accounts().filter(pk__in=numbers)[:2])
    if len(found) == 1:
        return found[0]
    text = Text(
        f"'{stated}' names {'several accounts' if found else 'no account'}.",
        f"「{stated}」に当てはまる顧客企業が{'複数あります' if found else '見つかりません'}。",
    )
    hint = Text("Use our number of the account.", "Enishiでの番号をご指定ください。") if found else None
    raise BadRequest("unknown_account", text, hint, {field: text})


def _told(merges: list[Merge], caller: Caller) -> list[dict[str, Any]]:
    names = Names(caller.key, [one for merge in merges for one in (merge.account, merge.survivor)])
    return [
        {
            "number": merge.pk,
            "account": names.of(merge.account_id),
            "account_number": merge.account_id,
            "survivor": names.of(merge.survivor_id),
            "survivor_number": merge.survivor_id,
            "since": merge.since.isoformat() if merge.since else None,
            "made_by": merge.made_by,
            "made_at": merge.made_at.isoformat(),
            "undone_at": merge.undone_at.isoformat() if merge.undone_at else None,
        }
        for merge in merges
    ]


def visible_merges(caller: Caller) -> QuerySet[Merge]:
    """Merges into accounts the key sees. Where one was undone the two are apart again: both must be seen."""
    merges = Merge.objects.select_related("account", "survivor")
    if caller.sees_all:
        return merges
    seen = caller.accounts()
    return merges.filter(Q(undone_at=None) | Q(account__in=seen), survivor__in=seen)


def _moved(account: Account, survivor: Account, language: str) -> dict[str, Any]:
    found = asdict(preview_merge(account, survivor))
    for difference in found["differences"]:
        difference["title"] = difference["title"]["ja" if language.startswith("ja") else "en"]
    return found


@router.get(
    "",
    auth=KeyAuth("read:merge"),
    response={200: MergePage, **REFUSALS},
    operation_id="list_merges",
    summary="Merges / 統合の一覧",
)
def list_merges(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """Merges in the order in which they were made, undone ones too."""
    caller = caller_of(request)
    merges = visible_merges(caller)
    if query.updated_since:
        changed = merges.filter(made_at__gte=query.updated_since)
        merges = changed | merges.filter(undone_at__gte=query.updated_since)
    found, following = page_of(merges, query.cursor, query.limit, at="made_at")
    return {"records": _told(found, caller), "next_cursor": following}


@router.post(
    "",
    auth=KeyAuth("write:merge"),
    response={200: MergeAnswer, 409: Problem, **REFUSALS},
    operation_id="merge_accounts",
    summary="Merge two accounts / 顧客企業の統合",
)
def merge(request: HttpRequest, body: MergeBody) -> HttpResponse:
    """Let `survivor` stand for `account` too. Nothing is lost: a merge can be undone at any time."""
    caller = caller_of(request)

    def work() -> tuple[int, dict[str, Any]]:
        account = find_account(caller, body.account, "account")
        survivor = find_account(caller, body.survivor, "survivor")
        check_merge(account, survivor)
        preview = _moved(account, survivor, language_of(request))
        if body.dry_run:
            return 200, {"merge": None, "preview": preview}
        done = merge_accounts(account, survivor, actor=caller.actor, now=system_clock(), since=body.since)
        return 200, {"merge": _told([done], caller)[0], "preview": preview}

    return once(request, caller.key, work)


@router.delete(
    "/{int:number}",
    auth=KeyAuth("write:merge"),
    response={200: UnmergeAnswer, 404: Problem, 409: Problem, **REFUSALS},
    operation_id="unmerge_accounts",
    summary="Undo a merge / 統合の取り消し",
)
def unmerge(request: HttpRequest, number: int) -> HttpResponse:
    """Every record returns to the account its source meant, also those that came since."""
    caller = caller_of(request)

    def work() -> tuple[int, dict[str, Any]]:
        found = visible_merges(caller).filter(pk=min(number, 2**63 - 1)).first()
        if found is None:
            raise NOT_FOUND
        unmerge_accounts(found, actor=caller.actor, now=system_clock())
        again = Merge.objects.select_related("account", "survivor").get(pk=found.pk)
        return 200, {"merge": _told([again], caller)[0]}

    return once(request, caller.key, work)
