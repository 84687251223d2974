"""The lock after wrong passwords: per mail address, whatever address or host the attempts came by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from allauth.core.internal import ratelimit
from django.core.cache import cache

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member

APP, ACTION = "allauth.account", "login_failed"


def attempts_of(email: str) -> str:
    """What wrong passwords for an address are counted under."""
    return f"sign-in:{email.strip().lower()}"


def locked_until(email: str) -> datetime | None:
    """When the lock of an address ends; None where it is open."""
    for rate, key in _counters(email):
        tried: list[float] = cache.get(key, [])
        if len(tried) >= rate.amount:
            ends = datetime.fromtimestamp(tried[rate.amount - 1], UTC) + timedelta(seconds=rate.duration)
            if ends > datetime.now(UTC):
                return ends
    return None


def lock(email: str) -> None:
    """Lock an address as if too many wrong passwords had come just now."""
    for rate, key in _counters(email):
        cache.set(key, [datetime.now(UTC).timestamp()] * rate.amount, rate.duration)


def unlock(email: str) -> None:
    """Forget the wrong passwords of an address."""
    cache.delete_many([key for _rate, key in _counters(email)])


def unlock_member(actor: Member | str, member: Member) -> bool:
    """Let a member try again at once; False where nothing was locked."""
    if locked_until(member.email) is None:
        return False
    unlock(member.email)
    write_audit(actor, "sign_in_unlocked", member)
    return True


def _counters(email: str) -> list[tuple[ratelimit.Rate, str]]:
    rates = [rate for rate in ratelimit.get_rates(app=APP, action=ACTION) if rate.per == "key"]
    key = attempts_of(email)
    return [
        (rate, ratelimit.get_cache_key(None, app=APP, action=ACTION, rate=rate, key=key)) for rate in rates
    ]
