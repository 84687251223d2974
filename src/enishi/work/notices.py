"""Who of all customers has given notice; kept for minutes where there are many of them."""

from __future__ import annotations

from datetime import date

from enishi.accounts.leaving import FEW, Leaving, leaving_among
from enishi.accounts.models import Account
from enishi.work.keeping import kept


def leaving_now(today: date) -> dict[int, Leaving]:
    """The notices in force, by account, whoever may see it: the caller keeps to the accounts in scope."""
    everybody = Account.objects.all()
    return kept("leaving1", today, lambda: leaving_among(everybody, today), lambda _: everybody.count() > FEW)
