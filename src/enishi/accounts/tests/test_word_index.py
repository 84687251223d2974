"""A word anywhere in a name is found by an index, and what is found is what reading every row would find."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.world import make_account

from enishi.accounts.models import Account, search_text
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
