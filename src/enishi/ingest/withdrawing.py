"""Undoing an import of events: what is asked here, the consumer does in the store with its next pass.

As with records, it is then as if the file had never come: its events, and the accounts that they alone had made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pyarrow.parquet as pq
from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.accounts.removing import undo_import
from enishi.accounts.versions import lock_versions
from enishi.ingest.claiming import claim
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.files.newcomers import NEWCOMERS
from enishi.ingest.models import Import
from enishi.ingest.returning import clear_desk
from enishi.kit.clock import microseconds
from enishi.kit.errors import Conflict
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.contracts import Unheard, Withdrawal
from enishi.store.published import Published

Status = Import.Status


def note_received(made: Import, now: datetime) -> None:
    """Note, before events are sent, at which instant they count as received: by it they are found again."""
    with transaction.atomic():
        row = Import.objects.select_for_update().get(pk=made.pk)
        if (at := microseconds(now)) not in row.received:
            row.received = [*row.received, at]
            row.save(update_fields=["received"])
    made.received = row.received


def ask_withdrawal(made: Import, *, actor: Member | str, now: datetime) -> None:
    """Ask the consumer to take an import's events back.

    Raises:
        Conflict: it is not over, or was undone before.
    """
    with transaction.atomic():
        by = actor.email if isinstance(actor, Member) else actor
        over = Import.objects.filter(pk=made.pk, status__in=(Status.DONE, Status.FAILED))
        if not over.update(status=Status.UNDOING, undone_by=by, undone_at=now):
            raise not_undoable(made)
        waiting = clear_desk(made, by, now)
        Import.objects.filter(pk=made.pk).update(taken_back={"waiting": waiting} if waiting else {})
        write_audit(actor, "import_undo_asked", made, detail={"events": made.created})
    made.refresh_from_db()


def undo_told(made: Import, raw_from: date | None) -> Text:
    """What undoing an import will do, for a person about to do it.

    Args:
        raw_from: the first day of which events are kept one by one; None: all are.
    """
    if made.kind != EVENT.name:
        return Text(
            f"{made.created:,} new records go and {made.updated:,} changed ones get their earlier values back, for past "
            "days too. What was changed by something else since stays as it is. The file can then be imported again.",
            f"新規{made.created:,}件は削除され、更新{made.updated:,}件は取り込み前の値に戻ります(過去の時点の表示も同様です)。"
            "その後に別の方法で変更されたものは、そのまま残ります。取り消し後は、同じファイルをもう一度取り込めます。",
        )
    kept = Text(
        f" Of days before {raw_from} only the numbers of uses are kept: they stay.",
        f"{raw_from}より前は利用回数だけが保管されているため、取り消されずに残ります。",
    )
    rest, customers = kept if raw_from else Text("", ""), _customers_of(made)
    return Text(
        f"{made.created:,} events leave all figures and pages, those of past days too, with {customers.en}. They are "
        "not kept: what was said of a past day on the day itself stays, everything else is worked out anew."
        f"{rest.en} The file can then be imported again, under another mapping if you like.",
        f"利用イベント{made.created:,}件と{customers.ja}が、過去の時点も含めてすべての集計と画面から消えます。"
        "取り消したデータは残りません。過去の日のスコアのうち、その日に算出していたものはそのまま残り、それ以外は計算し直されます。"
        f"{rest.ja}取り消し後は、列の対応付けを直して同じファイルをもう一度取り込めます。",
    )


def _customers_of(made: Import) -> Text:
    """The customers that go with an import's events."""
    count = made.warnings.get(NEWCOMERS, [0])[0]
    if not count:
        return Text("the customers that they alone had made", "それだけから作られた顧客企業")
    customers = "1 customer" if count == 1 else f"{count:,} customers"
    return Text(
        f"the {customers} made of them (but for any of whom more is known by now)",
        f"そこから作られた顧客企業{count:,}社(ほかのデータがあるものを除く)",
    )


def not_undoable(made: Import) -> Conflict:
    made.refresh_from_db(fields=["status"])
    no = Text("This import cannot be undone.", "この取り込みは取り消せません。")
    done = Text("This import is undone already.", "この取り込みはすでに取り消されています。")
    return Conflict(
        "import_not_undoable",
        done if made.is_taken_back else no,
        Text(
            "Only an import that is over can, and only once.",
            "取り消せるのは完了した取り込みだけで、一度限りです。",
        ),
    )


def withdrawals() -> list[Withdrawal]:
    """What the consumer is asked to take back."""
    waiting = Import.objects.filter(status=Status.UNDOING).order_by("pk")
    return [Withdrawal(made.delivery, made.name, tuple(made.received)) for made in waiting]


def note_withdrawn(withdrawal: Withdrawal, rows: int, unheard: Unheard, now: datetime) -> None:
    """The events are gone: so go the accounts that nobody else speaks of."""
    with transaction.atomic():
        lock_versions()
        waiting = Import.objects.select_for_update().filter(status=Status.UNDOING)
        made = next((made for made in waiting if made.delivery == withdrawal.delivery), None)
        if made is None:
            return
        accounts = 0
        if claim(made, unheard):
            accounts = undo_import(made.pk, actor=made.undone_by, now=now, audited=False).removed
        staying = max(0, made.created - rows)
        made.status, made.undone_at = Status.UNDONE, now
        made.taken_back |= {"events": rows, "customers": accounts, "staying": staying}
        made.save(update_fields=["status", "undone_at", "taken_back"])
        write_audit(made.undone_by, "events_withdrawn", made, detail=made.taken_back)


def take_along(home: Home, *, actor: Member | str, now: datetime) -> int:
    """Take back the accounts that events of undone imports alone had made and that lived on by what is undone now;
    gives how many. Runs in the caller's transaction."""
    undone = Import.objects.filter(kind=EVENT.name, status=Status.UNDONE).order_by("pk")
    by_system = {made.system: made for made in undone}
    if not by_system:
        return 0
    files = (pq.read_table(path, columns=["system", "group_id"]) for path in Published(home).files("groups"))
    heard = {(row["system"], row["group_id"]) for rows in files for row in rows.to_pylist()}

    def unheard(keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [key for key in keys if key not in heard]

    claimed = [made for made in by_system.values() if claim(made, unheard)]
    return sum(undo_import(made.pk, actor=actor, now=now).removed for made in claimed)
