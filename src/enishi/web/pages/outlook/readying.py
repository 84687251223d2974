"""The forecast's page made ready by the worker, so that nobody waits for a new statement to be read."""

from __future__ import annotations

from datetime import date

from enishi.accounts.models import Member
from enishi.outlook import reads
from enishi.web.pages.outlook import moving, present, renewing
from enishi.web.pages.outlook.query import Query


def make_ready(member: Member, today: date) -> None:
    """Work out, in the language in force, what the page keeps of the latest statement as it opens."""
    forecast, query = reads.latest(), Query()
    if forecast is None:
        return
    view = reads.view_of(member)
    with reads.holding():
        found = reads.read_outlook(view, forecast)
        present.page_figures(found, None, reads.targets_for(member))
        renewing.listed(member, found, query, today)
        moving.bridge_context(view, forecast, query)
