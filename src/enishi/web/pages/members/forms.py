"""Forms about members and teams."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from enishi.accounts.company import get_company
from enishi.accounts.models import Member, Role, Scope, Team
from enishi.web.fields import MemberChoice
from enishi.work.api import members_acting

ROLE_HELP = _(
    "Administrator: everything, also members and company. Manager: scores, data and all of the work. "
    "CSM: the work with customers. Sales: the same, without the score's settings. Viewer: reads."
)
SCOPE_HELP = _("Which customers the member sees: all, those of the team, or only their own.")


class RightsForm(forms.ModelForm[Member]):
    """Name and rights of a member."""

    class Meta:
        model = Member
        fields = ("family_name", "given_name", "name_kana", "role", "scope", "team", "language")
        widgets = {"language": forms.Select(choices=settings.LANGUAGES)}
        help_texts = {"role": ROLE_HELP, "scope": SCOPE_HELP}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields["team"]
        if isinstance(team, forms.ModelChoiceField):
            team.empty_label = _("no team")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("scope") == Scope.TEAM and not values.get("team"):
            self.add_error("team", _("Choose the team whose customers the member sees."))
        return values


class InviteForm(RightsForm):
    """The same, with the address the invitation goes to."""

    email = forms.EmailField(label=_("Mail address"))

    field_order = ("email",)

    class Meta(RightsForm.Meta):
        pass

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = Role.CSM
        self.fields["scope"].initial = Scope.OWN
        self.initial["language"] = get_company().language


class HeirForm(forms.Form):
    """Who takes the accounts over. Nobody is an answer too, but one that must be given."""

    heir = MemberChoice(
        label=_("Customers go to"),
        queryset=Member.objects.none(),
        empty_label=_("– choose –"),
        error_messages={"required": _("Choose who takes them over, or tick that nobody does.")},
    )
    nobody = forms.BooleanField(label=_("To nobody: they stay without an owner"), required=False)

    def __init__(self, *args: Any, leaving: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        heirs = members_acting().exclude(pk=leaving.pk)
        field = self.fields["heir"]
        if isinstance(field, MemberChoice):
            field.queryset = heirs
        field.required = not self.data.get("nobody")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("nobody") and values.get("heir"):
            self.add_error("nobody", _("Choose a member or nobody, not both."))
        return values


class TeamForm(forms.ModelForm[Team]):
    class Meta:
        model = Team
        fields = ("name",)
