"""What people do in the products, day by day: the usage events, drawn account by account in blocks of a quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .catalogue import Feature
from .days import work_factors
from .money import Contract, contracts
from .sample import Sample
from .world import Customer, customer

SCHEMA = pa.schema(
    [
        ("message_id", pa.string()),
        ("occurred_at", pa.timestamp("us", tz="UTC")),
        ("account", pa.string()),
        ("user", pa.string()),
        ("event", pa.string()),
        ("product", pa.string()),
        ("properties", pa.string()),
    ]
)
BLOCK_DAYS = 91
CARRIES = 0.25  # a working day in four at least: on whom the use of a customer rests does use it
LOGIN = Feature("login", 0, 1.0, ('{"device":"pc"}', '{"device":"pc"}', '{"device":"mobile"}'))


@dataclass(frozen=True)
class Crowd:
    """The people of one account: when each comes and goes (day offsets), how often each is there, who is keen."""

    ids: pa.Array
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    rate: npt.NDArray[np.float64]
    keen: npt.NDArray[np.bool_]


def user_id(who: Customer, number: int) -> str:
    return f"{who.id}-u{number:03d}"


def crowd(sample: Sample, who: Customer) -> Crowd:
    """The people of an account, those who replace leavers and those who join a growing one included."""
    random = sample.random(who.index, "people")
    start = sample.offset(who.since)
    seats = who.people
    count = round(seats * 1.6) + 1
    keen = random.random(count) < 0.22
    keen[0] = True  # the champion
    first = start + random.exponential(18, count).astype(int)
    last = np.full(count, sample.weeks * 7)
    leaving = first + random.exponential(365 * 5, count).astype(int)
    late = np.arange(count) >= seats
    _newcomers(sample, who, random, first, late)
    last = np.minimum(last, np.maximum(leaving, first + 30))
    if who.story == "champion_left" and who.course.onset is not None:
        last[0] = 7 * who.course.onset
        carriers = [1 + person for person in _hand_over(first[1:], last[1:], sample.weeks * 7)]
    else:
        carriers = _hand_over(first, last, sample.weeks * 7)
    rate = np.where(keen, random.beta(7, 2.5, count), random.beta(1.5, 4.2, count))
    rate[carriers] = np.maximum(rate[carriers], CARRIES)
    ids = pa.array([user_id(who, n) for n in range(count)])
    return Crowd(ids, first, last, rate, keen)


def _hand_over(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], end: int) -> list[int]:
    """Whoever would leave nobody behind stays until another has come: a customer with nothing wrong is not empty.
    Gives those on whom the use rested."""
    order = np.argsort(first, kind="stable")
    holders = [int(order[0])]
    for person in order[1:].tolist():
        last[holders[-1]] = max(last[holders[-1]], first[person])
        if last[person] > last[holders[-1]]:
            holders.append(person)
    last[holders[-1]] = end
    return holders


def _newcomers(
    sample: Sample, who: Customer, random: np.random.Generator, first: npt.NDArray[np.int64], late: npt.NDArray[np.bool_]
) -> None:  # fmt: skip
    """Later people: soon after the story sets in where the account grows, over the years elsewhere."""
    onset = who.course.onset
    spread = random.random(int(late.sum()))
    if who.story == "quietly_ready" and onset is not None:
        first[late] = 7 * onset + (spread * 210).astype(int)
    else:
        first[late] = max(0, sample.offset(who.since)) + (60 + spread * sample.weeks * 10).astype(int)


def account_events(sample: Sample, who: Customer, after: date | None = None) -> pa.Table:
    """The account's events in order of time, later than the day ``after`` where one is given."""
    first = 0 if after is None else sample.offset(after) + 1
    people, bought = crowd(sample, who), contracts(sample, who)
    stop = min(sample.offset(who.last_day(sample.until)), sample.days - 1)
    blocks = [
        _block(sample, who, people, bought, number, first, stop)
        for number in range(max(first, 0) // BLOCK_DAYS, stop // BLOCK_DAYS + 1)
    ]
    return pa.concat_tables([block for block in blocks if block.num_rows] or [SCHEMA.empty_table()])


def _block(
    sample: Sample, who: Customer, people: Crowd, bought: list[Contract], number: int, first: int, stop: int
) -> pa.Table:
    """One quarter's events. Drawn whole and then cut, so that the cut never changes what is drawn."""
    random = sample.random(who.index, f"events {number}")
    begin = number * BLOCK_DAYS
    person, day = _active(sample, who, people, begin, random)
    counts = 1 + random.poisson(sample.activity * np.where(people.keen[person], 1.5, 0.55))
    person, day = np.repeat(person, counts), np.repeat(day, counts)
    opening = np.zeros(len(person), bool)
    opening[np.cumsum(counts) - counts] = True
    features, products, weights = _menu(sample, who, bought, begin)
    chosen = np.empty(len(person), int)
    for is_keen in (False, True):
        mask = people.keen[person] == is_keen
        chosen[mask] = random.choice(len(features), int(mask.sum()), p=weights[is_keen])
    chosen[opening] = -1
    instant = _instants(sample, who, random, day, opening, counts)
    variant = random.integers(0, 1 << 30, len(person))
    keep = np.flatnonzero((day >= first) & (day <= stop))
    keep = keep[np.argsort(instant[keep], kind="stable")]
    return _table(who, number, people, keep, person, instant, chosen, variant, features, products)


def _active(
    sample: Sample, who: Customer, people: Crowd, begin: int, random: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Who is there on which day of the block."""
    days = np.arange(begin, begin + BLOCK_DAYS)
    week = np.minimum(days // 7, sample.weeks - 1)
    use, power = who.course.paths["use"][week], who.course.paths["power"][week]
    factor = work_factors(sample.start, sample.weeks * 7 + BLOCK_DAYS, who.company.country)[days]
    level = np.where(people.keen[:, None], use * power, use) * factor
    present = (people.first[:, None] <= days) & (days < people.last[:, None])
    chance = np.minimum(people.rate[:, None] * level * min(1.0, 0.4 + 0.6 * sample.activity), 0.97) * present
    person, day = np.nonzero(random.random(chance.shape) < chance)
    return person, days[day]


def _menu(
    sample: Sample, who: Customer, bought: list[Contract], begin: int
) -> tuple[list[Feature], list[str], dict[bool, npt.NDArray[np.float64]]]:
    """What there is to do in this block, and how likely each is for ordinary and for keen people."""
    day = sample.day(begin)
    held = [c for c in bought if c.started_on <= day] or bought[:1]
    breadth = float(who.course.paths["breadth"][min(begin // 7 + 6, sample.weeks - 1)])
    features, products, open_levels = [], [], []
    for contract in held:
        most = contract.at(max(day, contract.started_on)).plan.most_level
        for feature in contract.product.features:
            features.append(feature)
            products.append(contract.product.id)
            open_levels.append(feature.level <= most)
    level = np.array([f.level for f in features])
    base = np.array([f.weight for f in features]) * np.array(open_levels)
    weights = {
        keen: base
        * np.clip(breadth, 0.05, 1.6) ** (1.5 * level)
        * np.where((level == 2) & (not keen), 0.12, 1.0)
        for keen in (False, True)
    }
    return features, products, {keen: w / w.sum() for keen, w in weights.items()}


def _instants(
    sample: Sample,
    who: Customer,
    random: np.random.Generator,
    day: npt.NDArray[np.int64],
    opening: npt.NDArray[np.bool_],
    counts: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Microseconds since 1970, UTC: a session starts in office hours, the rest follows within an hour or so."""
    abroad = who.company.country != "JP"
    begin = np.repeat(np.clip(random.normal(12.6, 2.4, len(counts)), 7, 20), counts)
    hour = begin + np.where(opening, 0, random.exponential(0.5, len(day)))
    hour = (hour + 17) % 24 if abroad else np.minimum(hour, 23.98)
    midnight = int(datetime.combine(sample.start, datetime.min.time(), UTC).timestamp()) - 9 * 3600
    return ((midnight + day * 86_400 + hour * 3600) * 1_000_000).astype(np.int64)


def _table(
    who: Customer,
    number: int,
    people: Crowd,
    keep: npt.NDArray[np.int64],
    person: npt.NDArray[np.int64],
    instant: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.int64],
    variant: npt.NDArray[np.int64],
    features: list[Feature],
    products: list[str],
) -> pa.Table:
    menu = [*features, LOGIN]
    chosen, variant = chosen[keep], variant[keep]
    offsets = np.cumsum([0, *(len(f.properties) for f in menu)])
    width = np.array([len(f.properties) for f in menu])
    properties = pa.array([text for f in menu for text in f.properties])
    which = pa.array(offsets[:-1][chosen] + variant % width[chosen])
    titles = pa.array([f.event for f in menu])
    where = pa.array([*products, products[0]])
    index = pa.array(np.where(chosen < 0, len(features), chosen))
    return pa.table(
        [
            pa.array([f"{who.id}-{number}-{n}" for n in keep.tolist()], pa.string()),
            pa.array(instant[keep]).cast(pa.timestamp("us")).cast(SCHEMA.field("occurred_at").type),
            pa.repeat(who.id, len(keep)),
            people.ids.take(pa.array(person[keep])),
            titles.take(index),
            where.take(index),
            properties.take(which),
        ],
        schema=SCHEMA,
    )


def event_tables(sample: Sample, after: date | None = None) -> Iterator[pa.Table]:
    """The events of every account, one table each, account by account; memory does not grow with the size."""
    for index in range(sample.accounts):
        who = customer(sample, index)
        if after is None or who.ending is None or who.ending.ended_on > after + timedelta(days=1):
            yield account_events(sample, who, after)
