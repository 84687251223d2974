"""Who may be offered what, on which signs and when. Pure: frames and definitions in, verdicts out.

The frame has one row per customer: ``account_id, band, stage, tier, mrr`` (minor units, NaN unknown), ``tenure_days,
renewal_in`` (days, NaN without a date), ``in_force, leaving`` (notice given), what is held (:func:`enishi.forecasts.
readiness.holdings` and ``next_plans``), ``next_product, sold``, ``since_<kind>`` (days since the last win), and
``churn`` (probability to leave within 90 days, NaN unknown) and every metric a definition may name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from enishi.definitions.base import Condition
from enishi.forecasts.pricing import Price, Prices, Trial
from enishi.forecasts.readiness import Uplift, can_grow
from enishi.growth.contracts import (
    BLOCKED,
    DECLARED,
    LATER,
    NO_SIGN,
    PRICES,
    READY,
    WINS,
    Listed,
    Reason,
    Sign,
    Verdict,
    Worth,
)
from enishi.kit.text import Text, day_words, plain_number
from enishi.signals.mapping import column, hold
from enishi.signals.texts import evidence_text, show_value, unit_of
from enishi.store.kinds import STAGES

Flags = NDArray[np.bool_]
Units = Mapping[str, tuple[str, Text]]
"""Metric -> its unit and its title."""
STAGE_WORDS = dict(STAGES)
BAND_WORDS = {
    "green": Text("good", "良好"), "yellow": Text("caution", "注意"), "red": Text("danger", "危険"), "unknown": Text("unknown", "不明"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """What people decided before: offers under discussion, and until when others rest and why."""

    open: Mapping[int, str] = field(default_factory=dict)
    rests: Mapping[tuple[int, str], tuple[date, str]] = field(
        default_factory=dict
    )  # until, set_aside | lost | won


@dataclass(frozen=True, slots=True)
class Asked:
    """One judging: the day, what people decided, what metrics are called, what wins usually brought, what things cost, which
    of the two told past wins better, the currency's unit."""

    today: date
    past: Past = field(default_factory=Past)
    units: Units = field(default_factory=dict)
    uplifts: Mapping[str, Uplift] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    trials: Mapping[str, Trial] = field(default_factory=dict)
    minor: int = 1  # minor units in a whole unit of money


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason not to offer: on which rows it holds, and how it is said of one."""

    id: str
    blocks: Callable[[Listed, pd.DataFrame, Asked], Flags]
    said: Callable[[Listed, Any, Asked], Text]


def _none(rows: pd.DataFrame) -> Flags:
    return np.zeros(len(rows), dtype=bool)


def _outside(rows: pd.DataFrame, name: str, allowed: Sequence[str]) -> Flags:
    return ~rows[name].isin(list(allowed)).to_numpy(dtype=bool) if allowed else _none(rows)


def _young(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(column(rows, "tenure_days") < offer.body.eligible.tenure_from_days)


def _far_from_renewal(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    window = offer.body.eligible.renewal_within_days
    with np.errstate(invalid="ignore"):
        return _none(rows) if window is None else np.asarray(column(rows, "renewal_in") > window)


def _likely_to_leave(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    limit = offer.body.eligible.churn_below
    with np.errstate(invalid="ignore"):
        return _none(rows) if limit is None else np.asarray(column(rows, "churn") >= limit)


def _nothing_to_offer(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    body = offer.body
    possible = can_grow(body.type, rows)
    if body.type == "plan" and body.to_plan:
        possible = rows["plan"].ne(body.to_plan).to_numpy(dtype=bool) & rows["plan"].ne("").to_numpy(
            dtype=bool
        )
    if body.type == "product" and body.to_product:
        possible = np.array(
            [body.to_product not in text.split("\t") for text in rows["products"]], dtype=bool
        )
    elif body.type == "product":
        possible = possible & rows["next_product"].ne("").to_numpy(dtype=bool)
    return ~possible


def _unmet(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    """A condition whose value is known and does not hold; what is unknown holds nobody back."""
    found = _none(rows)
    for condition in offer.body.eligible.when:
        found |= ~np.isnan(column(rows, condition.metric)) & ~hold((condition,), rows)
    return found


def _won_lately(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(column(rows, f"since_{offer.body.type}") < offer.body.eligible.rest_days)


def _resting(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    rests = {account for (account, slug), (until, _why) in asked.past.rests.items() if slug == offer.slug and until > asked.today}  # fmt: skip
    return rows["account_id"].isin(rests).to_numpy(dtype=bool)


def _discussed(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Flags:
    return rows["account_id"].isin(list(asked.past.open)).to_numpy(dtype=bool)


def _percent(probability: float) -> str:
    """Below a tenth with one digit, so that small ones stay apart."""
    return f"{100 * probability:.{0 if probability >= 0.1 else 1}f}%"


def _stage_text(offer: Listed, row: Any, asked: Asked) -> Text:
    stage = STAGE_WORDS.get(row.stage, Text(row.stage or "unknown", row.stage or "不明"))
    return Text(
        f"Stage “{stage.en}” is not among those of the offer.", f"段階「{stage.ja}」は提案の対象外です。"
    )


def _listed_text(en: str, ja: str, name: str) -> Callable[[Listed, Any, Asked], Text]:
    def said(offer: Listed, row: Any, asked: Asked) -> Text:
        value = getattr(row, name) or "–"
        return Text(en.format(value=value), ja.format(value=value))

    return said


_NOTHING = {
    "plan": Text("There is no higher plan than the present one, or the plan is unknown.", "現在より上位のプランがないか、プランが不明です。"),
    "seats": Text("No contract states seats.", "ライセンス数の登録された契約がありません。"),
    "product": Text("There is no further product to offer.", "ほかに提案できる製品がありません。"),
    "term": Text("No contract states its term.", "契約期間の登録された契約がありません。"),
}  # fmt: skip
_RESTS = {
    "set_aside": Text("Set aside until {on}.", "{on}まで見送り中です。"),
    "lost": Text("Declined; not again before {on}.", "失注したため、{on}までは提案しません。"),
    "won": Text("Accepted lately; not again before {on}.", "最近受注したため、{on}までは提案しません。"),
}


def _rest_text(offer: Listed, row: Any, asked: Asked) -> Text:
    until, why = asked.past.rests[(int(row.account_id), offer.slug)]
    on, words = day_words(until), _RESTS[why]
    return Text(words.en.format(on=on.en), words.ja.format(on=on.ja))


def condition_text(condition: Condition, units: Units) -> Text:
    """A comparison as a person reads it."""
    unit, title = units.get(condition.metric, ("", Text(condition.metric, condition.metric)))
    value = show_value(float(condition.value), unit_of(condition.metric, unit))
    sign = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}.get(condition.op, condition.op)
    return Text(f"{title.en} {sign} {value.en}", f"{title.ja} {sign} {value.ja}")


def _unmet_text(offer: Listed, row: Any, asked: Asked) -> Text:
    frame = pd.DataFrame([row._asdict()])
    unmet = [c for c in offer.body.eligible.when if not hold((c,), frame)[0] and not np.isnan(column(frame, c.metric)[0])]  # fmt: skip
    said = [condition_text(condition, asked.units) for condition in unmet]
    en, ja = ", ".join(text.en for text in said), "、".join(text.ja for text in said)
    return Text(f"Does not hold: {en}.", f"条件を満たしていません:{ja}。")


def _won_text(offer: Listed, row: Any, asked: Asked) -> Text:
    days = plain_number(int(getattr(row, f"since_{offer.body.type}")))
    return Text(f"Grew this way {days} days ago.", f"{days}日前に同じ種類の増額がありました。")


RULES: tuple[Rule, ...] = (
    Rule(
        "no_contract",
        lambda o, r, a: ~r["in_force"].to_numpy(dtype=bool),
        lambda o, r, a: Text("No paid contract is in force.", "有効な有料契約がありません。"),
    ),
    Rule(
        "notice",
        lambda o, r, a: r["leaving"].to_numpy(dtype=bool),
        lambda o, r, a: Text("Notice has been given.", "解約の申し出を受けています。"),
    ),
    Rule(
        "health",
        lambda o, r, a: _outside(r, "band", [b for b in (o.body.eligible.bands or BAND_WORDS) if b != "red"]),
        lambda o, r, a: Text(
            f"Health is “{BAND_WORDS[r.band].en}”: help first, offer later.",
            f"ヘルスが「{BAND_WORDS[r.band].ja}」のため、提案より支援が先です。",
        )
        if r.band == "red"
        else Text(
            f"Health is “{BAND_WORDS[r.band].en}”; the offer is not for such customers.",
            f"ヘルスが「{BAND_WORDS[r.band].ja}」のため、対象外です。",
        ),
    ),
    Rule("churn", _likely_to_leave, lambda o, r, a: Text(
        f"{_percent(r.churn)} likely to leave within 90 days: help first, offer later.",
        f"90日以内に解約する確率が{_percent(r.churn)}のため、提案より支援が先です。",
    )),
    Rule("discussed", _discussed, lambda o, r, a: Text("An offer is being discussed: one at a time.", "別の提案を進行中です(同時に一つまで)。")),
    Rule("rest", _resting, _rest_text),
    Rule("won_lately", _won_lately, _won_text),
    Rule("stage", lambda o, r, a: _outside(r, "stage", o.body.eligible.stages), _stage_text),
    Rule("plan", lambda o, r, a: _outside(r, "plan", o.body.eligible.plans), _listed_text("Plan “{value}” is not among those of the offer.", "プラン「{value}」は対象外です。", "plan")),
    Rule("product", lambda o, r, a: _outside(r, "product", o.body.eligible.products), _listed_text("Product “{value}” is not among those of the offer.", "製品「{value}」は対象外です。", "product")),
    Rule("tier", lambda o, r, a: _outside(r, "tier", o.body.eligible.tiers), _listed_text("Tier “{value}” is not among those of the offer.", "階層「{value}」は対象外です。", "tier")),
    Rule("young", _young, lambda o, r, a: Text(
        f"A customer for {r.tenure_days:.0f} days; the offer asks for {o.body.eligible.tenure_from_days}.",
        f"取引{r.tenure_days:.0f}日目です(対象は{o.body.eligible.tenure_from_days}日以上)。",
    )),
    Rule("renewal", _far_from_renewal, lambda o, r, a: Text(
        f"{r.renewal_in:.0f} days to the renewal; the offer is for the last {o.body.eligible.renewal_within_days}.",
        f"更新まで{r.renewal_in:.0f}日です(対象は{o.body.eligible.renewal_within_days}日以内)。",
    )),
    Rule("nothing", _nothing_to_offer, lambda o, r, a: _NOTHING[o.body.type]),
    Rule("condition", _unmet, _unmet_text),
)  # fmt: skip
RULE_WORDS: dict[str, Text] = {
    "no_contract": Text("no paid contract", "有料契約なし"), "notice": Text("notice given", "解約の申し出あり"),
    "health": Text("health", "ヘルス"), "churn": Text("likely to leave", "解約の見込み"), "discussed": Text("another offer is being discussed", "別の提案を進行中"),
    "rest": Text("set aside, declined or accepted lately", "見送り・失注・受注の直後"), "won_lately": Text("grew lately", "最近の増額"),
    "stage": Text("stage", "段階"), "plan": Text("plan", "プラン"), "product": Text("product", "製品"), "tier": Text("tier", "階層"),
    "young": Text("too new a customer", "取引期間"), "renewal": Text("too far from the renewal", "更新まで遠い"),
    "nothing": Text("nothing to offer", "提案できるものがない"), "condition": Text("conditions", "条件"),
}  # fmt: skip


def reasons_against(offer: Listed, row: pd.DataFrame, asked: Asked) -> tuple[Reason, ...]:
    """Every rule that keeps the offer from one customer (a frame of one row)."""
    held = next(row.itertuples(index=False))
    return tuple(
        Reason(rule.id, rule.said(offer, held, asked)) for rule in RULES if rule.blocks(offer, row, asked)[0]
    )


def signs_of(offer: Listed, row: Any, asked: Asked, met: Mapping[str, bool]) -> tuple[Sign, ...]:
    """The signs that hold for one customer, with the value each rests on."""
    found = []
    for signal in offer.body.signals:
        if not met[signal.id]:
            continue
        metric = signal.when[0].metric
        raw = row.get(metric)
        value = float(raw) if raw is not None and raw == raw else None
        unit = (
            unit_of(metric, asked.units.get(metric, ("", None))[0]) if metric in asked.units else "log_ratio"
        )
        text = evidence_text(Text.parse(signal.text), value, unit, None)
        found.append(Sign(signal.id, text, signal.weight, signal.facts, value))
    return tuple(found)


def target_of(offer: Listed, row: Any) -> dict[str, Any]:
    """What exactly is offered, by the ids of the facts."""
    body = offer.body
    if body.type == "plan":
        return {"product": row["product"], "was": row["plan"], "plan": body.to_plan or row["next_plan"]}
    if body.type == "product":
        return {"product": body.to_product or row["next_product"]}
    if body.type == "seats":
        return {"product": row["product"], "seats": int(row["seats"])}
    return {"months": int(row["months"])}


def worth_of(offer: Listed, row: Any, asked: Asked) -> Worth | None:
    """What a win is expected to bring: by the price of the very plan or product, or by the usual share of past wins of the
    kind, whichever told past wins better; as declared where neither is known, or the offer says so."""
    rule, kind = offer.body.uplift, offer.body.type
    paid = row["paid"]
    if paid != paid or paid is None:
        return None
    if rule.learn:
        price, usual = _price(offer, row, asked.prices), asked.uplifts.get(kind)
        known = usual is not None and usual.known
        if price is not None and (not known or asked.trials.get(kind, Trial()).prices_lead):
            return Worth(round(price.mrr), PRICES, price.customers)
        if usual is not None and known:
            return Worth(
                round(float(paid if kind == "product" else row["main"]) * usual.share), WINS, usual.customers
            )
    if rule.unit == "money_per_month":
        return Worth(round(rule.value * asked.minor), DECLARED)
    return Worth(round(float(paid) * rule.value), DECLARED)


def _price(offer: Listed, row: Any, prices: Prices) -> Price | None:
    """What the very plan or product costs more by the contracts of others."""
    body = offer.body
    if body.type == "plan":
        return prices.of_plan(
            row["product"], row["plan"], body.to_plan or row["next_plan"], float(row["main"])
        )
    if body.type == "product":
        return prices.of_product(row["products"].split("\t"), body.to_product or row["next_product"])
    return None


@dataclass(frozen=True, slots=True)
class Judged:
    """An offer over all customers: who is ready now or later, and how many are kept from it by which rule (each counted
    under every rule that holds)."""

    offer: Listed
    verdicts: tuple[Verdict, ...]
    counts: Mapping[str, int]
    against: Mapping[str, int]


def judge(offer: Listed, rows: pd.DataFrame, asked: Asked) -> Judged:
    """One offer over every customer of the frame."""
    blocks = {rule.id: rule.blocks(offer, rows, asked) for rule in RULES}
    blocked = np.logical_or.reduce(list(blocks.values())) if len(rows) else _none(rows)
    met = {signal.id: hold(signal.when, rows) for signal in offer.body.signals}
    weight = sum((signal.weight * met[signal.id] for signal in offer.body.signals), np.zeros(len(rows)))
    spoken = ~blocked & (weight >= offer.body.least_weight - 1e-9)
    later = spoken & _not_yet(offer, rows)
    places = np.flatnonzero(spoken)
    chosen: Any = rows.iloc[places].to_dict("records")
    verdicts = tuple(
        _verdict(offer, row, asked, {name: bool(flags[at]) for name, flags in met.items()}, bool(later[at]))
        for row, at in zip(chosen, places, strict=True)
    )
    counts = {
        READY: int((spoken & ~later).sum()), LATER: int(later.sum()),
        NO_SIGN: int((~blocked & ~spoken).sum()), BLOCKED: int(blocked.sum()),
    }  # fmt: skip
    return Judged(
        offer, verdicts, counts, {name: int(flags.sum()) for name, flags in blocks.items() if flags.any()}
    )


def _not_yet(offer: Listed, rows: pd.DataFrame) -> Flags:
    """Signs are there, but the time named by the offer has not come."""
    if offer.body.timing.at != "renewal":
        return _none(rows)
    with np.errstate(invalid="ignore"):
        return np.asarray(column(rows, "renewal_in") > offer.body.timing.days_before)


def _verdict(
    offer: Listed, row: Mapping[str, Any], asked: Asked, met: Mapping[str, bool], later: bool
) -> Verdict:
    on = asked.today
    if later:
        on += timedelta(days=int(row["renewal_in"]) - offer.body.timing.days_before)
    return Verdict(
        int(row["account_id"]), offer.slug, LATER if later else READY, signs=signs_of(offer, row, asked, met),
        on=on, target=target_of(offer, row), worth=worth_of(offer, row, asked),
    )  # fmt: skip


def judge_one(offer: Listed, row: pd.DataFrame, asked: Asked) -> Verdict:
    """One offer to one customer (a frame of one row), with every reason against it and every sign for it."""
    reasons = reasons_against(offer, row, asked)
    met = {signal.id: hold(signal.when, row) for signal in offer.body.signals}
    if reasons:
        signs = signs_of(offer, row.iloc[0], asked, {name: bool(flags[0]) for name, flags in met.items()})
        return Verdict(int(row["account_id"].iloc[0]), offer.slug, BLOCKED, reasons=reasons, signs=signs)
    found = judge(offer, row, asked).verdicts
    if found:
        return found[0]
    signs = signs_of(offer, row.iloc[0], asked, {name: bool(flags[0]) for name, flags in met.items()})
    return Verdict(int(row["account_id"].iloc[0]), offer.slug, NO_SIGN, signs=signs)


def best_of(verdicts: Sequence[tuple[Verdict, float | None, int]]) -> int | None:
    """Which of an account's offers comes first: of those ready now the one with the highest expected value where every
    one has one, else the one most signs speak for; then the larger uplift, then the catalogue's order.

    Args:
        verdicts: each with its expected value (None unknown) and its priority.

    Returns:
        Its place in ``verdicts``; None where nothing is ready now.
    """
    ready = [at for at, (verdict, _value, _priority) in enumerate(verdicts) if verdict.status == READY]
    if not ready:
        return None
    valued = all(verdicts[at][1] is not None for at in ready)

    def place(at: int) -> tuple[float, float, float, int]:
        verdict, expected, priority = verdicts[at]
        worth = float(expected or 0) if valued else 0.0
        return (-worth, -verdict.weight, -float(verdict.uplift or 0), priority)

    return min(ready, key=place)
