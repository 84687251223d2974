"""Records and scores as the API gives them, within the accounts its key sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from enishi.accounts.coercion import clip
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Contact, OutsideId, Record
from enishi.accounts.references import AccountBook
from enishi.accounts.shapes import shape_of
from enishi.ingest.models import ApiKey
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.signals.api import overrides_on
from enishi.signals.models import AccountState
from enishi.store.kinds import Kind
from enishi.web.rest.keys import Caller
from enishi.web.rest.problems import BadRequest

Row = Account | Contact | Record


def visible_rows(kind: Kind, caller: Caller, *, deleted: bool) -> QuerySet[Any]:
    """The rows of a kind the key may see. What belongs to no account is seen by keys that see every account."""
    rows: QuerySet[Any]
    if kind.name == "account":
        rows = (
            Account.objects.filter(pk__in=caller.accounts()) if not caller.sees_all else Account.objects.all()
        )
        rows = rows.filter(merged_into__isnull=True).select_related("owner")
    elif kind.name == "contact":
        rows = Contact.objects.select_related("account")
    else:
        rows = Record.objects.filter(kind=kind.name).select_related("account", "contact")
    if kind.name != "account":
        alone = Q(account__isnull=True) if caller.sees_all else Q(pk__in=[])
        rows = rows.filter(alone | Q(account__in=caller.accounts()))
    return rows if deleted else rows.filter(deleted_at__isnull=True)


class Names:
    """Outside ids of accounts in a key's system, read once for a page."""

    def __init__(self, key: ApiKey, accounts: Iterable[Account | None]) -> None:
        self._own = {account.pk: account.outside_id for account in accounts if account}
        links = OutsideId.objects.filter(
            account__in=self._own, target=OutsideId.Target.ACCOUNT, system=key.system
        )
        self._named = {link.account_id: link.value for link in links.order_by("-pk")}

    def of(self, number: int | None) -> str | None:
        return self._named.get(number, self._own.get(number)) if number else None


def number_of(kind: Kind, system: str, outside_id: str) -> int | None:
    """The number of the row an outside id leads to."""
    slot = shape_of(kind).load(kind, system, [outside_id]).get(outside_id)
    return slot.row.pk if slot else None


def as_records(kind: Kind, rows: Sequence[Row], caller: Caller) -> list[dict[str, Any]]:
    """Rows as JSON: fields as they may be sent back, with our numbers beside. A parent the key does not see is
    left out."""
    shape = shape_of(kind)
    parents = {row.parent_id for row in rows if isinstance(row, Account) and row.parent_id}
    seen = Account.objects.all() if caller.sees_all else caller.accounts()
    accounts = [*(seen.filter(pk__in=parents) if parents else ()), *(_account(row) for row in rows)]
    names = Names(caller.key, accounts)
    return [_as_record(kind, row, shape.state(kind, row), names) for row in rows]


def account_meant(caller: Caller, stated: str) -> int:
    """The number of the account a list is asked for, by what the records name it: its id in the key's system, in any,
    its mail domain or its name. One that was merged leads to the one that survives.

    Raises:
        NotFound: the key sees none of that id.
        BadRequest: several fit.
    """
    book = AccountBook(caller.key.system)
    book.look_up({stated})
    numbers = {book.root(number) for number in book.find(stated)}
    found = list(caller.accounts().filter(pk__in=numbers).values_list("pk", flat=True)[:2])
    if len(found) == 1:
        return found[0]
    hint = Text(
        "Give the id it has in the key's system, or 'account_number' with Enishi's own number.",
        "キーのシステムでのIDを指定するか、「account_number」にEnishiの番号を指定してください。",
    )
    told = Text(
        f"'{clip(stated)}' names no account.", f"「{clip(stated)}」に当てはまる顧客企業が見つかりません。"
    )
    if found:
        told = Text(
            f"'{clip(stated)}' names several accounts.",
            f"「{clip(stated)}」に当てはまる顧客企業が複数あります。",
        )
        raise BadRequest("unknown_account", told, hint, {"account": told})
    raise NotFound("unknown_account", told, hint, {"account": told})


def _account(row: Row) -> Account | None:
    return row if isinstance(row, Account) else row.account


def _as_record(kind: Kind, row: Row, state: dict[str, Any], names: Names) -> dict[str, Any]:
    record: dict[str, Any] = {field.name: state.get(field.name) for field in kind.fields}
    account = _account(row)
    record["id"] = row.outside_id
    if kind.has_account:
        record["account"] = names.of(account.pk) if account else None
    if "parent" in record:
        record["parent"] = names.of(state.get("parent"))
    if "contact" in record and isinstance(row, Record):
        record["contact"] = row.contact.outside_id if row.contact else None
    return {
        **record,
        "extra": state.get("extra", {}),
        "system": row.source,
        "number": row.pk,
        "account_number": account.pk if account else None,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "deleted_at": row.deleted_at.isoformat() if row.deleted_at else None,
    }


def visible_states(caller: Caller) -> QuerySet[AccountState]:
    return AccountState.objects.filter(account__in=caller.accounts()).select_related("account")


def as_scores(states: Sequence[AccountState], key: ApiKey) -> list[dict[str, Any]]:
    names = Names(key, (state.account for state in states))
    by_hand = overrides_on(company_day(system_clock()))
    return [
        {
            "account": names.of(state.account_id),
            "account_number": state.account_id,
            "name": state.account.name,
            "day": state.day.isoformat(),
            "score": _points(state.tenths),
            "band": state.band,
            "band_computed": state.computed_band,
            "band_by_hand": state.account_id in by_hand,
            "coverage": state.coverage,
            "score_week_ago": _points(state.tenths_week_ago),
            "trend": state.trend,
            "lines": state.lines,
            "changes": state.changes,
            "causes": state.causes,
            "alerts": state.alerts,
            "metrics": state.metrics,
            "tier": state.tier,
            "mrr": state.mrr,
            "at_stake": None if state.unpriced else state.at_stake,
            "renewal_on": state.renewal_on.isoformat() if state.renewal_on else None,
            "updated_at": state.computed_at.isoformat(),
        }
        for state in states
    ]


def _points(tenths: int | None) -> float | None:
    return None if tenths is None else tenths / 10
