"""What differs between two bodies, in words a person reads before publishing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enishi.kit.text import Text, plain_number

_WORDS = {
    "weight": Text("weight", "重み"),
    "mapping": Text("points table", "得点表"),
    "missing": Text("when missing", "値がないとき"),
    "stale": Text("when stale", "値が古いとき"),
    "freshness_days": Text("freshness (days)", "鮮度の期限(日)"),
    "metric": Text("metric", "指標"),
    "group": Text("group", "グループ"),
    "title": Text("title", "名称"),
    "description": Text("description", "説明"),
    "groups": Text("Group", "グループ"),
    "measures": Text("Measure", "項目"),
    "caps": Text("Cap", "上限"),
    "when": Text("condition", "条件"),
    "at_most": Text("at most", "上限点"),
    "bands": Text("Bands", "区分"),
    "green": Text("good from", "良好の下限"),
    "yellow": Text("caution from", "注意の下限"),
    "margin": Text("margin", "緩衝幅"),
    "minimum_coverage": Text("Minimum coverage", "必要な充足率"),
    "priority": Text("Priority", "優先順位"),
    "applies_to": Text("Applies to", "対象"),
    "stake": Text("Share at risk", "リスク金額の割合"),
    "trend": Text("Trend", "傾向の判定"),
    "causes": Text("Cause", "要因"),
    "rules": Text("rule", "ルール"),
    "alerts": Text("Alert", "アラート"),
    "strength": Text("strength", "強さ"),
    "points": Text("points", "得点"),
    "witness": Text("counts once with", "まとめて数える印"),
    "shown_from": Text("Shown from", "表示する強さの下限"),
    "open_from": Text("Signal opens from", "シグナル開始の下限"),
    "close_below": Text("Signal closes below", "シグナル終了の上限"),
    "words": Text("words", "語句"),
    "categories": Text("categories", "分類"),
    "tag": Text("goes to", "連携先"),
    "days": Text("days looked back", "さかのぼる日数"),
    "quiet_days": Text("closes after quiet days", "終了までの日数"),
    "tier": Text("tier", "階層"),
    "stages": Text("stages", "ステージ"),
    "attribute": Text("attribute", "属性"),
    "values": Text("values", "値"),
    "value": Text("Ranked by", "並べる基準"),
    "minutes_per_month": Text("minutes a month", "月あたりの分数"),
    "evidence": Text("evidence", "根拠の文"),
    "topics": Text("Topic", "話題"),
    "tiers": Text("Tier", "階層"),
    "up_to_share": Text("up to share", "累積割合の上限"),
    "minimum_days": Text("kept at least (days)", "最短の維持日数"),
}
_WHOLE = {"mapping", "points", "when", "evidence", "title", "description", "words", "categories"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``place`` for machines, ``text`` for people."""

    place: str
    text: Text


def describe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every difference between two bodies of the same kind, in the order of the later one.

    Entries of lists are the same when their ``id`` is; their order counts only where they have none.
    """
    return list(_mapping(before, after, "", Text("", "")))


def _mapping(a: Mapping[str, Any], b: Mapping[str, Any], place: str, label: Text) -> Iterator[Change]:
    for key in [*b, *(k for k in a if k not in b)]:
        old, new = a.get(key), b.get(key)
        if old == new or key == "id":
            continue
        where = f"{place}.{key}" if place else key
        yield from _value(key, old, new, where, label)


def _value(key: str, old: Any, new: Any, place: str, label: Text) -> Iterator[Change]:
    word = _WORDS.get(key, Text(key, key))
    if key not in _WHOLE and (_keyed(old) or _keyed(new)):
        yield from _entries(old or [], new or [], place, _join(label, word))
    elif key not in _WHOLE and (isinstance(old, Mapping) or isinstance(new, Mapping)):
        yield from _mapping(old or {}, new or {}, place, _join(label, word))
    else:
        named = _join(label, word)
        a, b = _show(old), _show(new)
        yield Change(place, Text(f"{named.en}: {a.en} → {b.en}", f"{named.ja}:{a.ja} → {b.ja}"))


def _keyed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and all(
        isinstance(entry, Mapping) and _key(entry) for entry in value
    )  # fmt: skip


def _key(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or "")


def _entries(old: Sequence[Any], new: Sequence[Any], place: str, label: Text) -> Iterator[Change]:
    before, after = ({_key(entry): entry for entry in entries} for entries in (old, new))
    for key, entry in after.items():
        where, named = f"{place}[{key}]", _named(label, entry)
        if key not in before:
            yield Change(where, Text(f"{named.en} added", f"{named.ja}を追加"))
        else:
            yield from _mapping(before[key], entry, where, named)
    for key, entry in before.items():
        if key not in after:
            named = _named(label, entry)
            yield Change(f"{place}[{key}]", Text(f"{named.en} removed", f"{named.ja}を削除"))


def _named(label: Text, entry: Mapping[str, Any]) -> Text:
    title = entry.get("title")
    name = Text.parse(title) if title else Text(_key(entry), _key(entry))
    return Text(f"{label.en} “{name.en}”", f"{label.ja}「{name.ja}」")


def _join(label: Text, word: Text) -> Text:
    if not label.en:
        return word
    return Text(f"{label.en}, {word.en}", f"{label.ja}の{word.ja}")


def _show(value: Any) -> Text:
    if value is None or value == "":
        return Text("(none)", "(なし)")
    if isinstance(value, Mapping) and value and set(value) <= {"en", "ja"}:
        return Text.parse({k: str(v) for k, v in value.items()})
    if isinstance(value, float):
        return Text.parse(plain_number(value))
    if isinstance(value, Mapping):
        parts = [(_WORDS.get(k, Text(k, k)), _show(v)) for k, v in value.items()]
        return Text(
            "; ".join(f"{k.en} {v.en}" for k, v in parts), "、".join(f"{k.ja} {v.ja}" for k, v in parts)
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = [_show(entry) for entry in value]
        return Text(f"[{', '.join(s.en for s in shown)}]", f"[{', '.join(s.ja for s in shown)}]")
    return Text(str(value), str(value))
