"""The kinds of record Enishi keeps, each declared once.

Files, the REST API, the Parquet schema, the page columns and the documentation are all made from these
declarations. Usage events are not records: their columns are in :mod:`enishi.store.schema`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from enishi.kit.text import Text

# The id space of the vendor's own product: group and user ids sent by its developers, and the account and user
# columns of event files, unless they name another system.
DEFAULT_SYSTEM = "product"

# From before anything Enishi is asked about: the day of identity that holds for all time.
ALWAYS_ON = date(1970, 1, 1)


class Type(StrEnum):
    """What a field holds. MONEY is a decimal amount; its currency is the record's ``currency`` field."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    CURRENCY = "currency"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    EMAIL = "email"
    LINK = "link"  # a web address, http or https
    DOMAIN = "domain"  # of mail addresses; a web address is taken for its domain
    CHOICE = "choice"
    ACCOUNT = "account"  # an outside id of an account; kept as its number
    CONTACT = "contact"  # an outside id or mail address of a contact; kept as its number
    MEMBER = "member"  # the mail address of a member


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be; both ends count, ``above`` does not.

    Args:
        when: a choice field of the same record and its value; the range is for such records alone.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    when: tuple[str, str] | None = None

    def holds(self, value: float | Decimal) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
        )

    @property
    def text(self) -> Text:
        """In words, to follow the value: "0 to 10", "more than 0"."""
        if self.above is not None:
            return Text(f"more than {self.above:g}", f"{self.above:g}より大きい値")
        if self.most is None:
            return Text(f"{self.least:g} or more", f"{self.least:g}以上")
        return Text(f"{self.least:g} to {self.most:g}", f"{self.least:g}〜{self.most:g}")


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a kind.

    Args:
        aliases: further column headings, in either language, by which a file's column is recognised.
        known_from: a date field of the same record; before that date the value was not known, so an as-of
            question sees null. This keeps outcomes (resolved, paid, ended) out of earlier days when old
            history arrives in one file.
        timeless: whether a value learned late may be used for earlier days (a name may; a stage may not).
        ranges: what a number may be. Other values are refused at every door; metrics take those kept from before
            for unknown.
        not_before: a date or instant of the same record before which this one cannot lie.
        done: it has happened when it is told, so it lies at most a day ahead (clocks and time zones differ).
    """

    name: str
    type: Type
    title: Text
    required: bool = False
    choices: tuple[tuple[str, Text], ...] = ()
    aliases: tuple[str, ...] = ()
    known_from: str = ""
    timeless: bool = True
    help: Text | None = None
    ranges: tuple[Range, ...] = ()
    not_before: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record.

    Args:
        name: singular word used in URLs, files and tables.
        happened: the field that dates the record; empty for standing things (account, contact).
        effective: the field from which the stated values hold; a later version with a later date is a
            change, with the same date a correction. Empty: a later version replaces the earlier.
        personal: fields that identify a person and are removed by erasure.
    """

    name: str
    title: Text
    plural: Text
    fields: tuple[Field, ...]
    happened: str = ""
    effective: str = ""
    personal: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def slug(self) -> str:
        """The word for the kind in addresses: ``survey_answers``."""
        return self.plural.en.lower().replace(" ", "_")

    @property
    def texts(self) -> tuple[str, ...]:
        """The fields that hold whatever a source writes, and so perhaps somebody's name."""
        return tuple(f.name for f in self.fields if f.type is Type.TEXT and f.name != "id")

    @property
    def has_account(self) -> bool:
        return any(f.type is Type.ACCOUNT and f.name == "account" for f in self.fields)

    @property
    def names_account(self) -> bool:
        """Whether each record is of one account; others may be of none, or of all."""
        return self.has_account and self.field("account").required


T = Type
NOT_NEGATIVE = (Range(least=0),)
# NPS is asked from 0 to 10. CSAT and CES stand on the survey's own scale, which nobody draws beyond a hundred.
SCALES = (
    Range(0, 10, when=("measure", "nps")),
    Range(0, 100, when=("measure", "csat")),
    Range(0, 100, when=("measure", "ces")),
)


def _choices(**titles: tuple[str, str]) -> tuple[tuple[str, Text], ...]:
    return tuple((value, Text(*title)) for value, title in titles.items())


def _id(*aliases: str) -> Field:
    return Field(
        "id",
        T.TEXT,
        Text("ID", "ID"),
        required=True,
        aliases=("id", "external_id", "externalid", "key", "コード", "code", "reference", "ref", *aliases),
        help=Text(
            "The record's id in the system it comes from. The same id again updates the record.",
            "連携元システムでのIDです。同じIDを再び取り込むと更新になります。",
        ),
    )


def _account(required: bool = True) -> Field:
    return Field(
        "account",
        T.ACCOUNT,
        Text("Account", "顧客企業"),
        required=required,
        aliases=("account_id", "company_id", "customer_id", "company", "customer", "group_id", "client", "client_id", "client_name", "cust", "cust_id", "customer_name", "bill_to", "billed_to", "organization", "organisation", "organization_id", "organisation_id", "org", "org_id", "tenant", "tenant_id", "顧客id", "顧客コード",
                 "企業id", "企業コード", "会社id", "取引先id", "取引先コード", "得意先コード", "account_name", "company_name",
                 "会社", "会社名", "顧客", "顧客名", "企業", "企業名", "取引先", "取引先名"),
    )  # fmt: skip


def _contact() -> Field:
    return Field(
        "contact",
        T.CONTACT,
        Text("Contact", "関係者"),
        aliases=("contact_id", "user_id", "email", "contact_email", "user_email", "user", "requester", "requester_email", "requester_id", "requested_by", "reported_by", "reporter",
                 "raised_by", "submitter", "customer_email", "attendee", "participant", "respondent", "respondent_email", "担当者", "担当者id", "メールアドレス", "ユーザーid"),
    )  # fmt: skip


def _currency(help: Text | None = None) -> Field:
    aliases = ("ccy", "currency_code", "通貨コード")
    return Field("currency", T.CURRENCY, Text("Currency", "通貨"), aliases=aliases, help=help)


ROLES = _choices(
    decision_maker=("Decision maker", "決裁者"),
    champion=("Champion", "推進者"),
    influencer=("Influencer", "影響者"),
    power_user=("Power user", "パワーユーザー"),
    finance=("Finance", "経理担当"),
    user=("User", "利用者"),
)

STAGES = _choices(
    onboarding=("Onboarding", "導入支援"),
    adoption=("Adoption", "活用フォロー"),
    established=("Established", "定着"),
    advocacy=("Advocacy", "ファン化"),
    churned=("Churned", "解約済み"),
)

ACCOUNT = Kind(
    "account",
    Text("Account", "顧客企業"),
    Text("Accounts", "顧客企業"),
    (
        _id("account_id", "company_id", "顧客id", "customer_id", "client_id", "cust_id", "organization_id", "organisation_id", "org_id", "tenant_id", "group_id", "会社id", "取引先id", "得意先id", "顧客コード", "企業id", "企業コード", "取引先コード"),
        Field("name", T.TEXT, Text("Name", "会社名"), required=True,
              aliases=("account_name", "company", "company_name", "account", "customer", "customer_name", "client", "client_name", "cust_name", "organization", "organisation", "organization_name", "organisation_name", "顧客名", "企業名", "取引先名", "社名")),
        Field("name_kana", T.TEXT, Text("Name reading", "会社名(カナ)"), aliases=("kana", "フリガナ", "会社名カナ", "よみ", "読み")),
        Field("parent", T.ACCOUNT, Text("Parent account", "親会社"), aliases=("parent_id", "parent_company", "parent_customer", "group_parent", "holding", "親会社id", "親会社コード")),
        Field("domain", T.DOMAIN, Text("Mail domain", "メールドメイン"), aliases=("domains", "website", "web_site", "site", "homepage", "web", "web_address", "company_website", "email_domain", "mail_domain", "ドメイン", "url")),
        Field("industry", T.TEXT, Text("Industry", "業種"), aliases=("sector", "vertical", "line_of_business", "業界")),
        Field("employees", T.INTEGER, Text("Employees", "従業員数"), timeless=False, aliases=("employee_count", "headcount", "head_count", "number_of_employees", "no_of_employees", "employees_count", "staff", "staff_count", "company_size", "従業員", "社員数"), ranges=NOT_NEGATIVE),
        Field("size", T.TEXT, Text("Size segment", "規模区分"), aliases=("segment", "tier", "customer_segment", "規模")),
        Field("region", T.TEXT, Text("Region", "地域"), aliases=("prefecture", "area", "territory", "state", "province", "都道府県", "エリア")),
        Field("country", T.TEXT, Text("Country", "国"), aliases=("country_code", "country_name",)),
        Field("language", T.CHOICE, Text("Language", "言語"), choices=_choices(ja=("Japanese", "日本語"), en=("English", "英語"))),
        Field("stage", T.CHOICE, Text("Lifecycle stage", "ライフサイクル段階"), choices=STAGES, timeless=False,
              aliases=("lifecycle", "lifecycle_stage", "customer_stage", "phase", "段階", "ステージ")),
        Field("owner", T.MEMBER, Text("Owner (CSM)", "担当CSM"), timeless=False, aliases=("csm", "owner_email", "account_owner", "account_manager", "am", "customer_success_manager", "csm_email", "csm_name", "success_manager", "担当", "担当csm", "担当者")),
        Field("channel", T.TEXT, Text("Acquisition channel", "獲得チャネル"), aliases=("acquisition_channel", "流入経路", "チャネル", "lead_source", "source", "origin")),
        Field("seller", T.TEXT, Text("Sold by", "販売担当"), aliases=("sold_by", "sales_owner", "sales_rep", "sales_person", "salesperson", "sales_representative", "account_executive", "ae", "deal_owner", "opportunity_owner", "closed_by", "営業担当", "営業担当者", "営業", "販売担当者", "商談所有者", "受注担当", "受注担当者"),
              help=Text("Who won the customer: a member's mail address or a name. Not who looks after it now.", "獲得した営業担当者です(メンバーのメールアドレスまたは氏名)。現在の担当CSMとは別に保持します。")),
        Field("since", T.DATE, Text("Customer since", "取引開始日"), aliases=("created_at", "customer_since", "customer_from", "client_since", "signup_date", "signed_up", "signed_up_on", "signed_up_at", "sign_up_date", "signup", "start_date", "started_on", "onboarded_on", "joined", "joined_on", "became_customer", "created", "created_on", "契約開始日", "利用開始日", "導入日", "登録日")),
    ),
    happened="since",
)  # fmt: skip

CONTACT = Kind(
    "contact",
    Text("Contact", "関係者"),
    Text("Contacts", "関係者"),
    (
        _id("contact_id", "user_id", "担当者id", "ユーザーid", "person_id"),
        _account(),
        Field("family_name", T.TEXT, Text("Family name", "姓"), aliases=("last_name", "surname", "lastname", "苗字", "名字")),
        Field("given_name", T.TEXT, Text("Given name", "名"), aliases=("first_name", "firstname", "forename",)),
        Field("name", T.TEXT, Text("Full name", "氏名"), aliases=("full_name", "fullname", "contact_name", "person", "contact", "contact_person", "お名前", "担当者名")),
        Field("name_kana", T.TEXT, Text("Name reading", "氏名(カナ)"), aliases=("kana", "フリガナ", "氏名カナ", "セイメイ")),
        Field("email", T.EMAIL, Text("Mail address", "メールアドレス"), aliases=("mail", "e-mail", "メール", "email_address", "mail_address", "e-mail_address", "work_email", "contact_email", "user_email")),
        Field("phone", T.TEXT, Text("Phone", "電話番号"), aliases=("tel", "電話", "telephone", "phone_number", "telephone_number", "contact_number", "contact_no", "mobile", "mobile_number", "cell")),
        Field("title", T.TEXT, Text("Job title", "役職"), aliases=("job_title", "position", "job", "designation", "肩書")),
        Field("department", T.TEXT, Text("Department", "部署"), aliases=("dept", "team", "所属", "部門")),
        Field("role", T.CHOICE, Text("Role towards us", "関与の役割"), choices=ROLES, aliases=("役割", "relationship", "contact_role", "contact_type", "role", "stakeholder_role", "persona",)),
        Field("language", T.CHOICE, Text("Language", "言語"), choices=_choices(ja=("Japanese", "日本語"), en=("English", "英語"))),
        Field("user_id", T.TEXT, Text("User id in the product", "製品内ユーザーID"), aliases=("userid", "利用者id", "プロダクト内ユーザーid", "login", "login_id", "username", "product_user_id")),
        Field("since", T.DATE, Text("Known since", "登録日"), aliases=("created_at", "created", "created_on", "added_on",)),
        Field("left_on", T.DATE, Text("Left on", "退職・異動日"), known_from="left_on", aliases=("left_at", "left", "departed_on", "leave_date", "退職日", "異動日")),
        Field("bounced_on", T.DATE, Text("Mail bounced on", "メール不達日"), known_from="bounced_on", aliases=("bounced_at", "bounced", "不達日")),
    ),
    happened="since",
    personal=("family_name", "given_name", "name", "name_kana", "email", "phone", "title", "department", "user_id"),
)  # fmt: skip

SUBSCRIPTION = Kind(
    "subscription",
    Text("Subscription", "契約"),
    Text("Subscriptions", "契約"),
    (
        _id("subscription_id", "contract_id", "agreement_id", "subscription", "contract", "agreement", "契約id", "契約番号"),
        _account(),
        Field("product", T.TEXT, Text("Product", "製品"), aliases=("product_id", "商品", "サービス", "product_name", "service")),
        Field("plan", T.TEXT, Text("Plan", "プラン"), aliases=("plan_name", "料金プラン", "package", "edition", "subscription_plan", "plan_type")),
        Field("amount", T.MONEY, Text("Recurring amount per interval", "請求間隔ごとの継続金額"), required=True,
              aliases=("mrr", "price", "月額", "fee", "recurring_amount", "recurring_fee", "contract_value", "subscription_amount", "monthly_fee", "monthly_amount", "金額", "契約金額")),
        _currency(Text("A contract in another currency than the company's keeps the exchange rate of its first version in it, so that a movement of the rate is no movement of revenue.",
                       "自社通貨以外の契約は、その通貨で最初に登録された時点の為替レートで換算し続けます。為替の変動は収益の変動になりません。")),
        Field("interval", T.CHOICE, Text("Billing interval", "請求間隔"),
              choices=_choices(month=("Monthly", "月"), quarter=("Quarterly", "四半期"), half=("Half-yearly", "半年"), year=("Yearly", "年")),
              aliases=("billing_period", "period", "billing_cycle", "cycle", "billing_interval", "billing_frequency", "frequency", "billed", "payment_cycle", "payment_frequency", "payment_interval", "invoicing_interval", "invoicing_cycle", "renewal_cycle", "請求サイクル", "支払サイクル", "周期", "請求周期", "支払周期", "支払い周期",
                       "契約周期", "支払間隔", "支払方法", "支払い方法")),
        Field("recurring", T.BOOLEAN, Text("Recurring", "継続課金"), aliases=("継続",)),
        Field("seats", T.INTEGER, Text("Seats", "ライセンス数"), aliases=("licenses", "licences", "quantity", "seats_purchased", "purchased_seats", "seat_count", "number_of_seats", "no_of_seats", "license_count", "licence_count", "licensed_users", "user_licenses", "user_licences", "paid_seats", "contracted_seats", "qty", "席数", "アカウント数"), ranges=NOT_NEGATIVE),
        Field("started_on", T.DATE, Text("Started on", "契約開始日"), required=True, aliases=("start_date", "start", "started", "contract_start", "contract_start_date", "subscription_start", "commencement_date", "begins_on", "begin_date", "from", "開始日")),
        Field("effective_on", T.DATE, Text("These terms hold from", "条件の適用日"), aliases=("effective_date", "effective_from", "valid_from", "terms_from", "changed_on", "適用日", "変更日")),
        Field("term_months", T.INTEGER, Text("Term (months)", "契約期間(月)"), aliases=("term", "契約期間", "contract_term", "term_length", "term_in_months", "contract_length", "contract_months", "契約月数"), ranges=NOT_NEGATIVE),
        Field("renewal_on", T.DATE, Text("Renewal date", "更新日"), aliases=("renewal_date", "next_renewal", "next_renewal_date", "renewal", "renews_on", "renews", "renewal_due", "次回更新日", "更新予定日"),
              help=Text("The next renewal. The present one is enough: what it was on past days, and the dates after it, are counted in whole terms; without a date, terms count from the start.",
                        "次回の更新日です。現在の更新日だけで構いません。過去の時点の更新日やその後の更新日は契約期間ごとに数えます。更新日がない場合は開始日から数えます。"), not_before="started_on"),
        Field("notice_on", T.DATE, Text("Cancellation notice on", "解約申出日"), known_from="notice_on", aliases=("cancelled_at", "canceled_at", "cancelled_on", "canceled_on", "cancellation_date", "notice_date", "notice_given", "notice_given_on", "notice_received", "notice_received_on", "cancellation_notice", "解約通知日")),
        Field("ended_on", T.DATE, Text("Ended on", "契約終了日"), known_from="notice_on|ended_on", aliases=("end_date", "end", "ended", "ends_on", "contract_end", "contract_end_date", "subscription_end", "termination_date", "terminated_on", "expiry_date", "expires_on", "expires", "expiry", "expiration_date", "終了日", "解約日"),
              help=Text("The first day without the subscription.", "契約が無くなる最初の日です。"), not_before="started_on"),
        Field("end_reason", T.TEXT, Text("Reason it ended", "解約理由"), known_from="notice_on|ended_on", aliases=("churn_reason", "cancel_reason", "cancellation_reason", "reason_for_leaving", "reason_for_cancellation", "termination_reason", "reason", "end_reason", "why_cancelled", "why_canceled", "why_left", "why_they_left", "why_they_cancelled", "why_ended", "理由")),
    ),
    happened="started_on",
    effective="effective_on",
)  # fmt: skip

INVOICE = Kind(
    "invoice",
    Text("Invoice", "請求"),
    Text("Invoices", "請求"),
    (
        _id("invoice_id", "number", "invoice", "bill_id", "document_id", "請求番号", "請求書番号"),
        _account(),
        Field("amount", T.MONEY, Text("Amount", "金額"), required=True, aliases=("total", "請求額", "invoice_amount", "invoice_total", "total_amount", "amount_due", "net_amount", "grand_total", "請求金額")),
        _currency(),
        Field("issued_on", T.DATE, Text("Issued on", "発行日"), required=True, aliases=("issued_at", "date", "invoice_date", "issued", "issue_date", "billed_on", "bill_date", "billing_date", "invoiced_on", "請求日")),
        Field("due_on", T.DATE, Text("Due on", "支払期日"), aliases=("due_date", "due", "payment_due", "payment_due_date", "due_by", "pay_by", "payable_by", "due_at", "支払期限", "期日")),
        Field("paid_on", T.DATE, Text("Paid on", "入金日"), known_from="paid_on", aliases=("paid_at", "paid_date", "payment_date", "date_paid", "settled_on", "payment_received", "received_on", "支払日")),
        Field("paid", T.BOOLEAN, Text("Paid", "入金済み"), known_from="paid_on", timeless=False, aliases=("入金", "支払", "status", "payment_status", "is_paid", "invoice_status", "settled")),
        Field("voided_on", T.DATE, Text("Voided on", "取消日"), known_from="voided_on", aliases=("voided", "voided_at", "cancelled_on", "canceled_on", "void_date")),
    ),
    happened="issued_on",
)  # fmt: skip

TICKET = Kind(
    "ticket",
    Text("Ticket", "問い合わせ"),
    Text("Tickets", "問い合わせ"),
    (
        _id("ticket_id", "case_id", "ticket", "case", "issue_id", "request_id", "incident_id", "問い合わせ番号", "ケース番号"),
        _account(),
        _contact(),
        Field("subject", T.TEXT, Text("Subject", "件名"), aliases=("title", "タイトル", "summary")),
        Field("body", T.TEXT, Text("Text", "本文"), aliases=("description", "内容", "details", "message", "問い合わせ内容")),
        Field("opened_at", T.INSTANT, Text("Opened", "受付日時"), required=True, done=True, aliases=("created_at", "opened", "opened_on", "created", "created_on", "date_opened", "date_created", "open_date", "reported_at", "reported_on", "submitted_at", "raised_on", "raised_at", "requested_at", "received_at", "受付日", "起票日", "作成日")),
        Field("first_reply_at", T.INSTANT, Text("First reply", "初回返信"), done=True, known_from="first_reply_at",
              aliases=("first_response", "first_response_at", "first_responded_at", "first_replied_at", "responded_at", "response_at", "初回返信日時", "初回応答", "初回応答日時", "初回回答日時"), not_before="opened_at"),
        Field("resolved_at", T.INSTANT, Text("Resolved", "解決日時"), done=True, known_from="resolved_at", aliases=("closed_at", "solved_at", "resolved_on", "closed", "closed_on", "solved", "solved_on", "completed_at", "date_closed", "date_resolved", "resolution_date", "解決日", "完了日"), not_before="opened_at"),
        Field("severity", T.CHOICE, Text("Severity", "重要度"), aliases=("priority", "優先度", "urgency", "impact", "level", "importance", "緊急度"),
              choices=_choices(low=("Low", "低"), normal=("Normal", "中"), high=("High", "高"), urgent=("Urgent", "緊急"))),
        Field("reopened", T.INTEGER, Text("Times reopened", "再オープン回数"), known_from="resolved_at", aliases=("reopen_count", "reopens", "reopened_count", "times_reopened", "number_of_reopens", "再開回数"), ranges=NOT_NEGATIVE),
        Field("tone", T.NUMBER, Text("Tone (-1 … 1)", "感情(-1〜1)"), aliases=("sentiment", "sentiment_score", "tone_score", "感情スコア"), ranges=(Range(-1, 1),)),
        Field("category", T.TEXT, Text("Category", "分類"), aliases=("type", "カテゴリ", "topic", "issue_type", "ticket_type", "request_type", "area", "種別")),
        Field("product", T.TEXT, Text("Product", "製品"), aliases=("product_id", "product_name", "service", "商品", "サービス")),
    ),
    happened="opened_at",
    personal=("subject", "body"),
)  # fmt: skip

INTERACTION = Kind(
    "interaction",
    Text("Interaction", "対応履歴"),
    Text("Interactions", "対応履歴"),
    (
        _id("interaction_id", "activity_id", "meeting_id", "call_id", "engagement_id", "touchpoint_id", "活動id"),
        _account(),
        _contact(),
        Field("type", T.CHOICE, Text("Type", "種別"), aliases=("channel", "活動種別", "activity_type", "interaction_type", "engagement_type", "kind", "method", "手段"),
              choices=_choices(call=("Call", "電話"), mail=("Mail", "メール"), meeting=("Meeting", "打ち合わせ"), visit=("Visit", "訪問"),
                               webinar=("Webinar", "セミナー"), note=("Note", "メモ"))),
        Field("occurred_at", T.INSTANT, Text("When", "日時"), required=True, aliases=("date", "activity_date", "occurred_on", "when", "time", "datetime", "timestamp", "meeting_date", "call_date", "started_at", "start_time", "held_on", "happened_at", "happened_on", "日付", "実施日", "対応日")),
        Field("two_way", T.BOOLEAN, Text("The customer answered", "お客様の応答"), aliases=("answered", "応答", "replied", "responded", "customer_replied", "customer_answered", "customer_responded", "reply", "双方向", "双方向のやり取り")),
        Field("minutes", T.INTEGER, Text("Minutes", "所要時間(分)"), aliases=("duration", "所要時間", "duration_minutes", "duration_min", "length_minutes", "mins", "分"), ranges=NOT_NEGATIVE),
        Field("cost", T.MONEY, Text("Cost", "費用"), aliases=("expense", "コスト", "expenses", "spend")),
        _currency(),
        Field("member", T.MEMBER, Text("By", "対応者"), aliases=("owner", "csm", "member", "employee", "by", "logged_by", "host", "organizer", "organiser", "handled_by", "rep", "担当", "対応者メール")),
        Field("subject", T.TEXT, Text("Subject", "件名"), aliases=("title", "タイトル", "summary")),
        Field("body", T.TEXT, Text("Text", "内容"), aliases=("notes", "description", "メモ", "note", "details", "minutes_of_meeting", "comment", "comments", "議事録")),
    ),
    happened="occurred_at",
    personal=("subject", "body"),
)  # fmt: skip

INCIDENT = Kind(
    "incident",
    Text("Incident", "障害"),
    Text("Incidents", "障害"),
    (
        _id("incident_id", "outage_id", "incident", "障害番号"),
        _account(required=False),
        Field("title", T.TEXT, Text("Title", "件名"), aliases=("name", "障害名")),
        Field("started_at", T.INSTANT, Text("Started", "発生日時"), required=True, aliases=("start", "started", "start_time", "began_at", "outage_start", "occurred_at", "from", "発生日")),
        Field("ended_at", T.INSTANT, Text("Ended", "復旧日時"), known_from="ended_at", aliases=("end", "resolved_at", "ended", "end_time", "recovered_at", "restored_at", "outage_end", "resolved", "until", "復旧日"), not_before="started_at"),
        Field("minutes", T.INTEGER, Text("Minutes suffered", "影響時間(分)"), known_from="ended_at", aliases=("duration", "影響分数", "downtime", "downtime_minutes", "duration_minutes", "outage_minutes"), ranges=NOT_NEGATIVE),
        Field("severity", T.CHOICE, Text("Severity", "重要度"), aliases=("priority", "影響度", "impact", "level"),
              choices=_choices(low=("Low", "低"), normal=("Normal", "中"), high=("High", "高"), urgent=("Urgent", "緊急"))),
        Field("product", T.TEXT, Text("Product", "製品"), aliases=("product_id", "product_name", "service", "商品", "サービス")),
    ),
    happened="started_at",
)  # fmt: skip

SURVEY_ANSWER = Kind(
    "survey_answer",
    Text("Survey answer", "アンケート回答"),
    Text("Survey answers", "アンケート回答"),
    (
        _id("answer_id", "response_id", "survey_response_id", "feedback_id", "回答id"),
        _account(),
        _contact(),
        Field("survey", T.TEXT, Text("Survey", "アンケート名"), aliases=("survey_id", "調査名", "survey_name", "campaign", "questionnaire")),
        Field("measure", T.CHOICE, Text("Measure", "指標"), required=True, aliases=("type", "種別", "metric", "survey_type", "question_type", "score_type"),
              choices=_choices(nps=("NPS", "NPS"), csat=("CSAT", "CSAT"), ces=("CES", "CES"))),
        Field("score", T.NUMBER, Text("Score", "点数"), required=True, aliases=("rating", "value", "評価", "nps", "nps_score", "csat", "csat_score", "answer", "points", "result", "スコア"), ranges=SCALES),
        Field("comment", T.TEXT, Text("Comment", "コメント"), aliases=("自由記述", "text", "comments", "feedback", "verbatim", "remarks")),
        Field("answered_at", T.INSTANT, Text("Answered", "回答日時"), required=True, done=True, aliases=("date", "responded_at", "answered_on", "responded_on", "response_date", "submitted_at", "submitted_on", "submitted", "completed_at", "answer_date", "created_at", "回答日")),
    ),
    happened="answered_at",
    personal=("comment",),
)  # fmt: skip

ORDER = Kind(
    "order",
    Text("Order", "注文"),
    Text("Orders", "注文"),
    (
        _id("order_id", "order_number", "order", "purchase_id", "po_id", "sales_order", "注文番号"),
        _account(),
        Field("ordered_at", T.INSTANT, Text("Ordered", "注文日時"), required=True, done=True, aliases=("date", "order_date", "ordered_on", "purchased_at", "purchase_date", "placed_on", "created_at", "注文日")),
        Field("product", T.TEXT, Text("Product", "商品"), aliases=("sku", "item", "product_name", "product_id", "item_name", "article", "商品コード", "商品名")),
        Field("quantity", T.NUMBER, Text("Quantity", "数量"), aliases=("qty", "個数", "units", "count", "ordered_quantity")),
        Field("amount", T.MONEY, Text("Amount", "金額"), required=True, aliases=("total", "price", "注文金額", "order_total", "order_amount", "order_value", "total_amount", "revenue", "売上")),
        _currency(),
    ),
    happened="ordered_at",
)  # fmt: skip

TRAINING = Kind(
    "training",
    Text("Training record", "研修記録"),
    Text("Training records", "研修記録"),
    (
        _id("training_id", "enrollment_id", "enrolment_id", "certificate_id", "研修id"),
        _account(),
        _contact(),
        Field("course", T.TEXT, Text("Course", "講座名"), required=True, aliases=("course_name", "研修名", "training", "training_name", "course_title", "module", "class", "session", "コース")),
        Field("completed_on", T.DATE, Text("Completed on", "修了日"), required=True, done=True, aliases=("completed_at", "date", "受講日", "completed", "completion_date", "completed_date", "date_completed", "finished_on", "attended_on")),
        Field("score", T.NUMBER, Text("Score", "得点"), aliases=("result", "点数", "grade", "mark", "marks")),
    ),
    happened="completed_on",
)  # fmt: skip

NEWS = Kind(
    "news",
    Text("News item", "ニュース"),
    Text("News", "ニュース"),
    (
        _id("news_id", "article_id", "press_id", "story_id", "記事id", "ニュースid"),
        _account(),
        _contact(),
        Field("type", T.CHOICE, Text("What it tells", "内容"), aliases=("kind", "category", "topic", "event", "news_type", "種別", "分類", "区分", "種類"),
              choices=_choices(person_left=("Person leaves", "退任・異動"), person_joined=("Person joins", "就任"), merger=("Merger or acquisition", "合併・買収"),
                               funding=("Funding", "資金調達"), layoffs=("Layoffs", "人員削減"), other=("Other", "その他"))),
        Field("headline", T.TEXT, Text("Headline", "見出し"), required=True, aliases=("title", "subject", "name", "summary", "タイトル", "記事名", "件名")),
        Field("url", T.LINK, Text("Address of the article", "記事のURL"), aliases=("link", "href", "web_address", "article_url", "リンク", "アドレス", "掲載先")),
        Field("published_on", T.DATE, Text("Published on", "掲載日"), required=True, done=True, aliases=("published_at", "published", "publication_date", "publish_date", "pubdate", "pub_date", "date", "reported_on", "公開日", "発表日", "日付", "配信日")),
    ),
    happened="published_on",
    personal=("headline", "url"),
)  # fmt: skip

ACQUISITION_COST = Kind(
    "acquisition_cost",
    Text("Acquisition cost", "獲得費用"),
    Text("Acquisition costs", "獲得費用"),
    (
        _id("cost_id"),
        Field("channel", T.TEXT, Text("Channel", "チャネル"), required=True, aliases=("acquisition_channel", "source", "lead_source", "medium", "獲得チャネル", "流入経路")),
        Field("month", T.DATE, Text("Month", "月"), required=True, aliases=("period", "date", "年月", "対象月")),
        Field("amount", T.MONEY, Text("Amount", "金額"), required=True, aliases=("cost", "spend", "expense", "budget", "acquisition_cost", "marketing_cost", "費用")),
        _currency(),
    ),
    happened="month",
)  # fmt: skip

EXCHANGE_RATE = Kind(
    "exchange_rate",
    Text("Exchange rate", "為替レート"),
    Text("Exchange rates", "為替レート"),
    (
        _id(),
        Field("currency", T.CURRENCY, Text("Currency", "通貨"), required=True, aliases=("通貨コード",)),
        Field("on", T.DATE, Text("Date", "日付"), required=True, aliases=("date", "適用日")),
        Field("rate", T.NUMBER, Text("Company currency per unit", "1単位あたりの自社通貨"), required=True, aliases=("レート",), ranges=(Range(above=0),)),
    ),
    happened="on",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        ACCOUNT, CONTACT, SUBSCRIPTION, INVOICE, TICKET, INTERACTION, INCIDENT, SURVEY_ANSWER, ORDER, TRAINING,
        NEWS, ACQUISITION_COST, EXCHANGE_RATE,
    )
}  # fmt: skip
