"""The identity desk: ids that lead nowhere get a suggestion, and a person accepts, corrects or makes an account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from django.db.models import Q, QuerySet

from enishi.accounts.actions import save_records
from enishi.accounts.linking import Wanted, link_ids
from enishi.accounts.models import Account, Contact, Member, OutsideId
from enishi.accounts.references import domain_of
from enishi.ingest.reads import UnmatchedGroup, UnmatchedUser
from enishi.kit.text import Text, bare_name
from enishi.store.kinds import ACCOUNT

# A domain many companies share says nothing about the company.
FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.co.jp",
        "ymail.ne.jp",
        "outlook.com",
        "outlook.jp",
        "hotmail.com",
        "hotmail.co.jp",
        "live.jp",
        "icloud.com",
        "me.com",
        "aol.com",
        "docomo.ne.jp",
        "ezweb.ne.jp",
        "au.com",
        "softbank.ne.jp",
        "i.softbank.jp",
        "nifty.com",
        "biglobe.ne.jp",
        "ocn.ne.jp",
        "so-net.ne.jp",
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "qq.com",
        "163.com",
        "example.com",
    ]
)
_LEAST_ALIKE = 0.86

SAME_ID = Text("the same id in another system", "別システムの同じID")
SAME_DOMAIN = Text("the same mail domain", "同じメールドメイン")
SAME_NAME = Text("the same name", "同じ名称")
ALIKE = Text("a similar name", "似た名称")
SAME_LETTERS = Text("the same ID but for capitals", "大文字小文字だけが異なるID")
SAME_PERSON = Text("the same mail address", "同じメールアドレス")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The account (and person) an id probably belongs to, with the reason."""

    account: Account
    why: Text
    contact: Contact | None = None


class AccountIndex:
    """Living accounts by domain, outside id and bare name; read once for a page of suggestions."""

    def __init__(self, accounts: QuerySet[Account]) -> None:
        self._by_number = {account.pk: account for account in accounts}
        self._domains: dict[str, set[int]] = defaultdict(set)
        self._names: dict[str, set[int]] = defaultdict(set)
        for account in self._by_number.values():
            if account.domain and account.domain not in FREE_MAIL:
                self._domains[account.domain.lower()].add(account.pk)
            for name in (account.name, account.name_kana):
                if bare := bare_name(name):
                    self._names[bare].add(account.pk)

    def _one(self, numbers: Iterable[int]) -> Account | None:
        found = {number for number in numbers if number in self._by_number}
        return self._by_number[found.pop()] if len(found) == 1 else None

    def by_domain(self, text: str) -> Account | None:
        """By the mail domain of an address or web address, or the domain above it."""
        domain = domain_of(text)
        while domain.count(".") >= 1 and domain not in FREE_MAIL:
            if found := self._one(self._domains.get(domain, ())):
                return found
            domain = domain.partition(".")[2]
        return None

    def by_name(self, name: str) -> tuple[Account, Text] | None:
        bare = bare_name(name)
        if len(bare) < 2:
            return None
        if found := self._one(self._names.get(bare, ())):
            return found, SAME_NAME
        alike = self._alike(bare)
        return (alike, ALIKE) if alike else None

    def _alike(self, bare: str) -> Account | None:
        best, numbers = _LEAST_ALIKE, set[int]()
        if len(bare) < 4 or len(self._names) > 20_000:
            return None
        matcher = SequenceMatcher(b=bare)
        for name, found in self._names.items():
            matcher.set_seq1(name)
            if matcher.real_quick_ratio() < best or matcher.quick_ratio() < best:
                continue
            ratio = matcher.ratio()
            if ratio > best:
                best, numbers = ratio, set(found)
        return self._one(numbers)

    def by_outside_id(self, values: Sequence[str]) -> dict[str, Account]:
        """By the same id in any other system, where it leads to one account."""
        found: dict[str, set[int]] = defaultdict(set)
        for start in range(0, len(values), 500):
            links = OutsideId.objects.filter(
                target=OutsideId.Target.ACCOUNT, value__in=values[start : start + 500]
            )
            for value, number in links.values_list("value", "account_id"):
                found[value].add(number)
        return {value: account for value, n in found.items() if (account := self._one(n))}


def suggest_groups(groups: Sequence[UnmatchedGroup], index: AccountIndex) -> list[Suggestion | None]:
    """For each group the account it probably is."""
    same = index.by_outside_id([group.group_id for group in groups])
    return [_suggest_group(group.group_id, same, index) for group in groups]


def _suggest_group(value: str, same: dict[str, Account], index: AccountIndex) -> Suggestion | None:
    if value in same:
        return Suggestion(same[value], SAME_ID)
    if account := index.by_domain(value):
        return Suggestion(account, SAME_DOMAIN)
    if named := index.by_name(value):
        return Suggestion(*named)
    return None


def suggest_users(users: Sequence[UnmatchedUser], index: AccountIndex) -> list[Suggestion | None]:
    """For each user the contact or account the person probably belongs to."""
    people = _people({text for user in users for text in (user.email.lower(), user.user_id) if text})
    return [_suggest_user(user, people, index) for user in users]


def _people(texts: set[str]) -> dict[str, Contact]:
    found: dict[str, list[Contact]] = defaultdict(list)
    ordered = sorted(texts)
    for start in range(0, len(ordered), 400):
        part = ordered[start : start + 400]
        rows = Contact.objects.filter(deleted_at=None).filter(Q(email__in=part) | Q(user_id__in=part))
        for contact in rows.select_related("account"):
            for text in {contact.email.lower(), contact.user_id} - {""}:
                found[text].append(contact)
    return {text: contacts[0] for text, contacts in found.items() if len(contacts) == 1}


def _suggest_user(user: UnmatchedUser, people: dict[str, Contact], index: AccountIndex) -> Suggestion | None:
    for text in (user.email.lower(), user.user_id):
        if contact := people.get(text):
            return Suggestion(contact.account, SAME_PERSON, contact)
    account = index.by_domain(user.email) if user.email else None
    return Suggestion(account, SAME_DOMAIN) if account else None


def make_accounts(ids: Sequence[tuple[str, str]], *, actor: Member | str, now: datetime) -> int:
    """Make an account of each (system, group id), named by the id until somebody names it; gives how many."""
    by_system: dict[str, list[str]] = defaultdict(list)
    for system, value in ids:
        by_system[system].append(value)
    made = 0
    for system, values in by_system.items():
        rows = [{"id": value, "name": value} for value in values]
        results = save_records(ACCOUNT, rows, source=system, actor=actor, backfill=True, now=now)
        made += sum(1 for result in results if result.status == "created")
    return made


def accept(wanted: Sequence[Wanted], *, actor: Member | str, now: datetime) -> int:
    """Link ids as suggested or chosen, for the past too; gives how many."""
    return len(link_ids(wanted, actor=actor, now=now))


@dataclass(frozen=True, slots=True)
class Twins:
    """Two accounts that look like one company."""

    account: Account
    survivor: Account
    why: Text


_SAME = {"domain": SAME_DOMAIN, "name": SAME_NAME, "id": SAME_LETTERS}


def list_twins(accounts: QuerySet[Account], limit: int = 50) -> list[Twins]:
    """Pairs of living accounts with the same mail domain or bare name, or whose ids in one system differ in capitals
    alone; the older is to survive."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    # Numbers and two texts, not whole accounts: a book of 100,000 is looked through.
    rows = accounts.order_by("pk").values_list("pk", "domain", "name", "source", "outside_id")
    for number, domain, name, source, outside_id in rows.iterator(chunk_size=5000):
        groups["id", f"{source} {outside_id.lower()}"].append(number)
        if domain and domain.lower() not in FREE_MAIL:
            groups["domain", domain.lower()].append(number)
        if len(bare := bare_name(name)) > 1:
            groups["name", bare].append(number)
    found = _pairs(groups, limit)
    known = Account.objects.in_bulk({number for pair in found for number in pair})
    return [Twins(known[other], known[first], why) for (other, first), why in found.items()]


def _pairs(groups: dict[tuple[str, str], list[int]], limit: int) -> dict[tuple[int, int], Text]:
    """(the younger, the older) of each group of equals, with what they share; at most ``limit``."""
    pairs: dict[tuple[int, int], Text] = {}
    for (by, _value), numbers in groups.items():
        for other in numbers[1:]:
            pairs.setdefault((other, numbers[0]), _SAME[by])
            if len(pairs) >= limit:
                return pairs
    return pairs
