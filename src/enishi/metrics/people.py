"""Usage as relations: events joined to the days asked for and to the accounts they belonged to then.

Every relation takes the keys of a grain and returns an expression with those keys, one row per person, per
day, per feature or per key, which metrics aggregate. Distinct counts are two plain aggregations, never a
``COUNT(DISTINCT)``: cheaper, and the same on every engine.
"""

from __future__ import annotations

from typing import Any

import ibis

from enishi.metrics.session import Session

WINDOW = 91  # 13 whole weeks
DAY_KEYS = ["as_of", "account_id", "user_no", "product", "event", "ago"]


def _during(span: Any, as_of: Any) -> Any:
    return (span.start <= as_of) & (as_of < span.stop)


def with_account(s: Session, facts: Any) -> Any:
    """Add ``account_id`` (and the person behind ``user_no``) as of the row's ``as_of``; drop the rest.

    An event's account is, in order: its group's link; the link of its user; the one group its user belongs
    to. Then merges lead on to the survivor.
    """
    t, account = facts, []
    for name, key in (("group_link", "group_no"), ("user_link", "user_no"), ("user_group", "user_no")):
        if s.has_spans(name):
            span = s.spans(name).select(key, "start", "stop", **{name: s.spans(name).account_id})
            t = t.left_join(span, [t[key] == span[key], _during(span, t.as_of)])
            t = t.select(*facts.columns, *account, name)
            account.append(name)
    if not account:
        return t.mutate(account_id=ibis.null("int64")).filter(ibis.literal(False))
    t = t.mutate(account_id=ibis.coalesce(*(t[name] for name in account))).drop(*account)
    t = through_merges(s, t.filter(t.account_id.notnull()))
    return with_person(s, t)


def through_merges(s: Session, t: Any) -> Any:
    """Replace ``account_id`` by the account it had been merged into by ``as_of``."""
    if not s.has_spans("merged"):
        return t
    m = s.spans("merged")
    m = m.select("survivor", "start", "stop", merged_id=m.account_id)
    joined = t.left_join(m, [t.account_id == m.merged_id, _during(m, t.as_of)])
    joined = joined.mutate(account_id=joined.survivor.coalesce(joined.account_id))
    return joined.select(*t.columns)


def with_person(s: Session, t: Any) -> Any:
    if not s.has_spans("person") or "user_no" not in t.columns:
        return t
    p = s.spans("person")
    p = p.select("person_no", "start", "stop", person_key=p.user_no)
    joined = t.left_join(p, [t.user_no == p.person_key, _during(p, t.as_of)])
    joined = joined.mutate(user_no=joined.person_no.coalesce(joined.user_no))
    return joined.select(*t.columns)


def known_by(s: Session, t: Any) -> Any:
    return t if s.known == "now" else t.filter(t.known_on <= t.as_of)


def is_login(s: Session, event: Any) -> Any:
    return event.lower().isin([name.lower() for name in s.settings.login_events])


def usage_days(s: Session) -> Any:
    """One row per as_of, account, person, product, event and day of the last :data:`WINDOW` days: ``n``."""

    def build() -> Any:
        u, w = s.usage(WINDOW), s.windows(WINDOW)
        t = u.join(w, "day")
        t = known_by(s, t.select("as_of", "ago", "group_no", "user_no", "event", "product", "known_on", "n"))
        t = with_account(s, t.drop("known_on"))
        return t.group_by(DAY_KEYS).aggregate(n=t.n.sum())

    return s.kept("usage_days", build)


def person_days(s: Session, keys: list[str]) -> Any:
    """One row per person and day: ``n`` events, ``logins``."""
    t = usage_days(s)
    by = list(dict.fromkeys([*keys, "user_no", "ago"]))
    zero = ibis.literal(0, "int64")
    return s.kept(
        "person_days_" + "_".join(keys[2:]),
        lambda: t.group_by(by).aggregate(n=t.n.sum(), logins=is_login(s, t.event).ifelse(t.n, zero).sum()),
    )


def people(s: Session, keys: list[str]) -> Any:
    """One row per person: last_ago, days_28, days_before (the 28 days before those), n_28, n_90, logins_28."""
    t = person_days(s, keys)
    t = t.filter(t.user_no > 0)
    by = list(dict.fromkeys([*keys, "user_no"]))
    return t.group_by(by).aggregate(
        last_ago=t.ago.min(),
        days_28=_count(t.ago < 28),
        days_before=_count((t.ago >= 28) & (t.ago < 56)),
        n_28=_sum(t.ago < 28, t.n),
        n_90=_sum(t.ago < 90, t.n),
        logins_28=_sum(t.ago < 28, t.logins),
    )


def power(s: Session, keys: list[str]) -> Any:
    """One row per person: ``now``, ``before``: whether a power user of any product, 28 days apart."""
    t = usage_days(s)
    t = t.filter((t.ago < 56) & (t.user_no > 0))
    by = ["as_of", "account_id", "user_no", "product"]
    t = t.group_by([*by, "ago"]).aggregate(rows=t.count())
    t = t.group_by(by).aggregate(now=_count(t.ago < 28), before=_count(t.ago >= 28))
    least = _power_days(s, t.product)
    t = t.mutate(now=(t.now >= least).ifelse(1, 0), before=(t.before >= least).ifelse(1, 0))
    return t.group_by(list(dict.fromkeys([*keys, "user_no"]))).aggregate(
        now=t.now.max(), before=t.before.max()
    )


def _power_days(s: Session, product: Any) -> Any:
    least: Any = ibis.literal(s.settings.power_days, "int64")
    for name, days in sorted(s.settings.power_days_by_product.items()):
        least = (product == name).ifelse(ibis.literal(days, "int64"), least)
    return least


def days(s: Session, keys: list[str]) -> Any:
    """One row per day with use: ``ago``, ``n``, ``logins``."""
    t = person_days(s, keys)
    return t.group_by([*keys, "ago"]).aggregate(n=t.n.sum(), logins=t.logins.sum())


def features(s: Session, keys: list[str]) -> Any:
    """One row per feature used (an event other than signing in): n_28, n_90."""
    t = usage_days(s)
    t = t.filter(~is_login(s, t.event))
    return t.group_by([*keys, "event"]).aggregate(n_28=_sum(t.ago < 28, t.n), n_90=_sum(t.ago < 90, t.n))


def history(s: Session, keys: list[str]) -> Any:
    """One row per key over the whole past: first_day, last_day, first_used, first_value (dates), events."""
    return s.kept("history_" + "_".join(keys[2:]), lambda: _history(s, keys))


def _history(s: Session, keys: list[str]) -> Any:
    u = s.usage(None)
    by = [*keys[2:], "day", "known_on", "group_no"]
    t = _without_needless_users(s, u) if "user_no" not in keys else u
    used = ~is_login(s, t.event)
    wanted = [name.lower() for name in s.settings.value_events]
    value = t.event.lower().isin(wanted) if wanted else used
    t = t.group_by(list(dict.fromkeys([*by, "user_no"]))).aggregate(
        used=used.ifelse(1, 0).max(), value=value.ifelse(1, 0).max(), n=t.n.sum()
    )
    d = s.asof
    t = t.join(d, t.day <= d.as_of)
    t = with_account(s, known_by(s, t).drop("known_on"))
    return t.group_by(keys).aggregate(
        first_day=t.day.min(),
        last_day=t.day.max(),
        first_used=(t.used == 1).ifelse(t.day, ibis.null("date")).min(),
        first_value=(t.value == 1).ifelse(t.day, ibis.null("date")).min(),
        events=t.n.sum(),
    )


def _without_needless_users(s: Session, u: Any) -> Any:
    """User 0 for events whose account does not depend on the user, so that they fall together per day."""
    zero = ibis.literal(0, "int64")
    if not (s.has_spans("user_link") or s.has_spans("user_group")):
        return u.mutate(user_no=zero)
    linked = s.spans("group_link").select("group_no").distinct().rename(linked_no="group_no")
    joined = u.left_join(linked, u.group_no == linked.linked_no)
    return joined.mutate(user_no=joined.linked_no.isnull().ifelse(joined.user_no, zero)).drop("linked_no")


def _count(condition: Any) -> Any:
    return condition.ifelse(ibis.literal(1, "int64"), ibis.literal(0, "int64")).sum()


def _sum(condition: Any, value: Any) -> Any:
    return condition.ifelse(value, ibis.literal(0, "int64")).sum()
