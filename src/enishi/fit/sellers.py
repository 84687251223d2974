"""Who sold, where it arrived before accounts had a field for it: among their further columns, whatever the source calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Headings as compared: lower case, without spaces, hyphens and underscores; the first of this order counts.
HEADINGS = (
    "seller", "soldby", "salesowner", "salesrep", "salesperson", "salesrepresentative", "accountexecutive", "ae",
    "dealowner", "opportunityowner", "closedby", "営業担当", "営業担当者", "販売担当", "販売担当者", "商談所有者", "受注担当",
    "受注担当者", "営業",
)  # fmt: skip
_PLAIN = str.maketrans("", "", " -_ ・.")


def seller_of(extra: Mapping[str, Any] | None) -> str:
    """The seller's name or mail address; "" where no source says one."""
    if not extra:
        return ""
    named = {str(name).strip().casefold().translate(_PLAIN): value for name, value in extra.items()}
    found = next((named[heading] for heading in HEADINGS if named.get(heading)), "")
    return str(found).strip()[:200] if isinstance(found, str | int) else ""
