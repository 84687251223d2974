"""Commands on a small installation: what they print, what they return, what they refuse and how."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django_tasks_db.models import DBTaskResult

from enishi.accounts.actions import save_records
from enishi.accounts.models import Account, AuditLine, Company, Member, RecordVersion
from enishi.cli import checks, chores, schedule
from enishi.cli.finding import find_account
from enishi.cli.main import run
from enishi.cli.serve import check_port
from enishi.cli.setting_up import make_password, name_fields, set_up
from enishi.cli.words import use_language
from enishi.ingest.api import drain
from enishi.ingest.models import Import
from enishi.ingest.withdrawing import ask_withdrawal
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.home import Home
from enishi.signals.outdated import outdated_from
from enishi.store.api import Published
from enishi.store.kinds import KINDS
from enishi.web.pages.portfolio.exports import export_portfolio

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    use_language("en")
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path / "data"))
    # The test's database stands in for the data folder's file.
    monkeypatch.setattr("enishi.cli.installation.pending_migrations", lambda: [])
    monkeypatch.setattr("enishi.cli.checks.pending_migrations", lambda: [])
    monkeypatch.setattr("enishi.cli.checks._check_sqlite", lambda home: iter(()))
    home = Home.from_environment()
    home.prepare()
    return home


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


# ---- setting up ----------------------------------------------------------------------------------------------


def test_the_first_administrator_is_made_once(home: Home) -> None:
    first = set_up(home, name=name_fields("佐藤 花子"))
    assert first is not None
    assert first.password is not None
    assert Member.objects.get().full_name == "佐藤 花子"
    member = Member.objects.get(email=first.email)
    assert member.check_password(first.password)
    assert first.password not in member.password
    assert set_up(home) == type(first)(first.email, None)
    assert AuditLine.objects.filter(verb="member_added").count() == 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_first_administrator_reads_the_companys_language(home: Home, language: str) -> None:
    Company.objects.update_or_create(pk=1, defaults={"language": language})
    first = set_up(home)
    assert first is not None
    assert Member.objects.get(email=first.email).language == language


def test_passwords_are_long_and_differ() -> None:
    made = {make_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 19 for password in made)


def test_a_member_gets_a_password_that_works(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["member", "add", "hana@kaisha.example", "--role", "manager", "--scope", "all", "--json"]) == 0
    said = told(capsys)
    assert Member.objects.get(email="hana@kaisha.example").check_password(said["password"])
    assert run(["member", "password", "hana@kaisha.example", "--json"]) == 0
    assert Member.objects.get(email="hana@kaisha.example").check_password(told(capsys)["password"])
    assert run(["member", "add", "hana@kaisha.example"]) == 1
    assert run(["member", "add", "no mail"]) == 1
    assert run(["member", "password", "nobody@kaisha.example", "--json"]) == 1
    assert run(["member", "list", "--json"]) == 0


# ---- import, score, explain, asof ----------------------------------------------------------------------------


@pytest.fixture
def imported(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    today = datetime.now(UTC).date()
    accounts = tmp_path / "accounts.csv"
    rows = [
        "A1,青葉精機,アオバセイキ",
        "A2,白鷺物流,シラサギブツリュウ",
        *(f"A{n},会社{n}," for n in range(3, 13)),
    ]
    accounts.write_text("\n".join(["顧客コード,会社名,フリガナ", *rows]) + "\n", encoding="cp932")
    events = tmp_path / "events.csv"
    lines = ["occurred_at,account,user,event,format"]
    for back in range(120):
        day = today - timedelta(days=back)
        lines += [f"{day}T01:00:00Z,A{1 + back % 12},u{back % 5},report_opened,pdf"]
    events.write_text("\n".join(lines) + "\n")
    assert run(["import", "accounts", str(accounts), "--system", "product", "--json"]) == 0
    assert told(capsys)["created"] == 12
    assert run(["import", "events", str(events), "--json"]) == 0
    assert told(capsys)["created"] == 120
    return home


def test_import_score_explain_and_asof(
    imported: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Account.objects.count() == 12, "the events belong to the accounts of the file"
    assert run(["score", "--json"]) == 0
    assert told(capsys)["accounts"] == 12
    assert run(["explain", "あおば", "--json"]) == 0
    said = told(capsys)
    assert said["name"] == "青葉精機"
    assert sum(line["tenths"] for line in said["lines"]) == said["tenths"]
    assert run(["explain", "あおば"]) == 0
    table, _, left_out = capsys.readouterr().out.partition("No data, left out: ")
    assert "NPS answer" in left_out
    assert "NPS answer" not in table
    assert "Days since last seen" in table
    use_language("ja")
    assert run(["explain", "A2"]) == 0
    assert "白鷺物流" in capsys.readouterr().out
    past = datetime.now(UTC).date() - timedelta(days=20)
    assert run(["asof", "2999-01-01"]) == 1
    assert "まだ来ていません" in capsys.readouterr().err
    assert run(["asof", past.isoformat(), "A1", "--metric", "active_users_28", "--json"]) == 0
    rows = told(capsys)["accounts"]
    assert [row["account"] for row in rows] == ["A1"]
    assert rows[0]["active_users_28"] > 0


@pytest.mark.slow
def test_score_reads_waiting_texts_first_so_that_reading_them_later_changes_nothing(
    imported: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    tickets = tmp_path / "tickets.csv"
    lines = [
        f"T{n},A1,解約したい,対応が遅く、まったく改善されず不満です,{today - timedelta(days=40 + n)}"
        for n in range(3)
    ]
    tickets.write_text("\n".join(["問い合わせ番号,顧客コード,件名,本文,受付日", *lines]) + "\n")
    assert run(["import", "tickets", str(tickets), "--system", "product", "--json"]) == 0
    assert run(["score", "--past", "--json"]) == 0
    assert RecordVersion.objects.filter(kind="reading").count() == 3
    generation, behind = Published(imported).generation, outdated_from(imported)
    assert chores.texts(datetime.now(UTC)) is True
    drain(imported)
    assert (Published(imported).generation, outdated_from(imported)) == (generation, behind)


def test_an_import_twice_changes_nothing_and_rejects_are_told(
    imported: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "invoices.csv"
    bad.write_text(
        'id,account,amount,issued_on,due_on\n1,A1,"¥12,000",2026年4月1日,2026/5/1\n2,NOBODY,5,2026-04-01,\n'
    )
    rejects = tmp_path / "rejects.csv"
    arguments = ["import", "invoice", str(bad), "--system", "product", "--rejects", str(rejects), "--json"]
    assert run([*arguments, "--dry-run"]) == 3
    assert told(capsys)["dry_run"]
    assert run(arguments) == 3
    said = told(capsys)
    assert (said["created"], said["rejected"]) == (1, 1)
    assert "NOBODY" in rejects.read_text(encoding="utf-8-sig")
    run(arguments)
    assert told(capsys)["unchanged"] == 1


def test_columns_that_no_field_takes_are_named(
    imported: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "contracts.csv"
    file.write_text("契約番号,顧客コード,契約開始日,月額,社内区分\nK1,A1,2025/4/1,12万円,甲\n")
    arguments = ["import", "subscription", str(file), "--system", "product"]
    assert run([*arguments, "--json"]) == 0
    warnings = told(capsys)["warnings"]
    assert (warnings["unused_columns"], warnings["assumed_interval"]) == (["社内区分"], "month")
    run([*arguments, "--history"])
    said = capsys.readouterr()
    assert "社内区分" in said.err
    assert "--map interval=" in said.err
    assert "Nothing is new: unchanged rows stay history or news as they came first." in said.out
    assert "Taken as" not in said.out


def test_rows_are_told_of_by_the_titles_of_fields_and_each_thing_once(
    imported: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "e.csv"
    rows = "2026/13/45,A1,u1,login\n2026-01-05,,u1,login\n2026-01-05,B7,u1,login\n"
    file.write_text(f"occurred_at,account,user,event\n{rows}")
    assert run(["--lang", "ja", "import", "event", str(file), "--dry-run"]) == 3
    said = capsys.readouterr().err
    assert "2行目: 日時: 「2026/13/45」" in said
    assert "顧客企業: 1行" in said
    assert "未登録のID: 新しい顧客企業1社(B7)。登録済みの顧客企業であれば、--system" in said
    assert run(["import", "account", str(file), "--map", "amount=user"]) == 1
    assert capsys.readouterr().err.count("amount") == 1


def test_an_import_is_undone_by_its_number(imported: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["undo", "--json"]) == 0
    accounts, events = sorted(told(capsys), key=lambda made: made["import"])[-2:]
    assert (events["file"], events["created"]) == ("events.csv", 120)
    ask_withdrawal(Import.objects.get(pk=events["import"]), actor="t", now=NOW)  # and was cut off
    assert run(["undo", str(events["import"]), "--yes"]) == 0
    assert capsys.readouterr().out.startswith("120 events were taken back, with 0 customers")
    assert run(["undo", str(events["import"]), "--json"]) == 1
    said = told(capsys)
    assert (said["error"], said["message"]) == ("import_not_undoable", "This import is undone already.")
    assert run(["undo", str(accounts["import"]), "--json"]) == 0
    assert told(capsys)["removed"] == 12
    assert run(["undo"]) == 0
    assert "events.csv" not in capsys.readouterr().out
    assert run(["undo", "999999", "--json"]) == 1


def test_refusals_name_the_remedy(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    assert run(["import", "unicorn", str(file), "--json"]) == 1
    said = told(capsys)
    assert said["error"] == "unknown_kind"
    assert "subscription" in said["hint"]
    assert run(["import", "tikets", "not-there.csv", "--json"]) == 1
    assert told(capsys)["hint"].startswith("Did you mean ticket?")
    assert run(["import", "account", str(file), "--map", "name"]) == 2
    assert run(["explain", "nobody at all", "--json"]) == 1
    assert told(capsys)["error"] == "unknown_account"


def test_an_account_is_found_however_it_is_typed(imported: Home) -> None:
    account = Account.objects.get(outside_id="A1")
    for text in ("A1", "青葉精機", "ｱｵﾊﾞ", "あおばせいき", str(account.pk)):
        assert find_account(text) == account
    with pytest.raises(NotFound):
        find_account("ない会社")
    with pytest.raises(EnishiError) as caught:
        find_account("会社")
    assert caught.value.code == "several_accounts"


def test_a_backtest_answers_in_the_agreed_shape(imported: Home, capsys: pytest.CaptureFixture[str]) -> None:
    today = datetime.now(UTC).date()
    span = ["--from", str(today - timedelta(days=50)), "--to", str(today)]
    assert run(["backtest", "--outcome", "silence:7", "--every", "week", *span, "--json"]) == 0
    said = told(capsys)
    for name in ("score", "recency"):
        assert {"auc", "low", "high", "brier", "n", "accounts"} <= set(said[name])
    assert {"band", "n", "observed"} <= set(said["bands"][0])
    assert "lead_time_days" in said
    assert run(["backtest", "--outcome", "luck:3"]) == 1
    assert run(["backtest", "--every", "quarter", "--from", str(today), "--to", str(today)]) in (0, 1)


@pytest.mark.slow
def test_forecasts_answer_in_the_agreed_shape(imported: Home, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--horizon", "30", "--json"]
    assert run(["forecast", "fit", *asked]) == 0
    (model,) = told(capsys)["models"]
    assert {"horizon", "version", "status", "speaks", "missing_outcomes", "trained_on", "reason"} <= set(
        model
    )
    assert (model["horizon"], model["version"], model["speaks"]) == (30, 1, False)
    assert model["missing_outcomes"] > 0
    assert run(["forecast", "score", *asked]) == 0
    said = told(capsys)
    assert {"day", "horizon", "model", "accounts"} <= set(said)
    entry = said["accounts"][0]
    assert {"account", "name", "probability", "low", "high", "base_rate", "rank", "drivers", "exits"} <= set(
        entry
    )
    assert entry["probability"] is None, "too few outcomes"
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    assert run(["forecast", "report", *asked, "--as-of", yesterday]) == 0
    told_of = told(capsys)
    assert {"day", "model", "report", "record"} <= set(told_of)
    assert (told_of["model"]["as_of"], told_of["model"]["status"]) == (yesterday, "candidate")
    assert run(["forecast", "score", "--horizon", "30"]) == 0
    assert run(["forecast", "fit", "--as-of", str(datetime.now(UTC).date() + timedelta(days=30))]) == 1


# ---- serving and the schedule --------------------------------------------------------------------------------


def test_a_taken_port_is_refused_with_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Conflict) as caught:
            check_port("127.0.0.1", port)
    assert str(port + 1) in caught.value.hint.en


def test_each_slot_is_queued_once(home: Home) -> None:
    names = schedule.queue_due(NOW)
    assert set(names) == set(schedule.BY_NAME), "noon in Tokyo: all of the day's jobs are due"
    assert schedule.queue_due(NOW) == []
    DBTaskResult.objects.update(status="SUCCESSFUL", finished_at=NOW)
    assert schedule.queue_due(NOW) == []
    assert set(schedule.queue_due(NOW + timedelta(minutes=1))) == {
        "alerts",
        "outbox",
        "past",
        "refresh",
        "texts",
    }


def test_daily_jobs_wait_for_their_hour_in_company_time() -> None:
    job = schedule.BY_NAME["score"]
    assert job.slot(datetime(2026, 11, 20, 0, 19)) is None  # noqa: DTZ001 - local time of the company
    assert job.slot(datetime(2026, 11, 20, 0, 20)) == "2026-11-20"  # noqa: DTZ001
    assert schedule.BY_NAME["tiers"].slot(datetime(2026, 11, 20, 14, 44)) == "2026-11-20 14:00"  # noqa: DTZ001


def test_jobs_cut_off_by_a_crash_are_queued_again(home: Home) -> None:
    schedule.queue_due(NOW)
    first = DBTaskResult.objects.first()
    first.claim("this-worker")
    assert chores.mend_jobs("this-worker") == 1
    assert DBTaskResult.objects.get(pk=first.pk).status == "READY"


def test_what_somebody_asked_for_goes_before_what_comes_by_itself(home: Home) -> None:
    schedule.queue_due(NOW)
    asked = export_portfolio.enqueue(1)
    assert str(DBTaskResult.objects.ready().first().pk) == str(asked.id)


def test_what_is_over_is_cleaned_away(home: Home) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=NOW - timedelta(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=NOW + timedelta(days=1))
    chores.cleaning(NOW)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_scores_are_refreshed_only_when_facts_arrived(
    imported: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from enishi.signals.models import ScoringRun

    now = datetime.now(UTC)
    chores.refresh(now)
    assert ScoringRun.objects.count() == 1
    chores.refresh(now)
    assert ScoringRun.objects.count() == 1


# ---- doctor --------------------------------------------------------------------------------------------------


def levels(home: Home, now: datetime) -> dict[str, str]:
    return {finding.check: finding.level for finding in checks.examine(home, now)}


def test_doctor_finds_a_sound_installation_sound(imported: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "--json"]) == 0
    capsys.readouterr()
    found = levels(imported, datetime.now(UTC))
    assert {name for name, level in found.items() if level == "error"} == set()
    assert found["store"] == found["inbox"] == found["usage"] == found["scores"] == "ok"
    assert run(["doctor", "--json"]) == 3, "nothing runs: the consumer and the worker are missed"
    assert {check["check"] for check in told(capsys)["checks"]} >= {"disk", "database", "consumer", "worker"}
    assert run(["doctor"]) == 3
    assert (
        capsys.readouterr()
        .out.rstrip()
        .endswith(f"Errors: 0, warnings: {list(found.values()).count('warning')}.")
    )


def test_doctor_misses_a_file_and_a_right_mode(imported: Home) -> None:
    imported.root.chmod(0o755)
    next(imported.published.rglob("*.parquet")).unlink()
    found = {finding.check: finding for finding in checks.examine(imported, datetime.now(UTC))}
    assert found["secrets"].level == "error"
    assert "chmod 700" in found["secrets"].remedy.en
    assert found["store"].level == "error"


def test_doctor_sees_a_clock_that_went_back(imported: Home) -> None:
    assert levels(imported, datetime(2020, 1, 1, tzinfo=UTC))["clock"] == "error"


def test_doctor_says_what_waits_in_the_inbox(imported: Home) -> None:
    from enishi.ingest.api import accept_events, event_message

    now = datetime.now(UTC)
    message = event_message(occurred_at=now, event="late", account="A1", user="u1")
    accept_events([message], source="test", home=imported, now=now - timedelta(hours=1))
    assert levels(imported, now)["inbox"] == "error"


def test_doctor_names_a_rule_that_cannot_be_used(imported: Home) -> None:
    from enishi.definitions.models import DefinitionVersion

    now = datetime.now(UTC)
    assert run(["score", "--json"]) == 0
    assert levels(imported, now)["definitions"] == "ok"
    version = DefinitionVersion.objects.filter(status="published", definition__kind="scorecard").first()
    text = json.dumps(version.body).replace("days_since_last_seen", "days_since_next_seen")
    DefinitionVersion.objects.filter(pk=version.pk).update(body=json.loads(text))
    found = {finding.check: finding for finding in checks.examine(imported, now)}["definitions"]
    assert found.level == "error"
    assert version.definition.slug in found.message.en


def test_doctor_misses_a_backup(imported: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    assert levels(imported, now)["backup"] == "warning"
    imported.backup_note.write_text(now.isoformat())
    assert levels(imported, now)["backup"] == "ok"
    assert levels(imported, now + timedelta(days=9))["backup"] == "warning"


def test_doctor_sees_events_that_lead_nowhere(imported: Home) -> None:
    from enishi.ingest.api import accept_events, drain, event_message

    now = datetime.now(UTC)
    assert levels(imported, now)["unmatched"] == "ok"
    message = event_message(occurred_at=now, event="opened", user="nobody")
    accept_events([message], source="test", home=imported, now=now)
    drain(imported)
    found = {finding.check: finding for finding in checks.examine(imported, now)}["unmatched"]
    assert found.level == "warning"
    assert found.message.en.startswith("Ids that lead to no account: 1 of users."), "no word of groups"


def test_doctor_names_customers_that_stand_twice_and_what_no_row_states(imported: Home) -> None:
    now = datetime.now(UTC)
    assert {levels(imported, now)[name] for name in ("twins", "gaps")} == {"ok"}
    name = Account.objects.order_by("pk").values_list("name", flat=True)[0]
    for kind, row in (
        ("account", {"id": "other", "name": name}),
        (
            "invoice",
            {"id": "I1", "account": "other", "amount": "1", "currency": "JPY", "issued_on": "2026-01-05"},
        ),
    ):
        save_records(KINDS[kind], [row], source="billing", actor="t", now=now)
    found = {finding.check: finding for finding in checks.examine(imported, now)}
    assert (found["twins"].level, found["gaps"].level) == ("warning", "warning")
    assert name in found["twins"].message.en
    assert "No invoice" in found["gaps"].message.en


def test_a_check_that_breaks_is_a_finding(home: Home) -> None:
    def check_broken(home: Home, now: datetime) -> None:
        raise ValueError("surprise")

    (finding,) = checks._guarded(check_broken, home, NOW)  # type: ignore[arg-type]
    assert finding.level == "error"
    assert "surprise" in finding.message.en


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    from enishi.cli.installation import _check_folder

    file = tmp_path / "file"
    file.touch()
    with pytest.raises(EnishiError):
        _check_folder(file)
