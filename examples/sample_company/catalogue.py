"""What the vendor sells, and what people do with it. Prices are yen a month."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """A thing done in a product. ``level``: 0 everybody's first steps … 2 what only power users reach."""

    event: str
    level: int
    weight: float
    properties: tuple[str, ...] = ("{}",)  # JSON objects, one of which an event carries


@dataclass(frozen=True)
class Plan:
    name: str
    per_seat: int
    base: int = 0
    most_level: int = 2  # the highest feature level the plan opens


@dataclass(frozen=True)
class Product:
    id: str
    title: str
    plans: tuple[Plan, ...]
    features: tuple[Feature, ...]


WORK = Product(
    "musubi-work",
    "ムスビ ワーク",
    (Plan("ライト", 900, 5_000, 1), Plan("スタンダード", 1_500, 10_000), Plan("プレミアム", 2_600, 30_000)),
    (
        Feature("task_created", 0, 5, ('{"kind":"task"}', '{"kind":"request"}')),
        Feature("task_completed", 0, 5),
        Feature("comment_added", 0, 4),
        Feature("file_shared", 0, 2.5, ('{"format":"pdf"}', '{"format":"xlsx"}', '{"format":"docx"}')),
        Feature("request_submitted", 1, 2.5, ('{"form":"expense"}', '{"form":"leave"}', '{"form":"purchase"}')),
        Feature("request_approved", 1, 2),
        Feature("template_used", 1, 1.5),
        Feature("mobile_opened", 1, 1.8),
        Feature("report_exported", 2, 1.2, ('{"format":"csv"}', '{"format":"pdf"}')),
        Feature("workflow_automated", 2, 0.9),
        Feature("api_called", 2, 0.8),
    ),
)  # fmt: skip

DESK = Product(
    "musubi-desk",
    "ムスビ デスク",
    (Plan("チーム", 2_500, 10_000, 1), Plan("ビジネス", 4_200, 20_000)),
    (
        Feature("inquiry_answered", 0, 6),
        Feature("inquiry_assigned", 0, 3),
        Feature("macro_used", 1, 2),
        Feature("faq_published", 2, 0.8),
        Feature("sla_report_viewed", 2, 0.8),
    ),
)

INSIGHT = Product(
    "musubi-insight",
    "ムスビ インサイト",
    (Plan("ベーシック", 0, 50_000, 1), Plan("アドバンス", 0, 150_000)),
    (
        Feature("dashboard_viewed", 0, 4),
        Feature("dashboard_edited", 1, 1),
        Feature("query_saved", 2, 0.8),
        Feature("report_scheduled", 2, 0.5),
    ),
)

PRODUCTS = {product.id: product for product in (WORK, DESK, INSIGHT)}

# The commerce line: consumables and devices ordered again and again. Code, unit price.
GOODS = (
    ("ラベル用紙 500枚", 3_200),
    ("ハンディ端末", 48_000),
    ("QRタグ 100個", 6_800),
    ("ICカード 50枚", 14_500),
    ("受付タブレットスタンド", 12_800),
)

COURSES = (
    "初期設定講座",
    "管理者講座",
    "活用実践講座",
    "自動化講座",
    "Administrator basics",
    "Automation workshop",
)
