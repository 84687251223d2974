"""News that says of somebody that they leave: whom an item is about, and the sign it makes. Pure, no Django."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from urllib.parse import urlsplit

from enishi.kit.text import Text, day_words
from enishi.stakeholders.contracts import News, Sign

DEPARTURE = "person_left"
IN_NEWS = 80  # published, and so more than our own reading of a note; less than what a member stated
STILL_HERE = 25  # seen long after: the item is old, or about a namesake
NOTICE = timedelta(days=90)  # a change is published that long before it happens
LEAST_NAME = 3  # letters of a whole name by which a headline may name somebody


def about(news: Iterable[News], person: int, names: Sequence[str]) -> tuple[News, ...]:
    """The items about one person: those whose source names the contact, and those of nobody whose headline holds the
    whole name."""
    telling = [pattern for name in names if (pattern := _pattern(name))]
    return tuple(one for one in news if one.person == person or (one.person is None and _names(one, telling)))


def _names(one: News, patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.search(one.headline) for pattern in patterns)


def _pattern(name: str) -> re.Pattern[str] | None:
    """A whole name in running text: words of letters stand apart, Japanese is written with a space or without."""
    if len("".join(name.split())) < LEAST_NAME:
        return None
    if name.isascii():
        words = r"\s+".join(map(re.escape, name.split()))
        return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
    return re.compile(r"\s*".join(map(re.escape, "".join(name.split()))))


def whole_names(family: str, given: str, name: str) -> tuple[str, ...]:
    """Spellings of a whole name: as stated, and family and given name in either order.

    A family name alone, or a single word, names too many.
    """
    both = (f"{family} {given}", f"{given} {family}") if family and given else ()
    stated = (name,) if len(name.split()) > 1 or (name and not name.isascii() and name != family) else ()
    return (*both, *stated)


def news_sign(news: Sequence[News], alive: date | None, day: date) -> Sign | None:
    """The newest item known by ``day``. It weighs little where the person was seen long after it."""
    told = [one for one in news if one.on <= day]
    if not told:
        return None
    last = max(told, key=lambda one: one.on)
    where = _source(last)
    english, japanese = (f" ({where})", f"({where})") if where else ("", "")
    if alive and alive > last.on + NOTICE:
        seen = day_words(alive)
        text = Text(
            f"News of leaving: {last.headline}{english}, though the person was seen since (last on {seen.en})",
            f"退任・異動のニュース:{last.headline}{japanese}。その後も応答または利用があります(最終:{seen.ja})",
        )
        return Sign("news", STILL_HERE, text, last.on, last.url)
    text = Text(
        f"News of leaving: {last.headline}{english}", f"退任・異動のニュース:{last.headline}{japanese}"
    )
    return Sign("news", IN_NEWS, text, last.on, last.url)


def _source(one: News) -> str:
    """The site that published it; else the system it came from."""
    host = urlsplit(one.url).hostname if one.url else None
    return (host or one.source).removeprefix("www.")
