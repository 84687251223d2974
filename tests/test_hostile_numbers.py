"""Whatever somebody types where an address holds a number or a day, no page fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from enishi.web.asking import BIGGEST
from tests.access import Cast, Route, list_routes, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WEB = Path(__file__).resolve().parents[1] / "src" / "enishi" / "web"
ASKED = re.compile(r'(?:GET|POST|params|query|asked|address|sent)\.get\(\s*"([\w-]+)"')
TYPED = (f"{BIGGEST + 1}", "9999-12-31")
NUMBER = re.compile(r"<int:\w+>")


def names_asked() -> list[str]:
    """What addresses state, as the code asks for it."""
    files = [path for path in WEB.rglob("*.py") if "tests" not in path.parts]
    return sorted({name for path in files for name in ASKED.findall(path.read_text(encoding="utf-8"))})


def typed(route: Route, cast: Cast) -> Iterator[str]:
    """The address with a number beyond any for every name at once, with each thing typed for the commonest, and its own
    number beyond any."""
    path = route.path(cast.world)
    names = (name for name in names_asked() if name not in ("view", "kind"))
    yield path + "?" + "&".join(f"{name}={TYPED[0]}" for name in names)
    for text in TYPED:
        yield path + "?" + "&".join(f"{name}={text}" for name in ("owner", "as_of", "page", "team"))
    if NUMBER.search(route.pattern):
        yield Route(NUMBER.sub(TYPED[0], route.pattern), route.name).path(cast.world)


def test_no_address_fails_at_a_number_or_a_day_nobody_can_have() -> None:
    cast, failed = make_cast(), []
    client, key = cast.clients["admin"], {"Authorization": f"Bearer {cast.keys['admin']}"}
    assert {"owner", "as_of", "page", "from", "since"} <= set(names_asked())
    for route in list_routes():
        headers = key if route.pattern.startswith("/api/") else {}
        for address in typed(route, cast):
            with transaction.atomic():
                status = client.get(address, headers=headers).status_code
                transaction.set_rollback(True)
            if status >= 500:
                failed.append(f"{status} {address[:160]}")
    assert not failed, "\n".join(failed)
