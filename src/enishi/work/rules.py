"""The order of the queue, decided purely: judgements and a day in, a ranked list with its reasons out.

An account's priority is what acting is expected to save: money at stake x urgency x the chance that the act turns
the account round (declared per play, until measured) - the cost of its minutes. Urgency is a sum of declared points
(100 at most), each with its reason, so that every place in the list can be explained. Accounts to which something
was promised come first, whatever their money.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from enishi.kit.text import Text, day_words
from enishi.work.contracts import Judgement, Play, Ranked, Reason, Routing, Seen, UrgencyPart
from enishi.work.plays import declared_rule, play_for

NOTICE = "notice:given"
NOTICE_POINTS = 40
FRESH_ALERT_DAYS = 7
MAX_URGENCY = 100
BAND_POINTS = {"red": 40, "yellow": 20, "unknown": 10, "green": 0}
LOW_POINTS, WEAKEST = 50, 3
SEVERITY = {"green": 0, "unknown": 1, "yellow": 2, "red": 3}

BAND_WORDS = {
    "red": Text("Health is in danger", "ヘルスが危険"),
    "yellow": Text("Health needs care", "ヘルスが注意"),
    "unknown": Text("Health is unknown", "ヘルスが不明"),
}


def rank(
    judgements: Iterable[Judgement],
    today: date,
    plays: Sequence[Play],
    promised: frozenset[int] = frozenset(),
    *,
    hour_cost: int = 0,
) -> list[Ranked]:
    """The accounts that need somebody, most pressing first.

    Args:
        promised: accounts with a promise due today or earlier.
        hour_cost: of one hour's work, in minor units.
    """
    ranked = [
        place(judgement, today, plays, judgement.account_id in promised, hour_cost=hour_cost)
        for judgement in judgements
    ]
    return sorted((item for item in ranked if item), key=order)


def order(item: Ranked) -> tuple[bool, int, int, int]:
    """Promises first, then the money expected to be saved; where that does not pay the time, urgency alone."""
    return (not item.promise_due, -item.priority, -item.urgency, item.account_id)


def place(
    judgement: Judgement,
    today: date,
    plays: Sequence[Play],
    promise_due: bool = False,
    *,
    hour_cost: int = 0,
    weaker: bool = False,
) -> Ranked | None:
    """One account's place, or None where nothing calls for a person, or where the customer has left.

    Args:
        weaker: place it also where its reasons are too weak to call by themselves.
    """
    reasons = reasons_of(judgement, today)
    if promise_due and not reasons:
        reasons = (Reason("promise:due", 0),)
    called = promise_due or weaker or any(reason.calls for reason in reasons)
    if not reasons or not called or judgement.has_left:
        return None
    parts = urgency_parts(judgement, today)
    urgency = min(MAX_URGENCY, sum(part.points for part in parts))
    play = play_for((reason.trigger for reason in reasons), plays)
    cost = hour_cost * play.minutes // 60
    return Ranked(
        account_id=judgement.account_id,
        at_stake=judgement.at_stake,
        gain=judgement.at_stake * urgency * round(1000 * play.chance) // 100_000 - cost,
        cost=cost,
        urgency=urgency,
        parts=parts,
        reasons=reasons,
        play=play,
        promise_due=promise_due,
    )


def reasons_of(judgement: Judgement, today: date) -> tuple[Reason, ...]:
    """Why the account needs somebody, strongest first; empty where it does not."""
    reasons = [*_notice_reasons(judgement), *_alert_reasons(judgement, today), *_cause_reasons(judgement)]
    fall = fall_of(judgement)
    if fall >= declared_rule().fall_tenths:
        points = round(fall / 10)
        words = Text(f"The score fell by {points} points in a week", f"スコアが1週間で{points}点下がりました")
        reasons.append(Reason("score:falling", min(100, 30 + points), evidence=words, kind="score"))
    if judgement.band == "yellow" and judgement.band_week_ago == "green":
        words = Text("From good to caution within a week", "1週間で良好から注意に変わりました")
        reasons.append(Reason("band:fell", 40, evidence=words, kind="score"))
    if judgement.band in ("red", "yellow") and renewal_is_near(judgement, today):
        reasons.append(_renewal_reason(judgement, today))
    if judgement.band == "red":
        reasons.append(Reason("band:red", 20, evidence=_red_words(judgement), kind="score"))
    return tuple(sorted(reasons, key=lambda reason: -reason.weight))


def _red_words(judgement: Judgement) -> Text:
    if not judgement.weakest:
        return Text("The score is in the red band", "スコアが危険域にあります")
    return Text(
        "What costs most: " + ", ".join(one.en for one in judgement.weakest),
        "点数を最も下げている項目: " + "、".join(one.ja for one in judgement.weakest),
    )


def weakest_of(lines: Iterable[Mapping[str, Any]]) -> tuple[Text, ...]:
    """The measures that cost a score most, of those with less than half their points; the costliest first."""
    low = [
        line
        for line in lines
        if line.get("points") is not None and line["weight"] > 0 and line["points"] < LOW_POINTS
    ]
    low.sort(key=lambda line: -line["weight"] * (100 - line["points"]))
    return tuple(
        Text(
            f"{line['title_en']} ({line['points']:.0f} points)", f"{line['title_ja']}({line['points']:.0f}点)"
        )
        for line in low[:WEAKEST]
    )


def _notice_reasons(judgement: Judgement) -> list[Reason]:
    """A notice comes before every sign of one: whatever the score says, the customer has said it."""
    if not (leaving := judgement.leaving):
        return []
    given, ends = day_words(leaving.notice_on), day_words(leaving.ends_on) if leaving.ends_on else None
    said = Text(f"Notice given on {given.en}", f"{given.ja}に解約の申し出")
    if ends:
        said = Text(f"{said.en}, contract ends on {ends.en}", f"{said.ja}、契約は{ends.ja}に終了")
    weight = 100 if leaving.whole else 90
    return [Reason(NOTICE, weight, leaving.notice_on, said, None, "subscription", leaving.contracts[-1])]


def _alert_reasons(judgement: Judgement, today: date) -> list[Reason]:
    found = []
    for alert in judgement.alerts:
        since = _day(alert.get("since"))
        fresh = since is None or (today - since).days <= FRESH_ALERT_DAYS
        found.append(_reason(f"alert:{alert['alert']}", 95 if fresh else 60, since, alert))
    return found


def _cause_reasons(judgement: Judgement) -> list[Reason]:
    found = []
    for cause in judgement.causes:
        tag = f"/{cause['tag']}" if cause.get("tag") else ""
        strength = int(cause["strength"])
        calls = strength >= declared_rule().strong_cause
        trigger = f"cause:{cause['cause']}{tag}"
        found.append(_reason(trigger, strength, _day(cause.get("since")), cause, calls=calls))
    return found


def _reason(
    trigger: str, weight: int, since: date | None, source: Mapping[str, Any], *, calls: bool = True
) -> Reason:
    items = source.get("evidence") or ()
    first: Mapping[str, Any] = next((item for item in items if not item.get("tag")), {})
    told = next((item for item in items if item.get("tag")), None)
    return Reason(
        trigger,
        weight,
        since,
        _words(first),
        _day(first.get("on")),
        first.get("kind") or "",
        first.get("record_id"),
        calls,
        _routing(told) if told else None,
    )


def _routing(item: Mapping[str, Any]) -> Routing:
    words = _words(item) or Text("", "")
    return Routing(item["tag"], words, _day(item.get("on")), item.get("kind") or "", item.get("record_id"))


def _words(item: Mapping[str, Any]) -> Text | None:
    return Text(item["en"], item["ja"]) if item.get("en") else None


def _renewal_reason(judgement: Judgement, today: date) -> Reason:
    days = _days_to_renewal(judgement, today)
    words = Text(f"Renewal in {days} days", f"更新まで{days}日")
    return Reason(
        "renewal:near", 50 - days // 3, evidence=words, on=judgement.renewal_on, kind="subscription"
    )


def urgency_parts(judgement: Judgement, today: date) -> tuple[UrgencyPart, ...]:
    """The points of urgency and what each is for."""
    parts = [
        _notice_part(judgement),
        _band_part(judgement),
        _fall_part(judgement),
        _cause_part(judgement),
        _alert_part(judgement, today),
        _renewal_part(judgement, today),
    ]
    return tuple(part for part in parts if part.points > 0)


def _notice_part(judgement: Judgement) -> UrgencyPart:
    return UrgencyPart(NOTICE_POINTS if judgement.leaving else 0, Text("Notice given", "解約の申し出"))


def _band_part(judgement: Judgement) -> UrgencyPart:
    return UrgencyPart(BAND_POINTS.get(judgement.band, 0), BAND_WORDS.get(judgement.band, Text("", "")))


def _fall_part(judgement: Judgement) -> UrgencyPart:
    points = round(max(0, fall_of(judgement)) / 10)
    return UrgencyPart(min(20, points), Text(f"{points} points down in a week", f"1週間で{points}点低下"))


def _cause_part(judgement: Judgement) -> UrgencyPart:
    strength = max((int(cause["strength"]) for cause in judgement.causes), default=0)
    return UrgencyPart(strength // 5, Text(f"Strongest cause {strength}/100", f"最も強い原因 {strength}/100"))


def _alert_part(judgement: Judgement, today: date) -> UrgencyPart:
    weights = [reason.weight for reason in _alert_reasons(judgement, today)]
    if 95 in weights:
        return UrgencyPart(15, Text("New alert this week", "今週の新しいアラート"))
    return UrgencyPart(5 if weights else 0, Text("Open alert", "継続中のアラート"))


def _renewal_part(judgement: Judgement, today: date) -> UrgencyPart:
    if not renewal_is_near(judgement, today):
        return UrgencyPart(0, Text("", ""))
    days = _days_to_renewal(judgement, today)
    points = 15 if days <= 30 else 10 if days <= 60 else 5
    return UrgencyPart(points, Text(f"Renewal in {days} days", f"更新まで{days}日"))


def fall_of(judgement: Judgement) -> int:
    """Tenths lost since a week ago; negative where the score rose, 0 where either is unknown."""
    if judgement.tenths is None or judgement.tenths_week_ago is None:
        return 0
    return judgement.tenths_week_ago - judgement.tenths


def renewal_is_near(judgement: Judgement, today: date) -> bool:
    window = declared_rule().renewal_days
    return judgement.renewal_on is not None and 0 <= _days_to_renewal(judgement, today) <= window


def _days_to_renewal(judgement: Judgement, today: date) -> int:
    return (judgement.renewal_on - today).days if judgement.renewal_on else declared_rule().renewal_days + 1


def fingerprint(judgement: Judgement, today: date) -> str:
    """What a person sees of an account today, to be kept: the band, each cause, each alert, a notice.

    Alerts carry the day of looking, a notice its own day: what begins later counts anew (``name@day``).
    """
    tokens = [
        token if since is None else f"{token}@{_seen_day(kind, since, today):%Y%m%d}"
        for token, kind, since in _tokens(judgement)
    ]
    return " ".join([str(SEVERITY.get(judgement.band, 0)), *sorted(tokens)])


def _seen_day(kind: str, since: date, today: date) -> date:
    return since if kind == NOTICE else max(since, today)


def read_fingerprint(text: str) -> Seen:
    severity, *tokens = text.split() or ["0"]
    return Seen(int(severity), dict(token.partition("@")[::2] for token in tokens))


def is_news(judgement: Judgement, seen: str) -> bool:
    """Whether something worse or new is true since ``seen``: a worse band, a new cause, an alert or a notice that is
    new or began later. One that is found to have begun earlier is none: history that comes in later says so."""
    before = read_fingerprint(seen)
    if SEVERITY.get(judgement.band, 0) > before.severity:
        return True
    return any(_is_new(token, kind, since, before) for token, kind, since in _tokens(judgement))


def _is_new(token: str, kind: str, since: date | None, before: Seen) -> bool:
    if token in before.tokens:
        return since is not None and f"{since:%Y%m%d}" > before.tokens[token]
    return _short(f"{kind}@{since}") not in before.tokens  # as kept before fingerprints held days


def _tokens(judgement: Judgement) -> set[tuple[str, str, date | None]]:
    """A short name of each thing, what it is, and since when where that matters."""
    found: list[tuple[str, date | None]] = [(f"cause:{cause['cause']}", None) for cause in judgement.causes]
    found += [(f"alert:{alert['alert']}", _day(alert.get("since"))) for alert in judgement.alerts]
    found += [(NOTICE, judgement.leaving.notice_on)] if judgement.leaving else []
    return {(_short(kind), kind, since) for kind, since in found}


def _short(name: str) -> str:
    return hashlib.blake2s(name.encode(), digest_size=3).hexdigest()


def changed_since(today: date) -> date:
    """The day from which a change counts as overnight: yesterday, or Friday on a Monday and over a week-end."""
    back = {0: 3, 6: 2}.get(today.weekday(), 1)
    return today - timedelta(days=back)


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(value) if isinstance(value, str) and value else None
