"""On a past day everything bears the words of then: names, notes, days counted from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.world import World, at_hour, days_ago, make_evidence, make_record

from enishi.accounts.models import Account, Contact, RecordVersion
from enishi.signals.models import AccountState, HealthScore, Signal
from enishi.web.pages.setup.mentions import find_mentions, redact
from enishi.work import api as work
from enishi.work.models import Note, NoteText

SignIn = Callable[[str], Client]


def shown(client: Client, account: Account, tab: str, day: date | None) -> str:
    address = f"/accounts/{account.pk}/{tab}" + (f"?as_of={day}" if day else "")
    page = client.get(address)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def say(kind: str, number: int, account: Account, on: date, **data: Any) -> None:
    RecordVersion.objects.create(
        kind=kind, record_id=number, account_id=account.pk, source="crm", outside_id=f"{kind}-{number}",
        valid_on=on, known_at=at_hour(on), data=data,
    )  # fmt: skip


def test_the_customer_bears_its_name_of_then(world: World, sign_in: SignIn) -> None:
    say("account", world.fuji.pk, world.fuji, days_ago(40), name="富士機械株式会社", stage="adoption")
    say("account", world.fuji.pk, world.fuji, days_ago(10), name="富士精機株式会社", stage="adoption")
    client = sign_in("takahashi")
    for tab in ("", "notes/", "timeline/"):
        then = shown(client, world.fuji, tab, days_ago(20))
        assert "富士機械株式会社" in then
        assert "富士精機株式会社" not in then
        assert "富士機械" not in shown(client, world.fuji, tab, days_ago(5))
        assert "富士機械" not in shown(client, world.fuji, tab, None)


def test_a_parent_stands_above_only_from_the_day_it_was_stated_and_by_its_name_of_then(
    world: World, sign_in: SignIn
) -> None:
    say("account", world.naniwa.pk, world.naniwa, days_ago(40), name="難波旧社名", stage="adoption")
    say("account", world.naniwa.pk, world.naniwa, days_ago(10), name="難波新社名", stage="adoption")
    say("account", world.fuji.pk, world.fuji, days_ago(40), name="富士精機株式会社")
    say("account", world.fuji.pk, world.fuji, days_ago(20), name="富士精機株式会社", parent="naniwa")
    Account.objects.filter(pk=world.fuji.pk).update(parent=world.naniwa)
    Account.objects.filter(pk=world.naniwa.pk).update(parent=world.fuji)  # a ring is followed no further
    client = sign_in("takahashi")
    assert "難波" not in shown(client, world.fuji, "notes/", days_ago(30))
    assert "難波旧社名" in shown(client, world.fuji, "notes/", days_ago(15))
    assert "難波新社名" in shown(client, world.fuji, "notes/", days_ago(5))


def test_whom_a_ticket_or_a_contact_was_with_keeps_the_name_of_then_wherever_the_person_is_now(
    world: World, sign_in: SignIn
) -> None:
    person = world.kato
    say("contact", person.pk, world.fuji, days_ago(90), name="旧姓 誠")
    for kind, happened in (("ticket", "opened_at"), ("interaction", "occurred_at")):
        at = at_hour(days_ago(30))
        make_record(world.fuji, kind, at, contact=person, subject="一件", **{happened: at.isoformat()})
    say("contact", person.pk, world.hokuto, days_ago(2), name="新姓 誠", title="新しい役職")
    Contact.objects.filter(pk=person.pk).update(account=world.hokuto, name="新姓 誠", title="新しい役職")
    client = sign_in("takahashi")
    for tab in ("tickets/", "timeline/", "people/"):
        then = shown(client, world.fuji, tab, days_ago(20))
        assert "旧姓 誠" in then, tab
        assert "新姓" not in then
        assert "新しい役職" not in then
    assert "新姓 誠" in shown(client, world.fuji, "timeline/", None), "one who moved on keeps a name here"


def test_a_note_of_a_past_day_says_what_it_said_then(world: World, sign_in: SignIn) -> None:
    note = work.add_note(world.takahashi, world.fuji.pk, "春の言葉", now=at_hour(days_ago(60)))
    work.edit_note(world.takahashi, note.pk, "夏の言葉", now=at_hour(days_ago(40)))
    work.edit_note(world.takahashi, note.pk, "秋の言葉", now=at_hour(days_ago(20)))
    work.delete_note(world.takahashi, note.pk, now=at_hour(days_ago(10)))
    client = sign_in("takahashi")
    expected = {61: "", 50: "春", 40: "夏", 30: "夏", 15: "秋", 5: ""}
    for days, word in expected.items():
        for tab in ("notes/", "timeline/"):
            found = re.findall("([春夏秋])の言葉", shown(client, world.fuji, tab, days_ago(days)))
            assert found == ([word] if word else []), (days, tab)


def test_a_note_changed_before_wordings_were_kept_says_so_and_not_what_it_says_now(
    world: World, sign_in: SignIn
) -> None:
    made, changed = at_hour(days_ago(60)), at_hour(days_ago(20))
    Note.objects.create(
        account=world.fuji, author=world.takahashi, body="後の言葉", made_at=made, edited_at=changed
    )
    client = sign_in("takahashi")
    for tab in ("notes/", "timeline/"):
        then = shown(client, world.fuji, tab, days_ago(30))
        assert "後の言葉" not in then
        assert "2026年10月31日に変更されています" in then
        assert "後の言葉" in shown(client, world.fuji, tab, days_ago(10))


def test_the_earlier_wording_of_a_note_names_an_erased_person_no_more(world: World) -> None:
    person = world.kato
    note = work.add_note(
        world.takahashi, person.account_id, f"{person.full_name}さんと面談", now=at_hour(days_ago(60))
    )
    work.edit_note(world.takahashi, note.pk, "面談済み", now=at_hour(days_ago(40)))
    assert [one.key for one in find_mentions(person)] == [f"note:{note.pk}"]
    redact(person, [f"note:{note.pk}"])
    assert person.full_name not in NoteText.objects.get().body


@pytest.mark.parametrize("tab", ["timeline/", "tickets/", "people/"])
def test_days_are_counted_from_the_day_shown(world: World, sign_in: SignIn, tab: str) -> None:
    day = days_ago(20)
    at = at_hour(day - timedelta(days=3))
    say("contact", world.kato.pk, world.fuji, days_ago(90), name="加藤 誠")
    make_record(world.fuji, "ticket", at, subject="三日前の件", opened_at=at.isoformat(), severity="normal")
    make_record(world.fuji, "interaction", at, contact=world.kato, type="call", two_way=True, occurred_at=at.isoformat())  # fmt: skip
    then = shown(sign_in("takahashi"), world.fuji, tab, day)
    assert "3日前" in then or "3日" in then
    assert "23日" not in then


def test_a_cause_or_alert_of_the_timeline_says_what_it_opened_on(world: World, sign_in: SignIn) -> None:
    since, client = days_ago(30), sign_in("takahashi")
    signal = Signal.objects.create(
        account=world.fuji, type="alert:outage_suffered", since=since, seen_at=at_hour(days_ago(5)),
        opening=[make_evidence("", "169分の障害", since)], evidence=[make_evidence("", "396分の障害", days_ago(6))],
    )  # fmt: skip
    for day in (days_ago(29), None):
        page = shown(client, world.fuji, "timeline/", day)
        assert "169分" in page
        assert "396分" not in page
    Signal.objects.filter(pk=signal.pk).update(opening=[])  # made before that was kept
    assert "396分" not in shown(client, world.fuji, "timeline/", days_ago(29))
    assert "障害の影響" in shown(client, world.fuji, "timeline/", days_ago(29))
    assert "396分の障害(2026年11月15日時点)" in shown(client, world.fuji, "timeline/", None)
    causes = shown(client, world.fuji, "panel/causes/", days_ago(29))
    assert "障害の影響" in causes
    assert "396分" not in causes


def test_what_stood_when_a_customer_left_has_not_got_better(world: World, sign_in: SignIn) -> None:
    last = HealthScore.objects.filter(account=world.fuji).latest("day").day
    for until in (last, last + timedelta(days=1)):
        Signal.objects.create(
            account=world.fuji, type="alert:outage_suffered", since=until - timedelta(days=9), until=until,
            seen_at=at_hour(days_ago(5)),
        )  # fmt: skip
    client = sign_in("takahashi")
    assert "解約により終了" not in shown(client, world.fuji, "timeline/", None)
    AccountState.objects.filter(pk=world.fuji.pk).update(stage="churned")
    page = shown(client, world.fuji, "timeline/", None)
    assert (page.count("解約により終了"), page.count("解消")) == (1, 1)
