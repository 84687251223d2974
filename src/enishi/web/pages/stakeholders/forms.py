"""What a member states of a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts.models import Contact
from enishi.kit.text import Text
from enishi.stakeholders import api as room
from enishi.stakeholders.contracts import Said
from enishi.web.pages.account.forms import DayInput
from enishi.web.pages.account.words import say

HOLDS_DAYS = 90


class OpinionForm(forms.Form):
    """Role and leaving are facts of the contact; what is left empty elsewhere is proposed by Enishi."""

    role = forms.ChoiceField(label=_("Role"), required=False)
    influence = forms.ChoiceField(label=_("Influence"), required=False)
    level = forms.ChoiceField(label=pgettext_lazy("stakeholder", "Level"), required=False)
    feeling = forms.ChoiceField(label=_("Sentiment"), required=False)
    feeling_until = forms.DateField(label=_("Sentiment holds until"), widget=DayInput(), required=False)
    left_on = forms.DateField(
        label=_("Left or leaves on"),
        widget=DayInput(),
        required=False,
        help_text=_("A day still to come counts as announced."),
    )
    note = forms.CharField(
        label=_("Why"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500, required=False
    )

    def __init__(self, data: Mapping[str, Any] | None, *, contact: Contact, said: Said, today: date) -> None:
        initial = {
            "role": contact.role,
            "influence": said.influence,
            "level": said.level,
            "feeling": said.feeling,
            "feeling_until": said.feeling_until or today + timedelta(days=HOLDS_DAYS),
            "left_on": contact.left_on or said.leaving_on,
            "note": said.note,
        }
        super().__init__(data, initial=initial, auto_id="opinion_%s")
        self._choose("role", room.ROLE_TITLES, "–")
        for name, titles in (
            ("influence", room.INFLUENCES),
            ("level", room.LEVELS),
            ("feeling", room.FEELINGS),
        ):
            self._choose(name, titles, _("As proposed"))

    def _choose(self, name: str, titles: Mapping[str, Text], empty: Any) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", empty), *((value, say(title)) for value, title in titles.items())]

    def opinion(self) -> room.Opinion:
        """What was stated; an expiry without a sentiment says nothing."""
        said = self.cleaned_data
        return room.Opinion(
            role=said["role"],
            influence=said["influence"],
            level=said["level"],
            feeling=said["feeling"],
            feeling_until=said["feeling_until"] if said["feeling"] else None,
            left_on=said["left_on"],
            note=said["note"],
        )
