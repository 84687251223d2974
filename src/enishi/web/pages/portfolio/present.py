"""What the portfolio's templates are given: every word and link decided here, so that they only draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.access import visible_accounts
from enishi.accounts.company import get_company
from enishi.accounts.models import Account, Member, Role
from enishi.web.pages.account.beside import badges_beside
from enishi.web.pages.account.leaving import leaving_on
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.portfolio import reads, saved
from enishi.web.pages.portfolio.bulk import MOST
from enishi.web.pages.portfolio.cells import Setting, draw_row, opening
from enishi.web.pages.portfolio.columns import METRIC, Column, all_columns
from enishi.web.pages.portfolio.exports import sortable
from enishi.web.pages.portfolio.orders import current_order, orders
from enishi.web.pages.portfolio.query import NONE, NUMBERS, Query
from enishi.web.pages.portfolio.words import (
    CONTRACTS,
    FORECASTS,
    MOVES,
    SET_BY,
    TRENDS,
    all_words,
    minor_units,
    product_words,
)
from enishi.web.words import person
from enishi.work.api import may_lead, members_acting

RENEWAL_DAYS = (30, 60, 90, 180)
ALWAYS = (
    "band",
    "tier",
    "owner",
    "stage",
    "cause",
    "alert",
    "tag",
)  # filters that stand in the bar; the others fold away


@dataclass(frozen=True, slots=True)
class Row:
    account: Account
    cells: SafeString
    notice: str  # what stands beside the band, and nothing elsewhere


@dataclass(frozen=True, slots=True)
class Head:
    """A column's heading: where a click sorts, and how it is sorted now."""

    title: str
    help: str
    numeric: bool
    address: str
    sorted: str  # ascending | descending | ""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of the bar with its options."""

    name: str
    title: str
    options: tuple[Option, ...]

    @property
    def chosen(self) -> int:
        return sum(option.chosen for option in self.options)

    @property
    def folded(self) -> bool:
        return self.name not in ALWAYS


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    title: str
    address: str


def _head(column: Column, query: Query) -> Head:
    key = column.key
    direction = "" if query.sort_key != key else "descending" if query.descending else "ascending"
    address = query.sorted_by(key, rising=column.rising).address if sortable(key) else ""
    return Head(str(column.title), str(column.help), column.numeric, address, direction)


def _options(values: Mapping[str, str], chosen: Sequence[str]) -> tuple[Option, ...]:
    return tuple(Option(value, str(title), value in chosen) for value, title in values.items())


def _owners(member: Member) -> dict[str, str]:
    ids = visible_accounts(member).order_by().values_list("owner", flat=True).distinct()[:500]
    owners = Member.objects.filter(pk__in=[pk for pk in ids if pk]).order_by(
        "name_kana", "family_name", "email"
    )
    return {str(owner.pk): person(owner) for owner in owners} | {NONE: _("Nobody")}


def filters(member: Member, query: Query, words: Mapping[str, Mapping[str, str]]) -> list[Filter]:
    """The filter bar: fixed lists, and what occurs in the member's book."""
    offered = reads.choices_on_offer(member)
    fixed: list[tuple[str, str, Mapping[str, Any]]] = [
        ("band", _("Band"), words["band"]),
        ("tier", _("Tier"), {**words["tier"], NONE: _("No tier yet")}),
        ("owner", _("Owner"), _owners(member)),
        ("stage", _("Stage"), words["stage"]),
        ("cause", _("Cause"), words["cause"]),
        ("alert", _("Alert"), words["alert"]),
        ("trend", _("Trend"), {name: word for name, word in TRENDS.items() if name}),
        ("moved", _("Band change"), MOVES),
        ("contract", _("Contract"), CONTRACTS),
        ("set", _("Band set"), SET_BY),
        ("forecast", _("Forecast"), FORECASTS),
        ("tag", _("Tag"), {name: name for name in offered["tag"]}),
    ]
    listed = [
        ("industry", _("Industry")), ("size", _("Size")), ("region", _("Region")),
        ("product", _("Product")), ("plan", _("Plan")),
    ]  # fmt: skip
    named = [
        (n, title, product_words(offered[n]) if n == "product" else {v: v for v in offered[n]})
        for n, title in listed
        if offered[n]
    ]
    bar = [Filter(n, t, _options(values, query.choices.get(n, ()))) for n, t, values in [*fixed, *named]]
    return [entry for entry in bar if entry.options]


def chips(query: Query, bar: Sequence[Filter]) -> list[Chip]:
    """The filters in force, each with a way to lift it."""
    quoted = _("“%(words)s”") % {"words": query.text}
    found = [Chip(quoted, query.without("q").address)] if query.text else []
    for entry in bar:
        titles_of = {option.value: option.title for option in entry.options}
        for value in query.choices.get(entry.name, ()):
            title = f"{entry.title}: {titles_of.get(value, value)}"
            found.append(Chip(title, query.toggling(entry.name, value).address))
    titles = {
        "renewal": _("Renewal within %(n)s days"),
        "mrr_min": _("MRR from %(n)s"),
        "mrr_max": _("MRR up to %(n)s"),
        "silent": _("Not seen for %(n)s days"),
        "leaving_min": _("Probability to leave from %(n)s%%"),
    }
    catalogue = metric_catalogue()
    for name in query.choices.get("lacking", ()):
        title = catalogue[name].title.in_language(get_language() or "ja") if name in catalogue else name
        found.append(
            Chip(_("Without: %(metric)s") % {"metric": title}, query.toggling("lacking", name).address)
        )
    for name, limit in query.numbers.items():
        found.append(Chip(titles[name] % {"n": f"{limit:,}"}, query.without(name).address))
    return found


def unread(query: Query, bar: Sequence[Filter], currency: str) -> list[str]:
    """What the address asks and nobody can understand, in words."""
    titles = {entry.name: entry.title for entry in bar} | {
        "renewal": _("Renewal within (days)"),
        "silent": _("Not seen for (days)"),
        "mrr_min": _("MRR from (%(currency)s)") % {"currency": currency},
        "mrr_max": _("MRR up to (%(currency)s)") % {"currency": currency},
        "leaving_min": _("Probability to leave within 90 days from (percent)"),
    }
    told = []
    for name, value in query.unread:
        if name == "as_of":
            told.append(_("“%(on)s” is not a past day: what is shown is as of today.") % {"on": value})
        elif name in NUMBERS:
            text = _("“%(value)s” is not a whole number from 0 on; this filter is left out.")
            told.append(f"{titles[name]}: {text % {'value': value}}")
        else:
            text = _("“%(value)s” is none of its choices; it is left out.")
            told.append(f"{titles.get(name, name)}: {text % {'value': value}}")
    return told


def _columns_offered(query: Query) -> list[dict[str, Any]]:
    """The column chooser: those shown first, in their order."""
    known = all_columns()
    keys = [*query.columns, *(key for key in known if key not in query.columns and key != "name")]
    return [
        {"key": k, "title": str(known[k].title), "shown": k in query.columns, "metric": k.startswith(METRIC)}
        for k in keys
        if k in known
    ]


def rights_of(member: Member) -> dict[str, bool]:
    leads = member.role in (Role.ADMIN, Role.MANAGER)
    acts = leads or member.role == Role.CSM
    return {"leads": leads, "acts": acts, "exports": acts or member.role == Role.SALES}


# Whether more accounts in a band is good news; None where it is neither.
_GOOD_IF_MORE = {"red": False, "yellow": None, "green": True, "unknown": None}


def strip_pieces(counts: Sequence[reads.BandCount], query: Query) -> list[dict[str, Any]]:
    """The strip of bands, each piece with its place on the bar and the address that filters by it."""
    chosen = query.choices.get("band", ())
    pieces: list[dict[str, Any]] = []
    start = 0.0
    for count in counts:
        pieces.append(
            {
                "count": count,
                "from": f"{start:.2f}",
                "percent": f"{count.share * 100:.2f}",
                "fewer": -count.movement,
                "good_if_more": _GOOD_IF_MORE[count.band],
                "address": query.toggling("band", count.band).address,
                "chosen": count.band in chosen,
            }
        )
        start += count.share * 100
    return pieces


def tier_rows(
    counts: Sequence[reads.TierCount], query: Query, words: Mapping[str, str]
) -> list[dict[str, Any]]:
    chosen = query.choices.get("tier", ())
    return [
        {
            "count": count,
            "word": words.get(count.tier, count.tier) or _("No tier yet"),
            "address": query.toggling("tier", count.tier or NONE).address,
            "chosen": (count.tier or NONE) in chosen,
        }
        for count in counts
    ]


def portfolio_context(
    member: Member,
    query: Query,
    rows: Sequence[Account],
    more: bool,
    slices: Sequence[reads.Slice],
    today: date,
) -> dict[str, Any]:
    """Everything the list page draws."""
    words, unit = all_words(), minor_units(get_company().currency)
    shifts = reads.read_shifts(member, query, today=today, unit=unit)
    fell, rose = reads.read_movers(member, shifts) if query.page == 1 else ([], [])
    movers = [account.pk for account in (*fell, *rose)]
    return {
        **list_context(member, query, rows, more, slices, today, words),
        "strip": strip_pieces(reads.band_strip(slices, query.choices.get("tier", ())), query),
        "tiers": tier_rows(
            reads.count_tiers(slices, query, list(words["tier"]), shifts.mrr), query, words["tier"]
        ),
        "fell": fell,
        "rose": rose,
        "notices": badges_beside(movers, today),
        "views": list(saved.list_views(member)),
        "current_view": saved.find_view(member, query.view) if query.view else None,
        "default_view": saved.find_default(member),
        "rights": rights_of(member),
        "owners": _possible_owners(member),
        "tag_names": reads.choices_on_offer(member)["tag"],
        "tomorrow": today + timedelta(days=1),
        "next_week": today + timedelta(days=7),
    }


def list_context(
    member: Member,
    query: Query,
    rows: Sequence[Account],
    more: bool,
    slices: Sequence[reads.Slice],
    day: date,
    words: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """What the list draws of any day: rows, headings, filters and pages. Relative days count from ``day``."""
    known = all_columns()
    columns = [known[key] for key in query.columns if key in known]
    bar = filters(member, query, words)
    total = reads.total_accounts(slices, query)
    currency = get_company().currency
    leaving = leaving_on([row.pk for row in rows], day, query.as_of)
    setting = Setting(words, currency, get_language() or "ja", day, bool(query.as_of), leaving)
    return {
        "query": query,
        "today": day,
        "currency": currency,
        "order": current_order(query, known),
        "orders": orders(query, known),
        "name_head": _head(known["name"], query),
        "heads": [_head(column, query) for column in columns],
        "rows": _drawn(rows, columns, setting),
        "total": total,
        "most_at_once": MOST,
        "book": sum(s.accounts for s in slices),
        "first": (query.page - 1) * reads.PAGE_SIZE + 1 if rows else 0,
        "last": (query.page - 1) * reads.PAGE_SIZE + len(rows),
        "previous": query.on_page(query.page - 1).address if query.page > 1 else "",
        "next": query.on_page(query.page + 1).address if more else "",
        "capped": not more and query.page * reads.PAGE_SIZE >= reads.MAX_ROWS and total > reads.MAX_ROWS,
        "bar": [entry for entry in bar if not entry.folded],
        "more_bar": [entry for entry in bar if entry.folded],
        "more_chosen": sum(entry.chosen for entry in bar if entry.folded),
        "chips": chips(query, bar),
        "unread": unread(query, bar, currency),
        "columns_offered": _columns_offered(query),
        "hidden": replace(query, page=1).pairs(),
        "renewal_days": RENEWAL_DAYS,
        "words": words,
    }


def _drawn(rows: Sequence[Account], columns: Sequence[Column], setting: Setting) -> list[Row]:
    framed = [(column, opening(column)) for column in columns]
    badges = badges_beside([account.pk for account in rows], setting.today, leaving=setting.leaving)
    return [Row(account, draw_row(framed, account, setting), badges.get(account.pk, "")) for account in rows]


def _possible_owners(member: Member) -> list[Member]:
    if not may_lead(member):
        return []
    return list(members_acting()[:500])
