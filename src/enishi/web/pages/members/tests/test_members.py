"""Members: invited, changed, sent away; always an administrator left; every act in the audit log."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from enishi.accounts.models import Account, AuditLine, Member, Role, Scope, Team
from enishi.kit.errors import Conflict, NotFound
from enishi.outreach.models import Message
from enishi.signals.models import AccountState
from enishi.web import members as acts
from enishi.web.models import Invitation
from enishi.web.pages.audit.details import Reader
from enishi.web.pages.members.reads import Filters, list_members

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Member:
    return Member.objects.create_user(
        "sato@example.jp",
        "long-enough-26",
        role=Role.ADMIN,
        scope=Scope.ALL,
        family_name="佐藤",
        given_name="直子",
    )


@pytest.fixture
def client(admin: Member) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def key_in_mail() -> str:
    text = Message.objects.filter(kind="invitation").latest("id").text
    return text.split("/invitation/")[1].split("/")[0]


def test_invitation_expires_is_replaced_and_works_once(admin: Member) -> None:
    invited = acts.invite(
        admin, {"email": "Kato@Example.jp", "role": "csm", "scope": "own", "language": "en"}, NOW
    )
    assert invited.email == "kato@example.jp"
    assert not invited.is_active
    first = key_in_mail()
    with pytest.raises(NotFound):
        acts.find_invitation(first, NOW + timedelta(days=8))
    acts.send_invitation(admin, invited, NOW + timedelta(hours=1))
    with pytest.raises(NotFound):
        acts.find_invitation(first, NOW + timedelta(hours=2))
    invitation = acts.find_invitation(key_in_mail(), NOW + timedelta(hours=2))
    fields = {"family_name": "加藤", "given_name": "蓮", "password": "yama-to-kawa-2026"}
    joined = acts.accept_invitation(invitation, fields, NOW)
    assert joined.is_active
    assert joined.check_password("yama-to-kawa-2026")
    with pytest.raises(Conflict):
        acts.accept_invitation(invitation, fields, NOW)
    with pytest.raises(Conflict):
        acts.send_invitation(admin, joined, NOW)
    assert first not in repr(list(Invitation.objects.values()))


def test_the_same_address_is_not_invited_twice(client: Client, admin: Member) -> None:
    fields = {"email": "sato@example.jp", "role": "csm", "scope": "own", "language": "ja"}
    answer = client.post("/people/invite/", fields)
    assert answer.status_code == 422
    assert "すでに登録されています" in answer.content.decode()


def test_the_last_administrator_stays(client: Client, admin: Member) -> None:
    with pytest.raises(Conflict):
        acts.change_member(admin, admin, {"role": Role.VIEWER})
    other = Member.objects.create_user("b@example.jp", "x", role=Role.ADMIN)
    acts.deactivate(admin, other, None)
    with pytest.raises(Conflict):
        acts.change_member(admin, admin, {"role": Role.VIEWER})


def test_deactivating_hands_over_and_ends_sessions(client: Client, admin: Member) -> None:
    leaving = Member.objects.create_user("leaving@example.jp", "long-enough-26")
    account = Account.objects.create(name="花山", source="crm", outside_id="1", owner=leaving)
    theirs = Client()
    theirs.force_login(leaving)
    theirs.get("/me/")
    reader = Member.objects.create_user("reader@example.jp", None, role=Role.VIEWER, scope=Scope.ALL)
    page = client.get(f"/people/{leaving.pk}/").content.decode()
    assert f'<option value="{admin.pk}">' in page
    assert f'<option value="{reader.pk}">' not in page
    refused = client.post(f"/people/{leaving.pk}/deactivate/", {"heir": reader.pk})
    assert refused.status_code == 400
    assert "担当者にできません" in refused.content.decode()
    leaving.refresh_from_db()
    assert leaving.is_active
    for act in ("hand-over", "deactivate"):
        open_yet = client.post(f"/people/{leaving.pk}/{act}/", {"heir": ""})
        assert open_yet.status_code == 422
        assert "引き継ぎ先を選択するか" in open_yet.content.decode()
        both = client.post(f"/people/{leaving.pk}/{act}/", {"heir": admin.pk, "nobody": "on"})
        assert "どちらか一方" in both.content.decode()
    account.refresh_from_db()
    assert account.owner == leaving
    answer = client.post(f"/people/{leaving.pk}/deactivate/", {"heir": admin.pk})
    assert answer.status_code == 302
    account.refresh_from_db()
    assert account.owner == admin
    assert theirs.get("/me/").status_code == 302
    assert AuditLine.objects.filter(verb="member_deactivated").get().detail["accounts"] == 1
    told = AuditLine.objects.get(verb="accounts_handed_over")
    assert [str(fact) for fact in Reader("ja").facts(told)] == [
        "引き継いだ顧客数: 1",
        "担当者: leaving → 佐藤 直子",
    ]
    client.post(answer_undo(client), headers={"HX-Request": "true"})
    account.refresh_from_db()
    leaving.refresh_from_db()
    assert leaving.is_active
    assert account.owner == leaving, "customers come back with the member"


def answer_undo(client: Client) -> str:
    """The address of the undo in the toast on the next page."""
    page = client.get("/me/").content.decode()
    return html.unescape(re.findall(r'data-undo="([^"]+)"', page)[0])


def test_a_hand_over_is_taken_back_with_those_who_have_left(client: Client, admin: Member) -> None:
    csm = Member.objects.create_user("csm@example.jp", None, role=Role.CSM, family_name="森", given_name="葵")
    here, gone = (
        Account.objects.create(name=name, source="crm", outside_id=name, owner=csm)
        for name in ("花山", "去川")
    )
    AccountState.objects.create(account=gone, day="2026-11-20", computed_at=timezone.now(), stage="churned")
    client.post(f"/people/{csm.pk}/hand-over/", {"heir": "", "nobody": "on"})
    undo = answer_undo(client)
    lines = AuditLine.objects.filter(verb__in=("accounts_handed_over", "records_saved"))
    facts = Reader("ja").facts(lines.get())
    assert [(fact.value, fact.address) for fact in facts] == [("2", undo), ("森 葵 → 担当者なし", "")]
    page = client.get(undo).content.decode()
    assert "花山" in page
    assert "去川" in page
    assert "2社の担当者を元に戻す(森 葵)" in page
    assert undo in client.get(f"/people/{csm.pk}/").content.decode()
    Account.objects.filter(pk=here.pk).update(owner=admin)
    assert client.post(undo, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert list(Account.objects.order_by("pk").values_list("owner", flat=True)) == [admin.pk, csm.pk]
    told = client.get("/me/").content.decode()
    assert "1社の担当者を元に戻しました(森 葵)。 1社は、その後に" in told
    assert "元に戻せる顧客はありません" in client.get(undo).content.decode()
    stranger = Client()
    stranger.force_login(Member.objects.create_user("m@example.jp", None, role=Role.MANAGER))
    assert stranger.get(undo).status_code == 404


def test_an_owner_who_may_no_longer_act_is_asked_for_an_heir(client: Client, admin: Member) -> None:
    csm = Member.objects.create_user("csm@example.jp", None, role=Role.CSM, scope=Scope.OWN)
    rights = {
        "family_name": "森",
        "given_name": "葵",
        "role": Role.VIEWER,
        "scope": Scope.OWN,
        "language": "ja",
    }
    assert client.post(f"/people/{csm.pk}/", rights | {"role": Role.SALES})["Location"] == "/people/"
    Account.objects.create(name="花山", source="crm", outside_id="1", owner=csm)
    address = f"/people/{csm.pk}/"
    assert client.post(address, rights)["Location"] == address
    assert "別の方へ引き継いでください" in client.get(address).content.decode()
    acts.hand_over(admin, csm, admin)
    assert "別の方へ引き継いでください" not in client.get(address).content.decode()


def test_list_is_searched_by_kana_and_narrowed(client: Client, admin: Member) -> None:
    team = Team.objects.create(name="東日本")
    Member.objects.create_user(
        "suzuki@example.jp",
        "x",
        role=Role.MANAGER,
        family_name="鈴木",
        name_kana="スズキ イチロウ",
        team=team,
    )
    for query in ("q=すずき", "q=ｽｽﾞｷ", "q=鈴木", "role=manager", f"team={team.pk}", "q=SUZUKI"):
        text = client.get(f"/people/?{query}").content.decode()
        assert "suzuki@example.jp" in text, query
        assert "sato@example.jp" not in text.split("<tbody>")[1], query
    assert "条件に合うメンバーがいません" in client.get("/people/?q=だれもいない").content.decode()


def test_team_scope_needs_a_team(client: Client, admin: Member) -> None:
    member = Member.objects.create_user("c@example.jp", "x")
    answer = client.post(
        f"/people/{member.pk}/", {"role": "csm", "scope": "team", "language": "ja", "team": ""}
    )
    assert answer.status_code == 422


def test_teams_are_made_renamed_and_removed(client: Client) -> None:
    client.post("/people/teams/", {"name": "東日本"})
    team = Team.objects.get()
    client.post(f"/people/teams/{team.pk}/", {"name": "首都圏"})
    assert Team.objects.get().name == "首都圏"
    assert client.post("/people/teams/", {"name": "首都圏"}).status_code == 422
    client.post(f"/people/teams/{team.pk}/delete/")
    assert list(AuditLine.objects.values_list("verb", flat=True))[:3] == [
        "team_deleted", "team_renamed", "team_created",
    ]  # fmt: skip


def test_customers_who_left_are_not_counted(client: Client, admin: Member) -> None:
    admin.team = Team.objects.create(name="東日本")
    admin.save()
    stays, left, new = (
        Account.objects.create(name=name, owner=admin, outside_id=name) for name in ("甲", "乙", "丙")
    )
    AccountState.objects.create(account=stays, day=NOW.date(), stage="established", mrr=100, at_stake=10)
    AccountState.objects.create(account=left, day=NOW.date(), stage="churned")
    assert list_members(Filters()).get(pk=admin.pk).customers == 2, f"{new} is not judged yet, and counts"
    assert '<td class="num">2</td>' in client.get("/people/teams/").content.decode()
    page = client.get(f"/people/{admin.pk}/").content.decode()
    assert "担当顧客は2社です。 このほか解約済みの1社も" in page
    assert "チームなし" in page


def test_the_palette_finds_members_and_the_hand_over(client: Client) -> None:
    names = {"family_name": "大野", "given_name": "遥", "name_kana": "オオノ ハルカ"}
    csm = Member.objects.create_user("ohno@example.jp", None, role=Role.CSM, scope=Scope.TEAM, **names)
    for query in ("ハルカ", "haruka", "大野遥", "ohno"):
        assert f'data-address="/people/{csm.pk}/"' in client.get(f"/palette/?q={query}").content.decode()
    assert "担当顧客を引き継ぐ" in client.get("/palette/?q=引き継ぎ").content.decode()
    colleague = Client()
    colleague.force_login(csm)
    assert f'data-address="/accounts/?owner={csm.pk}"' in colleague.get("/palette/?q=はるか").content.decode()
    assert "引き継ぐ" not in colleague.get("/palette/?q=引き継ぎ").content.decode()
