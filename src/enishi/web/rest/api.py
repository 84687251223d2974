"""The REST API: the same operations for every kind of record, and scores; the rest stands in rooms of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Query, Router
from ninja.openapi.schema import OpenAPISchema
from pydantic import Field as Constraint

from enishi.accounts.actions import save_records
from enishi.accounts.removing import delete_records
from enishi.kit.clock import system_clock
from enishi.store.kinds import KINDS, Kind
from enishi.web.rest.cursors import page_of
from enishi.web.rest.erasures import router as erasures
from enishi.web.rest.events import router as events
from enishi.web.rest.keys import Caller, KeyAuth, caller_of, counted
from enishi.web.rest.merges import router as merges
from enishi.web.rest.once import once
from enishi.web.rest.problems import NOT_FOUND, handle_errors, language_of
from enishi.web.rest.reads import (
    account_meant,
    as_records,
    as_scores,
    number_of,
    visible_rows,
    visible_states,
)
from enishi.web.rest.rendering import JapaneseJson
from enishi.web.rest.shapes import (
    REFUSALS,
    PageQuery,
    Problem,
    ScorePage,
    UpsertAnswer,
    page_body,
    record_body,
    slug_of,
    told_results,
    upsert_body,
)


class OfAccount(PageQuery):
    """A list, of all accounts or of one."""

    account: str = Constraint(
        "", max_length=250, description="outside id of an account, as everywhere / 顧客企業の外部ID"
    )
    account_number: int | None = Constraint(
        None, ge=1, le=2**53, description="our number of the account instead of its id / Enishiでの番号"
    )

    def wanted(self, caller: Caller) -> int | None:
        """The number of the account; None for all."""
        return account_meant(caller, self.account) if self.account else self.account_number


class ListQuery(OfAccount):
    """How a list is asked for."""

    limit: int = Constraint(100, ge=1, le=1000)
    deleted: bool = Constraint(False, description="also records that were deleted")


class ScoreQuery(OfAccount):
    band: str = Constraint("", pattern="^(green|yellow|red|unknown|)$")


def upsert_for(kind: Kind) -> Callable[..., HttpResponse]:
    def upsert(request: HttpRequest, body: Any) -> HttpResponse:
        caller, rows = caller_of(request), body.records

        def work() -> tuple[int, dict[str, Any]]:
            results = save_records(
                kind,
                rows,
                source=caller.key.system,
                actor=caller.actor,
                backfill=body.backfill,
                now=system_clock(),
                dry_run=body.dry_run,
            )
            return told_results(rows, results, language_of(request))

        return once(request, caller.key, work)

    upsert.__annotations__ = {"request": HttpRequest, "body": upsert_body(kind)}
    return upsert


def list_for(kind: Kind) -> Callable[..., dict[str, Any]]:
    def list_records(request: HttpRequest, query: Query[ListQuery]) -> dict[str, Any]:
        caller = caller_of(request)
        rows = visible_rows(kind, caller, deleted=query.deleted)
        if query.updated_since:
            rows = rows.filter(updated_at__gte=query.updated_since)
        if number := query.wanted(caller):
            rows = rows.filter(**{"pk" if kind.name == "account" else "account": number})
        found, following = page_of(rows, query.cursor, query.limit)
        return {"records": as_records(kind, found, caller), "next_cursor": following}

    return list_records


def get_for(kind: Kind) -> Callable[..., dict[str, Any]]:
    def get_record(request: HttpRequest, outside_id: str) -> dict[str, Any]:
        caller = caller_of(request)
        slot = number_of(kind, caller.key.system, outside_id)
        row = visible_rows(kind, caller, deleted=True).filter(pk=slot).first() if slot else None
        if row is None:
            raise NOT_FOUND
        return {"record": as_records(kind, [row], caller)[0]}

    return get_record


def delete_for(kind: Kind) -> Callable[..., HttpResponse]:
    def delete_record(request: HttpRequest, outside_id: str) -> HttpResponse:
        caller = caller_of(request)

        def work() -> tuple[int, dict[str, Any]]:
            results = delete_records(
                kind, [outside_id], source=caller.key.system, actor=caller.actor, now=system_clock()
            )
            if results[0].status == "rejected":
                raise NOT_FOUND
            return told_results([{"id": outside_id}], results, language_of(request))

        return once(request, caller.key, work)

    return delete_record


def kind_router(kind: Kind) -> Router:
    """The operations of one kind."""
    router = Router(tags=[kind.plural.en])
    titles = f"{kind.plural.en} / {kind.plural.ja}"
    missing = {**REFUSALS, 404: Problem}
    reading, writing = KeyAuth(f"read:{kind.name}"), KeyAuth(f"write:{kind.name}")
    router.post(
        "",
        auth=writing,
        response={200: UpsertAnswer, 207: UpsertAnswer, 409: Problem, **REFUSALS},
        operation_id=f"upsert_{kind.name}",
        summary=f"Create or update by id: {titles}",
        description=(
            "Up to 1,000 records a call; each is taken or rejected alone (207 where some were rejected). "
            "Send `Idempotency-Key` to make repeating safe."
        ),
    )(upsert_for(kind))
    router.get(
        "",
        auth=reading,
        response={200: page_body(kind), **missing},
        operation_id=f"list_{kind.name}",
        summary=f"List in order of change: {titles}",
    )(list_for(kind))
    router.get(
        "/{path:outside_id}",
        auth=reading,
        response={200: record_body(kind), **missing},
        operation_id=f"get_{kind.name}",
        summary=f"One by its id: {titles}",
    )(get_for(kind))
    router.delete(
        "/{path:outside_id}",
        auth=writing,
        response={200: UpsertAnswer, 409: Problem, **missing},
        operation_id=f"delete_{kind.name}",
        summary=f"Delete (its past stays): {titles}",
    )(delete_for(kind))
    return router


scores = Router(tags=["Scores"])


@scores.get(
    "",
    auth=KeyAuth("read:scores"),
    response={200: ScorePage, 404: Problem, **REFUSALS},
    operation_id="list_scores",
    summary="Health scores / ヘルススコア",
)
def list_scores(request: HttpRequest, query: Query[ScoreQuery]) -> dict[str, Any]:
    """The present health of accounts, with reasons that add up to the score."""
    caller = caller_of(request)
    states = visible_states(caller)
    if query.updated_since:
        states = states.filter(computed_at__gte=query.updated_since)
    if query.band:
        states = states.filter(band=query.band)
    if number := query.wanted(caller):
        states = states.filter(account=number)
    found, following = page_of(states, query.cursor, query.limit, at="computed_at")
    return {"records": as_scores(found, caller.key), "next_cursor": following}


class Api(NinjaAPI):
    """Describes itself once: it takes most of a second, anybody may ask, and the operations stay."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._described: dict[str, OpenAPISchema] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._described:
            self._described[prefix] = super().get_openapi_schema(path_prefix=prefix)
        return self._described[prefix]


def build_api() -> Api:
    """The API with all its operations."""
    api = Api(
        title="Enishi",
        version="1.0",
        description=(
            "Records by the ids of your own systems, and what Enishi makes of them. "
            "Errors are problem+json in the language of Accept-Language."
        ),
        urls_namespace="rest",
        docs_url=None,
        openapi_url="/openapi.json",
        renderer=JapaneseJson(),
    )
    api.add_decorator(counted, mode="view")
    handle_errors(api)
    for kind in KINDS.values():
        api.add_router(f"/{slug_of(kind)}", kind_router(kind))
    api.add_router("/events", events)
    api.add_router("/merges", merges)
    api.add_router("/scores", scores)
    api.add_router("/erasures", erasures)
    return api


api = build_api()
