"""What the command line says of past days: by the words and judgements of then, and how the scores came about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, Company
from enishi.cli.main import run
from enishi.cli.words import use_language
from enishi.definitions.actions import publish, save_draft
from enishi.ingest.api import drain
from enishi.kit.home import Home
from enishi.signals.models import HealthScore, Override
from enishi.signals.outdated import rest_on
from enishi.signals.tests.test_filling import history_arrives
from enishi.store.kinds import ACCOUNT

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime.now(UTC)
TODAY = NOW.date()
PAST = TODAY - timedelta(days=20)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Home:
    """Twelve customers with three months of use, and no score of today."""
    use_language("en")
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("enishi.cli.installation.pending_migrations", lambda: [])
    Company.objects.update_or_create(pk=1, defaults={"time_zone": "UTC"})
    home = Home.from_environment()
    home.prepare()
    lines = ["occurred_at,account,user,event"]
    for back in range(90):
        lines += [f"{TODAY - timedelta(days=back)}T01:00:00Z,C{n},u{n}-{back % 3},opened" for n in range(12)]
    file = tmp_path / "events.csv"
    file.write_text("\n".join(lines) + "\n")
    assert run(["import", "events", str(file), "--json"]) == 0
    capsys.readouterr()
    return home


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_account_without_a_score_of_today_is_explained_from_the_facts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first thing somebody does after scoring one past day."""
    first = told(capsys, "explain", "C3")
    assert (first["name"], first["day"]) == ("C3", TODAY.isoformat())
    told(capsys, "score", "--as-of", PAST.isoformat())
    said = told(capsys, "explain", "C3")
    assert said["day"] == PAST.isoformat(), "the day that was scored last"
    assert said["tenths"] == sum(line["tenths"] for line in said["lines"]) > 0
    assert not said["judged"]["live"]


def test_where_nothing_was_known_the_account_is_named_as_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """A customer of whom no fact has come to the store."""
    account = Account.objects.create(
        name="Quiet Company", source="crm", outside_id="q-1", search="quiet company"
    )
    assert run(["explain", "quiet", "--as-of", PAST.isoformat()]) == 1
    error = capsys.readouterr().err
    assert "quiet: Nothing was known of “Quiet Company”" in error
    assert PAST.isoformat() in error
    assert f"account {account.pk}" not in error


def test_the_past_goes_by_its_own_names_and_by_the_judgement_in_force(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "score", "--as-of", PAST.isoformat())
    account = Account.objects.get(outside_id="C3")
    save_records(ACCOUNT, [{"id": "C3", "name": "Renamed since"}], source=account.source, actor="t", now=NOW)
    drain(home)
    Override.objects.create(
        account=account, band="red", reason="they said so", expires_on=PAST, made_at=NOW - timedelta(days=25)
    )
    row = told(capsys, "asof", PAST.isoformat(), str(account.pk))["accounts"][0]
    assert row["name"] == "C3"
    assert row["band"] == "red"
    assert row["computed_band"] == HealthScore.objects.get(account=account, day=PAST).band != "red"
    said = told(capsys, "explain", str(account.pk), "--as-of", PAST.isoformat())
    assert (said["band"], said["computed_band"]) == ("red", row["computed_band"])
    later = told(capsys, "asof", TODAY.isoformat(), str(account.pk))["accounts"][0]
    assert later["name"] == "Renamed since"


def test_a_past_day_has_the_customers_and_the_money_of_its_page(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Company.objects.update(currency="USD")
    file = tmp_path / "contracts.csv"
    file.write_text(
        "id,account,amount,currency,interval,started_on,ended_on\n"
        f"S1,C1,3400,USD,month,{PAST - timedelta(days=40)},\n"
        f"S2,C2,100,USD,month,{PAST - timedelta(days=40)},{PAST - timedelta(days=5)}\n"
    )
    told(capsys, "import", "subscription", str(file))
    save_records(ACCOUNT, [{"id": "C99", "name": "Came later"}], source="product", actor="t", now=NOW)
    drain(home)
    rows = {row["account"]: row for row in told(capsys, "asof", PAST.isoformat())["accounts"]}
    assert "C99" not in rows
    assert (rows["C1"]["mrr"], rows["C3"]["mrr"]) == (340_000, None)
    assert rows["C2"]["stage"] == "churned"
    assert run(["asof", PAST.isoformat()]) == 0
    said = capsys.readouterr().out
    assert "Had left by then: 1." in said
    assert "$3,400" in said
    assert run(["explain", "C2", "--as-of", PAST.isoformat()]) == 0
    assert "This customer has left" in capsys.readouterr().out
    assert "11 accounts" in said


def test_scores_made_afterwards_say_so(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    row = told(capsys, "asof", PAST.isoformat())["accounts"][0]
    judged = row["judged"]
    assert (judged["computed_on"], judged["version"], judged["live"]) == (TODAY.isoformat(), 1, False)
    words = f"computed later ({TODAY}) with version 1, published {TODAY}"
    assert judged["text"]["en"] == words
    for arguments in (["asof", PAST.isoformat()], ["explain", "C3", "--as-of", PAST.isoformat()]):
        assert run(arguments) == 0
        said = capsys.readouterr().out
        assert words in said
        assert "History arrived since" not in said
    use_language("ja")
    assert run(["asof", PAST.isoformat()]) == 0
    assert "後日計算" in capsys.readouterr().out
    rest_on(home)
    history_arrives(home, PAST)
    assert run(["asof", PAST.isoformat()]) == 0
    assert "間もなく計算し直されます" in capsys.readouterr().out


def test_a_metric_of_the_company_is_asked_like_a_shipped_one(capsys: pytest.CaptureFixture[str]) -> None:
    body = {
        "id": "opened_7",
        "title": {"en": "Opened, 7 d", "ja": "閲覧(7日)"},
        "type": "count",
        "events": ["opened"],
        "window": 7,
    }
    publish(save_draft("metric", "opened_7", body, actor="t", now=NOW), actor="t", now=NOW)
    assert (
        told(capsys, "asof", PAST.isoformat(), "C3", "--metric", "opened_7")["accounts"][0]["opened_7"] == 7
    )
    assert run(["asof", PAST.isoformat(), "--metric", "opened_7"]) == 0
    assert "Opened, 7 d" in capsys.readouterr().out
    assert run(["asof", PAST.isoformat(), "--metric", "opened_8"]) == 1
    assert "opened_7" in capsys.readouterr().err


def test_a_score_of_its_own_day_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score"]) == 0
    capsys.readouterr()
    assert run(["explain", "C3"]) == 0
    assert "computed later" not in capsys.readouterr().out


def test_after_a_publish_the_week_says_that_both_days_go_by_the_present_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told(capsys, "score")
    account = Account.objects.get(outside_id="C3")
    told(capsys, "score", "--as-of", (TODAY - timedelta(days=7)).isoformat())
    assert told(capsys, "explain", "C3")["week_note"] is None
    HealthScore.objects.filter(account=account, day=TODAY - timedelta(days=7)).update(tenths=123)
    note = told(capsys, "explain", "C3")["week_note"]
    assert note["tenths"] == 123
    assert "12.3" in note["en"]
    assert "12.3" in note["ja"]
