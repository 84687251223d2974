"""Following an invitation: set the name and the password, and start."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from enishi.accounts.models import Member
from enishi.web.feedback import toast_after
from enishi.web.members import accept_invitation, find_invitation


class AcceptForm(forms.Form):
    """Name, language and password of a new member."""

    family_name = forms.CharField(label=_("Family name"), max_length=100)
    given_name = forms.CharField(label=_("Given name"), max_length=100)
    name_kana = forms.CharField(
        label=_("Name reading"),
        max_length=200,
        required=False,
        help_text=_("In kana, so that colleagues find you."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=password_validators_help_text_html,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        for name in ("family_name", "given_name", "name_kana", "language"):
            self.fields[name].initial = getattr(member, name)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.member)
        return password


@never_cache
@sensitive_post_parameters("password")
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """The page behind the link of an invitation."""
    now = timezone.now()
    invitation = find_invitation(key, now)
    form = AcceptForm(request.POST or None, member=invitation.member)
    if request.method == "POST" and form.is_valid():
        accept_invitation(invitation, form.cleaned_data, now)
        toast_after(request, str(_("Welcome. Sign in with your new password.")))
        return HttpResponseRedirect(settings.LOGIN_URL)
    context = {"form": form, "invited": invitation.member}
    return render(request, "account/invitation.html", context, status=422 if form.errors else 200)
