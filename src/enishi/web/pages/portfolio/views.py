"""The portfolio: how is my book, what moved?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Member
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text
from enishi.web.asking import day_in, number_in, numbers_in
from enishi.web.feedback import toast_after
from enishi.web.guard import EVERYONE, LEADERS, PageRequest, page
from enishi.web.pages.portfolio import bulk as acts
from enishi.web.pages.portfolio import exports, past_book, past_rows, present, reads, saved
from enishi.web.pages.portfolio.columns import known_keys
from enishi.web.pages.portfolio.filters import filtered_accounts
from enishi.web.pages.portfolio.past_present import past_context
from enishi.web.pages.portfolio.query import Query, read_query
from enishi.web.pages.portfolio.words import minor_units, stage_words, tier_words
from enishi.web.words import day as day_words
from enishi.web.words import person

ACTING = LEADERS | {"csm"}
EXPORTING = LEADERS | {"csm", "sales"}


def _asked(text: str) -> Query:
    return read_query(QueryDict(text), known_keys())


def _back(request: PageRequest) -> Query:
    """The view a form was sent from."""
    return _asked(request.POST.get("back", "").lstrip("?"))


def _home(query: Query) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("portfolio") + query.address)


@require_GET
@page(roles=EVERYONE)
def portfolio(request: PageRequest) -> HttpResponse:
    """The book within the member's scope, as the address asks."""
    if not request.GET and (default := saved.find_default(request.member)):
        return redirect(f"{reverse('portfolio')}?{default.address}&view={default.pk}")
    query = read_query(request.GET, known_keys())
    today = company_day(system_clock())
    if query.as_of and query.as_of < today:
        return _past(request, query, query.as_of, today)
    unit = minor_units(get_company().currency)
    rows, more = reads.read_page(request.member, query, today=today, unit=unit)
    slices = reads.distribution(request.member, query, today=today, unit=unit)
    context = present.portfolio_context(request.member, query, rows, more, slices, today)
    return render(request, "pages/portfolio/list.html", context)


def _past(request: PageRequest, query: Query, day: date, today: date) -> HttpResponse:
    """The list as known then; until the worker has worked the day out, how far it is."""
    first = past_book.first_day()
    early = first is not None and day < first
    book = past_book.nothing_known() if early else past_book.read_book(day)
    if book is None:
        past_book.ask_book(day)
        return render(request, "pages/portfolio/waiting.html", _waiting(query, day))
    unit = minor_units(get_company().currency)
    context = past_context(request.member, query, book, day=day, today=today, unit=unit)
    if first and early:
        context |= {"first_day": first, "first_address": replace(query, as_of=first, page=1).address}
    return render(request, "pages/portfolio/list.html", context)


def _waiting(query: Query, day: date) -> dict[str, Any]:
    now = replace(query, as_of=None, page=1).address
    percent = past_book.progress_of(day)
    return {"asked": day, "percent": percent, "back": urlencode(query.pairs()), "now_address": now}


@require_GET
@page(roles=EVERYONE)
def past(request: PageRequest, day: str) -> HttpResponse:
    """How far the working out of a past day is; asked by the waiting page, which goes on when it is done."""
    query = read_query(request.GET, known_keys())
    on = day_in(day)
    if on is None:
        raise NotFound("no_such_day", Text(f"“{day}” is not a day.", f"「{day}」は日付ではありません。"))
    context = _waiting(replace(query, as_of=on), on)
    if past_book.read_book(on) is None:
        return render(request, "pages/portfolio/_waiting.html", context)
    answer = HttpResponse()
    answer["HX-Redirect"] = f"{reverse('portfolio')}?{context['back']}"
    return answer


@require_POST
@page(roles=EVERYONE)
def save(request: PageRequest) -> HttpResponse:
    """Keep the view under a name."""
    query = _back(request)
    view = saved.save_view(
        request.member,
        request.POST.get("name", ""),
        query.kept,
        shared=request.POST.get("shared") == "1",
        default=request.POST.get("default") == "1",
    )
    toast_after(request, _("View “%(name)s” is saved.") % {"name": view.name})
    return redirect(f"{reverse('portfolio')}?{view.address or 'all=1'}&view={view.pk}")


@require_POST
@page(roles=EVERYONE)
def choose_default(request: PageRequest) -> HttpResponse:
    """Open the page with a view from now on, or with the plain list."""
    saved.set_default(request.member, number_in(request.POST.get("view")) or 0)
    toast_after(request, _("The page opens with this view from now on."))
    return _home(_back(request))


@require_POST
@page(roles=EVERYONE)
def delete(request: PageRequest, number: int) -> HttpResponse:
    """Delete one's own saved view."""
    view = saved.delete_view(request.member, number)
    toast_after(request, _("View “%(name)s” is deleted.") % {"name": view.name})
    return redirect(reverse("portfolio") + "?all=1")


@dataclass(frozen=True, slots=True)
class Said:
    """What was done in its own words, and the address that takes it back."""

    done: acts.Done
    words: str
    undo: str = ""


def _ids(member: Member, sent: QueryDict) -> list[int]:
    """The accounts ticked; where the whole list was, those of the view the form stood on."""
    if sent.get("whole") != "1":
        return numbers_in(sent.getlist("account"))
    query, today = _asked(sent.get("back", "").lstrip("?")), company_day(system_clock())
    listed = filtered_accounts(member, query, today=today, unit=minor_units(get_company().currency))
    return list(listed.values_list("pk", flat=True)[: acts.MOST + 1])


def _picked(request: PageRequest) -> list[int]:
    return _ids(request.member, request.POST)


def _changed(done: acts.Done, words: str, undo: str = "", **said: str) -> Said:
    return Said(done, words % {"n": f"{done.changed:,}", **said}, undo)


def _member(text: str) -> Member | None:
    number = number_in(text)
    return Member.objects.filter(pk=number, is_active=True).first() if number is not None else None


def _owner(request: PageRequest) -> Said:
    owner = _member(request.POST.get("owner", ""))
    if owner is None:
        raise _missing("owner", Text("Choose the new owner.", "新しい担当者を選択してください。"))
    done, made = acts.assign_owner(request.member, _picked(request), owner, now=system_clock())
    undo = reverse("handed-over", args=[made.line.pk]) if made else ""
    return _changed(
        done,
        ngettext(
            "%(n)s account is looked after by %(name)s now.",
            "%(n)s accounts are looked after by %(name)s now.",
            done.changed,
        ),
        undo,
        name=person(owner),
    )


def _stage(request: PageRequest) -> Said:
    stage = request.POST.get("stage", "")
    done = acts.set_stage(request.member, _picked(request), stage, now=system_clock())
    return _changed(
        done,
        ngettext(
            "The stage of %(n)s account is “%(stage)s” now.",
            "The stage of %(n)s accounts is “%(stage)s” now.",
            done.changed,
        ),
        stage=stage_words().get(stage, stage),
    )


def _tier(request: PageRequest) -> Said:
    tier, reason = request.POST.get("tier", ""), request.POST.get("reason", "")
    done = acts.set_tier(request.member, _picked(request), tier, reason, now=system_clock())
    if not tier:
        return _changed(
            done,
            ngettext(
                "The rules decide the tier of %(n)s account again.",
                "The rules decide the tier of %(n)s accounts again.",
                done.changed,
            ),
        )
    return _changed(
        done,
        ngettext(
            "%(n)s account is pinned to the tier “%(tier)s”.",
            "%(n)s accounts are pinned to the tier “%(tier)s”.",
            done.changed,
        ),
        tier=tier_words().get(tier, tier),
    )


def _snooze(request: PageRequest) -> Said:
    now, until = system_clock(), day_in(request.POST.get("until"))
    if until is None:
        raise _missing("until", Text("Choose the day.", "再表示する日を指定してください。"))
    reason, today = request.POST.get("snooze_reason", ""), company_day(now)
    done = acts.snooze_all(request.member, _picked(request), until, reason, today=today, now=now)
    words = ngettext("%(n)s account is hidden until %(day)s.", "%(n)s accounts are hidden until %(day)s.", done.changed)  # fmt: skip
    said = words % {"n": f"{done.changed:,}", "day": day_words(until, get_language() or "ja", today)}
    undo = f"{reverse('portfolio-bulk', args=['unsnooze'])}?{urlencode({'at': now.isoformat()})}"
    return Said(done, said, undo if done.changed else "")


def _unsnooze(request: PageRequest) -> Said:
    try:
        at = datetime.fromisoformat(request.GET.get("at") or request.POST.get("at", ""))
    except ValueError as bad:
        raise _missing("at", Text("There is nothing to take back.", "取り消せる操作がありません。")) from bad
    done = acts.bring_back(request.member, at, now=system_clock())
    words = ngettext("%(n)s account is back on the list.", "%(n)s accounts are back on the list.", done.changed)  # fmt: skip
    return Said(done, words % {"n": f"{done.changed:,}"})


def _tag(request: PageRequest) -> Said:
    name = request.POST.get("tag", "").strip()
    done = acts.tag_all(request.member, _picked(request), name, now=system_clock())
    return _changed(
        done,
        ngettext(
            "%(n)s account has the tag “%(tag)s” now.",
            "%(n)s accounts have the tag “%(tag)s” now.",
            done.changed,
        ),
        tag=name,
    )


def _untag(request: PageRequest) -> Said:
    name = request.POST.get("untag", "").strip()
    done = acts.untag_all(request.member, _picked(request), name)
    return _changed(
        done,
        ngettext(
            "The tag “%(tag)s” is taken off %(n)s account.",
            "The tag “%(tag)s” is taken off %(n)s accounts.",
            done.changed,
        ),
        tag=name,
    )


def _task(request: PageRequest) -> Said:
    due = day_in(request.POST.get("due_on"))
    assignee = _member(request.POST.get("assignee", ""))
    title = request.POST.get("title", "")
    done = acts.make_tasks(request.member, _picked(request), title, due, assignee, now=system_clock())
    words = ngettext("%(n)s task is made.", "%(n)s tasks are made.", done.changed)
    return Said(done, words % {"n": f"{done.changed:,}"})


VERBS: dict[str, Callable[[PageRequest], Said]] = {
    "owner": _owner,
    "stage": _stage,
    "tier": _tier,
    "task": _task,
    "snooze": _snooze,
    "unsnooze": _unsnooze,
    "tag": _tag,
    "untag": _untag,
}


def _missing(field: str, text: Text) -> EnishiError:
    return EnishiError(f"no_{field}", text, fields={field: text})


@require_POST
@page(roles=ACTING)
def bulk(request: PageRequest, verb: str) -> HttpResponse:
    """One change for the accounts ticked."""
    if verb not in VERBS:
        raise NotFound(
            "unknown_verb", Text(f"There is no bulk action “{verb}”.", f"一括操作「{verb}」はありません。")
        )
    in_place = request.headers.get("HX-Request") == "true"
    try:
        told = VERBS[verb](request)
    except EnishiError as error:
        if not in_place:
            raise
        return render(
            request, "pages/portfolio/_refused.html", {"error": error.as_dict(get_language() or "ja")}
        )
    reads.forget_counts()
    toast_after(request, _say_done(told), undo=told.undo)
    home = _home(_back(request))
    if not in_place:
        return home
    return HttpResponse(
        headers={"HX-Redirect": home.url} if "back" in request.POST else {"HX-Refresh": "true"}
    )


@require_GET
@page(roles=ACTING)
def people(request: PageRequest) -> HttpResponse:
    """To whom a task about the accounts ticked can be given."""
    ids = _ids(request.member, request.GET)
    return render(request, "pages/portfolio/_people.html", {"people": acts.assignable(request.member, ids)})


def _say_done(told: Said) -> str:
    said, refused = told.words, told.done.refused
    if not refused:
        return said
    more = ngettext("%(n)s account refused.", "%(n)s accounts refused.", refused) % {"n": f"{refused:,}"}
    return f"{said} {more} " + _("They lie outside your view, or cannot take this value.")


def _count(member: Member, query: Query, today: date, unit: int) -> int:
    """How many rows a file of the view will hold; a past day not at hand is left to the job."""
    if not query.as_of or query.as_of >= today:
        return reads.total_accounts(reads.distribution(member, query, today=today, unit=unit), query)
    book = past_book.read_book(query.as_of)
    if book is None:
        return exports.AT_ONCE + 1
    return len(past_rows.select(book, member, query, day=query.as_of, unit=unit))


@require_POST
@page(roles=EXPORTING)
def export(request: PageRequest) -> HttpResponseBase:
    """The view as a file: at once, or by a job whose progress is shown."""
    query = _back(request)
    today, unit = company_day(system_clock()), minor_units(get_company().currency)
    order = exports.ask_export(
        request.member,
        query,
        request.POST.get("format", ""),
        _count(request.member, query, today, unit),
        get_language() or "ja",
    )
    if order.status == "done":
        return export_file(request, order.pk)
    return redirect("portfolio-export-progress", order.pk)


@require_GET
@page(roles=EXPORTING)
def export_progress(request: PageRequest, number: int) -> HttpResponse:
    """How far a file is, and where to fetch it."""
    order = exports.access_export(request.member, number)
    part = request.headers.get("HX-Request") == "true"
    template = "pages/portfolio/_export.html" if part else "pages/portfolio/export.html"
    context = {"export": order, "back": reverse("portfolio") + "?" + (order.address or "all=1")}
    return render(request, template, context)


@page(roles=EXPORTING)
def export_file(request: PageRequest, number: int) -> HttpResponseBase:
    """The finished file, for the one who asked for it."""
    order = exports.access_export(request.member, number)
    if order.status != "done" or not order.path.exists():
        raise NotFound(
            "file_not_there",
            Text(
                "This file is not there (any more).",
                "このファイルはまだできていないか、保存期間が過ぎています。",
            ),
            Text("Export the view again.", "もう一度、一覧から書き出してください。"),
        )
    name = exports.file_name(order, company_day(order.asked_at))
    write_audit(request.member, "export_fetched", order, detail={"format": order.format, "rows": order.rows})
    return FileResponse(order.path.open("rb"), as_attachment=True, filename=name)
