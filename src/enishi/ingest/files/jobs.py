"""Imports in the background."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django_tasks import task

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.accounts.removing import Undone, undo_import
from enishi.ingest.files.importing import run_import
from enishi.ingest.files.kinds import EVENT
from enishi.ingest.files.receiving import check_plan, forget_unused, open_stored, remove_stored
from enishi.ingest.models import Answer, Import
from enishi.ingest.returning import clear_desk
from enishi.ingest.withdrawing import ask_withdrawal, not_undoable, take_along
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text

log = logging.getLogger("enishi.imports")

KEEP_FILES = timedelta(days=7)
KEEP_ANSWERS = timedelta(days=2)


def queue_import(home: Home, made: Import, *, actor: Member | str) -> None:
    """Let the worker run an import whose mapping is settled.

    Raises:
        EnishiError: the mapping cannot work, or the import runs or ran already.
    """
    table = open_stored(home, made)
    check_plan(made, table)
    with transaction.atomic():
        allowed = (Import.Status.MAPPING, Import.Status.FAILED)
        changed = Import.objects.filter(pk=made.pk, status__in=allowed).update(status=Import.Status.QUEUED)
        if not changed:
            raise Conflict(
                "import_started",
                Text("This import has been started already.", "この取り込みはすでに開始されています。"),
            )
        write_audit(actor, "import_started", made, detail={"kind": made.kind, "backfill": made.backfill})
        run_import_job.enqueue(made.pk)
    made.refresh_from_db()


@task()
def run_import_job(number: int) -> None:
    """The worker's part. Called again after a crash, it goes on where it stopped."""
    made = Import.objects.filter(pk=number, status__in=(Import.Status.QUEUED, Import.Status.RUNNING)).first()
    if made is None:
        return
    home, now = Home.from_environment(), system_clock()
    try:
        run_import(home, made, now)
    except EnishiError as error:
        log.warning("import %s: %s", number, error)
        return
    remove_stored(home, made)


def undo(made: Import, *, actor: Member | str, now: datetime) -> Undone | None:
    """Take back what an import stated; see :func:`enishi.accounts.removing.undo_import`. Events are taken back by the
    consumer with its next pass; nothing can be said of them yet.

    Raises:
        Conflict: it is not over, or was undone before.
    """
    if made.kind == EVENT.name:
        ask_withdrawal(made, actor=actor, now=now)
        forget_unused(made)
        return None
    by = actor.email if isinstance(actor, Member) else actor
    with transaction.atomic():
        over = Import.objects.filter(pk=made.pk, status=Import.Status.DONE)
        if not over.update(status=Import.Status.UNDONE, undone_by=by, undone_at=now):
            raise not_undoable(made)
        waiting = clear_desk(made, by, now)  # before: a row that is being taken in this instant goes too
        undone = Import.objects.filter(status=Import.Status.UNDONE).exclude(pk=made.pk)
        before = set(undone.values_list("pk", flat=True))
        done = undo_import(made.pk, actor=actor, now=now, undone=before)
        along = take_along(Home.from_environment(), actor=actor, now=now)
        taken_back = asdict(done) | {name: n for name, n in (("along", along), ("waiting", waiting)) if n}
        Import.objects.filter(pk=made.pk).update(taken_back=taken_back)
        forget_unused(made)
    made.refresh_from_db()
    return done


def clean_up(home: Home, now: datetime) -> int:
    """Remove uploads nobody went on with, and answers too old to be asked for again; gives the number of files."""
    stale = Import.objects.exclude(stored="").filter(made_at__lt=now - KEEP_FILES)
    stale = stale.exclude(status__in=(Import.Status.QUEUED, Import.Status.RUNNING))
    count = 0
    for made in stale:
        remove_stored(home, made)
        count += 1
    Answer.objects.filter(made_at__lt=now - KEEP_ANSWERS).delete()
    return count
