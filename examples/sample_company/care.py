"""People and what passes between them and us: contacts, tickets, interactions, surveys, training, incidents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from .catalogue import COURSES, PRODUCTS
from .companies import Company, account_id
from .days import is_working
from .events import user_id
from .movers import colleague, newcomer_rows, newcomer_talks
from .people import CSM_MAILS, person
from .sample import Sample, at
from .texts import (
    COMMENTS_EN,
    COMMENTS_JA,
    MEETINGS,
    NEWS_EN,
    NEWS_JA,
    NOTES_EN,
    NOTES_JA,
    TOPICS,
    Topic,
    closing,
    pick,
    write_ticket,
)
from .world import Customer

Row = dict[str, Any]


def owner_mail(company: Company) -> str:
    """The CSM who looks after the account: large ones in one team, the others by region, each a steady book."""
    enterprise, east, west = CSM_MAILS[:2], CSM_MAILS[2:5], CSM_MAILS[5:]
    if company.size == "Enterprise" or company.language == "en":
        return enterprise[1 if company.language == "en" else company.index % 2]
    home = west if company.region in ("大阪府", "京都府", "兵庫県", "広島県", "福岡県", "愛知県") else east
    return home[company.index % len(home)]


def account_row(who: Customer, parent: int | None, seller: str | None) -> Row:
    """The account as the CRM knows it."""
    c = who.company
    return {
        "id": c.id,
        "name": c.name,
        "name_kana": c.kana,
        "parent": account_id(parent) if parent is not None else None,
        "domain": c.domain,
        "industry": c.industry,
        "employees": c.employees,
        "size": c.size,
        "region": c.region,
        "country": c.country,
        "language": c.language,
        "owner": owner_mail(c),
        "channel": c.channel,
        "seller": seller,
        "since": who.since,
    }


# ---- contacts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contact:
    id: str
    role: str
    row: Row
    since: date
    gone_on: date | None

    def is_there(self, day: date) -> bool:
        return self.since <= day and (self.gone_on is None or day < self.gone_on)


def contacts(sample: Sample, who: Customer) -> list[Contact]:
    """The people we know there. The first is the champion; each keeps its number whoever else there is."""
    roles = [
        "champion",
        "decision_maker",
        "finance",
        "power_user",
        "user",
        "influencer",
        "power_user",
        "user",
    ]
    known = {"SMB": 4, "Mid": 6, "Enterprise": 8}[who.company.size]
    made = [_contact(sample, who, number, role, who.since) for number, role in enumerate(roles[:known])]
    champion = made[0]
    if champion.gone_on is not None:
        days = 45 if who.course.recovery is None else 7 * (who.course.recovery - (who.course.onset or 0))
        made.append(_contact(sample, who, known, "champion", champion.gone_on + timedelta(days=days)))
        if who.course.recovery is None and who.story == "champion_left":
            made.pop()
    return made


def _contact(sample: Sample, who: Customer, number: int, role: str, since: date) -> Contact:
    random = sample.random(who.index, f"contact {number}")
    someone = person(random, role, who.company.language)
    gone = _gone_on(sample, who, number, random)
    told, bounces = random.random() < 0.75, random.random() < 0.6
    in_product = role in ("champion", "power_user", "user", "influencer")
    row: Row = {
        "id": f"{who.id}-P{number + 1}",
        "account": who.id,
        "family_name": someone.family,
        "given_name": someone.given,
        "name_kana": someone.kana or None,
        "email": f"{someone.mailbox}{number or ''}@{who.company.domain}",
        "phone": f"03-5550-{random.integers(1000, 9999)}",
        "title": someone.title,
        "department": someone.department or None,
        "role": role,
        "language": who.company.language,
        "user_id": user_id(who, number) if in_product else None,
        "since": since,
        "left_on": gone if gone and told else None,
        "bounced_on": gone + timedelta(days=int(random.integers(3, 40)))
        if gone and (bounces or not told)
        else None,
    }
    return Contact(row["id"], role, row, since, gone)


def _gone_on(sample: Sample, who: Customer, number: int, random: np.random.Generator) -> date | None:
    """Champions leave where that is the story; anybody may leave at any time (one in twelve a year)."""
    luck, when = random.random(), random.exponential(365 * 12)
    if number == 0 and who.story == "champion_left" and who.course.onset is not None:
        return sample.day(7 * who.course.onset)
    if number == 0 and who.story == "acquired" and who.course.onset is not None and luck < 0.5:
        return sample.day(7 * who.course.onset + 30)
    return max(who.since, sample.start) + timedelta(days=int(when) + 60)


def contact_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """The contacts known by ``until``, with only what had happened by then."""
    for someone in contacts(sample, who):
        if someone.since > who.last_day(until):
            continue
        row = dict(someone.row)
        for field in ("left_on", "bounced_on"):
            if row[field] is None or row[field] > until:
                del row[field]
        yield row
    yield from newcomer_rows(sample, who, until)


def _who_is_there(people: list[Contact], day: date, random: np.random.Generator) -> Contact | None:
    there = [someone for someone in people if someone.is_there(day)]
    place = random.integers(1 << 30)
    return there[place % len(there)] if there else None


# ---- tickets -------------------------------------------------------------------------------------------------

USUAL_TOPICS = {
    "howto": 4.0,
    "bug": 2.0,
    "billing": 0.9,
    "feature": 1.5,
    "thanks": 0.8,
    "price": 0.3,
    "outage": 0.1,
}


def ticket_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """Support tickets week by week; what they are about follows what the account is going through."""
    people = contacts(sample, who)
    use, friction = who.course.paths["use"], who.course.paths["friction"]
    expected = 0.045 * np.sqrt(who.people) * friction * (0.45 + 0.55 * use)
    counts = sample.random(who.index, "tickets").poisson(expected)
    for week in np.flatnonzero(counts[: sample.week(until) + 1]).tolist():
        random = sample.random(who.index, f"tickets {week}")
        for number in range(int(counts[week])):
            hour = float(np.clip(random.normal(13, 2.5), 8, 20))
            opened = at(sample.day(7 * week + int(random.integers(0, 6))), hour)
            topic = TOPICS[_topic(sample, who, week, random)]
            row = _ticket(sample, who, people, week, opened, topic, random)
            row["id"] = f"{who.id}-T{week}-{number + 1}"
            if who.since <= opened.date() <= who.last_day(until):
                yield _as_known(row, until)


def _topic(sample: Sample, who: Customer, week: int, random: np.random.Generator) -> str:
    weights = dict(USUAL_TOPICS)
    value, story, onset = who.course.paths["value"][week], who.story, who.course.onset
    weights["price"] += 6.0 * max(0.0, 0.5 - value)
    weights["thanks"] *= max(0.2, 2 * value - 0.4)
    if onset is not None and week >= onset:
        if story == "price_complaint":
            weights["price"] += 4.0
        if story == "outage_hit" and week < onset + 16:
            weights["outage"] += 5.0
    if who.ending is not None and sample.week(who.ending.notice_on) <= week:
        weights["leaving"] = 3.0
    shares = np.array(list(weights.values()))
    return str(list(weights)[random.choice(len(shares), p=shares / shares.sum())])


def _ticket(
    sample: Sample, who: Customer, people: list[Contact], week: int, opened: datetime, topic: Topic, random: np.random.Generator
) -> Row:  # fmt: skip
    subject, body = write_ticket(random, topic, who.company.language)
    value = who.course.paths["value"][week]
    hours = topic.hours * random.lognormal(0, 0.8)
    sender = _who_is_there(people, opened.date(), random)
    row: Row = {
        "account": who.id,
        "contact": sender.id if sender else None,
        "subject": subject,
        "opened_at": opened,
        "first_reply_at": opened + timedelta(hours=float(min(hours * 0.3, 48) + 0.2)),
        "resolved_at": opened + timedelta(hours=float(hours + 0.5)),
        "severity": topic.severities[random.integers(len(topic.severities))],
        "reopened": int(random.poisson(0.07 if topic.tone > -0.3 else 0.22)),
        "tone": round(float(np.clip(topic.tone + 0.7 * (value - 0.7) + random.normal(0, 0.22), -1, 1)), 2),
        "category": topic.id,
        "product": next(iter(PRODUCTS)),
    }
    return row | {"body": body + closing(topic, row["tone"], who.company.language)}


def _as_known(row: Row, until: date) -> Row:
    """The ticket on the evening of ``until``: what came later is left out."""
    for field in ("first_reply_at", "resolved_at"):
        if row[field].date() > until:
            del row[field]
    if "resolved_at" not in row:
        del row["reopened"]
    return row


# ---- interactions, surveys, training -------------------------------------------------------------------------

CADENCE_WEEKS = {"Enterprise": 2.5, "Mid": 5.0, "SMB": 9.0}
ASKED_AFTER = timedelta(days=30)  # who has only just begun has nothing to say yet
NEWS_TOLD = 0.3  # how often a talk turns to what is happening to the customer's own business
TYPES = {
    "Enterprise": {"meeting": 0.35, "call": 0.25, "mail": 0.25, "visit": 0.15},
    "Mid": {"meeting": 0.25, "call": 0.3, "mail": 0.4, "visit": 0.05},
    "SMB": {"call": 0.15, "mail": 0.7, "webinar": 0.15},
}


def interaction_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """Calls, mails, meetings and visits at the pace of the account's size; answers follow its warmth."""
    yield from newcomer_talks(sample, who, until, owner_mail(who.company))
    random = sample.random(who.index, "interactions")
    people = contacts(sample, who)
    kinds = TYPES[who.company.size]
    day, number = max(0.0, float(sample.offset(who.since))) + random.uniform(0, 14), 0
    while day < sample.weeks * 7:
        on = sample.day(day)
        kind = list(kinds)[random.choice(len(kinds), p=list(kinds.values()))]
        luck, hour, minutes = random.random(), random.uniform(9.5, 18), random.lognormal(0, 0.3)
        contact = _who_is_there(people, on, random)
        row = _interaction(sample, who, on, kind, luck, random)
        day += 7 * CADENCE_WEEKS[who.company.size] * random.uniform(0.5, 1.6)
        number += 1
        while not is_working(on):
            on += timedelta(days=1)
        if on > who.last_day(until):
            return
        row |= {
            "id": f"{who.id}-A{number}",
            "occurred_at": at(on, hour),
            "contact": contact.id if contact else None,
        }
        row["minutes"] = max(3, round(MEETINGS[kind][0] * minutes))
        yield row


def _interaction(
    sample: Sample, who: Customer, on: date, kind: str, luck: float, random: np.random.Generator
) -> Row:
    _, answers, subjects_ja, subjects_en = MEETINGS[kind]
    english = who.company.language == "en"
    value = who.at("value", sample, on)
    mood = "good" if value > 0.72 else "flat" if value > 0.5 else "bad"
    notes = (NOTES_EN if english else NOTES_JA)[mood]
    told = sample.random(who.index, f"news {on}")
    if _story_lasts(sample, who, on) and told.random() < NEWS_TOLD:
        notes = (NEWS_EN if english else NEWS_JA).get(who.story, notes)
    return {
        "account": who.id,
        "type": kind,
        "two_way": bool(luck < min(0.97, answers * who.at("warmth", sample, on))),
        "member": colleague(sample, who, on) or owner_mail(who.company),
        "subject": pick(random, subjects_en if english else subjects_ja),
        "body": pick(random, notes),
        "cost": 6000 if kind == "visit" else None,
        "currency": "JPY" if kind == "visit" else None,
    }


def _story_lasts(sample: Sample, who: Customer, on: date) -> bool:
    course, week = who.course, sample.week(on)
    set_in = course.onset is not None and course.onset <= week
    return set_in and (course.recovery is None or week < course.recovery)


def survey_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """NPS twice a year from those who care to answer, CSAT after some tickets."""
    people = contacts(sample, who)
    for wave in _waves(sample):
        random = sample.random(who.index, f"nps {wave}")
        for someone in people:
            luck, mood, delay, said = (
                random.random(),
                random.normal(0, 1.7),
                int(random.integers(0, 12)),
                random.random(),
            )
            day = wave + timedelta(days=delay)
            answered = luck < 0.08 + 0.42 * who.at("warmth", sample, day)
            asked = who.since + ASKED_AFTER <= day <= who.last_day(until)
            if not (asked and answered and someone.is_there(day)):
                continue
            score = int(np.clip(round(10.4 * who.at("value", sample, day) + 0.6 + mood), 0, 10))
            yield _answer(
                who,
                someone,
                "nps",
                score,
                at(day, 10 + 8 * said),
                f"{who.id}-N{wave:%Y%m}-{someone.id[-1]}",
                random,
            )
    for ticket in ticket_rows(sample, who, until):
        random = sample.random(who.index, f"csat {ticket['id']}")
        if random.random() < 0.22 and "resolved_at" in ticket:
            score = int(np.clip(round(3.6 + 1.6 * ticket["tone"] + random.normal(0, 0.7)), 1, 5))
            moment = ticket["resolved_at"] + timedelta(hours=float(random.exponential(20)))
            if moment.date() <= until:
                yield _answer(who, None, "csat", score, moment, f"{ticket['id']}-C", random)


def _waves(sample: Sample) -> list[date]:
    days = [sample.start + timedelta(days=n) for n in range(sample.weeks * 7)]
    return [day for day in days if (day.month, day.day) in ((5, 15), (11, 10))]


def _answer(
    who: Customer, someone: Contact | None, measure: str, score: int, moment: datetime, number: str, random: np.random.Generator
) -> Row:  # fmt: skip
    if measure == "nps":
        group = "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"
    else:
        group = "promoter" if score >= 5 else "passive" if score >= 4 else "detractor"
    words = (COMMENTS_EN if who.company.language == "en" else COMMENTS_JA)[group]
    return {
        "id": number,
        "account": who.id,
        "contact": someone.id if someone else None,
        "survey": "NPS" if measure == "nps" else "CSAT",
        "measure": measure,
        "score": score,
        "comment": pick(random, words) if random.random() < 0.4 else None,
        "answered_at": moment,
    }


def training_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """Courses: some at the start, few later, more where things go well."""
    random = sample.random(who.index, "training")
    english = who.company.language == "en"
    courses = COURSES[4:] if english else COURSES[:4]
    for number, someone in enumerate(contacts(sample, who)):
        for place, course in enumerate(courses):
            day = max(who.since, sample.start) + timedelta(days=int(random.gamma(2, 30) + 150 * place))
            luck, score = random.random(), int(np.clip(random.normal(82, 9), 40, 100))
            keen = 0.35 * who.at("value", sample, day) * min(1.0, who.at("use", sample, day))
            if luck < keen and someone.is_there(day) and day <= who.last_day(until):
                yield {
                    "id": f"{who.id}-L{number + 1}-{place + 1}",
                    "account": who.id,
                    "contact": someone.id,
                    "course": course,
                    "completed_on": day,
                    "score": score,
                }


# ---- incidents -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Incident:
    number: int
    day: date
    hour: float
    minutes: int
    product: str
    reach: float  # the share of accounts that suffered it


@cache
def incidents(sample: Sample) -> tuple[Incident, ...]:
    """The vendor's own outages: one every five weeks or so, most of them short and narrow."""
    random = sample.random(0, "incidents")
    made, day = [], 0.0
    while (day := day + random.exponential(36)) < sample.weeks * 7:
        minutes = int(np.clip(random.lognormal(3.6, 0.8), 8, 480))
        product = list(PRODUCTS)[random.choice(3, p=(0.6, 0.25, 0.15))]
        made.append(
            Incident(
                len(made) + 1, sample.day(day), random.uniform(8, 20), minutes, product, random.beta(1.3, 5)
            )
        )
    return tuple(made)


def incident_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """What this account suffered: its share of the general incidents, and the long ones of its story."""
    random = sample.random(who.index, "suffered")
    for incident in incidents(sample):
        hit, share = random.random() < incident.reach, random.uniform(0.4, 1.0)
        if hit and who.since <= incident.day <= who.last_day(until):
            yield _suffered(who, f"INC{incident.number:03d}-{who.id}", incident.day, incident.hour, int(incident.minutes * share), incident.product)  # fmt: skip
    if who.story == "outage_hit" and who.course.onset is not None:
        for number in range(3):
            day = sample.day(7 * who.course.onset + number * 9 + int(random.integers(0, 5)))
            hour, minutes = random.uniform(8, 15), int(random.uniform(120, 420))
            if who.since <= day <= who.last_day(until):
                yield _suffered(who, f"INCX{number + 1}-{who.id}", day, hour, minutes, next(iter(PRODUCTS)))


def _suffered(who: Customer, number: str, day: date, hour: float, minutes: int, product: str) -> Row:
    started = at(day, hour)
    return {
        "id": number,
        "account": who.id,
        "title": "応答遅延・接続障害" if minutes < 60 else "サービス停止",
        "started_at": started,
        "ended_at": started + timedelta(minutes=minutes),
        "minutes": minutes,
        "severity": "urgent" if minutes >= 180 else "high" if minutes >= 60 else "normal",
        "product": product,
    }
