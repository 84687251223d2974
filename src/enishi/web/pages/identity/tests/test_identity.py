"""The identity desk: suggestions, links, merges."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Member, Merge, OutsideId
from enishi.ingest.identity import AccountIndex, list_twins, suggest_groups, suggest_users
from enishi.ingest.reads import UnmatchedGroup, UnmatchedUser
from enishi.kit.home import Home
from enishi.kit.text import bare_name
from enishi.store.kinds import KINDS
from enishi.store.testing import publish

NOW = datetime(2026, 4, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def save(kind, *rows, source="crm"):
    return save_records(KINDS[kind], rows, source=source, actor="test", now=NOW)


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    client = Client()
    client.force_login(Member.objects.create_user("ops@vendor.example", role="manager", scope="all"))
    return client


@pytest.fixture
def acme():
    save(
        "account",
        {"id": "a1", "name": "株式会社アクメ", "domain": "acme.co.jp"},
        {"id": "b1", "name": "Beta Trading Ltd."},
    )
    save("contact", {"id": "c1", "account": "b1", "email": "kei@gmail.com", "name": "Kei"})
    return Account.objects.get(outside_id="a1")


def group(value):
    return UnmatchedGroup("product", value, 5, 2, NOW.date(), NOW.date())


def user(value, email=""):
    return UnmatchedUser("product", value, 5, email, NOW.date(), NOW.date())


def test_names_agree_beyond_legal_forms():
    assert bare_name("株式会社アクメ") == bare_name("ｱｸﾒ㈱") == bare_name("アクメ（株）")
    assert bare_name("Beta Trading Co., Ltd.") == bare_name("BETA-TRADING")


def test_suggestions_by_id_domain_name_and_person(acme):
    index = AccountIndex(Account.objects.all())
    found = suggest_groups(
        [group("a1"), group("eu.acme.co.jp"), group("ｱｸﾒ"), group("beta tradin"), group("other")], index
    )
    assert [s and (s.account.outside_id, s.why.en) for s in found] == [
        ("a1", "the same id in another system"), ("a1", "the same mail domain"), ("a1", "the same name"), ("b1", "a similar name"), None,
    ]  # fmt: skip
    people = suggest_users(
        [user("u1", "x@acme.co.jp"), user("u2", "kei@gmail.com"), user("u3", "y@gmail.com")], index
    )
    assert [s and (s.account.outside_id, bool(s.contact)) for s in people] == [
        ("a1", False),
        ("b1", True),
        None,
    ]


def test_groups_are_linked_or_made_into_customers(client, acme, tmp_path):
    home = Home(tmp_path)
    day = NOW.date()
    publish(
        home,
        "groups",
        [
            {"group_no": 1, "group_id": "acme.co.jp", "first_day": day},
            {"group_no": 2, "group_id": "new-one", "first_day": day},
        ],
    )
    publish(home, "usage", [{"group_no": 1, "user_no": 1, "event": "Login", "day": day, "n": 3}])
    text = client.get(reverse("identity")).content.decode()
    assert f"株式会社アクメ #{acme.pk}" in text
    body = {"pick": ["1:product\tacme.co.jp"], "account-1": f"株式会社アクメ #{acme.pk}", "verb": "link"}
    client.post(reverse("identity-groups"), body)
    assert OutsideId.objects.get(system="product", value="acme.co.jp").account == acme
    client.post(reverse("identity-groups"), {"pick": ["1:product\tnew-one"], "verb": "make"})
    assert Account.objects.get(source="product").name == "new-one"
    assert "acme.co.jp" not in client.get(reverse("identity")).content.decode()


def test_users_are_linked_to_customer_and_contact(client, acme, tmp_path):
    day = NOW.date()
    publish(Home(tmp_path), "users", [{"user_no": 1, "user_id": "kei@gmail.com", "first_day": day}])
    publish(Home(tmp_path), "usage", [{"group_no": 0, "user_no": 1, "event": "Login", "day": day, "n": 3}])
    beta = Account.objects.get(outside_id="b1")
    contact = beta.contacts.get()
    assert f'value="{contact.pk}"' in client.get(reverse("identity-users")).content.decode()
    body = {
        "pick": ["1:product\tkei@gmail.com"],
        "account-1": f"Beta #{beta.pk}",
        "contact-1": str(contact.pk),
    }
    client.post(reverse("identity-users-settle"), body)
    link = OutsideId.objects.get(system="product", target="user")
    assert (link.account, link.contact) == (beta, contact)


def test_ids_are_searched_linked_and_unlinked(client, acme):
    client.post(
        reverse("identity-id-new"), {"system": "stripe", "value": "cus_1", "account": f"x #{acme.pk}"}
    )
    link = OutsideId.objects.get(value="cus_1")
    assert "cus_1" in client.get(reverse("identity-ids"), {"q": "cus"}).content.decode()
    assert "アクメ" in client.get(reverse("identity-accounts"), {"account": "あくめ"}).content.decode()
    client.post(reverse("identity-unlink", args=[link.pk]), {"since": "now"})
    assert not OutsideId.objects.filter(value="cus_1").exists()
    assert client.post(reverse("identity-id-new"), {"system": "stripe"}).status_code == 400


def test_twins_are_found_previewed_merged_and_taken_apart(client, acme):
    save("account", {"id": "cus_7", "name": "アクメ㈱", "industry": "IT"}, source="billing")
    other = Account.objects.get(outside_id="cus_7")
    assert [(t.account, t.survivor) for t in list_twins(Account.objects.all())] == [(other, acme)]
    assert "アクメ㈱" in client.get(reverse("identity-merges")).content.decode()
    pair = {"account": f"#{other.pk}", "survivor": f"#{acme.pk}"}
    assert "IT" in client.get(reverse("identity-merge-preview"), pair).content.decode()
    assert client.post(reverse("identity-merge"), pair | {"bond": "joined"}).status_code == 400
    ahead = {"bond": "joined", "since": "2999-01-01"}
    assert client.post(reverse("identity-merge"), pair | ahead).status_code == 400
    client.post(reverse("identity-merge"), pair | {"bond": "duplicates", "since": "2026-05-01"})
    other.refresh_from_db()
    assert other.merged_into == acme
    assert Merge.objects.get().since is None
    client.post(reverse("identity-unmerge", args=[Merge.objects.get().pk]))
    other.refresh_from_db()
    assert other.merged_into is None
    assert client.get(reverse("identity-merge-preview"), {"account": "x"}).status_code == 400


def test_two_companies_become_one_on_a_day(client, acme):
    beta = Account.objects.get(outside_id="b1")
    pair = {"account": f"#{beta.pk}", "survivor": f"#{acme.pk}"}
    assert 'type="date"' in client.get(reverse("identity-merge-preview"), pair).content.decode()
    client.post(reverse("identity-merge"), pair | {"bond": "joined", "since": "2026-05-01"})
    assert Merge.objects.get().since.isoformat() == "2026-05-01"
    assert "2026年5月1日" in client.get(reverse("identity-merges")).content.decode()
