"""The small forms on an offer: make it, set it aside, say what came of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member
from enishi.web.pages.account.forms import DayInput, member_choices

MOST = 10**12


class ProposeForm(forms.Form):
    """A task for somebody: talk to the customer about the offer."""

    title = forms.CharField(label=pgettext_lazy("offer", "What"), max_length=300)
    due_on = forms.DateField(label=pgettext_lazy("offer", "Due"), required=False, widget=DayInput())
    assignee = forms.ChoiceField(label=pgettext_lazy("offer", "Who"))
    note = forms.CharField(
        label=pgettext_lazy("offer", "Note"), required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, member: Member, account: Account, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        choices = member_choices(account)
        chosen = self.fields["assignee"]
        chosen.choices = choices  # type: ignore[attr-defined]
        mine = [pk for pk, _name in choices if pk == str(account.owner_id or member.pk)]
        chosen.initial = mine[0] if mine else (choices[0][0] if choices else None)
        self.fields["due_on"].initial = today + timedelta(days=7)

    def clean_due_on(self) -> date | None:
        due: date | None = self.cleaned_data["due_on"]
        if due and due < self.today:
            raise forms.ValidationError(_("Choose today or a later day."))
        return due

    def clean_assignee(self) -> Member | None:
        return Member.objects.filter(pk=int(self.cleaned_data["assignee"])).first()


class SetAsideForm(forms.Form):
    """Not now, why, and until when."""

    reason = forms.CharField(label=pgettext_lazy("offer", "Reason"), max_length=500)
    until = forms.DateField(label=pgettext_lazy("offer", "Until"), widget=DayInput())

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = today + timedelta(days=90)


class ResultForm(forms.Form):
    """Won or declined."""

    won = forms.ChoiceField(
        label=pgettext_lazy("offer", "Result"),
        choices=[("1", pgettext_lazy("offer", "Won")), ("0", pgettext_lazy("offer", "Declined"))],
        initial="1",
    )
    amount = forms.DecimalField(
        label=pgettext_lazy("offer", "MRR gained a month"), required=False, min_value=0, max_value=MOST
    )
    reason = forms.CharField(label=pgettext_lazy("offer", "Reason"), max_length=500, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].help_text = _("In %(currency)s; leave it empty where it is not known yet. The contracts show it later.") % {"currency": get_company().currency}  # fmt: skip
        self.fields["reason"].help_text = _("Needed for a declined offer: it is learned from.")
