"""The room's door: names only."""

from enishi.segments.actions import assign_tiers, check_tier, pin_tier, unpin_tier
from enishi.segments.reads import (
    ShownTiers,
    TierLine,
    count_tiers,
    find_pin,
    last_tiers,
    list_tiers,
    shown_tiers,
    tier_history,
    tier_titles,
    tiers_on,
)

__all__ = [
    "ShownTiers",
    "TierLine",
    "assign_tiers",
    "check_tier",
    "count_tiers",
    "find_pin",
    "last_tiers",
    "list_tiers",
    "pin_tier",
    "shown_tiers",
    "tier_history",
    "tier_titles",
    "tiers_on",
    "unpin_tier",
]
