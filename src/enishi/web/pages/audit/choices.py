"""The names of what audit lines hold: keys of details, stored choices, things without a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from babel import Locale
from babel.dates import get_month_names
from django.conf import settings

from enishi.accounts.models import FactorRule, OutsideId, Role, Scope
from enishi.forecasts.api import TOPICS
from enishi.growth.api import Proposal, offer_titles
from enishi.ingest.files.kinds import FILE_KINDS
from enishi.kit.text import Text
from enishi.outlook.api import Category, Target
from enishi.segments.api import tier_titles
from enishi.stakeholders.api import FEELINGS, INFLUENCES, LEVELS
from enishi.store.kinds import KINDS
from enishi.value.api import Ranking
from enishi.web.badges import band_word
from enishi.web.pages.audit.words import verb_titles
from enishi.work.api import manual_measures
from enishi.work.models import Attention, Task

# What a line says elsewhere (the target, the customer) or only machines need; the record shows it.
UNSHOWN = frozenset(
    {"note", "merged_id", "request", "row", "import", "tierpin", "attention", "export", "correction", "held"}
)
# Lists of their own accord, where two entries are not a before and an after.
LISTS = frozenset({"definitions", "fields", "scopes", "ids", "changes", "products"})

KEYS: dict[str, Text] = {
    "account": Text("customer", "顧客"),
    "accounts": Text("customers handed over", "引き継いだ顧客数"),
    "act": Text("correction", "修正内容"),
    "actor": Text("who", "操作者"),
    "address": Text("conditions", "条件"),
    "aim": Text("target of", "目標の項目"),
    "aim_period": Text("of the period", "対象期間"),
    "aim_value": Text("target", "目標値"),
    "at_risk_from": Text("at risk from", "要注意の下限"),
    "amount": Text("MRR gained", "増えたMRR"),
    "assignee": Text("assigned to", "担当者"),
    "backfill": Text("as history", "過去データとして"),
    "band": Text("band", "区分"),
    "commit_to": Text("commit up to", "確実の上限"),
    "ceiling": Text("most expansion there can be", "拡大率の上限"),
    "changes": Text("changes", "変更点"),
    "contact_role": Text("role", "役割"),
    "churn_minutes": Text(
        "minutes for a point of churn, per 100 customers", "解約・縮小率1ポイントの所要時間(分、100社あたり)"
    ),
    "count": Text("items", "件数"),
    "created": Text("created", "新規"),
    "customers": Text("customers", "顧客数"),
    "events": Text("events", "利用イベント数"),
    "staying": Text("usage events left", "残した利用イベント数"),
    "waiting": Text("rejected rows waiting again", "取り込みエラーに戻した行"),
    "creates_accounts": Text("makes customers", "顧客の自動登録"),
    "currency": Text("currency", "通貨"),
    "definitions": Text("definitions", "定義"),
    "deleted": Text("deleted", "削除"),
    "discount_rate": Text("discount rate a year", "年間割引率"),
    "due_on": Text("due", "期限"),
    "ended": Text("sessions ended", "終了したセッション数"),
    "every": Text("snapshots", "判定間隔"),
    "expires_on": Text("until", "有効期限"),
    "expansion_minutes": Text(
        "minutes for a point of expansion, per 100 customers", "拡大率1ポイントの所要時間(分、100社あたり)"
    ),
    "extra_holidays": Text("company holidays", "会社独自の休日"),
    "factor_grace_days": Text("days to set the second factor up", "二要素認証の猶予日数"),
    "factor_rule": Text("second factor", "二要素認証の必須化"),
    "family_name": Text("family name", "姓"),
    "feeling": Text("sentiment", "感情"),
    "fields": Text("fields", "項目"),
    "fiscal_year_start": Text("fiscal year starts in", "会計年度の開始月"),
    "floor": Text("churn nobody can prevent", "防ぎようのない解約率"),
    "format": Text("format", "形式"),
    "from_now": Text("from now on only", "今後のみ適用"),
    "given_name": Text("given name", "名"),
    "gross_margin": Text("gross margin", "粗利率"),
    "heir": Text("handed over to", "引き継ぎ先"),
    "holiday_country": Text("national holidays", "祝日"),
    "horizon_years": Text("years looked ahead", "見込む年数"),
    "hour_cost": Text("cost of an hour", "1時間あたりの費用"),
    "horizon": Text("forecast for (days)", "予測期間(日)"),
    "ids": Text("ids", "ID"),
    "influence": Text("influence", "影響力"),
    "items": Text("items", "件数"),
    "kept": Text("left, as changed since", "その後の変更により残した件数"),
    "kind": Text("kind", "種類"),
    "input": Text("item", "項目"),
    "language": Text("language", "言語"),
    "left_on": Text("left or leaves on", "離任日"),
    "level": Text("level", "職位"),
    "measure": Text("measure", "指標"),
    "member": Text("member", "メンバー"),
    "members": Text("members", "メンバー数"),
    "merge": Text("merges", "統合"),
    "merged": Text("merged customer", "統合された顧客"),
    "minutes": Text("minutes", "分"),
    "months": Text("months counted", "計算期間(月)"),
    "moved": Text("customers moved", "変更された顧客数"),
    "movement": Text("movement", "変動の種類"),
    "moves": Text("moves", "内訳"),
    "name": Text("name", "名前"),
    "name_kana": Text("name reading", "氏名(かな)"),
    "new": Text("new definition", "新規の定義"),
    "notes": Text("notes emptied", "消去したメモ数"),
    "number": Text("version", "版"),
    "offer": Text("offer", "提案"),
    "offer_type": Text("type of offer", "提案の種類"),
    "on": Text("day", "日付"),
    "outcome": Text("outcome", "判定する結果"),
    "owner": Text("owner", "担当者"),
    "page": Text("page", "ページ"),
    "place": Text("place", "項目"),
    "points": Text("points", "点数"),
    "product": Text("product", "製品"),
    "q": Text("search", "検索"),
    "query": Text("conditions", "条件"),
    "ranking": Text("lifetime value in lists", "一覧に使うLTV"),
    "raw_months": Text("raw events are kept", "生イベントの保管期間"),
    "reason": Text("reason", "理由"),
    "renewal_category": Text("renewal", "更新見込み"),
    "records": Text("records emptied", "消去した記録数"),
    "rejected": Text("rejected", "エラー"),
    "removed": Text("removed", "削除"),
    "replaced": Text("replaces version", "置き換えた版"),
    "restored": Text("restored", "復元"),
    "role": Text("role", "役割"),
    "rows": Text("rows", "行数"),
    "scope": Text("sees", "閲覧範囲"),
    "scopes": Text("rights", "権限"),
    "scores": Text("scores", "スコア"),
    "segment": Text("segment", "セグメント"),
    "shared": Text("shared", "共有"),
    "since": Text("since", "開始日"),
    "size": Text("size", "サイズ"),
    "sort": Text("order", "並び順"),
    "source": Text("source", "取り込み元"),
    "stage": Text("stage", "段階"),
    "system": Text("system", "システム"),
    "tag": Text("tag", "タグ"),
    "target": Text("leads to", "紐付け先"),
    "team": Text("team", "チーム"),
    "texts": Text("texts emptied", "消去した文章数"),
    "texts_kept": Text("texts kept on review", "確認のうえ残した文章数"),
    "ticket_cost": Text("cost of a ticket", "問い合わせ1件の費用"),
    "tier": Text("tier", "階層"),
    "tone": Text("tone", "感情"),
    "topic": Text("topic", "話題"),
    "time_zone": Text("time zone", "タイムゾーン"),
    "type": Text("type", "種類"),
    "unchanged": Text("unchanged", "変更なし"),
    "until": Text("until", "期限"),
    "updated": Text("updated", "更新"),
    "updates_records": Text("updates records", "記録の自動更新"),
    "value": Text("value", "値"),
    "verb": Text("what was done", "操作"),
    "view": Text("conditions", "条件"),
    "was": Text("was", "変更前の状態"),
    "week_start": Text("week starts on", "週の始まり"),
}

# What ``from`` and ``to`` of a verb are the ends of; elsewhere they are days.
ENDS = {"task_moved": "due_on", "task_reassigned": "assignee", "accounts_handed_over": "owner"}
PERIOD = Text("period", "期間")
# Where a verb means something else by a key.
AGAIN_ON = Text("shown again on", "再表示する日")
OF_VERBS = {("account_snoozed", "until"): AGAIN_ON, ("account_done", "until"): AGAIN_ON}

DEFINITIONS: dict[str, Text] = {
    "metric": Text("Metric", "指標"),
    "scorecard": Text("Scorecard", "スコアカード"),
    "causes": Text("Causes and alerts", "原因・アラート"),
    "tiers": Text("Touch tiers", "階層"),
    "stages": Text("Stages", "段階"),
    "names": Text("Names", "名称"),
    "offer": Text("Offers", "提案"),
    "fit": Text("Axes of fit", "適合度の軸"),
}
STANDARD = Text("standard", "標準")

# What has no row of its own.
THINGS: dict[str, Text] = {
    "tiers": Text("Touch tiers", "階層"),
    "definitions": Text("Definitions", "定義"),
    "rejects": Text("Rejects desk", "取り込みエラー"),
    "audit": Text("Audit log", "監査ログ"),
    "revenue": Text("Revenue movements", "収益の変動"),
    "value": Text("Lifetime value", "顧客生涯価値"),
    "growth": Text("Ready customers", "提案できる顧客"),
    "fit": Text("Right customers", "適した顧客"),
    "store": Text("Raw events", "生イベント"),
    "sample": Text("Loading the sample company", "サンプル企業の読み込み"),
    "relations": Text("Relationships", "関係者との関係"),
    "score": Text("Scoring", "スコアの計算"),
}

Words = Callable[[str], dict[str, str]]


def _said(texts: Mapping[str, Text]) -> Words:
    return lambda language: {value: text.in_language(language) for value, text in texts.items()}


def _labels(choices: Mapping[str, object]) -> Words:
    return lambda language: {str(value): str(label) for value, label in choices.items()}


def _field(kind: str, name: str) -> Words:
    found = next(field for field in KINDS[kind].fields if field.name == name)
    return _said(dict(found.choices))


def _kinds(language: str) -> dict[str, str]:
    return {name: kind.plural.in_language(language) for name, kind in {**KINDS, **FILE_KINDS}.items()}


def _tiers(language: str) -> dict[str, str]:
    return {tier: title.in_language(language) for tier, title in tier_titles().items()}


def _measures(language: str) -> dict[str, str]:
    return {name: title.in_language(language) for name, title in manual_measures().items()}


def _months(language: str) -> dict[str, str]:
    names = get_month_names("wide", context="stand-alone", locale=language)
    return {str(month): str(names[month]) for month in range(1, 13)}


def _weekdays(language: str) -> dict[str, str]:
    return {str(day): name for day, name in Locale.parse(language).days["stand-alone"]["wide"].items()}


def _countries(language: str) -> dict[str, str]:
    return dict(Locale.parse(language).territories)


def _offers(language: str) -> dict[str, str]:
    return {slug: title.in_language(language) for slug, title in offer_titles().items()}


CHOICES: dict[str, Words] = {
    "ranking": _labels(dict(Ranking.choices)),
    "act": _said(
        {
            "values": Text("another value", "値の置き換え"),
            "name": Text("another name", "項目名の変更"),
            "dates": Text("how days are written", "日付の書き方"),
        }
    ),
    "aim": _labels(dict(Target.Measure.choices)),
    "band": lambda language: {band: band_word(band) for band in ("green", "yellow", "red", "unknown")},
    "contact_role": _field("contact", "role"),
    "every": _said(
        {
            "day": Text("every day", "毎日"),
            "week": Text("every week", "毎週"),
            "month": Text("every month", "毎月"),
            "quarter": Text("every quarter", "四半期ごと"),
        }
    ),
    "factor_rule": _labels(dict(FactorRule.choices)),
    "feeling": _said(FEELINGS),
    "fiscal_year_start": _months,
    "format": _said({"xlsx": Text("Excel", "Excel"), "csv": Text("CSV", "CSV")}),
    "holiday_country": _countries,
    "influence": _said(INFLUENCES),
    "kind": _kinds,
    "language": _labels(dict(settings.LANGUAGES)),
    "level": _said(LEVELS),
    "measure": _measures,
    "movement": _said(
        {
            "new": Text("new", "新規"),
            "expansion": Text("expansion", "拡大"),
            "reactivation": Text("reactivation", "復活"),
            "contraction": Text("contraction", "縮小"),
            "churn": Text("churn", "解約"),
        }
    ),
    "offer": _offers,
    "offer_type": _said(
        {
            "plan": Text("higher plan", "上位プラン"),
            "seats": Text("more seats", "ライセンス追加"),
            "product": Text("related product", "関連製品"),
            "term": Text("longer term", "契約期間の延長"),
        }
    ),
    "renewal_category": _labels(dict(Category.choices)),
    "role": _labels(dict(Role.choices)),
    "scope": _labels(dict(Scope.choices)),
    "target": _labels(dict(OutsideId.Target.choices)),
    "tier": _tiers,
    "tone": _said(
        {
            "negative": Text("negative", "否定的"),
            "neutral": Text("neutral", "中立"),
            "positive": Text("positive", "肯定的"),
        }
    ),
    "topic": _said(TOPICS),
    "type": _field("interaction", "type"),
    "verb": lambda language: {
        **_said(verb_titles())(language),
        **_labels(dict(Attention.Verb.choices))(language),
    },
    "was": lambda language: {
        **_labels(dict(Task.Status.choices))(language),
        **_labels(dict(Proposal.Status.choices))(language),
    },
    "week_start": _weekdays,
}
