"""The page of a member's own settings."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts.models import Member
from enishi.web.feedback import toast_after
from enishi.web.frame_views import safe_next
from enishi.web.guard import PageRequest, page
from enishi.web.members import change_member


class ProfileForm(forms.ModelForm[Member]):
    """What members change about themselves; role and scope are an administrator's."""

    class Meta:
        model = Member
        fields = ("family_name", "given_name", "name_kana", "language")
        widgets = {"language": forms.Select(choices=(("ja", "日本語"), ("en", "English")))}

    def clean_language(self) -> str:
        language: str = self.cleaned_data["language"]
        if language not in ("ja", "en"):
            raise forms.ValidationError(_("Choose Japanese or English."))
        return language


@page()
def me(request: PageRequest) -> HttpResponseBase:
    """Profile and language, with the state of password, second factor and sessions."""
    member = request.member
    form = ProfileForm(request.POST or None, instance=Member.objects.get(pk=member.pk))
    if request.method == "POST" and form.is_valid():
        change_member(member, member, form.cleaned_data)
        translation.activate(member.language)
        toast_after(request, _("Saved."))
        return HttpResponseRedirect(safe_next(request, reverse("me")))
    context = {
        "form": form,
        "member": member,
        "factor": Authenticator.objects.filter(user=member, type=Authenticator.Type.TOTP).exists(),
        "sessions": UserSession.objects.filter(user=member).count(),
    }
    return render(request, "pages/me/me.html", context, status=422 if form.errors else 200)
