"""Files, keys, rejects and identity in a real browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.checks import LOOKS, check_at_both_widths, check_page
from tests.browser.conftest import ROOT, Open, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

ADMIN = "sato@soratech.example"
FILE = (
    "顧客コード,会社名(必須),会社名カナ,社員数,契約開始日\n"
    "N-1,株式会社あさひ,アサヒ,１２０名,令和6年4月1日\nN-2,,ユウヒ,30名,2023/10/1\n"
)
PAGES = {
    "imports": "/setup/imports/",
    "keys": "/setup/keys/",
    "rejects": "/setup/rejects/",
    "identity": "/setup/identity/",
    "identity-users": "/setup/identity/users/",
    "identity-merges": "/setup/identity/merges/",
    "identity-ids": "/setup/identity/ids/",
    "api-guide": "/api/v1/docs",
}


def work(server: Server) -> None:
    """What the worker would do: every queued import."""
    code = (
        "import django; django.setup()\n"
        "from enishi.ingest.models import Import\n"
        "from enishi.ingest.files.jobs import run_import_job\n"
        "for n in Import.objects.filter(status='queued').values_list('pk', flat=True): run_import_job.func(n)\n"
    )
    environment = {
        **os.environ,
        "ENISHI_HOME": str(server.home),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "enishi.web.settings",
        "PYTHONPATH": str(ROOT / "src"),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_a_file_is_dropped_mapped_tried_run_and_corrected(
    open_window: Open, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "顧客一覧.csv"
    path.write_bytes(FILE.encode("cp932"))
    window = open_window(ADMIN)
    page = window.go("/setup/imports/")
    page.set_input_files("input[type=file]", path)
    page.wait_for_selector("#mapping-form")
    window.settle()
    assert page.locator("#f-encoding").input_value() == "cp932"
    assert page.locator("#col-name").input_value() == "会社名(必須)"
    assert page.locator(".cell-bad").count() == 1
    check_page(window, "import-mapping")
    page.get_by_role("button", name="書き込まずに試す").click()
    page.wait_for_selector("#tried")
    assert "新規1件" in page.locator("#tried").inner_text()
    page.get_by_role("button", name="取り込む").first.click()
    page.wait_for_selector("#import-progress")
    check_page(window, "import-running")
    work(server)
    page.wait_for_selector("#rejected tbody tr", timeout=10_000)
    window.settle()
    check_page(window, "import-result")
    page.locator("#rejected summary").first.click()
    field = page.locator(".at-fault").first
    field.fill("有限会社ゆうひ")
    page.get_by_role("button", name="再試行する").first.click()
    page.wait_for_selector("#rejected tbody tr", state="detached")
    asked = "SELECT name, employees FROM accounts_account WHERE outside_id = 'N-2'"
    assert server.ask(asked) == [("有限会社ゆうひ", 30)]


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_rows_wrong_alike_are_corrected_at_once_and_the_correction_is_kept(
    open_window: Open, server: Server, tmp_path: Path, size: str
) -> None:
    path = tmp_path / f"為替レート-{size}.csv"
    rows = "".join(f"{size}-{n},USD,2026/{n + 1}/1,時価\n" for n in range(3))
    path.write_bytes(f"ID,通貨,日付,レート\n{size}-9,USD,2026/9/1,149.5\n{rows}".encode("cp932"))
    window = open_window(ADMIN, size=size)
    page = window.go("/setup/imports/")
    page.focus("input[type=file]")
    assert page.locator("[data-file-name]").inner_text() == "選択されていません"
    page.select_option("#kind", "exchange_rate")
    page.set_input_files("input[type=file]", path)
    page.wait_for_selector("#mapping-form")
    window.settle()
    page.select_option("#col-id", "")
    page.wait_for_selector("#f-made-ids")  # asked by the import alone: the page goes on without it
    page.select_option("#col-id", "ID")
    page.wait_for_selector("#f-made-ids", state="detached")
    window.settle()
    page.select_option("#col-rate", "レート")
    window.settle()
    page.get_by_role("button", name="取り込む").first.click()
    page.wait_for_selector("#import-progress")
    work(server)
    page.wait_for_selector("#rejected tbody tr", timeout=10_000)
    page.get_by_role("link", name="同じ理由の行をまとめて修正する").click()
    page.locator("#reasons").get_by_role("link", name="まとめて修正する").first.click()
    window.settle()
    check_page(window, f"alike-{size}")
    page.fill("input[name=to-0]", "150")
    page.get_by_role("button", name="書き込まずに試す").click()
    page.wait_for_selector("#outcome")
    assert "3件のうち3件を取り込めます" in page.locator("#outcome").inner_text()
    check_page(window, f"alike-tried-{size}")
    page.check("#a-keep")
    page.get_by_role("button", name="この3件に適用する").click()
    page.wait_for_selector("#about")
    check_page(window, f"correction-{size}")
    asked = (
        f"SELECT count(*) FROM accounts_record WHERE kind = 'exchange_rate' AND outside_id LIKE '{size}-%'"
    )
    assert server.ask(asked) == [(4,)]
    window.go("/setup/rejects/")
    check_page(window, f"rejects-kept-{size}")
    page.locator("#kept").get_by_role("button").first.click()
    page.wait_for_selector("#kept", state="detached")


def test_a_key_is_shown_once_and_its_end_is_typed(open_window: Open) -> None:
    window = open_window(ADMIN)
    page = window.go("/setup/keys/")
    page.locator("[data-opens=new-api]").click()
    page.fill("#id_name >> visible=true", "データ基盤")
    page.locator("input[name=scopes][value='read:account']").check()
    check_page(window, "key-form")
    page.locator("#new-api button.btn-primary").click()
    page.wait_for_selector("#clear-key")
    check_page(window, "key-new")
    clear = page.locator("#clear-key").inner_text()
    window.go("/setup/keys/")
    assert clear not in page.content()
    page.locator("#api-keys [data-opens]").last.click()
    dialog = page.locator("dialog[open]")
    dialog.locator("input[name=name]").fill("データ基盤")
    dialog.locator("button.btn-danger").click()
    window.settle()
    assert page.locator("#api-keys tbody").inner_text().count("失効") == 1


@pytest.mark.parametrize(("language", "size"), LOOKS)
def test_pages_are_accessible_and_fit(open_window: Open, language: str, size: str) -> None:
    window = open_window(ADMIN, language=language, size=size)
    for name, path in PAGES.items():
        window.go(path)
        check_at_both_widths(window, name)
