"""News that says of somebody that they leave: whom an item is about, and the sign it makes. Pure, no Django."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from enishi.kit.text import Text, day_words
from enishi.stakeholders.contracts import News, Sign

DEPARTURE = "person_left"
IN_NEWS = 80  # published, and so more than our own reading of a note; less than what a member stated
STILL_HERE = 25  # seen long after: the item is old, or about a namesake
NOTICE = timedelta(days=90)  # a change is published that long before it happens
LEAST_NAME = 3  # letters of a whole name by which a headline may name somebody


# Japanese is written without spaces: what stands before or after a name shows whether it is whole (林直樹 is not in 小林直樹).
_HAN = "々〇㐀-䶿一-鿿豈-\ufaff\U00020000-\U0003134f"
_KATAKANA = "ァ-ヺー"
_JAPANESE = re.compile(f"[ぁ-ゖ{_KATAKANA}{_HAN}]")
_LATIN = "A-Za-zÀ-ɏ"
_TITLES = (
    "社長", "会長", "部長", "課長", "室長", "局長", "所長", "次長", "係長", "院長", "学長", "校長", "店長", "工場長", "取締役", "代表",
    "専務", "常務", "役員", "監査役", "顧問", "相談役", "理事", "理事長", "委員", "委員長", "担当", "主任", "教授", "責任者", "執行役",
)  # fmt: skip
_BEFORE = "|".join(f"(?<={title})" for title in _TITLES)
_AFTER_NAME = "|".join((
    *_TITLES, "氏", "様", "殿", "君[がはのを、]", "先生", "両氏", "執行", "監査", "退任", "辞任", "退職", "離任", "異動", "転職", "転籍", "転出",
    "就任", "昇任", "昇格", "交代", "逝去", "死去", "最高", f"[前元新副][{_HAN}]{{0,6}}(?:{'|'.join(_TITLES)})",
    "経営", "営業", "経理", "財務", "総務", "人事", "法務", "広報", "企画", "開発", "技術", "製造", "生産", "品質", "購買", "情報", "事業", "管理",
    "研究", "本部", "支店", "支社",
))  # fmt: skip
# 同社長谷川… may be 長谷川 of the same company: with these families a title that ends in 長 decides nothing.
_WITH_LONG = frozenset((
    "谷川", "谷部", *"谷岡尾井田島嶋沢澤野崎山塚江瀬浜濱友坂原屋内峰沼倉門木橋南船",
))  # fmt: skip
_BEFORE_UNCLEAR = "|".join(f"(?<={title})" for title in _TITLES if not title.endswith("長"))


def about(news: Iterable[News], person: int, names: Sequence[str]) -> tuple[News, ...]:
    """The items about one person: those whose source names the contact, and those of nobody whose headline holds the
    whole name."""
    telling = [pattern for name in names if (pattern := _pattern(name))]
    return tuple(one for one in news if one.person == person or (one.person is None and _names(one, telling)))


def _names(one: News, patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.search(one.headline) for pattern in patterns)


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str] | None:
    """A whole name in running text, never a part of a longer one; None for a name too short to name anybody."""
    words = name.split()
    if len("".join(words)) < LEAST_NAME:
        return None
    if _JAPANESE.search(name):
        return re.compile(_japanese(words))
    said = r"\s+".join(map(re.escape, words))
    before, after = f"(?<![{_LATIN}0-9_])(?<![{_LATIN}]['’-])", f"(?![{_LATIN}0-9_]|-[{_LATIN}])"
    return re.compile(f"{before}{said}{after}", re.IGNORECASE)


def _japanese(words: Sequence[str]) -> str:
    """With a space or a dot between family and given name, or without; a title or 氏 may touch it, no other ideograph."""
    said = r"[\s・=＝]*".join(r"\s*".join(map(re.escape, word)) for word in words)
    first, last = words[0][0], words[-1][-1]
    before = after = ""
    if re.match(f"[{_HAN}]", first):
        titles = _BEFORE_UNCLEAR if words[0] in _WITH_LONG else _BEFORE
        before = f"(?:(?<![{_HAN}])|{titles})"
    elif re.match(f"[{_KATAKANA}]", first):
        before = f"(?<![{_KATAKANA}・])"
    if re.match(f"[{_HAN}]", last):
        after = f"(?:(?![{_HAN}])|(?={_AFTER_NAME}))"
    elif re.match(f"[{_KATAKANA}]", last):
        after = f"(?![{_KATAKANA}・])"
    return f"{before}{said}{after}"


def whole_names(family: str, given: str, name: str) -> tuple[str, ...]:
    """Spellings of a whole name: as stated, and family and given name in either order.

    A family name alone, or a single word, names too many.
    """
    both = (f"{family} {given}", f"{given} {family}") if family and given else ()
    stated = (name,) if len(name.split()) > 1 or (_JAPANESE.search(name) and name != family) else ()
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
