"""Record versions as the Arrow rows of their kind's table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa

from enishi.store.contracts import Version
from enishi.store.kinds import KINDS
from enishi.store.schema import HOUSE_FIELDS, table_schemas

_HEAD = ("id", "account", "contact")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def table_of(kind: str) -> str:
    """The published table of a kind of version."""
    return kind if kind in HOUSE_FIELDS else f"record_{kind}"


def fingerprint() -> str:
    """Changes when the columns of any record table change, so that they are carried anew."""
    schemas = {n: str(s) for n, s in table_schemas().items() if n.startswith("record_") or n in HOUSE_FIELDS}
    return hashlib.sha256(repr(sorted(schemas.items())).encode()).hexdigest()[:16]


def versions_to_tables(versions: Sequence[Version], zone: ZoneInfo) -> dict[str, pa.Table]:
    """Arrow tables by name, rows in the order given. Versions of a kind no longer declared are left out."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for version in versions:
        if version.kind in KINDS or version.kind in HOUSE_FIELDS:
            rows.setdefault(table_of(version.kind), []).append(_row(version, zone))
    schemas = table_schemas()
    return {name: pa.Table.from_pylist(found, schema=schemas[name]) for name, found in rows.items()}


def _row(version: Version, zone: ZoneInfo) -> dict[str, Any]:
    recorded_on = _day(version.recorded_us, zone)
    row: dict[str, Any] = {
        "version_id": version.version_id,
        "record_id": version.record_id,
        "account_id": version.account_id,
        "contact_id": version.contact_id,
        "valid_on": version.valid_on,
        "known_on": _day(version.known_us, zone),
        "recorded_on": recorded_on,
        "deleted": version.deleted,
        "source": version.source,
    }
    if version.kind in HOUSE_FIELDS:
        return row | {name: version.data.get(name) for name, _ in HOUSE_FIELDS[version.kind]}
    row["outside_id"] = version.outside_id
    known = _fields(version.kind)
    for name, type_ in known.items():
        row[name] = _value(version.data.get(name), type_)
    extra = {k: v for k, v in version.data.items() if k not in known and k not in _HEAD and k != "extra"}
    extra |= version.data.get("extra") or {}
    row["extra"] = msgspec.json.encode(extra).decode() if extra else None
    return row


@cache
def _fields(kind: str) -> dict[str, pa.DataType]:
    schema = table_schemas()[f"record_{kind}"]
    return {f.name: schema.field(f.name).type for f in KINDS[kind].fields if f.name not in _HEAD}


def _day(microseconds: int, zone: ZoneInfo) -> date:
    return (_EPOCH + timedelta(microseconds=microseconds)).astimezone(zone).date()


def _value(value: Any, type_: pa.DataType) -> Any:
    """A JSON value as the column's type; what does not fit is null rather than the end of all carrying."""
    if value is None or value == "":
        return None
    try:
        return _convert(value, type_)
    except (ValueError, TypeError, ArithmeticError):
        return None


def _convert(value: Any, type_: pa.DataType) -> Any:
    if pa.types.is_date(type_):
        return date.fromisoformat(str(value)[:10])
    if pa.types.is_timestamp(type_):
        at = datetime.fromisoformat(str(value))
        return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    if pa.types.is_decimal(type_):
        amount = Decimal(str(value)).quantize(Decimal("0.0001"))
        return amount if abs(amount) < Decimal(10) ** 14 else None
    if pa.types.is_boolean(type_):
        return bool(value)
    if pa.types.is_int64(type_):
        number = int(value)
        return number if abs(number) < 2**63 else None
    return float(value) if pa.types.is_float64(type_) else str(value)
