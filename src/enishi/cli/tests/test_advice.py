"""What is refused, and the advice that goes with it: told before anything is changed, and to be pasted as it stands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from enishi.accounts.company import get_company
from enishi.accounts.models import Member, Record
from enishi.cli.checks import nothing_there
from enishi.cli.main import run
from enishi.cli.setting_up import set_up
from enishi.cli.upkeep_checks import check_rates
from enishi.cli.words import DAY, choose_language, use_language
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.home import Home
from enishi.metrics.api import get_metric

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    use_language("en")
    monkeypatch.setattr("sys.argv", [".venv/bin/enishi"])
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "data"))
    # The test's database stands in for the data folder's file.
    monkeypatch.setattr("enishi.cli.installation.pending_migrations", lambda: [])
    home = Home.from_environment()
    home.prepare()
    return home


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["score", "--as-of"], ["asof"]])
def test_a_day_to_come_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "2130-01-01", "--json"]) == 1
    assert told(capsys)["error"] == "future_day"


def test_a_remedy_can_be_pasted(home: Home) -> None:
    (finding,) = nothing_there(home)
    assert finding.remedy is not None
    for text in (finding.remedy.en, finding.remedy.ja):
        assert f"`.venv/bin/enishi --data {home.root} init`" in text


def test_a_backup_makes_no_folder(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backup", str(tmp_path / "missing" / "x.tar.gz"), "--json"]) == 1
    assert told(capsys)["error"] == "no_folder"
    assert not (tmp_path / "missing").exists()


def test_a_mistyped_metric_names_its_like(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotFound) as caught:
        get_metric("active_user_28")
    assert "active_users_28" in caught.value.hint.en
    assert "docs/reference/metrics.md" in caught.value.hint.ja


@pytest.mark.parametrize("written", ["2026-10-01", "2026/10/1", "2026.10.01", "2026年10月1日"])
def test_a_day_is_read_however_it_is_written(written: str) -> None:
    assert DAY.convert(written, None, None).date() == date(2026, 10, 1)


@pytest.mark.parametrize("written", ["01/10/2026", "2026-13-01", "yesterday"])
def test_what_is_no_day_is_told_how_to_write_one(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["asof", written]) == 2
    assert "2026-10-01" in capsys.readouterr().err


def test_a_language_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENISHI_LANG", "fr")
    with pytest.raises(EnishiError) as caught:
        choose_language(["doctor"])
    assert caught.value.code == "bad_language"
    assert choose_language(["--lang", "ja", "doctor"]) == "ja"


def test_init_states_the_companys_time_and_money(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--currency", "gbp", "--json"]) == 0
    assert (told(capsys)["time_zone"], get_company().set_up_at) == ("Asia/Tokyo", None)
    assert run(["init", "--time-zone", "Europe/London", "--currency", "gbp", "--json"]) == 0
    said = told(capsys)
    assert (said["time_zone"], said["currency"]) == ("Europe/London", "GBP")
    for refused in (["--time-zone", "Europe/Londno"], ["--time-zone", "Etc/GMT+9"], ["--currency", "XAU"]):
        assert run(["init", *refused, "--json"]) == 1
        assert told(capsys)["error"] == f"bad_{refused[0][2:].replace('-', '_')}"
    company = get_company()
    assert (company.time_zone, company.currency) == ("Europe/London", "GBP")
    assert company.set_up_at, "the first of the first steps is done"


def test_doctor_names_money_that_no_rate_leads_from(home: Home) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    money = {"currency": "EUR"}
    for number, kind in enumerate(("subscription", "invoice")):
        Record.objects.create(kind=kind, source="t", outside_id=str(number), happened_at=now, data=money)
    (found,) = check_rates(home, now)
    assert (found.level, "EUR 2" in found.message.en) == ("warning", True)
    Record.objects.create(kind="exchange_rate", source="t", outside_id="r", happened_at=now, data=money)
    assert [found.level for found in check_rates(home, now)] == ["ok"]


def test_without_a_mail_address_the_first_administrator_is_meant(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(home, "boss@kaisha.example", "en")
    assert run(["member", "password", "--json"]) == 0
    said = told(capsys)
    assert said["email"] == "boss@kaisha.example"
    assert Member.objects.get(email=said["email"]).check_password(said["password"])


def test_a_day_before_the_first_fact_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("enishi.signals.api.first_known_day", lambda home: date(2026, 4, 2))
    assert run(["asof", "2026-04-01"]) == 0
    said = capsys.readouterr().out
    assert "Nothing was known" in said
    assert "2026-04-02" in said
    assert "Unknown" not in said


def test_too_young_a_history_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "--outcome", "silence:180", "--from", "2026-08-30", "--to", "2026-09-20"]) == 0
    said = capsys.readouterr().out
    assert "has 21 days" in said
    assert "--outcome silence:30 --every week" in said
    assert "observed loss by band" not in said
    assert "churn" not in said
