"""What people call a kind of record."""

from __future__ import annotations

import pytest

from enishi.cli.import_ import kind_named
from enishi.kit.errors import EnishiError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("contract", "subscription"), ("Contracts", "subscription"), ("customers", "account"), ("companies", "account"),
        ("people", "contact"), ("bill", "invoice"), ("meetings", "interaction"), ("usage", "event"),
        ("survey answers", "survey_answer"), ("contacts", "contact"), ("fx", "exchange_rate"),
    ],
)  # fmt: skip
def test_everyday_words_are_understood(name, kind):
    assert kind_named(name) == kind


def test_what_nobody_calls_a_kind_is_refused():
    with pytest.raises(EnishiError, match="no kind 'banana'"):
        kind_named("banana")
