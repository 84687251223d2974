"""What a file may hold: every kind of record, and usage events."""

from __future__ import annotations

from enishi.kit.text import Text
from enishi.store.kinds import KINDS, Field, Kind, Type

EVENT = Kind(
    "event",
    Text("Usage event", "利用イベント"),
    Text("Usage events", "利用イベント"),
    (
        Field("occurred_at", Type.INSTANT, Text("When", "日時"), required=True,
              aliases=("timestamp", "time", "date", "datetime", "when", "at", "occurred", "happened_at", "event_date", "logged_at", "date_time", "created_at", "event_time", "発生日時", "操作日時", "利用日時", "アクセス日時", "タイムスタンプ", "発生日", "利用日", "日付")),
        Field("account", Type.TEXT, Text("Account", "顧客企業"),
              aliases=("account_id", "group_id", "groupid", "company", "company_id", "organization", "tenant", "tenant_id", "client", "client_id", "client_name", "org", "org_id", "organization_id", "organisation", "organisation_id", "workspace", "workspace_id", "cust", "cust_id", "customer_name", "customer_id", "顧客id", "企業id",
                       "customer", "account_name", "company_name", "顧客", "お客様番号", "お客様コード", "お客様id", "お客様名", "お客様", "顧客コード", "顧客番号", "顧客名", "企業コード", "企業名", "企業",
                       "会社id", "会社コード", "会社名", "会社", "取引先id", "取引先コード", "取引先名", "取引先", "得意先コード", "契約企業")),
        Field("user", Type.TEXT, Text("User", "利用者"), aliases=("user_id", "userid", "email", "actor", "user_email", "email_address", "username", "member", "login", "person", "contact", "contact_id", "performed_by", "done_by", "who", "ユーザーid", "利用者id",
                       "user_name", "login_id", "ユーザー", "ユーザー名", "ログインid", "社員番号", "メールアドレス")),
        Field("event", Type.TEXT, Text("Event", "イベント"), required=True,
              aliases=("event_name", "action", "activity", "what_happened", "event_type", "event_key", "feature_name", "operation", "name", "type", "feature", "操作", "操作名", "操作内容", "イベント名", "機能", "機能名", "アクション")),
        Field("product", Type.TEXT, Text("Product", "製品"), aliases=("product_id", "product_name", "app", "application", "module")),
        Field("message_id", Type.TEXT, Text("Message id", "メッセージID"), aliases=("messageid", "event_id", "uuid", "イベントid"),
              help=Text("The same id is counted once. Without it, equal rows of one file are told apart by their number.",
                        "同じIDは一度だけ数えます。無い場合、同じ内容の行は何回目かで区別します。")),
    ),
    happened="occurred_at",
)  # fmt: skip

FILE_KINDS: dict[str, Kind] = {**KINDS, EVENT.name: EVENT}
