"""What one does about an account without leaving the page: each a small form in a dialog, then a word back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from enishi.accounts.company import company_zone
from enishi.accounts.models import Account, Contact, Member
from enishi.web import words
from enishi.web.pages.account import forms
from enishi.web.pages.portfolio import bulk
from enishi.work import api as work


@dataclass(frozen=True, slots=True)
class Scene:
    """Who acts, on which account, when."""

    member: Member
    account: Account
    now: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Told:
    """What the person reads after the act, and where it can be taken back."""

    message: str
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """A verb with its form. ``may`` tells who may, beyond seeing the account."""

    title: str | Promise
    submit: str | Promise
    form: type[forms.ActForm]
    run: Callable[[Scene, Any], Told]
    may: Callable[[Member], bool] = work.may_act


@transaction.atomic
def _log(scene: Scene, form: forms.LogForm) -> Told:
    said = form.cleaned_data
    interaction = work.Interaction(
        type=said["type"],
        occurred_at=_instant(said["occurred_on"], scene),
        two_way=said["two_way"],
        minutes=said["minutes"],
        contact_id=int(said["contact"]) if said["contact"] else None,
        subject=said["subject"],
        body=said["body"],
    )
    work.log_interaction(scene.member, scene.account.pk, interaction, now=scene.now)
    if said["promise"]:
        work.create_task(
            scene.member,
            scene.account.pk,
            said["promise"],
            now=scene.now,
            due_on=said["promise_on"],
            contact=_contact(scene, said["contact"]),
        )
    if said.get("done"):
        return mark_done(scene)
    return Told(_("Logged for %(name)s.") % {"name": scene.account.name})


def _instant(day: date, scene: Scene) -> datetime:
    """Now for today; noon for an earlier day, whose hour nobody asked."""
    if day == scene.today:
        return scene.now
    return datetime.combine(day, time(12), company_zone())


def _task(scene: Scene, form: forms.TaskForm) -> Told:
    said = form.cleaned_data
    assignee = Member.objects.get(pk=int(said["assignee"]))
    task = work.create_task(
        scene.member,
        scene.account.pk,
        said["title"],
        now=scene.now,
        due_on=said["due_on"],
        note=said["note"],
        assignee=assignee,
        contact=_contact(scene, said["contact"]),
    )
    undo = reverse("account-task", args=[task.pk, "drop"])
    if assignee == scene.member:
        return Told(_("The task is on your list."), undo)
    return Told(_("The task is on the list of %(name)s.") % {"name": words.person(assignee)}, undo)


def _delegate(scene: Scene, form: forms.DelegateForm) -> Told:
    asked = form.cleaned_data
    assignee = Member.objects.get(pk=int(asked["assignee"]))
    _made, attention = work.delegate(
        scene.member,
        scene.account.pk,
        assignee,
        asked["title"],
        due_on=asked["due_on"],
        note=asked["note"],
        today=scene.today,
        now=scene.now,
    )
    said = {"account": scene.account.name, "name": words.person(assignee)}
    text = _("%(account)s is handed to %(name)s.") % said
    return Told(text, reverse("today-undo", args=[attention.pk]))


def _snooze(scene: Scene, form: forms.SnoozeForm) -> Told:
    day = form.chosen_day
    attention = work.snooze(
        scene.member,
        scene.account.pk,
        day,
        today=scene.today,
        now=scene.now,
        reason=form.cleaned_data["reason"],
    )
    said = {"name": scene.account.name, "day": words.day(day, get_language() or "ja", scene.today)}
    return Told(_("%(name)s is hidden until %(day)s.") % said, reverse("today-undo", args=[attention.pk]))


def mark_done(scene: Scene) -> Told:
    """Dealt with, for as long as the suggested play rests."""
    ranked = ranked_now(scene.account, scene.today)
    rest = ranked.play.rest_days if ranked else work.USUAL_REST
    attention = work.mark_done(
        scene.member, scene.account.pk, today=scene.today, now=scene.now, rest_days=rest
    )
    said = {
        "name": scene.account.name,
        "day": words.day(attention.until, get_language() or "ja", scene.today),
    }
    text = _("%(name)s is done. It returns on %(day)s if it still needs you.") % said
    return Told(text, reverse("today-undo", args=[attention.pk]))


def ranked_now(account: Account, today: date) -> work.Ranked | None:
    """Why the account needs somebody now, and what is suggested."""
    judgement, plays = work.judgement_of(account, today), work.declared_plays()
    return work.place(judgement, today, plays, hour_cost=work.hour_cost(), weaker=True)


def _contact(scene: Scene, text: str) -> Contact | None:
    return Contact.objects.filter(pk=int(text), account=scene.account).first() if text else None


def _override(scene: Scene, form: forms.OverrideForm) -> Told:
    said = form.cleaned_data
    work.override_band(
        scene.member,
        scene.account.pk,
        said["band"],
        reason=said["reason"],
        expires_on=said["expires_on"],
        today=scene.today,
        now=scene.now,
    )
    undo = reverse("account-override-end", args=[scene.account.pk])
    return Told(_("The band is set. The computed one stays visible."), undo)


def _measure(scene: Scene, form: forms.MeasureForm) -> Told:
    said = form.cleaned_data
    work.state_measure(
        scene.member,
        scene.account.pk,
        said["measure"],
        said["value"],
        expires_on=said["expires_on"],
        today=scene.today,
        now=scene.now,
        note=said["note"],
    )
    return Told(_("Kept. It counts from the next scoring on."))


def _stage(scene: Scene, form: forms.StageForm) -> Told:
    bulk.set_stage(scene.member, [scene.account.pk], form.cleaned_data["stage"], now=scene.now)
    return Told(_("The stage is changed."))


def _owner(scene: Scene, form: forms.OwnerForm) -> Told:
    owner = Member.objects.get(pk=int(form.cleaned_data["owner"]))
    _done, made = bulk.assign_owner(scene.member, [scene.account.pk], owner, now=scene.now)
    undo = reverse("handed-over", args=[made.line.pk]) if made else ""
    return Told(_("%(name)s looks after this account now.") % {"name": words.person(owner)}, undo)


def _tier(scene: Scene, form: forms.TierForm) -> Told:
    said = form.cleaned_data
    bulk.set_tier(scene.member, [scene.account.pk], said["tier"], said["reason"], now=scene.now)
    if said["tier"]:
        return Told(_("The account stays in this tier until the pin is taken out."))
    return Told(_("The rules decide the tier again, with the next pass."))


ACTS: dict[str, Act] = {
    "log": Act(gettext_lazy("Log a contact"), gettext_lazy("Log"), forms.LogForm, _log),
    "task": Act(gettext_lazy("Make a task"), gettext_lazy("Make the task"), forms.TaskForm, _task),
    "delegate": Act(
        gettext_lazy("Delegate to a colleague"), gettext_lazy("Delegate"), forms.DelegateForm, _delegate
    ),
    "snooze": Act(gettext_lazy("Hide for now"), gettext_lazy("Hide"), forms.SnoozeForm, _snooze),
    "override": Act(
        gettext_lazy("Override the band"), gettext_lazy("Set the band"), forms.OverrideForm, _override
    ),
    "measure": Act(gettext_lazy("State a measure"), gettext_lazy("Save"), forms.MeasureForm, _measure),
    "stage": Act(gettext_lazy("Change the stage"), gettext_lazy("Save"), forms.StageForm, _stage),
    "owner": Act(
        gettext_lazy("Assign the owner"), gettext_lazy("Assign"), forms.OwnerForm, _owner, work.may_lead
    ),
    "tier": Act(gettext_lazy("Pin the tier"), gettext_lazy("Save"), forms.TierForm, _tier, work.may_lead),
}
