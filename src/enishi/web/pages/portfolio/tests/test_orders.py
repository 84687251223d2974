"""The order of the list is said in words, and can be changed without the headings."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.world import World, make_world

from enishi.web.pages.portfolio.query import DEFAULT_COLUMNS, DEFAULT_SORT

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    world: World = make_world()
    client = Client()
    client.force_login(world.suzuki)
    return client


def orders_of(client: Client, address: str) -> tuple[str, dict[str, str]]:
    """What the list says of its order, and the orders it offers."""
    page = client.get(address).content.decode()
    menu = page[page.index('id="order"') :].split("</details>")[0]
    said = re.sub(r"<svg.*?</svg>", "", menu.split("</summary>")[0].split(">", 2)[2], flags=re.DOTALL)
    offered = re.findall(r'<a class="menu-item" href="([^"]+)"[^>]*>([^<]+)</a>', menu)
    return said.strip(), {title: href.replace("&amp;", "&") for href, title in offered}


def test_the_usual_list_shows_the_column_that_orders_it() -> None:
    assert DEFAULT_SORT.removeprefix("-") in DEFAULT_COLUMNS


def test_the_usual_order_is_said_though_its_column_is_not_shown(client: Client) -> None:
    said, offered = orders_of(client, "/accounts/?cols=score,renewal")
    assert said == "リスク金額の大きい順"
    assert {"リスク金額の大きい順", "リスク金額の小さい順", "顧客企業の昇順", "更新日の早い順"} <= set(
        offered
    )
    assert "アラートの昇順" not in offered


def test_an_order_chosen_is_kept_with_the_filters(client: Client) -> None:
    _said, offered = orders_of(client, "/accounts/?band=red&sort=name")
    said, _offered = orders_of(client, "/accounts/" + offered["更新日の早い順"])
    assert said == "更新日の早い順"
    assert "band=red" in offered["更新日の早い順"]
