"""Ids of customers that differ in capitals alone: two customers to every system, and often one to people. It is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from enishi.accounts.coercion import clip
from enishi.accounts.models import Account, OutsideId
from enishi.kit.text import Text


class Spellings:
    """The ids under which customers are known in each system, whatever their capitals."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], set[str]] = defaultdict(set)
        links = OutsideId.objects.filter(target=OutsideId.Target.ACCOUNT, account__deleted_at=None)
        own = Account.objects.filter(deleted_at=None).values_list("source", "outside_id")
        for rows in (own, links.values_list("system", "value")):
            for system, name in rows.iterator(chunk_size=5000):
                self.add(system, name)

    def add(self, system: str, name: str) -> None:
        self._known[system, name.lower()].add(name)

    def other(self, system: str, name: str) -> str:
        """The id known in other capitals; empty where the very id is known too, or none."""
        known = self._known.get((system, name.lower()), set())
        return "" if name in known else min(known, default="")


def told_apart(name: str, other: str) -> Text:
    return Text(
        f"'{clip(name)}' differs from '{clip(other)}', who is known, in capitals alone.",
        f"「{clip(name)}」は登録済みの「{clip(other)}」と大文字小文字だけが異なります。",
    )


def apart_from_older(accounts: Mapping[int, str], system: str) -> Iterator[tuple[str, str]]:
    """Ids of new customers (number -> id), each with that of an older one from which it differs in capitals alone."""
    if not accounts:
        return
    living = Account.objects.filter(source=system, deleted_at=None).order_by("pk")
    first: dict[str, str] = {}
    for account, name in living.values_list("pk", "outside_id").iterator(chunk_size=5000):
        older = first.setdefault(name.lower(), name)
        if account in accounts and older != name:
            yield name, older
