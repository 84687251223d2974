"""Fill the data folder named by ENISHI_HOME with the cast: members who can sign in by password, and have once."""

from __future__ import annotations

import json
import os
from pathlib import Path

PASSWORD = "nagai-tabiji-2026"
SESSIONS = "sessions.json"  # in the data folder: the session of each member by address


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")
    from tests.browser.day import enter_the_day

    enter_the_day()
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    from enishi.accounts.models import Member
    from enishi.definitions.api import install_defaults
    from enishi.kit.clock import system_clock
    from tests.world import make_world

    call_command("migrate", verbosity=0)
    make_world()
    install_defaults("system", system_clock())
    Member.objects.update(password=make_password(PASSWORD))
    judge_relationships()
    forecast_revenue()
    sign_everyone_in()


def judge_relationships() -> None:
    """What the job says of the cast, so that its list has rows. Django is up."""
    from enishi.accounts.company import company_day
    from enishi.accounts.models import Account
    from enishi.kit.clock import system_clock
    from enishi.stakeholders.api import RelationshipRun, judge_again

    now = system_clock()
    for account in Account.objects.filter(merged_into=None):
        judge_again(account, company_day(now), now)
    RelationshipRun.objects.create(day=company_day(now), started_at=now, finished_at=now)


def forecast_revenue() -> None:
    """A statement of the cast's customers, so that the forecast has something to show. Django is up."""
    from enishi.accounts.company import company_day
    from enishi.accounts.models import Account
    from enishi.kit.clock import system_clock
    from enishi.outlook.testing import keep_statement

    numbers = list(Account.objects.filter(merged_into=None).values_list("pk", flat=True))
    keep_statement(company_day(system_clock()), numbers, renews_in=20)


def sign_everyone_in() -> None:
    """Leave a session of each member beside the data. Django is up."""
    from django.test import Client

    from enishi.accounts.models import Member

    sessions = {}
    for member in Member.objects.all():
        client = Client()
        client.force_login(member)
        sessions[member.email] = client.cookies["sessionid"].value
    Path(os.environ["ENISHI_HOME"], SESSIONS).write_text(json.dumps(sessions), encoding="utf-8")


if __name__ == "__main__":
    main()
