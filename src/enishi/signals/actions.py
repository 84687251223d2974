"""What people put beside the computed judgement: overrides and manual measures, each with reason and expiry."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member
from enishi.definitions.reads import list_scorecards
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.signals.models import AccountState, Band, ManualMeasure, Override

LONGEST_DAYS = 180


@transaction.atomic
def override_band(
    account: Account, band: str, *, member: Member, reason: str, expires_on: date, now: datetime
) -> Override:
    """Put a person's band over the computed one until it expires; an earlier override ends."""
    today = company_day(now)
    _check_band(band)
    _check_reason(reason)
    _check_expiry(expires_on, today)
    Override.objects.filter(account=account, ended_at=None).update(ended_at=now)
    override = Override.objects.create(
        account=account, band=band, reason=reason.strip(), member=member, made_at=now, expires_on=expires_on
    )
    detail = {"band": band, "reason": override.reason, "expires_on": expires_on.isoformat()}
    write_audit(member, "band_overridden", override, account=account, detail=detail)
    AccountState.objects.filter(account=account).update(band=band)
    return override


@transaction.atomic
def end_override(account: Account, *, member: Member, now: datetime) -> None:
    """Let the computed band stand again."""
    ended = Override.objects.filter(account=account, ended_at=None).update(ended_at=now)
    if ended:
        write_audit(member, "override_ended", account, account=account)
        state = AccountState.objects.filter(account=account).first()
        if state is not None:
            AccountState.objects.filter(account=account).update(band=state.computed_band)


@transaction.atomic
def state_measure(
    account: Account,
    measure: str,
    value: float,
    *,
    member: Member,
    expires_on: date,
    now: datetime,
    note: str = "",
) -> ManualMeasure:
    """State a manual measure (0-100). It counts from the next scoring until it expires."""
    known = {m.id for card in list_scorecards() for m in card.body.measures if m.manual}
    if measure not in known:
        message = Text(
            f"No scorecard has a manual measure '{measure}'.", f"手動の項目「{measure}」はありません。"
        )
        raise EnishiError("unknown_measure", message, fields={"measure": message})
    if not 0 <= value <= 100:
        message = Text(f"{value:g} is not between 0 and 100.", f"{value:g} は0から100の間ではありません。")
        raise EnishiError("bad_value", message, fields={"value": message})
    _check_expiry(expires_on, company_day(now))
    stated = ManualMeasure.objects.create(
        account=account, measure=measure, value=value, note=note.strip(), owner=member, made_at=now,
        expires_on=expires_on,
    )  # fmt: skip
    detail = {"measure": measure, "value": value, "expires_on": expires_on.isoformat()}
    write_audit(member, "measure_stated", stated, account=account, detail=detail)
    return stated


def _check_band(band: str) -> None:
    if band not in Band.values:
        message = Text(f"There is no band '{band}'.", f"「{band}」という区分はありません。")
        raise EnishiError("unknown_band", message, fields={"band": message})


def _check_reason(reason: str) -> None:
    if not reason.strip():
        message = Text("A reason is needed.", "理由を入力してください。")
        raise EnishiError("reason_missing", message, fields={"reason": message})


def _check_expiry(expires_on: date, today: date) -> None:
    days = (expires_on - today).days
    if not 0 <= days <= LONGEST_DAYS:
        message = Text(
            f"It must end between today and {LONGEST_DAYS} days from now.",
            f"期限は本日から{LONGEST_DAYS}日以内で指定してください。",
        )
        raise EnishiError("bad_expiry", message, fields={"expires_on": message})
