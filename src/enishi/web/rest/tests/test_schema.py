"""Whatever the description allows is answered as described; nothing makes the server fail."""

from __future__ import annotations

import warnings

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from enishi.ingest.models import ApiKey
from enishi.web.rest.keys import forget_allowances


@pytest.fixture
def kept_connection(db):
    """The application closes its connection around each request, and with it the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def rest_schema(kept_connection):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def bearer(db):
    key = ApiKey(name="fuzz", scopes=["read:*", "write:*", "erase:*"])
    token = key.assign()
    key.save()
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.slow
@pytest.mark.both
@pytest.mark.filterwarnings("ignore")
def test_answers_are_as_described(rest_schema, bearer):
    checks = [
        schemathesis.checks.not_a_server_error,
        schemathesis.specs.openapi.checks.status_code_conformance,
        schemathesis.specs.openapi.checks.response_schema_conformance,
    ]
    tried = 0
    for found in rest_schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def check(case):
            forget_allowances()
            case.validate_response(case.call(headers=bearer), checks=checks)

        check()
        tried += 1
    assert tried > 40
