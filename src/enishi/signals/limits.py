"""Why there is no score, or why it stops where it does, and what to do about it. In words of both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from enishi.definitions.contracts import ScoreBands, Scorecard
from enishi.definitions.reads import find_published, get_default_scorecard
from enishi.kit.text import Text
from enishi.signals.bands import BANDS, CODES, GREEN, next_bands, plain_bands
from enishi.signals.card import nominal_weights
from enishi.signals.states import CAP_GROUP

NAMED = 4

_SUPPLY = {
    "usage": Text("send usage events or import a usage file", "利用イベントを送るか、利用履歴のファイルを取り込む"),
    "surveys": Text("import survey answers (NPS, CSAT)", "アンケートの回答(NPS・CSAT)を取り込む"),
    "people": Text("import contacts with their roles, and trainings", "関係者(役割つき)や研修の記録を取り込む"),
    "timeline": Text("log or import calls, meetings and mails", "電話・面談・メールの記録を残すか取り込む"),
    "tickets": Text("import tickets", "問い合わせを取り込む"),
    "incidents": Text("import incidents", "障害の記録を取り込む"),
    "revenue": Text("import subscriptions and invoices", "契約と請求を取り込む"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limit:
    """``code``: ``coverage`` or ``stranger`` (no score), or ``cap`` (a score held down); ``text`` says which, ``hint``
    what to do."""

    code: str
    text: Text
    hint: Text

    def as_json(self) -> dict[str, str]:
        return {
            "code": self.code,
            "en": self.text.en,
            "ja": self.text.ja,
            "hint_en": self.hint.en,
            "hint_ja": self.hint.ja,
        }


def limit_of(
    scorecard: str, tenths: int | None, coverage: float, lines: Sequence[Mapping[str, Any]]
) -> Limit | None:
    """The limit that applied to a score, from its lines; None where none did (or no scorecard is the account's)."""
    if not scorecard:
        return None
    if tenths is None:
        found = find_published("scorecard", scorecard)
        card = found.body if found else get_default_scorecard()
        return _too_little(card, coverage, lines) if coverage < card.minimum_coverage else _STRANGER
    for line in lines:
        if line["measure"].startswith(f"{CAP_GROUP}:") and line["tenths"] < 0:
            return _held(line)
    return None


_STRANGER = Limit(
    "stranger",
    Text(
        "No score yet: of other customers there are records, of this one nothing but use within a single week. "
        "The id may be mistyped. Unknown does not mean good.",
        "スコアはまだありません。他の顧客には契約などの記録がありますが、この顧客については1週間以内の利用しか届いていません。"
        "IDの入力誤りの可能性があります。「不明」は「良好」を意味しません。",
    ),
    Text(
        "If the id is another customer's, merge the two or take the import back; otherwise name the customer or import "
        "its contract or contacts.",
        "別の顧客のIDの誤りであれば、統合するか取り込みを取り消してください。実在の顧客であれば、会社名を登録するか、契約や関係者を取り込んでください。",
    ),
)

_BANDS = {
    "red": Text("Danger", "危険"),
    "yellow": Text("Caution", "注意"),
    "green": Text("Good", "良好"),
}


def margin_of(bands: ScoreBands, tenths: int | None, band: str) -> Text | None:
    """Why a computed band is not the one its limits alone give; None where it is, or where the margin is not why."""
    if tenths is None or band not in _BANDS:
        return None
    score, known, code = np.array([tenths]), np.array([True]), CODES[band]
    plain = int(plain_bands(score, known, bands)[0])
    if plain == code or int(next_bands(score, known, np.array([code], dtype=np.int8), bands)[0]) != code:
        return None
    limit, own = _lower_limit(bands, code if plain < code else code + 1), _BANDS[band]
    if plain < code:
        return Text(
            f"The score is below {limit:g}, the limit of “{own.en}”, but within the margin of {bands.margin:g} points: "
            f"the band stays “{own.en}”.",
            f"スコアは「{own.ja}」の下限{limit:g}点を下回っていますが、緩衝幅({bands.margin:g}点)の範囲内のため「{own.ja}」のままです。",
        )
    better = _BANDS[BANDS[code + 1]]
    return Text(
        f"The score has reached {limit:g}, the limit of “{better.en}”, but not passed it by the margin of "
        f"{bands.margin:g} points: the band stays “{own.en}”.",
        f"スコアは「{better.ja}」の下限{limit:g}点に達していますが、緩衝幅({bands.margin:g}点)を超えていないため「{own.ja}」のままです。",
    )


def _lower_limit(bands: ScoreBands, code: int) -> float:
    return bands.green if code == GREEN else bands.yellow


def _held(line: Mapping[str, Any]) -> Limit:
    lost = -line["tenths"] / 10
    return Limit(
        "cap",
        Text(
            f"The score is held down by {lost:.1f} points: {line['text_en']}.",
            f"上限により{lost:.1f}点低くなっています({line['text_ja']})。",
        ),
        Text("It rises once this no longer holds.", "この状態が解消されると、上限は外れます。"),
    )


def _too_little(card: Scorecard, coverage: float, lines: Sequence[Mapping[str, Any]]) -> Limit:
    """No score: what share has data, what share is needed, what is missing and what would supply most of it."""
    share = dict(zip((m.id for m in card.measures), nominal_weights(card).tolist(), strict=True))
    absent = [
        line for line in lines if line["status"] in ("missing", "stale") and share.get(line["measure"], 0) > 0
    ]
    absent.sort(key=lambda line: -share[line["measure"]])
    supply: dict[str, float] = {}
    for line in absent:
        kind = line.get("href_kind") or ""
        supply[kind] = supply.get(kind, 0.0) + share[line["measure"]]
    ways = [_SUPPLY[kind] for kind in sorted(supply, key=lambda kind: -supply[kind]) if kind in _SUPPLY][:2]
    en, ja = (
        ", ".join(line["title_en"] for line in absent[:NAMED]),
        "、".join(line["title_ja"] for line in absent[:NAMED]),
    )
    need = card.minimum_coverage
    return Limit(
        "coverage",
        Text(
            f"No score yet: {coverage:.0%} of the scorecard has fresh data, {need:.0%} is needed. "
            f"Missing most: {en or 'everything'}. Unknown does not mean good.",
            f"スコアはまだありません。スコアカードのうち新しい情報があるのは{coverage:.0%}で、{need:.0%}以上必要です。"
            f"主に不足しているもの:{ja or 'すべて'}。「不明」は「良好」を意味しません。",
        ),
        Text(
            f"To get a score: {'; '.join(way.en for way in ways) or 'wait for the first facts'}.",
            f"スコアを出すには:{'、または'.join(way.ja for way in ways) or '最初の情報をお待ちください'}。",
        ),
    )
