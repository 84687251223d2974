"""Survey answers that are none take no page away; the page says that they do not count."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.world import NOW, World, make_record

from enishi.accounts.models import Record
from enishi.web.pages.revenue.tests.test_revenue import sign_in, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db


def answered(world: World, scores: Sequence[float | None]) -> None:
    Record.objects.filter(kind="survey_answer").delete()
    for score in scores:
        make_record(world.accounts["sakura"], "survey_answer", NOW, measure="nps", score=score)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ((47, -3.5, 9, 9, 10, 8, 3), "0〜10の範囲にない回答2件は集計から除いています。"),
        ((47, -3.5, 9), "0〜10の範囲にない回答2件は集計から除いています。"),
        ((47,), "NPSを表示するには回答が足りません(0件/5件)。"),
    ],
)
def test_an_answer_kept_from_before_is_left_out_and_said(
    world: World, scores: Sequence[float], told: str
) -> None:
    answered(world, scores)
    client = sign_in(world.members["sato"])
    for address in ("/revenue/", "/revenue/?by=product"):
        answer = client.get(address)
        assert answer.status_code == 200
    assert told in client.get("/revenue/").content.decode()


def test_without_answers_nothing_is_left_out(world: World) -> None:
    answered(world, ())
    answer = sign_in(world.members["sato"]).get("/revenue/")
    assert "範囲にない回答" not in answer.content.decode()
    assert answer.context["voice"].left_out == 0
