"""Offers made, set aside, won and lost. One verb, one transaction, one audit line; each can be taken back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from enishi.accounts.access import access_account, visible_accounts
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member
from enishi.definitions.api import find_published
from enishi.growth.book import catalogue
from enishi.growth.models import Effort, Propensity, Proposal, Readiness, show_one
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.text import Text, day_words
from enishi.work.api import check_may_act, check_may_lead, complete_task, create_task, drop_task, reopen_task
from enishi.work.models import Task

LONGEST_REST = 366
Status = Proposal.Status


@transaction.atomic
def use_fit(member: Member, number: int, *, now: datetime) -> Propensity:
    """Let another fit of its kind speak; the book is judged by it within minutes. An earlier one than the newest stays in
    use until somebody puts another in its place, the newest one until the next is learned.

    Raises:
        NotFound: there is no such fit. Conflict: ``fit_in_use``.
    """
    check_may_lead(member)
    row = Propensity.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise NotFound("unknown_growth_fit", Text("There is no such version.", "その版はありません。"))
    if row.in_use:
        raise Conflict("fit_in_use", Text("This version is in use already.", "この版はすでに使用中です。"))
    same = Propensity.objects.filter(kind=row.kind)
    same.filter(in_use=True).update(in_use=False, chosen_by=None, chosen_at=None)
    is_newest = not same.filter(made_at__gt=row.made_at).exists()
    row.in_use, row.chosen_by, row.chosen_at = True, None if is_newest else member, None if is_newest else now
    row.save(update_fields=["in_use", "chosen_by", "chosen_at"])
    write_audit(member, "growth_fit_used", row, detail={"offer_type": row.kind, "on": str(row.day)})
    return row


@transaction.atomic
def propose(
    member: Member,
    account_id: int,
    offer: str,
    title: str,
    *,
    now: datetime,
    due_on: date | None = None,
    assignee: Member | None = None,
    note: str = "",
) -> Proposal:
    """Make the offer: a task for somebody, and the offer counts as under discussion until it is won, lost or taken back.

    Raises:
        Conflict: ``one_at_a_time`` where another offer to the customer is under discussion.
    """
    account, kind = _access(member, account_id, offer)
    other = Proposal.objects.filter(account=account, status=Status.OPEN, undone_at=None).first()
    if other is not None:
        raise Conflict(
            "one_at_a_time",
            Text("Another offer to this customer is being discussed.", "この顧客には別の提案を進行中です。"),
            Text("Record what came of it first.", "先に、進行中の提案の結果を記録してください。"),
        )
    task = create_task(member, account.pk, title, now=now, due_on=due_on, assignee=assignee, note=note)
    return _add(member, account, offer, kind, Status.OPEN, now, task=task)


@transaction.atomic
def set_aside(
    member: Member, account_id: int, offer: str, reason: str, until: date, *, now: datetime
) -> Proposal:
    """Not now: the offer rests for this customer until a day.

    Raises:
        EnishiError: ``bad_date`` unless the day lies within the next year, ``no_reason`` without a reason.
    """
    account, kind = _access(member, account_id, offer)
    today = company_day(now)
    if not today < until <= today + timedelta(days=LONGEST_REST):
        said = day_words(until)
        message = Text(
            f"Choose a day within the next year, not {said.en}.",
            f"{said.ja}は指定できません。明日から1年以内の日付を指定してください。",
        )
        raise EnishiError("bad_date", message, fields={"until": message})
    return _add(member, account, offer, kind, Status.SET_ASIDE, now, reason=_reason(reason), until=until)


@transaction.atomic
def record_result(
    member: Member,
    proposal_id: int,
    won: bool,
    *,
    now: datetime,
    reason: str = "",
    amount: int | None = None,
) -> Proposal:
    """What came of an offer under discussion; its task is done.

    Args:
        amount: MRR gained, minor units; None: not stated.

    Raises:
        EnishiError: ``no_reason`` for an offer lost without a reason; ``bad_amount`` for one below zero.
    """
    found = access_proposal(member, proposal_id)
    if found.status != Status.OPEN:
        raise Conflict(
            "closed_already", Text("The result is recorded already.", "結果はすでに記録されています。")
        )
    if amount is not None and amount < 0:
        message = Text("The amount cannot be below zero.", "金額は0以上で入力してください。")
        raise EnishiError("bad_amount", message, fields={"amount": message})
    found.before, found.status = found.status, Status.WON if won else Status.LOST
    found.reason = reason.strip()[:500] if won else _reason(reason)
    found.closed_on, found.amount = company_day(now), amount if won else None
    found.save(update_fields=["before", "status", "reason", "closed_on", "amount"])
    if found.task and found.task.status == Task.Status.OPEN:
        complete_task(member, found.task.pk, now=now)
    detail = {"offer": found.offer, "reason": found.reason, "amount": found.amount}
    write_audit(member, "offer_won" if won else "offer_lost", found, account=found.account, detail=detail)
    settle(found.account, company_day(now))
    return found


@transaction.atomic
def undo(member: Member, proposal_id: int, *, now: datetime) -> Proposal:
    """Take the last step back: a result leads back to the discussion, a discussion or a rest to nothing."""
    found = access_proposal(member, proposal_id)
    was = found.status
    if found.before:
        found.status, found.before, found.closed_on, found.amount = found.before, "", None, None
        if found.task and found.task.status == Task.Status.DONE:
            reopen_task(member, found.task.pk)
    else:
        found.undone_at = now
        if found.task and found.task.status == Task.Status.OPEN:
            drop_task(member, found.task.pk, now=now)
    found.save(update_fields=["status", "before", "closed_on", "amount", "undone_at"])
    write_audit(
        member, "offer_undone", found, account=found.account, detail={"offer": found.offer, "was": was}
    )
    settle(found.account, company_day(now))
    return found


def settle(account: Account, today: date) -> None:
    """Bring the list into line with what was decided: nothing while an offer is under discussion, nothing that rests, and
    of the rest the first one first. The next judging finds the same."""
    decided = Proposal.objects.filter(account=account, undone_at=None)
    discussed = decided.filter(status=Status.OPEN).exists()
    rows = list(Readiness.objects.filter(account=account).order_by("-place", "pk"))
    closed = Q(status__in=(Status.WON, Status.LOST))
    resting = {
        slug
        for slug, on in decided.filter(Q(until__gt=today) | closed).values_list("offer", "closed_on")
        if on is None or any(row.offer == slug and on >= row.day for row in rows)
    }
    free = True
    for row in rows:
        row.hidden = discussed or row.offer in resting
        row.first = free and not row.hidden and row.status == Readiness.Status.READY
        free = free and not row.first
    show_one(rows)
    Readiness.objects.bulk_update(rows, ["hidden", "first", "shown"])


def access_proposal(member: Member, proposal_id: int) -> Proposal:
    """A proposal within the member's scope, to change it; :class:`NotFound` otherwise."""
    check_may_act(member)
    proposals = Proposal.objects.select_related("account", "task").select_for_update(of=("self",))
    found = proposals.filter(pk=proposal_id, undone_at=None, account__in=visible_accounts(member)).first()
    if found is None:
        raise NotFound(
            "unknown_proposal",
            Text("There is no such offer in your view.", "ご覧になれる範囲に該当する提案がありません。"),
        )
    return found


EFFORT_FIELDS = ("churn_minutes", "expansion_minutes", "floor", "ceiling", "months")


def get_effort() -> Effort:
    """The assumptions in force; the shipped ones where none were declared."""
    return Effort.objects.order_by("-pk").first() or Effort()


@transaction.atomic
def declare_effort(member: Member, *, now: datetime, **values: Any) -> Effort:
    """Declare what an hour of work is taken to move; the line before stays in the audit log."""
    check_may_lead(member)
    before = get_effort()
    changed = {n: [getattr(before, n), values[n]] for n in EFFORT_FIELDS if values[n] != getattr(before, n)}
    row = before if before.pk else Effort()
    for name in EFFORT_FIELDS:
        setattr(row, name, values[name])
    row.changed_by, row.changed_at = member, now
    row.save()
    write_audit(member, "effort_declared", row, detail=changed)
    return row


def _access(member: Member, account_id: int, offer: str) -> tuple[Account, str]:
    check_may_act(member)
    account = access_account(member, account_id)
    Account.objects.select_for_update().filter(pk=account.pk).first()
    found = find_published("offer", offer)
    if found is None:
        names = ", ".join(one.slug for one in catalogue())
        raise NotFound(
            "unknown_offer",
            Text(f"There is no offer '{offer}'.", f"「{offer}」という提案はカタログにありません。"),
            Text(f"In force: {names}.", f"公開中の提案: {names}"),
        )
    return account, str(found.body.type)


def _add(
    member: Member, account: Account, offer: str, kind: str, status: str, now: datetime, **more: Any
) -> Proposal:
    ready = Readiness.objects.filter(account=account, offer=offer).first()
    made = Proposal.objects.create(
        account=account,
        offer=offer,
        kind=kind,
        status=status,
        target=ready.target if ready else {},
        probability=ready.probability if ready else None,
        uplift=ready.uplift if ready else None,
        member=member,
        made_on=company_day(now),
        made_at=now,
        **more,
    )
    detail = {"offer": offer, "reason": made.reason, "until": str(made.until or "")}
    verb = "offer_made" if status == Status.OPEN else "offer_set_aside"
    write_audit(member, verb, made, account=account, detail=detail)
    settle(account, company_day(now))
    return made


def _reason(text: str) -> str:
    reason = " ".join(text.split())[:500]
    if not reason:
        message = Text("Write a reason.", "理由を入力してください。")
        raise EnishiError("no_reason", message, fields={"reason": message})
    return reason
