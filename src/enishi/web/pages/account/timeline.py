"""Everything that happened with an account, newest first, from all the places it is kept in.

Each source gives its newest entries before a cursor; they are merged and cut. The cursor is the instant of the
last entry shown, with its key, so that a page neither repeats nor skips entries of the same instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Q
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.audit import SYSTEM
from enishi.accounts.company import company_day, company_zone
from enishi.accounts.models import Account, AuditLine, Record
from enishi.definitions.api import get_names, product_title
from enishi.kit.clock import end_of_day
from enishi.kit.text import plain_number
from enishi.signals.models import HealthScore, Signal
from enishi.signals.stages import CHURNED
from enishi.store.kinds import KINDS
from enishi.web import words as written
from enishi.web.asking import number_in
from enishi.web.badges import band_word
from enishi.web.pages.account.known import Known, contacts_on, known_now, records_of
from enishi.web.pages.account.words import say, say_pair, trigger_title
from enishi.web.pages.audit.words import verb_words
from enishi.web.pages.texts.beside import text_of
from enishi.web.words import person
from enishi.work.api import Note, PastNote, Task, notes_on

PORTION = 40
MOST_SIGNALS = 1_000
AHEAD = timedelta(days=3660)  # what is dated in the future stands at the top
RECORD_KINDS = (
    "interaction", "ticket", "subscription", "invoice", "incident", "survey_answer", "order", "training", "news",
)  # fmt: skip
OWN_KINDS = ("note", "task", "signal", "band", "audit")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    kind: str
    key: str
    title: str
    text: str = ""
    who: str = ""
    tone: str = ""
    band: str = ""
    anchor: str = ""
    dated: bool = False  # only the day is known
    link: str = ""  # the source on the web
    worded: str = ""  # what somebody wrote, whole, where its tone and topic may be read

    @property
    def order(self) -> tuple[datetime, str, int]:
        return (self.at, *_parts(self.key))


def _parts(key: str) -> tuple[str, int]:
    """A key's source and number: ``record-12`` is ("record", 12)."""
    source, _dash, number = key.rpartition("-")
    return source, number_in(number) or 0


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for: before a cursor, known by the end of a day. ``cursor`` is the last entry shown."""

    account: Account
    before: datetime
    cursor: tuple[datetime, str, int] | None
    zone: ZoneInfo
    words: Mapping[str, str]
    day: date | None = None
    limit: int = PORTION + 1

    def older(self, source: str, field: str) -> Q:
        """The rows of a source that come after the cursor, so that a limit never cuts within one instant."""
        within = Q(**{f"{field}__lt": self.before})
        if self.cursor is None:
            return within
        at, shown, number = self.cursor
        earlier, same = Q(**{f"{field}__lt": at}), Q(**{field: at})
        if source == shown:
            return within & (earlier | (same & Q(pk__lt=number)))
        return within & (earlier | same if source < shown else earlier)


@dataclass(frozen=True, slots=True)
class Timeline:
    entries: list[Entry]
    next_cursor: str


def timeline(
    account: Account,
    kinds: Sequence[str],
    words: Mapping[str, str],
    *,
    cursor: str = "",
    as_of: date | None = None,
    now: datetime,
) -> Timeline:
    """A page of the timeline, of the kinds asked for (all where none is)."""
    zone = company_zone()
    after = _read_cursor(cursor)
    end = end_of_day(as_of, zone) if as_of else now + AHEAD
    before = min(after[0] + timedelta(microseconds=1), end) if after else end
    span = Span(account, before, after, zone, words, as_of)
    wanted = set(kinds) or {*RECORD_KINDS, *OWN_KINDS} - {"audit"}
    found: list[Entry] = []
    for name, source in SOURCES.items():
        if name in wanted:
            found += source(span)
    if records := [kind for kind in RECORD_KINDS if kind in wanted]:
        found += _records(span, records)
    if after:
        found = [entry for entry in found if entry.order < after]
    found.sort(key=lambda entry: entry.order, reverse=True)
    shown = found[:PORTION]
    return Timeline(shown, _cursor(shown[-1]) if len(found) > PORTION else "")


def _cursor(entry: Entry) -> str:
    return f"{entry.at.timestamp():.6f}_{entry.key}"


def _read_cursor(text: str) -> tuple[datetime, str, int] | None:
    stamp, _line, key = text.partition("_")
    try:
        return (datetime.fromtimestamp(float(stamp), UTC), *_parts(key))
    except (ValueError, OverflowError, OSError):
        return None


def _records(span: Span, kinds: Sequence[str]) -> Iterator[Entry]:
    found = _known(span, kinds)
    people = contacts_on((known.contact_id for known in found), span.day)
    for known in found:
        title, text, tone = DESCRIBE[known.kind](known.data)
        yield Entry(
            at=known.happened_at,
            kind=known.kind,
            key=f"record-{known.pk}",
            title=title or KINDS[known.kind].title.in_language(_language()),
            text=text,
            who=_name(people.get(known.contact_id or 0)),
            tone=tone,
            anchor=f"record-{known.pk}",
            dated=_is_dated(known.kind),
            link=known.link,
            worded=text_of(known.kind, known.data),
        )


def _known(span: Span, kinds: Sequence[str]) -> list[Known]:
    if span.day is not None:
        return [one for one in records_of(span.account, span.day, *kinds) if one.happened_at < span.before]
    hit = Q(account=span.account) | Q(account=None, kind="incident")
    rows = Record.objects.filter(hit, span.older("record", "happened_at"), kind__in=kinds, deleted_at=None)
    return [known_now(row) for row in rows.order_by("-happened_at", "-pk")[: span.limit]]


def _is_dated(kind: str) -> bool:
    declared = KINDS[kind]
    return declared.field(declared.happened).type == "date"


def _language() -> str:
    return get_language() or "ja"


def _choice(kind: str, name: str, value: Any) -> str:
    titles = dict(KINDS[kind].field(name).choices)
    return titles[value].in_language(_language()) if value in titles else ""


def _join(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part not in (None, ""))


Described = tuple[str, str, str]


def _interaction(data: Mapping[str, Any]) -> Described:
    minutes = _("%(n)s min") % {"n": data["minutes"]} if data.get("minutes") else ""
    answered = _("two-way") if data.get("two_way") else _("no answer")
    title = _join(_choice("interaction", "type", data.get("type")), data.get("subject"))
    return title, _join(answered, minutes, data.get("body")), "good" if data.get("two_way") else ""


def _ticket(data: Mapping[str, Any]) -> Described:
    status = pgettext("ticket", "resolved") if data.get("resolved_at") else pgettext("ticket", "open")
    severity = _choice("ticket", "severity", data.get("severity"))
    tone = "danger" if data.get("severity") in ("high", "urgent") and not data.get("resolved_at") else ""
    return str(data.get("subject") or ""), _join(severity, status, _category(data.get("category"))), tone


def _category(value: Any) -> str:
    """The support desk's own word; the common ones in the reader's language."""
    common = {
        "howto": pgettext("ticket", "how to use"),
        "bug": pgettext("ticket", "defect"),
        "billing": pgettext("ticket", "billing"),
        "feature": pgettext("ticket", "feature request"),
        "outage": pgettext("ticket", "outage"),
        "performance": pgettext("ticket", "speed"),
        "account": pgettext("ticket", "sign-in and rights"),
        "price": pgettext("ticket", "price"),
        "thanks": pgettext("ticket", "thanks"),
        "leaving": pgettext("ticket", "leaving"),
    }
    return common.get(str(value or "").lower(), str(value or ""))


def _subscription(data: Mapping[str, Any]) -> Described:
    ended = data.get("ended_on")
    title = _join(_product(data.get("product")), data.get("plan"))
    seats = _("%(n)s seats") % {"n": data["seats"]} if data.get("seats") else ""
    text = _join(
        _amount(data),
        seats,
        _("ended %(day)s") % {"day": _day(ended)} if ended else "",
        data.get("end_reason"),
    )
    return title, text, "danger" if ended else ""


def _product(value: Any) -> str:
    return say(product_title(get_names(), str(value))) if value else ""


def _amount(data: Mapping[str, Any]) -> str:
    amount = data.get("amount")
    if amount is None:
        return ""
    exact = Decimal(str(amount))
    shown = f"{exact:,.0f}" if exact == exact.to_integral_value() else f"{exact:,f}"
    currency = data.get("currency") or ""
    if currency == "JPY":
        return f"{shown}円" if _language().startswith("ja") else f"¥{shown}"
    return f"{shown} {currency}".strip()


def _invoice(data: Mapping[str, Any]) -> Described:
    paid = data.get("paid_on") or data.get("paid")
    due = _("due %(day)s") % {"day": _day(data["due_on"])} if data.get("due_on") else ""
    return (
        _("Invoice"),
        _join(_amount(data), due, pgettext("invoice", "paid") if paid else pgettext("invoice", "not paid")),
        "" if paid else "caution",
    )


def _incident(data: Mapping[str, Any]) -> Described:
    minutes = _("%(n)s min") % {"n": data["minutes"]} if data.get("minutes") else ""
    return (
        str(data.get("title") or ""),
        _join(minutes, _choice("incident", "severity", data.get("severity"))),
        "danger",
    )


def _survey(data: Mapping[str, Any]) -> Described:
    score = data.get("score")
    shown = plain_number(score) if isinstance(score, int | float) else str(score or "")
    measure = _choice("survey_answer", "measure", data.get("measure"))
    tone = "danger" if data.get("measure") == "nps" and isinstance(score, int | float) and score <= 6 else ""
    survey = data.get("survey")
    named = "" if str(survey or "").casefold() == measure.casefold() else survey
    return _join(named, f"{measure} {shown}".strip()), str(data.get("comment") or ""), tone


def _order(data: Mapping[str, Any]) -> Described:
    quantity = data.get("quantity")
    amount = _join(f"×{plain_number(quantity)}" if quantity else "", _amount(data))
    return _product(data.get("product")), amount, ""


def _training(data: Mapping[str, Any]) -> Described:
    score = data.get("score")
    said = "" if score is None else _("score %(score)s") % {"score": plain_number(score)}
    return str(data.get("course") or ""), said, "good"


def _news(data: Mapping[str, Any]) -> Described:
    told = data.get("type")
    tone = "caution" if told in ("person_left", "layoffs", "merger") else ""
    return str(data.get("headline") or ""), _choice("news", "type", told), tone


DESCRIBE: dict[str, Callable[[Mapping[str, Any]], Described]] = {
    "interaction": _interaction,
    "ticket": _ticket,
    "subscription": _subscription,
    "invoice": _invoice,
    "incident": _incident,
    "survey_answer": _survey,
    "order": _order,
    "training": _training,
    "news": _news,
}


def _noon(day: date, span: Span) -> datetime:
    return datetime.combine(day, time(12), span.zone)


def _notes(span: Span) -> Iterator[Entry]:
    for note in _newest_notes(span):
        body = note.body
        if body is None and isinstance(note, PastNote):
            body = lost_wording(note)
        yield Entry(
            note.made_at,
            "note",
            f"note-{note.pk}",
            pgettext("timeline", "Note"),
            body or "",
            _name(note.author),
            anchor=f"note-{note.pk}",
            worded=(note.body or "").strip(),
        )


def _newest_notes(span: Span) -> Iterable[Note | PastNote]:
    if span.day is not None:
        return [note for note in notes_on(span.account, span.day) if note.made_at < span.before]
    notes = Note.objects.filter(span.older("note", "made_at"), account=span.account, deleted_at=None)
    return notes.select_related("author").order_by("-made_at", "-pk")[: span.limit]


def lost_wording(note: PastNote) -> str:
    """What is said in the place of a text that was changed since, before Enishi kept earlier wordings."""
    changed = _day(company_day(note.changed_on)) if note.changed_on else ""
    return _("This note was changed on %(day)s; how it was worded before is not on record.") % {
        "day": changed
    }


def _tasks(span: Span) -> Iterator[Entry]:
    tasks = Task.objects.filter(account=span.account).select_related("assignee")
    for task in tasks.filter(span.older("task", "made_at")).order_by("-made_at", "-pk")[: span.limit]:
        due = _("due %(day)s") % {"day": _day(task.due_on)} if task.due_on else ""
        yield Entry(
            task.made_at,
            "task",
            f"task-{task.pk}",
            task.title,
            _join(_("task made"), due),
            _name(task.assignee),
        )
    closed = tasks.filter(span.older("task-closed", "closed_at")).order_by("-closed_at", "-pk")
    for task in closed[: span.limit]:
        done = task.status == Task.Status.DONE
        text = _("task done") if done else _("task dropped")
        yield Entry(
            task.closed_at or task.made_at, "task", f"task-closed-{task.pk}", task.title, text,
            _name(task.assignee), "good" if done else "",
        )  # fmt: skip


def _name(member: Any) -> str:
    return person(member) if member else ""


def _signals(span: Span) -> Iterator[Entry]:
    signals = Signal.objects.filter(account=span.account, since__lte=span.before.astimezone(span.zone).date())
    judged_last = _judged_last(span.account)
    for signal in signals.order_by("-since", "-pk")[:MOST_SIGNALS]:
        at = _noon(signal.since, span)
        if at < span.before:
            evidence = _opened_with(signal, span.day)
            title = trigger_title(signal.type, span.words)
            yield Entry(at, "signal", f"signal-{signal.pk}", title, evidence, tone="danger", dated=True)
        ended = signal.until and (span.day is None or signal.until <= span.day)
        if signal.until and ended and _noon(signal.until, span) < span.before:
            left = judged_last is not None and signal.until > judged_last
            yield Entry(
                _noon(signal.until, span), "signal", f"signal-ended-{signal.pk}", trigger_title(signal.type, span.words),
                _("ended as the customer left") if left else _("ended"), tone="" if left else "good", dated=True,
            )  # fmt: skip


def _judged_last(account: Account) -> date | None:
    """The last day of a former customer's scores: what stood then has not got better; None for customers of today."""
    state = getattr(account, "state", None)
    if state is None or state.stage != CHURNED:
        return None
    return HealthScore.objects.filter(account=account, own=True).aggregate(last=Max("day"))["last"]


def _opened_with(signal: Signal, day: date | None) -> str:
    """What a signal was opened on. Where that was not kept, the last that was seen of it, with the day; nothing where
    that is later than a past day."""
    if signal.opening:
        return say_pair(signal.opening[0])
    seen = company_day(signal.seen_at)
    if not signal.evidence or (day is not None and seen > day):
        return ""
    text = say_pair(signal.evidence[0])
    if seen <= signal.since:
        return text
    return _("%(text)s (as of %(day)s)") % {"text": text, "day": _day(seen)}


def _bands(span: Span) -> Iterator[Entry]:
    """Days on which the band became another; read from the newest, some portions deep."""
    scores = HealthScore.objects.filter(
        account=span.account, own=True, day__lte=span.before.astimezone(span.zone).date()
    )
    rows = scores.order_by("scorecard", "day").values_list("scorecard", "day", "band", "tenths", "pk")
    for after, before in _turns(rows):
        at = _noon(after[1], span)
        if at < span.before:
            words = {"before": band_word(before[2]), "after": band_word(after[2])}
            yield Entry(
                at, "band", f"band-{after[4]}", _("%(before)s → %(after)s") % words,
                f"{after[3] / 10:.1f}" if after[3] is not None else "", band=after[2], dated=True,
            )  # fmt: skip


def _turns(rows: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    before = None
    for row in rows:
        if before and before[0] == row[0] and before[2] != row[2]:
            yield row, before
        before = row


def _stated(name: str, value: Any) -> str:
    """A detail of an audit line in words; empty where it says nothing to a reader."""
    titles = {
        "until": pgettext("audit", "until"),
        "reason": pgettext("audit", "reason"),
        "band": pgettext("audit", "band"),
        "stage": pgettext("audit", "stage"),
        "tier": pgettext("audit", "tier"),
        "owner": pgettext("audit", "owner"),
        "due_on": pgettext("audit", "due"),
        "expires_on": pgettext("audit", "until"),
        "title": pgettext("audit", "task"),
        "value": pgettext("audit", "value"),
        "format": pgettext("audit", "format"),
        "source": pgettext("audit", "source"),
    }
    if name not in titles or value in (None, ""):
        return ""
    if isinstance(value, list) and len(value) == 2:
        return f"{titles[name]}: {_plain(name, value[0])} → {_plain(name, value[1])}"
    return "" if isinstance(value, dict | list) else f"{titles[name]}: {_plain(name, value)}"


def _plain(name: str, value: Any) -> str:
    if name == "band":
        return band_word(str(value))
    return _day(value) or str(value or "–")


def _day(value: Any) -> str:
    """A stated day as the reader writes days; empty where it is none."""
    try:
        return written.day(date.fromisoformat(str(value)[:10]), _language())
    except ValueError:
        return ""


def _audit(span: Span) -> Iterator[Entry]:
    lines = AuditLine.objects.filter(span.older("audit", "at"), account=span.account).select_related("member")
    words = verb_words()
    for line in lines.order_by("-at", "-pk")[: span.limit]:
        detail = _join(*(_stated(key, value) for key, value in line.detail.items()))
        who = _name(line.member) if line.member else _actor(line.actor)
        title = words.get(line.verb, line.verb.replace("_", " "))
        yield Entry(line.at, "audit", f"audit-{line.pk}", title, detail, who)


def _actor(actor: str) -> str:
    return pgettext("audit", "Enishi itself") if actor == SYSTEM else actor


SOURCES: dict[str, Callable[[Span], Iterable[Entry]]] = {
    "note": _notes,
    "task": _tasks,
    "signal": _signals,
    "band": _bands,
    "audit": _audit,
}
