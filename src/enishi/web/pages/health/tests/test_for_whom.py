"""Whom a scorecard is for, in words of the reader's language."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from enishi.definitions.contracts import AppliesTo
from enishi.web.pages.health.card_present import for_whom

pytestmark = pytest.mark.django_db
NARROW = AppliesTo(plans=("Light", "Pro"), tiers=("high",), stages=("onboarding",), tenure_below_days=90)


def test_conditions_are_told_in_words_not_by_internal_names() -> None:
    with override("ja"):
        assert for_whom(NARROW) == ["プラン:Light、Pro", "階層:ハイタッチ", "段階:導入支援", "取引90日未満"]
    with override("en"):
        assert for_whom(NARROW) == [
            "plan: Light, Pro",
            "tier: High touch",
            "stage: Onboarding",
            "a customer for less than 90 days",
        ]


def test_a_scorecard_for_everyone_names_no_condition() -> None:
    assert for_whom(AppliesTo()) == []
