"""Who won each customer. Some sellers win whoever can succeed, some whoever signs: what they sell comes to less, and shows it
at the sale by how small and how short it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .people import VENDOR_DOMAIN
from .sample import Sample
from .world import Customer

HARD_STORIES = ("never_onboarded", "steady_small", "price_complaint")


@dataclass(frozen=True)
class Seller:
    """``eager``: how much more often than others it wins those who are no good customers; below 0 less often."""

    name: str
    share: float
    eager: float
    english: bool = False


# One still works there and has a mail address in Enishi; of the others the CRM knows the name.
SELLERS = (
    Seller(f"takumi.sakai@{VENDOR_DOMAIN}", 0.24, -0.9),
    Seller("小松 理沙", 0.22, -0.5),
    Seller("長谷 圭吾", 0.22, 1.3),
    Seller("村瀬 直人", 0.2, 0.7),
    Seller("Daniel Brooks", 0.12, 0.0, english=True),
)
# Who came by itself or through a partner was often sold by nobody of the house.
NOBODY = {"Web": 0.45, "パートナー": 0.25}


def seller_of(sample: Sample, who: Customer) -> str | None:
    """Who sold to the customer; None where nobody of the house did. A draw of its own, so that nothing else shifts."""
    random = sample.random(who.index, "seller")
    alone, luck = random.random(), random.random()
    if alone < NOBODY.get(who.company.channel, 0):
        return None
    sellers = [one for one in SELLERS if not one.english or who.company.language == "en"]
    hard = hardness(who)
    weights = np.array([one.share * (3 if one.english else 1) * np.exp(one.eager * hard) for one in sellers])
    return sellers[int(np.searchsorted(np.cumsum(weights) / weights.sum(), luck))].name


def hardness(who: Customer) -> float:
    """How unlikely a customer is to come to much: half of it can be seen at the sale."""
    seen = (who.company.size == "SMB") + (not who.yearly) + (who.seats < 6)
    return 0.5 * seen + 1.2 * (who.story in HARD_STORIES) - 0.8
