"""A person's own judgement: a band over the computed one, a value for a measure; each with a reason and an end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from enishi.accounts.access import access_account
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day
from enishi.accounts.leaving import leaving_accounts
from enishi.accounts.models import Account, Member
from enishi.definitions.api import list_scorecards
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.signals.api import stake_of
from enishi.signals.models import AccountState, Band, ManualMeasure, Override
from enishi.work.access import check_may_act

LONGEST_DAYS = 366


@transaction.atomic
def override_band(
    member: Member, account_id: int, band: str, *, reason: str, expires_on: date, today: date, now: datetime
) -> Override:
    """Let a band stand over the computed one until a day. The computed one stays visible and is kept.

    Raises:
        EnishiError: ``bad_band``, ``reason_missing``, ``bad_date``.
    """
    check_may_act(member)
    account = access_account(member, account_id)
    if band not in (Band.GREEN, Band.YELLOW, Band.RED):
        raise _refusal("bad_band", "band", Text("Choose a band.", "区分を選択してください。"))
    if not reason.strip():
        raise _refusal("reason_missing", "reason", Text("Write the reason.", "理由を入力してください。"))
    _check_end(expires_on, today)
    Override.objects.filter(account=account, ended_at=None).update(ended_at=now)
    made = Override.objects.create(
        account=account,
        band=band,
        reason=reason.strip()[:500],
        member=member,
        made_at=now,
        expires_on=expires_on,
    )
    _restate(account, today, band)
    detail = {"band": band, "reason": made.reason, "expires_on": str(expires_on)}
    write_audit(member, "band_overridden", account, detail=detail)
    return made


def _restate(account: Account, today: date, band: str = "") -> None:
    """The band set (none: the computed one) stands at once, with the money at stake it means."""
    state = AccountState.objects.filter(account=account).first()
    if state is None:
        return
    leaving = leaving_accounts([account.pk], today).get(account.pk)
    state.band = band or state.computed_band
    state.at_stake = stake_of(state, leaving is not None and leaving.whole)
    state.save(update_fields=["band", "at_stake"])


@transaction.atomic
def end_override(member: Member, account_id: int, *, now: datetime) -> Account:
    """Let the computed band stand again.

    Raises:
        NotFound: ``no_override``.
    """
    check_may_act(member)
    account = access_account(member, account_id)
    if not Override.objects.filter(account=account, ended_at=None).update(ended_at=now):
        raise NotFound("no_override", Text("There is no override to end.", "解除する手動設定がありません。"))
    _restate(account, company_day(now))
    write_audit(member, "override_ended", account)
    return account


@transaction.atomic
def state_measure(
    member: Member,
    account_id: int,
    measure: str,
    value: float,
    *,
    expires_on: date,
    today: date,
    now: datetime,
    note: str = "",
) -> ManualMeasure:
    """State a value (0-100) for a measure that scorecards leave to people; it enters the next scoring."""
    check_may_act(member)
    account = access_account(member, account_id)
    if measure not in manual_measures():
        text = Text(f"'{measure}' is not left to people.", f"「{measure}」は手入力の指標ではありません。")
        raise _refusal("unknown_measure", "measure", text)
    if not 0 <= value <= 100:
        raise _refusal("bad_value", "value", Text("Between 0 and 100.", "0〜100で入力してください。"))
    _check_end(expires_on, today)
    stated = ManualMeasure.objects.create(
        account=account,
        measure=measure,
        value=value,
        note=note.strip()[:500],
        owner=member,
        made_at=now,
        expires_on=expires_on,
    )
    detail = {"measure": measure, "value": value, "expires_on": str(expires_on)}
    write_audit(member, "measure_stated", account, detail=detail)
    return stated


def manual_measures() -> dict[str, Text]:
    """The measures people state, by id, with their titles: all that a scorecard in force declares manual."""
    return {
        measure.id: Text.parse(measure.title) if measure.title else Text(measure.id, measure.id)
        for card in list_scorecards()
        for measure in card.body.measures
        if measure.manual
    }


def _check_end(expires_on: date, today: date) -> None:
    if not today <= expires_on <= today + timedelta(days=LONGEST_DAYS):
        text = Text("Choose a day within the coming year.", "今日から1年以内の日付を指定してください。")
        raise _refusal("bad_date", "expires_on", text)


def _refusal(code: str, field: str, text: Text) -> EnishiError:
    return EnishiError(code, text, fields={field: text})
