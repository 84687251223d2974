"""Every address, opened as everyone, answers as docs/access.md says; and a member's scope holds everywhere."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from enishi.accounts.company import company_day
from enishi.ingest.models import ApiKey
from enishi.kit.clock import system_clock
from enishi.outlook.testing import keep_statement
from tests import judged
from tests.access import (
    COLUMNS,
    Answer,
    Asked,
    Route,
    faults,
    list_asked,
    list_routes,
    make_cast,
    observe,
    read_table,
    statuses_of,
)
from tests.world import make_world
from tests.writes import WRITES

pytestmark = pytest.mark.django_db

# Addresses below another number that are about an account all the same.
ABOUT_AN_ACCOUNT = frozenset({"account-task", "account-note-edit", "account-note-act", "today-undo"})
LISTS = (
    "/", "/today/queue/", "/today/promises/", "/accounts/?all=1", "/accounts/?q=さくら", "/palette/?q=さくら",
    "/palette/?q=", "/health/", "/health/coverage/", "/health/metrics/active_users_28/", "/revenue/",
    "/revenue/movements/", "/revenue/movements/export/",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.both
def test_every_address_answers_everyone_as_the_table_says() -> None:
    """And whoever is refused has changed nothing, whoever is let in has: the bodies sent are valid.

    On PostgreSQL the administrator alone asks: every statement is tried, and who may what hangs on no database.
    """
    columns = list(COLUMNS) if connection.vendor == "sqlite" else ["admin"]
    table = read_table(columns=columns)
    wrong, seen = [], set()
    for asked, answers in observe(make_cast(), columns):
        row, statuses = (asked.method, asked.row), statuses_of(answers)
        seen.add(row)
        if table.get(row) != statuses:
            wrong.append(f"{' '.join(row)}: {statuses}, the table says {table.get(row, 'nothing')}")
        wrong += faults(asked, answers)
    assert not wrong, "\n".join(wrong)
    taken = {row for row, statuses in table.items() if row[0] == "GET" or set(statuses) - {404, 405}}
    assert taken == seen, f"rows of addresses that are gone: {taken - seen}"


def test_a_refusal_that_wrote_or_a_body_not_taken_would_be_found() -> None:
    """The matrix can fail: each kind of fault it looks for is told."""
    asked = Asked("POST", Route("/accounts/<int:number>/done/", "account-done"), WRITES["account-done"])
    done, fine = Answer(204, ["UPDATE x"]), {column: Answer(403, []) for column in COLUMNS}
    assert not list(faults(asked, {**fine, "admin": done}))
    assert "refused with 403" in next(
        faults(asked, {**fine, "admin": done, "viewer": Answer(403, ["DELETE x"])})
    )
    assert "not taken" in next(faults(asked, {**fine, "admin": done, "csm": Answer(400, [])}))
    assert "nothing changed" in next(faults(asked, {**fine, "admin": Answer(204, [])}))
    assert "nobody at all" in next(faults(asked, fine))
    unknown = Asked("POST", Route("/new/", "new"))
    assert "no body for it" in next(faults(unknown, {**fine, "admin": Answer(200, [])}))


@pytest.mark.slow
@pytest.mark.both
def test_what_lies_outside_the_scope_does_not_exist() -> None:
    """Every address that names an account, opened and written to with a valid body by somebody who sees their own
    book only: 404 (or 403 for the role), nothing told, nothing changed."""
    cast = make_cast()
    foreign = cast.world.accounts["sakura"]
    cast.clients["csm"].force_login(cast.world.members["tanaka"])
    cast.keys["csm"] = ""
    tried = 0
    for asked in list_asked():
        if "/accounts/<int:number>/" not in asked.route.pattern and asked.route.name not in ABOUT_AN_ACCOUNT:
            continue
        path = cast.path(asked, "admin")  # of what the administrator may see, and tanaka may not
        answer = cast.ask(asked, "csm", path)
        # An address that only takes what is sent leads everybody to the page above it.
        if answer.status == 302:
            assert cast.ask(asked, "admin", path).status == 302, path
            assert asked.method == "GET"
        else:
            assert answer.status in (403, 404, 405), f"{asked.method} {path}: {answer.status}"
        assert not answer.changes, path
        assert foreign.name not in answer.text, path
        tried += 1
    assert tried > 30


def test_lists_exports_and_counts_hold_nothing_of_others() -> None:
    """What gathers many accounts leaves those of others out: pages, files, charts, palette, the API."""
    cast = make_cast()
    foreign = cast.world.accounts["sakura"]
    tanaka = cast.world.members["tanaka"]
    client = cast.clients["csm"]
    client.force_login(tanaka)
    for path in LISTS:
        response = client.get(path, follow=True)
        text = response.getvalue().decode()
        assert response.status_code == 200, path
        assert foreign.name not in text, path
        assert foreign.outside_id not in text, path
    text = client.post("/accounts/export/", {"format": "csv", "back": ""}).getvalue().decode()
    assert foreign.name not in text
    assert cast.world.accounts["naniwa"].name in text


def test_lists_of_forecasts_and_money_hold_nothing_of_others() -> None:
    """Each that names customers names the other's to who may see everything, and to nobody else."""
    cast = make_cast()
    foreign, own = cast.world.accounts["sakura"], cast.world.accounts["naniwa"]
    now = system_clock()
    judged.make_judged([foreign, own], company_day(now), now)
    keep_statement(company_day(now), [foreign.pk, own.pk], renews_in=60)
    client = cast.clients["csm"]
    client.force_login(cast.world.members["tanaka"])
    for path in judged.LISTS:
        text, whole = _read(client, path), _read(cast.clients["admin"], path)
        assert foreign.name not in text, path
        assert foreign.outside_id not in text, path
        if path in judged.NAMING:
            assert foreign.name in whole, path


def _read(client: Client, path: str) -> str:
    response = client.get(path, follow=True)
    assert response.status_code == 200, path
    return response.getvalue().decode()


def test_a_bulk_action_and_a_key_leave_others_accounts_alone() -> None:
    cast = make_cast()
    foreign, own = cast.world.accounts["sakura"], cast.world.accounts["naniwa"]
    client = cast.clients["csm"]
    client.force_login(cast.world.members["tanaka"])
    client.post("/accounts/bulk/stage/", {"account": [foreign.pk, own.pk], "stage": "adoption"})
    foreign.refresh_from_db()
    own.refresh_from_db()
    assert (foreign.stage, own.stage) == ("established", "adoption")
    key = ApiKey(name="own", scopes=["read:*"], member=cast.world.members["tanaka"])
    headers = {"Authorization": f"Bearer {key.assign()}"}
    key.save()
    for route in list_routes():
        if route.row == "/api/v1/{kind}" or route.pattern in ("/api/v1/merges", "/api/v1/scores"):
            for query in (
                "",
                f"?account={foreign.pk}",
                "?deleted=true",
                "?updated_since=2020-01-01T00:00:00Z",
            ):
                answer = client.get(route.pattern + query, headers=headers)
                text = answer.content.decode()
                assert foreign.name not in text, route.pattern + query
                assert f'"account_number": {foreign.pk},' not in text, route.pattern + query


def test_own_book_member_sees_own_accounts_only_in_lists() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.members["tanaka"])
    for path in ("/", "/accounts/", "/palette/?q=", "/palette/?q=さくら"):
        text = client.get(path).content.decode()
        assert world.accounts["sakura"].name not in text, path


def test_deactivated_member_is_out_at_once() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.members["tanaka"])
    assert client.get("/me/").status_code == 200
    world.members["tanaka"].is_active = False
    world.members["tanaka"].save()
    assert client.get("/me/").status_code == 302
