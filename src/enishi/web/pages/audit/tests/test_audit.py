"""The audit log: narrowed, exported, in words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.test import Client

from enishi.accounts.audit import write_audit
from enishi.accounts.models import Account, Member, Role, Scope
from enishi.web.pages.audit.words import describe, verb_words

SOURCE = Path(__file__).resolve().parents[5]


@pytest.fixture
def client(db: None) -> Client:
    admin = Member.objects.create_user("sato@example.jp", None, role=Role.ADMIN, scope=Scope.ALL)
    account = Account.objects.create(
        name="花山商事", search="花山商事\nはなやま", source="crm", outside_id="1"
    )
    write_audit(admin, "account_merged", account, detail={"into": "2"})
    write_audit("api:crm", "records_saved", "ticket", detail={"created": 3})
    write_audit("system", "company_changed", "=cmd()", detail={"currency": ["JPY", "USD"]})
    client = Client()
    client.force_login(admin)
    return client


def rows(client: Client, query: str) -> str:
    return client.get(f"/audit/?{query}").content.decode().partition("<tbody>")[2]


def test_narrowed_by_who_what_and_account(client: Client) -> None:
    assert "api:crm" in rows(client, "actor=crm")
    assert "花山" not in rows(client, "actor=crm")
    assert "花山商事" in rows(client, "account=ハナヤマ")
    assert "顧客の統合" in rows(client, "verb=account_merged")
    assert rows(client, "until=2001-01-01") == ""
    assert "api:crm" in rows(client, "since=2001-01-01&until=nonsense")


def test_file_opens_in_a_spreadsheet_without_running_anything(client: Client) -> None:
    text = client.get("/audit/file/").getvalue().decode()
    assert text.startswith("\ufeff")
    assert '"\'=cmd()"' in text
    assert "JPY → USD" in text


def test_details_in_one_row() -> None:
    assert describe({"role": ["csm", "manager"], "n": 3}) == "role: csm → manager, n: 3"


def _verbs_written() -> set[str]:
    """The verbs of every ``write_audit`` call in the source, where they are plain words."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called == "write_audit" and isinstance(node, ast.Call) and len(node.args) > 1:
                verbs = [one for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)]
                found |= {one.value for one in verbs if isinstance(one.value, str) and one.value}
    # "account_" begins verbs made of a choice: both ends are in the list.
    return found - {"account_"}


def test_every_verb_written_has_words(db: None) -> None:
    assert _verbs_written() - set(verb_words()) == set()
