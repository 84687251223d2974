"""The second factor: a code of the app works once, and a company may require that everybody has one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa import app_settings, signals
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from enishi.accounts.audit import write_audit
from enishi.accounts.company import get_company
from enishi.accounts.models import Company, FactorRule, Member
from enishi.kit.text import Text
from enishi.web.adapters import FactorAdapter
from enishi.web.guard import LEADERS, wants_json

# A code is taken for its own half minute and, with clocks that differ, in the neighbouring ones.
TAKEN_SECONDS = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)

# All that opens to whoever has to set their second factor up first: doing so, and going away.
OPEN_WITHOUT = frozenset(
    {
        "account_inactive",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "favicon",
        "healthz",
        "language",
        "mfa_activate_totp",
        "mfa_authenticate",
        "readyz",
    }
)
API = "rest"  # asks for a key, not for who is signed in


class _Once(forms.BaseAuthenticateForm):
    """Remembers a used code for as long as it would be taken; allauth does for half a minute only."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            key = f"factor:{self.user.pk}:{''.join(filter(str.isdigit, code))}"
            if not cache.add(key, True, TAKEN_SECONDS):
                raise FactorAdapter().validation_error("incorrect_code")
        return code


class SignInForm(_Once, forms.AuthenticateForm):
    """The code after the password."""


class ConfirmForm(_Once, forms.ReauthenticateForm):
    """The code before something that matters."""


# ---- required by the company -------------------------------------------------------------------------------------


def has_factor(member: Member) -> bool:
    return Authenticator.objects.filter(user=member, type=Authenticator.Type.TOTP).exists()


def due_at(member: Member, company: Company) -> datetime | None:
    """From when the company's rule holds for a member; None where it does not concern them."""
    concerned = company.factor_rule == FactorRule.ALL or (
        company.factor_rule == FactorRule.LEADERS and member.role in LEADERS
    )
    if not concerned:
        return None
    begins = max(company.factor_since or member.joined_at, member.joined_at)
    return begins + timedelta(days=company.factor_grace_days)


def must_set_up(member: Member, now: datetime) -> bool:
    """Whether a member can do nothing until they have a second factor."""
    due = due_at(member, get_company())
    return due is not None and due <= now and not has_factor(member)


def set_up_by(member: Member, now: datetime) -> datetime | None:
    """Until when a member without a second factor has time to set one up; None where nothing presses."""
    due = due_at(member, get_company())
    return due if due is not None and due > now and not has_factor(member) else None


class FactorMiddleware:
    """Leads a member whom the company's rule concerns to the set-up of the second factor, whatever they ask for.

    It stands before the views, not before an address: only the few of :data:`OPEN_WITHOUT` open.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, values: Any
    ) -> HttpResponseBase | None:
        member, match = request.user, request.resolver_match
        if not isinstance(member, Member) or match is None or API in match.namespaces:
            return None
        asked: Any = request
        asked.must_set_up = must_set_up(member, timezone.now())
        return _to_set_up(request) if asked.must_set_up and match.view_name not in OPEN_WITHOUT else None


def _to_set_up(request: HttpRequest) -> HttpResponse:
    address = reverse("mfa_activate_totp")
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    if wants_json(request):
        text = Text(
            "Your company requires a second factor. Set it up first.",
            "会社の設定により、二要素認証が必須です。先に設定を完了してください。",
        )
        said = text.in_language(get_language() or "ja")
        refusal = {"error": "factor_required", "message": said, "hint": address, "fields": {}}
        return JsonResponse(refusal, status=403)
    return HttpResponseRedirect(address)


def remove_factor(actor: Member | str, member: Member) -> bool:
    """Take a lost second factor away and end the member's sessions: they set a new one up after the next sign-in."""
    from enishi.web.members import end_sessions

    with transaction.atomic():
        removed, _rows = Authenticator.objects.filter(user=member).delete()
        if removed:
            end_sessions(member)
            write_audit(actor, "factor_removed", member)
    return bool(removed)


# ---- what members do with their own, for the audit log -----------------------------------------------------------


@receiver(signals.authenticator_added)
def _added(user: Member, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        write_audit(user, "factor_added", user)


@receiver(signals.authenticator_removed)
def _removed(user: Member, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        write_audit(user, "factor_removed", user)


@receiver(signals.authenticator_reset)
def _codes_made(user: Member, **_more: Any) -> None:
    write_audit(user, "factor_codes_made", user)
