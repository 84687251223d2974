"""The dialogs of Today and the account page, and the one-click acts on tasks and notes."""

from __future__ import annotations

from collections.abc import Callable

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.access import access_account
from enishi.accounts.company import company_day
from enishi.kit import clock
from enishi.kit.errors import EnishiError, NotAllowed, NotFound
from enishi.kit.text import Text
from enishi.web.feedback import toast, toast_after, trigger
from enishi.web.guard import PageRequest, page
from enishi.web.pages.account.acts import ACTS, Act, Scene, Told, mark_done, ranked_now
from enishi.work import api as work

ACTING = frozenset(work.ACTING_ROLES)


def scene_of(request: PageRequest, number: int) -> Scene:
    now = clock.system_clock()
    return Scene(request.member, access_account(request.member, number), now, company_day(now))


def tell(request: HttpRequest, told: Told) -> HttpResponse:
    """The word back: in place on Today, after a fresh page elsewhere, where every figure may have changed."""
    if "/accounts/" in request.headers.get("HX-Current-URL", ""):
        toast_after(request, told.message, undo=told.undo)
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    response = toast(HttpResponse(status=204), told.message, undo=told.undo)
    return trigger(trigger(response, "closeDialog"), "workChanged")


@require_http_methods(["GET", "POST"])
@page(roles=ACTING)
def act(request: PageRequest, number: int, verb: str) -> HttpResponse:
    """One verb's dialog, and doing it."""
    chosen = _act(request, verb)
    scene = scene_of(request, number)
    data = request.POST if request.method == "POST" else None
    form = chosen.form(
        data,
        member=scene.member,
        account=scene.account,
        today=scene.today,
        ranked=ranked_now(scene.account, scene.today),
        initial=request.GET.dict(),
    )
    if data is not None and form.is_valid():
        try:
            return tell(request, chosen.run(scene, form))
        except EnishiError as error:
            show_errors(form, error)
    context = {"form": form, "act": chosen, "verb": verb, "account": scene.account}
    return render(request, "pages/account/dialogs/act.html", context)


def _act(request: PageRequest, verb: str) -> Act:
    chosen = ACTS.get(verb)
    if chosen is None:
        raise NotFound("unknown_act", Text(f"There is no act “{verb}”.", f"操作「{verb}」はありません。"))
    if not chosen.may(request.member):
        raise NotAllowed(
            "managers_only",
            Text(
                "Only managers and administrators may change this.", "マネージャーと管理者のみ変更できます。"
            ),
            Text("Ask your manager.", "マネージャーにご相談ください。"),
        )
    return chosen


def show_errors(form: Form, error: EnishiError) -> None:
    """A refusal beside the fields it names; what names no field of the form stands above it."""
    language = get_language() or "ja"
    named = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, text.in_language(language))
    if not named:
        form.add_error(None, error.message.in_language(language))


@require_POST
@page(roles=ACTING)
def done(request: PageRequest, number: int) -> HttpResponse:
    """Dealt with: one click."""
    return tell(request, mark_done(scene_of(request, number)))


@require_POST
@page(roles=ACTING)
def override_end(request: PageRequest, number: int) -> HttpResponse:
    """Let the computed band stand again."""
    work.end_override(request.member, number, now=clock.system_clock())
    return tell(request, Told(_("The computed band stands again.")))


@require_POST
@page(roles=ACTING)
def task(request: PageRequest, number: int, verb: str) -> HttpResponse:
    """Close a task, or take that back."""
    member, now = request.member, clock.system_clock()
    verbs: dict[str, Callable[[], tuple[work.Task, str, str]]] = {
        "done": lambda: (work.complete_task(member, number, now=now), _("Done: %(title)s"), "reopen"),
        "drop": lambda: (work.drop_task(member, number, now=now), _("Dropped: %(title)s"), "reopen"),
        "reopen": lambda: (work.reopen_task(member, number), _("Open again: %(title)s"), ""),
    }
    if verb not in verbs:
        raise NotFound("unknown_act", Text(f"There is no act “{verb}”.", f"操作「{verb}」はありません。"))
    found, words, back = verbs[verb]()
    undo = reverse("account-task", args=[number, back]) if back else ""
    return tell(request, Told(words % {"title": found.title}, undo))
