"""Metrics of the customer relation: contract, money, support, people, answers, training, orders."""

from __future__ import annotations

from typing import Any

import pandas as pd

from enishi.kit.text import Text
from enishi.metrics.contracts import Compared, Finish, Grain, Metric
from enishi.metrics.people import _count, _sum

WIDE: tuple[Grain, ...] = ("account", "product")
_ROLES = ("record_contact", "record_contact.role")
_TALKS = ("record_interaction", "record_interaction.contact_id")


def _ratio(f: pd.DataFrame, above: str, below: str) -> pd.Series[Any]:
    bottom = f[below].astype(float)
    return f[above].astype(float) / bottom.where(bottom > 0)


def _utilisation(f: pd.DataFrame) -> pd.Series[Any]:
    return _ratio(f, "active_users_28", "seats")


def _mean(id: str, scale: float = 1.0) -> Any:
    return lambda f: _ratio(f, f"{id}:sum", f"{id}:n") / scale


def _in_force(t: Any, column: str, back: int = 0) -> Any:
    return (t.back == back).ifelse(t[column], None).sum()


def _unknown(t: Any, among: Any) -> Any:
    """How many of these rows have an amount nobody can convert."""
    return _count(among & t.minor.isnull())


def _or_zero(value: Any) -> Any:
    return value.coalesce(0)


def _first_value_days(t: Any) -> Any:
    days = t.first_value.delta(t.tenure_start, unit="day")
    return t.watched.ifelse((days < 0).ifelse(0, days), None).min()


def _observed_days(t: Any) -> Any:
    end = t.first_value.coalesce(t.as_of)
    days = end.delta(t.tenure_start, unit="day")
    return t.watched.ifelse((days < 0).ifelse(0, days), None).min()


CONTRACT: tuple[Metric, ...] = (
    Metric(
        "licence_utilisation",
        Text("Licence use", "ライセンス利用率"),
        Text("Active users of 28 days over the seats in force.", "直近28日の利用者数を契約ライセンス数で割った値です。"),
        "ratio", "terms", {}, _utilisation, of=("active_users_28", "seats"), grains=WIDE, window=28, null="unknown",
        needs=("usage", "record_subscription"),
    ),
    Metric(
        "seats",
        Text("Seats", "ライセンス数"),
        Text("Seats of the subscriptions in force.", "有効な契約のライセンス数の合計です。"),
        "count", "terms", {"": lambda t: _in_force(t, "seats")}, grains=WIDE, null="unknown",
        needs=("record_subscription",), freshness_days=None,
    ),
    Metric(
        "seats_change_90",
        Text("Change of seats, 90 d", "ライセンス数の増減(90日)"),
        Text("Seats in force now less those in force 90 days ago.", "現在と90日前の契約ライセンス数の差です。"),
        "count", "terms",
        {"": lambda t: _or_zero(_in_force(t, "seats")) - _or_zero(_in_force(t, "seats", 90))},
        grains=WIDE, window=90, needs=("record_subscription",), freshness_days=None,
    ),
    Metric(
        "mrr",
        Text("MRR", "MRR(月次継続収益)"),
        Text("Recurring amount in force, normalised to a month, in the company's currency. 0 once every contract has "
             "ended; unknown where none was ever on record, or where an exchange rate is missing. A foreign contract "
             "keeps the rate of its first version in its currency.",
             "有効な契約の継続金額を月額に換算した合計です(自社通貨)。契約がすべて終了していれば0、契約の登録が一度もない場合や為替レートが"
             "ない場合は不明とします。外貨の契約は、その通貨で最初に登録された時点のレートで換算し続けます。"),
        "money", "terms",
        {"": lambda t: _in_force(t, "minor"), "unknown": lambda t: _unknown(t, t.back == 0)}, grains=WIDE,
        needs=("record_subscription",), freshness_days=None,
    ),
    Metric(
        "mrr_change_90",
        Text("Change of MRR, 90 d", "MRRの増減(90日)"),
        Text("MRR now less MRR 90 days ago, both as known today.", "現在と90日前のMRRの差です(いずれも基準日時点の情報によります)。"),
        "money", "terms",
        {"": lambda t: _or_zero(_in_force(t, "minor")) - _or_zero(_in_force(t, "minor", 90)),
         "unknown": lambda t: _unknown(t, t.back.notnull())},
        grains=WIDE, window=90, needs=("record_subscription",), freshness_days=None,
    ),
    Metric(
        "plan_changes_90",
        Text("Changes of plan, 90 d", "プラン変更(90日)"),
        Text("Subscriptions whose plan is another one than 90 days ago.", "90日前とプランが異なる契約の数です。"),
        "count", "plans",
        {"": lambda t: _count((t.now != t.before).coalesce(False))},
        grains=WIDE, direction=0, window=90, needs=("record_subscription",), freshness_days=None,
    ),
    Metric(
        "days_to_renewal",
        Text("Days to renewal", "更新までの日数"),
        Text("Days to the next renewal of a subscription in force, as it could be known on the day: the date stated by then, else "
             "counted in whole terms from the date told later or from the start. Unknown after notice, and for contracts by "
             "the month without a date.",
             "有効な契約の次の更新日までの日数です。その日までに登録された更新日を使い、後から登録された更新日や開始日しかない場合は契約期間ごとに"
             "数えます。解約の申し出後と、更新日のない月ごとの契約は不明とします。"),
        "days", "terms",
        {"": lambda t: ((t.back == 0) & t.notice_on.isnull() & (t.renewal_on >= t.as_of)).ifelse(
            t.renewal_on.delta(t.as_of, unit="day"), None).min()},
        grains=WIDE, direction=0, null="unknown", needs=("record_subscription",), freshness_days=None,
    ),
    Metric(
        "tenure_days",
        Text("Days as a customer", "取引日数"),
        Text("Days since the customer relation began: the stated date, else the first subscription, else first use.",
             "取引開始日(なければ最初の契約、それもなければ最初の利用)からの日数です。"),
        "days", "customer", {"": lambda t: t.as_of.delta(t.tenure_start, unit="day").max()},
        direction=0, null="unknown", needs=(), freshness_days=None,
    ),
    Metric(
        "time_to_first_value",
        Text("Time to first value", "初回価値到達までの日数"),
        Text("Days from the beginning to the first use that counts as value; 0 where it was reached before the "
             "beginning (a trial). Unknown until it is reached, and for customers from before use was recorded.",
             "取引開始から価値ある利用に初めて至るまでの日数です。開始前の到達(試用など)は0とします。未到達の場合と、利用の記録開始より前からの顧客は不明とします。"),
        "days", "customer", {"": _first_value_days},
        direction=-1, null="unknown", freshness_days=None,
    ),
    Metric(
        "days_to_value_observed",
        Text("Days observed towards first value", "初回価値到達までの観測日数"),
        Text("Days from the beginning to first value, or to the day itself where it is still awaited; unknown for "
             "customers from before use was recorded. With the time to first value it gives the share reached by a "
             "day (Kaplan-Meier).",
             "取引開始から初回価値到達まで(未到達なら基準日まで)の日数です。利用の記録開始より前からの顧客は不明とします。到達割合(カプラン・マイヤー法)の計算に使います。"),
        "days", "customer", {"": _observed_days},
        direction=0, null="unknown", needs=(), freshness_days=None,
    ),
    Metric(
        "days_overdue",
        Text("Days overdue", "支払遅延日数"),
        Text("Days since the oldest unpaid invoice was due. Unknown while no invoice states a due date.",
             "未払いの請求のうち最も古い支払期日からの日数です。支払期日のある請求がない場合は不明とします。"),
        "days", "invoices", {"": lambda t: t.late.max()}, direction=-1, needs=("record_invoice", "record_invoice.due_on"), freshness_days=45,
    ),
    Metric(
        "amount_overdue",
        Text("Amount overdue", "支払遅延額"),
        Text("Sum of unpaid invoices past due, in the company's currency. Credit notes are never overdue and lessen nothing.",
             "支払期日を過ぎた未払い請求の合計です(自社通貨)。マイナスの請求(返金など)は遅延とせず、差し引きもしません。"),
        "money", "invoices", {"": lambda t: t.late.notnull().ifelse(t.minor, None).sum(), "unknown": lambda t: _unknown(t, t.late.notnull())},
        direction=-1, needs=("record_invoice", "record_invoice.due_on"), freshness_days=45,
    ),
)  # fmt: skip


def _opened(days: int) -> Metric:
    return Metric(
        f"tickets_opened_{days}",
        Text(f"Tickets opened, {days} d", f"問い合わせ件数({days}日)"),
        Text(f"Support tickets opened in the last {days} days.", f"直近{days}日間に受け付けた問い合わせの件数です。"),
        "count", "tickets", {"": lambda t: _count(t.ago < days)},
        grains=WIDE, direction=0, window=days, needs=("record_ticket",), freshness_days=30,
    )  # fmt: skip


def _outage(days: int) -> Metric:
    return Metric(
        f"outage_minutes_{days}",
        Text(f"Outage suffered, {days} d", f"障害の影響時間({days}日)"),
        Text(f"Minutes of incidents suffered that began in the last {days} days; one still going on counts once it ends.",
             f"直近{days}日間に発生した障害の影響時間(分)です。継続中の障害は復旧後に数えます。"),
        "minutes", "incidents", {"": lambda t: _sum(t.ago < days, t.minutes.coalesce(0))},
        grains=WIDE, direction=-1, window=days, needs=("record_incident",), freshness_days=None,
    )  # fmt: skip


def _helper(id: str, title: Text, unit: str, finish: Finish, of: str, need: str) -> Metric:
    """A metric that exists for what another one is told by."""
    return Metric(id, title, title, unit, "", {}, finish, of=(of,), null="unknown", needs=(need,))


_TONED = Compared(
    _helper(
        "ticket_tone_90_mean", Text("Tone: mean", "感情: 平均"), "score",
        lambda f: f["ticket_tone_90"].astype(float), "ticket_tone_90", "record_ticket",
    ),
    _helper(
        "ticket_tone_90_read", Text("Tone: share judged by reading", "感情: 文面から判定した割合"), "ratio",
        lambda f: _ratio(f, "ticket_tone_90:read", "ticket_tone_90:n").where(f["ticket_tone_90:read"] > 0),
        "ticket_tone_90", "record_ticket",
    ),
    Text("{now}; {before} of the tickets judged by reading", "{now}(うち{before}は文面から判定)"),
)  # fmt: skip


SUPPORT: tuple[Metric, ...] = (
    _opened(28),
    _opened(90),
    Metric(
        "tickets_open",
        Text("Open tickets", "未解決の問い合わせ"),
        Text("Support tickets not resolved.", "未解決の問い合わせの件数です。"),
        "count", "tickets", {"": lambda t: _count(t.open)},
        grains=WIDE, direction=-1, needs=("record_ticket",), freshness_days=30,
    ),
    Metric(
        "tickets_severe_open",
        Text("Severe open tickets", "重大な未解決の問い合わせ"),
        Text("Open tickets of high or urgent severity. Unknown where no ticket states a severity.",
             "重要度が高・緊急の未解決の問い合わせの件数です。重要度の情報がどの問い合わせにもない場合は不明とします。"),
        "count", "tickets", {"": lambda t: _count(t.open & t.severe.coalesce(False))},
        grains=WIDE, direction=-1, needs=("record_ticket", "record_ticket.severity"), freshness_days=30,
    ),
    Metric(
        "tickets_reopened_90",
        Text("Tickets reopened, 90 d", "再オープン件数(90日)"),
        Text("Tickets opened in the last 90 days that were reopened at least once. Unknown where no ticket says "
             "anything of reopening.",
             "直近90日間に受け付けた問い合わせのうち、再オープンされた件数です。再オープンの情報がどの問い合わせにもない場合は不明とします。"),
        "count", "tickets", {"": lambda t: _count((t.ago < 90) & (t.reopened > 0))},
        grains=WIDE, direction=-1, window=90, needs=("record_ticket", "record_ticket.reopened"), freshness_days=30,
    ),
    Metric(
        "ticket_tone_90",
        Text("Tone of tickets, 90 d", "問い合わせの感情(90日)"),
        Text("Mean tone, -1 to 1, of the tickets opened in the last 90 days: from the day a person corrects it, as corrected "
             "(-0.7, 0 or 0.7); else as the source states it; else as Enishi reads it in the text (-0.7, 0 or 0.7). Tickets without "
             "any, or corrected to unknown, are left out.",
             "直近90日間の問い合わせの感情(-1〜1)の平均です。ユーザーが修正した場合は修正した日から修正後の値(-0.7・0・0.7)を使い、それ以外は連携元の値、ない場合はEnishiが文面から判定した値(-0.7・0・0.7)を使います。いずれもない問い合わせと、修正で「不明」とした問い合わせは除きます。"),
        "score", "tickets",
        {"sum": lambda t: _sum((t.ago < 90) & t.tone.notnull(), t.tone), "n": lambda t: _count((t.ago < 90) & t.tone.notnull()),
         "read": lambda t: _count((t.ago < 90) & t.by_reading)},
        _mean("ticket_tone_90", 10_000), grains=WIDE, window=90, null="unknown", needs=("record_ticket",), freshness_days=30,
        compared=_TONED,
    ),
    Metric(
        "tickets_read_90",
        Text("Tickets whose tone was read, 90 d", "文面から感情を判定した件数(90日)"),
        Text("Tickets opened in the last 90 days whose tone no source states and Enishi read in the text; of so many the tone is "
             "judged by reading.",
             "直近90日間の問い合わせのうち、連携元に感情の値がなく、Enishiが文面から判定した件数です。"),
        "count", "tickets", {"": lambda t: _count((t.ago < 90) & t.by_reading)},
        grains=WIDE, direction=0, window=90, needs=("record_ticket",), freshness_days=30,
    ),
    Metric(
        "hours_to_resolve_90",
        Text("Hours to resolve, 90 d", "解決までの時間(90日)"),
        Text("Mean hours from opening to resolution of the tickets resolved in the last 90 days.",
             "直近90日間に解決した問い合わせの、受付から解決までの平均時間です。"),
        "hours", "tickets",
        {"sum": lambda t: _sum(t.resolved_ago < 90, t.seconds), "n": lambda t: _count((t.resolved_ago < 90).coalesce(False))},
        _mean("hours_to_resolve_90", 3600), grains=WIDE, direction=-1, window=90, null="unknown",
        needs=("record_ticket",), freshness_days=30,
    ),
    _outage(28),
    _outage(90),
)  # fmt: skip


def _answers(measure: str, period: str) -> Any:
    def chosen(t: Any) -> Any:
        return (t.measure == measure) & (t.period == period)

    return {"sum": lambda t: _sum(chosen(t), t.points), "n": lambda t: _count(chosen(t))}


def _nps_trend(f: pd.DataFrame) -> pd.Series[Any]:
    now = _ratio(f, "nps_trend:sum_now", "nps_trend:n_now")
    return (now - _ratio(f, "nps_trend:sum_before", "nps_trend:n_before")) / 100


def _trend_parts(measure: str) -> dict[str, Any]:
    periods = ("now", "before")
    return {f"{part}_{p}": fn for p in periods for part, fn in _answers(measure, p).items()}


def _of_people(mean: str) -> Compared:
    """What a mean of answers is told by."""

    def side(name: str, unit: str, finish: Finish) -> Metric:
        title = Text(f"{mean}: {name}", f"{mean}: {name}")
        needs = ("record_survey_answer",)
        return Metric(
            f"{mean}_{name}",
            title,
            title,
            unit,
            "answers",
            {},
            finish,
            of=(mean,),
            null="unknown",
            needs=needs,
        )

    return Compared(
        side("mean", "score", lambda f: f[mean].astype(float)),
        side("people", "people", lambda f: f[f"{mean}:n"].where(f[mean].notna())),
        Text("{now}, the average of {before} within a year", "{before}の平均{now}点(1年以内)"),
    )


LOYALTY: tuple[Metric, ...] = (
    Metric(
        "nps_latest",
        Text("NPS answer (0-10)", "NPS回答(0〜10)"),
        Text("Mean of each person's latest answer to the NPS question within 365 days; who is no known contact is a person by the mail address or id the answer states.",
             "直近365日のNPS設問への各人の最新回答(0〜10)の平均です。関係者として登録のない回答者は、回答に記されたメールアドレスやIDごとに1人と数えます。"),
        "score", "answers", _answers("nps", "year"), _mean("nps_latest", 100), window=365, null="unknown",
        needs=("record_survey_answer",), freshness_days=365, freshness_of="account", compared=_of_people("nps_latest"),
    ),
    Metric(
        "nps_trend",
        Text("Change of NPS answers", "NPS回答の変化"),
        Text("Mean latest answer of the last 180 days less that of the 180 days before.",
             "直近180日とその前の180日の、各人の最新回答の平均の差です。"),
        "score", "answers", _trend_parts("nps"), _nps_trend, window=360, null="unknown",
        needs=("record_survey_answer",), freshness_days=180, freshness_of="account",
    ),
    Metric(
        "csat_latest",
        Text("CSAT answer", "CSAT回答"),
        Text("Mean of each person's latest CSAT answer within 365 days, on the survey's own scale.",
             "直近365日の各人の最新のCSAT回答の平均です(尺度はアンケートのまま)。"),
        "score", "answers", _answers("csat", "year"), _mean("csat_latest", 100), window=365, null="unknown",
        needs=("record_survey_answer",), freshness_days=365, freshness_of="account", compared=_of_people("csat_latest"),
    ),
)  # fmt: skip


def _people_of(condition: Any) -> Any:
    return {"": lambda t: _count(t.here & condition(t))}


def _in_reach(t: Any) -> Any:
    return t.here & ~t.bounced


def _without_heir(f: pd.DataFrame) -> pd.Series[Any]:
    return f["champions_lost:gone"].where(f["champions_lost:there"].fillna(0) == 0, 0)


RELATIONSHIP: tuple[Metric, ...] = (
    Metric(
        "record_kinds",
        Text("Kinds of records", "記録の種類数"),
        Text("Of how many kinds there are records of the account: contracts, invoices, tickets, contacts and so on, and its "
             "own once it has a name. At 0, where others have some, only use speaks of it: what no record says of it is "
             "unknown, not nothing. Unknown where no customer has any.",
             "この顧客の記録がある種類の数です(契約、請求、問い合わせ、関係者など。会社名の登録も1種類と数えます)。他の顧客に記録があるのに0の"
             "場合は、利用イベントのほかに何も届いていないため、記録にないことは「なし」ではなく不明とします。どの顧客にも記録がない場合は不明とします。"),
        "count", "recorded", {"": lambda t: t.count()}, direction=0, needs=("records",), freshness_days=None,
    ),
    Metric(
        "days_since_contact",
        Text("Days since contact", "最終応答からの日数"),
        Text("Days since the last two-way contact. Unknown where there never was one.",
             "お客様と最後にやり取りした日からの日数です。やり取りが一度もない場合は不明とします。"),
        "days", "interactions", {"": lambda t: t.two_way.ifelse(t.ago, None).min()},
        direction=-1, null="unknown", needs=("record_interaction",), freshness_days=14,
    ),
    Metric(
        "days_unanswered",
        Text("Days without any answer", "一度も応答がない日数"),
        Text("Days since the first contact on record with a customer who has never answered. Unknown where one has, and "
             "where nobody tried.",
             "一度も応答のない顧客に最初に連絡してからの日数です。応答があった場合と、連絡の記録がない場合は不明とします。"),
        "days", "interactions", {"first": lambda t: t.ago.max(), "answers": lambda t: _count(t.two_way)},
        lambda f: f["days_unanswered:first"].where(f["days_unanswered:answers"] == 0),
        direction=-1, null="unknown", needs=("record_interaction",), freshness_days=14,
    ),
    Metric(
        "contacts_known",
        Text("Contacts known", "把握している関係者"),
        Text("Contacts at the account who have not left.", "在籍している関係者の数です。"),
        "people", "contacts", _people_of(lambda t: t.here), needs=("record_contact",), freshness_days=None,
    ),
    Metric(
        "decision_makers",
        Text("Decision makers", "決裁者"),
        Text("Known decision makers who have not left. Unknown where no contact states a role.",
             "在籍している決裁者の数です。役割の情報がどの関係者にもない場合は不明とします。"),
        "people", "contacts", _people_of(lambda t: t.role == "decision_maker"), needs=_ROLES, freshness_days=None,
    ),
    Metric(
        "champions",
        Text("Champions", "推進者"),
        Text("Known champions who have not left. Unknown where no contact states a role.",
             "在籍している推進者の数です。役割の情報がどの関係者にもない場合は不明とします。"),
        "people", "contacts", _people_of(lambda t: t.role == "champion"), needs=_ROLES, freshness_days=None,
    ),
    Metric(
        "champions_gone_90",
        Text("Champions gone, 90 d", "離任した推進者(90日)"),
        Text("Champions and decision makers who left in the last 90 days.", "直近90日間に退職・異動した推進者と決裁者の数です。"),
        "people", "contacts",
        {"": lambda t: _count(((t.left_ago >= 0) & (t.left_ago < 90)).coalesce(False) & t.role.isin(["champion", "decision_maker"]))},
        direction=-1, window=90, needs=_ROLES, freshness_days=None,
    ),
    Metric(
        "champions_lost",
        Text("Champions lost", "失った推進者"),
        Text("Champions who have left or whose mail bounces, where nobody is known to have taken their place; otherwise 0.",
             "退職・異動した、またはメールが届かない推進者の数です。後任の推進者が分かっている場合は0とします。"),
        "people", "contacts",
        {"gone": lambda t: _count((t.role == "champion") & ~_in_reach(t)), "there": lambda t: _count((t.role == "champion") & _in_reach(t))},
        _without_heir, direction=-1, needs=_ROLES, freshness_days=None,
    ),
    Metric(
        "people_in_touch_180",
        Text("People in touch, 180 d", "やり取りのある関係者(180日)"),
        Text("Contacts who have not left and with whom there was two-way contact in the last 180 days. With 1 all contact hangs by "
             "one thread. Unknown where no interaction names a contact.",
             "在籍している関係者のうち、直近180日に双方向のやり取りがあった人数です。1人の場合は、関係がその1人に依存しています。"
             "どの対応履歴にも関係者の記載がない場合は不明とします。"),
        "people", "touched", {"": lambda t: _count((t["last"] < 180).coalesce(False))}, window=180, needs=_TALKS, freshness_days=14,
    ),
    Metric(
        "key_people_quiet",
        Text("Key people gone quiet", "応答が途絶えた重要な関係者"),
        Text("Champions and decision makers who have not left, answered at least four times within a year and not once in the last "
             "90 days: who falls silent like this may be leaving. Unknown where no contact states a role or no interaction "
             "names a contact.",
             "在籍している推進者・決裁者のうち、1年以内に4回以上のやり取りがあったのに、直近90日は一度もない人数です(退職・異動の兆し)。"
             "役割の情報や、対応履歴の関係者の記載がない場合は不明とします。"),
        "people", "touched",
        {"": lambda t: _count(t.role.isin(["champion", "decision_maker"]) & (t.talks >= 4) & (t["last"] >= 90).coalesce(False))},
        direction=-1, window=365, needs=(*_TALKS, *_ROLES), freshness_days=14,
    ),
    Metric(
        "bounced_contacts",
        Text("Contacts whose mail bounces", "メール不達の関係者"),
        Text("Contacts who have not left and whose mail address bounced.", "在籍中でメールが不達になった関係者の数です。"),
        "people", "contacts", _people_of(lambda t: t.bounced), direction=-1, needs=("record_contact",), freshness_days=None,
    ),
    Metric(
        "trainings_done",
        Text("Trainings completed", "修了した研修"),
        Text("Training records of the account, ever.", "これまでに修了した研修の件数です。"),
        "count", "trainings", {"": lambda t: t.count()}, needs=("record_training",), freshness_days=None,
    ),
)  # fmt: skip

COMMERCE: tuple[Metric, ...] = (
    Metric(
        "orders_90",
        Text("Orders, 90 d", "注文件数(90日)"),
        Text("Orders of the last 90 days.", "直近90日間の注文件数です。"),
        "count", "orders", {"": lambda t: _count(t.ago < 90)}, grains=WIDE, window=90, needs=("record_order",),
    ),
    Metric(
        "order_amount_90",
        Text("Order amount, 90 d", "注文金額(90日)"),
        Text("Amount of the orders of the last 90 days, in the company's currency.", "直近90日間の注文金額です(自社通貨)。"),
        "money", "orders",
        {"": lambda t: _sum(t.ago < 90, t.minor.coalesce(0)), "unknown": lambda t: _unknown(t, t.ago < 90)},
        grains=WIDE, window=90, needs=("record_order",),
    ),
    Metric(
        "days_since_order",
        Text("Days since last order", "最終注文からの日数"),
        Text("Days since the last order.", "最後の注文からの日数です。"),
        "days", "orders", {"": lambda t: t.ago.min()}, grains=WIDE, direction=-1, null="unknown", needs=("record_order",),
    ),
)  # fmt: skip
