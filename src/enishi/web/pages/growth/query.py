"""What the list of ready customers is asked for; the address keeps it."""

from __future__ import annotations

from django.http import QueryDict

from enishi.growth.api import Wanted
from enishi.growth.reads import SORTS, WHENS
from enishi.web.asking import number_in

LONGEST = 100


def read_wanted(params: QueryDict, offers: set[str], tiers: set[str]) -> Wanted:
    """The view an address names; what is not on offer is left out."""
    sort = params.get("sort", "-expected")
    name = sort.lstrip("-")
    owner = params.get("owner", "")
    return Wanted(
        offer=_one_of(params.get("offer", ""), offers),
        owner=owner if owner == "-" or number_in(owner) is not None else "",
        tier=_one_of(params.get("tier", ""), tiers),
        when=_one_of(params.get("when", ""), set(WHENS)),
        search=params.get("q", "")[:LONGEST].strip(),
        every=params.get("every", "") == "1",
        sort=name if name in SORTS else "expected",
        down=_turned(name, sort),
    )


def _turned(name: str, sort: str) -> bool:
    """Whether the order runs against the way the list usually has it: largest first, but names and days from the first."""
    usual_down = name not in ("name", "on")
    return sort.startswith("-") != usual_down


def _one_of(value: str, allowed: set[str]) -> str:
    return value if value in allowed else ""
