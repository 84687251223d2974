"""What the lists of fit are asked for; the address keeps it."""

from __future__ import annotations

from django.http import QueryDict

from enishi.fit.api import SORTS, Listing
from enishi.fit.reads import LISTS
from enishi.web.asking import day_in

LONGEST = 100
BANDS = ("good", "fair", "poor", "-")


def read_listing(params: QueryDict) -> Listing:
    """The list an address names; what is not on offer is left out."""
    sort = params.get("sort", "-sold")
    name = sort.lstrip("-")
    what, band = params.get("what", ""), params.get("band", "")
    return Listing(
        what=what if what in LISTS else "regret",
        band=band if band in BANDS else "",
        channel=params.get("channel", "")[:LONGEST],
        seller=params.get("seller", "")[:200],
        search=params.get("q", "")[:LONGEST].strip(),
        sort=name if name in SORTS else "sold",
        down=sort.startswith("-"),
        sold_from=day_in(params.get("from")),
        sold_before=day_in(params.get("before")),
    )
