"""Bringing the sample company in, through the same doors as any customer's data.

Members and the company's name are set up as an administrator would; records go through ``save_records`` and
events through the inbox, both marked as history.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from enishi.accounts.actions import save_records
from enishi.accounts.audit import SYSTEM, write_audit
from enishi.accounts.company import get_company
from enishi.accounts.models import Member, Team
from enishi.kit.home import Home
from enishi.store.kinds import KINDS

from . import people
from .aims import aim
from .drawing import Drawn, Told, draw_beside, event_bodies, quiet
from .naming import name_things
from .promises import plan_work
from .records import chunks, company_rows
from .sample import Sample
from .strangers import stranger_messages

SOURCE = "sample"
ROWS_A_CALL = 2_000
CARRY_BYTES = 256 << 20
NOTE = "sample.json"  # in the data folder: which sample this is and how far it has been told

# ---- what is already there -----------------------------------------------------------------------------------


def loaded(home: Home) -> tuple[Sample, bool] | None:
    """The sample in this installation as far as it has been told, and whether all of it is there; None where there
    is none."""
    note = home.root / NOTE
    if not note.exists():
        return None
    said = json.loads(note.read_text())
    sample = Sample(
        until=date.fromisoformat(said["until"]),
        accounts=said["accounts"],
        months=said["months"],
        seed=said["seed"],
        activity=said["activity"],
        first_day=date.fromisoformat(said["first_day"]),
    )
    return sample, said.get("whole", True)


def remember(home: Home, sample: Sample, whole: bool = True) -> None:
    """Note which sample this is; ``whole`` once all of it is there."""
    said = asdict(sample) | {"first_day": sample.start, "whole": whole}
    (home.root / NOTE).write_text(json.dumps(said, default=str))


# ---- loading -------------------------------------------------------------------------------------------------


def load(
    sample: Sample,
    home: Home,
    *,
    now: datetime,
    told: Told = quiet,
    after: date | None = None,
    language: str = "",
) -> None:
    """Load the company; with ``after`` only what happened since that day. Interrupted, it may be called again.

    Args:
        language: of the company, that of who loads it; kept as it is where none is given.
    """
    if after is None:
        remember(home, sample, whole=False)
        set_up_company(language, now)
        assume_costs(now)
        save_members()
    with draw_beside(sample, after) as drawn:
        load_records(sample, now=now, told=told, after=after)
        load_events(sample, home, drawn=drawn, now=now, told=told)
    name_things(now)
    plan_work(now)
    aim(now)
    remember(home, sample)


def set_up_company(language: str, now: datetime) -> None:
    """Name the vendor: yen, Tokyo, a year that starts in April. Its calendar and money are settled by that."""
    company = get_company()
    company.language = language or company.language
    company.set_up_at = company.set_up_at or now
    company.name, company.sample, company.fiscal_year_start = people.VENDOR_NAME, True, 4
    company.save()
    write_audit(SYSTEM, "sample_company_set_up", company)


# What an hour of the team and a ticket cost the vendor, in yen.
ASSUMED = {"hour_cost": 6_000, "ticket_cost": 1_500}


def assume_costs(now: datetime) -> None:
    """Say what serving a customer costs, as a leader would on the page of the assumptions."""
    from enishi.value.api import ValueSettings, save_settings

    if not ValueSettings.objects.exists():
        save_settings(SYSTEM, dict(ASSUMED), now)


def save_members() -> None:
    """The vendor's people. They cannot sign in until somebody gives them a password (``enishi member``)."""
    teams = {name: Team.objects.get_or_create(name=name)[0] for name in people.TEAMS}
    for mailbox, family, given, kana, role, scope, team, language in people.MEMBERS:
        email = f"{mailbox}@{people.VENDOR_DOMAIN}"
        if not Member.objects.filter(email=email).exists():
            member = Member.objects.create_user(
                email, None, family_name=family, given_name=given, name_kana=kana, role=role, scope=scope,
                team=teams.get(team), language=language,
            )  # fmt: skip
            write_audit(SYSTEM, "member_added", member)


def load_records(sample: Sample, *, now: datetime, told: Told = quiet, after: date | None = None) -> None:
    """Save every record, some accounts at a time; a row that is refused is a fault of the sample."""
    for kind, rows in company_rows(sample, sample.until).items():
        _save(kind, rows, now)
    done = 0
    for gathered in chunks(sample, after):
        for kind, rows in gathered.items():
            _save(kind, rows, now)
        done = min(done + 200, sample.accounts)
        told("records", done, sample.accounts)


def _save(kind: str, rows: list[dict[str, Any]], now: datetime) -> None:
    for first in range(0, len(rows), ROWS_A_CALL):
        results = save_records(
            KINDS[kind],
            rows[first : first + ROWS_A_CALL],
            source=SOURCE,
            actor=SYSTEM,
            backfill=True,
            now=now,
        )
        for result in results:
            if result.status == "rejected":
                raise ValueError(f"sample {kind} {rows[first + result.index]} was refused: {result.errors}")


def load_events(sample: Sample, home: Home, *, drawn: Drawn, now: datetime, told: Told = quiet) -> None:
    """Send the events in order of time, a week at a time: the store keeps days, not accounts."""
    from enishi.ingest.api import accept_bodies, accept_events, consume_once, drain

    weeks, waiting = drawn.wait(told), 0
    for place, week in enumerate(weeks):
        waiting += accept_bodies(
            event_bodies(week), source=SOURCE, system=SOURCE, backfill=True, home=home, now=now
        )
        week.unlink()
        if waiting > CARRY_BYTES:  # the inbox stays small, however many events there are
            consume_once(home)
            waiting = 0
        told("events", place + 1, len(weeks))
    strangers = stranger_messages(sample, drawn.after)
    accept_events(
        strangers, source=SOURCE, system=SOURCE, backfill=True, creates_accounts=False, home=home, now=now
    )
    drain(home, timeout=3600)
