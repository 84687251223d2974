"""Who calls: the API key, what it may do, whose accounts it sees, and how often it may call."""

from __future__ import annotations

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
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import KINDS
from enishi.web.rest.allowances import Allowance, Allowances
from enishi.web.rest.problems import TooMany

CALLS_A_MINUTE = 600
READERS = frozenset({Role.VIEWER.value, Role.SALES.value})

SCOPES: tuple[str, ...] = (
    *(f"{verb}:{kind}" for kind in KINDS for verb in ("read", "write")),
    "read:event",
    "write:event",
    "read:merge",
    "write:merge",
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
                    "このキーは閲覧のみの権限を持つメンバーに紐付くため、読み取り専用です。",
                ),
            )
        if verb != "read" and not self.sees_all:
            raise NotAllowed(
                "scope_restricted",
                Text(
                    "The key is bound to a member who does not see every account, so it may only read.",
                    "このキーは閲覧範囲が限られたメンバーに紐付くため、読み取り専用です。",
                ),
            )


class KeyAuth(HttpBearer):
    """``Authorization: Bearer <key>``, allowed the scope of the operation it guards.

    All of it is judged before the body is read: who may not write learns that, and nothing about the body.
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

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
        allowance = _allowances().spend(key.pk)
        request.caller, request.allowance = caller, allowance  # type: ignore[attr-defined]
        check_allowance(allowance)
        caller.check(self.scope)
        return caller


def _allowances() -> Allowances:
    return Allowances(Home.from_environment().root / "cache" / "calls", CALLS_A_MINUTE)


def forget_allowances() -> None:
    """Begin the minute anew for every key."""
    _allowances().forget()


def caller_of(request: HttpRequest) -> Caller:
    caller: Caller = request.caller  # type: ignore[attr-defined]
    return caller


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


def check_allowance(allowance: Allowance) -> None:
    """Refuse a call beyond the minute's allowance."""
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
