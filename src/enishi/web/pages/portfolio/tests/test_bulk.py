"""One act for many accounts: within the scope, audited, with the refused ones counted."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from tests.world import World, make_world

from enishi.accounts.company import company_day
from enishi.accounts.models import Account, AuditLine, Member
from enishi.kit.clock import system_clock
from enishi.work.api import members_seeing, tags_of
from enishi.work.models import Attention, Tag, Task

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
    assert "1 account is hidden until" in page
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


def send(member: Member, verb: str, **fields: object) -> tuple[str, str]:
    """A bulk act sent from its dialog: what stands in the dialog afterwards, and where the browser goes."""
    client = Client()
    client.force_login(member)
    answer = client.post(f"/accounts/bulk/{verb}/", fields, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode(), answer.headers.get("HX-Redirect", "")


def test_a_refusal_stands_in_the_dialog_and_says_it_once(world: World) -> None:
    asked = {"account": [world.naniwa.pk], "back": "?q=x", "assignee": world.takahashi.pk}
    told, goes = send(world.tanaka, "task", title="電話する", **asked)
    assert goes == ""
    assert told.count("閲覧できない") == 1
    assert world.takahashi.email not in told
    assert not Task.objects.exists()
    asked["assignee"] = world.tanaka.pk
    assert send(world.tanaka, "task", title="電話する", **asked) == ("", "/accounts/?q=x")
    assert Task.objects.get().account == world.naniwa


def test_tasks_are_offered_to_those_who_see_every_ticked_account(world: World) -> None:
    client = Client()
    client.force_login(world.suzuki)

    def offered(*accounts: Account) -> set[int]:
        page = client.get("/accounts/bulk/people/", {"account": [one.pk for one in accounts]})
        return {int(number) for number in re.findall(r'value="(\d+)"', page.content.decode())}

    for accounts in ([world.sakura], [world.naniwa], [world.sakura, world.naniwa]):
        seeing = [set(members_seeing(one).values_list("pk", flat=True)) for one in accounts]
        assert offered(*accounts) == set.intersection(*seeing)
    assert offered(world.sakura) - offered(world.naniwa)


def test_accounts_put_aside_together_come_back_together(world: World) -> None:
    until = company_day(system_clock()) + timedelta(days=7)
    chosen = [world.sakura.pk, world.fuji.pk]
    client = Client()
    client.force_login(world.suzuki)
    asked = {"account": chosen, "until": until.isoformat()}
    page = client.post("/accounts/bulk/snooze/", asked, follow=True).content.decode()
    assert f"2社を{until.month}月{until.day}日まで非表示にしました。" in page
    undo = re.search(r'data-undo="([^"]+)"', page)
    assert undo
    Attention.objects.create(
        account=world.acme, member=world.suzuki, verb="snoozed", until=until, made_at=system_clock()
    )
    address = unescape(undo[1])
    other = Client()
    other.force_login(world.takahashi)
    other.post(address)
    assert Attention.objects.filter(undone_at=None).count() == 3
    assert client.post(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert Attention.objects.get(undone_at=None).account == world.acme
