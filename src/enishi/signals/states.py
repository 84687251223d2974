"""From a judgement to the JSON that pages show: lines, changes, causes, alerts. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from enishi.definitions.contracts import AlertRule, Cap, CauseRule, Evidence, Measure, Scorecard
from enishi.kit.text import Text
from enishi.metrics.api import Compared
from enishi.signals.card import STATUS, Evaluation, change_lines
from enishi.signals.causes import CauseEvaluation, rule_metric
from enishi.signals.context import Rules
from enishi.signals.evidence import Fact, fact_for
from enishi.signals.judging import Judgement
from enishi.signals.texts import (
    cap_text,
    compared_text,
    compares_peers,
    evidence_text,
    line_text,
    measure_title,
    plain_log_ratio,
    words,
)

CAP_GROUP = "cap"
ALONE = "alone"
Facts = Mapping[str, Mapping[int, Fact]]
Row = Mapping[str, Any]


def number(value: Any) -> float | int | None:
    """A JSON number, or null for what is missing; whole numbers without a point."""
    if value is None:
        return None
    value = float(value)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else round(value, 6)


@dataclass(frozen=True, slots=True)
class Named:
    """A measure with what its line says of it."""

    measure: Measure
    title: Text
    unit: str
    peers: bool
    compared: Compared | None = None


def name_measure(measure: Measure, rules: Rules) -> Named:
    unit = "points" if measure.manual else rules.unit(measure.metric)
    title = measure_title(measure, rules.title(measure.metric))
    return Named(measure, title, unit, compares_peers(measure), rules.compared.get(measure.metric))


def describe_line(
    named: Named,
    *,
    value: float | None,
    points: float | None,
    weight: float,
    tenths: int,
    status: str,
    amounts: Sequence[float] | None = None,
) -> dict[str, Any]:
    """One line of a score as pages show it. The status ``alone`` is ``ok`` without peers to compare with."""
    rounded = None if points is None else round(points)
    peers = "alone" if status == ALONE else "peers" if named.peers else ""
    status = "ok" if status == ALONE else status
    told = compared_text(named.compared, *amounts) if named.compared and amounts else None
    text = line_text(named.title, value, named.unit, rounded, status, peers, told)
    return {
        **({"amounts": list(amounts)} if amounts else {}),
        "measure": named.measure.id,
        "metric": named.measure.metric,
        "group": named.measure.group,
        "value": value,
        "points": points,
        "weight": weight,
        "tenths": tenths,
        "status": status,
        "title_en": named.title.en,
        "title_ja": named.title.ja,
        "text_en": text.en,
        "text_ja": text.ja,
        "href_kind": named.measure.facts,
    }


def describe_cap(cap: Cap, tenths: int) -> dict[str, Any]:
    """The line of the cap that bound."""
    title, text = words(cap.title), cap_text(cap)
    return {
        "measure": f"{CAP_GROUP}:{cap.id}",
        "metric": cap.when[0].metric,
        "group": CAP_GROUP,
        "value": None,
        "points": None,
        "weight": 0.0,
        "tenths": tenths,
        "status": "ok",
        "title_en": title.en,
        "title_ja": title.ja,
        "text_en": text.en,
        "text_ja": text.ja,
        "href_kind": "",
    }


def compact_lines(lines: Sequence[Row]) -> list[list[Any]]:
    """Lines as they are kept with past scores: the numbers without the words."""
    return [[line[name] for name in _KEPT if name in line] for line in lines]


_KEPT = (
    "measure",
    "value",
    "points",
    "weight",
    "tenths",
    "status",
    "amounts",
)  # the last only where there are any


def kept_lines(evaluation: Evaluation, row: int) -> list[list[Any]]:
    """The lines of a row as they are kept, without making their words first."""
    ev = evaluation
    lines: list[list[Any]] = [
        [
            measure.id,
            number(ev.values[row, i]),
            _rounded(ev.points[row, i]),
            round(float(ev.weight[row, i]), 4),
            int(ev.lines[row, i]),
            _status(ev, row, i),
            *filter(None, [_amounts_of(ev, row, i)]),
        ]
        for i, measure in enumerate(ev.card.measures)
    ]
    if ev.cap[row] >= 0:
        cap = ev.card.caps[int(ev.cap[row])]
        lines.append([f"{CAP_GROUP}:{cap.id}", None, None, 0.0, int(ev.lines[row, -1]), "ok"])
    return lines


def _amounts_of(evaluation: Evaluation, row: int, i: int) -> list[float] | None:
    """The two amounts a damped ratio compares; none where they are not known."""
    found = [number(v) for v in evaluation.amounts[i][row]] if i in evaluation.amounts else []
    known = [v for v in found if v is not None]
    return known if len(known) == 2 else None


def _status(evaluation: Evaluation, row: int, i: int) -> str:
    status = STATUS[evaluation.status[row, i]]
    return ALONE if status == "ok" and evaluation.alone[row, i] else status


def _rounded(points: Any) -> float | None:
    found = number(points)
    return None if found is None else round(found, 1)


def expand_lines(kept: Sequence[Any], card: Scorecard, rules: Rules) -> list[dict[str, Any]]:
    """The lines of a past score with their words again, by the scorecard version it was made with."""
    measures = {m.id: m for m in card.measures}
    caps = {f"{CAP_GROUP}:{cap.id}": cap for cap in card.caps}
    lines = []
    for entry in kept:
        line = dict(zip(_KEPT, entry, strict=False))
        name = line.pop("measure")
        if name in caps:
            lines.append(describe_cap(caps[name], line["tenths"]))
        elif name in measures:
            lines.append(describe_line(name_measure(measures[name], rules), **line))
    return lines


class LineWriter:
    """Writes the lines of one scorecard's rows; titles and units are looked up once."""

    def __init__(self, evaluation: Evaluation, rules: Rules) -> None:
        self.evaluation = evaluation
        self.measures = [name_measure(m, rules) for m in evaluation.card.measures]

    def lines(self, row: int) -> list[dict[str, Any]]:
        """One entry per measure, and one for the cap that bound; their tenths add up to the score."""
        ev = self.evaluation
        lines = [self._line(row, i) for i in range(len(self.measures))]
        if ev.cap[row] >= 0:
            lines.append(self._cap_line(int(ev.cap[row]), int(ev.lines[row, -1])))
        return lines

    def _line(self, row: int, i: int) -> dict[str, Any]:
        ev = self.evaluation
        return describe_line(
            self.measures[i],
            value=number(ev.values[row, i]),
            points=_rounded(ev.points[row, i]),
            weight=round(float(ev.weight[row, i]), 4),
            tenths=int(ev.lines[row, i]),
            status=_status(ev, row, i),
            amounts=_amounts_of(ev, row, i),
        )

    def _cap_line(self, cap: int, tenths: int) -> dict[str, Any]:
        return describe_cap(self.evaluation.card.caps[cap], tenths)

    def changes(self, now: int, then: int) -> list[dict[str, Any]]:
        """What moved the score between two rows, largest first; adds up to the change."""
        ev = self.evaluation
        moved = change_lines(ev, ev, np.array([[now, then]], dtype=np.int64))[0]
        entries = [self._change(i, int(moved[i]), now, then) for i in np.flatnonzero(moved[:-1]).tolist()]
        if moved[-1]:
            entries.append(self._cap_change(int(moved[-1]), now, then))
        return sorted(entries, key=lambda entry: -abs(entry["tenths"]))

    def _change(self, i: int, tenths: int, now: int, then: int) -> dict[str, Any]:
        named, ev = self.measures[i], self.evaluation
        return {
            "measure": named.measure.id,
            "group": named.measure.group,
            "tenths": tenths,
            "before": number(ev.values[then, i]),
            "after": number(ev.values[now, i]),
            "title_en": named.title.en,
            "title_ja": named.title.ja,
        }

    def _cap_change(self, tenths: int, now: int, then: int) -> dict[str, Any]:
        ev = self.evaluation
        cap = ev.card.caps[int(max(ev.cap[now], ev.cap[then]))]
        title = words(cap.title)
        return {
            "measure": f"cap:{cap.id}",
            "group": CAP_GROUP,
            "tenths": tenths,
            "before": int(ev.lines[then, -1]),
            "after": int(ev.lines[now, -1]),
            "title_en": title.en,
            "title_ja": title.ja,
        }


def group_tenths(evaluation: Evaluation, row: int) -> dict[str, int]:
    """Group id -> tenths it carries (the cap's share under ``cap``)."""
    groups = {g.id: int(evaluation.groups[row, i]) for i, g in enumerate(evaluation.card.groups)}
    if evaluation.lines[row, -1]:
        groups[CAP_GROUP] = int(evaluation.lines[row, -1])
    return groups


class ReasonWriter:
    """Writes causes and alerts with their evidence."""

    def __init__(self, judgement: Judgement, facts: Facts) -> None:
        self.judgement = judgement
        self.causes: CauseEvaluation = judgement.causes
        self.rules = judgement.rules
        self.compared = self.rules.compared
        self.facts = facts
        self.columns: dict[str, Any] = {}

    def cause_entries(self, row: int, since: Mapping[str, date]) -> list[dict[str, Any]]:
        """Causes worth showing, strongest first."""
        return [self._entry(row, i, strength, since) for i, strength in self.causes.ranked(row)]

    def cause_entry(self, row: int, cause: int, since: Mapping[str, date]) -> dict[str, Any] | None:
        """One cause by its number; None where it is not worth showing."""
        strength = dict(self.causes.ranked(row)).get(cause)
        return None if strength is None else self._entry(row, cause, strength, since)

    def _entry(self, row: int, cause: int, strength: float, since: Mapping[str, date]) -> dict[str, Any]:
        name = self.causes.body.causes[cause].id
        tag = str(self.causes.tags[row]) if cause == self.causes.ranked(row)[0][0] else ""
        told = [self._evidence(row, self.causes.rules[r][1]) for r in self.causes.rules_of(row, cause)]
        return {
            "cause": name,
            "strength": round(strength),
            "tag": tag,
            "since": since.get(f"cause:{name}", self._day(row)).isoformat(),
            "evidence": told + (self._routing(row, tag) if tag else []),
        }

    def _routing(self, row: int, tag: str) -> list[dict[str, Any]]:
        """The newest text that makes the strongest cause somebody else's matter too; marked with the ``tag``."""
        account = int(self._value("account_id", row))
        for topic in self.causes.body.topics:
            fact = fact_for(self.facts, f"mention_{topic.id}", account) if topic.tag == tag else None
            if fact:
                title = words(topic.title)
                said = {"en": f"Speaks of: {title.en}", "ja": f"「{title.ja}」への言及があります"}
                return [
                    {
                        **said,
                        "on": fact.on.isoformat(),
                        "kind": fact.kind,
                        "record_id": fact.record_id,
                        "tag": tag,
                    }
                ]
        return []

    def alert_entry(self, row: int, alert: AlertRule, since: date) -> dict[str, Any]:
        return {"alert": alert.id, "since": since.isoformat(), "evidence": [self._evidence(row, alert)]}

    def _evidence(self, row: int, rule: CauseRule | AlertRule) -> dict[str, Any]:
        metric = rule_metric(rule)
        value = number(self._value(metric, row))
        fact = self._fact(row, rule.evidence)
        told, unit = None, self.rules.unit(metric)
        if pair := self._pair(metric, row):
            told = compared_text(self.compared[metric], *pair)
            value = value if unit == "score" else plain_log_ratio(*pair, value)
        text = evidence_text(words(rule.evidence.text), value, unit, fact.on, told)
        return {
            "en": text.en,
            "ja": text.ja,
            "on": fact.on.isoformat(),
            "kind": fact.kind,
            "record_id": fact.record_id or None,
        }

    def _pair(self, metric: str, row: int) -> tuple[float, float] | None:
        """The two amounts a damped ratio compares; none for other metrics and where they are not known."""
        if (sides := self.compared.get(metric)) is None:
            return None
        now, before = (number(self._value(side.id, row)) for side in (sides.now, sides.before))
        return None if now is None or before is None else (now, before)

    def _fact(self, row: int, evidence: Evidence) -> Fact:
        day = self._day(row)
        account = int(self._value("account_id", row))
        if evidence.fact == "last_seen":
            days = number(self._value("days_since_last_seen", row)) or 0
            return Fact(date.fromordinal(day.toordinal() - int(days)), "usage", 0)
        found = fact_for(self.facts, evidence.fact, account)
        return found or Fact(day, evidence.facts, 0)

    def _value(self, name: str, row: int) -> Any:
        if name not in self.columns:
            frame = self.judgement.rows
            self.columns[name] = frame[name].to_numpy() if name in frame.columns else None
        values = self.columns[name]
        return None if values is None else values[row]

    def _day(self, row: int) -> date:
        day: date = self._value("as_of", row).astype("datetime64[D]").item()
        return day


def needed_facts(rules: Rules) -> set[str]:
    """Names of the facts any cause or alert quotes."""
    causes = rules.causes
    return {rule.evidence.fact for cause in causes.causes for rule in cause.rules} | {
        alert.evidence.fact for alert in causes.alerts
    }
