"""How long raw events are kept, and erasing one person from the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client
from tests.world import NOW, World, make_record, make_world

from enishi.accounts.models import AuditLine, Contact, Record, RecordVersion
from enishi.ingest.api import accept_events, drain, event_message
from enishi.ingest.foreseeing import foresee_erasure
from enishi.ingest.models import ErasureRequest, StorePolicy
from enishi.kit.home import Home
from enishi.stakeholders.api import Opinion, assess
from enishi.store.api import Published
from enishi.web.pages.setup import privacy
from enishi.web.pages.setup.disclosure import as_file, disclose
from enishi.web.pages.setup.mentions import find_mentions
from enishi.work.api import Note

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    client = Client()
    client.force_login(world.sato)
    return client


def stored(home: Home, table: str) -> list[dict[str, Any]]:
    return [row for file in Published(home).files(table) for row in pq.read_table(file).to_pylist()]


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
    """The request only erases here; the consumer follows, reads the store back, and the page tells it."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    contact = world.contacts["nakamura"]
    address = f"/setup/privacy/people/{contact.pk}/"
    assert address in client.get("/setup/privacy/", {"q": contact.email}).content.decode()
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": " "}).status_code == 422
    assert ErasureRequest.objects.count() == 0
    assert client.post(address, {"reason": "本人の依頼"}).status_code == 302
    assert AuditLine.objects.get(verb="erasure_confirmed").detail["reason"] == "本人の依頼"
    assert "hx-trigger" in client.get("/setup/privacy/erasures/").content.decode()
    drain(Home(tmp_path))
    request = ErasureRequest.objects.get()
    assert (request.traces, request.users) == (0, [])
    assert request.blanked > 0
    assert "hx-trigger" not in client.get("/setup/privacy/erasures/").content.decode()
    assert client.get(address).status_code == 404


def test_texts_of_others_are_found_judged_and_emptied_everywhere(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    contact, sakura = world.contacts["nakamura"], world.accounts["sakura"]
    named = make_record(sakura, "ticket", NOW, subject="引き継ぎ", body="中村優さんから伺いました。")
    other = make_record(sakura, "ticket", NOW, subject="別件", body="中村電機の見積もり")
    plain = make_record(sakura, "ticket", NOW, subject="帳票", body="遅い")
    lost = make_record(sakura, "subscription", NOW, end_reason="中村優様のご異動", plan="標準")
    note = Note.objects.create(account=sakura, author=world.sato, body="中村 優様は異動予定")
    drain(Home(tmp_path))
    found = {mention.key for mention in find_mentions(contact)}
    assert {f"ticket:{named.pk}", f"ticket:{other.pk}", f"note:{note.pk}", f"subscription:{lost.pk}"} <= found
    assert f"ticket:{plain.pk}" not in found
    address = f"/setup/privacy/people/{contact.pk}/"
    page = client.get(address).content.decode()
    assert "中村電機の見積もり" in page
    chosen = [f"ticket:{named.pk}", f"note:{note.pk}", f"ticket:{plain.pk}", f"subscription:{lost.pk}"]
    client.post(address, {"reason": "本人の依頼", "text": chosen})
    drain(Home(tmp_path))
    for record, kept in ((named, False), (other, True), (plain, True)):
        record.refresh_from_db()
        assert ("body" in record.data) is kept
    note.refresh_from_db()
    assert note.body == "［消去済み］様は異動予定"
    assert ErasureRequest.objects.get().traces == 0
    bodies = {row["record_id"]: row["body"] for row in stored(Home(tmp_path), "record_ticket")}
    assert (bodies[named.pk], bodies[other.pk]) == (None, "中村電機の見積もり")
    (reason,) = {(r["end_reason"], r["plan"]) for r in stored(Home(tmp_path), "record_subscription")
                 if r["record_id"] == lost.pk}  # fmt: skip
    assert reason == (None, "標準")
    history = RecordVersion.objects.filter(kind="ticket", record_id=named.pk)
    assert all("body" not in version.data for version in history)


def test_what_would_go_is_counted_first_and_a_text_looked_through_may_stay(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The preview counts with the eyes of the erasure and changes nothing; others' texts with an id go unless kept."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home, contact, sakura = Home(tmp_path), world.contacts["nakamura"], world.accounts["sakura"]
    mail, now = contact.email, NOW
    tickets = [make_record(sakura, "ticket", now, subject=f"{n}", body=f"cc {mail}") for n in range(3)]
    outage = make_record(sakura, "incident", now, title=f"seen by {mail}", product="CRM")
    Note.objects.create(account=sakura, author=world.sato, body=f"ask {mail}")
    for user in (contact.outside_id, "somebody-else"):
        told = {"invited": mail.upper(), mail: 1, "note": f"ask\n{mail}", "other": f"x{mail}"}
        message = event_message(occurred_at=NOW, event=f"Viewed {mail}", user=user, properties=told)
        accept_events([message], source="test", system=contact.source, home=home, now=NOW)
    drain(home)
    foreseen = foresee_erasure(contact, home)
    assert (foreseen.events, foreseen.rewritten["events"]) == (1, 1)
    assert foreseen.records == {"interaction": 1, "survey_answer": 1}
    assert foreseen.naming == [("incident", outage.pk), *(("ticket", one.pk) for one in tickets)]
    assert foreseen.rewritten["notes"] == 1
    address = f"/setup/privacy/people/{contact.pk}/"
    assert client.get(address).content.decode().count('name="shown"') == 4
    assert foresee_erasure(contact, home) == foreseen
    kept, emptied, late = tickets
    form = {
        "reason": "本人の依頼",
        "shown": [*(f"ticket:{one.pk}" for one in (kept, emptied)), "ticket:x", "ticket", ":", "ticket:1:2"],
        "text": [f"ticket:{emptied.pk}"],
    }
    client.post(address, form)
    drain(home)
    bodies = {one.pk: Record.objects.get(pk=one.pk).data.get("body") for one in tickets}
    assert bodies == {kept.pk: f"cc {mail}", emptied.pk: None, late.pk: None}
    request = ErasureRequest.objects.get()
    assert (request.kept, request.traces, request.rejects) == ([["ticket", kept.pk]], 0, foreseen.rejects)
    assert request.records == 2 + len(tickets) - 1 + 1
    outage.refresh_from_db()
    assert outage.data == {"product": "CRM"}
    version = RecordVersion.objects.get(kind="incident", record_id=outage.pk)
    assert version.data == outage.data
    titles = {row["record_id"]: row["title"] for row in stored(home, "record_incident")}
    assert (titles.pop(outage.pk), None in titles.values()) == (None, False)
    assert AuditLine.objects.get(verb="erasure_confirmed").detail["texts_kept"] == 1
    (event,), (used,) = stored(home, "events"), stored(home, "usage")
    label = f"erased-{contact.pk}"
    assert event["event"] == used["event"] == f"Viewed {label}"
    assert json.loads(event["properties"]) == {
        "invited": label, label: 1, "note": f"ask\n{label}", "other": f"x{mail}"
    }  # fmt: skip
    assert {row["event"] for row in stored(home, "feature_months")} == {f"Viewed {label}"}


def test_the_person_gets_a_file_of_all_that_is_kept(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    contact = world.contacts["nakamura"]
    for user in (contact.outside_id, "somebody-else"):
        message = event_message(occurred_at=NOW, event="Opened", user=user, properties={"page": user})
        accept_events([message], source="test", system=contact.source, home=Home(tmp_path), now=NOW)
    drain(Home(tmp_path))
    assess(world.takahashi, contact.account_id, contact.pk, Opinion(influence="high"), now=NOW)
    found = disclose(Home(tmp_path), contact)
    assert [one["influence"] for one in found["assessments"]] == ["high"]
    assert found["person"]["email"] == contact.email
    assert [record["kind"] for record in found["records"]] == ["interaction", "survey_answer"]
    assert ["somebody-else" in event["properties"] for event in found["events"]] == [False]
    assert json.loads(as_file(found))["account"] == world.accounts["sakura"].name
    assert client.get(f"/setup/privacy/people/{contact.pk}/file/").status_code == 200
    assert AuditLine.objects.filter(verb="person_disclosed").count() == 1


def test_managers_read_and_do_not_erase(world: World) -> None:
    client = Client()
    client.force_login(world.suzuki)
    contact = Contact.objects.filter(erased_at=None).first()
    assert contact is not None
    assert b"privacy/people" not in client.get("/setup/privacy/?q=a").content
    assert client.get(f"/setup/privacy/people/{contact.pk}/").status_code == 403
    assert client.post("/setup/privacy/retention/", {"raw_months": "1"}).status_code == 403
