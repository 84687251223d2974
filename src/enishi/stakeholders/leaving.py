"""Who is likely to leave, or has left without telling: each sign with its fact and its day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from enishi.kit.text import Text, day_words
from enishi.stakeholders.contracts import TALKS, Said, Sign, Someone, Touch, Use
from enishi.stakeholders.news import news_sign

# Who writes this of themselves takes leave. Plain "leaving" is not enough: HR people write of it every day.
_OWN = (
    r"退職することに|退職いたし|退職します|退職となり|退職が決ま|離任|異動することに|異動になり|異動となり|異動いたし|異動します"
    r"|担当を外れ|担当が変わることに|最終出社"
    r"|I am leaving|I'm leaving|I will be leaving|my last day|my successor|no longer be your contact|taking over from me"
)
# In a note of ours the person must be named, before the word and in the same sentence.
_TOLD = r"退職|異動|離任|転職|転籍|担当を外れ|担当が変わ|leaving|is moving|has left|last day|successor"
OWN_WORDS, TOLD = _OWN, _TOLD
_OWN_PATTERN = re.compile(_OWN, re.IGNORECASE)
_TOLD_PATTERN = re.compile(_TOLD, re.IGNORECASE)
_STOP = re.compile(r"[。\n.!?！？]")

ANNOUNCED, BOUNCED, PARTED = 90, 70, 55
SEEN_SINCE = (
    25  # a bounce of somebody seen since: the address more likely than the person, yet out of reach by mail
)
PARTING_DAYS = 180
REGULAR = 182  # days in which contact or use must have been regular before silence means something
LEAST_TALKS = 4
LEAST_USE_DAYS = 8
SHORTEST_SILENCE = 45


def speaks_of_parting(text: str, name: str = "") -> bool:
    """Whether a text takes leave in the writer's own words; with ``name`` whether a note says so of that person.

    >>> speaks_of_parting("退職者のアカウントを消したい"), speaks_of_parting("このたび異動することになりました")
    (False, True)
    >>> speaks_of_parting("佐藤様は来月で退職とのこと。", "佐藤"), speaks_of_parting("退職者が多い。佐藤様も困惑。", "佐藤")
    (True, False)
    """
    if name:
        return _is_told_of(name, text)
    return _OWN_PATTERN.search(text) is not None


def _is_told_of(name: str, text: str) -> bool:
    """Whether a sentence names the person and then a word of leaving. Each sentence is read once, however often the name
    stands in it: strangers write these texts."""
    read_to = -1
    for named in re.finditer(re.escape(name), text, re.IGNORECASE):
        if named.end() <= read_to:
            continue
        stop = _STOP.search(text, named.end())
        read_to = stop.start() if stop else len(text)
        if _TOLD_PATTERN.search(text, named.end(), read_to):
            return True
    return False


def signs_of(someone: Someone, touches: Sequence[Touch], day: date) -> tuple[Sign, ...]:
    """What speaks for somebody leaving as known on ``day``, the weightiest first; nothing for those known to be gone.

    Args:
        touches: what passed with this person up to the day.
    """
    if someone.left_on is not None and someone.left_on <= day:
        return ()
    alive = last_sign_of_life(someone, touches)
    found = [
        _announced(someone.said, day),
        _bounced(someone, alive),
        news_sign(someone.news, alive, day),
        _parting(touches, day),
        _quiet(touches, day, alive),
        _unused(someone.use, day, alive),
    ]
    return tuple(sorted((sign for sign in found if sign), key=lambda sign: -sign.weight))


def together(signs: Sequence[Sign]) -> int:
    """0-100: the signs taken as independent grounds, 1 - product of (1 - weight/100)."""
    doubt = 1.0
    for sign in signs:
        doubt *= 1 - sign.weight / 100
    return round(100 * (1 - doubt))


def last_sign_of_life(someone: Someone, touches: Sequence[Touch]) -> date | None:
    """The last day on which the person answered, came to us or used the product."""
    days = [touch.on for touch in touches if touch.two_way or touch.kind not in TALKS]
    if someone.use:
        days.append(someone.use.last)
    return max(days, default=None)


def _announced(said: Said, day: date) -> Sign | None:
    if said.leaving_on is None:
        return None
    on = day_words(said.leaving_on)
    text = Text(f"Stated by a member: leaves on {on.en}", f"登録された離任予定日:{on.ja}")
    return Sign("announced", ANNOUNCED, text, said.on or day)


def _bounced(someone: Someone, alive: date | None) -> Sign | None:
    """A bounce stands until the source takes it back, as the metrics and the score count it. It weighs less where the person
    was seen since."""
    if someone.bounced_on is None:
        return None
    if alive and alive > someone.bounced_on:
        on = day_words(alive)
        text = Text(
            f"Mail to this address bounces, though the person was seen since (last on {on.en})",
            f"メールが不達になりました(その後も応答または利用があります。最終:{on.ja})",
        )
        return Sign("bounced", SEEN_SINCE, text, someone.bounced_on)
    text = Text("Mail to this address bounces", "メールが不達になりました")
    return Sign("bounced", BOUNCED, text, someone.bounced_on)


def _parting(touches: Sequence[Touch], day: date) -> Sign | None:
    spoken = [touch.on for touch in touches if touch.parting and (day - touch.on).days < PARTING_DAYS]
    if not spoken:
        return None
    text = Text(
        "A note or ticket speaks of leaving or a successor",
        "記録や問い合わせに退職・異動・後任への言及があります",
    )
    return Sign("parting", PARTED, text, max(spoken))


def _quiet(touches: Sequence[Touch], day: date, alive: date | None) -> Sign | None:
    """No answer for three times the usual gap, after contact that was regular. Weighs more where we tried."""
    talks = sorted(touch.on for touch in touches if touch.kind in TALKS and touch.two_way)
    if not talks or (alive and alive > talks[-1]):
        return None
    regular = sorted({on for on in talks if (talks[-1] - on).days < REGULAR})
    if len(regular) < LEAST_TALKS:
        return None
    gap = max(1.0, median((b - a).days for a, b in pairwise(regular)))
    silence = (day - talks[-1]).days
    if silence <= max(SHORTEST_SILENCE, 3 * gap):
        return None
    tried = sum(t.kind in TALKS and not t.two_way and t.on > talks[-1] for t in touches)
    text = Text(
        f"No answer for {silence} days, after contact every {gap:.0f} days; tried {tried} times since",
        f"{silence}日間応答がありません(それまでは約{gap:.0f}日おき)。その後の働きかけ{tried}回",
    )
    return Sign("quiet", min(50, 25 + 10 * tried), text, talks[-1])


def _unused(use: Use | None, day: date, alive: date | None) -> Sign | None:
    """No use of the product for long, after regular use, and no other sign of life since."""
    if use is None or use.days < LEAST_USE_DAYS or (alive and alive > use.last + timedelta(days=7)):
        return None
    silence = (day - use.last).days
    gap = REGULAR / use.days
    if silence <= max(SHORTEST_SILENCE, 3 * gap):
        return None
    text = Text(
        f"Has not used the product for {silence} days, after {use.days} days of use in the half year before",
        f"{silence}日間利用がありません(それまでの半年は{use.days}日利用)",
    )
    return Sign("unused", 35, text, use.last)
