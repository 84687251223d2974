"""Lines of the audit log, narrowed by who, what, which account and when, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language

from enishi.accounts.audit import COMMAND_LINE, SYSTEM
from enishi.accounts.models import AuditLine, Member
from enishi.accounts.search import named
from enishi.kit.clock import end_of_day
from enishi.web import words
from enishi.web.actors import API, BY_COMMAND, BY_ITSELF, WRITE_KEY
from enishi.web.asking import day_in, number_in
from enishi.web.pages.audit.details import Fact, Reader, imported_files, raw_record
from enishi.web.pages.audit.words import ACTS, verb_words, verbs_of

ANY_API, ANY_KEY = "api", "key"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the log is narrowed to; days are the company's, both ends included."""

    actor: str = ""
    kind: str = ""
    verb: str = ""
    account: str = ""
    since: date | None = None
    until: date | None = None


def read_filters(asked: QueryDict) -> Filters:
    return Filters(
        asked.get("actor", "").strip(),
        asked.get("kind", "").strip(),
        asked.get("verb", "").strip(),
        asked.get("account", "").strip(),
        day_in(asked.get("since")),
        day_in(asked.get("until")),
    )


def list_lines(filters: Filters, zone: ZoneInfo) -> QuerySet[AuditLine]:
    """The lines, newest first."""
    lines = AuditLine.objects.select_related("account", "member").order_by("-at", "-id")
    if filters.actor:
        lines = lines.filter(_by(filters.actor))
    if filters.kind:
        lines = lines.filter(verb__in=verbs_of(filters.kind))
    if filters.verb:
        lines = lines.filter(verb=filters.verb)
    if filters.account:
        lines = lines.filter(named(filters.account, "account__") | Q(target_label__icontains=filters.account))
    if filters.since:
        start = datetime.combine(filters.since, datetime.min.time(), zone).astimezone(UTC)
        lines = lines.filter(at__gte=start)
    if filters.until:
        lines = lines.filter(at__lt=end_of_day(filters.until, zone))
    return lines


def _by(actor: str) -> Q:
    """Lines of one who acts: a member's number, Enishi itself, any API key, or part of an address or key's name."""
    if (number := number_in(actor)) is not None:
        mail = Member.objects.filter(pk=number).values_list("email", flat=True).first()
        files = imported_files().filter(made_by__iexact=mail or "?").values_list("name", flat=True)
        by_files = Q(actor__in=[WRITE_KEY + name for name in files])
        return Q(member_id=number) | Q(member=None, actor__iexact=mail or "?") | by_files
    if actor in (SYSTEM, COMMAND_LINE):
        return Q(actor=actor)
    prefix = {ANY_API: API, ANY_KEY: WRITE_KEY}.get(actor)
    return Q(actor__startswith=prefix) if prefix else Q(actor__icontains=actor)


def actor_choices(reader: Reader) -> list[tuple[str, str]]:
    """Who may be chosen: every member by name, then what is no person."""
    members = sorted(Member.objects.all(), key=lambda one: (one.name_kana, words.person(one)))
    programs = [
        (SYSTEM, reader.say(BY_ITSELF)),
        (COMMAND_LINE, reader.say(BY_COMMAND)),
        (ANY_API, reader.say("API keys", "APIキー")),
        (ANY_KEY, reader.say("Write keys", "書き込みキー")),
    ]
    return [*((str(one.pk), words.person(one)) for one in members), *programs]


def kind_choices(reader: Reader) -> list[tuple[str, str]]:
    return [(acts.id, reader.say(acts.title)) for acts in ACTS]


def verb_choices(kind: str) -> list[tuple[str, str]]:
    """The verbs that stand in the log, of one kind of act where one is chosen."""
    titles = verb_words()
    known = set(AuditLine.objects.order_by().values_list("verb", flat=True).distinct())
    if kind:
        known &= set(verbs_of(kind))
    return sorted(((verb, titles.get(verb, verb)) for verb in known), key=lambda pair: pair[1])


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the page and the file show it."""

    line: AuditLine
    who: str
    verb: str
    target: str
    facts: list[Fact]

    @property
    def raw(self) -> str:
        return raw_record(self.line)

    @property
    def cells(self) -> list[str]:
        """One row of the file; the last cell is the detail as it is kept."""
        line = self.line
        customer = line.account.name if line.account else ""
        details = " / ".join(map(str, self.facts))
        at = timezone.localtime(line.at).isoformat(timespec="seconds")
        return [
            at,
            self.who,
            line.actor,
            self.verb,
            self.target,
            customer,
            details,
            line.address or "",
            self.raw,
        ]


def reader_now() -> Reader:
    """The reader of this request."""
    return Reader("ja" if (get_language() or "ja").startswith("ja") else "en")


def say_lines(lines: Iterable[AuditLine], reader: Reader) -> Iterator[Row]:
    """Every line in the reader's words."""
    titles = verb_words()
    for line in lines:
        yield Row(
            line,
            reader.actor(line),
            titles.get(line.verb, line.verb),
            reader.target(line),
            reader.facts(line),
        )
