"""What the vendor's people have promised their customers: open tasks around today, some done, a few pinned notes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np

from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Contact, Member, Record, Role
from enishi.work.api import Note, Task, add_note, complete_task, create_task, my_promises

from .days import is_working

# days from today until due (None: no date), Japanese, English
PROMISES: tuple[tuple[int | None, str, str], ...] = (
    (-2, "研修の候補日を3つお送りする", "Send three dates for the training"),
    (0, "帳票の不具合について調査結果をご報告する", "Report what we found about the faulty report"),
    (1, "追加ライセンスのお見積りをお送りする", "Send the quote for more licences"),
    (3, "定例会の議題案をお送りする", "Send the agenda for our regular meeting"),
    (6, "ご契約更新の条件をご説明する", "Explain the terms of the renewal"),
    (12, "同業他社様の活用事例をお届けする", "Bring examples of use from the same industry"),
    (None, "来期の活用計画を一緒に作る", "Draw up next year's plan of use together"),
)
KEPT: tuple[tuple[str, str], ...] = (
    ("初期設定の確認結果をお送りする", "Send what we found when checking the settings"),
    ("新任のご担当者様に操作説明をする", "Show the new colleague how it works"),
)
NOTES: tuple[tuple[str, str], ...] = (
    ("予算は2月に決まる。年内に効果の数字をお渡しすること。", "The budget is set in February: bring figures on the effect before."),
    ("ご連絡は午前中が確実。夕方は会議が多い。", "Best reached in the morning; afternoons are full of meetings."),
)  # fmt: skip
HANDED = ("導入時の設定資料を引き継ぐ", "Hand over the notes of the first set-up")
FEW = 3  # open promises of the week below which somebody gets new ones


def plan_work(now: datetime) -> int:
    """Give everyone who looks after customers something to keep; how many tasks were made. Again: only what lacks."""
    today, made = company_day(now), 0
    for member in Member.objects.filter(role=Role.CSM, is_active=True).order_by("pk"):
        if my_promises(member, today).count() < FEW:
            made += _promise(member, today, now)
    return made


def _promise(member: Member, today: date, now: datetime) -> int:
    random = np.random.default_rng([member.pk, today.toordinal()])
    accounts = _customers(member)
    if not accounts:
        return 0
    random.shuffle(accounts)  # type: ignore[arg-type]
    for place, (days, ja, en) in enumerate(PROMISES):
        account = accounts[place % len(accounts)]
        _task(member, account, _said(account, ja, en), _due(today, days), now)
    if not Task.objects.filter(assignee=member, status=Task.Status.DONE).exists():
        _look_back(member, accounts, now)
    lead = Member.objects.filter(role=Role.MANAGER, is_active=True).order_by("pk").first()
    if lead:
        account = accounts[len(PROMISES) % len(accounts)]
        _task(lead, account, _said(account, *HANDED), _due(today, 4), now, assignee=member)
    return len(PROMISES) + bool(lead)


def _look_back(member: Member, accounts: list[Account], now: datetime) -> None:
    """What was kept already, and what is worth knowing."""
    for place, (ja, en) in enumerate(KEPT):
        account, made_at = accounts[-1 - place % len(accounts)], now - timedelta(days=9 + 5 * place)
        task = _task(
            member, account, _said(account, ja, en), company_day(made_at) + timedelta(days=5), made_at
        )
        complete_task(member, task.pk, now=made_at + timedelta(days=4))
    for place, (ja, en) in enumerate(NOTES):
        account = accounts[place % len(accounts)]
        if not Note.objects.filter(account=account).exists():
            add_note(member, account.pk, _said(account, ja, en), now=now - timedelta(days=20), pinned=True)


def _customers(member: Member) -> list[Account]:
    """The member's accounts with a contract that runs."""
    own = Account.objects.filter(owner=member, deleted_at=None, merged_into=None).order_by("pk")
    contracts = Record.objects.filter(account__in=own, kind="subscription", deleted_at=None)
    running = {
        account for account, data in contracts.values_list("account_id", "data") if not data.get("ended_on")
    }
    return [account for account in own if account.pk in running]


def _said(account: Account, ja: str, en: str) -> str:
    return en if account.language == "en" else ja


def _due(today: date, days: int | None) -> date | None:
    """The working day nearest to so many days from today, before it where it lies in the past."""
    if days is None:
        return None
    day = today + timedelta(days=days)
    while not is_working(day):
        day += timedelta(days=-1 if days < 0 else 1)
    return day


def _task(
    member: Member,
    account: Account,
    title: str,
    due: date | None,
    now: datetime,
    assignee: Member | None = None,
) -> Task:
    people = Contact.objects.filter(account=account, deleted_at=None, erased_at=None, left_on=None)
    contact = people.filter(role__in=("champion", "decision_maker", "influencer")).order_by("pk").first()
    return create_task(
        member, account.pk, title, now=now, due_on=due, assignee=assignee, contact=contact or people.first()
    )
