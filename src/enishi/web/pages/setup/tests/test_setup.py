"""From empty to the first score; sources; company settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from enishi.accounts.company import get_company
from enishi.accounts.models import Account, AuditLine, Member, Role, Scope
from enishi.ingest.models import Import, Reject, WriteKey
from enishi.kit.home import Home
from enishi.store.testing import publish
from enishi.web.models import BackgroundJob
from enishi.web.pages.setup.company_views import list_holidays
from enishi.web.pages.setup.reads import Progress, list_sources, read_progress

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(
        Member.objects.create_user("sato@example.jp", None, role=Role.ADMIN, scope=Scope.ALL, language="ja")
    )
    return client


def test_checklist_follows_what_is_there(tmp_path: Path) -> None:
    home = Home(tmp_path)
    progress = read_progress(get_company(), home)
    assert (progress.company, progress.data, progress.score, progress.steps_done) == (False, False, False, 0)
    Account.objects.create(name="花山", source="crm", outside_id="1")
    publish(home, "events", [{"day": TODAY, "event": "Opened", "group_no": 1, "user_no": 1, "source": "web"}])
    progress = read_progress(get_company(), home)
    assert progress.data
    assert progress.events == 1


def test_sources_show_volume_last_arrival_and_rejects(tmp_path: Path) -> None:
    home = Home(tmp_path)
    events = [
        {"day": TODAY, "event": "Opened", "group_no": 1, "user_no": 1, "source": "製品A"},
        {"day": TODAY, "event": "Opened", "group_no": 1, "user_no": 2, "source": "製品A"},
        {"day": date(2026, 11, 1), "event": "Opened", "group_no": 1, "user_no": 2, "source": "製品A"},
        {"day": date(2026, 1, 1), "event": "Opened", "group_no": 1, "user_no": 2, "source": "古い製品"},
    ]
    publish(home, "events", events)
    key = WriteKey(name="製品B")
    key.assign()
    key.save()
    Reject.objects.create(
        source="製品A", origin="inbox:1", position=0, payload="{}", reason="bad", message_en="", message_ja=""
    )
    sources = {source.name: source for source in list_sources(home, TODAY)}
    assert set(sources) == {"製品A", "製品B"}
    assert sources["製品A"].total == 3
    assert sources["製品A"].daily[-1] == 2
    assert sources["製品A"].rejects == 1
    assert sources["製品A"].last_at is not None
    assert sources["製品B"].total == 0
    assert sources["製品B"].key.startswith("enw_")


def test_rejected_rows_of_a_file_of_records_stand_with_the_records(tmp_path: Path) -> None:
    made = Import.objects.create(kind="ticket", name="tickets.csv", system="desk", made_by="t")
    usage = Import.objects.create(kind="event", name="usage.csv", made_by="t")
    for one in (made, usage):
        Reject.objects.create(
            kind=one.kind,
            source=one.name,
            origin=one.origin,
            position=2,
            payload="{}",
            made_at=datetime(2026, 11, 20, tzinfo=UTC),
        )
    found = {source.name: source.rejects for source in list_sources(Home(tmp_path), TODAY)}
    assert found == {"desk": 1, "usage.csv": 1}


def test_first_key_is_shown_once_and_stands_in_the_snippets(client: Client) -> None:
    page = client.post("/setup/write-key/").content.decode()
    key = WriteKey.objects.get()
    clear = page.partition('id="clear-key"')[2].partition(">")[2].partition("<")[0]
    assert clear.startswith("enw_")
    assert page.count(clear) == 5
    assert clear not in client.get("/setup/").content.decode()
    assert key.shown in client.get("/setup/").content.decode()
    assert client.post("/setup/write-key/").status_code == 302
    assert AuditLine.objects.filter(verb="write_key_created").count() == 1


def test_a_job_is_started_once_and_watched(client: Client) -> None:
    client.post("/setup/score/")
    client.post("/setup/score/")
    job = BackgroundJob.objects.get()
    assert client.get(f"/setup/jobs/{job.pk}/").status_code == 200
    BackgroundJob.objects.update(status="done")
    assert client.get(f"/setup/jobs/{job.pk}/").headers["HX-Refresh"] == "true"


def test_company_settings_are_checked_saved_and_audited(client: Client) -> None:
    form = {
        "name": "株式会社ソラテック", "language": "ja", "time_zone": "Asia/Tokyo", "week_start": "0",
        "fiscal_year_start": "4", "currency": "JPY", "gross_margin": "72.5", "holiday_country": "JP",
        "extra_holidays": "2026-12-29 年末休業\n2026/12/30", "factor_rule": "off", "factor_grace_days": "0",
    }  # fmt: skip
    assert 'value="80"' in client.get("/setup/company/").content.decode()
    assert client.post("/setup/company/", form).status_code == 302
    assert 'value="72.5"' in client.get("/setup/company/").content.decode()
    company = get_company()
    assert company.gross_margin == Decimal("0.7250")
    assert company.extra_holidays[0] == {"on": "2026-12-29", "name": "年末休業"}
    assert company.set_up_at is not None
    assert "0.7250" in AuditLine.objects.get(verb="company_changed").detail["gross_margin"][1]
    assert client.post("/setup/company/", form | {"extra_holidays": "明日"}).status_code == 422
    assert client.post("/setup/company/", form | {"time_zone": "Mars/Base"}).status_code == 422
    assert "Asia/Tokyo、JPY、会計年度は4月開始、休日は日本。" in client.get("/setup/").content.decode()
    client.post("/setup/company/", form)
    assert AuditLine.objects.filter(verb="company_changed").count() == 1


def test_holidays_are_named_in_the_readers_language() -> None:
    def clock() -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    japanese = {str(on): name for on, name in list_holidays("JP", "ja", clock)}
    english = {str(on): name for on, name in list_holidays("JP", "en", clock)}
    assert japanese["2026-11-23"] == "勤労感謝の日"
    assert english["2026-11-23"] == "Labor Thanksgiving Day"
    assert list_holidays("XX", "ja", clock) == []


def test_scoring_nobody_is_no_first_score():
    nobody = Progress(True, 0, 0, scored=0, unknown=0, members=1, scored_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert not nobody.score
    assert replace(nobody, accounts=1, unknown=1).score


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "このフィールドは必須です。"),
        ("name", "あ" * 201, "200"),
        ("gross_margin", "120", "100 以下"),
        ("gross_margin", "-1", "0 以上"),
        ("gross_margin", "八割", "数値を入力してください。"),
        ("gross_margin", "8E+1", ""),
        ("time_zone", "Mars/Base", "Mars/Base"),
        ("currency", "YEN", "YEN"),
        ("language", "fr", "fr"),
        ("fiscal_year_start", "13", "13"),
        ("week_start", "3", "3"),
        ("holiday_country", "ZZ", "ZZ"),
        ("extra_holidays", "2026-12-29 年末\n明日", "2行目"),
        ("factor_rule", "everybody", "everybody"),
        ("factor_grace_days", "-1", "0 以上"),
        ("factor_grace_days", "91", "90 以下"),
    ],
)
def test_a_company_setting_that_cannot_be_is_told_at_its_field(
    client: Client, field: str, value: str, message: str
) -> None:
    form = client.get("/setup/company/").context["form"]
    values = {name: form[name].value() for name in form.fields} | {"extra_holidays": "", field: value}
    answer = client.post("/setup/company/", values)
    if not message:
        assert answer.status_code == 302
        assert 'value="80"' in client.get("/setup/company/").content.decode()
        return
    assert answer.status_code == 422
    assert message in " ".join(answer.context["form"].errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_the_guide_asks_the_first_administrator_for_a_name(client: Client) -> None:
    assert "名前を登録する" in client.get("/setup/").content.decode()
    assert "お名前が登録されていません" in client.get("/me/").content.decode()
    client.post("/me/", {"family_name": "佐藤", "given_name": "花子", "language": "ja"})
    assert "名前を登録する" not in client.get("/setup/").content.decode()
    assert "お名前が登録されていません" not in client.get("/me/").content.decode()


def test_the_guide_notices_the_first_event_and_keeps_the_key_on_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = client.post("/setup/write-key/").content.decode()
    assert "enw_" in shown
    assert 'hx-get="/setup/arrived/"' in shown
    waiting = client.get("/setup/arrived/")
    assert 'hx-trigger="every 3s"' in waiting.content.decode()
    Account.objects.create(name="customer-1", source="app", outside_id="customer-1")
    there = client.get("/setup/arrived/")
    assert "hx-get" not in there.content.decode(), "it asks no more"
    assert "HX-Refresh" not in there.headers, "a page that shows a key once is not loaded anew"
    assert "顧客 1社" in there.content.decode()
    assert "/setup/arrived/" not in client.get("/setup/").content.decode()
