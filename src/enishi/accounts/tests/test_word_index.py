"""A word anywhere in a name is found by an index, and what is found is what reading every row would find."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from tests.world import make_account

from enishi.accounts.models import Account, search_text
from enishi.accounts.search import account_search, named
from enishi.kit.text import fold

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def plan_of(word: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would read a table of few rows through
    return str(Account.objects.filter(search__contains=word).order_by().values_list("pk").explain())


def test_a_word_is_looked_for_along_its_index() -> None:
    assert "account_by_word" in plan_of("さくら商事")


def test_what_changes_is_found_at_once_by_words_of_any_length() -> None:
    account = make_account("株式会社さくら商事")
    account.search = search_text(account.name, "サクラショウジ")
    account.save()
    for word in ("商事", "さくら", "ショウジ", "%", "_", "会社さく"):
        found = Account.objects.filter(search__contains=fold(word)).exists()
        assert found == (fold(word) in account.search), word
    Account.objects.filter(pk=account.pk).update(search="藤")
    assert not Account.objects.filter(search__contains="商事").exists()
    assert Account.objects.get(search__contains="藤") == account


def test_a_text_longer_than_a_page_of_an_index_is_kept() -> None:
    account = make_account("長い名前")
    account.search = "".join(chr(0x4E00 + n) for n in range(6_000))
    account.save()
    assert Account.objects.get(search__contains=account.search[5_000:5_010]) == account


@pytest.mark.parametrize(
    "typed", ["清流百貨", "(株)清流百貨", "㈱清流百貨", "清流百貨 株式会社", "清流百貨, Inc."]
)
def test_a_company_is_found_whatever_legal_form_is_typed(typed: str) -> None:
    wanted = {
        make_account("株式会社清流百貨"),
        make_account("清流百貨㈲"),
        make_account("清流百貨 Co., Ltd."),
    }
    make_account("株式会社清流")
    assert set(Account.objects.filter(named(typed))) == wanted


@pytest.mark.parametrize("typed", ["清流百貨東京", "清流百貨株式会社 東京支店", "清流百貨㈱東京支店"])
def test_a_legal_form_within_a_name_parts_it_from_nothing(typed: str) -> None:
    account = make_account("清流百貨(株)東京支店")
    account.search = account_search(account)
    account.save()
    assert Account.objects.get(named(typed)) == account


def test_names_saved_before_are_found_without_their_legal_form() -> None:
    account, plain = make_account("清流百貨(株)東京支店"), make_account("清流")
    Account.objects.filter(pk=account.pk).update(search="清流百貨(株)東京支店")
    migration = import_module("enishi.accounts.migrations.0009_names_without_legal_form")
    migration.add_joined_names(apps, None)
    assert Account.objects.get(named("清流百貨東京")) == account
    assert Account.objects.get(pk=plain.pk).search == plain.search
