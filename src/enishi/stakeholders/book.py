"""The relationships of the whole book: read from the published facts as known on a day, judged, kept for lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from enishi.accounts.company import company_day, company_remembered
from enishi.accounts.models import Account, Contact
from enishi.kit.clock import system_clock
from enishi.kit.home import Home
from enishi.signals.asof import KnownRecords
from enishi.stakeholders.contracts import NEEDED_ROLES, News, Relationship, Said, Someone, Touch, Use
from enishi.stakeholders.judging import judge
from enishi.stakeholders.leaving import OWN_WORDS, TOLD, speaks_of_parting
from enishi.stakeholders.models import AccountRelationship, Assessment, ContactMove, RelationshipRun
from enishi.stakeholders.moving import Found, Sieve, Trace, compare
from enishi.stakeholders.news import about, whole_names
from enishi.stakeholders.reads import is_two_way, name_in_notes, relationship_now, said_of, tone_of, tones_of
from enishi.stakeholders.uses import read_uses

PORTION = 2_000
KEYS_AT_ONCE = 50_000
LOOK_BACK = 730  # days of contact that can still matter

_PEOPLE = """
create or replace temp table person as
select record_id as number, account_id, coalesce(role, '') as role, coalesce(title, '') as title,
       coalesce(department, '') as department, left_on, bounced_on, since,
       coalesce(name, '') as name, coalesce(family_name, '') as family_name, coalesce(given_name, '') as given_name,
       coalesce(name_kana, '') as kana, coalesce(email, '') as mail, coalesce(phone, '') as phone,
       coalesce(user_id, '') as user_id
from contact where account_id is not null
"""
_TOUCHES = """
create or replace temp table touch as
select account_id, contact_id, record_id, type as kind, cast(occurred_at as date) as "on", two_way, member,
       null::double as tone, null as measure, null::double as score,
       case when contact_id is not null and regexp_matches(concat_ws(' ', subject, body), $told, 'i')
            then concat_ws(' ', subject, body) end as words, false as parting
from interaction where type in ('visit', 'meeting', 'call', 'mail', 'webinar')
union all
select account_id, contact_id, record_id, 'ticket', cast(opened_at as date), false, null, tone, null, null, null,
       regexp_matches(concat_ws(' ', subject, body), $own, 'i')
from ticket where contact_id is not null
union all
select account_id, contact_id, record_id, 'survey_answer', cast(answered_at as date), false, null, null, measure, score, null, false
from survey_answer where contact_id is not null
union all
select account_id, contact_id, record_id, 'training', completed_on, false, null, null, null, null, null, false
from training where contact_id is not null
"""


_NEWS = """
create or replace temp table told as
select account_id, contact_id, published_on as "on", headline, coalesce(url, '') as url
from news where type = 'person_left' and headline is not null and account_id is not null
"""


def judge_book(
    day: date, *, now: datetime, home: Home | None = None, accounts: Collection[int] | None = None
) -> RelationshipRun:
    """Judge every living account's relationship as of ``day``, keep it, and look for people who moved.

    Args:
        accounts: keep only these.
    """
    home = home or Home.from_environment()
    with company_remembered(), KnownRecords(home) as records:
        run = RelationshipRun.objects.create(day=day, generation=records.published.generation, started_at=now)
        uses = read_uses(records, day)
        _prepare(records, day)
        run.accounts = _keep_all(records, uses, day, now, accounts)
        if accounts is None:
            run.moves = propose_moves(_find_moves(records, uses), now)
    run.finished_at = max(now, system_clock())
    run.save()
    return run


def _prepare(records: KnownRecords, day: date) -> None:
    """A table of the people and one of everything that passed, for the portions to be cut from."""
    records.query(_PEOPLE, day)
    records.query(_NEWS, day)
    said = {"$own": OWN_WORDS, "$told": TOLD}
    sql = _TOUCHES
    for name, pattern in said.items():
        sql = sql.replace(name, "'" + pattern.replace("'", "''") + "'")
    records.query(sql, day)
    first = day - timedelta(days=LOOK_BACK)
    records.connection.execute('delete from touch where "on" is null or "on" > $day or "on" < $first', {"day": day, "first": first})  # fmt: skip


def _last_touches(records: KnownRecords) -> dict[int, date]:
    """Contact -> the last day on which they answered or came to us."""
    rows = records.connection.execute(
        'select contact_id, max("on") from touch where contact_id is not null '
        "and (two_way or kind in ('ticket', 'survey_answer', 'training')) group by 1"
    ).fetchall()
    return dict(rows)


def _rows(records: KnownRecords, condition: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """People of the day's table as rows."""
    found = records.connection.execute(f"select * from person where {condition}", dict(values))  # noqa: S608 - ours
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _keep_all(
    records: KnownRecords, uses: Mapping[int, Use], day: date, now: datetime, accounts: Collection[int] | None
) -> int:
    living = Account.objects.filter(deleted_at=None, merged_into=None)
    numbers = sorted(living.values_list("pk", flat=True) if accounts is None else accounts)
    stated, past = _stated(day, now), day < company_day(now)
    then = _tones_then(records, day) if past else {}
    for start in range(0, len(numbers), PORTION):
        part = numbers[start : start + PORTION]
        people = _rows(records, "account_id between $low and $high", {"low": part[0], "high": part[-1]})
        names = {row["number"]: name_in_notes(row["family_name"], row["name"]) for row in people}
        touches = _touches_of(records, part, names, then if past else tones_of(part))
        by_account = _someones(people, uses, stated, _news_of(records, part))
        judged = {one: judge(by_account.get(one, []), touches.get(one, []), day) for one in part}
        keep(judged, uses, now)
    if accounts is None:
        AccountRelationship.objects.exclude(account__in=living).delete()
    return len(numbers)


def _tones_then(records: KnownRecords, day: date) -> dict[tuple[str, int], float]:
    """What had been read in tickets by a past day."""
    rows = records.query("select record_id, tone from reading where tone is not null", day)
    pairs = zip(rows["record_id"].tolist(), rows["tone"].tolist(), strict=True)
    return {("ticket", number): tone for number, tone in pairs}


@dataclass(frozen=True, slots=True)
class _Stated:
    """What stands beside the published facts: statements, leaving still to come, and who was erased since."""

    said: Mapping[int, Said]
    to_come: Mapping[int, date]
    erased: Collection[int]


def _stated(day: date, now: datetime) -> _Stated:
    past = day < company_day(now)
    erased = set(Contact.objects.filter(erased_at__isnull=False).values_list("pk", flat=True))
    return _Stated(said_of_all(day if past else None), {} if past else dict(_leaving_later(day)), erased)


def _someones(
    people: Iterable[Mapping[str, Any]],
    uses: Mapping[int, Use],
    stated: _Stated,
    news: Mapping[int, Collection[News]],
) -> dict[int, list[Someone]]:
    found: dict[int, list[Someone]] = defaultdict(list)
    for row in people:
        number = row["number"]
        if number in stated.erased:
            continue
        said = stated.said.get(number, Said())
        if number in stated.to_come and not said.leaving_on:
            said = replace(said, leaving_on=stated.to_come[number])
        told = news.get(row["account_id"], ())
        if told:
            told = about(told, number, whole_names(row["family_name"], row["given_name"], row["name"]))
        one = Someone(
            number, row["role"], row["title"], row["department"], row["left_on"], row["bounced_on"], said, uses.get(number),
            tuple(told),
        )  # fmt: skip
        found[row["account_id"]].append(one)
    return found


def _news_of(records: KnownRecords, accounts: Collection[int]) -> dict[int, list[News]]:
    """News of leaving, of some accounts."""
    rows = records.connection.execute(
        "select * from told where account_id between $low and $high",
        {"low": min(accounts), "high": max(accounts)},
    ).fetchall()
    found: dict[int, list[News]] = defaultdict(list)
    for account, contact, on, headline, url in rows:
        found[account].append(News(on, headline, url, person=contact))
    return found


def _leaving_later(day: date) -> Iterable[tuple[int, date]]:
    """Days of leaving that sources state and that are still to come."""
    found = Contact.objects.filter(left_on__gt=day, deleted_at=None).values_list("pk", "left_on")
    return [(number, on) for number, on in found if on]


def said_of_all(day: date | None) -> dict[int, Said]:
    """Everything that members stated of anybody and is in force, or was on a past day."""
    return said_of(Assessment.objects.order_by().values_list("contact_id", flat=True).distinct(), day)


def _touches_of(
    records: KnownRecords,
    accounts: Collection[int],
    names: Mapping[int, str],
    tones: Mapping[tuple[str, int], float],
) -> dict[int, list[Touch]]:
    frame = records.connection.execute(
        "select * from touch where account_id between $low and $high order by account_id",
        {"low": min(accounts), "high": max(accounts)},
    ).fetchall()
    found: dict[int, list[Touch]] = defaultdict(list)
    for account, contact, record, kind, on, two_way, member, tone, measure, score, told, parting in frame:
        name = names.get(contact, "")
        leaving = bool(parting) or bool(told and name and speaks_of_parting(told, name))
        source = kind if kind in _INBOUND else "interaction"
        tone, read = tone_of(source, record, tone, tones)
        answered = kind not in _INBOUND and is_two_way(two_way, kind)
        found[account].append(
            Touch(
                on, kind, contact, answered, member or "", record, tone, measure or "", score, leaving, read
            )
        )
    return found


_INBOUND = ("ticket", "survey_answer", "training")


# ---- keeping -------------------------------------------------------------------------------------------------

_FIELDS = [field.name for field in AccountRelationship._meta.concrete_fields if not field.primary_key]


def keep(judged: Mapping[int, Relationship], uses: Mapping[int, Use], now: datetime) -> None:
    """Write what lists show of some accounts."""
    rows = [row_of(account, found, uses, now) for account, found in judged.items()]
    AccountRelationship.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["account"], update_fields=_FIELDS
    )


def row_of(account: int, found: Relationship, uses: Mapping[int, Use], now: datetime) -> AccountRelationship:
    """A relationship as lists show it."""
    here = found.present
    levels = {line.level: line for line in found.levels}
    key = [tie.leaving for tie in here if tie.person.role in NEEDED_ROLES]
    used = {tie.number: uses[tie.number] for tie in here if tie.number in uses}
    only = found.theirs.only if found.theirs.single else None
    return AccountRelationship(
        account_id=account,
        day=found.day,
        people=len(here),
        strength=found.strongest,
        their_threads=found.theirs.people,
        our_threads=found.ours.people,
        single_thread=found.theirs.single,
        single_member=found.ours.single,
        silent=found.silent,
        only_contact_id=only if isinstance(only, int) else None,
        executives=levels["executive"].known,
        executive_on=levels["executive"].last,
        manager_on=levels["manager"].last,
        user_on=levels["user"].last,
        last_two_way=found.last_two_way,
        champions=sum(tie.person.role == "champion" for tie in here),
        key_leaving=max(key, default=0),
        leaving=max((tie.leaving for tie in here), default=0),
        dissatisfied=sum(tie.feeling.value == "negative" for tie in here if tie.person.role in NEEDED_ROLES),
        departing=[
            {"contact": tie.number, "leaving": tie.leaving, "signs": [sign.id for sign in tie.signs]}
            for tie in found.departing
        ],
        missing=list(found.missing),
        ties={
            str(tie.number): [
                tie.strength,
                tie.leaving,
                tie.last_two_way and tie.last_two_way.isoformat(),
                tie.answers,
            ]
            for tie in here
        },
        unanswered=[{"contact": tie.number, "tried": tie.tried} for tie in found.unanswered],
        key_unanswered=len(found.unanswered),
        uses={str(number): [use.last.isoformat(), use.days] for number, use in used.items()},
        judged_at=now,
    )


def judge_again(account: Account, today: date, now: datetime) -> None:
    """Renew one account's row at once, after something was stated of its people."""
    held = AccountRelationship.objects.filter(account=account).values_list("uses", flat=True).first() or {}
    uses = {int(number): Use(date.fromisoformat(last), days) for number, (last, days) in held.items()}
    keep({account.pk: relationship_now(account, today)}, uses, now)


# ---- moves ---------------------------------------------------------------------------------------------------


def _find_moves(records: KnownRecords, uses: Mapping[int, Use]) -> list[Found]:
    """People of the whole book who may be one, without holding the book: first by their keys, then the few left."""
    sieve, touched = Sieve(), _last_touches(records)
    alive = set(Contact.objects.filter(erased_at=None, deleted_at=None).values_list("pk", flat=True))
    low, high = records.connection.execute("select min(number), max(number) from person").fetchone() or (
        None,
        None,
    )
    for start in range(low or 0, (high or 0) + 1, KEYS_AT_ONCE):
        part = _rows(
            records, "number between $low and $high", {"low": start, "high": start + KEYS_AT_ONCE - 1}
        )
        sieve.add(_trace(row, uses, touched) for row in part if row["number"] in alive)
    left = _rows(records, "list_contains($left, number)", {"left": sorted(sieve.left())})
    return compare([_trace(row, uses, touched) for row in left], sieve)


def _trace(row: Mapping[str, Any], uses: Mapping[int, Use], touched: Mapping[int, date]) -> Trace:
    """By what a contact can be known again."""
    number, use = row["number"], uses.get(row["number"])
    alive = [day for day in (touched.get(number), use.last if use else None) if day]
    gone = [day for day in (row["left_on"], row["bounced_on"]) if day]
    family, given = row["family_name"], row["given_name"]
    return Trace(
        number=number,
        account=row["account_id"],
        name=f"{family}{given}" if family and given else row["name"],
        kana=row["kana"],
        mail=row["mail"],
        phone=row["phone"],
        user_id=row["user_id"],
        since=row["since"],
        left_on=min(gone, default=None),
        alive_on=max(alive, default=None),
    )


def propose_moves(moves: Iterable[Found], now: datetime) -> int:
    """Keep new proposals; those no longer supported go, decided ones stay. The number of proposals that stand."""
    found = {(one.former, one.present): one for one in moves}
    held = {(one.former_id, one.present_id): one for one in ContactMove.objects.all()}
    stale = [
        one.pk
        for pair, one in held.items()
        if pair not in found and one.status == ContactMove.Status.PROPOSED
    ]
    ContactMove.objects.filter(pk__in=stale).delete()
    for pair, one in held.items():
        if one.status == ContactMove.Status.PROPOSED and pair in found and one.points != found[pair].points:
            one.points, one.reasons = found[pair].points, list(found[pair].reasons)
            one.save(update_fields=["points", "reasons"])
    fresh = [
        ContactMove(
            former_id=one.former,
            present_id=one.present,
            points=one.points,
            reasons=list(one.reasons),
            found_at=now,
        )
        for pair, one in found.items()
        if pair not in held and pair[::-1] not in held
    ]
    ContactMove.objects.bulk_create(fresh, batch_size=500)
    return ContactMove.objects.filter(status=ContactMove.Status.PROPOSED).count()
