"""The JSON of the API, made from the declarations of the kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, WithJsonSchema, create_model
from pydantic import Field as Constraint

from enishi.accounts.saving import RowResult
from enishi.store.kinds import Field, Kind, Type

MOST_ROWS = 1000


def _in_utc(moment: datetime) -> datetime:
    """Databases refuse offsets beyond 16 hours, which RFC 3339 allows."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the years 1 to 9999 in UTC") from error


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class PageQuery(Schema):
    """How a list is asked for, page by page in order of change."""

    limit: int = Constraint(100, ge=1, le=500)
    cursor: str = Constraint("", max_length=200)
    updated_since: Instant | None = None


_FORMS: dict[Type, dict[str, Any]] = {
    Type.TEXT: {"type": "string"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.MONEY: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": "decimal text"},
    Type.CURRENCY: {"type": "string", "pattern": "^[A-Z]{3}$"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.INSTANT: {"type": "string", "format": "date-time"},
    Type.EMAIL: {"type": "string", "format": "email"},
    Type.DOMAIN: {"type": "string"},
    Type.LINK: {"type": "string", "format": "uri", "description": "a web address, http or https"},
    Type.CHOICE: {"type": "string"},
    Type.ACCOUNT: {
        "type": "string",
        "description": "outside id of an account, its mail domain or its exact name",
    },
    Type.CONTACT: {"type": "string", "description": "outside id or mail address of a contact"},
    Type.MEMBER: {"type": "string", "description": "mail address of a member"},
}


def slug_of(kind: Kind) -> str:
    """The kind's word in addresses: ``survey_answers``."""
    return kind.slug


def field_schema(field: Field, *, writing: bool) -> dict[str, Any]:
    """JSON Schema of a field; when writing, null empties it and money may be a number."""
    form = dict(_FORMS[field.type])
    if field.choices:
        form["enum"] = [name for name, _title in field.choices]
    kind = form.pop("type")
    types = [kind] if field.required else [kind, "null"]
    for allowed in field.ranges:
        if allowed.when is None:
            ends = {"minimum": allowed.least, "maximum": allowed.most, "exclusiveMinimum": allowed.above}
            form |= {name: end for name, end in ends.items() if end is not None}
    if writing and field.type is Type.MONEY:
        types = [*types, "number"]
    if field.choices and not field.required:
        form["enum"] = [*form["enum"], None]
    help_text = f" {field.help.en}" if field.help else ""
    scales = "".join(f" {r.when[1]}: {r.text.en}." for r in field.ranges if r.when)
    about = f"{field.title.en} / {field.title.ja}.{help_text}{scales} {form.pop('description', '')}".strip()
    return {"type": types[0] if len(types) == 1 else types, "description": about, **form}


def row_schema(kind: Kind, *, writing: bool) -> dict[str, Any]:
    """JSON Schema of a record. Writing, only the id is needed where the record is known already."""
    properties = {field.name: field_schema(field, writing=writing) for field in kind.fields}
    properties["extra"] = {"type": "object", "description": "further columns / 追加の列"}
    if writing:
        return {
            "type": "object",
            "title": kind.title.en,
            "properties": properties,
            "required": ["id"],
            "additionalProperties": False,
        }
    own = {
        "system": {"type": "string", "description": "system the id belongs to / IDの属するシステム"},
        "number": {"type": "integer", "description": "our own number / Enishiでの番号"},
        "account_number": {"type": ["integer", "null"]},
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
        "deleted_at": {"type": ["string", "null"], "format": "date-time"},
    }
    return {"type": "object", "title": kind.title.en, "properties": {**properties, **own}, "required": ["id"]}


@cache
def upsert_body(kind: Kind) -> type[Schema]:
    """``{"records": […]}`` with rows described, but checked one by one later, so that a bad row fails alone."""
    rows = Annotated[
        list[Annotated[dict[str, Any], WithJsonSchema(row_schema(kind, writing=True))]],
        Constraint(min_length=1, max_length=MOST_ROWS),
    ]
    return create_model(
        f"{_camel(kind)}Upsert",
        __base__=Schema,
        records=(rows, ...),
        backfill=(
            bool,
            Constraint(False, description="history: known from when it happened / 過去の履歴として登録"),
        ),
        dry_run=(bool, Constraint(False, description="say what would happen, write nothing / 試し実行")),
    )


@cache
def page_body(kind: Kind) -> type[Schema]:
    row = Annotated[dict[str, Any], WithJsonSchema(row_schema(kind, writing=False))]
    return create_model(
        f"{_camel(kind)}Page",
        __base__=Schema,
        records=(list[row], ...),
        next_cursor=(str | None, None),
    )


@cache
def record_body(kind: Kind) -> type[Schema]:
    row = Annotated[dict[str, Any], WithJsonSchema(row_schema(kind, writing=False))]
    return create_model(f"{_camel(kind)}Record", __base__=Schema, record=(row, ...))


def _camel(kind: Kind) -> str:
    return "".join(part.capitalize() for part in kind.name.split("_"))


class RowAnswer(Schema):
    index: int
    id: str | None
    status: str = Constraint(description="created, updated, unchanged, deleted or rejected")
    number: int | None
    errors: dict[str, str]
    warnings: dict[str, str]


class UpsertAnswer(Schema):
    counts: dict[str, int]
    results: list[RowAnswer]


class Problem(Schema):
    """RFC 9457, with the house's code, hint and fields."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    message: str
    hint: str
    fields: dict[str, str]


class Score(Schema):
    """An account's health as of ``day``. Scores are 0 to 100 with one decimal; money in minor units."""

    account: str
    account_number: int
    name: str
    day: str
    score: float | None
    band: str
    band_computed: str
    band_by_hand: bool
    coverage: float
    score_week_ago: float | None
    trend: str
    lines: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    causes: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    metrics: dict[str, Any]
    tier: str
    mrr: int | None
    at_stake: int | None
    renewal_on: str | None
    updated_at: str


class ScorePage(Schema):
    records: list[Score]
    next_cursor: str | None = None


REFUSALS = {400: Problem, 401: Problem, 403: Problem, 413: Problem, 422: Problem, 429: Problem}


def told_results(rows: Sequence[Any], results: list[RowResult], language: str) -> tuple[int, dict[str, Any]]:
    """Per-item results: 200 where every row was taken, 207 where some were rejected."""
    counts = Counter(result.status for result in results)
    told = [
        {
            "index": result.index,
            "id": str(row.get("id"))[:250] if row.get("id") is not None else None,
            "status": result.status,
            "number": result.record_id,
            "errors": {name: text.in_language(language) for name, text in result.errors.items()},
            "warnings": {name: text.in_language(language) for name, text in result.warnings.items()},
        }
        for row, result in zip(rows, results, strict=True)
    ]
    return (207 if counts["rejected"] else 200), {"counts": dict(counts), "results": told}
