"""Form fields that pages share."""

from __future__ import annotations

from django import forms

from enishi.accounts.models import Member
from enishi.web.words import person


class MemberChoice(forms.ModelChoiceField):
    """A member to choose, by name and address."""

    def label_from_instance(self, obj: Member) -> str:
        return f"{person(obj)} ({obj.email})"
