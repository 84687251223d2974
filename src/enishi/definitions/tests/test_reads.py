"""Definitions as one request reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enishi.definitions.api import definitions_remembered, find_published, install_defaults, list_published

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def test_a_request_reads_each_kind_once() -> None:
    install_defaults("system", NOW)
    with CaptureQueriesContext(connection) as seen, definitions_remembered():
        first = list_published("scorecard")
        first.clear()  # what one reader does with its list is its own
        assert find_published("scorecard", "default")
        list_published("tiers")
    assert len(seen) == 2


def test_the_next_request_sees_what_was_published_since() -> None:
    with definitions_remembered():
        assert list_published("scorecard") == []
    install_defaults("system", NOW)
    with definitions_remembered():
        assert find_published("scorecard", "default")
