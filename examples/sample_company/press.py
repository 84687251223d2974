"""What newspapers and the customers' own sites write of them: heads who leave, mergers, job cuts, and good news.

Every draw is of a stream of its own, so that an account is the same with its news and without.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from .care import Contact, contacts
from .companies import HEADS
from .days import is_working
from .people import person
from .sample import Sample
from .texts import pick
from .world import Customer

Row = dict[str, Any]

NOTICED = {"SMB": 0.3, "Mid": 0.65, "Enterprise": 0.95}  # how often what befalls a company is written of
HEADS_NOTICED = {"SMB": 0.7, "Mid": 0.8, "Enterprise": 0.95}  # who steps down is published even of small ones
A_YEAR = {"SMB": 0.03, "Mid": 0.08, "Enterprise": 0.35}  # other news of it in a year
KINDS = {
    "SMB": {"funding": 0.35, "person_joined": 0.2, "other": 0.45},
    "Mid": {"funding": 0.2, "person_joined": 0.25, "merger": 0.1, "other": 0.45},
    "Enterprise": {"person_joined": 0.3, "merger": 0.2, "other": 0.5},
}
MILLIONS = {
    "SMB": (1, 8),
    "Mid": (4, 25),
    "Enterprise": (20, 200),
}  # of dollars, or hundreds of millions of yen
TOLD_BY_STORY = {"downsized": "layoffs", "acquired": "taken_over"}
NAMED = 0.6  # of departures, those whose source says which contact; in the others only the headline names the person
PAPERS = ("https://keizai-press.example/articles", "https://sangyo-journal.example/news")
OWN_SITE = 0.4  # of the news, what the company publishes itself

JA = {
    "head_left": ("{company}、{title}の{name}氏が退任へ", "【人事】{company} {title} {name}氏が退任へ"),
    "person_left": ("【人事異動】{company} {title} {name}氏が退職へ", "{company}でDX推進を担った{name}氏が退職へ"),
    "taken_over": ("{other}ホールディングス、{company}を完全子会社化へ", "{company}、{other}グループとの経営統合で基本合意"),
    "merger": ("{company}、{other}商会の全株式を取得", "{company}、{other}商会を吸収合併へ"),
    "layoffs": ("{company}、事業縮小に伴い人員を{n}人削減", "{company}、拠点の統廃合で{n}人の削減を計画"),
    "funding": ("{company}、第三者割当増資で{million}億円を調達", "{company}、設備投資に向け{million}億円を調達"),
    "person_joined": ("{company}、新社長に{newcomer}氏", "{company}、最高情報責任者に{newcomer}氏が就任"),
    "other": (
        "{company}、新サービス「{other}」の提供を開始", "{company}、{place}に新拠点を開設", "{company}、ISO/IEC 27001の認証を取得",
        "{company}、{place}で採用を強化", "{company}、業務のデジタル化で残業時間を{percent}%削減",
    ),
}  # fmt: skip
EN = {
    "head_left": ("{name}, {title} of {company}, to step down", "{company}: {title} {name} to leave"),
    "person_left": ("{company}: {title} {name} to leave", "{name}, who led the digital programme at {company}, to leave"),
    "taken_over": ("{other} Holdings to take over {company}", "{company} agrees to merge with {other} Group"),
    "merger": ("{company} buys {other} Trading", "{company} to merge with {other} Trading"),
    "layoffs": ("{company} cuts {n} jobs as it scales back", "{company} plans {n} job cuts in a reorganisation"),
    "funding": ("{company} raises ${million} million", "{company} secures ${million} million for new equipment"),
    "person_joined": ("{company} names {newcomer} as chief executive", "{newcomer} joins {company} as chief information officer"),
    "other": (
        "{company} launches “{other}”", "{company} opens an office in {place}", "{company} certified to ISO/IEC 27001",
        "{company} is hiring in {place}", "{company} cuts overtime by {percent}% with digital work",
    ),
}  # fmt: skip
TYPES = {"head_left": "person_left", "taken_over": "merger"}  # where the words are not the type's name
PLACES_JA = ("札幌", "仙台", "名古屋", "広島", "福岡", "シンガポール")
PLACES_EN = ("Sapporo", "Sendai", "Nagoya", "Hiroshima", "Fukuoka", "Singapore")


def news_rows(sample: Sample, who: Customer, until: date) -> Iterator[Row]:
    """What was published of the account by ``until``, while it was a customer and we watched."""
    first, last = max(who.since, sample.start), who.last_day(until)
    for row in (*_departures(sample, who), *_of_the_story(sample, who), *_other_news(sample, who)):
        if first <= row["published_on"] <= last:
            yield row


def _departures(sample: Sample, who: Customer) -> Iterator[Row]:
    """Of those who really leave: the heads, and in all but small companies who drove the programme, weeks before they go."""
    for someone in contacts(sample, who):
        random = sample.random(who.index, f"press {someone.id}")
        luck, named, lead = random.random(), random.random() < NAMED, int(random.integers(14, 60))
        if someone.gone_on is None or luck >= _noticed(who, someone.role):
            continue
        on = someone.gone_on - timedelta(days=lead)
        words = "head_left" if someone.role == "decision_maker" else "person_left"
        row = _row(who, f"{who.id}-H{someone.id[-2:]}", words, on, random, someone)
        if on >= someone.since:
            yield row | ({"contact": someone.id} if named else {})


def _noticed(who: Customer, role: str) -> float:
    """How often it is written of that somebody in that role leaves."""
    if role == "decision_maker":
        return HEADS_NOTICED[who.company.size]
    return NOTICED[who.company.size] if role == "champion" and who.company.size != "SMB" else 0.0


def _of_the_story(sample: Sample, who: Customer) -> Iterator[Row]:
    """Job cuts and takeovers, about when they begin to be felt."""
    words, onset = TOLD_BY_STORY.get(who.story), who.course.onset
    random = sample.random(who.index, "press story")
    if words and onset is not None and random.random() < NOTICED[who.company.size]:
        on = sample.day(7 * onset + int(random.integers(-14, 21)))
        yield _row(who, f"{who.id}-HS", words, on, random)


def _other_news(sample: Sample, who: Customer) -> Iterator[Row]:
    """Money raised, people who joined, what was bought and launched: a company in trouble has none of it."""
    random = sample.random(who.index, "press")
    kinds, day, number = KINDS[who.company.size], 0.0, 0
    while (day := day + random.exponential(365 / A_YEAR[who.company.size])) < sample.weeks * 7:
        number += 1
        words = list(kinds)[random.choice(len(kinds), p=list(kinds.values()))]
        row = _row(who, f"{who.id}-H{number}", words, sample.day(day), random)
        onset = who.course.onset if who.story in TOLD_BY_STORY else None
        if onset is None or day < 7 * onset:
            yield row


def _row(
    who: Customer, number: str, words: str, on: date, random: np.random.Generator, someone: Contact | None = None
) -> Row:  # fmt: skip
    while not is_working(on):
        on += timedelta(days=1)
    site = f"https://www.{who.company.domain}/news" if random.random() < OWN_SITE else pick(random, PAPERS)
    return {
        "id": number,
        "account": who.id,
        "type": TYPES.get(words, words),
        "headline": _headline(who, words, random, someone),
        "url": f"{site}/{on:%Y%m%d}-{who.company.domain.partition('.')[0]}",
        "published_on": on,
    }


def _headline(who: Customer, words: str, random: np.random.Generator, someone: Contact | None) -> str:
    c, english = who.company, who.company.language == "en"
    other = HEADS[random.integers(len(HEADS))]
    newcomer = person(random, "decision_maker", c.language)
    million = int(random.integers(*MILLIONS[c.size]))
    told = {
        "company": c.name,
        "other": other[2].title() if english else other[0],
        "newcomer": _whole(newcomer.family, newcomer.given, english),
        "million": million,
        "n": max(3, round(c.employees * random.uniform(0.06, 0.18))),
        "percent": int(random.integers(2, 7)) * 5,
        "place": pick(random, PLACES_EN if english else PLACES_JA),
    }
    if someone is not None:
        name = _whole(someone.row["family_name"], someone.row["given_name"], english)
        told |= {"title": someone.row["title"], "name": name}
    return pick(random, (EN if english else JA)[words]).format(**told)


def _whole(family: str, given: str, english: bool) -> str:
    return f"{given} {family}" if english else f"{family}{given}"
