"""Keys are shown once, kept as digests, and end for good."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.models import AuditLine, Member
from enishi.ingest.models import ApiKey, WriteKey, hash_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    client = Client()
    client.force_login(Member.objects.create_user("root@vendor.example", role="admin", scope="all"))
    return client


def test_a_write_key_is_shown_once_and_its_digest_kept(client):
    fields = {"name": "web", "product": "crm", "system": "product", "creates_accounts": "on"}
    text = client.post(reverse("write-key-new"), fields).content.decode()
    clear = re.search(r"enw_[\w-]{20,}", text)[0]
    key = WriteKey.objects.get()
    assert key.digest == hash_key(clear)
    assert clear not in client.get(reverse("keys")).content.decode()
    assert clear not in repr(list(AuditLine.objects.values()))
    assert client.post(reverse("write-key-new"), fields).status_code == 422


def test_a_key_that_replaces_another_goes_on_with_its_messages(client):
    fields = {"product": "crm", "system": "product", "creates_accounts": "on"}
    client.post(reverse("write-key-new"), fields | {"name": "web"})
    old = WriteKey.objects.get()
    client.post(reverse("write-key-new"), fields | {"name": "web 2", "replaces": str(old.pk)})
    client.post(reverse("write-key-new"), fields | {"name": "jobs"})
    streams = dict(WriteKey.objects.values_list("name", "stream"))
    assert streams["web 2"] == streams["web"] == old.stream
    assert streams["jobs"] != streams["web"]
    client.post(reverse("write-key", args=[old.pk]), fields | {"name": "web, old"})
    assert WriteKey.objects.get(pk=old.pk).stream == old.stream


def test_an_api_key_opens_the_api_until_it_is_revoked(client):
    fields = {"name": "dwh", "system": "product", "expires": "30", "scopes": ["read:account", "read:scores"]}
    text = client.post(reverse("api-key-new"), fields).content.decode()
    clear = re.search(r"ena_[\w-]{20,}", text)[0]
    caller = Client(headers={"authorization": f"Bearer {clear}"})
    assert caller.get("/api/v1/accounts").status_code == 200
    key = ApiKey.objects.get()
    assert key.scopes == ["read:account", "read:scores"]
    assert key.expires_at
    page = reverse("api-key-revoke", args=[key.pk])
    assert client.post(page, {"name": "wrong"}).status_code == 400
    assert caller.get("/api/v1/accounts").status_code == 200
    client.post(page, {"name": "dwh"})
    assert caller.get("/api/v1/accounts").status_code == 401
    assert AuditLine.objects.filter(verb="api_key_revoked").count() == 1


def test_a_key_that_may_do_nothing_is_not_made(client):
    assert client.post(reverse("api-key-new"), {"name": "x", "system": "product"}).status_code == 422
    assert (
        client.post(reverse("api-key-new"), {"name": "x", "system": "p", "scopes": ["read:all"]}).status_code
        == 422
    )
    assert not ApiKey.objects.exists()


def test_what_a_write_key_does_can_be_changed(client):
    key = WriteKey(name="web")
    key.assign()
    key.save()
    page = reverse("write-key", args=[key.pk])
    assert client.get(page).status_code == 200
    client.post(page, {"name": "web", "system": "product", "updates_records": "on"})
    key.refresh_from_db()
    assert (key.creates_accounts, key.updates_records) == (False, True)


def test_managers_look_and_others_stay_out():
    for role, listed, made in (("manager", 200, 403), ("csm", 403, 403)):
        client = Client()
        client.force_login(Member.objects.create_user(f"{role}@vendor.example", role=role))
        assert client.get(reverse("keys")).status_code == listed
        assert client.post(reverse("api-key-new"), {}).status_code == made
