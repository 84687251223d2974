"""What people change: ask for a statement, judge a renewal, set thresholds and targets. One verb, one audit line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Account, Member
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.metrics.periods import period_of
from enishi.outlook.jobs import make_forecast_job
from enishi.outlook.models import Category, Forecast, RenewalCall, Target, Thresholds

LONGEST_DAYS = 366


@transaction.atomic
def ask_forecast(member: Member, now: datetime) -> Forecast:
    """Have the worker make a statement of today; the one already asked for where there is one."""
    under_way = Forecast.objects.filter(status__in=[Forecast.Status.QUEUED, Forecast.Status.RUNNING])
    found = under_way.filter(day=company_day(now)).first()
    if found is not None:
        return found
    forecast = Forecast.objects.create(
        day=company_day(now), kind=Forecast.Kind.ASKED, asked_by=member, asked_at=now
    )
    write_audit(member, "forecast_asked", forecast)
    transaction.on_commit(lambda: make_forecast_job.enqueue(forecast.pk))
    return forecast


def _refuse(code: str, en: str, ja: str, name: str) -> EnishiError:
    message = Text(en, ja)
    return EnishiError(code, message, fields={name: message})


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a renewal, beside what was computed."""

    category: str
    reason: str
    expires_on: date


@transaction.atomic
def judge_renewal(
    account: Account,
    said: Judged,
    computed: tuple[str, float | None, date],
    *,
    member: Member,
    now: datetime,
    contract: int = 0,
) -> RenewalCall:
    """Move a renewal to another category until a day; the computed one stays beside it.

    Args:
        computed: category, probability not to renew, and day of the renewal as the statement has them.
        contract: number of the contract, of a customer who decides on several apart.
    """
    today = company_day(now)
    if said.category not in Category.values or said.category == Category.NOTICE:
        raise _refuse("unknown_category", "Choose a category.", "区分をお選びください。", "category")
    if not said.reason.strip():
        raise _refuse("reason_missing", "A reason is needed.", "理由を入力してください。", "reason")
    if not today <= said.expires_on <= date.fromordinal(today.toordinal() + LONGEST_DAYS):
        raise _refuse(
            "expiry_out_of_range",
            "Choose a day from today to a year ahead.",
            "本日から1年以内の日付をお選びください。",
            "expires_on",
        )
    category, probability, renewal_on = computed
    RenewalCall.objects.filter(account=account, contract=contract, ended_at=None).update(ended_at=now)
    call = RenewalCall.objects.create(
        account=account, contract=contract, renewal_on=renewal_on, category=said.category, computed=category, probability=probability,
        reason=said.reason.strip()[:500], member=member, made_at=now, expires_on=said.expires_on,
    )  # fmt: skip
    detail = {
        "renewal_category": [category, said.category],
        "reason": call.reason,
        "expires_on": said.expires_on.isoformat(),
    }
    write_audit(member, "renewal_judged", call, account=account, detail=detail)
    return call


@transaction.atomic
def withdraw_judgement(account: Account, *, member: Member, now: datetime, contract: int = 0) -> None:
    """Take a judgement back: the one it took the place of holds again, else the computed category stands alone."""
    theirs = RenewalCall.objects.filter(account=account, contract=contract)
    standing = theirs.filter(ended_at=None).first()
    if standing is None:
        return
    standing.ended_at = now
    standing.save(update_fields=["ended_at"])
    earlier = theirs.filter(ended_at=standing.made_at, made_at__lt=standing.made_at)
    if before := earlier.filter(expires_on__gte=company_day(now)).first():
        before.ended_at = None
        before.save(update_fields=["ended_at"])
    detail = {"renewal_category": [standing.category, before.category if before else standing.computed]}
    write_audit(member, "renewal_judgement_ended", account, account=account, detail=detail)


@transaction.atomic
def set_thresholds(commit: float, at_risk: float, *, member: Member) -> Thresholds:
    """From which probability not to renew a renewal counts as what."""
    if not 0 < commit < at_risk < 1:
        raise _refuse(
            "thresholds_out_of_order", "Both lie between 0 and 100 %, and “commit” below “at risk”.",
            "いずれも0〜100%の間で、「確実」の上限は「要注意」の下限より小さくしてください。", "at_risk",
        )  # fmt: skip
    before = Thresholds.objects.first() or Thresholds()
    found = Thresholds.objects.create(commit=commit, at_risk=at_risk, member=member)
    detail = {"commit_to": [before.commit, commit], "at_risk_from": [before.at_risk, at_risk]}
    write_audit(member, "renewal_thresholds_set", found, detail=detail)
    return found


@dataclass(frozen=True, slots=True)
class Aim:
    """One target as it is set: ``value`` None takes it back. Money in whole minor units, rates as shares."""

    measure: str
    every: str
    start: date
    value: Decimal | None
    dimension: str = ""
    segment: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, str, date, str, str]:
        return self.measure, self.every, self.start, self.dimension, self.segment


@transaction.atomic
def set_targets(aims: list[Aim], *, member: Member, now: datetime) -> int:
    """Write the targets that differ from those in force; returns how many. One audit line each.

    A value set anew is a line; without a note of its own it leaves the one in force alone."""
    written = 0
    for aim in aims:
        before = in_force(aim)
        same = before is not None and before.value == aim.value and aim.note in ("", before.note)
        if same or (before is None and aim.value is None):
            continue
        target = Target.objects.create(
            measure=aim.measure, every=aim.every, start=aim.start, dimension=aim.dimension, segment=aim.segment,
            value=aim.value, note=aim.note[:500], member=member, made_at=now,
        )  # fmt: skip
        write_audit(member, "target_set", target, detail=_told(aim, before))
        written += 1
    return written


def _told(aim: Aim, before: Target | None) -> dict[str, Any]:
    """What the audit log says of a target."""
    period = period_of(
        aim.start, "quarter" if aim.every == "quarter" else "year", get_company().fiscal_year_start
    )
    was = None if before is None or before.value is None else f"{before.value.normalize():f}"
    now = None if aim.value is None else f"{aim.value.normalize():f}"
    segment = {"segment": aim.segment} if aim.segment else {}
    return {"aim": aim.measure, "aim_period": period.title.en, **segment, "aim_value": [was, now]}


def in_force(aim: Aim) -> Target | None:
    """The newest line of a target, also one that took it back."""
    measure, every, start, dimension, segment = aim.key
    return Target.objects.filter(
        measure=measure, every=every, start=start, dimension=dimension, segment=segment
    ).first()
