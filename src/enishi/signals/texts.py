"""Every line of a score, a cause or an alert in words of both languages. Pure."""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache

from enishi.definitions.contracts import Cap, Measure, PercentileMapping, Words
from enishi.kit.text import Text
from enishi.metrics.api import Compared
from enishi.metrics.shown import show_value, unit_of

__all__ = [
    "cap_text", "compared_text", "compares_peers", "evidence_text", "line_text", "measure_title", "plain_log_ratio",
    "show_value", "unit_of", "words",
]  # fmt: skip

OK, MISSING, STALE, OBSERVED = "ok", "missing", "stale", "observed"


def words(value: Words) -> Text:
    return Text.parse(value)


def compared_text(compared: Compared, now: float, before: float) -> Text:
    """What a damped ratio compares: "0 times in 28 days, 11 times in the 28 before"."""
    new, old = show_value(now, compared.now.unit), show_value(before, compared.before.unit)
    return Text(
        _fill(compared.text.en, now=new.en, before=old.en), _fill(compared.text.ja, now=new.ja, before=old.ja)
    )


def plain_log_ratio(now: float, before: float, damped: float | None) -> float | None:
    """The ratio without damping; the damped one where there was nothing before."""
    if before <= 0:
        return damped
    return math.log(now / before) if now > 0 else -math.inf


@lru_cache(maxsize=200_000)
def line_text(
    title: Text,
    value: float | None,
    unit: str,
    points: int | None,
    status: str,
    peers: str,
    told: Text | None = None,
) -> Text:
    """One line: "28日間の利用者数 12人 → 80点".

    Args:
        value: the metric's; None where there is none.
        points: 0-100, None where the line has none.
        told: the value in words, where its number is not for reading.
        peers: ``peers`` where the points are a rank among them, ``alone`` where there are too few to rank with.
    """
    if value is None:
        if points is None:
            return Text(f"{title.en}: no data, left out", f"{title.ja} データがないため除外")
        return Text(
            f"{title.en}: no data, counted as {points} points", f"{title.ja} データなし({points}点として計算)"
        )
    shown = told or show_value(value, unit)
    if points is None:
        reason = Text("too old, left out", "情報が古いため除外") if status == STALE else Text(
            "too few peers to compare, left out", "比較できる顧客が少ないため除外"
        )  # fmt: skip
        return Text(f"{title.en}: {shown.en} ({reason.en})", f"{title.ja} {shown.ja}({reason.ja})")
    note = _note(status, peers)
    return Text(
        f"{title.en}: {shown.en} → {points} points{note.en}", f"{title.ja} {shown.ja} → {points}点{note.ja}"
    )


def _note(status: str, peers: str) -> Text:
    if status == OBSERVED:
        return Text(" (watched, not scored)", "(観察のみ)")
    if status == STALE:
        return Text(" (old value)", "(古い値)")
    if peers == "alone":
        return Text(
            " (too few peers to compare, by the amount itself)",
            "(比較できる顧客が少ないため、値そのもので採点)",
        )
    return Text(" among peers", "(類似顧客の中での位置)") if peers else Text("", "")


def measure_title(measure: Measure, metric_title: Text | None) -> Text:
    """The measure's own name, else its metric's, else its id."""
    if measure.title:
        return words(measure.title)
    return metric_title or Text(measure.id, measure.id)


def compares_peers(measure: Measure) -> bool:
    return isinstance(measure.mapping, PercentileMapping)


def cap_text(cap: Cap) -> Text:
    """Why the score stops where it does."""
    title = words(cap.title)
    return Text(f"{title.en}: at most {cap.at_most:g} points", f"{title.ja}:上限{cap.at_most:g}点")


@lru_cache(maxsize=100_000)
def evidence_text(
    template: Text, value: float | None, unit: str, on: date | None, told: Text | None = None
) -> Text:
    """The sentence of a rule with the metric's value and the fact's day put in; ``told`` for ``{amounts}``."""
    shown, size = (_shown(value, unit), _shown(value if value is None else abs(value), unit))
    day = on.isoformat() if on else ""
    return Text(
        _fill(template.en, value=shown.en, amount=size.en.lstrip("+"), on=day, amounts=(told or shown).en),
        _fill(template.ja, value=shown.ja, amount=size.ja.lstrip("+"), on=day, amounts=(told or shown).ja),
    )


def _shown(value: float | None, unit: str) -> Text:
    return Text("", "") if value is None else show_value(value, unit)


def _fill(template: str, **words: str) -> str:
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", word)
    return template
