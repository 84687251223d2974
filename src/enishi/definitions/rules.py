"""From a JSON body to its typed form, or to the list of its mistakes. Pure: nothing is read or written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import msgspec

from enishi.definitions.checks import (
    check_conditions,
    check_ids,
    check_metric,
    check_range,
    check_weight,
    check_words,
    unknown_name,
)
from enishi.definitions.contracts import (
    BODIES,
    Body,
    Causes,
    Mapping,
    Measure,
    Names,
    Pair,
    PointsMapping,
    Scorecard,
    Stages,
    StepsMapping,
    Tiers,
)
from enishi.definitions.errors import BadDefinition, Mistake
from enishi.definitions.fit import check_fit
from enishi.definitions.offers import check_offer
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text

DERIVED_METRICS = {"usage_slope_z": "usage_slope_90", "own_past_vs_book": "use_vs_own_past"}
"""What ``signals`` adds to the panel, and the metric each is made of: the slope in units of its own standard error, and
the use against its own past without what is common to all customers of the day."""

KINDS = ("scorecard", "causes", "tiers", "stages", "names", "offer", "fit", "metric")
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


def parse_body(kind: str, body: Any, metrics: Collection[str] | None = None) -> Any:
    """The typed body; a metric's body stays the mapping it is, once its building blocks are checked.

    Args:
        metrics: ids that may be named; None accepts any.

    Raises:
        BadDefinition: with every mistake and its place.
    """
    if kind == "metric":
        return _parse_metric(body)
    if kind not in BODIES:
        raise BadDefinition(kind, [Mistake("kind", unknown_name("kind", kind, KINDS))])
    try:
        typed = msgspec.convert(body, BODIES[kind], strict=False)
    except msgspec.ValidationError as error:
        raise BadDefinition(kind, [_shape_mistake(str(error))]) from error
    mistakes = list(_CHECKS[kind](typed, metrics))
    if mistakes:
        raise BadDefinition(kind, mistakes)
    return typed


def as_json(body: Body) -> dict[str, Any]:
    """The body as plain JSON, defaults left out."""
    plain: dict[str, Any] = msgspec.to_builtins(body)
    return plain


def _parse_metric(body: Any) -> dict[str, Any]:
    from enishi.metrics.api import compile_metric

    if not isinstance(body, dict):
        raise BadDefinition(
            "metric", [Mistake("(body)", Text("A metric is a mapping.", "指標はキーと値の組で書きます。"))]
        )
    try:
        compile_metric(body)
    except EnishiError as error:
        places = error.fields or {"definition": error.message}
        raise BadDefinition("metric", [Mistake(place, text) for place, text in places.items()]) from error
    return body


def _shape_mistake(message: str) -> Mistake:
    """msgspec's sentence, with its place in front and a Japanese gloss of the usual ones."""
    found = _PLACE.search(message)
    place = (found.group(1) if found else "") or "(body)"
    text = _PLACE.sub("", message)
    japanese = text
    if re.match(r"Expected `(int|float)\b", text):
        return Mistake(place, Text("A number is needed here.", "数値を入力してください。"))
    for pattern, form in _GLOSSES:
        if match := re.match(pattern, text):
            japanese = form.format(*match.groups())
            break
    return Mistake(place, Text(text + ".", japanese))


_GLOSSES = (
    (r"Expected `(.*)`, got `(.*)`", "{0} が必要ですが、{1} が書かれています。"),
    (r"Object missing required field `(.*)`", "必須の項目「{0}」がありません。"),
    (r"Object contains unknown field `(.*)`", "「{0}」という項目はありません。綴りをご確認ください。"),
    (r"Invalid enum value '?(.*?)'?$", "「{0}」は選べない値です。"),
    (r"Invalid value '?(.*?)'?$", "「{0}」は使えない値です。"),
)


# ---------------------------------------------------------------------------------------------- scorecard


def _check_scorecard(card: Scorecard, metrics: Collection[str] | None) -> Iterator[Mistake]:
    yield from check_ids("groups", [g.id for g in card.groups])
    yield from check_ids("measures", [m.id for m in card.measures])
    yield from check_words("title", card.title)
    groups = {group.id for group in card.groups}
    for i, group in enumerate(card.groups):
        yield from check_weight(f"groups[{i}].weight", group.weight)
        yield from check_words(f"groups[{i}].title", group.title)
    for i, measure in enumerate(card.measures):
        yield from _check_measure(f"measures[{i}]", measure, groups, metrics)
    for i, cap in enumerate(card.caps):
        yield from check_conditions(f"caps[{i}].when", cap.when, metrics)
        yield from check_range(f"caps[{i}].at_most", cap.at_most)
    yield from _check_totals(card)
    yield from _check_bands(card)


def _check_totals(card: Scorecard) -> Iterator[Mistake]:
    weights = {group.id: group.weight for group in card.groups}
    if not any(m.weight > 0 and weights.get(m.group, 0) > 0 for m in card.measures):
        yield Mistake(
            "measures",
            Text(
                "No measure has a weight, so nothing is scored.",
                "重みのある項目が一つもないため、採点できません。",
            ),
        )
    if not 0 <= card.minimum_coverage <= 1:
        yield Mistake("minimum_coverage", Text("It is a share between 0 and 1.", "0から1の割合で書きます。"))


def _check_bands(card: Scorecard) -> Iterator[Mistake]:
    bands = card.bands
    if not 0 < bands.yellow < bands.green < 100:
        yield Mistake(
            "bands",
            Text(
                f"Yellow ({bands.yellow:g}) must begin under green ({bands.green:g}), both between 0 and 100.",
                f"注意の下限({bands.yellow:g})は良好の下限({bands.green:g})より低く、ともに0と100の間にしてください。",
            ),
        )
    elif not 0 <= bands.margin < (bands.green - bands.yellow) / 2:
        yield Mistake(
            "bands.margin",
            Text(
                "The margin must be less than half the width of yellow.",
                "緩衝幅は注意の幅の半分より小さくしてください。",
            ),
        )


def _check_measure(
    place: str, measure: Measure, groups: set[str], metrics: Collection[str] | None
) -> Iterator[Mistake]:
    if measure.group not in groups:
        yield Mistake(f"{place}.group", unknown_name("group", measure.group, groups))
    if measure.manual and measure.metric:
        yield Mistake(
            f"{place}.metric",
            Text("A manual measure has no metric.", "手動の項目には指標を指定しません。"),
        )
    elif not measure.manual:
        yield from check_metric(f"{place}.metric", measure.metric, metrics)
    yield from check_weight(f"{place}.weight", measure.weight)
    yield from _check_mapping(f"{place}.mapping", measure.mapping)


def _check_mapping(place: str, mapping: Mapping) -> Iterator[Mistake]:
    if isinstance(mapping, PointsMapping):
        yield from _check_points(f"{place}.points", mapping.points)
        yield from _check_tenures(place, [entry.until_days for entry in mapping.by_tenure])
        for i, table in enumerate(mapping.by_tenure):
            yield from _check_points(f"{place}.by_tenure[{i}].points", table.points)
        if mapping.scale == "log" and any(x < 0 for x, _ in mapping.points):
            yield Mistake(
                f"{place}.points",
                Text("A log scale has no values below 0.", "対数目盛では0未満の値は使えません。"),
            )
    elif isinstance(mapping, StepsMapping):
        yield from _check_steps(place, mapping)
    else:
        if mapping.points:
            yield from _check_points(f"{place}.points", mapping.points)
        if mapping.fallback is not None:
            yield from _check_mapping(f"{place}.fallback", mapping.fallback)


def _check_steps(place: str, mapping: StepsMapping) -> Iterator[Mistake]:
    yield from _check_points(f"{place}.steps", [(s.at_least, s.points) for s in mapping.steps], least=1)
    yield from _check_tenures(place, [entry.until_days for entry in mapping.by_tenure])
    for i, table in enumerate(mapping.by_tenure):
        pairs = [(s.at_least, s.points) for s in table.steps]
        yield from _check_points(f"{place}.by_tenure[{i}].steps", pairs, least=1)


def _check_points(place: str, points: Iterable[Pair], least: int = 2) -> Iterator[Mistake]:
    pairs = list(points)
    if len(pairs) < least:
        yield Mistake(place, Text(f"At least {least} points are needed.", f"点は{least}つ以上必要です。"))
    values = [x for x, _ in pairs]
    if any(b <= a for a, b in itertools.pairwise(values)):
        yield Mistake(
            place,
            Text(
                "The values must rise from line to line.", "値は小さい順に、重ならないように並べてください。"
            ),
        )
    for _, y in pairs:
        yield from check_range(place, y)


def _check_tenures(place: str, limits: list[int | None]) -> Iterator[Mistake]:
    if not limits:
        return
    finite = [limit for limit in limits if limit is not None]
    if finite != sorted(set(finite)) or None in limits[:-1]:
        yield Mistake(
            f"{place}.by_tenure",
            Text(
                "Order the tables by until_days; only the last may leave it out.",
                "until_days の小さい順に並べ、省略できるのは最後の一つだけです。",
            ),
        )


# ------------------------------------------------------------------------------------- causes and tiers


def _check_causes(body: Causes, metrics: Collection[str] | None) -> Iterator[Mistake]:
    yield from check_ids("causes", [cause.id for cause in body.causes])
    yield from check_ids("alerts", [alert.id for alert in body.alerts])
    yield from check_ids("topics", [topic.id for topic in body.topics])
    if metrics is not None:
        metrics = {*metrics, *DERIVED_METRICS, *(f"mentions_{topic.id}" for topic in body.topics)}
    for i, cause in enumerate(body.causes):
        yield from check_ids(f"causes[{i}].rules", [rule.id for rule in cause.rules])
        for j, rule in enumerate(cause.rules):
            place = f"causes[{i}].rules[{j}]"
            yield from check_conditions(f"{place}.when", rule.when, metrics)
            yield from _check_strength(place, rule.metric, rule.strength, rule.points, metrics)
            yield from check_words(f"{place}.evidence.text", rule.evidence.text)
    for i, alert in enumerate(body.alerts):
        yield from check_conditions(f"alerts[{i}].when", alert.when, metrics)
        yield from check_words(f"alerts[{i}].evidence.text", alert.evidence.text)
    if body.close_below > body.open_from:
        yield Mistake(
            "close_below",
            Text(
                "A signal must close below the strength at which it opens.",
                "終了の強さは開始の強さ以下にしてください。",
            ),
        )


def _check_strength(
    place: str, metric: str, strength: float | None, points: tuple[Pair, ...], metrics: Collection[str] | None
) -> Iterator[Mistake]:
    if (strength is None) == (not points):
        yield Mistake(
            f"{place}.strength",
            Text(
                "Give either strength or points with metric.",
                "strength か、metric と points のどちらか一方を書いてください。",
            ),
        )
    elif strength is not None:
        yield from check_range(f"{place}.strength", strength)
    else:
        yield from check_metric(f"{place}.metric", metric, metrics)
        yield from _check_points(f"{place}.points", points)


def _check_tiers(body: Tiers, metrics: Collection[str] | None) -> Iterator[Mistake]:
    ids = [tier.id for tier in body.tiers]
    yield from check_ids("tiers", ids)
    shares = [tier.up_to_share for tier in body.tiers if tier.up_to_share is not None]
    if not shares or shares != sorted(set(shares)) or shares[-1] != 1:
        yield Mistake(
            "tiers",
            Text(
                "The shares must rise from tier to tier and the last must be 1, so that every account has a tier.",
                "累積割合は上位の階層から順に大きくし、最後を1にしてください。すべての顧客がどこかの階層に入るようにするためです。",
            ),
        )
    for i, rule in enumerate(body.rules):
        if rule.tier not in ids:
            yield Mistake(f"rules[{i}].tier", unknown_name("tier", rule.tier, ids))
        if rule.when:
            yield from check_conditions(f"rules[{i}].when", rule.when, metrics)
        elif not rule.stages and not (rule.attribute and rule.values):
            yield Mistake(f"rules[{i}]", Text("The rule has no condition.", "条件が書かれていません。"))


def _check_stages(body: Stages, metrics: Collection[str] | None) -> Iterator[Mistake]:
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if name != "title" and value < 1:
            yield Mistake(name, Text("At least one day is needed.", "1日以上を指定してください。"))
    if body.onboarding_at_most_days < body.onboarding_days:
        text = Text(
            "It ends before the onboarding itself.", "導入期間(onboarding_days)より短くなっています。"
        )
        yield Mistake("onboarding_at_most_days", text)


def _check_names(body: Names, metrics: Collection[str] | None) -> Iterator[Mistake]:
    for place, named in (("events", body.events), ("products", body.products)):
        for name, words in named.items():
            yield from check_words(f"{place}.{name}", words)


_CHECKS: dict[str, Callable[[Any, Collection[str] | None], Iterator[Mistake]]] = {
    "scorecard": _check_scorecard,
    "causes": _check_causes,
    "tiers": _check_tiers,
    "stages": _check_stages,
    "names": _check_names,
    "offer": check_offer,
    "fit": check_fit,
}
