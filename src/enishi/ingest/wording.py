"""Words people use in files for yes, no and the choices of a field, beyond the titles on screen (folded)."""

from __future__ import annotations

from enishi.kit.text import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split())


YES_WORDS = _words(
    "true t yes y 1 on ok ○ 〇 ◯ ● ◎ ✓ ✔ ☑ レ はい 有 有り あり する 可 済 済み 完了 入金 入金済 支払済 対象 有効 "
    "paid done completed closed active succeeded"
)
NO_WORDS = _words(
    "false f no n 0 off × ✕ ✗ ✖ ☐ いいえ 無 無し なし しない 不可 未 滞納 対象外 無効 "
    "unpaid open overdue past_due pending void voided uncollectible inactive failed"
)

# by the name of the choice, whatever the field
CHOICE_WORDS: dict[str, tuple[str, ...]] = {
    "person_left": (
        "left",
        "leaves",
        "departure",
        "resigned",
        "resignation",
        "退任",
        "退職",
        "辞任",
        "異動",
        "離任",
    ),
    "person_joined": ("joined", "joins", "appointed", "appointment", "hired", "着任", "入社", "新任"),
    "merger": ("acquisition", "acquired", "m&a", "takeover", "合併", "買収", "経営統合"),
    "funding": ("investment", "funding round", "増資", "出資"),
    "layoffs": ("layoff", "job cuts", "restructuring", "リストラ", "希望退職"),
    "ja": ("jp", "jpn", "ja-jp", "japanese", "和文"),
    "en": ("eng", "en-us", "en-gb", "english", "英文"),
    "month": (
        "monthly",
        "months",
        "1",
        "月額",
        "月払",
        "月払い",
        "月次",
        "毎月",
        "月契約",
        "mo",
        "1か月",
        "1ヶ月",
        "毎月払い",
    ),
    "quarter": ("quarterly", "3", "3か月", "3ヶ月", "四半期払い", "四半期払", "四半期毎", "四半期ごと"),
    "half": ("half-year", "semiannual", "6", "6か月", "6ヶ月", "半年払い", "半年払", "半期", "半期払い"),
    "year": (
        "yearly",
        "annual",
        "annually",
        "12",
        "年額",
        "年払",
        "年払い",
        "年次",
        "年契約",
        "年間",
        "yr",
        "毎年",
        "12か月",
        "12ヶ月",
        "一年",
        "年一括",
        "年一括払い",
        "年間一括",
        "年間一括払い",
        "一括年払い",
    ),
    "low": ("minor", "trivial", "p4", "p3", "sev 4", "sev4", "小", "軽微", "低い"),
    "normal": ("medium", "moderate", "p2", "sev 3", "sev3", "通常", "普通", "中程度"),
    "high": ("major", "p1", "sev 2", "sev2", "大", "重大", "高い"),
    "urgent": (
        "critical",
        "blocker",
        "p0",
        "sev 1",
        "sev1",
        "sev 0",
        "sev0",
        "最高",
        "最優先",
        "致命的",
        "至急",
    ),
    "call": ("phone", "tel", "telephone", "架電", "電話対応", "通話"),
    "mail": ("email", "e-mail", "eメール", "電子メール"),
    "meeting": ("mtg", "web会議", "オンライン", "会議", "面談", "商談", "zoom", "ミーティング"),
    "visit": ("onsite", "on-site", "来社", "往訪"),
    "webinar": ("seminar", "event", "ウェビナー", "勉強会"),
    "note": ("memo", "other", "その他"),
    "onboarding": ("導入", "オンボーディング", "導入中"),
    "adoption": ("活用", "活用中", "アダプション"),
    "established": ("active", "live", "運用", "運用中", "利用中"),
    "advocacy": ("advocate", "推奨"),
    "churned": ("cancelled", "canceled", "解約", "退会"),
    "decision_maker": (
        "decision-maker",
        "decisionmaker",
        "意思決定者",
        "決裁権者",
        "決定者",
        "exec",
        "exec sponsor",
        "executive sponsor",
        "sponsor",
        "economic buyer",
        "buyer",
    ),
    "champion": ("チャンピオン", "旗振り役", "推進役", "キーマン"),
    "influencer": ("影響", "インフルエンサー"),
    "power_user": ("poweruser", "ヘビーユーザー"),
    "finance": ("billing", "経理", "請求担当", "財務"),
    "user": ("end user", "利用担当", "ユーザー", "一般"),
    "nps": ("nps®", "推奨度", "net promoter score"),
    "csat": ("満足度", "customer satisfaction"),
    "ces": ("労力", "customer effort score"),
}
