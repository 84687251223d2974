"""The columns of the published Parquet: what every analytic reader may rely on.

Instants are naive UTC microseconds. ``day`` and every ``*_on`` column are calendar days in the company's
time zone, computed once by the consumer; when the company changes its zone the published files are rebuilt.

Two times stand on every fact. ``day``/``valid_on``: when it happened or holds from. ``known_on``: the day
from which Enishi may be said to have known it: the day it was received, or, for history marked as backfill,
the day it happened. ``recorded_on`` is always the day it really arrived. A question as of day D uses only
rows with ``known_on <= D``.
"""

from __future__ import annotations

import pyarrow as pa

from enishi.store.kinds import KINDS, Kind, Type

INSTANT = pa.timestamp("us")

# One row per accepted event. ``group_no``/``user_no`` are numbers of the dictionaries below (0 = none).
EVENTS = pa.schema(
    [
        ("message_id", pa.string()),
        ("message_hash", pa.int64()),
        ("type", pa.string()),  # track | page | screen | identify | group | alias
        ("event", pa.string()),  # the event's name; page and screen: "Viewed <name>"; else the type
        ("product", pa.string()),  # context.product or the write key's product; "" where unknown
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("occurred_at", INSTANT),  # corrected for the client's clock skew
        ("received_at", INSTANT),
        ("day", pa.date32()),
        ("known_on", pa.date32()),
        ("recorded_on", pa.date32()),
        ("properties", pa.string()),  # JSON object: properties, or traits for identify and group
        ("source", pa.string()),  # the write key's or import's name
    ]
)

# Additive roll-up: several rows may share a key, readers sum. Only track, page and screen are counted.
USAGE = pa.schema(
    [
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("event", pa.string()),
        ("product", pa.string()),
        ("day", pa.date32()),
        ("known_on", pa.date32()),
        ("n", pa.int64()),
        ("first_at", INSTANT),
        ("last_at", INSTANT),
    ]
)

# Roll-ups of usage (:mod:`enishi.store.rollups`): additive like it. ``user_no`` is 0 where a group is named.
GROUP_DAYS = pa.schema(
    [
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("product", pa.string()),
        ("day", pa.date32()),
        ("known_on", pa.date32()),
        ("n", pa.int64()),
    ]
)

# The days of a month on which a user was active, as bits: bit 30 for the 1st, bit 0 for the 31st. ``late_on``: when
# it became known, where that was after the day itself; else null.
USER_MONTHS = pa.schema(
    [
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("product", pa.string()),
        ("month", pa.date32()),
        ("late_on", pa.date32()),
        ("days", pa.int64()),
    ]
)

# The same per feature; ``user_no`` is 0 where a group is named. ``first_day``: the first of the days.
FEATURE_MONTHS = pa.schema(
    [
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("event", pa.string()),
        ("product", pa.string()),
        ("month", pa.date32()),
        ("late_on", pa.date32()),
        ("days", pa.int64()),
        ("first_day", pa.date32()),
    ]
)

# Uses by the month in which they became known (the later of the day itself and ``known_on``).
GROUP_MONTHS = pa.schema(
    [
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("product", pa.string()),
        ("month", pa.date32()),
        ("n", pa.int64()),
        ("first_day", pa.date32()),
        ("last_day", pa.date32()),
    ]
)

# From ``since`` on it is known that a feature was used first on ``first_day``. Readers take the smallest.
FIRST_USES = pa.schema(
    [
        ("group_no", pa.int64()),
        ("user_no", pa.int64()),
        ("event", pa.string()),
        ("since", pa.date32()),
        ("first_day", pa.date32()),
    ]
)

# Dictionaries: number <-> outside id, with the system it belongs to.
GROUPS = pa.schema(
    [("group_no", pa.int64()), ("system", pa.string()), ("group_id", pa.string()), ("first_day", pa.date32())]
)
USERS = pa.schema(
    [("user_no", pa.int64()), ("system", pa.string()), ("user_id", pa.string()), ("first_day", pa.date32())]
)

# Which user was said to belong to which group (group calls, and events carrying both).
MEMBERSHIPS = pa.schema([("group_no", pa.int64()), ("user_no", pa.int64()), ("known_on", pa.date32())])

# An alias call: from ``known_on`` the previous user is the same person as ``user_no``.
ALIASES = pa.schema([("previous_no", pa.int64()), ("user_no", pa.int64()), ("known_on", pa.date32())])

ROLLUPS = {
    "group_days": GROUP_DAYS,
    "user_months": USER_MONTHS,
    "feature_months": FEATURE_MONTHS,
    "group_months": GROUP_MONTHS,
    "first_uses": FIRST_USES,
}
# What only grows, and the roll-up it is made of.
GROWN = {"group_months": "group_days", "first_uses": "feature_months"}

EVENT_TABLES = {
    "events": EVENTS,
    "usage": USAGE,
    **ROLLUPS,
    "groups": GROUPS,
    "users": USERS,
    "memberships": MEMBERSHIPS,
    "aliases": ALIASES,
}

# Columns every record version starts with; the kind's own fields follow.
VERSION_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("version_id", pa.int64()),  # ascending; a later version has a higher id
    ("record_id", pa.int64()),  # the row's number in the application database
    ("account_id", pa.int64()),  # null where the kind has no account, or an incident hits everyone
    ("contact_id", pa.int64()),
    ("valid_on", pa.date32()),  # the day from which the stated values hold
    ("known_on", pa.date32()),
    ("recorded_on", pa.date32()),
    ("deleted", pa.bool_()),
    ("source", pa.string()),
]

# Three kinds of the house itself ride the same way: how outside ids lead to accounts, merges, and what was read in texts.
# link: outside id (system, value, target = account | user) -> account_id, contact_id. deleted = unlinked.
LINK_FIELDS = [("system", pa.string()), ("value", pa.string()), ("target", pa.string())]
# merge: record_id = the merged account, account_id = the surviving one (null after un-merge).
MERGE_FIELDS: list[tuple[str, pa.DataType]] = []
# reading: record_id = the ticket whose text was read. tone from -1 to 1 (null: unknown); model = the
# version that read it, 0 where a person said so. It holds from known_on on: see enishi.texts.readings.
READING_FIELDS = [("tone", pa.float64()), ("model", pa.int64())]
HOUSE_FIELDS = {"link": LINK_FIELDS, "merge": MERGE_FIELDS, "reading": READING_FIELDS}

_ARROW = {
    Type.TEXT: pa.string(),
    Type.EMAIL: pa.string(),
    Type.DOMAIN: pa.string(),
    Type.LINK: pa.string(),
    Type.CHOICE: pa.string(),
    Type.CURRENCY: pa.string(),
    Type.MEMBER: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.MONEY: pa.decimal128(18, 4),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.INSTANT: INSTANT,
    Type.ACCOUNT: pa.int64(),
    Type.CONTACT: pa.int64(),
}


def record_schema(kind: Kind) -> pa.Schema:
    """The Parquet schema of one kind's versions. ``id``, ``account`` and ``contact`` become the head columns'
    numbers; the outside id stays as ``outside_id``; further columns of a source are JSON in ``extra``."""
    own = [(f.name, _ARROW[f.type]) for f in kind.fields if f.name not in ("id", "account", "contact")]
    return pa.schema([*VERSION_COLUMNS, ("outside_id", pa.string()), *own, ("extra", pa.string())])


def table_schemas() -> dict[str, pa.Schema]:
    """Every published table's schema by name: events and dictionaries, ``record_<kind>``, links and merges."""
    tables = dict(EVENT_TABLES)
    for kind in KINDS.values():
        tables[f"record_{kind.name}"] = record_schema(kind)
    for name, fields in HOUSE_FIELDS.items():
        tables[name] = pa.schema([*VERSION_COLUMNS, *fields])
    return tables
