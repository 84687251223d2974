"""Erasing a person, and what the desks show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from enishi.accounts.actions import save_records
from enishi.accounts.models import AuditLine, Company, Contact, Record, RecordVersion
from enishi.accounts.removing import delete_records
from enishi.ingest.api import (
    apply_retention,
    ask_erasure,
    ask_user_erasure,
    count_unmatched_groups,
    drain,
    list_unmatched_groups,
    list_unmatched_users,
)
from enishi.ingest.files.importing import import_file
from enishi.ingest.models import Answer, ApiKey, Correction, ErasureRequest, Reject, StorePolicy, WriteKey
from enishi.ingest.tests.test_carrying import rows, send, track
from enishi.kit.clock import HandClock
from enishi.kit.home import Home
from enishi.store.kinds import KINDS

pytestmark = pytest.mark.django_db

Keys = Callable[..., tuple[WriteKey, str]]


@pytest.fixture
def key(home: Home, clock: HandClock, company: Company, make_key: Keys) -> WriteKey:
    return make_key(updates_records=True)[0]


def identify(user: str, group: str, **traits: Any) -> dict[str, Any]:
    return {
        "type": "identify", "userId": user, "messageId": f"i-{user}", "context": {"groupId": group}, "traits": traits,
    }  # fmt: skip


def test_a_contact_is_erased_from_records_and_facts(home: Home, clock: HandClock, key: WriteKey) -> None:
    send(
        home, clock, key,
        track(1, userId="hanako", context={"groupId": "g"}), track(2, context={"groupId": "g"}),
        identify("hanako", "g", email="hanako@acme.example", lastName="佐藤"),
        {"type": "track", "userId": "hanako", "messageId": "bad"},
    )  # fmt: skip
    contact = Contact.objects.get()
    erased = ask_erasure(contact, actor="boss@example.com", now=clock())
    drain(home)
    erased.refresh_from_db()
    assert erased.traces == 0
    assert erased.rows > 3
    assert erased.blanked == 1
    assert erased.rejects == 1
    assert {row["user_id"] for row in rows(home, "users")} == {"u1"}
    (version,) = rows(home, "record_contact")
    assert (version["family_name"], version["email"], version["user_id"]) == (None, None, None)
    contact.refresh_from_db()
    assert contact.email == ""
    assert "hanako" not in json.dumps(list(RecordVersion.objects.values_list("data", flat=True)))
    assert ErasureRequest.objects.get().users == []
    assert "hanako" not in Reject.objects.get().payload


def test_a_user_without_a_contact_is_erased(home: Home, clock: HandClock, key: WriteKey) -> None:
    send(home, clock, key, track(1, userId="taro"), track(2))
    erased = ask_user_erasure("product", "taro", actor="boss", now=clock())
    drain(home)
    erased.refresh_from_db()
    assert erased.traces == 0
    assert {row["user_id"] for row in rows(home, "users")} == {"u1"}
    assert len(rows(home, "events")) == 1


def test_unmatched_groups_show_what_hangs_on_them(
    home: Home, clock: HandClock, company: Company, make_key: Keys
) -> None:
    key, _ = make_key(creates_accounts=False)
    assert list_unmatched_groups(home) == []
    assert count_unmatched_groups(home) == 0
    known = {"id": "known", "name": "Known"}
    save_records(KINDS["account"], [known], source="product", actor="x", now=clock())
    send(
        home, clock, key,
        track(1, groupId="big"), track(2, groupId="big", userId="u2"), track(3, groupId="small"),
        track(4, groupId="known"),
    )  # fmt: skip
    found = list_unmatched_groups(home)
    assert [(group.group_id, group.events, group.users) for group in found] == [
        ("big", 2, 2),
        ("small", 1, 1),
    ]
    assert str(found[0].first_day) == "2026-03-10"
    assert count_unmatched_groups(home) == 2


def test_unmatched_users_show_their_mail_address(home: Home, clock: HandClock, key: WriteKey) -> None:
    send(
        home, clock, key,
        track(1, userId="lone"), track(2, userId="lone"), track(3, userId="mail@x.example"), track(4, groupId="g"),
        {"type": "identify", "userId": "lone", "messageId": "i", "traits": {"email": "lone@acme.example"}},
        track(5, userId=None, anonymousId="visitor"),
    )  # fmt: skip
    found = [(user.user_id, user.events, user.email) for user in list_unmatched_users(home)]
    assert found == [("lone", 2, "lone@acme.example"), ("mail@x.example", 1, "mail@x.example")]


def test_the_policy_decides_how_long_raw_events_stay(home: Home, clock: HandClock, key: WriteKey) -> None:
    old = track(1, timestamp="2024-01-05T00:00:00Z")
    send(home, clock, key, old, track(2))
    StorePolicy.objects.create(raw_months=12)
    apply_retention(home, clock())
    assert [row["message_id"] for row in rows(home, "events")] == ["m2"]
    assert sum(row["n"] for row in rows(home, "usage")) == 2


MAIL = "hanako.secret@acme.example"


def naming(*texts: str) -> list[str]:
    """Every column of every model in which one of the texts stands."""
    return [
        f"{model._meta.label}.{name}"
        for model in apps.get_models()
        for row in model._default_manager.values()
        for name, value in row.items()
        if any(text in json.dumps(value, ensure_ascii=False, default=str) for text in texts)
    ]


def test_an_erased_person_is_in_no_column_of_any_table(
    home: Home, clock: HandClock, company: Company, tmp_path: Path
) -> None:
    now = clock()
    save_records(KINDS["account"], [{"id": "A", "name": "A"}], source="product", actor="t", now=now)
    person = {"id": MAIL, "account": "A", "family_name": "秘密", "email": MAIL, "user_id": MAIL}
    save_records(
        KINDS["contact"], [person, {"id": "c9", "account": "A"}], source="product", actor="t", now=now
    )
    ticket = {"id": "t1", "account": "A", "opened_at": "2026-01-01", "subject": f"至急{MAIL.upper()}様へ"}
    save_records(KINDS["ticket"], [ticket], source="product", actor="t", now=now)
    path = tmp_path / "tickets.csv"
    path.write_text(
        "id,account,contact,opened_at,severity,subject\n"
        f"1,A,{MAIL},2026-01-01,very bad,please help {MAIL} soon\n2,A,,{MAIL},high,x\n"
        f"3,A,,2026-01-02,high,y\n4,A,,2026-01-02,bad,ask x{MAIL}.example\n"
    )
    import_file(home, path, "ticket", actor="t", now=now)
    replayed = Reject.objects.last()
    assert replayed is not None
    Reject.objects.filter(pk=replayed.pk).update(
        status="replayed", payload="{}", context={"told": [f"by {MAIL}"]}
    )
    Correction.objects.create(
        kind="ticket", rule={}, reasons={json.dumps([f"'{MAIL}'?", "?"]): 1}, made_by="p"
    )
    api = ApiKey(name="k")
    api.assign()
    api.save()
    Answer.objects.create(
        api_key=api, key="1", request="x", body=json.dumps({"message": f"'{MAIL}' is unknown"})
    )
    delete_records(KINDS["contact"], [MAIL, "c9"], source="product", actor="t", now=now)
    drain(home, clock)
    found = set(naming(MAIL))
    assert found >= {
        "accounts.AuditLine.detail",
        "ingest.Reject.payload",
        "ingest.Reject.message_ja",
        "ingest.Answer.body",
    }
    request = ask_erasure(Contact.objects.get(outside_id=MAIL), actor="boss", now=now)
    drain(home, clock)
    request.refresh_from_db()
    assert (naming(MAIL, MAIL.upper(), "秘密"), request.traces, request.users) == (
        ["ingest.Reject.payload"],
        0,
        [],
    )
    (other,) = Reject.objects.filter(payload__contains=MAIL)
    assert other.status == "open"  # the address of somebody else ends alike
    ids = AuditLine.objects.get(verb="records_deleted").detail["ids"]
    assert ids == [f"erased-{request.contact_id}", "c9"]


def test_what_still_names_the_person_here_is_counted(home: Home, clock: HandClock, company: Company) -> None:
    save_records(KINDS["account"], [{"id": "A", "name": "A"}], source="product", actor="t", now=clock())
    row = {"account": "A", "email": MAIL}
    save_records(KINDS["contact"], [row | {"id": "c1"}], source="product", actor="t", now=clock())
    save_records(KINDS["contact"], [row | {"id": "c2"}], source="crm", actor="t", now=clock())
    request = ask_erasure(Contact.objects.get(outside_id="c1"), actor="boss", now=clock())
    drain(home, clock)
    request.refresh_from_db()
    assert request.traces
    assert Contact.objects.get(outside_id="c2").email == MAIL


def test_a_person_with_a_plain_id_leaves_the_places_that_name_people(
    home: Home, clock: HandClock, key: WriteKey, tmp_path: Path
) -> None:
    """Whatever the id: a message of the person, a row about them, what was kept aside, where the id led."""
    save_records(KINDS["account"], [{"id": "A", "name": "A"}], source="product", actor="t", now=clock())
    tickets = [{"id": f"t{n}", "account": "A", "opened_at": "2026-01-01", "subject": f"about {n}", "contact": user}
               for n, user in enumerate(("12", "13"))]  # fmt: skip
    save_records(KINDS["ticket"], tickets, source="product", actor="t", now=clock())
    path = tmp_path / "tickets.csv"
    path.write_text("id,account,contact,opened_at,severity\n1,A,12,2026-01-01,bad\n12,A,13,2026-01-01,bad\n")
    import_file(home, path, "ticket", actor="t", now=clock())
    send(
        home, clock, key,
        {"type": "track", "userId": 12, "messageId": "a"},
        {"type": "track", "userId": "13", "messageId": "b", "properties": {"employees": "12"}},
    )  # fmt: skip
    ask_user_erasure("crm", "12", actor="boss", now=clock())  # another system's 12 is somebody else
    assert Reject.objects.filter(closed_by="erasure").count() == 0
    request = ask_user_erasure("product", "12", actor="boss", now=clock())
    kept = Reject.objects.filter(status="open")
    assert request.rejects == 2
    assert sorted((item.kind, "13" in item.payload) for item in kept) == [("event", True), ("ticket", True)]
    subjects = (
        Record.objects.filter(kind="ticket").order_by("outside_id").values_list("data__subject", flat=True)
    )
    assert list(subjects) == [None, "about 1"]


def test_two_rows_that_name_the_person_in_a_unique_column_stay_two(
    home: Home, clock: HandClock, company: Company
) -> None:
    api = ApiKey(name="k")
    api.assign()
    api.save()
    for key in (MAIL, MAIL.upper()):
        Answer.objects.create(api_key=api, key=key, request="x")
    ask_user_erasure("product", MAIL, actor="boss", now=clock())
    assert Answer.objects.filter(key__startswith="erased").count() == 2
