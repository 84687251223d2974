"""What Today's templates are given: every word and link decided here, so that they only draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import F
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.accounts.leaving import Leaving, leaving_accounts
from enishi.accounts.models import Account, Contact, Member, Scope
from enishi.signals.models import AccountState
from enishi.stakeholders.api import kept_ties
from enishi.web import words as plain_words
from enishi.web.asking import number_in
from enishi.web.pages.account.beside import badges_beside
from enishi.web.pages.account.leaving import leaving_words
from enishi.web.pages.account.links import facts_address
from enishi.web.pages.account.words import reason_words, say, say_pair, tag_title, trigger_title
from enishi.work import api as work
from enishi.work.api import Draft, Overnight, Queue, Ranked, Renewals, Task, View
from enishi.work.rules import NOTICE

PORTION = 10
MOST_SHOWN = 200
MOST_TASKS = 100
FEW = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    view: View
    shown: int
    weaker: bool = False
    owner: int | None = None

    @property
    def query(self) -> str:
        """The same list again, without how much of it is shown."""
        given = {"view": self.view.value, "owner": self.owner, "weaker": "1" if self.weaker else None}
        return urlencode({name: value for name, value in given.items() if value})


@dataclass(frozen=True, slots=True)
class Why:
    """One reason on a card: its name, and one line of evidence."""

    trigger: str
    title: str
    evidence: str
    on: date | None
    address: str
    matter: str = ""
    matter_evidence: str = ""
    matter_address: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One account that needs somebody."""

    ranked: Ranked
    account: Account
    state: AccountState
    why: Why
    others: list[Why]
    draft: Draft
    contact: Contact | None
    promises: list[Task]
    leaving: str  # what stands beside the band, and nothing elsewhere
    promise: Task | None  # the member's own that puts the account on the list

    @property
    def is_early(self) -> bool:
        """On the list although the score is good: a sign the score does not show yet."""
        return self.state.band == "green"

    @property
    def mailto(self) -> str:
        """The draft, opened in the person's own mail program."""
        words = urlencode({"subject": self.draft.subject, "body": self.draft.body}, quote_via=quote)
        return f"mailto:{quote(self.draft.to)}?{words}"


@dataclass(frozen=True, slots=True)
class News:
    """An alert that fired since the last working day."""

    account: Account
    title: str
    evidence: str
    since: date


def read_asked(member: Member, address: Mapping[str, str]) -> Asked:
    views = {view.value: view for view in work.views_of(member)}
    view = views.get(address.get("view", "")) or work.usual_view(member)
    shown = number_in(address.get("shown"))
    return Asked(
        view,
        max(PORTION, min(MOST_SHOWN, PORTION if shown is None else shown)),
        address.get("weaker") == "1",
        number_in(address.get("owner")) if view != View.MINE else None,
    )


def page_context(member: Member, asked: Asked, today: date) -> dict[str, Any]:
    book = work.book_of(member, asked.view, today, asked.owner)
    overnight = work.overnight(member, today, asked.view, book=book)
    renewals = work.renewals(member, today, asked.view, book=book)
    return {
        **queue_context(member, asked, today, book),
        **promises_context(member, today),
        "views": _view_links(member, asked),
        "loads": work.loads(member, today, asked.view) if asked.view != View.MINE else [],
        "chosen": Member.objects.filter(pk=asked.owner).first() if asked.owner else None,
        "overnight": overnight,
        "news": _news(overnight),
        "renewals": renewals,
        "notices": _notices(overnight, renewals, today),
        "renewals_address": _renewals_address(asked, member),
    }


def _view_links(member: Member, asked: Asked) -> list[dict[str, Any]]:
    titles = {View.MINE: _("My accounts"), View.TEAM: _("My team"), View.ALL: _("Everyone")}
    return [
        {"address": f"?view={view.value}", "title": titles[view], "current": view == asked.view}
        for view in work.views_of(member)
    ]


def _renewals_address(asked: Asked, member: Member) -> str:
    owner = member.pk if asked.view == View.MINE else asked.owner
    return "?renewal=90&sort=renewal" + (f"&owner={owner}" if owner else "")


def queue_context(member: Member, asked: Asked, today: date, book: work.Book | None = None) -> dict[str, Any]:
    queue = work.ranked_queue(
        member,
        today,
        view=asked.view,
        limit=asked.shown,
        book=book,
        weaker=asked.weaker,
        owner=asked.owner,
    )
    left = queue.total - queue.shown
    return {
        "weaker": asked.weaker,
        "queue": queue,
        "cards": cards(member, queue, today),
        "view": asked.view.value,
        "view_is_mine": asked.view == View.MINE,
        "query": asked.query,
        "shown": asked.shown,
        "more": min(PORTION, left) if asked.shown < MOST_SHOWN else 0,
        "beyond": left if asked.shown >= MOST_SHOWN else 0,
        "next_shown": min(MOST_SHOWN, asked.shown + PORTION),
        "may_act": work.may_act(member),
        "today": today,
        "stale_days": (today - queue.day).days if queue.day else 0,
        "has_accounts": bool(queue.day or queue.unscored),
        "sees_others": member.scope != Scope.OWN,
        "may_lead": work.may_lead(member),
        "aside": queue.aside,
        "snoozes": [today + timedelta(days=days) for days in (1, 7, 14, 30)],
    }


def promises_context(member: Member, today: date, everything: bool = False) -> dict[str, Any]:
    """The member's promises of the week, with ``everything`` the later ones too; and what others do for them."""
    promises = list(work.my_promises(member, today)[:MOST_TASKS])
    later = work.later_tasks(member, today)
    handed = work.handed_over(member)
    return {
        "promises": promises,
        "promises_overdue": sum(task.due_on < today for task in promises if task.due_on),
        "promises_later": 0 if everything else later.count(),
        "later": list(later[:MOST_TASKS]) if everything else [],
        "handed": list(handed[: MOST_TASKS if everything else FEW]),
        "handed_total": handed.count(),
        "may_act": work.may_act(member),
        "today": today,
    }


def cards(member: Member, queue: Queue, today: date) -> list[Card]:
    """The ranked accounts with everything a card shows, in a fixed number of queries."""
    ids = [item.account_id for item in queue.items]
    states = {
        state.account_id: state
        for state in AccountState.objects.filter(account_id__in=ids)
        .select_related("account", "account__owner")
        .annotate(kept=F("account__relationship__ties"))
        .defer("lines", "changes", "metrics")
    }
    contacts = _by_account(Contact.objects.filter(account_id__in=ids, deleted_at=None, erased_at=None))
    tasks = Task.objects.filter(account_id__in=ids, status=Task.Status.OPEN, due_on__lte=today)
    promises = _by_account(tasks.select_related("assignee"))
    leaving = leaving_accounts(ids, today)
    ties = kept_ties(state.kept for state in states.values())
    beside = badges_beside(ids, today, leaving=leaving)
    company, words = get_company(), reason_words()
    found = []
    for item in queue.items:
        state, people, due = states[item.account_id], contacts[item.account_id], promises[item.account_id]
        own = _own(due, member)
        draft = work.draft(
            item.play, state.account, people, member, company, renewal_on=state.renewal_on,
            reasons=item.reasons, promise=next((task.title for task in (own, *due) if task), ""), ties=ties,
        )  # fmt: skip
        gone = leaving.get(item.account_id)
        why = [_why(item.account_id, reason, words) for reason in item.reasons]
        if gone and why[0].trigger == NOTICE:
            why[0] = replace(why[0], evidence=_notice(gone, state, today))
        contact = next((one for one in people if one.pk == draft.contact_id), None)
        found.append(
            Card(
                item,
                state.account,
                state,
                why[0],
                why[1:],
                draft,
                contact,
                due,
                beside.get(item.account_id, ""),
                own if item.promise_due else None,
            )
        )
    return found


def _notice(leaving: Leaving, state: AccountState, today: date) -> str:
    """When, until when, and how much recurring revenue it is about."""
    said = leaving_words(leaving, today)
    if not state.mrr or not leaving.whole:
        return said
    return (
        f"{said} · MRR {plain_words.money_short(state.mrr, get_company().currency, get_language() or 'ja')}"
    )


def _own(promises: Sequence[Task], member: Member) -> Task | None:
    return next((task for task in promises if task.assignee_id == member.pk), None)


def _by_account(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found


def _why(account_id: int, reason: work.Reason, words: Mapping[str, str]) -> Why:
    routing = reason.routing
    return Why(
        trigger=reason.trigger,
        title=trigger_title(reason.trigger, words),
        evidence=say(reason.evidence),
        on=reason.on or reason.since,
        address=facts_address(account_id, reason.kind, reason.record_id),
        matter=tag_title(routing.tag) if routing else "",
        matter_evidence=say(routing.evidence) if routing else "",
        matter_address=facts_address(account_id, routing.kind, routing.record_id) if routing else "",
    )


def _notices(overnight: Overnight, renewals: Renewals, today: date) -> dict[int, str]:
    """What stands beside the bands at the side."""
    ids = {move.account.pk for move in overnight.moves} | {state.account_id for state in renewals.items}
    return dict(badges_beside(ids, today))


def _news(overnight: Overnight) -> Sequence[News]:
    words = reason_words()
    found = []
    for signal in overnight.signals:
        evidence = say_pair((signal.evidence or [{}])[0])
        found.append(News(signal.account, trigger_title(signal.type, words), evidence, signal.since))
    return found
