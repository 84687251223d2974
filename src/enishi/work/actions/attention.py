"""Putting an account aside on one's own Today page, and taking it back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from enishi.accounts.access import access_account
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Account, Member
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text, day_words
from enishi.work.access import check_may_act
from enishi.work.actions.tasks import create_task, drop_task
from enishi.work.models import Attention, Task
from enishi.work.reads import judgement_of
from enishi.work.rules import fingerprint

LONGEST_SNOOZE = 180
USUAL_REST = 14
_PUT_ASIDE = {Attention.Verb.SNOOZED: "account_snoozed", Attention.Verb.DONE: "account_done"}


@transaction.atomic
def snooze(
    member: Member, account_id: int, until: date, *, today: date, now: datetime, reason: str = ""
) -> Attention:
    """Hide an account until a day, unless something worse or new becomes true before.

    Raises:
        EnishiError: ``bad_date`` where ``until`` is not within the next 180 days.
    """
    check_may_act(member)
    account = access_account(member, account_id)
    if not today < until <= today + timedelta(days=LONGEST_SNOOZE):
        said = day_words(until)
        message = Text(
            f"Choose a day within the next {LONGEST_SNOOZE} days, not {said.en}.",
            f"{said.ja}は指定できません。明日から{LONGEST_SNOOZE}日以内の日付を指定してください。",
        )
        raise EnishiError("bad_date", message, fields={"until": message})
    return _put_aside(member, account, Attention.Verb.SNOOZED, until, reason, today, now)


@transaction.atomic
def mark_done(
    member: Member,
    account_id: int,
    *,
    today: date,
    now: datetime,
    rest_days: int = USUAL_REST,
    reason: str = "",
) -> Attention:
    """Dealt with: off the list for the play's rest days, unless something worse or new becomes true."""
    check_may_act(member)
    account = access_account(member, account_id)
    until = today + timedelta(days=rest_days)
    return _put_aside(member, account, Attention.Verb.DONE, until, reason, today, now)


@transaction.atomic
def delegate(
    member: Member,
    account_id: int,
    assignee: Member,
    title: str,
    *,
    due_on: date,
    today: date,
    now: datetime,
    note: str = "",
) -> tuple[Task, Attention]:
    """Give the work to somebody as a task, and take the account off one's own list until it is due."""
    task = create_task(member, account_id, title, now=now, due_on=due_on, note=note, assignee=assignee)
    until = max(due_on, today + timedelta(days=1))
    attention = _put_aside(member, task.account, Attention.Verb.SNOOZED, until, "", today, now, task=task)
    return task, attention


@transaction.atomic
def undo(member: Member, attention_id: int, *, now: datetime) -> Attention:
    """Take back one's own snooze, done or delegation; the account returns to the list."""
    check_may_act(member)
    found = Attention.objects.select_related("account", "task").filter(pk=attention_id, member=member).first()
    if found is None:
        raise NotFound(
            "unknown_attention", Text("There is nothing to take back.", "取り消せる操作がありません。")
        )
    access_account(member, found.account_id)
    if found.undone_at is None:
        found.undone_at = now
        found.save(update_fields=["undone_at"])
        if found.task and found.task.status == Task.Status.OPEN:
            drop_task(member, found.task.pk, now=now)
        write_audit(member, "attention_undone", found, account=found.account, detail={"verb": found.verb})
    return found


def _put_aside(
    member: Member,
    account: Account,
    verb: Attention.Verb,
    until: date,
    reason: str,
    today: date,
    now: datetime,
    task: Task | None = None,
) -> Attention:
    """The newest decision counts: an earlier one still in force ends here."""
    Attention.objects.filter(member=member, account=account, undone_at=None, until__gt=now.date()).update(
        undone_at=now
    )
    attention = Attention.objects.create(
        account=account,
        member=member,
        verb=verb,
        until=until,
        reason=reason.strip()[:300],
        fingerprint=fingerprint(judgement_of(account, today), today),
        made_at=now,
        task=task,
    )
    detail = {"until": str(until), "reason": attention.reason}
    if task and task.assignee:
        detail["assignee"] = task.assignee.email
    write_audit(member, _PUT_ASIDE[verb], account, detail=detail)
    return attention
