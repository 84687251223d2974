"""Records as of any day: the newest version known then, with what was not known yet hidden.

The rules stand in the kinds' declarations (:mod:`enishi.store.kinds`) and are applied to every kind alike:
``effective`` (a version holds from a day), ``known_from`` (an outcome is hidden before its date), ``timeless``
(a value learned late is hidden before it arrived).
"""

from __future__ import annotations

from typing import Any

import ibis

from enishi.metrics.people import through_merges
from enishi.metrics.session import Session
from enishi.metrics.zones import local_day
from enishi.store.kinds import KINDS, Field, Kind, Type

FOREVER = (9999, 12, 31)
MONEY_KINDS = {"subscription", "invoice", "order", "acquisition_cost"}


def versions(s: Session, kind: str) -> Any:
    """All versions of a kind with ``seen_from`` and ``seen_to`` (dates, half-open) and the local days of its
    instants as ``<field>_day``; money as whole minor units in ``minor`` from ``minor_from`` on."""
    return s.kept(f"versions_{kind}", lambda: _versions(s, KINDS[kind]), lasting=True)


def _versions(s: Session, kind: Kind) -> Any:
    t = s.raw(f"record_{kind.name}")
    zone = s.facts.zone
    local = {f"{f.name}_day": local_day(t[f.name], zone) for f in kind.fields if f.type is Type.INSTANT}
    t = t.mutate(**local)
    t = t.mutate(seen_from=_seen_from(s, kind, t))
    order = [t.valid_on, t.version_id] if kind.effective else [t.version_id]
    later = ibis.window(group_by=t.record_id, order_by=order, rows=(1, None))
    t = t.mutate(seen_to=t.seen_from.min().over(later).coalesce(ibis.date(*FOREVER)))
    t = t.filter(t.seen_from < t.seen_to)
    if kind.name not in MONEY_KINDS:
        return t
    m = s.minor(kind.name)
    return t.left_join(m, t.version_id == m.minor_id).drop("minor_id")


def _seen_from(s: Session, kind: Kind, t: Any) -> Any:
    if s.known == "then":
        return ibis.greatest(t.known_on, t.valid_on) if kind.effective else t.known_on
    if kind.effective:
        return t.valid_on
    happened = kind.happened
    if happened and kind.field(happened).type is Type.INSTANT:
        happened = f"{happened}_day"
    return t[happened].coalesce(t.known_on) if happened else t.known_on


def visible(s: Session, kind: str) -> Any:
    """One row per as_of and record: its values as known on that day, at the account it belonged to then."""
    t, d = versions(s, kind), s.asof
    t = t.join(d, [t.seen_from <= d.as_of, d.as_of < t.seen_to])
    t = t.filter(~t.deleted)
    return through_merges(s, masked(s, KINDS[kind], t))


def masked(s: Session, kind: Kind, t: Any) -> Any:
    """Hide, per row, what was not known on its ``as_of``, and numbers that cannot be."""
    hidden = {f.name: hide for f in kind.fields if (hide := _hide(s, kind, f, t)) is not None}
    values = {name: hide.ifelse(ibis.null(t[name].type()), t[name]) for name, hide in hidden.items()}
    for name, hide in hidden.items():
        if f"{name}_day" in t.columns:
            values[f"{name}_day"] = hide.ifelse(ibis.null("date"), t[f"{name}_day"])
    if "minor" in t.columns:
        values["minor"] = (t.minor_from <= t.as_of).ifelse(t.minor, ibis.null("int64"))
    return t.mutate(**values) if values else t


def _hide(s: Session, kind: Kind, field: Field, t: Any) -> Any:
    """When a field's value must not be seen; None if always visible."""
    if field.name in ("id", "account", "contact"):
        return None
    hide = outside(field, t)
    if field.known_from:
        names = [n if kind.field(n).type is Type.DATE else f"{n}_day" for n in field.known_from.split("|")]
        since = ibis.coalesce(*(t[n] for n in names)) if len(names) > 1 else t[names[0]]
        unknown = since.notnull() & (since > t.as_of)
        hide = unknown if hide is None else hide | unknown
    if not field.timeless:
        late = t.recorded_on > t.as_of
        hide = late if hide is None else hide | late
    return hide


def outside(field: Field, t: Any) -> Any:
    """Where a number lies outside its declared ranges, kept from before they were checked; None without ranges."""
    found = None
    for allowed in field.ranges:
        value, wrong = t[field.name], ibis.literal(False)
        wrong = wrong if allowed.least is None else wrong | (value < allowed.least)
        wrong = wrong if allowed.most is None else wrong | (value > allowed.most)
        wrong = wrong if allowed.above is None else wrong | (value <= allowed.above)
        wrong = wrong.coalesce(False)
        if allowed.when:
            wrong = wrong & (t[allowed.when[0]] == allowed.when[1])
        found = wrong if found is None else found | wrong
    return found


def terms_at(s: Session, kind: str, days_before: int) -> Any:
    """Records of a kind with ``effective`` as they held ``days_before`` days before each ``as_of``, as known
    on ``as_of``: a later correction is not mistaken for a change."""
    k, d = KINDS[kind], s.asof
    t = s.raw(f"record_{kind}")
    d = d.mutate(at=d.as_of - ibis.interval(days=days_before))
    number = (t.valid_on.delta(ibis.date(1900, 1, 1), unit="day") * (1 << 40)) + t.version_id
    base = t.select("record_id", "valid_on", "known_on", order=number)
    j = base.join(d, base.valid_on <= d.at)
    j = j if s.known == "now" else j.filter(j.known_on <= j.as_of)
    newest = j.group_by(["as_of", "record_id"]).aggregate(order=j.order.max())
    whole = versions_all(s, kind)
    whole = whole.mutate(
        order=(whole.valid_on.delta(ibis.date(1900, 1, 1), unit="day") * (1 << 40)) + whole.version_id
    )
    found = newest.join(whole, ["record_id", "order"])
    found = masked(s, k, found.filter(~found.deleted))
    return through_merges(s, found.mutate(at=found.as_of - ibis.interval(days=days_before)))


def versions_all(s: Session, kind: str) -> Any:
    """Every version, also those never visible on a day of their own, with ``minor`` and, of a subscription, ``told_end``: its
    end as anybody ever told it."""
    t = s.raw(f"record_{kind}")
    if "ended_on" in t.columns:
        t = t.mutate(told_end=t.ended_on.max().over(group_by=t.record_id))
    m = s.minor(kind)
    return t.left_join(m, t.version_id == m.minor_id).drop("minor_id")
