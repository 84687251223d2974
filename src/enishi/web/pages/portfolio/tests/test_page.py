"""The page itself: both languages, every role, forms that change things."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from tests.world import World, make_world, sign_in

from enishi.accounts.models import Account, AuditLine, Member
from enishi.web.models import Export
from enishi.web.pages.portfolio import reads
from enishi.web.pages.portfolio.ranks import forget_ranks
from enishi.work.models import Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    cache.clear()
    forget_ranks()
    return make_world()


def test_the_list_shows_the_book_and_links_to_each_account(world: World) -> None:
    page = sign_in(world.suzuki).get("/accounts/?all=1").content.decode()
    assert "株式会社さくら商事" in page
    assert f"/accounts/{world.sakura.pk}/" in page
    assert "800,000円" in page
    assert 'name="account"' in page


def test_a_viewer_reads_and_has_no_buttons_that_change(world: World) -> None:
    page = sign_in(world.watanabe).get("/accounts/?all=1").content.decode()
    assert 'name="account"' not in page
    assert "/accounts/export/" not in page


def test_one_own_book_alone_is_shown(world: World) -> None:
    page = sign_in(world.smith).get("/accounts/?all=1").content.decode()
    assert "Acme Corporation" in page
    assert "さくら商事" not in page


def test_the_page_opens_with_the_default_view(world: World) -> None:
    client = sign_in(world.suzuki)
    client.post("/accounts/views/", {"name": "危険", "default": "1", "back": "?band=red&sort=mrr"})
    answer = client.get("/accounts/")
    assert answer.status_code == 302
    assert "band=red" in answer["Location"]
    assert "sort=mrr" in answer["Location"]


def test_a_name_is_asked_for_politely(world: World) -> None:
    answer = sign_in(world.suzuki).post("/accounts/views/", {"name": " ", "back": "?band=red"})
    assert answer.status_code == 400


def test_a_manager_hands_accounts_over(world: World) -> None:
    ids = [world.sakura.pk, world.fuji.pk]
    answer = sign_in(world.suzuki).post(
        "/accounts/bulk/owner/", {"account": ids, "owner": world.tanaka.pk, "back": "?band=red"}
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith("?band=red")
    assert set(Account.objects.filter(owner=world.tanaka).values_list("pk", flat=True)) >= set(ids)


def test_the_whole_list_is_given_and_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in(world.suzuki)
    assert "data-whole" not in client.get("/accounts/?band=red").content.decode(), (
        "all of it stands on the page"
    )
    monkeypatch.setattr("enishi.web.pages.portfolio.reads.PAGE_SIZE", 2)
    assert 'data-whole="3"' in client.get("/accounts/?band=red").content.decode()
    owners = dict(Account.objects.values_list("pk", "owner"))
    asked = {"account": [world.sakura.pk], "whole": "1", "owner": world.tanaka.pk, "back": "?band=red"}
    sees_one = client.get("/accounts/bulk/people/", {**asked, "whole": ""}).content.decode()
    assert "高橋" in sees_one
    assert "高橋" not in client.get("/accounts/bulk/people/", asked).content.decode(), "not the whole list"
    client.post("/accounts/bulk/owner/", asked)
    given = {pk for pk, owner in Account.objects.values_list("pk", "owner") if owner != owners[pk]}
    assert (
        set(Account.objects.filter(state__band="red", owner=world.tanaka).values_list("pk", flat=True))
        >= given
    )
    page = client.get("/accounts/").content.decode()
    assert re.search(rf"{len(given)}社の担当者を田中 健さんに変更しました。", page)
    client.post(re.findall(r'data-undo="([^"]+)"', page)[0], headers={"HX-Request": "true"})
    assert dict(Account.objects.values_list("pk", "owner")) == owners


def test_accounts_are_not_handed_to_one_who_only_reads(world: World) -> None:
    asked = {"account": [world.sakura.pk], "owner": world.watanabe.pk, "back": "?"}
    answer = sign_in(world.suzuki).post("/accounts/bulk/owner/", asked)
    assert answer.status_code == 400
    assert "担当者にできません" in answer.content.decode()
    assert not Account.objects.filter(owner=world.watanabe).exists()


def test_a_csm_may_not_hand_accounts_over(world: World) -> None:
    answer = sign_in(world.takahashi).post(
        "/accounts/bulk/owner/", {"account": [world.sakura.pk], "owner": world.tanaka.pk, "back": "?"}
    )
    assert answer.status_code == 403


def test_bulk_actions_reach_only_what_is_in_scope(world: World) -> None:
    sign_in(world.tanaka).post(
        "/accounts/bulk/task/",
        {"account": [world.naniwa.pk, world.sakura.pk], "title": "電話する", "back": "?"},
    )
    assert [task.account for task in Task.objects.all()] == [world.naniwa]


def test_the_stage_changes_through_the_one_door(world: World) -> None:
    sign_in(world.takahashi).post(
        "/accounts/bulk/stage/", {"account": [world.fuji.pk], "stage": "established", "back": "?"}
    )
    world.fuji.refresh_from_db()
    assert world.fuji.stage == "established"
    assert AuditLine.objects.filter(member=world.takahashi).exists()


def test_a_small_view_is_fetched_at_once(world: World) -> None:
    answer = sign_in(world.suzuki).post("/accounts/export/", {"format": "csv", "back": "?band=red"})
    assert answer["Content-Disposition"].startswith("attachment")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert body.count("\r\n") == 4


def test_a_large_view_becomes_a_job_with_progress(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from enishi.web.pages.portfolio import exports

    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client = sign_in(world.suzuki)
    answer = client.post("/accounts/export/", {"format": "xlsx", "back": "?all=1"})
    export = Export.objects.get()
    assert answer["Location"] == f"/accounts/exports/{export.pk}/"
    assert "hx-get" in client.get(answer["Location"]).content.decode()
    exports.export_portfolio.func(export.pk)
    assert f"/accounts/exports/{export.pk}/file/" in client.get(answer["Location"]).content.decode()
    assert sign_in(world.sato).get(answer["Location"]).status_code == 404


def test_pages_are_capped_and_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "PAGE_SIZE", 2)
    monkeypatch.setattr(reads, "MAX_ROWS", 4)
    page = sign_in(world.suzuki).get("/accounts/?page=2").content.decode()
    assert 'rel="next"' not in page


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_kind_of_column_draws(world: World, language: str) -> None:
    Member.objects.filter(pk=world.suzuki.pk).update(language=language)
    keys = "score,band,change,trend,cause,alerts,coverage,mrr,ltv,renewal,tenure,owner,stage,tier,employees,since,m.active_users_28,m.mrr"
    answer = sign_in(Member.objects.get(pk=world.suzuki.pk)).get(f"/accounts/?cols={keys}")
    assert answer.status_code == 200
