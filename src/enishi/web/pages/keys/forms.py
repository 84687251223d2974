"""What is stated of a new key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Member
from enishi.ingest.models import DEFAULT_SYSTEM, ApiKey, WriteKey
from enishi.store.kinds import KINDS
from enishi.web.fields import MemberChoice
from enishi.web.rest.keys import SCOPES


class WriteKeyForm(forms.ModelForm[WriteKey]):
    """A key that replaces another goes on with its stream of messages: what is sent again is counted once."""

    replaces = forms.ModelChoiceField(
        label=_("Replaces the key"),
        queryset=WriteKey.objects.all(),
        required=False,
        empty_label=_("none: a new application"),
        help_text=_(
            "For the same application with a new key: a message sent again with the new key is counted once."
        ),
    )

    class Meta:
        model = WriteKey
        fields = ("name", "product", "system", "creates_accounts", "updates_records")
        labels = {
            "name": _("Name"),
            "product": _("Product"),
            "system": _("Its ids belong to"),
            "creates_accounts": _("Unknown groups become customers"),
            "updates_records": _("Traits update customers and contacts"),
        }
        help_texts = {
            "name": _("Where it is used, for example: web app, production."),
            "product": _("For events that name no product. May stay empty."),
            "system": _("The system whose user and group ids the events carry."),
            "creates_accounts": _(
                "A group id never seen before is added to the customers; otherwise it waits on the identity desk."
            ),
            "updates_records": _("Names, domains and job titles in identify and group calls are taken over."),
        }

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["system"].initial = DEFAULT_SYSTEM
        if self.instance.pk or not WriteKey.objects.exists():
            del self.fields["replaces"]

    def save(self, commit: bool = True) -> WriteKey:
        if earlier := self.cleaned_data.get("replaces"):
            self.instance.stream = earlier.stream
        return super().save(commit)


EXPIRIES = (("", _("never")), ("30", _("in 30 days")), ("90", _("in 90 days")), ("365", _("in a year")))


class ApiKeyForm(forms.Form):
    """Scopes come as ticks of a table, not as a field of their own."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which system calls, for example: data warehouse.")
    )
    system = forms.CharField(
        label=_("Its ids belong to"),
        max_length=60,
        initial=DEFAULT_SYSTEM,
        help_text=_("The system whose ids the calls name."),
    )
    member = MemberChoice(
        label=_("Sees what this member sees"),
        queryset=Member.objects.filter(is_active=True),
        required=False,
        empty_label=_("everything"),
        help_text=_("A key bound to a member who does not see every customer may only read."),
    )
    expires = forms.ChoiceField(label=_("Expires"), choices=EXPIRIES, required=False)
    scopes = forms.MultipleChoiceField(
        label=_("Allowed to"),
        choices=[(scope, scope) for scope in SCOPES],
        error_messages={"required": _("Tick at least one thing the key may do.")},
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if ApiKey.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a key of this name already."))
        return name

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data.get("expires")
        return timezone.now() + timedelta(days=int(days)) if days else None


SPECIAL = {
    "read:event": _("Read usage events"),
    "write:event": _("Send usage events"),
    "read:merge": _("Read merges"),
    "write:merge": _("Merge customers and take them apart"),
    "read:scores": _("Read scores"),
    "erase:contact": _("Erase persons"),
}


def scopes_in_words(scopes: list[str]) -> list[str]:
    """What a key may do: a line for reading and one for writing records, and one for each other thing."""
    language = get_language() or "ja"
    lines = []
    for verb, title in (("read", gettext("Read")), ("write", gettext("Write"))):
        kinds = [
            kind.plural.in_language(language) for name, kind in KINDS.items() if f"{verb}:{name}" in scopes
        ]
        if kinds:
            lines.append(f"{title}: {', '.join(kinds)}")
    return [*lines, *(str(title) for scope, title in SPECIAL.items() if scope in scopes)]


def scope_rows(chosen: list[str]) -> list[dict[str, Any]]:
    """The table of ticks: a row per kind with its read and write scope."""
    language = get_language() or "ja"
    return [
        {
            "title": kind.plural.in_language(language),
            "ticks": [
                {"scope": f"{verb}:{kind.name}", "on": f"{verb}:{kind.name}" in chosen, "verb": verb}
                for verb in ("read", "write")
            ],
        }
        for kind in KINDS.values()
    ]
