"""How long raw events are kept, and erasing one person from the browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from tests.world import World, make_world

from enishi.accounts.models import AuditLine, Contact
from enishi.ingest.models import StorePolicy
from enishi.web.pages.setup import privacy

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.sato)
    return client


def test_months_are_kept_checked_and_audited(client: Client) -> None:
    assert client.post("/setup/privacy/retention/", {"raw_months": "24"}).status_code == 302
    assert privacy.read_months() == 24
    assert AuditLine.objects.filter(verb="retention_changed").count() == 1
    refused = client.post("/setup/privacy/retention/", {"raw_months": "0"})
    assert refused.status_code == 422
    assert privacy.read_months() == 24
    client.post("/setup/privacy/retention/", {"raw_months": ""})
    assert (privacy.read_months(), StorePolicy.objects.count()) == (None, 1)


def test_a_person_is_found_previewed_and_erased_with_a_reason(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    contact = Contact.objects.filter(erased_at=None).exclude(email="").first()
    assert contact is not None
    erased: list[int] = []

    def erase(home: Path, person: Contact, *, actor: object, now: object) -> privacy.Erased:
        erased.append(person.pk)
        return privacy.Erased(1, 7, 2, 0, 0)

    monkeypatch.setattr(privacy, "erase_person", erase)
    address = f"/setup/privacy/people/{contact.pk}/"
    assert address in client.get("/setup/privacy/", {"q": contact.email}).content.decode()
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": " "}).status_code == 422
    assert erased == []
    assert client.post(address, {"reason": "本人の依頼"}).status_code == 302
    assert erased == [contact.pk]
    assert AuditLine.objects.get(verb="erasure_confirmed").detail["reason"] == "本人の依頼"
    assert address in client.get(f"/accounts/{contact.account_id}/people/").content.decode()


def test_managers_read_and_do_not_erase(world: World) -> None:
    client = Client()
    client.force_login(world.suzuki)
    contact = Contact.objects.filter(erased_at=None).first()
    assert contact is not None
    assert b"privacy/people" not in client.get("/setup/privacy/?q=a").content
    assert client.get(f"/setup/privacy/people/{contact.pk}/").status_code == 403
    assert client.post("/setup/privacy/retention/", {"raw_months": "1"}).status_code == 403
