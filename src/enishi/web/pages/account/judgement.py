"""What is thought of an account, now or on a past day: score, drivers, changes, causes, alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q

from enishi.accounts.company import company_day, company_zone
from enishi.accounts.models import Account
from enishi.definitions.api import parse_body
from enishi.kit.clock import end_of_day
from enishi.kit.errors import NotFound
from enishi.signals.api import (
    Limit,
    Provenance,
    explain,
    limit_of,
    lines_of,
    margin_of,
    provenance_of,
    rules_stamp,
    scorecard_in_force,
    stored_week_ago,
    week_text,
)
from enishi.signals.models import AccountState, HealthScore, Override, Signal
from enishi.signals.stages import CHURNED
from enishi.web.pages.account.links import facts_address
from enishi.web.pages.account.words import say, say_origin, say_pair, stage_title, trigger_title

WEEK, MONTH = 7, 28
KEPT_SECONDS = 600
LEADING = re.compile(r"^[\s::]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One driver: what it is, its points, how much it counts, and what it adds to the score."""

    measure: str
    group: str
    title: str
    text: str
    points: float | None
    weight: float
    tenths: int
    status: str
    address: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one driver added to the change of the score."""

    title: str
    tenths: int
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """The change since an earlier day. ``lines`` add up to ``tenths``; empty where either score is unknown."""

    since: date
    tenths: int | None
    before: int | None
    lines: list[Change]
    note: str = ""  # where the score kept then is another than the one compared with


@dataclass(frozen=True, slots=True)
class Evidence:
    text: str
    on: date | None
    address: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of churn or an alert with its evidence."""

    name: str
    title: str
    strength: int
    tag: str
    since: date | None
    evidence: list[Evidence]


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything thought of an account on a day."""

    day: date | None
    tenths: int | None
    band: str
    computed_tenths: int | None
    computed_band: str
    coverage: float
    trend: str
    lines: list[Line]
    week: Changes | None
    month: Changes | None
    causes: list[Cause]
    alerts: list[Cause]
    override: Override | None
    scorecard: str
    limit: tuple[str, str] = ("", "")  # what keeps the score away or down, and what to do about it
    margin: str = ""  # why the computed band is not the one its limits give
    origin: str = ""  # when and by which version, where the score was not made on its own day
    former: bool = False  # a customer no longer: the record stays, nothing is judged
    open: bool = False  # of a past day: still to be worked out by :func:`recomputed`

    @property
    def total(self) -> int:
        """The sum of the lines: the computed score to the tenth."""
        return sum(line.tenths for line in self.lines)

    @property
    def counting(self) -> list[Line]:
        """The lines that make up the score."""
        return [line for line in self.lines if line.weight or line.tenths]

    @property
    def silent(self) -> list[Line]:
        """The lines that add nothing: without data, out of date, or only watched."""
        return [line for line in self.lines if not (line.weight or line.tenths)]


def judged(account: Account, as_of: date | None, today: date, words: Mapping[str, str]) -> Judged:
    """What is thought now, or what was thought at the end of ``as_of``."""
    state = AccountState.objects.filter(account=account).first()
    if as_of is None:
        return _now(account, state, today, words) if state else _nothing()
    return _then(account, as_of, words)


def _nothing() -> Judged:
    return Judged(None, None, "unknown", None, "unknown", 0.0, "", [], None, None, [], [], None, "")


def _now(account: Account, state: AccountState, today: date, words: Mapping[str, str]) -> Judged:
    scores = HealthScore.objects.filter(account=account, scorecard=state.scorecard, own=True)
    now = scores.filter(day__lte=state.day).order_by("-day").first()
    lines = state.lines
    return Judged(
        day=state.day,
        tenths=state.tenths,
        band=state.band,
        computed_tenths=state.computed_tenths,
        computed_band=state.computed_band,
        coverage=state.coverage,
        trend=state.trend,
        lines=read_lines(account.pk, lines),
        week=_week(state),
        month=changes_since(scores, now, MONTH),
        causes=[_cause(account.pk, "cause", item, words) for item in state.causes],
        alerts=[_cause(account.pk, "alert", item, words) for item in state.alerts],
        override=open_override(account, today),
        scorecard=state.scorecard,
        limit=_limit(limit_of(state.scorecard, state.tenths, state.coverage, lines)),
        margin=_margin(state.scorecard, state.computed_tenths, state.computed_band),
        former=state.stage == CHURNED,
    )


def _margin(scorecard: str, tenths: int | None, band: str) -> str:
    """By the scorecard in force; nothing where a version before it had other limits."""
    return say(margin_of(scorecard_in_force(scorecard).bands, tenths, band)) if scorecard else ""


def _limit(found: Limit | None) -> tuple[str, str]:
    return (say(found.text), say(found.hint)) if found else ("", "")


def _then(account: Account, day: date, words: Mapping[str, str]) -> Judged:
    """By the score kept that day; ``open`` where there is none, or none of its lines: working them out takes seconds."""
    own = HealthScore.objects.filter(account=account, own=True)
    score = own.filter(day=day).select_related("version").first()
    if score is None:
        return replace(_nothing(), day=day, open=True)
    scores = own.filter(scorecard=score.scorecard)  # scores of two scorecards are not compared line by line
    override = open_override(account, day)
    lines = kept_lines(score)
    return Judged(
        day=score.day,
        tenths=score.tenths,
        band=override.band if override else score.band,
        computed_tenths=score.tenths,
        computed_band=score.band,
        coverage=score.coverage,
        trend="",
        lines=read_lines(account.pk, lines, as_of=day.isoformat()),
        week=changes_since(scores, score, WEEK),
        month=changes_since(scores, score, MONTH),
        causes=[],
        alerts=[],
        override=override,
        scorecard=score.scorecard,
        margin=say(margin_of(parse_body("scorecard", score.version.body).bands, score.tenths, score.band)),
        origin=say_origin(provenance_of(score)),
        open=score.tenths is not None and not lines,
    )


def kept_lines(score: HealthScore) -> Sequence[Mapping[str, Any]]:
    """The driver lines kept with a score; none where only the score was (computing them anew takes seconds)."""
    return lines_of(score) if score.lines else []


def open_override(account: Account, day: date) -> Override | None:
    """The override in force on a day."""
    limit = end_of_day(day, company_zone())
    return (
        Override.objects.filter(account=account, made_at__lt=limit, expires_on__gte=day)
        .filter(Q(ended_at=None) | Q(ended_at__gte=limit))
        .select_related("member")
        .first()
    )


def read_lines(account_id: int, lines: Sequence[Mapping[str, Any]], as_of: str = "") -> list[Line]:
    """Stored driver lines in the reader's language, each with the way to its facts, largest share first."""
    read = [
        Line(
            measure=line["measure"],
            group=line.get("group") or "",
            title=_side(line, "title"),
            text=_without(_side(line, "title"), _side(line, "text")),
            points=line.get("points"),
            weight=line.get("weight") or 0.0,
            tenths=line["tenths"],
            status=line.get("status") or "ok",
            address=facts_address(account_id, line.get("href_kind") or "", as_of=as_of),
        )
        for line in lines
    ]
    return sorted(read, key=lambda line: (line.status == "observed", line.tenths < 0, -line.weight))


def _without(title: str, text: str) -> str:
    """What a line says, without repeating its title, which stands beside it."""
    return LEADING.sub("", text.removeprefix(title)) or text


def _side(line: Mapping[str, Any], name: str) -> str:
    return say_pair({"en": line.get(f"{name}_en"), "ja": line.get(f"{name}_ja")})


def _week(state: AccountState) -> Changes | None:
    if state.tenths_week_ago is None or state.computed_tenths is None:
        return None
    lines = _changed(state.changes)
    moved = state.computed_tenths - state.tenths_week_ago
    stored = stored_week_ago(state.pk, state.scorecard, state.day, state.tenths_week_ago)
    note = say(week_text(stored)) if stored is not None else ""
    return Changes(state.day - timedelta(days=WEEK), moved, state.tenths_week_ago, lines, note)


def _changed(changes: Sequence[Mapping[str, Any]]) -> list[Change]:
    """What moved a score, largest first."""
    lines = [
        Change(_side(line, "title"), line["tenths"], line.get("before"), line.get("after"))
        for line in changes
        if line["tenths"]
    ]
    return sorted(lines, key=lambda change: -abs(change.tenths))


def changes_since(scores: Any, now: HealthScore | None, days: int) -> Changes | None:
    """Driver by driver, from the score ``days`` before; the lines of both add up, so their differences do."""
    if now is None or now.tenths is None:
        return None
    before = (
        scores.filter(day__lte=now.day - timedelta(days=days), tenths__isnull=False)
        .exclude(lines=[])  # most past days keep the score alone
        .order_by("-day")
        .first()
    )
    if before is None or before.day < now.day - timedelta(days=days + WEEK):
        return None
    then = {line["measure"]: line for line in kept_lines(before)}
    today = {line["measure"]: line for line in kept_lines(now)}
    if not (then and today):
        return Changes(before.day, now.tenths - before.tenths, before.tenths, [])
    changes = []
    for measure in {**today, **then}:
        old, new = then.get(measure, {}), today.get(measure, {})
        delta = (new.get("tenths") or 0) - (old.get("tenths") or 0)
        if delta:
            changes.append(Change(_side(new or old, "title"), delta, old.get("points"), new.get("points")))
    changes.sort(key=lambda change: -abs(change.tenths))
    return Changes(before.day, now.tenths - before.tenths, before.tenths, changes)


def _cause(
    account_id: int, kind: str, item: Mapping[str, Any], words: Mapping[str, str], as_of: str = ""
) -> Cause:
    name = item[kind]
    tag = item.get("tag") or ""
    return Cause(
        name=name,
        title=trigger_title(f"{kind}:{name}", words),
        strength=int(item.get("strength") or 100),
        tag=tag,
        since=date.fromisoformat(item["since"]) if item.get("since") else None,
        evidence=[_evidence(account_id, one, as_of) for one in item.get("evidence") or ()],
    )


def recomputed(account: Account, thought: Judged, day: date, words: Mapping[str, str]) -> Judged:
    """The same day judged anew from the facts as known then: the score where none was kept that day, lines that were
    not kept, causes, alerts.

    Where the facts are not there, what was kept: signals open that day, without later evidence.
    """
    try:
        told = _explained(account.pk, day)
    except NotFound:
        causes, alerts = signals_on(account, day, words)
        kept = thought if thought.scorecard else _nothing()
        return replace(kept, causes=causes, alerts=alerts, open=False)
    as_of = day.isoformat()
    return replace(
        thought if thought.scorecard else _worked_out(account, told, day),
        lines=thought.lines or read_lines(account.pk, told["lines"], as_of),
        causes=[_cause(account.pk, "cause", item, words, as_of) for item in told["causes"]],
        alerts=[_cause(account.pk, "alert", item, words, as_of) for item in told["alerts"]],
        open=False,
    )


def _worked_out(account: Account, told: Mapping[str, Any], day: date) -> Judged:
    """The judgement of a day on which none was kept; the list of that day says the same."""
    tenths, before = told["tenths"], told.get("tenths_week_ago")
    week = None
    if tenths is not None and before is not None:
        week = Changes(day - timedelta(days=WEEK), tenths - before, before, _changed(told["changes"]))
    return replace(
        _nothing(),
        day=day,
        tenths=tenths,
        band=told["band"],
        computed_tenths=tenths,
        computed_band=told["computed_band"],
        coverage=told["coverage"],
        week=week,
        override=open_override(account, day),
        scorecard=told["scorecard"],
        limit=_limit(limit_of(told["scorecard"], tenths, told["coverage"], told["lines"])),
        margin=_margin(told["scorecard"], tenths, told["computed_band"]),
        origin=_origin(told["judged"], day),
        former=told["stage"] == CHURNED,
    )


def _origin(made: Mapping[str, Any] | None, day: date) -> str:
    if made is None:
        return ""
    return say_origin(Provenance(day, made["computed_on"], made["version"], made["published_on"]))


def stage_then(account: Account, day: date) -> str:
    """The title of the stage on a past day: as stated then, else as it followed from the facts."""
    try:
        stage = _explained(account.pk, day).get("stage") or ""
    except NotFound:
        return ""
    return stage_title(stage)


def _explained(account_id: int, day: date) -> Mapping[str, Any]:
    """The past changes with the rules in force alone: what took seconds is kept for some minutes."""
    name = f"explained3:{account_id}:{day}:{rules_stamp()}"
    told: Mapping[str, Any] | None = cache.get(name)
    if told is None:
        told = explain(account_id, day)
        cache.set(name, told, KEPT_SECONDS)
    return told


def _evidence(account_id: int, item: Mapping[str, Any], as_of: str) -> Evidence:
    number = item.get("record_id") or item.get("record")
    address = facts_address(account_id, item.get("kind") or "", number, as_of)
    on = date.fromisoformat(item["on"]) if item.get("on") else None
    return Evidence(say_pair(item), on, address)


def signals_on(account: Account, day: date, words: Mapping[str, str]) -> tuple[list[Cause], list[Cause]]:
    """The causes and alerts open on a past day, strongest first."""
    still = Q(until=None) | Q(until__gt=day)
    found: dict[str, list[Cause]] = {"cause": [], "alert": []}
    for signal in Signal.objects.filter(still, account=account, since__lte=day):
        kind, _colon, name = signal.type.partition(":")
        known = signal.evidence if company_day(signal.seen_at) <= day else signal.opening
        item = {
            kind: name,
            "strength": signal.strength,
            "tag": signal.tag,
            "since": signal.since.isoformat(),
            "evidence": [one for one in known if (one.get("on") or "") <= day.isoformat()],
        }
        if kind in found:
            found[kind].append(_cause(account.pk, kind, item, words, day.isoformat()))
    return found["cause"], found["alert"]
