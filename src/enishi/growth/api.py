"""The room's door: names only."""

from enishi.growth.actions import declare_effort, get_effort, propose, record_result, set_aside, undo
from enishi.growth.book import catalogue
from enishi.growth.jobs import judge_book, learn, renew
from enishi.growth.models import CommerceTrial, GrowthRun, NextItems, Propensity, Proposal, Readiness
from enishi.growth.reads import (
    Chance,
    Record,
    Wanted,
    chances_of,
    fits,
    last_run,
    list_proposals,
    list_ready,
    offer_titles,
    record_by_offer,
    rows_of,
    totals,
)

__all__ = [
    "Chance", "CommerceTrial", "GrowthRun", "NextItems", "Propensity", "Proposal", "Readiness", "Record", "Wanted", "catalogue", "chances_of",
    "declare_effort", "fits", "get_effort", "judge_book", "last_run", "learn", "list_proposals", "list_ready",
    "offer_titles", "propose", "record_by_offer", "record_result", "renew", "rows_of", "set_aside", "totals", "undo",
]  # fmt: skip
