"""What customers write and what the vendor notes down, in Japanese and in English."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Topic:
    """A reason to write: how it sounds on average (-1 … 1), how severe, how many hours until it is settled."""

    id: str
    tone: float
    severities: tuple[str, ...]
    hours: float
    ja: tuple[tuple[str, str], ...]
    en: tuple[tuple[str, str], ...]


TOPICS = {
    topic.id: topic
    for topic in (
        Topic(
            "howto", 0.15, ("low", "normal"), 9,
            (
                ("{feature}の設定方法について", "いつもお世話になっております。{feature}の設定手順が分からず、ご教示いただけますでしょうか。"),
                ("{feature}の使い方", "{feature}を部署ごとに分けて使いたいのですが、可能でしょうか。マニュアルの該当箇所も教えてください。"),
                ("一括登録について", "{n}件ほどのデータを一括で登録する方法はありますか。CSVの書式を教えていただけると助かります。"),
                ("権限の設定", "新しく入った担当者に{feature}だけ使わせたいです。どの権限を付ければよいでしょうか。"),
            ),
            (
                ("How do I set up {feature}?", "Hello, we could not find where {feature} is configured. Could you point us to the right page?"),
                ("Bulk import", "Is there a way to register about {n} items at once? An example file would help."),
                ("Permissions for a new colleague", "A new team member should only see {feature}. Which role do we need?"),
            ),
        ),
        Topic(
            "bug", -0.45, ("normal", "high", "high"), 30,
            (
                ("{feature}でエラーが発生します", "{feature}を開くとエラーになり、業務が止まっています。至急ご確認をお願いします。"),
                ("{feature}の表示が遅い", "先週から{feature}の表示に{n}秒以上かかるようになりました。改善の見込みを教えてください。"),
                ("データが反映されない", "昨日登録した内容が{feature}に反映されていません。何度試しても同じ結果です。"),
            ),
            (
                ("{feature} fails with an error", "Opening {feature} gives an error since this morning and our team is stuck. Please look into it."),
                ("{feature} has become slow", "{feature} now takes more than {n} seconds to load. When will this be fixed?"),
                ("Data does not show up", "What we entered yesterday is missing in {feature}. We tried several times."),
            ),
        ),
        Topic(
            "outage", -0.7, ("high", "urgent"), 12,
            (
                ("接続できません", "朝からまったく接続できません。現場の業務が完全に止まっています。復旧の見込みを至急お知らせください。"),
                ("先日の障害について", "先日の障害で大きな影響が出ました。原因と再発防止策を書面でご説明ください。社内でも問題になっています。"),
                ("障害が続いています", "今月だけで{n}回目です。このままでは継続利用は難しいという声が出ています。"),
            ),
            (
                ("We cannot connect at all", "Nobody here can connect since this morning and our work has stopped. When will it be back?"),
                ("About last week's outage", "The outage hurt us badly. Please explain the cause and what you will do so that it does not happen again."),
            ),
        ),
        Topic(
            "price", -0.4, ("normal",), 40,
            (
                ("料金プランの見直しについて", "利用状況に対して費用が高いという意見が社内で出ています。値引きや下位プランへの変更は可能でしょうか。"),
                ("費用対効果のご相談", "次回更新に向けて費用対効果の説明を求められています。他社サービスの見積もりの方が安く、判断に迷っています。"),
                ("ライセンス数の削減", "使っていないライセンスが{n}席ほどあります。契約途中での削減はできますか。"),
            ),
            (
                ("Reviewing our plan", "Management feels the cost is high for what we use. Is a discount or a lower plan possible?"),
                ("A competitor's offer", "We received a cheaper offer from another vendor. What can you do for us before renewal?"),
            ),
        ),
        Topic(
            "billing", -0.05, ("low", "normal"), 20,
            (
                ("請求書の再発行", "先月分の請求書を再発行していただけますでしょうか。宛名の部署名を変更したいです。"),
                ("支払方法の変更", "支払方法を口座振替に変更したいのですが、必要な手続きを教えてください。"),
            ),
            (("Copy of an invoice", "Could you send last month's invoice again with our new billing address?"),),
        ),
        Topic(
            "feature", 0.1, ("low",), 90,
            (
                ("機能追加のご要望", "{feature}の一覧をExcelで出力できるようにしていただけると大変助かります。"),
                ("{feature}の改善要望", "{feature}に承認者を複数設定できるようにしてほしいです。他部署からも要望が出ています。"),
                ("連携のご要望", "社内で使っている会計システムと連携できると、展開を広げやすくなります。ご検討ください。"),
            ),
            (
                ("Feature request", "It would help us a lot if the {feature} list could be exported to Excel."),
                ("Integration", "If {feature} worked with our accounting system we could roll it out to more teams."),
            ),
        ),
        Topic(
            "thanks", 0.8, ("low",), 5,
            (
                ("お礼", "迅速にご対応いただき、ありがとうございました。{feature}がとても便利で、現場からも好評です。"),
                ("活用が進んでいます", "おかげさまで{feature}の利用が社内に広がり、作業時間が月{n}時間ほど減りました。"),
            ),
            (("Thank you", "Thanks for the quick help. {feature} works great and the team likes it."),),
        ),
        Topic(
            "leaving", -0.5, ("normal", "high"), 30,
            (
                ("解約手続きについて", "契約の更新を見送る方向で検討しています。解約の手続きと期限を教えてください。"),
                ("データの出力", "契約終了に備えて、登録済みのデータをすべて出力する方法を教えてください。"),
            ),
            (("How to cancel", "We are considering not renewing. What are the steps and the deadline?"),),
        ),
    )
}  # fmt: skip

FEATURES_JA = (
    "承認フロー",
    "タスク管理",
    "レポート出力",
    "ダッシュボード",
    "テンプレート",
    "モバイル版",
    "問い合わせ一覧",
)
FEATURES_EN = ("approval flow", "task list", "report export", "dashboard", "templates", "mobile app", "inbox")

# Interactions: type -> (usual minutes, how likely an answer is beside the account's warmth, subjects).
MEETINGS = {
    "meeting": (50, 1.25, ("定例ミーティング", "活用状況の振り返り", "更新に向けたお打ち合わせ"), ("Regular review", "Adoption review", "Renewal meeting")),
    "call": (15, 0.95, ("お電話でのフォロー", "ご利用状況の確認"), ("Follow-up call", "Check-in call")),
    "mail": (8, 0.7, ("活用のご提案", "新機能のご案内", "ご無沙汰しております"), ("Tips for your team", "What is new", "Checking in")),
    "visit": (80, 1.3, ("訪問", "現場でのヒアリング"), ("On-site visit",)),
    "webinar": (60, 0.8, ("活用セミナーへの参加",), ("Webinar attendance",)),
}  # fmt: skip
NOTES_JA = {
    "good": ("活用が広がっている。次の部署への展開を相談された。", "成果が出ているとのこと。事例化を打診した。", "要望を伺い、次回までに資料を送ることになった。"),
    "flat": ("現状を確認。特に課題はないとのこと。", "新機能を紹介した。来月もう一度確認する。", "担当者の業務が忙しく、利用は限定的。"),
    "bad": ("効果が見えないという声がある。打ち手を社内で検討する。", "担当者の交代により運用が止まっている。後任を確認中。", "費用の見直しを求められた。代替案を準備する。"),
}  # fmt: skip
NOTES_EN = {
    "good": ("Usage is spreading; they asked how to roll out to the next team.", "They see results and may be a reference."),
    "flat": ("Status check, nothing urgent.", "Showed new features; follow up next month."),
    "bad": ("They do not see the value yet; we need a plan.", "Our contact changed and use has stalled.", "They want to review the cost."),
}  # fmt: skip

# What the customer tells of its own business while the story lasts.
NEWS_JA = {
    "downsized": ("先方では事業縮小に伴い予算削減が進んでいるとのこと。", "希望退職の募集があり、利用部署の人員が減る見込み。", "拠点閉鎖が決まり、来期の契約数を見直したいとの相談。"),
    "acquired": ("親会社による買収が公表され、システムの統合方針を確認中。", "経営統合に伴い、利用ツールの見直しがあるとのこと。"),
}  # fmt: skip
NEWS_EN = {
    "downsized": ("There was a layoff in their department; fewer seats next term.", "Budget cuts after a restructuring."),
    "acquired": ("They are being acquired; the new parent will review all tools.", "The merger is closing next quarter."),
}  # fmt: skip

COMMENTS_JA = {
    "promoter": ("サポートが早くて助かっています。", "業務が楽になりました。", "他部署にも勧めています。"),
    "passive": (
        "概ね満足していますが、動作が遅いことがあります。",
        "便利ですが機能が多くて使いこなせていません。",
    ),
    "detractor": (
        "費用に見合った効果を感じられません。",
        "障害が多く不安です。",
        "使い方が難しく定着しませんでした。",
    ),
}
COMMENTS_EN = {
    "promoter": ("Fast support, thank you.", "It saves us a lot of time."),
    "passive": ("Fine overall, sometimes slow.",),
    "detractor": ("We do not see the value for the price.", "Too many outages.", "Too hard to use."),
}


def write_ticket(random: np.random.Generator, topic: Topic, language: str) -> tuple[str, str]:
    """A subject and a text on the topic, in the customer's language."""
    templates, features = (topic.en, FEATURES_EN) if language == "en" else (topic.ja, FEATURES_JA)
    subject, body = templates[random.integers(len(templates))]
    words = {"feature": features[random.integers(len(features))], "n": int(random.integers(2, 60))}
    return subject.format(**words), body.format(**words)


HARSH, FRIENDLY = -0.3, 0.3
CLOSINGS = {
    "ja": (
        "以前にも同じ内容でお尋ねしましたが、いまだに解決しておらず困っております。早急にご回答ください。",
        "いつも丁寧にご対応いただき、大変助かっております。",
    ),
    "en": (
        " We have asked this before and still have no answer. Please reply at once.",
        " Thank you, your support has always been a great help.",
    ),
}


def closing(topic: Topic, tone: float, language: str) -> str:
    """What is said beside a plain question where the writer is vexed or grateful, so that a tone has its words."""
    vexed, grateful = CLOSINGS[language]
    if tone < HARSH <= topic.tone:
        return vexed
    return grateful if topic.tone <= FRIENDLY < tone else ""


def pick(random: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[random.integers(len(options))]
