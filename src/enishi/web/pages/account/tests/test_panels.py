"""The parts that read the published facts: usage map and revenue over time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.world import World, at_hour, days_ago

from enishi.accounts.models import Contact, RecordVersion
from enishi.kit.home import Home
from enishi.signals.api import book_as_of, explain
from enishi.signals.models import HealthScore
from enishi.store.testing import publish

pytestmark = pytest.mark.slow

SignIn = Callable[[str], Client]


@pytest.fixture
def facts(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """Two people of Fuji: Kato, known as a contact, all month; another only long ago. One subscription."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home, fuji, since = Home(tmp_path), world.fuji.pk, days_ago(300)
    first = {"system": "", "first_day": since}
    publish(home, "groups", [{"group_no": 1, "group_id": "fuji", **first}])
    publish(
        home, "users", [{"user_no": 1, "user_id": "kato", **first}, {"user_no": 2, "user_id": "u-2", **first}]
    )
    linked = {"system": "", "valid_on": since, "known_on": since, "account_id": fuji}
    publish(
        home,
        "link",
        [
            {"version_id": 1, "record_id": 1, "value": "fuji", "target": "account", **linked},
            {
                "version_id": 2, "record_id": 2, "value": "kato", "target": "user", "contact_id": world.kato.pk,
                **linked,
            },
        ],
    )  # fmt: skip
    use = {"group_no": 1, "product": "", "n": 3}
    publish(
        home,
        "usage",
        [
            {"user_no": 1, "event": "report_made", "day": days_ago(n), "known_on": days_ago(n), **use}
            for n in range(1, 28, 2)
        ]
        + [{"user_no": 2, "event": "login", "day": days_ago(60), "known_on": days_ago(60), **use}],
    )
    head = {"version_id": 3, "record_id": fuji, "account_id": fuji, "valid_on": since, "known_on": since}
    publish(home, "record_account", [{**head, "name": "富士精機株式会社", "since": since}])
    publish(
        home,
        "record_subscription",
        [{**head, "version_id": 4, "record_id": 9, "amount": Decimal(300000), "currency": "JPY", "interval": "month",
          "recurring": True, "seats": 5, "started_on": since}],
    )  # fmt: skip
    return world


def opened(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def spec(page: str, name: str) -> dict[str, Any]:
    found = re.search(rf'id="{name}-data">(.*?)</script>', page)
    assert found is not None
    drawn: dict[str, Any] = json.loads(found.group(1))
    return drawn


def test_the_usage_map_names_people_features_and_idle_licences(facts: World, sign_in: SignIn) -> None:
    page = opened(sign_in("takahashi"), f"/accounts/{facts.fuji.pk}/panel/usage/")
    heat = spec(page, "heat")
    assert heat["y"] == ["Report made", "ログイン"]
    assert len(heat["x"]) == 12
    assert sum(value for _x, y, value in heat["cells"] if y == 0) == 14 * 3
    assert "利用機能数1(ログインは数えません)" in page, "as the metric counts"
    assert "加藤 誠" in page
    assert "u-2" in page
    assert "関係者に未登録" in page, "an id is no name"
    assert '<strong class="num">4</strong>' in page, "five licences, one person in 28 days"
    assert "比較できる顧客がまだ少ない" in page


@pytest.mark.both
def test_a_past_day_shows_the_use_of_then(facts: World, sign_in: SignIn) -> None:
    day = days_ago(30).isoformat()
    page = opened(sign_in("takahashi"), f"/accounts/{facts.fuji.pk}/panel/usage/?as_of={day}&weeks=26")
    heat = spec(page, "heat")
    assert heat["y"] == ["ログイン"]
    assert len(heat["x"]) == 26
    assert "活用フォロー" in opened(
        sign_in("takahashi"), f"/accounts/{facts.fuji.pk}/panel/stage/?as_of={day}"
    )


def test_a_day_without_a_kept_score_is_worked_out_and_no_other_day_s_score_is_shown(
    facts: World, sign_in: SignIn
) -> None:
    """The account says what the list of that day says, and looking adds nothing to its history."""
    HealthScore.objects.filter(account=facts.fuji).update(tenths=123)
    kept = HealthScore.objects.count()
    day, client = days_ago(24), sign_in("takahashi")
    page = opened(client, f"/accounts/{facts.fuji.pk}/?as_of={day}")
    assert "12.3" not in page.partition("Lately")[0].partition('id="trend-title"')[0]
    assert f"/accounts/{facts.fuji.pk}/panel/score/?as_of={day}" in page
    told = explain(facts.fuji.pk, day)
    panel = opened(client, f"/accounts/{facts.fuji.pk}/panel/score/?as_of={day}")
    assert f"{told['tenths'] / 10:.1f}" in panel
    assert "2026年10月27日時点" in panel
    book = book_as_of(day).set_index("account_id")
    assert (told["tenths"], told["band"]) == (
        book.loc[facts.fuji.pk, "tenths"],
        book.loc[facts.fuji.pk, "band"],
    )
    assert HealthScore.objects.count() == kept


def test_the_people_of_a_past_day_bear_what_was_known_of_them_then(facts: World, sign_in: SignIn) -> None:
    said = {"kind": "contact", "record_id": facts.kato.pk, "account_id": facts.fuji.pk, "source": "crm", "outside_id": "kato"}  # fmt: skip
    RecordVersion.objects.create(**said, valid_on=days_ago(300), known_at=at_hour(days_ago(300)), data={"name": "旧姓 誠"})  # fmt: skip
    RecordVersion.objects.create(
        **said, valid_on=days_ago(1), known_at=at_hour(days_ago(1)),
        data={"name": "加藤 誠", "title": "新しい役職", "left_on": days_ago(1).isoformat()},
    )  # fmt: skip
    Contact.objects.filter(pk=facts.kato.pk).update(title="新しい役職", left_on=days_ago(1))
    client, address = sign_in("takahashi"), f"/accounts/{facts.fuji.pk}"
    for place in ("panel/usage", "people"):
        then = opened(client, f"{address}/{place}/?as_of={days_ago(5)}")
        assert "旧姓 誠" in then
        assert not {"加藤 誠", "新しい役職", "退職"} & set(re.findall("加藤 誠|新しい役職|退職", then))
        assert "加藤 誠" in opened(client, f"{address}/{place}/")


def test_no_use_is_not_taken_for_good(facts: World, sign_in: SignIn) -> None:
    page = opened(sign_in("takahashi"), f"/accounts/{facts.hokuto.pk}/panel/usage/")
    assert "利用データが届いていません" in page


def test_revenue_over_time_in_whole_units(facts: World, sign_in: SignIn) -> None:
    page = opened(sign_in("takahashi"), f"/accounts/{facts.fuji.pk}/panel/mrr/")
    chart = spec(page, "mrr")
    assert len(chart["x"]) == 24
    assert chart["series"][0]["values"][-1] == 300_000
    assert chart["series"][0]["values"][0] in (None, 0)
    assert "登録されていません" in opened(sign_in("takahashi"), f"/accounts/{facts.hokuto.pk}/panel/mrr/")


def test_the_head_of_a_past_day_holds_the_revenue_and_licences_of_then(facts: World, sign_in: SignIn) -> None:
    day = days_ago(20).isoformat()
    page = opened(sign_in("takahashi"), f"/accounts/{facts.fuji.pk}/tickets/?as_of={day}")
    assert "360万円" in page, "twelve times 300,000"
    assert "1 / 5" in page
    later = opened(
        sign_in("takahashi"), f"/accounts/{facts.fuji.pk}/tickets/?as_of={days_ago(310).isoformat()}"
    )
    assert "360万円" not in later
