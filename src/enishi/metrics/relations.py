"""Records as relations: one row per subscription, ticket, invoice, person asked … and day asked for.

A relation is entered by name (:data:`RELATIONS`) with the keys of a grain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis

from enishi.metrics import people
from enishi.metrics.people import AT
from enishi.metrics.records import FOREVER, terms_at, visible
from enishi.metrics.renewing import next_renewal
from enishi.metrics.session import Session
from enishi.store.kinds import KINDS, Type

Builder = Callable[[Session, list[str]], Any]


def spine(s: Session) -> Any:
    """The accounts that existed on each day: one known by record, or to which an outside id led."""
    return s.kept("spine", lambda: _spine(s))


def _spine(s: Session) -> Any:
    d = s.asof
    found = visible(s, "account").mutate(account_id=ibis._.record_id).select(AT)
    for name in ("group_link", "user_link"):
        if s.has_spans(name):
            span = s.spans(name)
            linked = span.join(d, people._during(span, d.as_of)).select(AT).distinct()
            found = found.union(linked)
    found = people.through_merges(s, found).distinct()
    gone = _deleted_accounts(s).rename(gone_on="as_of", gone_id="account_id")
    return found.anti_join(gone, [found.as_of == gone.gone_on, found.account_id == gone.gone_id])


def _deleted_accounts(s: Session) -> Any:
    from enishi.metrics.records import versions

    t, d = versions(s, "account"), s.asof
    t = t.join(d, [t.seen_from <= d.as_of, d.as_of < t.seen_to])
    return t.filter(t.deleted).select("as_of", account_id=t.record_id)


def customer(s: Session, keys: list[str]) -> Any:
    """One row per account: since, first_start, tenure_start, first_day, last_day, first_value, and
    ``watched``: whether use was already recorded when the relation began (else first value cannot be dated)."""
    return s.kept("customer", lambda: _customer(s))


def _customer(s: Session) -> Any:
    accounts = visible(s, "account")
    accounts = accounts.select("as_of", account_id=accounts.record_id, since=accounts.since)
    started = visible(s, "subscription").group_by(AT).aggregate(first_start=ibis._.started_on.min())
    t = spine(s).left_join(accounts, AT).drop("as_of_right", "account_id_right")
    t = t.left_join(started, AT).drop("as_of_right", "account_id_right")
    for used in (people.history(s, AT), people.first_values(s)):
        t = t.left_join(used, AT).drop("as_of_right", "account_id_right")
    began = ibis.coalesce(t.since, t.first_start, t.first_day)
    t = t.mutate(tenure_start=(began <= t.as_of).ifelse(began, ibis.null("date")))
    uses = s.every("first_uses")
    t = t.cross_join(uses.aggregate(recorded_from=uses.since.min()))
    return t.mutate(watched=(t.recorded_from <= t.tenure_start).coalesce(False)).drop("recorded_from")


def terms(s: Session, keys: list[str]) -> Any:
    """One row per subscription in force on ``as_of`` (back = 0) and 90 days before it (back = 90):
    minor (MRR), seats, plan, product, notice_on, started_on, renewal_on (the next one, as it could be known on ``as_of``; of
    those in force then)."""
    return s.kept("terms", lambda: _in_force(s, 0).union(_in_force(s, 90)))


def _in_force(s: Session, back: int) -> Any:
    t = terms_at(s, "subscription", back)
    t = t.filter((t.started_on <= t["at"]) & (t.ended_on.isnull() | (t.ended_on > t["at"])))
    t = t.mutate(renewal_on=ibis.null("date")) if back else next_renewal(t)
    return t.select(
        *AT,
        "record_id",
        "minor",
        "seats",
        "plan",
        "started_on",
        "renewal_on",
        "notice_on",
        product=t.product.coalesce(""),
        back=ibis.literal(back, "int64"),
    )


def contracts_begun(s: Session) -> Any:
    """The accounts of which a contract that had begun was known on the day, running or ended."""
    t = visible(s, "subscription")
    return t.filter(t.started_on <= t.as_of).select(AT).distinct()


def recorded(s: Session, keys: list[str]) -> Any:
    """One row per account and kind of record of it that was known on the day."""
    return s.kept("recorded", lambda: _recorded(s))


def _recorded(s: Session) -> Any:
    named = visible(s, "account")
    named = named.filter(named.name.notnull() & (named.name != named.outside_id).coalesce(True))
    named = people.through_merges(s, named.mutate(account_id=named.record_id).select(AT))
    found = {"account": named.distinct(), "contact": visible(s, "contact").select(AT).distinct()}
    found |= {kind: newest(s, kind).select(AT) for kind in DATED}
    return ibis.union(*(t.mutate(kind=ibis.literal(kind)) for kind, t in found.items()))


DATED = [name for name, kind in KINDS.items() if kind.has_account and name != "contact"]


def newest(s: Session, kind: str) -> Any:
    """One row per account with a record of the kind: newest (the day of the last that has happened, else null)."""
    return s.kept(f"newest_{kind}", lambda: _newest(s, kind))


def _newest(s: Session, kind: str) -> Any:
    t = visible(s, kind)
    day = t[_happened(kind)].coalesce(t.valid_on)
    t = t.filter(t.account_id.notnull()).mutate(day=(day <= t.as_of).ifelse(day, ibis.null("date")))
    return t.group_by(AT).aggregate(newest=ibis._.day.max())


def _happened(kind: str) -> str:
    """The column with the day a record of a kind happened."""
    k = KINDS[kind]
    name = k.effective or k.happened
    return f"{name}_day" if k.field(name).type is Type.INSTANT else name


def plans(s: Session, keys: list[str]) -> Any:
    """One row per subscription: plan ``now`` and ``before`` (90 days ago)."""
    t = terms(s, keys)
    by = list(dict.fromkeys([*keys, "record_id"]))
    return t.group_by(by).aggregate(
        now=(t.back == 0).ifelse(t.plan, ibis.null("string")).max(),
        before=(t.back == 90).ifelse(t.plan, ibis.null("string")).max(),
    )


def _dated(s: Session, kind: str, day: str) -> Any:
    """Visible records that have happened, with ``ago`` days."""
    t = visible(s, kind)
    t = t.filter(t[day] <= t.as_of)
    return t.mutate(ago=t.as_of.delta(t[day], unit="day"))


def tickets(s: Session, keys: list[str]) -> Any:
    """One row per ticket: ago (opened), open, severe, reopened, tone (ten-thousandths; as a person corrected it, else as
    stated, else as read in the text) whether ``by_reading``, seconds and resolved_ago where it is resolved."""
    t, r = _dated(s, "ticket", "opened_at_day"), readings(s)
    t = t.left_join(r, [t.record_id == r.read_id, r.read_from <= t.as_of, t.as_of < r.read_to])
    seconds = t.resolved_at.epoch_seconds() - t.opened_at.epoch_seconds()
    return t.select(
        *AT,
        "ago",
        product=t.product.coalesce(""),
        open=t.resolved_at.isnull(),
        severe=t.severity.isin(["high", "urgent"]),
        reopened=t.reopened.coalesce(0),
        tone=(t.by_person.fill_null(False).ifelse(t.read_tone, t.tone.coalesce(t.read_tone)) * 10_000)
        .round()
        .cast("int64"),
        by_reading=t.tone.isnull() & t.read_tone.notnull(),
        seconds=(seconds < 0).ifelse(0, seconds).cast("int64"),
        resolved_ago=t.as_of.delta(t.resolved_at_day, unit="day"),
    )


def readings(s: Session) -> Any:
    """What was read in texts: read_id (the record), read_tone, whether ``by_person`` (who may have said that it cannot be
    told), and from which day to before which it held."""
    return s.kept("readings", lambda: _readings(s), lasting=True)


def _readings(s: Session) -> Any:
    t = s.raw("reading")
    t = t.mutate(seen_from=t.known_on if s.known == "then" else ibis.date(1, 1, 1))
    later = ibis.window(group_by=t.record_id, order_by=t.version_id, rows=(1, None))
    t = t.mutate(seen_to=t.seen_from.min().over(later).coalesce(ibis.date(*FOREVER)))
    t = t.mutate(by_person=(t.model == 0).fill_null(False))
    t = t.filter((t.seen_from < t.seen_to) & ~t.deleted & (t.tone.notnull() | t.by_person))
    return t.select(
        "by_person", read_id=t.record_id, read_from=t.seen_from, read_to=t.seen_to, read_tone=t.tone
    )


def incidents(s: Session, keys: list[str]) -> Any:
    """One row per account and incident suffered: ago, minutes. An incident without an account hits everyone,
    or, where it names a product, every account with a subscription to it."""
    t = _dated(s, "incident", "started_at_day")
    lasted = ((t.ended_at.epoch_seconds() - t.started_at.epoch_seconds()) / 60).floor().cast("int64")
    t = t.mutate(minutes=t.minutes.coalesce(lasted), product=t.product.coalesce(""))
    t = t.select(*AT, "ago", "minutes", "product")
    own = t.filter(t.account_id.notnull())
    wide = t.filter(t.account_id.isnull()).rename(hit_on="as_of").drop("account_id")
    everyone, bought = spine(s), terms(s, AT)
    bought = bought.filter(bought.back == 0).select(*AT, owned=bought.product).distinct()
    named = wide.filter(wide.product != "")
    general = wide.filter(wide.product == "")
    by_product = named.join(bought, [named.hit_on == bought.as_of, named.product == bought.owned])
    to_all = general.join(everyone, general.hit_on == everyone.as_of)
    columns = [*AT, "ago", "minutes", "product"]
    return own.select(columns).union(by_product.select(columns)).union(to_all.select(columns))


def invoices(s: Session, keys: list[str]) -> Any:
    """One row per invoice due: late (days past due while unpaid, else null), minor.

    A credit note (an amount below zero) is nobody's debt to us, so it is never late. It does not lessen what is
    overdue either: which invoice it is set off against is not on record until that one is paid or voided.
    """
    t = _dated(s, "invoice", "issued_on")
    unpaid = t.paid_on.isnull() & ~t.paid.coalesce(False) & t.voided_on.isnull()
    unpaid &= (t.amount >= 0).coalesce(True)
    late = t.as_of.delta(t.due_on, unit="day")
    return t.select(*AT, "minor", late=(unpaid & (late > 0)).ifelse(late, ibis.null("int64")))


def contacts(s: Session, keys: list[str]) -> Any:
    """One row per contact: role, here (not left), left_ago, bounced."""
    t = visible(s, "contact")
    return t.select(
        *AT,
        role=t.role.coalesce(""),
        here=t.left_on.isnull(),
        left_ago=t.as_of.delta(t.left_on, unit="day"),
        bounced=t.bounced_on.notnull(),
    )


def interactions(s: Session, keys: list[str]) -> Any:
    """One row per interaction: ago, two_way (as stated; otherwise calls, meetings and visits are)."""
    t = _dated(s, "interaction", "occurred_at_day")
    two_way = t.two_way.coalesce(t.type.isin(["call", "meeting", "visit"]))
    return t.select(*AT, "ago", "type", two_way=two_way.coalesce(False))


def touched(s: Session, keys: list[str]) -> Any:
    """One row per contact who has not left: role, last (days since their last two-way contact; null: never) and talks
    (two-way contacts of 365 days)."""
    t = _dated(s, "interaction", "occurred_at_day")
    two_way = t.two_way.coalesce(t.type.isin(["call", "meeting", "visit"])).coalesce(False)
    t = t.filter(two_way & t.contact_id.notnull())
    t = t.group_by(on="as_of", whose="account_id", who="contact_id").aggregate(
        last=t.ago.min(), talks=(t.ago < 365).ifelse(1, 0).sum()
    )
    c = visible(s, "contact")
    c = c.filter(c.left_on.isnull()).select(*AT, "record_id", role=c.role.coalesce(""))
    c = c.left_join(t, [c.as_of == t["on"], c.account_id == t.whose, c.record_id == t.who])
    return c.select(*AT, "role", "last", talks=c.talks.coalesce(0))


def answers(s: Session, keys: list[str]) -> Any:
    """One row per person asked, measure and period (``year``: latest of 365 days; ``now``: of 180 days;
    ``before``: of the 180 days before those): score in hundredths of the latest answer. A person is a contact; where
    the answer leads to none, whoever bears the name it gives at that account; without a name each its own."""
    return s.kept("answers", lambda: _answers(s))


def _answers(s: Session) -> Any:
    t = _dated(s, "survey_answer", "answered_at_day")
    named = s.respondents()
    t = t.left_join(named, t.version_id == named.answer_version)
    by_name = ibis.literal("name ").concat(t.respondent)
    unnamed = t.respondent.isnull().ifelse(
        ibis.literal("answer ").concat(t.record_id.cast("string")), by_name
    )
    contact = ibis.literal("contact ").concat(t.contact_id.cast("string"))
    t = t.filter(t.score.notnull()).select(
        *AT,
        "measure",
        "ago",
        person=t.contact_id.isnull().ifelse(unnamed, contact),
        points=(t.score * 100).round().cast("int64"),
        order=(t.answered_at.epoch_seconds().cast("int64") * (1 << 31)) + t.record_id % (1 << 31),
    )
    periods = [("year", 0, 365), ("now", 0, 180), ("before", 180, 360)]
    parts = [_latest(t.filter((t.ago >= low) & (t.ago < high)), name) for name, low, high in periods]
    return parts[0].union(parts[1]).union(parts[2])


def _latest(t: Any, period: str) -> Any:
    by = [*AT, "measure", "person"]
    newest = t.group_by(by).aggregate(order=t.order.max())
    found = t.join(newest, [*by, "order"])
    return found.select(*by, "points", "ago", period=ibis.literal(period))


def trainings(s: Session, keys: list[str]) -> Any:
    """One row per training completed: ago."""
    return _dated(s, "training", "completed_on").select(*AT, "ago")


def orders(s: Session, keys: list[str]) -> Any:
    """One row per order line: ago, minor."""
    t = _dated(s, "order", "ordered_at_day")
    return t.select(*AT, "ago", "minor", product=t.product.coalesce(""))


RELATIONS: dict[str, Builder] = {
    "people": people.people,
    "days": people.days,
    "past": people.past,
    "year": people.year,
    "logins": people.logins,
    "features": people.features,
    "history": people.history,
    "customer": customer,
    "terms": terms,
    "plans": plans,
    "recorded": recorded,
    "tickets": tickets,
    "incidents": incidents,
    "invoices": invoices,
    "contacts": contacts,
    "interactions": interactions,
    "touched": touched,
    "answers": answers,
    "trainings": trainings,
    "orders": orders,
}
