"""What the account page's templates are given: every word and link decided here, so that they only draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Role
from enishi.signals.models import AccountState, ManualMeasure
from enishi.stakeholders.api import ties_of
from enishi.store.kinds import KINDS
from enishi.texts.api import judgements_of
from enishi.web.asking import number_in
from enishi.web.pages.account import timeline as times
from enishi.web.pages.account.acts import ranked_now
from enishi.web.pages.account.asked import Asked, find_survivor
from enishi.web.pages.account.header import header
from enishi.web.pages.account.judgement import Judged, judged
from enishi.web.pages.account.known import contacts_on
from enishi.web.pages.account.links import tab_address
from enishi.web.pages.account.revenue import revenue_of
from enishi.web.pages.account.tickets import tickets_of
from enishi.web.pages.account.trend import trend
from enishi.web.pages.account.words import reason_words, say, trigger_title
from enishi.web.pages.stakeholders.present import people_context
from enishi.web.pages.texts.beside import reads_of_entries, reads_of_records
from enishi.work import api as work

TICKETS_A_PAGE = 30


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab's title and what its template is given."""

    title: Any
    context: Callable[[Asked], Mapping[str, Any]]


def page_context(asked: Asked, tab: str) -> dict[str, Any]:
    """The header, the tabs, and the chosen tab."""
    state = AccountState.objects.filter(account=asked.account).first()
    return {
        "account": asked.account,
        "header": header(asked.account, state, asked.day, asked.as_of, asked.member),
        "state": state,
        "tab": tab,
        "tabs": _tabs(asked, tab),
        "as_of": asked.as_of,
        "as_of_text": asked.as_of_text,
        "unread_day": asked.unread_day,
        "today": asked.today,
        "tags": [] if asked.as_of else work.tags_of(asked.account),  # which there were then is not on record
        "arrived": _arrived(asked),
        "now_address": tab_address(asked.account.pk, tab),
        "may_act": work.may_act(asked.member) and asked.as_of is None,
        "may_lead": work.may_lead(asked.member) and asked.as_of is None,
        "may_export": asked.member.role != Role.VIEWER,
        **TABS[tab].context(asked),
    }


def _arrived(asked: Asked) -> dict[str, Any] | None:
    """The merged account whose address led here, and since when the two are one (None: all along)."""
    number = number_in(asked.query.get("merged"))
    found = find_survivor(asked.member, number) if number is not None else None
    if found is None or found[1].pk != asked.account.pk:
        return None
    merge = found[0].merges.filter(undone_at=None).first()
    return {"name": found[0].name, "since": merge.since if merge else None}


def _tabs(asked: Asked, current: str) -> list[dict[str, Any]]:
    return [
        {
            "title": str(tab.title),
            "address": tab_address(asked.account.pk, name, as_of=asked.as_of_text),
            "current": name == current,
        }
        for name, tab in TABS.items()
    ]


def _overview(asked: Asked) -> Mapping[str, Any]:
    words = reason_words()
    thought = judged(asked.account, asked.as_of, asked.today, words)
    newest = times.timeline(asked.account, [], words, as_of=asked.as_of, now=asked.now)
    tasks = work.tasks_of(asked.account).filter(status=work.Task.Status.OPEN)
    return {
        "judged": thought,
        "chart": trend(asked.account, asked.day, asked.as_of),
        "measures": _measures(asked),
        "newest": newest.entries[:12],
        "tasks": tasks if asked.as_of is None else [],
        "suggestion": _suggestion(asked, words, thought),
        "pinned": [] if asked.as_of else work.notes_of(asked.account).filter(pinned=True)[:3],
    }


def _measures(asked: Asked) -> list[ManualMeasure]:
    """Values people stated that are in force."""
    stated = ManualMeasure.objects.filter(account=asked.account, expires_on__gte=asked.day).select_related(
        "owner"
    )
    return [one for one in stated if company_day(one.made_at) <= asked.day]


def _suggestion(asked: Asked, words: Mapping[str, str], thought: Judged) -> Mapping[str, Any] | None:
    """The next best act with its draft; only for now, and only where something calls for it."""
    ranked = ranked_now(asked.account, asked.today) if asked.as_of is None else None
    if ranked is None:
        return None
    contacts = list(asked.account.contacts.filter(deleted_at=None, erased_at=None))
    state = AccountState.objects.get(account=asked.account)
    draft = work.draft(
        ranked.play, asked.account, contacts, asked.member, get_company(),
        renewal_on=state.renewal_on, reasons=ranked.reasons, ties=ties_of([asked.account.pk]),
    )  # fmt: skip
    mail = urlencode({"subject": draft.subject, "body": draft.body}, quote_via=quote)
    return {
        "ranked": ranked,
        "why": trigger_title(ranked.main.trigger, words),
        "evidence": say(ranked.main.evidence),
        "draft": draft,
        "contact": next((one for one in contacts if one.pk == draft.contact_id), None),
        "mailto": f"mailto:{draft.to}?{mail}",
    }


def _usage(asked: Asked) -> Mapping[str, Any]:
    return {"panel_query": _panel_query(asked)}


def _panel_query(asked: Asked) -> str:
    given = {key: asked.query[key] for key in ("as_of", "weeks") if asked.query.get(key)}
    return f"?{urlencode(given)}" if given else ""


def _revenue(asked: Asked) -> Mapping[str, Any]:
    return {
        "revenue": revenue_of(asked.account, asked.as_of, asked.today),
        "panel_query": _panel_query(asked),
        "intervals": _choices("subscription", "interval"),
    }


def _choices(kind: str, name: str) -> dict[str, str]:
    return {value: say(title) for value, title in KINDS[kind].field(name).choices}


def _tickets(asked: Asked) -> Mapping[str, Any]:
    only = "open" if asked.query.get("only") == "open" else ""
    found = tickets_of(asked.account, asked.as_of, asked.now, only)
    pages = Paginator(found.items, TICKETS_A_PAGE)
    people = contacts_on((ticket.known.contact_id for ticket in found.items), asked.as_of)
    return {
        "tickets": found,
        "page": pages.get_page(asked.query.get("page", "1")),
        "only": only,
        "people_by_id": people,
        "severities": _choices("ticket", "severity"),
        "may_correct": work.may_act(asked.member) and asked.as_of is None,
        "reads": reads_of_records(
            "ticket",
            {ticket.known.pk: ticket.data for ticket in pages.get_page(asked.query.get("page", "1"))},
            asked.as_of,
        ),
    }


def _timeline(asked: Asked) -> Mapping[str, Any]:
    kinds = _asked_kinds(asked)
    cursor = asked.query.get("before", "")
    found = times.timeline(
        asked.account, kinds, reason_words(), cursor=cursor, as_of=asked.as_of, now=asked.now
    )
    query = [("kind", kind) for kind in kinds]
    if asked.as_of:
        query.append(("as_of", asked.as_of_text))
    return {
        "timeline": found,
        "reads": reads_of_entries(found.entries, asked.as_of),
        "may_correct": work.may_act(asked.member) and asked.as_of is None,
        "kinds": kinds,
        "kind_chips": _kind_chips(asked, kinds),
        "cursor": cursor,
        "first_address": f"?{urlencode(query)}",
        "next_address": f"?{urlencode([*query, ('before', found.next_cursor)])}" if found.next_cursor else "",
    }


def _asked_kinds(asked: Asked) -> list[str]:
    getlist = getattr(asked.query, "getlist", None)
    wanted = getlist("kind") if getlist else [asked.query.get("kind", "")]
    return [kind for kind in (*times.RECORD_KINDS, *times.OWN_KINDS) if kind in wanted]


def _kind_chips(asked: Asked, kinds: list[str]) -> list[dict[str, Any]]:
    """One chip per kind; a click turns it on or off."""
    own = {
        "note": pgettext("account tab", "Notes"), "task": pgettext("account tab", "Tasks"), "signal": _("Causes and alerts"), "band": _("Band changes"),
        "audit": _("Changes by people"),
    }  # fmt: skip
    chips = []
    for kind in (*times.RECORD_KINDS, *times.OWN_KINDS):
        title = own.get(kind) or say(KINDS[kind].plural)
        after = [one for one in kinds if one != kind] if kind in kinds else [*kinds, kind]
        query = [("kind", one) for one in after] + ([("as_of", asked.as_of_text)] if asked.as_of else [])
        chips.append({"title": title, "on": kind in kinds, "address": f"?{urlencode(query)}"})
    return chips


def _notes(asked: Asked) -> Mapping[str, Any]:
    if asked.as_of:
        then = work.notes_on(asked.account, asked.as_of)
        reads = judgements_of("note", {note.pk: (note.body or "").strip() for note in then}, asked.as_of)
        return {"notes": [{"note": note, "may_change": False} for note in then], "reads": reads}
    member = asked.member
    may = work.may_act(member)
    mine = list(work.notes_of(asked.account))
    return {
        "reads": judgements_of("note", {note.pk: note.body.strip() for note in mine}),
        "notes": [{"note": note, "may_change": may and work.may_change_note(member, note)} for note in mine],
    }


TABS: dict[str, Tab] = {
    "overview": Tab(pgettext_lazy("account tab", "Overview"), _overview),
    "usage": Tab(pgettext_lazy("account tab", "Usage"), _usage),
    "people": Tab(pgettext_lazy("account tab", "People"), people_context),
    "revenue": Tab(gettext_lazy("Revenue and licences"), _revenue),
    "tickets": Tab(pgettext_lazy("account tab", "Tickets"), _tickets),
    "timeline": Tab(pgettext_lazy("account tab", "Timeline"), _timeline),
    "notes": Tab(pgettext_lazy("account tab", "Notes"), _notes),
}
