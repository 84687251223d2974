"""The second factor at sign-in: a code of the app works once."""

from __future__ import annotations

from allauth.mfa import app_settings
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from enishi.web.adapters import FactorAdapter

# A code is taken for its own half minute and, with clocks that differ, in the neighbouring ones.
TAKEN_SECONDS = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)


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
