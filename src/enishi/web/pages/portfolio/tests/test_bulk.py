"""One act for many accounts: within the scope, audited, with the refused ones counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from tests.world import World, make_world

from enishi.accounts.company import company_day
from enishi.accounts.models import AuditLine, Member
from enishi.kit.clock import system_clock
from enishi.work.api import tags_of
from enishi.work.models import Attention, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    cache.clear()
    return make_world()


def post(member: Member, verb: str, **fields: object) -> str:
    """Send a bulk act and return the page that follows."""
    client = Client()
    client.force_login(member)
    return client.post(f"/accounts/bulk/{verb}/", fields, follow=True).content.decode()


def test_accounts_are_put_aside_for_oneself_and_strangers_are_counted(world: World) -> None:
    until = company_day(system_clock()) + timedelta(days=7)
    chosen = [world.acme.pk, world.sakura.pk, 999_999]
    page = post(world.smith, "snooze", account=chosen, until=until.isoformat(), snooze_reason="holiday")
    held = Attention.objects.get()
    assert (held.account, held.member, held.until, held.reason) == (world.acme, world.smith, until, "holiday")
    assert "1 account changed." in page
    assert "2 accounts refused." in page
    assert (
        AuditLine.objects.filter(verb="account_snoozed", account=world.acme, member=world.smith).count() == 1
    )


def test_a_day_gone_or_missing_puts_nothing_aside(world: World) -> None:
    today = company_day(system_clock())
    for until in ("", today.isoformat(), (today + timedelta(days=400)).isoformat()):
        post(world.suzuki, "snooze", account=[world.sakura.pk], until=until)
    assert not Attention.objects.exists()


def test_a_tag_is_put_on_once_however_it_is_typed_and_taken_off(world: World) -> None:
    both = [world.sakura.pk, world.fuji.pk]
    assert "2社" in post(world.suzuki, "tag", account=both, tag=" 重点  ＡＢＣ ")
    assert "0社" in post(world.suzuki, "tag", account=both, tag="重点 abc")
    assert tags_of(world.fuji) == ["重点 ＡＢＣ"]
    assert AuditLine.objects.filter(verb="tag_added").count() == 2
    assert "1社" in post(world.suzuki, "untag", account=[world.fuji.pk], untag="重点 ABC")
    assert [tag.account for tag in Tag.objects.all()] == [world.sakura]
    assert AuditLine.objects.get(verb="tag_removed").account == world.fuji


def test_the_list_is_filtered_by_tags_and_shows_them(world: World) -> None:
    post(world.suzuki, "tag", account=[world.sakura.pk], tag="重点")
    client = Client()
    client.force_login(world.suzuki)
    page = client.get("/accounts/?tag=重点&cols=score,tags").content.decode()
    assert f"/accounts/{world.sakura.pk}/" in page
    assert f'value="{world.fuji.pk}" data-pick' not in page
    assert '<span class="badge-plain">重点</span>' in page
    assert "重点" in client.get(f"/accounts/{world.sakura.pk}/").content.decode()
    client.force_login(world.smith)
    assert "重点" not in client.get("/accounts/?all=1").content.decode()


def test_nobody_tags_what_they_do_not_see_or_may_not_change(world: World) -> None:
    assert "1 account refused." in post(world.smith, "tag", account=[world.sakura.pk], tag="mine")
    post(world.watanabe, "tag", account=[world.sakura.pk], tag="x")
    post(world.watanabe, "snooze", account=[world.sakura.pk], until="2030-01-01")
    post(world.suzuki, "tag", account=[world.sakura.pk], tag="長" * 41)
    assert not Tag.objects.exists()
    assert not Attention.objects.exists()
