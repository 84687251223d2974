"""Pinning accounts to tiers and reassigning everyone. One verb, one transaction, one audit line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.company import company_day
from enishi.accounts.models import Account, Member
from enishi.definitions.contracts import Tiers
from enishi.definitions.reads import get_tiers
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.segments.models import TierAssignment, TierPin, TierSummary
from enishi.segments.reads import account_values, held_tiers, open_pins, tier_totals
from enishi.segments.rules import Placement, place_accounts
from enishi.signals.models import AccountState
from enishi.signals.stages import CHURNED

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Reassignment:
    """What a pass over all accounts changed."""

    accounts: int
    moved: int
    moves: dict[str, int] = field(default_factory=dict)  # "low -> high": n


def check_tier(tier: str, body: Tiers | None = None) -> None:
    """Refuse a tier that is not defined."""
    known = [entry.id for entry in (body or get_tiers()).tiers]
    if tier not in known:
        raise EnishiError(
            "unknown_tier",
            Text(f"There is no tier '{tier}'.", f"「{tier}」という階層はありません。"),
            Text(f"Choose one of {', '.join(known)}.", f"{'、'.join(known)} から選んでください。"),
        )


@transaction.atomic
def pin_tier(
    account: Account, tier: str, *, member: Member, reason: str, now: datetime, expires_on: date | None = None
) -> TierPin:
    """Keep an account in a tier, whatever its share, until the pin is taken out or expires."""
    check_tier(tier)
    if not reason.strip():
        message = Text("A reason is needed.", "理由を入力してください。")
        raise EnishiError("reason_missing", message, fields={"reason": message})
    TierPin.objects.filter(account=account, ended_at=None).update(ended_at=now)
    pin = TierPin.objects.create(
        account=account, tier=tier, reason=reason, member=member, made_at=now, expires_on=expires_on
    )
    detail = {"tier": tier, "reason": reason, "expires_on": expires_on.isoformat() if expires_on else None}
    write_audit(member, "tier_pinned", pin, account=account, detail=detail)
    _apply([Placement(account.pk, tier, "pin", {})], company_day(now), now)
    return pin


@transaction.atomic
def unpin_tier(account: Account, *, member: Member, now: datetime) -> None:
    """Give an account back to the rules; the next (hourly) pass decides its tier anew."""
    if TierPin.objects.filter(account=account, ended_at=None).update(ended_at=now):
        write_audit(member, "tier_unpinned", account, account=account)


@transaction.atomic
def assign_tiers(*, now: datetime, today: date | None = None, actor: Member | str = SYSTEM) -> Reassignment:
    """Decide every living account's tier as of today and record what moved."""
    today = today or company_day(now)
    body = get_tiers()
    TierPin.objects.filter(ended_at=None, expires_on__lt=today).update(ended_at=now)
    accounts = account_values(body)
    placements = place_accounts(body, accounts, held_tiers(), open_pins(), today)
    moves = _apply(placements, today, now)
    _let_go(today, [tier.id for tier in body.tiers])
    _keep_summary(body, today)
    moved = sum(moves.values())
    if moved:
        write_audit(actor, "tiers_assigned", "tiers", detail={"moved": moved, "moves": moves})
    return Reassignment(len(placements), moved, moves)


def _apply(placements: Iterable[Placement], today: date, now: datetime) -> dict[str, int]:
    """Close the assignments that end, open the new ones, and put the tier where lists read it."""
    held = {row.account_id: row for row in TierAssignment.objects.filter(until=None)}
    moving = [p for p in placements if p.account_id not in held or held[p.account_id].tier != p.tier]
    moves: dict[str, int] = {}
    for start in range(0, len(moving), BATCH):
        batch = moving[start : start + BATCH]
        ids = [p.account_id for p in batch]
        TierAssignment.objects.filter(account_id__in=ids, until=None).update(until=today)
        TierAssignment.objects.bulk_create(
            TierAssignment(
                account_id=p.account_id,
                tier=p.tier,
                since=today,
                reason=p.reason,
                detail=p.detail,
                assigned_at=now,
            )
            for p in batch
        )
    for placement in moving:
        before = held.get(placement.account_id)
        step = f"{before.tier if before else '-'} -> {placement.tier}"
        moves[step] = moves.get(step, 0) + 1
    _write_states(moving)
    return moves


def _let_go(today: date, defined: Collection[str]) -> None:
    """Former customers are in no tier, and nobody is in one that is no longer defined."""
    gone = AccountState.objects.filter(Q(stage=CHURNED) | ~Q(tier__in=defined)).exclude(tier="")
    TierAssignment.objects.filter(account__in=gone.values("account"), until=None).update(until=today)
    gone.update(tier="")


def _write_states(moving: list[Placement]) -> None:
    by_tier: dict[str, list[int]] = {}
    for placement in moving:
        by_tier.setdefault(placement.tier, []).append(placement.account_id)
    for tier, ids in by_tier.items():
        for start in range(0, len(ids), BATCH):
            AccountState.objects.filter(account_id__in=ids[start : start + BATCH]).update(tier=tier)


def _keep_summary(body: Tiers, today: date) -> None:
    totals = tier_totals()
    for tier in body.tiers:
        accounts, mrr, at_risk = totals.get(tier.id, (0, 0, 0))
        TierSummary.objects.update_or_create(
            day=today, tier=tier.id, defaults={"accounts": accounts, "mrr": mrr, "at_risk": at_risk}
        )
