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
    "stages": Text("stages", "段階"),
    "attribute": Text("attribute", "属性"),
    "values": Text("values", "値"),
    "value": Text("Ranked by", "並べる基準"),
    "minutes_per_month": Text("minutes a month", "月あたりの所要時間(分)"),
    "evidence": Text("evidence", "根拠の文"),
    "topics": Text("Topic", "話題"),
    "tiers": Text("Tier", "階層"),
    "up_to_share": Text("up to share", "累積割合の上限"),
    "minimum_days": Text("kept at least (days)", "最短の維持日数"),
}
_WORDS |= {
    "type": Text("kind", "方式"),
    "scale": Text("scale", "目盛"),
    "peers": Text("peers share", "類似顧客の条件"),
    "minimum": Text("at least", "最小値"),
    "better": Text("better is", "望ましいのは"),
    "fallback": Text("table for too few peers", "類似顧客が少ないときの得点表"),
    "by_tenure": Text("tables by age as a customer", "取引期間ごとの得点表"),
    "steps": Text("steps", "段階"),
    "below": Text("points below the first step", "最初の段階に満たないときの得点"),
    "until_days": Text("until (days)", "取引期間(日未満)"),
    "weeks": Text("over weeks", "期間(週)"),
    "z": Text("standard errors", "最小の変化(標準誤差)"),
    "manual": Text("stated by hand", "手入力"),
    "facts": Text("facts shown", "根拠の表示先"),
    "product": Text("only the use of", "採点する製品"),
    "products": Text("products", "製品"),
    "plans": Text("plans", "プラン"),
    "sizes": Text("sizes", "規模"),
    "tenure_from_days": Text("customer for at least (days)", "取引期間(日以上)"),
    "tenure_below_days": Text("customer for less than (days)", "取引期間(日未満)"),
    "red": Text("at risk", "危険"),
    "unknown": Text("unknown", "不明"),
    "axes": Text("Axis", "軸"),
    "inputs": Text("input", "項目"),
    "good": Text("good from", "「高い」の下限"),
    "poor": Text("poor below", "「低い」の上限"),
    "at": Text("as known", "いつの時点の値か"),
    "otherwise": Text("points of other values", "その他の値の得点"),
    "stated": Text("stated by hand", "手入力"),
}
_VALUES = {
    "missing": {
        "reweight": Text("left out, others count more", "除外して残りで按分"),
        "neutral": Text("counts as 50", "50点とみなす"),
        "bad": Text("counts as 0", "0点とみなす"),
    },
    "stale": {
        "missing": Text("counts as missing", "値なしとみなす"),
        "keep": Text("kept and marked", "使うが、古いと表示する"),
    },
    "type": {
        "points": Text("points between values", "値に応じた得点(折れ線)"),
        "bands": Text("steps", "段階"),
        "percentile": Text("rank among peers", "類似顧客の中での順位"),
    },
    "better": {"higher": Text("more", "多いほう"), "lower": Text("less", "少ないほう")},
    "at": {"sale": Text("at the sale", "販売時点"), "start": Text("after the first 90 days", "最初の90日後")},
    "scale": {"linear": Text("linear", "等間隔"), "log": Text("logarithmic", "対数")},
    "op": {op: Text(sign, sign) for op, sign in {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}.items()},
    "peers": {
        "product": Text("product", "製品"),
        "plan": Text("plan", "プラン"),
        "size": Text("size", "規模"),
        "tenure": Text("age as a customer", "取引期間"),
        "stage": Text("stage", "段階"),
        "industry": Text("industry", "業種"),
        "tier": Text("tier", "階層"),
    },
    "tag": {
        "product": Text("product team", "製品チーム"),
        "competition": Text("product and marketing", "製品・マーケティング"),
    },
}
_WHOLE = {"fallback", "points", "steps", "by_tenure", "when", "evidence", "title", "description", "words",
          "categories"}  # fmt: skip
_CALLED = {"events": Text("Event", "イベント"), "products": Text("Product", "製品")}
_LANGUAGES = {"ja": Text("in Japanese", "日本語名"), "en": Text("in English", "英語名")}
Titles = Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``place`` for machines, ``text`` for people."""

    place: str
    text: Text


def describe_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], titles: Titles | None = None
) -> list[Change]:
    """Every difference between two bodies of the same kind, in the order of the later one.

    Entries of lists are the same when their ``id`` is; their order counts only where they have none.

    Args:
        titles: what the metrics are called, by id; an entry without a title of its own has its metric's.
    """
    known = {**_group_titles(before), **_group_titles(after)}
    known |= {f"metric:{name}": title for name, title in (titles or {}).items()}
    return list(_mapping(before, after, "", Text("", ""), known))


def _group_titles(body: Mapping[str, Any]) -> dict[str, Text]:
    groups = body.get("groups") or ()
    return {f"group:{group['id']}": Text.parse(group["title"]) for group in groups if group.get("title")}


def _mapping(
    a: Mapping[str, Any], b: Mapping[str, Any], place: str, label: Text, titles: Titles
) -> Iterator[Change]:
    for key in [*b, *(k for k in a if k not in b)]:
        old, new = a.get(key), b.get(key)
        if old == new or key == "id":
            continue
        where = f"{place}.{key}" if place else key
        yield from _value(key, old, new, where, label, titles)


def _value(key: str, old: Any, new: Any, place: str, label: Text, titles: Titles) -> Iterator[Change]:
    named = _join(label, _WORDS.get(key, Text(key, key)))
    if key not in _WHOLE and (_keyed(old) or _keyed(new)):
        yield from _entries(old or [], new or [], place, named, titles)
    elif not label.en and key in _CALLED and isinstance(old or new, Mapping):
        yield from _called(_CALLED[key], old or {}, new or {}, place)
    elif key not in _WHOLE and (isinstance(old, Mapping) or isinstance(new, Mapping)):
        yield from _mapping(old or {}, new or {}, place, named, titles)
    else:
        a, b = _show(key, old, titles), _show(key, new, titles)
        yield Change(place, Text(f"{named.en}: {a.en} → {b.en}", f"{named.ja}:{a.ja} → {b.ja}"))


def _called(kind: Text, old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[Change]:
    """What events or products are called, in each language."""
    for name in [*new, *(n for n in old if n not in new)]:
        for language, said in _LANGUAGES.items():
            a, b = (_show("", _spoken(names.get(name), language), {}) for names in (old, new))
            if a != b:
                en, ja = f"{kind.en} “{name}”, {said.en}", f"{kind.ja}「{name}」の{said.ja}"
                yield Change(
                    f"{place}.{name}.{language}",
                    Text(f"{en}: {a.en} → {b.en}", f"{ja}:{a.ja} → {b.ja}"),
                )


def _spoken(words: Any, language: str) -> Any:
    return words.get(language) if isinstance(words, Mapping) else words


def _keyed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and all(
        isinstance(entry, Mapping) and _key(entry) for entry in value
    )  # fmt: skip


def _key(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or "")


def _entries(
    old: Sequence[Any], new: Sequence[Any], place: str, label: Text, titles: Titles
) -> Iterator[Change]:
    before, after = ({_key(entry): entry for entry in entries} for entries in (old, new))
    for key, entry in after.items():
        where, named = f"{place}[{key}]", _named(label, entry, titles)
        if key not in before:
            yield Change(where, Text(f"{named.en} added", f"{named.ja}を追加"))
        else:
            yield from _mapping(before[key], entry, where, named, titles)
    for key, entry in before.items():
        if key not in after:
            named = _named(label, entry, titles)
            yield Change(f"{place}[{key}]", Text(f"{named.en} removed", f"{named.ja}を削除"))


def _named(label: Text, entry: Mapping[str, Any], titles: Titles) -> Text:
    own, key = entry.get("title"), _key(entry)
    name = Text.parse(own) if own else titles.get(f"metric:{entry.get('metric')}", Text(key, key))
    return Text(f"{label.en} “{name.en}”", f"{label.ja}「{name.ja}」")


def _join(label: Text, word: Text) -> Text:
    if not label.en:
        return word
    return Text(f"{label.en}, {word.en}", f"{label.ja}の{word.ja}")


def _show(key: str, value: Any, titles: Titles) -> Text:
    if value is None or value == "":
        return Text("(none)", "(なし)")
    if isinstance(value, Mapping) and value and set(value) <= {"en", "ja"}:
        return Text.parse({k: str(v) for k, v in value.items()})
    if isinstance(value, bool):
        return Text("yes", "はい") if value else Text("no", "いいえ")
    if isinstance(value, float):
        return Text.parse(plain_number(value))
    if isinstance(value, Mapping):
        parts = [(_WORDS.get(k, Text(k, k)), _show(k, v, titles)) for k, v in value.items()]
        return Text(
            "; ".join(f"{k.en} {v.en}" for k, v in parts), "、".join(f"{k.ja} {v.ja}" for k, v in parts)
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _show_list(key, value, titles)
    text = str(value)
    return titles.get(f"{key}:{text}") or _VALUES.get(key, {}).get(text, Text(text, text))


def _show_list(key: str, values: Sequence[Any], titles: Titles) -> Text:
    if key == "points" and values and all(len(pair) == 2 for pair in values):
        pairs = [(plain_number(x), plain_number(y)) for x, y in values]
        return Text(
            ", ".join(f"{y} points at {x}" for x, y in pairs), "、".join(f"{x}で{y}点" for x, y in pairs)
        )
    shown = [_show(key, entry, titles) for entry in values]
    return Text(f"[{', '.join(s.en for s in shown)}]", f"[{'、'.join(s.ja for s in shown)}]")
