"""Values people state for the axes, with a reason. One verb, one transaction, one audit line."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member
from enishi.definitions.api import get_fit
from enishi.fit.models import FitOpinion
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text


def stated_inputs() -> list[str]:
    """Ids of the inputs that people state."""
    axes = get_fit()
    return [] if axes is None else [one.id for axis in axes.body.axes for one in axis.inputs if one.stated]


@transaction.atomic
def state_value(
    account: Account,
    name: str,
    points: int,
    reason: str,
    *,
    member: Member,
    now: datetime,
    expires_on: date | None = None,
) -> FitOpinion:
    """State what somebody knows of the customer; what was stated of the same input before ends today.

    Raises:
        EnishiError: where the input is not stated by hand, points are not 0-100, the reason is missing, or the day is past.
    """
    today = company_day(now)
    _check(name, points, reason, expires_on, today)
    before = list(FitOpinion.objects.filter(account=account, input=name, withdrawn_on=None))
    FitOpinion.objects.filter(pk__in=[one.pk for one in before]).update(withdrawn_on=today)
    opinion = FitOpinion.objects.create(
        account=account, input=name, points=points, reason=reason.strip()[:500], stated_by=member, stated_on=today,
        expires_on=expires_on, made_at=now,
    )  # fmt: skip
    FitOpinion.objects.filter(pk__in=[one.pk for one in before]).update(replaced_by=opinion)
    detail = {"input": name, "points": points, "until": str(expires_on) if expires_on else None}
    write_audit(member, "fit_stated", opinion, account=account, detail=detail)
    return opinion


def _check(name: str, points: int, reason: str, expires_on: date | None, today: date) -> None:
    wrong: dict[str, Text] = {}
    if name not in stated_inputs():
        wrong["input"] = Text("Choose one of the axes' inputs.", "項目を選んでください。")
    if not 0 <= points <= 100:
        wrong["points"] = Text("Points lie between 0 and 100.", "0から100の間で入力してください。")
    if not reason.strip():
        wrong["reason"] = Text("Say why.", "理由を入力してください。")
    if expires_on is not None and expires_on < today:
        wrong["expires_on"] = Text("The day lies in the past.", "過去の日付です。")
    if wrong:
        raise EnishiError(
            "bad_fit_value", Text("The value cannot be kept.", "この値は登録できません。"), fields=wrong
        )


@transaction.atomic
def withdraw_value(opinion: FitOpinion, *, member: Member, now: datetime) -> None:
    """Take a stated value back; it stays in the record of the days it held, and the one it replaced holds again."""
    today = company_day(now)
    if opinion.withdrawn_on is None:
        opinion.withdrawn_on = today
        opinion.save(update_fields=["withdrawn_on"])
        standing = Q(expires_on=None) | Q(expires_on__gte=today)
        opinion.replaced.filter(standing).update(withdrawn_on=None, replaced_by=None)
        write_audit(
            member, "fit_withdrawn", opinion, account=opinion.account, detail={"input": opinion.input}
        )
