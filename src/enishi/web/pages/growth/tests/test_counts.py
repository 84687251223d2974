"""What the pages of growth count and what an hour is worth, whoever looks."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.world import TODAY, World

from enishi.forecasts import marginal
from enishi.growth.models import Readiness
from enishi.web.pages.growth import hour

from .conftest import SignIn

pytestmark = pytest.mark.django_db


def test_counts_of_the_catalogue_are_those_of_its_links(world: World, sign_in: SignIn) -> None:
    """Who sees a part of the customers reads counts of that part, and none of the whole company."""
    hidden = world.accounts["minato"]
    Readiness.objects.create(
        account=hidden, offer="more_seats", kind="seats", status="ready", on=TODAY, since=TODAY, day=TODAY
    )
    for name in ("takahashi", "tanaka", "suzuki"):
        client = sign_in(name)
        offers = client.get("/growth/offers/").context["offers"]
        shown = next(one for one in offers if one["slug"] == "more_seats")
        listed = client.get("/growth/?offer=more_seats&when=now").context
        assert shown["ready"] == listed["totals"].accounts == listed["now"].accounts
        assert bool(shown["counts"]) == (world.members[name].scope == "all")


def test_an_hour_is_worth_as_much_in_a_part_of_the_book(world: World) -> None:
    """Half of the customers at the same rates: a point is worth half, and takes half the work."""
    rows = pd.DataFrame({"opening": [100] * 80, "kept": [90] * 80, "closing": [95] * 80})
    usual = {
        "churn": 12.0, "expansion": 8.0, "new": 0.0, "margin": 80.0, "months": 24, "churn_minutes": 1000,
        "expansion_minutes": 900, "floor": 2.0, "ceiling": 40.0,
    }  # fmt: skip
    worths = []
    for part in (rows, rows.head(40)):
        rates = hour.Rates(100_000 * len(part), 0, 0.12, 0.08, part, TODAY)
        book, work = hour.chosen(hour.InputsForm(usual), usual, rates)
        worths.append(marginal.hour_on_churn(book, work))
    assert worths[0] == pytest.approx(worths[1])
