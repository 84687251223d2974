"""One evaluation: the facts bound to an engine for a set of days.

The days are a table (``asof``), so one query answers today, last March, or every snapshot of a back-test.
Expressions are built over tables known only by name and columns; their SQL is compiled once per process.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal, TypeAlias

import ibis
import pyarrow as pa

from enishi.metrics.contracts import FactFiles, FactSettings
from enishi.metrics.engines import Engine
from enishi.metrics.identity import SPANS, Identity, build_identity
from enishi.metrics.money import minor_units
from enishi.metrics.plans import Plan, Plans
from enishi.metrics.scope import MOST, Scope, find_scope
from enishi.store.parquet import DAY_COLUMNS
from enishi.store.rollups import EVERYBODY, rolled
from enishi.store.schema import EVENT_TABLES, ROLLUPS, table_schemas

Known: TypeAlias = Literal["then", "now"]

IDENTITY_FACTS = ("link", "merge", "groups", "users", "memberships", "aliases")

FEW_DAYS = 4  # beyond, facts are first added up, then laid against every day
MASK_DAYS = 56  # active days fit into the bits of one whole number

_SCHEMAS = table_schemas()
_EVENT_COLUMNS = ("type", "event", "product", "group_no", "user_no", "occurred_at", "day", "known_on")


@dataclass
class Facts:
    """The published facts, an engine to ask, and the company's settings.

    Not safe to share between threads; make one per request or job (cheap).

    Args:
        files: which Parquet files hold the facts.
        engine: DuckDB in this process, or a Spark Connect session.
        settings: the company's currency and what counts as signing in, as value, as a power user.
        plans: compiled queries; with a folder they outlive the process.
    """

    files: FactFiles
    engine: Engine
    settings: FactSettings = field(default_factory=FactSettings)
    plans: Plans = field(default_factory=Plans)

    def __post_init__(self) -> None:
        self._bound: set[str] = set()
        self._identity: dict[Known, Identity] = {}
        self._identity_facts: Mapping[str, pa.Table] = {}
        self.spoken: dict[str, list[date]] = {}
        self.scope: Scope | None = None
        self.latest: Session | None = None

    def scoped(self, accounts: Collection[int]) -> Facts:
        """The same facts, of a few accounts only (and those merged into them): fast at any size.

        The caller closes the engine of what is returned. Where the engine cannot be had a second time, or for
        more than :data:`enishi.metrics.scope.MOST` accounts, these facts themselves.
        """
        if len(accounts) > MOST or (self.scope and set(self.scope.asked) <= set(accounts)):
            return self
        engine = self.engine.fresh()
        if engine is None:
            return self
        found = Facts(self.files, engine, self.settings, self.plans)
        for name in IDENTITY_FACTS:
            found.bind(name)
        found.scope, found._identity_facts = find_scope(engine, accounts)
        found.spoken = self.spoken
        return found

    def close_if_not(self, other: Facts) -> None:
        """Close, unless these are the ``other`` facts."""
        if self is not other:
            self.engine.close()

    def __enter__(self) -> Facts:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    @property
    def rolled(self) -> bool:
        """Whether the roll-ups of usage can be read; else they are made from usage while reading."""
        return bool(getattr(self.files, "rolled", False))

    @property
    def zone(self) -> str:
        return self.files.zone or "UTC"

    def arrow(self, table: str) -> pa.Table:
        """A whole (small) table of facts."""
        self.bind(table)
        return self.engine.rows(f"SELECT * FROM {table}")  # noqa: S608 - a name of the schema

    def bind(self, table: str) -> None:
        """Let the engine know a table of the schema, all files."""
        if self.first_time(f"facts {table}"):
            self.engine.read(table, self.files.files(table), _SCHEMAS[table], self.limit(table))

    def limit(self, table: str) -> str:
        """The condition of the scope on a table, for the engine."""
        return self.scope.condition(table) if self.scope else ""

    def first_time(self, name: str) -> bool:
        """Whether a name that does not depend on the days asked for is new to the engine; it no longer is."""
        new = name not in self._bound
        self._bound.add(name)
        return new

    def identity(self, known: Known) -> Identity:
        """Who events belong to, over time."""
        if known not in self._identity:
            if not self._identity_facts:
                self._identity_facts = {name: self.arrow(name) for name in IDENTITY_FACTS if name != "users"}
                linked = "user" in self._identity_facts["link"]["target"].unique().to_pylist()
                users = self.arrow("users") if linked else _SCHEMAS["users"].empty_table()
                self._identity_facts = {**self._identity_facts, "users": users}
            self._identity[known] = build_identity(self._identity_facts, known == "now")
        return self._identity[known]


class Session:
    """Facts bound to days. What an expression needs is bound when first asked for, and noted with its text,
    so that a later session with the same shape runs the compiled text without building anything.

    Args:
        days: the days asked for, any order; duplicates are dropped.
        known: ``then``: with what was known on each day; ``now``: with today's knowledge (for charts).
    """

    def __init__(self, facts: Facts, days: Sequence[date], known: Known = "then") -> None:
        self.facts, self.engine, self.settings = facts, facts.engine, facts.settings
        self.days = sorted(set(days))
        self.known: Known = known
        self._made: set[Hashable] = set()
        self._noted: list[list[tuple[Any, ...]]] = []
        facts.latest = self  # what an earlier session has bound to its days is bound to these from here on
        self.engine.put("asof", pa.table({"as_of": pa.array(self.days, pa.date32())}))
        for name, table in facts.identity(known).tables().items():
            if facts.first_time(f"{name}_{known}"):
                self.engine.put(f"{name}_{known}", table)
        self.shape = self._shape()

    @property
    def asof(self) -> Any:
        return ibis.table({"as_of": "date"}, name="asof")

    def spans(self, name: str) -> Any:
        """A table of the identity, as an expression."""
        schema = getattr(self.facts.identity(self.known), name).schema
        return ibis.table(ibis.Schema.from_pyarrow(schema), name=f"{name}_{self.known}")

    def has_spans(self, name: str) -> bool:
        return bool(getattr(self.facts.identity(self.known), name).num_rows)

    def raw(self, table: str) -> Any:
        """A published table, as an expression."""
        self.need("raw", table)
        return ibis.table(ibis.Schema.from_pyarrow(_SCHEMAS[table]), name=table)

    def every(self, table: str) -> Any:
        """A published table whatever the scope, as an expression."""
        self.need("every", table)
        return ibis.table(ibis.Schema.from_pyarrow(_SCHEMAS[table]), name=f"every_{table}")

    def usage(self, back: int | None, table: str = "usage") -> Any:
        """Usage (or raw events) not outside the days asked for: ``back`` days before the first to the last."""
        self.need("usage", back, table)
        return ibis.table(ibis.Schema.from_pyarrow(EVENT_TABLES[table]), name=_bounded(back, table))

    def rolled(self, table: str, back: int | None) -> Any:
        """A roll-up of usage not outside the days asked for (whole months of it), as an expression."""
        self.need("rolled", table, back)
        return ibis.table(ibis.Schema.from_pyarrow(EVENT_TABLES[table]), name=_bounded(back, table))

    def loose(self) -> Any:
        """The groups whose users are looked at one by one: they lead to no account all the time."""
        self.need("loose")
        return ibis.table({"loose_no": "int64"}, name="loose")

    def learned(self) -> Any:
        """All usage ever, as little of it as tells the days asked for apart: uses per group and month in which they
        became known (``since``: its first day) before the month of the first day asked for, and per day from then on."""
        self.need("learned")
        days = dict.fromkeys(("since", "first_day", "last_day"), "date")
        columns = {"group_no": "int64", "user_no": "int64", "product": "string", **days, "n": "int64"}
        return ibis.table(columns, name="learned")

    def properties(self, back: int | None, paths: tuple[tuple[str, ...], ...]) -> Any:
        """Raw events with the texts of some properties as ``p0``, ``p1`` … (an empty path: null)."""
        self.usage(back, "events")
        name = "properties_" + hashlib.sha256(repr((back, paths)).encode()).hexdigest()[:16]
        self.need("properties", name, back, paths)
        columns = ibis.Schema.from_pyarrow(EVENT_TABLES["events"])
        texts = {f"p{i}": "string" for i in range(len(paths))}
        return ibis.table({**{n: columns[n] for n in _EVENT_COLUMNS}, **texts}, name=name)

    def windows(self, back: int) -> Any:
        """Every (as_of, day) pair with ``ago`` = as_of - day from 0 to ``back`` - 1, and ``bit`` = 2^ago (0 from
        56 days on)."""
        self.need("windows", back)
        columns = {"as_of": "date", "day": "date", "ago": "int64", "bit": "int64"}
        return ibis.table(columns, name=f"asof_{back}")

    def month_windows(self, back: int) -> Any:
        """Every (as_of, month) pair of which a day lies up to ``back`` - 1 days before ``as_of``.

        ``days & keep_0 << left_0 >> right_0`` turns the days of the month into bits, bit k for k days ago (k < 56);
        with ``_1`` bit k stands for 56 + k days ago, and so on up to ``back``. ``in_28``, ``in_90``: which days of the
        month are among the last so many.
        """
        self.need("month_windows", back)
        return ibis.table(ibis.Schema.from_pyarrow(month_columns(back)), name=f"asof_months_{back}")

    def buckets(self) -> Any:
        """Every day from the first to the last one asked for, with the first day asked for that is not before
        it (``bucket``)."""
        self.need("buckets")
        return ibis.table({"known_day": "date", "bucket": "date"}, name="asof_buckets")

    @property
    def first(self) -> date:
        return self.days[0]

    def minor(self, kind: str) -> Any:
        """Money of a kind's versions in whole minor units (:func:`enishi.metrics.money.minor_units`)."""
        self.need("minor", kind)
        columns = {"minor_id": "int64", "minor": "int64", "minor_from": "date"}
        return ibis.table(columns, name=f"minor_{kind}")

    def respondents(self) -> Any:
        """Whom a version of an answer names without leading to a contact, in small letters; null where nobody."""
        self.need("respondents")
        return ibis.table({"answer_version": "int64", "respondent": "string"}, name="respondents")

    def chosen(self, accounts: Sequence[int]) -> Any:
        """A table of account numbers, so that a query's text does not grow with every account asked for."""
        self.engine.put("chosen", pa.table({"chosen_id": pa.array(sorted(accounts), pa.int64())}))
        return ibis.table({"chosen_id": "int64"}, name="chosen")

    def kept(self, name: str, build: Callable[[], Any], lasting: bool = False, of: str = "") -> Any:
        """An intermediate result by name, computed once where the engine can keep it: per session, or per
        facts where it does not depend on the days (``lasting``). Rows of a result kept before (``of``) are not
        worked out where that has none."""
        name = f"{name}_{self.known}" if lasting else name
        plan = self.plan(name, build)
        self.need("kept", name, lasting, of)
        return ibis.table(plan.schema, name=name)

    def rows(self, key: Hashable, build: Callable[[], Any]) -> pa.Table:
        """Run a query whose text is compiled once per process and shape."""
        plan = self.plan(key, build)
        for need in plan.needs:
            self.need(*need)
        return self.engine.rows(plan.sql)

    def plan(self, key: Hashable, build: Callable[[], Any]) -> Plan:
        plan = self.facts.plans.find(key, self.shape)
        if plan is None:
            self._noted.append([])
            expression = build()
            needs = tuple(self._noted.pop())
            sql = str(ibis.to_sql(expression, dialect=self.engine.dialect))
            plan = Plan(sql, expression.schema(), needs)
            self.facts.plans.add(key, self.shape, plan)
        return plan

    def need(self, what: str, *args: Any) -> None:
        """Bind something once, and note it for whoever is being compiled."""
        if self._noted:
            self._noted[-1].append((what, *args))
        if (what, *args) not in self._made:
            self._made.add((what, *args))
            getattr(self, f"_bind_{what}")(*args)

    def _bind_raw(self, table: str) -> None:
        self.facts.bind(table)

    def _bind_every(self, table: str) -> None:
        if not self.facts.first_time(f"every {table}"):
            return
        if table in ROLLUPS and not self.facts.rolled:
            self._bind_every("usage")
            self.engine.view(f"every_{table}", rolled(table, "every_usage", EVERYBODY))
        else:
            self.engine.read(f"every_{table}", self.facts.files.files(table), _SCHEMAS[table])

    def _bind_usage(self, back: int | None, table: str) -> None:
        self._read(_bounded(back, table), table, back)

    def _read(self, name: str, table: str, back: int | None) -> None:
        """Bind a table's rows from ``back`` days before the first day asked for to the last; whole months."""
        column, last = DAY_COLUMNS[table], self.days[-1]
        first = self.days[0] - timedelta(days=back - 1) if back is not None else None
        if first and column == "month":
            first = first.replace(day=1)
        if column == "since" and self.known == "now":  # what became known later tells of these days, too
            last = date.max
        where = f"{column} <= DATE '{last}'" + (f" AND {column} >= DATE '{first}'" if first else "")
        limit = self.facts.limit(table)
        where += f" AND {limit}" if limit else ""
        files = self.facts.files.files(table, first, last)
        self.engine.read(name, files, EVENT_TABLES[table], where)

    def _bind_rolled(self, table: str, back: int | None) -> None:
        """A roll-up; where it is not enough, made from usage: groups which do not lead to an account all the
        time keep their users apart, and a store whose roll-ups are not made yet has none."""
        name = _bounded(back, table)
        loose = [] if table == "user_months" else self._loose
        if self.facts.rolled and not loose:
            self._read(name, table, back)
            return
        self.need("usage", back, "usage")
        if not self.facts.rolled:
            self.engine.view(name, rolled(table, _bounded(back, "usage"), EVERYBODY))
            return
        self.need("loose")
        self._read(f"{name}_firm", table, back)
        fine = f"(SELECT u.* FROM {_bounded(back, 'usage')} u JOIN loose l ON u.group_no = l.loose_no) fine"  # noqa: S608
        columns = ", ".join(f"f.{column}" for column in EVENT_TABLES[table].names)
        self.engine.view(
            name,
            f"SELECT {columns} FROM {name}_firm f LEFT JOIN loose l ON f.group_no = l.loose_no "  # noqa: S608
            f"WHERE l.loose_no IS NULL UNION ALL {rolled(table, fine, EVERYBODY)}",
        )

    def _bind_loose(self) -> None:
        self.engine.put("loose", pa.table({"loose_no": pa.array(self._loose, pa.int64())}))

    def _bind_learned(self) -> None:
        """Rows of earlier days that became known late lie among these days' own, so both columns are asked."""
        self.need("rolled", "group_months", None)
        self.need("rolled", "group_days", None)
        owner, days, month = "group_no, user_no, product", "group_days_all", self.days[0].replace(day=1)
        since = "day" if self.known == "now" else "greatest(day, known_on)"
        each = f"SELECT {owner}, {since} AS since, day AS first_day, day AS last_day, n FROM {days}"  # noqa: S608
        before = f"SELECT {owner}, month AS since, first_day, last_day, n FROM group_months_all"  # noqa: S608
        self.engine.view(
            "learned",
            f"{before} WHERE month < DATE '{month}' UNION ALL {each} WHERE day >= DATE '{month}' UNION ALL "
            f"{each} WHERE day < DATE '{month}' AND known_on >= DATE '{month}'",
        )

    @cached_property
    def _loose(self) -> list[int]:
        """Groups that lead to no account on some of the days, while one of their users may."""
        return self.facts.identity(self.known).loose(self.days[0], self.days[-1])

    def _bind_properties(self, name: str, back: int | None, paths: tuple[tuple[str, ...], ...]) -> None:
        empty = "CAST(NULL AS VARCHAR(1))" if self.engine.dialect == "duckdb" else "CAST(NULL AS STRING)"
        texts = [self.engine.json_text("properties", path) if any(path) else empty for path in paths]
        columns = ", ".join([*_EVENT_COLUMNS, *(f"{text} AS p{i}" for i, text in enumerate(texts))])
        self.engine.view(name, f"SELECT {columns} FROM {_bounded(back, 'events')}")  # noqa: S608

    def _bind_windows(self, back: int) -> None:
        pairs = [(d, d - timedelta(days=ago), ago) for d in self.days for ago in range(back)]
        as_of, day, ago = zip(*pairs, strict=True)
        columns = {"as_of": pa.array(as_of, pa.date32()), "day": pa.array(day, pa.date32())}
        bits = [1 << a if a < MASK_DAYS else 0 for a in ago]
        numbers = {"ago": pa.array(ago, pa.int64()), "bit": pa.array(bits, pa.int64())}
        self.engine.put(f"asof_{back}", pa.table({**columns, **numbers}))

    def _bind_month_windows(self, back: int) -> None:
        rows = [row for day in self.days for row in month_rows(day, back)]
        self.engine.put(f"asof_months_{back}", pa.Table.from_pylist(rows, month_columns(back)))

    def _bind_buckets(self) -> None:
        span = [self.first + timedelta(days=k) for k in range((self.days[-1] - self.first).days + 1)]
        bucket = [self.days[bisect_left(self.days, day)] for day in span]
        self.engine.put(
            "asof_buckets",
            pa.table({"known_day": pa.array(span, pa.date32()), "bucket": pa.array(bucket, pa.date32())}),
        )

    def _bind_minor(self, kind: str) -> None:
        if self.facts.first_time(f"minor_{kind}"):
            rates, amounts = self.facts.arrow("record_exchange_rate"), self.facts.arrow(f"record_{kind}")
            self.engine.put(f"minor_{kind}", minor_units(amounts, rates, self.settings.currency, kind))

    def _bind_respondents(self) -> None:
        if self.facts.first_time("respondents"):
            self.need("raw", "record_survey_answer")
            name = f"lower(trim({self.engine.json_text('extra', ['contact'])}))"
            self.engine.view(
                "respondents",
                f"SELECT version_id AS answer_version, {name} AS respondent FROM record_survey_answer",  # noqa: S608
            )

    def _bind_kept(self, name: str, lasting: bool, of: str) -> None:
        if lasting and not self.facts.first_time(name):
            return
        plan = self.facts.plans.find(name, self.shape)
        if plan is None:
            raise LookupError(f"{name} is needed before it was built")
        for need in plan.needs:
            self.need(*need)
        if of and not self.engine.rows(f"SELECT * FROM {of} LIMIT 1").num_rows:  # noqa: S608 - a name of this room
            self.engine.put(name, plan.schema.to_pyarrow().empty_table())
        else:
            self.engine.keep(name, plan.sql)

    def _shape(self) -> tuple[Hashable, ...]:
        """What the text of a query depends on besides its name."""
        s = self.settings
        spans = tuple(self.has_spans(n) for n in SPANS)
        by_product = tuple(sorted(s.power_days_by_product.items()))
        words = (s.login_events, s.value_events)
        many = len(self.days) > FEW_DAYS
        return (
            many,
            self.engine.dialect,
            self.known,
            self.facts.zone,
            spans,
            s.power_days,
            by_product,
            words,
        )


def session_of(facts: Facts, days: Sequence[date], known: Known = "then") -> Session:
    """The session of days: the latest one where it is of the same days, with all it has worked out already."""
    latest = facts.latest
    if latest and latest.days == sorted(set(days)) and latest.known == known:
        return latest
    return Session(facts, days, known)


def _bounded(back: int | None, table: str) -> str:
    return f"{table}_{'all' if back is None else back}"


def words_of(back: int) -> int:
    """How many whole numbers hold the bits of so many days."""
    return -(-back // MASK_DAYS)


def month_columns(back: int) -> pa.Schema:
    """The columns of :meth:`Session.month_windows`."""
    words = range(words_of(back))
    kinds = {"as_of": pa.date32(), "month": pa.date32(), "in_28": pa.int64(), "in_90": pa.int64()}
    kinds |= {f"keep_{word}": pa.int64() for word in words}
    return pa.schema(kinds | {f"{way}_{word}": pa.int32() for way in ("left", "right") for word in words})


def month_rows(as_of: date, back: int) -> list[dict[str, Any]]:
    """The rows of :meth:`Session.month_windows` for one day."""
    rows, month = [], (as_of - timedelta(days=back - 1)).replace(day=1)
    while month <= as_of:
        ago = (as_of - month).days - 30  # how many days ago bit 0, the 31st, was (or would have been)
        row: dict[str, Any] = {"as_of": as_of, "month": month}
        for days in (28, 90):
            row[f"in_{days}"] = _bits_between(-ago, days - ago)
        for word in range(words_of(back)):
            first = word * MASK_DAYS - ago
            row[f"keep_{word}"] = _bits_between(first, min(first + MASK_DAYS, back - ago))
            row[f"left_{word}"], row[f"right_{word}"] = min(max(0, -first), MASK_DAYS), min(max(0, first), 31)
        rows.append(row)
        month = (month + timedelta(days=31)).replace(day=1)
    return rows


def _bits_between(low: int, high: int) -> int:
    """A month's 31 bits from ``low`` up to, not including, ``high``."""
    low, high = (max(0, min(31, edge)) for edge in (low, high))
    return (1 << high) - (1 << low) if high > low else 0
