"""Usage as relations: events joined to the days asked for and to the accounts they belonged to then.

Every relation takes the keys of a grain and returns an expression with those keys, one row per person, per
day, per feature or per key, which metrics aggregate. Distinct counts are two plain aggregations, never a
``COUNT(DISTINCT)``: cheaper, and the same on every engine.
"""

from __future__ import annotations

from typing import Any

import ibis

from enishi.metrics.session import FEW_DAYS, Session

WINDOW = 91  # 13 whole weeks


@ibis.udf.agg.builtin
def bit_or(mask: int) -> int:  # type: ignore[empty-body]
    """All bits set in any row: the same name in DuckDB, PostgreSQL and Spark; Ibis lacks it for the last."""


def _during(span: Any, as_of: Any) -> Any:
    return (span.start <= as_of) & (as_of < span.stop)


def with_account(s: Session, facts: Any) -> Any:
    """Add ``account_id`` (and the person behind ``user_no``) as of the row's ``as_of``; drop the rest.

    An event's account is, in order: its group's link; the link of its user; the one group its user belongs
    to. Then merges lead on to the survivor.
    """
    t = facts
    account: list[str] = []
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
    u = s.usage(WINDOW)
    t = u.select("day", "known_on", "group_no", "user_no", "event", "product", "n").join(
        s.windows(WINDOW), "day"
    )
    return with_account(s, known_by(s, t).drop("known_on", "day"))


def persons(s: Session) -> Any:
    """One row per account, person (0: nobody in particular) and product.

    ``mask``: the days with use as bits, bit k for k days ago (k < 56); ``w00`` … ``w12``: uses per week, the newest
    first; ``n_90``; ``logins_28``; ``last_ago``.
    """
    return s.kept("persons", lambda: _persons(s))


def _persons(s: Session) -> Any:
    u = s.usage(WINDOW)
    u = u.mutate(logins=is_login(s, u.event).ifelse(u.n, ibis.literal(0, "int64")))
    columns = ["day", "known_on", "group_no", "user_no", "product"]
    t = u.select(*columns, "n", "logins")
    if len(s.days) > FEW_DAYS:
        t = t.group_by(columns).aggregate(n=t.n.sum(), logins=t.logins.sum())
    t = t.join(s.windows(WINDOW), "day")
    t = with_account(s, known_by(s, t).drop("known_on", "day"))
    weeks = {f"w{k:02d}": _sum(t.ago // 7 == k, t.n) for k in range(WINDOW // 7)}
    return t.group_by(["as_of", "account_id", "user_no", "product"]).aggregate(
        mask=bit_or(t.bit),
        last_ago=t.ago.min(),
        n_90=_sum(t.ago < 90, t.n),
        logins_28=_sum(t.ago < 28, t.logins),
        **weeks,
    )


_ADDED = ("n_90", "logins_28", *(f"w{k:02d}" for k in range(WINDOW // 7)))


def _together(s: Session, by: list[str]) -> Any:
    """:func:`persons` added up by fewer keys."""
    t = persons(s)
    sums = {name: t[name].sum() for name in _ADDED}
    return t.group_by(by).aggregate(mask=bit_or(t.mask), last_ago=t.last_ago.min(), **sums)


def people(s: Session, keys: list[str]) -> Any:
    """One row per person: last_ago, n_90, logins_28, n_28."""
    t = _together(s, list(dict.fromkeys([*keys, "user_no"])))
    return t.filter(t.user_no > 0)


def days(s: Session, keys: list[str]) -> Any:
    """One row per key: days_28 (days with use), n_28, n_before (the 28 days before those), n_90, logins_28, weekly
    uses ``w00`` (newest) … ``w12``."""
    t = _together(s, keys)
    return t.mutate(
        days_28=bits(t.mask & LAST_28),
        n_28=t.w00 + t.w01 + t.w02 + t.w03,
        n_before=t.w04 + t.w05 + t.w06 + t.w07,
    )


def power(s: Session, keys: list[str]) -> Any:
    """One row per person: ``now``, ``before``: whether a power user of any product, 28 days apart."""
    t = persons(s)
    t = t.filter(t.user_no > 0)
    least = _power_days(s, t.product)
    t = t.mutate(
        now=(bits(t.mask & LAST_28) >= least).ifelse(1, 0),
        before=(bits(t.mask & (LAST_28 << 28)) >= least).ifelse(1, 0),
    )
    return t.group_by(list(dict.fromkeys([*keys, "user_no"]))).aggregate(
        now=t.now.max(), before=t.before.max()
    )


LAST_28 = (1 << 28) - 1


def bits(x: Any) -> Any:
    """How many bits of a whole number below 2^56 are set, in plain arithmetic (Warren, Hacker's Delight, 5-1)."""
    x = x - ((x >> 1) & 0x5555_5555_5555_55)
    x = (x & 0x3333_3333_3333_33) + ((x >> 2) & 0x3333_3333_3333_33)
    x = (x + (x >> 4)) & 0x0F0F_0F0F_0F0F_0F
    x = x + (x >> 8)
    x = x + (x >> 16)
    return (x + (x >> 32)) & 0x7F


def _power_days(s: Session, product: Any) -> Any:
    least: Any = ibis.literal(s.settings.power_days, "int64")
    for name, days in sorted(s.settings.power_days_by_product.items()):
        least = (product == name).ifelse(ibis.literal(days, "int64"), least)
    return least


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
    t = _without_needless_users(s, u) if "user_no" not in keys else u
    used = ~is_login(s, t.event)
    wanted = [name.lower() for name in s.settings.value_events]
    value = t.event.lower().isin(wanted) if wanted else used
    never = ibis.null("date")
    t = t.mutate(used=used.ifelse(t.day, never), value=value.ifelse(t.day, never), last=t.day)
    t = with_account(s, _known_history(s, t, [*keys[2:], "group_no", "user_no"]))
    return t.group_by(keys).aggregate(
        first_day=t.day.min(),
        last_day=t["last"].max(),
        first_used=t.used.min(),
        first_value=t.value.min(),
        events=t.n.sum(),
    )


def _known_history(s: Session, t: Any, by: list[str]) -> Any:
    """Facts laid against the days on which they were known. Between two days asked for they fall together, so
    that the whole past is not laid against every day."""
    d, since = s.asof, t.day if s.known == "now" else ibis.greatest(t.day, t.known_on)
    columns = list(dict.fromkeys([*by, "day", "last", "used", "value", "n"]))
    if len(s.days) <= FEW_DAYS:
        return t.mutate(since=since).select(*columns, "since").join(d, ibis._.since <= d.as_of).drop("since")
    buckets = s.buckets()
    first = buckets.known_day.min().as_scalar()
    t = t.mutate(known_day=ibis.greatest(since, first)).join(buckets, "known_day")
    t = t.group_by([*dict.fromkeys(by), "bucket"]).aggregate(
        day=t.day.min(), last=t["last"].max(), used=t.used.min(), value=t.value.min(), n=t.n.sum()
    )
    return t.join(d, t.bucket <= d.as_of).drop("bucket")


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
