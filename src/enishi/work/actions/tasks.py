"""Promises and pieces of work: make, close, reopen, hand over, move."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from enishi.accounts.access import access_account, visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.models import Account, Contact, Member
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.work.access import check_may_act, members_seeing
from enishi.work.models import Task

TITLE_LENGTH = 300


@transaction.atomic
def create_task(
    member: Member,
    account_id: int,
    title: str,
    *,
    now: datetime,
    due_on: date | None = None,
    note: str = "",
    assignee: Member | None = None,
    contact: Contact | None = None,
) -> Task:
    """A new open task about an account; it is the maker's own unless given to somebody.

    Raises:
        EnishiError: ``empty_title``, ``cannot_see_account``.
    """
    check_may_act(member)
    account = access_account(member, account_id)
    assignee = assignee or member
    _check_sees(assignee, account)
    task = Task.objects.create(
        account=account,
        contact=contact,
        title=_title(title),
        note=note.strip(),
        assignee=assignee,
        due_on=due_on,
        made_by=member,
        made_at=now,
    )
    write_audit(member, "task_created", task, account=account, detail=_facts(task))
    return task


@transaction.atomic
def complete_task(member: Member, task_id: int, *, now: datetime) -> Task:
    return _close(member, task_id, Task.Status.DONE, "task_completed", now)


@transaction.atomic
def drop_task(member: Member, task_id: int, *, now: datetime) -> Task:
    return _close(member, task_id, Task.Status.DROPPED, "task_dropped", now)


@transaction.atomic
def reopen_task(member: Member, task_id: int) -> Task:
    """Undo of completing or dropping."""
    task = access_task(member, task_id)
    if task.status != Task.Status.OPEN:
        before = task.status
        task.status, task.closed_at = Task.Status.OPEN, None
        task.save(update_fields=["status", "closed_at"])
        write_audit(member, "task_reopened", task, account=task.account, detail={"was": before})
    return task


@transaction.atomic
def reassign_task(member: Member, task_id: int, assignee: Member) -> Task:
    task = access_task(member, task_id)
    _check_sees(assignee, task.account)
    change = {"from": task.assignee.email if task.assignee else "", "to": assignee.email}
    task.assignee = assignee
    task.save(update_fields=["assignee"])
    write_audit(member, "task_reassigned", task, account=task.account, detail=change)
    return task


@transaction.atomic
def move_task(member: Member, task_id: int, due_on: date | None) -> Task:
    task = access_task(member, task_id)
    change = {"from": str(task.due_on or ""), "to": str(due_on or "")}
    task.due_on = due_on
    task.save(update_fields=["due_on"])
    write_audit(member, "task_moved", task, account=task.account, detail=change)
    return task


def access_task(member: Member, task_id: int) -> Task:
    """A task of an account within the member's scope, to change it; :class:`NotFound` otherwise."""
    check_may_act(member)
    tasks = Task.objects.select_related("account", "assignee")
    task = tasks.filter(pk=task_id, account__in=visible_accounts(member)).first()
    if task is None:
        raise NotFound(
            "unknown_task",
            Text("There is no such task in your view.", "ご覧になれる範囲に該当するタスクがありません。"),
        )
    return task


def _close(member: Member, task_id: int, status: Task.Status, verb: str, now: datetime) -> Task:
    task = access_task(member, task_id)
    if task.status == Task.Status.OPEN:
        task.status, task.closed_at = status, now
        task.save(update_fields=["status", "closed_at"])
        write_audit(member, verb, task, account=task.account, detail=_facts(task))
    return task


def _facts(task: Task) -> dict[str, Any]:
    return {
        "due_on": str(task.due_on or ""),
        "assignee": task.assignee.email if task.assignee else "",
    }


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        message = Text("Write what is to be done.", "タスクの内容を入力してください。")
        raise EnishiError("empty_title", message, fields={"title": message})
    return title[:TITLE_LENGTH]


def _check_sees(assignee: Member, account: Account) -> None:
    if not members_seeing(account).filter(pk=assignee.pk).exists():
        name = assignee.full_name
        message = Text(
            f"{name} has left, does not see {account.name} or only reads.",
            f"{name}さんは利用停止中か、{account.name}を閲覧できないか、閲覧のみの権限です。",
        )
        hint = Text(
            "Choose somebody of the account's team, or change the account's owner.",
            "担当チームの方を選ぶか、担当者を変更してください。",
        )
        raise EnishiError("cannot_see_account", message, hint, fields={"assignee": message})
