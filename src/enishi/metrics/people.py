"""Usage as relations: events joined to the days asked for and to the accounts they belonged to then.

Every relation takes the keys of a grain and returns an expression with those keys, one row per person, per
day, per feature or per key, which metrics aggregate. Distinct counts are two plain aggregations, never a
``COUNT(DISTINCT)``: cheaper, and the same on every engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from enishi.metrics.session import FEW_DAYS, Session, words_of

AT = ["as_of", "account_id"]
WINDOW = 91  # 13 whole weeks
PAST = 196  # four weeks and the 24 before them
YEAR = 364  # 52 whole weeks


@ibis.udf.agg.builtin
def bit_or(mask: int) -> int:  # type: ignore[empty-body]
    """All bits set in any row: the same name in DuckDB, PostgreSQL and Spark; Ibis lacks it for the last."""


@ibis.udf.scalar.builtin(signature=(("int64",), "int8"))
def bit_count(mask: int) -> int:  # type: ignore[empty-body]
    """How many bits are set: the same name in DuckDB and Spark; a small number in the first, not to be added as it is."""


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
            wanted = t[key]
            if account:  # only who is not found yet is looked for: a null matches nothing, and costs nothing
                found = ibis.coalesce(*(t[other] for other in account))
                wanted = found.isnull().ifelse(wanted, ibis.null("int64"))
            t = t.left_join(span, [wanted == span[key], _during(span, t.as_of)])
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


def login_words(s: Session) -> list[str]:
    """The events that mean signing in, in lower case."""
    return [name.lower() for name in s.settings.login_events]


def is_login(s: Session, event: Any) -> Any:
    return event.lower().isin(login_words(s))


def in_time(s: Session, t: Any) -> Any:
    """Rows of months without what became known after the day asked for."""
    return t if s.known == "now" else t.filter(t.late_on.isnull() | (t.late_on <= t.as_of))


def usage_days(s: Session) -> Any:
    """One row per as_of, account, person, product, event and day of the last :data:`WINDOW` days: ``n``."""
    u = s.usage(WINDOW)
    t = u.select("day", "known_on", "group_no", "user_no", "event", "product", "n").join(
        s.windows(WINDOW), "day"
    )
    return with_account(s, known_by(s, t).drop("known_on", "day"))


def persons(s: Session) -> Any:
    """One row per account, person (0: nobody in particular) and product active in the last :data:`PAST` days.

    ``mask_0``: the days with use as bits, bit k for k days ago; ``mask_1`` those from 56 days ago on, and so on.
    """
    return s.kept("persons", lambda: _persons(s))


def _persons(s: Session) -> Any:
    t = in_time(s, s.rolled("user_months", PAST).join(s.month_windows(PAST), "month"))
    words = {f"mask_{w}": _word(t, w) for w in range(words_of(PAST))}
    t = with_account(s, t.select("as_of", "group_no", "user_no", "product", **words))
    t = t.group_by([*AT, "user_no", "product"]).aggregate(**{name: bit_or(t[name]) for name in words})
    return t.filter(ibis.or_(*(t[name] != 0 for name in words)))


def _word(t: Any, word: int) -> Any:
    return ((t.days & t[f"keep_{word}"]) << t[f"left_{word}"]) >> t[f"right_{word}"]


def people(s: Session, keys: list[str]) -> Any:
    """One row per person active in the last 56 days, and one (not ``named``) for use that names nobody: ``mask``; ``now``,
    ``before``: whether a power user (1 or 0) of any product in the last 28 days, in the 28 before; ``known``: whether
    use of the key ever named anybody."""
    t = persons(s)
    t = t.filter(t.mask_0 != 0)
    least = _power_days(s, t.product)
    t = t.mutate(
        now=(bits(t.mask_0 & LAST_28) >= least).ifelse(1, 0),
        before=(bits(t.mask_0 & (LAST_28 << 28)) >= least).ifelse(1, 0),
    )
    t = t.group_by(list(dict.fromkeys([*keys, "user_no"]))).aggregate(
        mask=bit_or(t.mask_0), now=t.now.max(), before=t.before.max()
    )
    nobody = _never_named(s, keys)
    joined = t.left_join(
        nobody.rename({f"{key}_of": key for key in keys}), [t[key] == nobody[key] for key in keys]
    )
    return joined.select(*t.columns, named=t.user_no > 0, known=joined.as_of_of.isnull())


def _never_named(s: Session, keys: list[str]) -> Any:
    """The keys with use of which, by what was known then, none ever named anybody."""
    name, unnamed = "_".join(keys[2:]), _lately_unnamed(s, keys)
    return s.kept(
        f"never_named_{name}", lambda: unnamed.anti_join(_once_named(s, keys), keys), of=f"unnamed_{name}"
    )


def _lately_unnamed(s: Session, keys: list[str]) -> Any:
    """The keys used in the last 56 days whose use of the last :data:`PAST` names nobody; mostly none, so that the people
    of the whole past are rarely asked."""

    def build() -> Any:
        t = persons(s)
        t = t.group_by(keys).aggregate(top=t.user_no.max(), used=bit_or(t.mask_0))
        return t.filter((t.top <= 0) & (t.used != 0)).select(keys)

    return s.kept("unnamed_" + "_".join(keys[2:]), build)


def _once_named(s: Session, keys: list[str]) -> Any:
    """The keys whose use named somebody in a month that was over, or learned of, by then."""
    u, loose = s.rolled("user_months", None), s.loose()
    u = u.filter(u.user_no > 0)
    u = u.left_join(loose, u.group_no == loose.loose_no)
    over = (u.month + ibis.interval(days=31)).cast("date")
    t = u.select(
        "group_no",
        "product",
        user_no=((u.group_no > 0) & u.loose_no.isnull()).ifelse(ibis.literal(0, "int64"), u.user_no),
        since=over if s.known == "now" else ibis.coalesce(u.late_on, over),
    )
    owner = ["group_no", "user_no", *(["product"] if "product" in keys else [])]
    return with_account(s, _by_then(s, t.mutate(first=t.since), owner, {"first": "min"})).select(keys)


def nameless(t: Any, days: int, ago: int = 0) -> Any:
    """1 where there was use in so many days (up to ``ago`` days ago) and none ever named anybody, else 0."""
    used = (t["mask"] & (((1 << days) - 1) << ago)) != 0
    return _any(used & ~t.known)


def _any(condition: Any) -> Any:
    return condition.ifelse(ibis.literal(1, "int64"), ibis.literal(0, "int64")).max()


def within(t: Any, days: int) -> Any:
    """Whether a row's ``mask`` has one of the last so many days (at most 56)."""
    return (t["mask"] & ((1 << days) - 1)) != 0


def days(s: Session, keys: list[str]) -> Any:
    """One row per key: days_28 (days with use), n_28, n_before (the 28 days before those), n_90, weekly uses ``w00``
    (newest) … ``w12``."""
    t = s.kept("days_" + "_".join(keys[2:]), lambda: _days(s, keys))
    return t.mutate(
        days_28=bits(t["mask"] & LAST_28),
        n_28=t.w00 + t.w01 + t.w02 + t.w03,
        n_before=t.w04 + t.w05 + t.w06 + t.w07,
    )


def _days(s: Session, keys: list[str]) -> Any:
    u = s.usage(WINDOW) if "user_no" in keys else s.rolled("group_days", WINDOW)
    owner = ["group_no", "user_no", *(["product"] if "product" in keys else [])]
    if len(s.days) > FEW_DAYS:
        u = u.group_by([*owner, "day", "known_on"]).aggregate(n=u.n.sum())
    t = known_by(s, u.join(s.windows(WINDOW), "day"))
    t = t.mutate(week=t.ago // 7)
    t = t.group_by(["as_of", *owner, "week"]).aggregate(
        mask=bit_or(t.bit), n=t.n.sum(), n_90=_sum(t.ago < 90, t.n)
    )
    t = with_account(s, t)
    weeks = {f"w{k:02d}": _sum(t.week == k, t.n) for k in range(WINDOW // 7)}
    return t.group_by(keys).aggregate(mask=bit_or(t["mask"]), n_90=t.n_90.sum(), **weeks)


def past(s: Session, keys: list[str]) -> Any:
    """One row per person and product: ``recent``, days with use of the last 28; ``earlier``, of the 168 before."""
    t = persons(s)
    older = [bits(t[f"mask_{word}"]) for word in range(1, words_of(PAST))]
    return t.mutate(recent=bits(t.mask_0 & LAST_28), earlier=sum(older, bits(t.mask_0 & (LAST_28 << 28))))


def year(s: Session, keys: list[str]) -> Any:
    """One row per key: ``days`` with use of the last :data:`YEAR`. The uses of a month fall together to its bits before
    they are laid against the days asked for."""
    u = s.rolled("group_days", YEAR)
    owner = ["group_no", "user_no", *(["product"] if "product" in keys else [])]
    u = u.mutate(
        month=u.day.truncate("M").cast("date"),
        late_on=(u.known_on > u.day).ifelse(u.known_on, ibis.null("date")),
        bit=ibis.literal(1, "int64") << (31 - u.day.day()).cast("int32"),
    )
    u = u.group_by([*owner, "month", "late_on"]).aggregate(days=bit_or(u.bit))
    t = in_time(s, u.join(s.month_windows(YEAR), "month"))
    words = [f"mask_{w}" for w in range(words_of(YEAR))]
    t = t.select("as_of", *owner, **{name: _word(t, w) for w, name in enumerate(words)})
    t = with_account(s, t.group_by(["as_of", *owner]).aggregate(**{name: bit_or(t[name]) for name in words}))
    t = t.group_by(keys).aggregate(**{name: bit_or(t[name]) for name in words})
    first, *more = (bits(t[name]) for name in words)
    return t.select(*keys, days=sum(more, first))


def logins(s: Session, keys: list[str]) -> Any:
    """One row per key: ``n`` sign-ins in the last 28 days."""
    u = s.usage(28)
    u = u.filter(is_login(s, u.event))
    t = known_by(s, u.join(s.windows(28), "day"))
    owner = ["group_no", "user_no", *(["product"] if "product" in keys else [])]
    t = with_account(s, t.group_by(["as_of", *owner]).aggregate(n=t.n.sum()))
    return t.group_by(keys).aggregate(n=t.n.sum())


LAST_28 = (1 << 28) - 1


def bits(x: Any) -> Any:
    """How many bits of a whole number are set."""
    return bit_count(x).cast("int64")


def _power_days(s: Session, product: Any) -> Any:
    least: Any = ibis.literal(s.settings.power_days, "int64")
    for name, days in sorted(s.settings.power_days_by_product.items()):
        least = (product == name).ifelse(ibis.literal(days, "int64"), least)
    return least


def features(s: Session, keys: list[str]) -> Any:
    """One row per feature used (an event other than signing in): whether ``in_28``, ``in_90`` days (1 or 0)."""
    if "user_no" in keys:
        t = usage_days(s)
        t = t.filter(~is_login(s, t.event)).mutate(used_28=ibis._.ago < 28, used_90=ibis._.ago < 90)
    else:
        t = s.rolled("feature_months", 90)
        t = t.filter(~is_login(s, t.event)).join(s.month_windows(90), "month")
        t = in_time(s, t)
        t = t.mutate(used_28=(t.days & t.in_28) != 0, used_90=(t.days & t.in_90) != 0).filter(ibis._.used_90)
        owner = ["as_of", "group_no", "user_no", "event", *(["product"] if "product" in keys else [])]
        t = with_account(s, t.select(*owner, "used_28", "used_90"))
    return t.group_by([*keys, "event"]).aggregate(
        in_28=t.used_28.ifelse(1, 0).max(), in_90=t.used_90.ifelse(1, 0).max()
    )


def history(s: Session, keys: list[str]) -> Any:
    """One row per key over the whole past: first_day, last_day (dates), events."""
    return s.kept("history_" + "_".join(keys[2:]), lambda: _history(s, keys))


def _history(s: Session, keys: list[str]) -> Any:
    if "user_no" in keys:
        u = s.usage(None)
        since = u.day if s.known == "now" else ibis.greatest(u.day, u.known_on)
        t = u.mutate(since=since, first_day=u.day, last_day=u.day, events=u.n)
    else:
        t = s.learned().mutate(events=ibis._.n)
    folds = {"first_day": "min", "last_day": "max", "events": "sum"}
    owner = ["group_no", "user_no", *(["product"] if "product" in keys else [])]
    t = with_account(s, _by_then(s, t, owner, folds))
    return t.group_by(keys).aggregate(**_folded(t, folds))


def first_values(s: Session) -> Any:
    """One row per account that came to value: first_value (date)."""
    return s.kept("first_values", lambda: _first_values(s))


def _first_values(s: Session) -> Any:
    u = s.rolled("first_uses", None)
    wanted = [name.lower() for name in s.settings.value_events]
    return earliest(
        s, u.filter(u.event.lower().isin(wanted) if wanted else ~is_login(s, u.event)), "first_value"
    )


def earliest(s: Session, uses: Any, name: str) -> Any:
    """The earliest ``first_day`` per account, in the column ``name``, of rows like those of the roll-up ``first_uses``."""
    t = uses.mutate(since=uses.first_day if s.known == "now" else uses.since)
    t = t.select("group_no", "user_no", "since", **{name: t.first_day})
    folds = {name: "min"}
    t = with_account(s, _by_then(s, t, ["group_no", "user_no"], folds))
    return t.group_by(AT).aggregate(**_folded(t, folds))


def _folded(t: Any, folds: Mapping[str, str]) -> dict[str, Any]:
    return {name: getattr(t[name], fold)() for name, fold in folds.items()}


def _by_then(s: Session, t: Any, owner: list[str], folds: Mapping[str, str]) -> Any:
    """Facts (with the day ``since`` which they count) folded per owner and day asked for. Between two days asked for
    they fall together first, so that the whole past is not laid against every day."""
    d = s.asof
    if len(s.days) > FEW_DAYS:
        buckets = s.buckets()
        first = buckets.known_day.min().as_scalar()
        t = t.mutate(known_day=ibis.greatest(t.since, first)).join(buckets, "known_day")
        t = t.group_by([*owner, "bucket"]).aggregate(**_folded(t, folds)).rename(since="bucket")
    t = t.select(*owner, "since", *folds).join(d, ibis._.since <= d.as_of)
    return t.group_by(["as_of", *owner]).aggregate(**_folded(t, folds))


def _count(condition: Any) -> Any:
    return condition.ifelse(ibis.literal(1, "int64"), ibis.literal(0, "int64")).sum()


def _sum(condition: Any, value: Any) -> Any:
    return condition.ifelse(value, ibis.literal(0, "int64")).sum()
