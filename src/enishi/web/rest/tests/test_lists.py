"""Lists of one account, and bodies that cannot be read."""

from __future__ import annotations

import pytest

from enishi.accounts.merging import merge_accounts
from enishi.accounts.models import Account
from enishi.kit.clock import system_clock
from enishi.signals.models import AccountState
from enishi.web.rest.keys import forget_allowances
from enishi.web.rest.tests.test_rest import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    forget_allowances()
    return Api()


@pytest.mark.parametrize("path", ["accounts", "contacts", "tickets", "scores"])
def test_lists_ask_for_an_account_by_the_id_that_records_name_it_by(api, path):
    api.upsert("accounts", *({"id": name, "name": name.upper()} for name in ("7", "b", "c")))
    for account in Account.objects.all():
        name = account.outside_id
        api.upsert("contacts", {"id": f"c-{name}", "account": name})
        api.upsert("tickets", {"id": f"t-{name}", "account": name, "opened_at": "2026-01-01T00:00:00Z"})
        AccountState.objects.create(account=account, day="2026-01-01", tenths=500)
    numbers = {account.outside_id: account.pk for account in Account.objects.all()}

    def found(**query):
        return [row["account_number"] for row in api.get(path, **query).json()["records"]]

    assert found(account="7") == [numbers["7"]]
    assert found(account_number=numbers["b"]) == [numbers["b"]]
    assert len(found()) == 3
    assert api.get(path, account=numbers["b"] + 1000).status_code == 404
    merge_accounts(
        Account.objects.get(pk=numbers["c"]),
        Account.objects.get(pk=numbers["b"]),
        actor="t",
        now=system_clock(),
    )
    assert set(found(account="c")) == {numbers["b"]}
    refused = api.get(path, account="nobody").json()
    assert refused["fields"]["account"]
    assert refused["hint"]


def test_a_body_that_is_cut_off_says_where_and_what_to_do(api):
    answer = api.client.post("/api/v1/accounts", '{"records": [\n {"id": "a"', "application/json")
    told = answer.json()
    assert (answer.status_code, told["error"]) == (400, "bad_json")
    assert "2行目12文字目" in told["message"]
    assert told["hint"]
    english = api.client.post(
        "/api/v1/accounts", '{"records": [1,]}', "application/json", headers={"accept-language": "en"}
    ).json()
    assert "line 1, column 16" in english["message"]
    assert api.client.post("/api/v1/accounts", b'{"a": "\xff"}', "application/json").status_code == 400
