"""Who calls: the API key, what it may do, whose accounts it sees, and how often it may call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja.security import HttpBearer

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Account, Role, Scope
from enishi.ingest.models import ApiKey, hash_api_key
from enishi.kit.clock import system_clock
from enishi.kit.errors import NotAllowed
from enishi.kit.text import Text
from enishi.store.kinds import KINDS
from enishi.web.rest.problems import TooMany, problem

CALLS_A_MINUTE = 600
_WINDOW = 60.0
READERS = frozenset({Role.VIEWER.value, Role.SALES.value})

SCOPES: tuple[str, ...] = (
    *(f"{verb}:{kind}" for kind in KINDS for verb in ("read", "write")),
    "read:scores",
    "erase:contact",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The key of a call."""

    key: ApiKey

    @property
    def actor(self) -> str:
        return f"api:{self.key.name}"

    @property
    def sees_all(self) -> bool:
        """Whether no account is hidden from the key."""
        member = self.key.member
        return member is None or (member.is_active and member.scope == Scope.ALL)

    def accounts(self) -> QuerySet[Account]:
        """The accounts the key may read."""
        if self.key.member:
            return visible_accounts(self.key.member)
        return Account.objects.filter(deleted_at__isnull=True, merged_into__isnull=True)

    def check(self, scope: str) -> None:
        """Refuse a call the key has no scope for. Writing needs a key from which no account is hidden, and that is
        bound to nobody whose role only reads."""
        verb = scope.partition(":")[0]
        if scope not in self.key.scopes and f"{verb}:*" not in self.key.scopes:
            raise NotAllowed(
                "scope_missing",
                Text(f"The key lacks the scope '{scope}'.", f"このキーには権限「{scope}」がありません。"),
                Text(
                    "Make a key with this scope under Setup, API keys.",
                    "「設定」の「APIキー」で、この権限を持つキーを発行してください。",
                ),
            )
        if verb != "read" and self.key.member and self.key.member.role in READERS:
            raise NotAllowed(
                "role_only_reads",
                Text(
                    "The key is bound to a member whose role only reads.",
                    "このキーは閲覧のみの権限を持つメンバーに紐づくため、読み取り専用です。",
                ),
            )
        if verb != "read" and not self.sees_all:
            raise NotAllowed(
                "scope_restricted",
                Text(
                    "The key is bound to a member who does not see every account, so it may only read.",
                    "このキーは閲覧範囲が限られたメンバーに紐づくため、読み取り専用です。",
                ),
            )


class KeyAuth(HttpBearer):
    """``Authorization: Bearer <key>``."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        now = system_clock()
        key = ApiKey.objects.select_related("member").filter(digest=hash_api_key(token)).first()
        if key is None or key.revoked_at or (key.expires_at and key.expires_at <= now):
            return None
        if key.member and not key.member.is_active:
            return None
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        caller = Caller(key)
        request.caller = caller  # type: ignore[attr-defined]
        request.allowance = _allowances.spend(key.pk)  # type: ignore[attr-defined]
        return caller


def caller_of(request: HttpRequest) -> Caller:
    caller: Caller = request.caller  # type: ignore[attr-defined]
    return caller


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's calls in the present minute."""

    limit: int
    remaining: int
    reset: int

    @property
    def used_up(self) -> bool:
        return self.remaining < 0


class Allowances:
    """Calls per key and minute, counted in this process."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._windows: dict[int, tuple[float, int]] = {}

    def spend(self, key: int) -> Allowance:
        """Count a call. ``remaining`` is negative where it is one too many."""
        now = self._clock()
        with self._lock:
            start, used = self._windows.get(key, (now, 0))
            if now - start >= _WINDOW:
                start, used = now, 0
            self._windows[key] = (start, used + 1)
        return Allowance(self.limit, self.limit - used - 1, max(1, int(_WINDOW - (now - start) + 0.999)))

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()


_allowances = Allowances(CALLS_A_MINUTE)
forget_allowances = _allowances.forget


def counted(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around every operation: the rate-limit headers on each answer."""

    @wraps(run)
    def answered(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        response = run(request, *args, **values)
        allowance: Allowance | None = getattr(request, "allowance", None)
        if allowance:
            response.headers["RateLimit-Limit"] = str(allowance.limit)
            response.headers["RateLimit-Remaining"] = str(max(0, allowance.remaining))
            response.headers["RateLimit-Reset"] = str(allowance.reset)
            if allowance.used_up:
                response.headers["Retry-After"] = str(allowance.reset)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answered


def check_allowance(request: HttpRequest) -> None:
    """Refuse a call beyond the minute's allowance."""
    allowance: Allowance = request.allowance  # type: ignore[attr-defined]
    if allowance.used_up:
        raise TooMany(
            "too_many_requests",
            Text(
                f"More than {allowance.limit} calls a minute.",
                f"1分あたり{allowance.limit}回の上限を超えました。",
            ),
            Text(
                f"Wait {allowance.reset} seconds; bulk calls take 1,000 records each.",
                f"{allowance.reset}秒お待ちください。一括登録は1回で1,000件まで送れます。",
            ),
            retryable=True,
        )


__all__ = ["SCOPES", "Caller", "KeyAuth", "caller_of", "check_allowance", "counted", "problem"]
