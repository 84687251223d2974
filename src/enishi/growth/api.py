"""The room's door: names only."""

from enishi.growth.actions import (
    declare_effort,
    get_effort,
    propose,
    record_result,
    set_aside,
    undo,
    use_fit,
)
from enishi.growth.book import catalogue
from enishi.growth.jobs import judge_book, learn, renew
from enishi.growth.models import CommerceTrial, GrowthRun, NextItems, Propensity, Proposal, Readiness
from enishi.growth.reads import (
    Came,
    Chance,
    Record,
    Wanted,
    chances_of,
    counts_by_offer,
    fits,
    last_run,
    list_proposals,
    list_ready,
    numbers_of,
    offer_titles,
    portion_of,
    record_by_offer,
    rows_of,
    said_and_came,
    standing_of,
    totals,
    versions,
)

__all__ = [
    "Came", "Chance", "CommerceTrial", "GrowthRun", "NextItems", "Propensity", "Proposal", "Readiness", "Record", "Wanted", "catalogue", "chances_of", "counts_by_offer",
    "declare_effort", "fits", "get_effort", "judge_book", "last_run", "learn", "list_proposals", "list_ready",
    "numbers_of", "offer_titles", "portion_of", "propose", "record_by_offer", "record_result", "renew", "rows_of", "said_and_came", "set_aside", "standing_of", "totals", "undo", "use_fit", "versions",
]  # fmt: skip
