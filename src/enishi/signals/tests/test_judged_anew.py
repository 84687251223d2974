"""An older installation forgets once what was judged after its day."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps

from enishi.accounts.company import get_company
from enishi.definitions.api import install_defaults
from enishi.definitions.models import DefinitionVersion
from enishi.signals.models import HealthScore
from enishi.signals.tests.world import NOW, TODAY

DAY = timedelta(days=1)


@pytest.mark.django_db
@pytest.mark.usefixtures("accounts")
def test_what_was_said_on_a_day_itself_stays() -> None:
    install_defaults("test", NOW)
    version = DefinitionVersion.objects.filter(definition__kind="scorecard").get()
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZoneInfo(get_company().time_zone))
    on_its_day, closed, later = (midnight + wait for wait in (DAY / 2, 2 * DAY - DAY / 96, 2 * DAY))
    made = {
        "scorecard": "default",
        "version": version,
        "day": TODAY,
        "tenths": 500,
        "band": "red",
        "coverage": 1,
    }
    for account, computed in enumerate((on_its_day, closed, later), 1):
        HealthScore.objects.create(account_id=account, computed_at=computed, **made)
    import_module("enishi.signals.migrations.0011_unpriced").forget_what_was_judged_afterwards(apps, None)
    assert list(HealthScore.objects.order_by("pk").values_list("account_id", flat=True)) == [1, 2]
