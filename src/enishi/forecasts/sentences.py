"""The sentences the reading of texts is learned from: written for this project, kept as data, with a fixed split.

Each line is ``text,topic,tone,kind,split``. The split follows from the text alone (:func:`split_of`), so that a
sentence added later never moves another one: what is ``test`` was test from the first day, and nothing is chosen by it.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from enishi.kit.text import Text

FOLDER = Path(__file__).with_name("corpus")
LANGUAGES = ("ja", "en")
TONES = ("negative", "neutral", "positive")
KINDS = ("ticket", "survey", "note", "mail")
SPLITS = ("train", "valid", "test")

TOPICS: dict[str, Text] = {
    "login_access": Text("Sign-in and access", "ログイン・権限"),
    "bug_defect": Text("Defects", "不具合"),
    "outage_performance": Text("Outage and speed", "障害・動作速度"),
    "usability": Text("Ease of use", "使いやすさ"),
    "feature_request": Text("Wishes for features", "機能要望"),
    "integration_api": Text("Integration and API", "連携・API"),
    "data_import_export": Text("Data in and out", "データの取り込み・出力"),
    "billing_invoice": Text("Invoices and payment", "請求・支払い"),
    "price_contract": Text("Price and contract", "価格・契約条件"),
    "cancellation_intent": Text("Thinking of leaving", "解約の意向"),
    "renewal_intent": Text("Renewal", "更新の意向"),
    "onboarding_training": Text("Onboarding and training", "導入支援・研修"),
    "support_quality": Text("Quality of support", "サポートの質"),
    "security_compliance": Text("Security and compliance", "セキュリティ・法令対応"),
    "staff_change": Text("People leave or move", "担当者の異動・退職"),
    "org_change": Text("Change of the organisation", "組織・業績の変化"),
    "expansion_interest": Text("Interest in more", "拡大の関心"),
    "praise_success": Text("Results and praise", "成果・評価"),
    "competitor": Text("Competitors", "競合"),
    "scheduling_smalltalk": Text("Appointments and small talk", "日程調整・雑談"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of the corpus, or a text somebody has judged; a label that is not known is empty."""

    text: str
    topic: str
    tone: str
    kind: str = ""
    split: str = "train"


def split_of(text: str) -> str:
    """A fifth is test, a fifth valid, the rest train: by the SHA-256 of the text.

    >>> split_of("I cannot log in.") in SPLITS
    True
    """
    part = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 5
    return {0: "test", 1: "valid"}.get(part, "train")


def read_corpus(language: str, folder: Path = FOLDER) -> list[Sentence]:
    """The sentences of a language.

    Raises:
        ValueError: a line with an unknown label, or a split that is not its text's.
    """
    return list(_checked(folder / f"{language}.csv"))


def _checked(path: Path) -> Iterator[Sentence]:
    with path.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            found = Sentence(row["text"], row["topic"], row["tone"], row["kind"], row["split"])
            known = found.topic in TOPICS and found.tone in TONES and found.kind in KINDS
            if not known or found.split != split_of(found.text) or not found.text.strip():
                raise ValueError(f"{path.name}, line {number}: {found}")
            yield found


def corpus_digest(folder: Path = FOLDER) -> str:
    """Names the corpus: changes with any of its lines."""
    parts = [(folder / f"{language}.csv").read_bytes() for language in LANGUAGES]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
