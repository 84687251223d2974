"""The small forms of Today and the account page: log, task, snooze, hand over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Account, Contact, Member, Role
from enishi.segments.api import find_pin, tier_titles
from enishi.signals.models import Band
from enishi.stakeholders.api import ties_of
from enishi.store.kinds import INTERACTION, STAGES
from enishi.web import words
from enishi.web.badges import band_word
from enishi.web.pages.account.words import say
from enishi.work.api import Ranked, addressee, manual_measures, members_acting, members_seeing

OTHER_DAY = "date"
ANSWERED = ("meeting", "visit", "call")  # contacts in which the customer usually takes part


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, **attributes: Any) -> None:
        super().__init__(attrs=attributes, format="%Y-%m-%d")


def present_contacts(account: Account) -> list[Contact]:
    """The people one can still reach at the account."""
    return list(Contact.objects.filter(account=account, deleted_at=None, erased_at=None, left_on=None))


def contact_choices(contacts: Iterable[Contact]) -> list[tuple[str, str]]:
    named = [
        (str(one.pk), " · ".join(part for part in (words.person(one), one.title) if part)) for one in contacts
    ]
    return [("", "–"), *named]


def member_choices(account: Account, without: Member | None = None) -> list[tuple[str, str]]:
    found = sorted(members_seeing(account), key=lambda one: _nearness(one, account))  # stable: by name within
    return [(str(one.pk), words.person(one)) for one in found if without is None or one.pk != without.pk]


def _nearness(member: Member, account: Account) -> tuple[int, bool]:
    """Who comes first when work is handed over: CSMs before those who lead, the own team before the others."""
    team = account.owner.team_id if account.owner else None
    place = {Role.CSM: 0, Role.MANAGER: 1}.get(Role(member.role), 2)
    return place, team is None or member.team_id != team


class ActForm(forms.Form):
    """A form that knows who does it, for which account and on which day."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        member: Member,
        account: Account,
        today: date,
        ranked: Ranked | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.member, self.account, self.today, self.ranked = member, account, today, ranked
        super().__init__(data, initial=dict(initial or {}), auto_id="act_%s")
        for field in self.fields.values():
            field.error_messages["required"] = _("Fill this in.")
        self.prepare()

    def prepare(self) -> None:
        """Fill choices and first values."""

    def choose(self, name: str, choices: Iterable[tuple[str, Any]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = list(choices)


class LogForm(ActForm):
    """A call, mail, meeting or visit that took place, and what was promised in it."""

    type = forms.ChoiceField(label=pgettext_lazy("interaction", "Type"))
    occurred_on = forms.DateField(label=_("Date"), widget=DayInput())
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=1440, required=False)
    contact = forms.ChoiceField(label=_("With whom"), required=False)
    two_way = forms.BooleanField(label=_("The customer answered (two-way)"), required=False)
    subject = forms.CharField(label=_("Subject"), max_length=300, required=False)
    body = forms.CharField(
        label=_("What was said"), widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000, required=False
    )
    promise = forms.CharField(
        label=_("What I promised"),
        help_text=_("Becomes a task of yours."),
        max_length=300,
        required=False,
    )
    promise_on = forms.DateField(label=_("By when"), widget=DayInput(), required=False)
    done = forms.BooleanField(label=_("Take the account off today's list"), required=False)

    def prepare(self) -> None:
        language = get_language() or "ja"
        self.fields["type"].widget.attrs |= {"data-ticks": "two_way", "data-ticks-for": " ".join(ANSWERED)}
        kinds = [(kind, title.in_language(language)) for kind, title in INTERACTION.field("type").choices]
        self.choose("type", kinds)
        contacts = present_contacts(self.account)
        self.choose("contact", contact_choices(contacts))
        self.fields["occurred_on"].initial = self.today
        self.fields["occurred_on"].widget.attrs["max"] = self.today.isoformat()
        if self.ranked:
            best = addressee(
                contacts,
                self.ranked.play.contacts,
                ties_of([self.account.pk]),
                by_mail=self.ranked.play.channel == "mail",
            )
            self.fields["contact"].initial = str(best.pk) if best else ""
            self.fields["type"].initial = self.ranked.play.channel
            self.fields["minutes"].initial = 15
        else:
            del self.fields["done"]
        first = self.initial.get("type") or self.fields["type"].initial or kinds[0][0]
        self.fields["two_way"].initial = first in ANSWERED

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("occurred_on") and cleaned["occurred_on"] > self.today:
            self.add_error("occurred_on", _("It has not happened yet."))
        if cleaned.get("promise_on") and not cleaned.get("promise"):
            self.add_error("promise", _("Write what you promised."))
        return cleaned


class TaskForm(ActForm):
    title = forms.CharField(label=_("What is to be done"), max_length=300)
    due_on = forms.DateField(label=pgettext_lazy("task", "Due"), widget=DayInput(), required=False)
    assignee = forms.ChoiceField(label=pgettext_lazy("task", "Who"))
    contact = forms.ChoiceField(label=_("About whom"), required=False)
    note = forms.CharField(
        label=pgettext_lazy("task", "Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )

    def prepare(self) -> None:
        self.choose("assignee", member_choices(self.account))
        self.choose("contact", contact_choices(present_contacts(self.account)))
        self.fields["assignee"].initial = str(self.member.pk)
        self.fields["due_on"].initial = self.today + timedelta(days=3)
        if self.ranked:
            self.fields["title"].initial = say(self.ranked.play.title)


class DelegateForm(ActForm):
    assignee = forms.ChoiceField(label=_("To whom"))
    title = forms.CharField(label=_("What is to be done"), max_length=300)
    due_on = forms.DateField(label=pgettext_lazy("task", "Due"), widget=DayInput())
    note = forms.CharField(
        label=pgettext_lazy("task", "Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )

    def prepare(self) -> None:
        self.choose("assignee", member_choices(self.account, without=self.member))
        self.fields["due_on"].initial = self.today + timedelta(days=3)
        if self.ranked:
            self.fields["title"].initial = say(self.ranked.play.title)
            evidence = [say(reason.evidence) for reason in self.ranked.reasons if reason.evidence]
            self.fields["note"].initial = "\n".join(dict.fromkeys(evidence))

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if due < self.today:
            raise forms.ValidationError(_("Choose today or a later day."))
        return due


class SnoozeForm(ActForm):
    until = forms.ChoiceField(
        label=pgettext_lazy("form", "Until"),
        widget=forms.RadioSelect,
        help_text=_("A new cause, a new alert or a worse band brings the account back before."),
    )
    day = forms.DateField(label=_("Day, if another"), widget=DayInput())
    reason = forms.CharField(label=pgettext_lazy("form", "Why"), max_length=300, required=False)

    def prepare(self) -> None:
        steps = ((1, _("Tomorrow")), (7, _("In a week")), (14, _("In two weeks")), (30, _("In a month")))
        language = get_language() or "ja"
        choices = []
        for days, title in steps:
            day = self.today + timedelta(days=days)
            choices.append((day.isoformat(), f"{title} ({words.day(day, language, self.today)})"))
        self.choose("until", [*choices, (OTHER_DAY, _("Another day"))])
        self.fields["until"].initial = choices[1][0]
        self.fields["day"].required = self.data.get("until", OTHER_DAY) == OTHER_DAY
        self.fields["day"].error_messages["required"] = _("Choose a day.")
        self.fields["day"].widget.attrs["min"] = (self.today + timedelta(days=1)).isoformat()

    @property
    def chosen_day(self) -> date:
        until = self.cleaned_data["until"]
        day: date = self.cleaned_data["day"] if until == OTHER_DAY else date.fromisoformat(until)
        return day


class OverrideForm(ActForm):
    """A band that stands over the computed one."""

    band = forms.ChoiceField(label=_("Band"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    expires_on = forms.DateField(
        label=_("Valid until"),
        widget=DayInput(),
        help_text=_("Then the computed band stands again. It stays visible."),
    )

    def prepare(self) -> None:
        bands = (Band.GREEN, Band.YELLOW, Band.RED)
        self.choose("band", [(band.value, band_word(band.value)) for band in bands])
        self.fields["expires_on"].initial = self.today + timedelta(days=30)


class MeasureForm(ActForm):
    """A value for a measure that the scorecard leaves to people."""

    measure = forms.ChoiceField(label=_("Measure"))
    value = forms.IntegerField(
        label=pgettext_lazy("measure", "Value"),
        min_value=0,
        max_value=100,
        help_text=_("0 is worst, 100 is best."),
    )
    note = forms.CharField(label=pgettext_lazy("form", "Why"), max_length=500, required=False)
    expires_on = forms.DateField(label=_("Valid until"), widget=DayInput())

    def prepare(self) -> None:
        self.choose("measure", [(name, say(title)) for name, title in manual_measures().items()])
        self.fields["expires_on"].initial = self.today + timedelta(days=90)


class StageForm(ActForm):
    stage = forms.ChoiceField(label=_("Lifecycle stage"))

    def prepare(self) -> None:
        self.choose("stage", [(name, say(title)) for name, title in STAGES])
        self.fields["stage"].initial = self.account.stage


class OwnerForm(ActForm):
    owner = forms.ChoiceField(label=_("Owner"))

    def prepare(self) -> None:
        self.choose("owner", [(str(one.pk), words.person(one)) for one in members_acting()])
        self.fields["owner"].initial = str(self.account.owner_id or "")


class TierForm(ActForm):
    """Keep the account in a tier, or give it back to the rules."""

    tier = forms.ChoiceField(label=_("Tier"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)

    def prepare(self) -> None:
        titles = [(slug, say(title)) for slug, title in tier_titles().items()]
        self.choose("tier", [("", _("By the rules")), *titles])
        pin = find_pin(self.account.pk)
        if pin:
            self.fields["tier"].initial, self.fields["reason"].initial = pin.tier, pin.reason

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("tier") and not cleaned.get("reason"):
            self.add_error("reason", _("Write the reason."))
        return cleaned
