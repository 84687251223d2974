"""Text of strangers stays text: markup in every name, title, trait and note is shown, on no page it is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from enishi.definitions.api import install_defaults
from enishi.ingest.models import ApiKey, Import, Reject, WriteKey
from enishi.kit.home import Home
from enishi.outreach.models import Message
from enishi.segments.models import TierPin
from enishi.store.testing import publish
from enishi.web.models import SavedView
from enishi.work.models import Note, Task
from tests.access import list_routes
from tests.world import NOW, TODAY, World, days_ago, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EVIL = """"'><img src=x onerror=alert(1)></script><script>alert(2)</script>{{7*7}}"""
RUN = re.compile(r"<img src=x|<script>alert|</script><script|\"'>", re.I)
# Choices, ids and addresses by which rows are found stay as they are.
KEPT = {
    "email", "source", "outside_id", "system", "language", "country", "stage", "kind", "verb", "target_kind", "target_id",
    "band", "scorecard", "tier", "status", "origin", "stored", "digest", "prefix", "currency", "time_zone", "role",
    "scope", "password", "address", "name_kana_sort", "measure", "type", "slug", "form", "key", "reason_code", "page",
    "main_cause", "payload", "trend", "tag", "session_key", "purpose", "channel", "fingerprint", "value", "target",
}  # fmt: skip
SPOILED = {"accounts", "work", "ingest", "outreach", "web", "signals", "segments"}


def spoil(value: Any) -> Any:
    """Every free text within JSON followed by markup; dates, numbers and single words of ours stay."""
    if isinstance(value, dict):
        return {
            name: spoil(one) if name not in KEPT | {"cause", "alert", "on", "since"} else one
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [spoil(one) for one in value]
    if isinstance(value, str) and not re.fullmatch(r"[a-z_0-9.:@+T-]*", value):
        return value + EVIL
    return value


def spoil_rows(model: type[models.Model]) -> None:
    texts = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and not field.choices
        and field.name not in KEPT
        and not field.primary_key
    ]
    for row in model._default_manager.all():
        for field in texts:
            value = getattr(row, field.name)
            if isinstance(field, models.JSONField):
                setattr(row, field.name, spoil(value))
            elif value and (field.max_length or 10_000) > len(value) + len(EVIL):
                setattr(row, field.name, value + EVIL)
        model._default_manager.filter(pk=row.pk).update(**{f.name: getattr(row, f.name) for f in texts})


def add_rows(world: World) -> None:
    """What the cast does not have: keys, imports, rejects, views, notes, tasks, mails."""
    install_defaults("system", NOW)
    sato, sakura = world.members["sato"], world.accounts["sakura"]
    Note.objects.create(account=sakura, author=sato, body="memo", made_at=NOW)
    Task.objects.create(account=sakura, assignee=sato, title="call", due_on=TODAY, made_at=NOW)
    SavedView.objects.create(member=sato, page="portfolio", name="mine", address="band=red", shared=True)
    TierPin.objects.create(account=sakura, tier="high", reason="because", member=sato)
    for key in (WriteKey(name="web"), ApiKey(name="crm", scopes=["read:*"])):
        key.assign()
        key.save()
    made = Import.objects.create(
        kind="account", name="file.csv", headings=["id", "name"], status="done", plan={"columns": {"id": "id"}}, made_at=NOW,
    )  # fmt: skip
    for origin, kind in ((made.origin, "account"), ("inbox:1", "event")):
        payload = json.dumps({"id": EVIL, "name": EVIL, EVIL: EVIL})
        Reject.objects.create(
            kind=kind, source="web", origin=origin, position=1, payload=payload, reason="bad", message_en="wrong",
            message_ja="だめ", made_at=NOW, context={"import": made.pk},
        )  # fmt: skip
    Message.objects.create(
        key="k", kind="notice", address="a@b.example", subject="hello", text="t", made_at=NOW
    )


def add_facts(home: Home, world: World) -> None:
    """Use of features and by people whose names are markup."""
    number = world.accounts["sakura"].pk
    publish(
        home,
        "record_account",
        [{"record_id": number, "valid_on": days_ago(300), "name": EVIL, "outside_id": EVIL}],
    )
    publish(home, "groups", [{"group_no": 1, "group_id": EVIL, "system": "crm", "first_day": days_ago(300)}])
    publish(home, "users", [{"user_no": 1, "system": "crm", "user_id": EVIL, "first_day": days_ago(300)}])
    link = {"target": "account", "system": "crm", "valid_on": days_ago(300)}
    publish(home, "link", [{"record_id": 1, "account_id": number, "value": EVIL, **link}])
    publish(home, "usage", [
        {"group_no": 1, "user_no": 1, "event": EVIL, "product": EVIL, "day": TODAY - timedelta(days=k), "n": 3}
        for k in range(1, 60)
    ])  # fmt: skip


@pytest.fixture
def world(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    home = Home(tmp_path)
    home.prepare()
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    made = make_world()
    add_rows(made)
    for model in apps.get_models():
        if model._meta.app_label in SPOILED:
            spoil_rows(model)
    add_facts(home, made)
    return made


def addresses(world: World) -> Iterator[str]:
    """Every address that can be opened, of what is there."""
    for route in list_routes():
        path = route.path(world)
        if not path.startswith(("/sign-out", "/api/", "/password", "/sign-in")):
            yield from (
                (path.replace("999999", number) for number in ("1", "2")) if "999999" in path else (path,)
            )


def test_no_page_runs_the_text_of_strangers(world: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.members["sato"])
    opened, shown, wrong = 0, 0, []
    for path in addresses(world):
        answer = client.get(path)
        if answer.status_code >= 500:
            wrong.append(f"{path}: {answer.status_code}")
        if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
            text = answer.getvalue().decode()
            opened, shown = opened + 1, shown + ("onerror=alert" in text)
            wrong += [
                f"{path}: …{text[max(0, hit.start() - 60) : hit.end() + 20]!r}" for hit in RUN.finditer(text)
            ]
    assert not wrong, "\n".join(wrong[:20])
    assert opened > 50
    assert shown > 20
