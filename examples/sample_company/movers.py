"""People who left one customer and turn up at another, and the vendor's colleagues who join a talk now and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from .days import is_working
from .people import VENDOR_DOMAIN, person
from .sample import Sample, at
from .texts import MEETINGS, NOTES_EN, NOTES_JA, pick
from .world import Customer, customer

if TYPE_CHECKING:
    from .care import Contact

Row = dict[str, Any]

SHARE = 0.12  # of the accounts that look for somebody among those who left earlier ones
TRIES = 4
COLLEAGUES = tuple(f"{name}@{VENDOR_DOMAIN}" for name in ("mizuki.hoshino", "takumi.sakai"))
JOINS = {"Enterprise": 0.22, "Mid": 0.1, "SMB": 0.04}


def colleague(sample: Sample, who: Customer, on: date) -> str | None:
    """The manager or the seller, where one of them spoke with the account instead of its CSM."""
    random = sample.random(who.index, f"colleague {on}")
    if random.random() >= JOINS[who.company.size]:
        return None
    return COLLEAGUES[int(random.integers(len(COLLEAGUES)))]


def newcomer_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """The contact of somebody who came from another customer, as known by ``until``."""
    found = _newcomer(sample, who)
    if found is not None and found["since"] <= who.last_day(until):
        yield found


def newcomer_talks(sample: Sample, who: Customer, until: date, owner: str) -> Iterator[Row]:
    """What was spoken with them since: they know the vendor already, and answer."""
    found = _newcomer(sample, who)
    if found is None:
        return
    random = sample.random(who.index, "newcomer talks")
    english, day = who.company.language == "en", found["since"]
    for number in range(5):
        day += timedelta(days=int(random.integers(12, 45)))
        kind = ("mail", "call", "meeting")[int(random.integers(3))]
        two_way, hour = bool(random.random() < 0.8), random.uniform(9.5, 18)
        minutes, subjects_ja, subjects_en = MEETINGS[kind][0], MEETINGS[kind][2], MEETINGS[kind][3]
        subject = pick(random, subjects_en if english else subjects_ja)
        body = pick(random, (NOTES_EN if english else NOTES_JA)["flat"])
        while not is_working(day):
            day += timedelta(days=1)
        if day > who.last_day(until):
            return
        yield {
            "id": f"{who.id}-AM{number + 1}",
            "account": who.id,
            "contact": found["id"],
            "type": kind,
            "occurred_at": at(day, hour),
            "two_way": two_way,
            "minutes": minutes,
            "member": owner,
            "subject": subject,
            "body": body,
        }


def _newcomer(sample: Sample, who: Customer) -> Row | None:
    """Drawn among those who left an earlier account, so that an account is the same whatever the sample's size."""
    from .care import contacts

    random = sample.random(who.index, "newcomer")
    if who.index == 0 or random.random() >= SHARE:
        return None
    for _try in range(TRIES):
        origin = customer(sample, int(random.integers(0, who.index)))
        delay, role_luck = int(random.integers(20, 80)), random.random()
        left = [one for one in contacts(sample, origin) if _fits(sample, who, one)]
        if left and origin.company.language == who.company.language:
            return _row(sample, who, left[0], delay, role_luck)
    return None


def _fits(sample: Sample, who: Customer, one: Contact) -> bool:
    """They left a known place while we watched, and after this account had become a customer."""
    gone = one.gone_on
    shows = bool(one.row["left_on"] or one.row["bounced_on"])
    return gone is not None and shows and gone >= max(who.since, sample.start) and one.role != "user"


def _row(sample: Sample, who: Customer, one: Contact, delay: int, luck: float) -> Row:
    random = sample.random(who.index, "newcomer work")
    role = one.role if luck < 0.5 else "influencer"
    work = person(random, role, who.company.language)
    return {
        "id": f"{who.id}-M1",
        "account": who.id,
        "family_name": one.row["family_name"],
        "given_name": one.row["given_name"],
        "name_kana": one.row["name_kana"],
        "email": f"{one.row['email'].partition('@')[0]}@{who.company.domain}",
        "phone": f"03-5550-{random.integers(1000, 9999)}",
        "title": work.title,
        "department": work.department or None,
        "role": role,
        "language": who.company.language,
        "since": (one.gone_on or who.since) + timedelta(days=delay),
    }
