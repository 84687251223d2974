"""How allauth behaves here: no sign-up, mail through the outbox, words in both languages."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account import app_settings as account_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Member
from enishi.outreach.api import Letter, write_to_member
from enishi.web import locks, words
from enishi.web.languages import asked_language
from enishi.web.models import Invitation


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by mail address and password for invited members."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("The mail address or the password is wrong."),
        "incorrect_password": gettext_lazy("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Back to the address that was asked only, not to any we may be called by."""
        return url_has_allowed_host_and_scheme(
            url, {self.request.get_host()}, require_https=self.request.is_secure()
        )

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say nothing about what one sees anyway: that one has signed in or out."""
        if (message_template or "").rpartition("/")[2] in ("logged_in.txt", "logged_out.txt"):
            return
        super().add_message(request, level, message_template, message_context, extra_tags, message)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Not again right after signing in: who is led to the set-up of the second factor has just proved who they are."""
        if not super().is_reauthentication_required(app=app, **more):
            return False
        proofs = get_authentication_records(self.request, self.request.user)
        return not proofs or time.time() - proofs[-1]["at"] >= account_settings.REAUTHENTICATION_TIMEOUT

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Say how long the lock still lasts; it is the same for addresses that are nobody's."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            ends = locks.locked_until(credentials.get("email", ""))
            if ends is None:
                raise ValidationError(
                    _("Too many attempts from your network. Try again in a minute."), code=error.code
                ) from error
            raise ValidationError(_locked(ends), code=error.code) from error

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Per address alone: the host in the library's key is the asker's choice."""
        return locks.attempts_of(credentials.get("email", ""))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        member = Member.objects.filter(email__iexact=credentials.get("email", "")).first()
        if member is None:
            return
        write_audit(member, "sign_in_failed", member)
        if ends := locks.locked_until(member.email):
            write_audit(
                member, "sign_in_locked", member, detail={"until": ends.isoformat(timespec="seconds")}
            )

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        if isinstance(user, Member) and user.last_login is None:
            _keep_language(request, user)
        super().login(request, user)
        if isinstance(user, Member):
            write_audit(user, "signed_in", user)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> HttpResponse:
        """Where they wanted to go; whoever has no name yet is asked for it on the way."""
        response = super().post_login(request, user, **more)
        if isinstance(user, Member) and not user.has_name:
            wanted = urlencode({"next": response.headers["Location"]})
            return HttpResponseRedirect(f"{reverse('me')}?{wanted}")
        return response

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        super().set_password(user, password)
        if isinstance(user, Member):
            locks.unlock(user.email)
            write_audit(user, "password_changed", user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Every mail of allauth becomes a letter in the outbox, in the member's language."""
        member = Member.objects.filter(email__iexact=email).first()
        if member is None:
            return
        kind = template_prefix.rpartition("/")[2]
        with translation.override(member.language):
            letter = _letter(kind, member, context)
        now = timezone.now()
        seed = f"{kind}:{member.pk}:{context.get('password_reset_url', now.isoformat())}"
        write_to_member(hashlib.sha256(seed.encode()).hexdigest(), kind, member, letter, now=now)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        if isinstance(user, Member):
            facts = {"ip": self.get_client_ip(self.request), **(context or {})}
            self.send_mail(template_prefix, user.email, facts)


class SessionAdapter(DefaultUserSessionsAdapter):
    """The list of one's sessions."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """End sessions from the list of one's own."""
        super().end_sessions(sessions)
        if sessions:
            member = sessions[0].user
            write_audit(member, "sessions_ended", member, detail={"ended": len(sessions)})


class FactorAdapter(DefaultMFAAdapter):
    """The second factor by authenticator app and recovery codes."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("The code is wrong. Use the newest code your app shows."),
    }

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return str(getattr(user, "email", user))

    def send_notification_mail(self, template_prefix: str, user: AbstractBaseUser, **kwargs: Any) -> None:
        from allauth.account.adapter import get_adapter

        get_adapter().send_notification_mail(template_prefix, user, **kwargs)


def _keep_language(request: HttpRequest, member: Member) -> None:
    """Whoever was added on the command line has not said how they read: the sign-in page's language stays."""
    asked = asked_language(request)
    if asked and not Invitation.objects.filter(member=member).exists():
        member.language = asked
        member.save(update_fields=["language"])


def _locked(ends: datetime) -> str:
    minutes = max(1, ceil((ends.timestamp() - time.time()) / 60))
    return ngettext(
        "Too many wrong passwords. Sign-in with this address is locked for %(count)s more minute. Resetting the "
        "password or an administrator unlocks it at once.",
        "Too many wrong passwords. Sign-in with this address is locked for %(count)s more minutes. Resetting the "
        "password or an administrator unlocks it at once.",
        minutes,
    ) % {"count": minutes}


def _our_own(address: str) -> str:
    """The same path at the address people use: who asked may have named any host."""
    return settings.CONFIGURATION.url + urlsplit(address).path


def _letter(kind: str, member: Member, context: dict[str, Any]) -> Letter:
    greeting = _("To %(name)s") % {"name": words.person(member)}
    if kind == "password_reset_key":
        return Letter(
            subject=_("Set a new password for Enishi"),
            greeting=greeting,
            paragraphs=(
                _("You, or someone with your address, asked for a new password. Set it with this link."),
            ),
            button=_("Set a new password"),
            address=_our_own(str(context["password_reset_url"])),
            small=(_("If it was not you, you need not do anything; the password stays as it is."),),
        )
    told = {
        "password_changed": _("Your password was changed."),
        "password_set": _("A password was set for you."),
        "password_reset": _("Your password was reset."),
        "totp_activated": _("The second factor by authenticator app was switched on."),
        "totp_deactivated": _("The second factor by authenticator app was switched off."),
        "recovery_codes_generated": _("New recovery codes were made."),
    }
    sentence = told.get(kind, _("Your sign-in settings were changed."))
    where = _("From the address %(ip)s.") % {"ip": context.get("ip", words.NOTHING)}
    return Letter(
        subject=sentence,
        greeting=greeting,
        paragraphs=(sentence, where),
        small=(_("If it was not you, tell your administrator at once."),),
    )
