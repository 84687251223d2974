"""Checks that several kinds of definition share. Each yields the mistakes it finds, with their places."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator

from enishi.definitions.base import Condition, Words
from enishi.definitions.errors import Mistake
from enishi.kit.text import Text

_SLUG = re.compile(r"[a-z][a-z0-9_]*\Z")


def unknown_name(what: str, value: str, known: Iterable[str]) -> Text:
    from difflib import get_close_matches

    near = get_close_matches(value, list(known), n=1)
    hint_en = f" Did you mean '{near[0]}'?" if near else ""
    hint_ja = f"「{near[0]}」ではありませんか。" if near else ""
    return Text(
        f"There is no {what} '{value}'.{hint_en}",
        f"「{value}」という{_JA.get(what, what)}はありません。{hint_ja}",
    )


_JA = {"metric": "指標", "group": "グループ", "kind": "種類", "tier": "階層", "attribute": "属性"}


def check_metric(place: str, metric: str, metrics: Collection[str] | None) -> Iterator[Mistake]:
    if not metric or (metrics is not None and metric not in metrics):
        yield Mistake(place, unknown_name("metric", metric, metrics or ()))


def check_ids(place: str, ids: list[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for i, name in enumerate(ids):
        if not _SLUG.match(name):
            yield Mistake(
                f"{place}[{i}].id",
                Text(
                    f"'{name}' must be lower-case letters, digits and _.",
                    f"「{name}」は英小文字・数字・_ で書いてください。",
                ),
            )
        if name in seen:
            yield Mistake(
                f"{place}[{i}].id", Text(f"'{name}' stands twice.", f"「{name}」が重複しています。")
            )
        seen.add(name)


def check_conditions(
    place: str, conditions: Iterable[Condition], metrics: Collection[str] | None
) -> Iterator[Mistake]:
    conditions = list(conditions)
    if not conditions:
        yield Mistake(place, Text("At least one condition is needed.", "条件が一つ以上必要です。"))
    for i, condition in enumerate(conditions):
        yield from check_metric(f"{place}[{i}].metric", condition.metric, metrics)


def check_words(place: str, words: Words) -> Iterator[Mistake]:
    if isinstance(words, dict) and not (set(words) & {"en", "ja"} and all(words.values())):
        yield Mistake(place, Text("Write {en: …, ja: …}.", "{en: …, ja: …} の形で書いてください。"))
    elif not words:
        yield Mistake(place, Text("A text is missing.", "文言がありません。"))


def check_weight(place: str, weight: float) -> Iterator[Mistake]:
    if not (math.isfinite(weight) and weight >= 0):
        yield Mistake(
            place,
            Text(f"The weight {weight:g} must be 0 or more.", f"重み {weight:g} は0以上にしてください。"),
        )


def check_range(place: str, value: float) -> Iterator[Mistake]:
    if not 0 <= value <= 100:
        yield Mistake(
            place, Text(f"{value:g} is not between 0 and 100.", f"{value:g} は0から100の間ではありません。")
        )
