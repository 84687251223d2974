"""One correction for many rejected items alike: tried first, then applied to all of them, and kept if wished.

What a correction mends is taken in. What it mends in part stays on the desk as corrected, with what is still wrong.
All else stays as it was.
"""

from __future__ import annotations

import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet
from django_tasks import task

from enishi.accounts.actions import save_records
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_zone
from enishi.accounts.models import Member
from enishi.accounts.versions import lock_versions
from enishi.ingest.about import FILE, MESSAGE, system_of, way_of
from enishi.ingest.corrections import Item, Rule, mend
from enishi.ingest.desk import take_in
from enishi.ingest.files.desk import Errors, judge_rows, keep_corrected
from enishi.ingest.files.reading import fingerprint
from enishi.ingest.items import MAX_DEPTH, is_deeper
from enishi.ingest.models import Correction, Import, Reject
from enishi.ingest.replaying import StillRefused, check_message
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict, EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.store.kinds import KINDS

log = logging.getLogger("enishi.ingest")

TRIED = 5000  # items a trial looks at
AT_ONCE = 100  # so many are applied while the person waits; more in the background
_PORTION = 200
_EXAMPLES = 5
_NET = timedelta(minutes=2)  # what is applied at once and has not ended by then, the worker goes on with
_COUNTS = ("done", "taken", "nearer", "refused", "reasons")
_LOOKED = "correction"  # in an item's context: the last correction that looked at it


@dataclass(frozen=True, slots=True)
class Pile:
    """Items from one source that wait for one reason; with ``place`` (see :func:`places_at_fault`) those in which it
    is at fault, perhaps beside others."""

    kind: str
    source: str
    reason: str
    place: str = ""

    def waiting(self) -> QuerySet[Reject]:
        rows = Reject.objects.filter(kind=self.kind, source=self.source, reason=self.reason)
        return rows.filter(self._at_place(), status=Reject.Status.OPEN).order_by("pk")

    def _at_place(self) -> Q:
        """Rows of files name all their places, with commas between."""
        if not self.place:
            return Q()
        alone = Q(place__in=[self.place, f"$.{self.place}"])
        among = Q(place__startswith=f"{self.place}, ") | Q(place__endswith=f", {self.place}")
        return alone | among | Q(place__contains=f", {self.place}, ")


@dataclass(slots=True)
class Judged:
    """An item as a rule makes it, and what would still be wrong by place (empty: it can be taken). ``reason`` is the
    code of that, for messages."""

    reject: Reject
    before: Item
    after: Item
    errors: Errors = field(default_factory=dict)
    reason: str = ""

    def nearer(self, rule: Rule) -> bool:
        """Whether the rule mended its place, though something else is wrong."""
        return bool(self.errors) and rule.goal not in self.errors


@dataclass(slots=True)
class Trial:
    """What a rule would do.

    Args:
        waiting: items of the pile; looked: those that were tried; touched: those the rule changes.
        taken: items that could be taken in; nearer: mended here, but wrong elsewhere too.
        reasons: what would still be wrong, with how often, the most frequent first.
        examples: some of the touched items, those that could be taken first.
    """

    waiting: int = 0
    looked: int = 0
    touched: int = 0
    taken: int = 0
    nearer: int = 0
    reasons: list[tuple[Text, int]] = field(default_factory=list)
    examples: list[Judged] = field(default_factory=list)


def item_of(reject: Reject) -> Item | None:
    """The item's content where it is an object that can be gone through."""
    try:
        found = json.loads(reject.payload)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not is_deeper(found, 2 * MAX_DEPTH) else None


def places_at_fault(reject: Reject) -> list[str]:
    """The names that are wrong in an item: headings, traits, or paths within a message."""
    if way_of(reject) == FILE:
        return [heading for heading in reject.context.get("fields", {}).values() if heading]
    place = _bare(reject.place)
    return [place] if place else []


def _bare(place: str) -> str:
    """A path within a message without its root."""
    return place.removeprefix("$").removeprefix(".")


def judge(rejects: Iterable[Reject], rule: Rule, now: datetime) -> list[Judged]:
    """The items a rule changes, each with what would still be wrong. Nothing is written."""
    zone = company_zone()
    groups: dict[tuple[str, int], list[Judged]] = defaultdict(list)
    found: list[Judged] = []
    for reject in rejects:
        before = item_of(reject)
        if before is None or (after := mend(before, [rule], zone)) == before:
            continue
        one = Judged(reject, before, after)
        found.append(one)
        groups[way_of(reject), reject.context.get("import", 0)].append(one)
    for (way, number), some in groups.items():
        _JUDGES.get(way, _judge_traits)(number, some, now)
    return found


def _judge_rows(number: int, some: Sequence[Judged], now: datetime) -> None:
    made = Import.objects.get(pk=number)
    errors = judge_rows(made, [(one.reject.position, one.after) for one in some], now)
    for one, wrong in zip(some, errors, strict=True):
        one.errors = wrong


def _judge_messages(number: int, some: Sequence[Judged], now: datetime) -> None:
    for one in some:
        try:
            check_message(one.reject, json.dumps(one.after), now)
        except StillRefused as refused:
            one.errors = {_bare(place): text for place, text in refused.fields.items()}
            one.reason = refused.code


def _judge_traits(number: int, some: Sequence[Judged], now: datetime) -> None:
    kind = KINDS[some[0].reject.kind]
    source = system_of(some[0].reject)
    rows = [one.after for one in some]
    results = save_records(kind, rows, source=source, actor="trial", now=now, dry_run=True)
    for one, result in zip(some, results, strict=True):
        one.errors = result.errors


_JUDGES = {FILE: _judge_rows, MESSAGE: _judge_messages}


def try_rule(pile: Pile, rule: Rule, now: datetime) -> Trial:
    """What a rule would do to the items that wait."""
    rejects = list(pile.waiting()[:TRIED])
    judged = judge(rejects, rule, now)
    trial = Trial(pile.waiting().count(), len(rejects), len(judged))
    trial.taken = sum(not one.errors for one in judged)
    trial.nearer = sum(one.nearer(rule) for one in judged)
    reasons = Counter(text for one in judged for text in one.errors.values())
    trial.reasons = reasons.most_common(_EXAMPLES)
    trial.examples = sorted(judged, key=lambda one: bool(one.errors))[:_EXAMPLES]
    return trial


def start(
    home: Home, pile: Pile, rule: Rule, *, keep: bool, actor: Member | str, now: datetime
) -> Correction:
    """Apply a rule to all that waits: at once where it is little, else by the worker, who also goes on with what was
    cut off."""
    with transaction.atomic():
        total = pile.waiting().count()
        made = Correction.objects.create(
            kind=pile.kind,
            source=pile.source,
            reason=pile.reason,
            place=pile.place,
            fingerprint=_fingerprint(pile),
            rule=rule.as_json(),
            kept=keep,
            total=total,
            made_by=actor.email if isinstance(actor, Member) else actor,
            made_at=now,
        )
        detail = {"act": rule.act, "place": rule.place, "items": total, "kept": keep}
        write_audit(actor, "rejects_mended", made, detail=detail)
        _enqueue(made, total, now)
    if total <= AT_ONCE:
        _run_or_fail(home, made, now)
    return made


def start_again(home: Home, made: Correction, *, actor: Member | str, now: datetime) -> None:
    """Go on with a correction that failed: with what waits and was not looked at before.

    Raises:
        Conflict: it has not failed, or was started again already.
    """
    with transaction.atomic():
        rows = Correction.objects.filter(pk=made.pk, status=Correction.Status.FAILED)
        waiting = Correction.Status.WAITING
        if not rows.update(status=waiting, failure="", failed_item=None, finished_at=None):
            raise Conflict(
                "correction_not_failed",
                Text("This correction has been started already.", "この修正はすでに開始されています。"),
            )
        left = pile_of(made).waiting().count()
        write_audit(actor, "correction_started_again", made, detail={"items": left})
        _enqueue(made, left, now)
    made.refresh_from_db()
    if left <= AT_ONCE:
        _run_or_fail(home, made, now)


def _enqueue(made: Correction, items: int, now: datetime) -> None:
    """Hand it to the worker; where it is applied at once, only as the net below."""
    job = mend_job if items > AT_ONCE else mend_job.using(run_after=now + _NET)
    job.enqueue(made.pk)


def _fingerprint(pile: Pile) -> str:
    """Of the headings of the file the items came in; empty for messages."""
    newest = pile.waiting().last()
    number = newest.context.get("import") if newest else None
    made = Import.objects.filter(pk=number).first() if number else None
    return fingerprint(made.headings) if made else ""


def pile_of(made: Correction) -> Pile:
    """What a correction is for."""
    return Pile(made.kind, made.source, made.reason, made.place)


@task()
def mend_job(number: int) -> None:
    """The worker's part. Called again after a crash, it goes on with what still waits."""
    made = Correction.objects.filter(pk=number, status=Correction.Status.WAITING).first()
    if made is not None and (error := _run_or_fail(Home.from_environment(), made, system_clock())):
        raise error


def _run_or_fail(home: Home, made: Correction, now: datetime) -> Exception | None:
    """Apply a correction; what stops it is noted with it and given. It can then be started again."""
    try:
        run(home, made, now)
    except Exception as error:
        log.exception("correction %s stopped", made.pk)
        item = error.item if isinstance(error, _Stopped) else None
        cause = error.__cause__ if isinstance(error, _Stopped) else error
        Correction.objects.filter(pk=made.pk, status=Correction.Status.WAITING).update(
            status=Correction.Status.FAILED, failure=type(cause).__name__, failed_item=item, finished_at=now
        )
        made.refresh_from_db()
        return error
    return None


class _Stopped(Exception):
    """Something nobody foresaw, at an item."""

    def __init__(self, item: int) -> None:
        super().__init__(f"at rejected item {item}")
        self.item = item


def run(home: Home, made: Correction, now: datetime) -> None:
    """Apply a correction to everything that waits for its reason and was not looked at by it; ends early where an
    erasure has emptied it."""
    for portion in _portions(pile_of(made).waiting()):
        made.refresh_from_db()
        if not made.rule:
            break
        rule = Rule.from_json(made.rule)
        judged = {one.reject.pk: one for one in judge(portion, rule, now)}
        for reject in portion:
            try:
                _apply(home, made, reject, judged.get(reject.pk), now)
            except Exception as error:
                raise _Stopped(reject.pk) from error
    Correction.objects.filter(pk=made.pk).update(status=Correction.Status.DONE, finished_at=now)
    made.refresh_from_db()


def _portions(rows: QuerySet[Reject]) -> Iterator[list[Reject]]:
    """By number, because what is taken in leaves the list."""
    numbers = iter(list(rows.values_list("pk", flat=True)))
    while part := list(islice(numbers, _PORTION)):
        yield list(Reject.objects.filter(pk__in=part, status=Reject.Status.OPEN).order_by("pk"))


def _apply(home: Home, made: Correction, reject: Reject, one: Judged | None, now: datetime) -> None:
    """Settle one item and count it, in one step, however often and by how many this is run; what somebody closed,
    changed or erased since it was judged is left alone."""
    with transaction.atomic():
        lock_versions()
        fresh = Correction.objects.select_for_update().get(pk=made.pk)
        found = Reject.objects.select_for_update().filter(pk=reject.pk, status=Reject.Status.OPEN)
        row = found.filter(payload=reject.payload).first()
        if row is None or not fresh.rule or row.context.get(_LOOKED) == fresh.pk:
            return
        row.context = {**row.context, _LOOKED: fresh.pk}
        row.save(update_fields=["context"])
        if one is not None:
            one.reject = row
        _settle(home, fresh, one, now)
        fresh.done += 1
        fresh.save(update_fields=_COUNTS)


def _settle(home: Home, made: Correction, one: Judged | None, now: datetime) -> None:
    """Take an item in, or leave it with what is still wrong; count which."""
    if one is None:
        made.refused += 1
        return
    errors = one.errors or _take(home, made, one, now)
    if not errors:
        made.taken += 1
        return
    if one.nearer(Rule.from_json(made.rule)):
        _keep_nearer(one)
        made.nearer += 1
    else:
        made.refused += 1
    _count(made, errors)


def _take(home: Home, made: Correction, one: Judged, now: datetime) -> Errors:
    """Take an item in as corrected; why it was not taken after all, if so."""
    payload = json.dumps(one.after, ensure_ascii=False)
    try:
        take_in(home, one.reject, payload, actor=made.made_by, now=now)
    except EnishiError as error:
        return error.fields or {"": error.message}
    return {}


def _count(made: Correction, errors: Errors) -> None:
    """Note why an item was not taken, in both languages, for the most frequent reasons."""
    for text in errors.values():
        told = json.dumps([text.en, text.ja], ensure_ascii=False)
        if told in made.reasons or len(made.reasons) < 20:
            made.reasons[told] = made.reasons.get(told, 0) + 1


def _keep_nearer(one: Judged) -> None:
    """The item stays, corrected in part, with what is still wrong."""
    reject, number = one.reject, one.reject.context.get("import")
    if number:
        keep_corrected(Import.objects.get(pk=number), reject, one.after, one.errors)
        return
    place, text = next(iter(one.errors.items()))
    reject.payload = json.dumps(one.after, ensure_ascii=False)
    reject.place = f"$.{place}"[:200] if way_of(reject) == MESSAGE else place[:200]
    reject.reason = one.reason or reject.reason
    reject.message_en, reject.message_ja = text.en, text.ja
    reject.save(update_fields=["payload", "place", "reason", "message_en", "message_ja"])


def forget(made: Correction, *, actor: Member | str) -> None:
    """What comes later is no longer corrected by it."""
    with transaction.atomic():
        made.kept = False
        made.save(update_fields=["kept"])
        write_audit(actor, "correction_forgotten", made, detail={"place": made.place})
