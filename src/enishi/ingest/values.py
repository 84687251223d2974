"""Reading what people write in cells: dates, yes and no, choices in Japanese and English habits; numbers are read in
:mod:`.amounts`.

``read_value`` gives a Python value for :func:`enishi.accounts.coercion.coerce_field`, or raises ``Refused`` with
the reason. Nothing ambiguous is guessed: 03/04/2024 is read only when the column's order is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from enishi.accounts.coercion import Refused, clip
from enishi.accounts.references import domain_of
from enishi.ingest.amounts import COMMA, POINT, decimals_in, read_amount, read_currency
from enishi.ingest.wording import CHOICE_WORDS, NO_WORDS, YES_WORDS
from enishi.kit.cells import plain_text
from enishi.kit.text import Text, fold
from enishi.store.kinds import Field, Type

DAY_ORDERS = ("ymd", "dmy", "mdy")

_NOTHING = {"", "-", "--", "ー", "—", "–", "null", "none", "n/a", "#n/a", "nan", "nat", "未定", "該当なし"}
NUMERIC = (Type.INTEGER, Type.NUMBER, Type.MONEY)


@dataclass(frozen=True, slots=True)
class Habits:
    """What a column's cells need to be read by.

    Args:
        day_order: for days written as three bare numbers (03/04/2024): ``dmy``, ``mdy`` or, for two-digit years,
            ``ymd``; empty where nobody said.
        zone: the zone of instants that name none.
        decimal: the mark before decimals: ``.`` (1,234.5) or ``,`` (1.234,5).
        because: the row and the cell of the column that show it; None where another reason decided.
        against: the row and the cell that only the other mark explains, where the column holds one.
        doubted: whether the column writes both marks and nobody chose one: what both can read is not read.
    """

    day_order: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))
    decimal: str = POINT
    because: tuple[int, str] | None = None
    against: tuple[int, str] | None = None
    doubted: bool = False


def is_nothing(cell: object) -> bool:
    """Whether a cell says that there is no value."""
    return cell is None or plain_text(cell).casefold() in _NOTHING


def read_value(field: Field, cell: Any, habits: Habits) -> Any:
    """The value of a cell for a field; None where it says nothing."""
    if cell is None or cell == "":
        return None
    if field.type is Type.TEXT or field.type in (Type.ACCOUNT, Type.CONTACT, Type.MEMBER):
        return _read_text(cell)
    if is_nothing(cell):
        return None
    if field.type in NUMERIC:
        return _read_number(cell, habits, whole=field.type is Type.INTEGER)
    if field.type in (Type.DATE, Type.INSTANT):
        return (read_date if field.type is Type.DATE else read_instant)(cell, habits)
    if field.type is Type.CHOICE:
        return read_choice(field, cell)
    return _PLAIN_READERS.get(field.type, plain_text)(cell)


def _read_number(cell: Any, habits: Habits, *, whole: bool = False) -> Decimal:
    """A number; of one that only the other mark before decimals explains it is told why the column is read by this."""
    if habits.doubted and len(decimals_in(cell)) > 1:
        raise _two_numbers(cell, habits)
    try:
        return read_amount(cell, habits.decimal)[0]
    except Refused:
        if habits.decimal in (decimals := decimals_in(cell)) or not decimals:
            raise
    if whole and read_amount(cell, max(decimals))[0] % 1:  # no choice of the mark makes it one
        raise Refused(f"'{clip(cell)}' is not a whole number.", f"「{clip(cell)}」は整数ではありません。")
    because = Text("", "")
    if habits.because:
        place, shown = habits.because[0], clip(habits.because[1])
        because = Text(f" because of row {place} ('{shown}')", f"({place}行目の「{shown}」による)")
    used, other = (
        (Text("comma", "カンマ"), "point")
        if habits.decimal == COMMA
        else (Text("point", "ピリオド"), "comma")
    )
    raise Refused(
        f"'{clip(cell)}' is no number with a decimal {used.en}, by which the column is read{because.en}: correct the one that is "
        f"wrong, or choose the decimal {other} when the file is imported (--decimal {other}, or beside the column).",
        f"「{clip(cell)}」は数値として読み取れません。この列は小数点を{used.ja}として読み取っています{because.ja}。誤っているほうを"
        f"修正するか、取り込みの際に小数点の記号を変更してください(--decimal {other}、または列の横の選択)。",
    )


def _two_numbers(cell: Any, habits: Habits) -> Refused:
    """Why a number that either mark explains is not read in a column that writes both."""
    meant = [read_amount(cell, decimal)[0] for decimal in (POINT, COMMA)]
    first, second = (f"{number.normalize():f}" for number in meant)
    writings = [_unmistakable(number, habits.decimal) for number in meant]
    shown = [f"{place} ('{clip(text)}')" for place, text in filter(None, (habits.because, habits.against))]
    told = [f"{place}行目「{clip(text)}」" for place, text in filter(None, (habits.because, habits.against))]
    rows_en = f" (rows {' and '.join(shown)})" if len(shown) == 2 else ""
    rows_ja = f"({'、'.join(told)})" if len(told) == 2 else ""
    return Refused(
        f"'{clip(cell)}' may be {first} or {second}, as the column writes decimals with a point and with a comma{rows_en}: write "
        f"{' or '.join(writings)}, or choose the column's mark when the file is imported (--decimal point or comma, or beside the column).",
        f"「{clip(cell)}」は{first}とも{second}とも読めます。この列には小数点をピリオドとする値とカンマとする値が混在しています{rows_ja}。"
        f"{'または'.join(writings)}と入力するか、取り込みの際に小数点の記号を選んでください(--decimal point または comma、または列の横の選択)。",
    )


def _unmistakable(number: Decimal, decimal: str) -> str:
    """A number as only this mark before decimals explains it.

    >>> _unmistakable(Decimal("1.250"), COMMA), _unmistakable(Decimal("1.234"), COMMA), _unmistakable(Decimal(1250), COMMA)
    ('1,25', '1,2340', '1250')
    """
    text = f"{number.normalize():f}".replace(POINT, decimal)
    return f"{text}0" if len(decimals_in(text)) > 1 else text


def _read_domain(cell: Any) -> str:
    domain = domain_of(plain_text(cell))
    if not domain:
        raise Refused(f"'{clip(cell)}' is not a domain.", f"「{clip(cell)}」はドメインとして読み取れません。")
    return domain


def _read_text(cell: Any) -> str:
    """Texts keep their width (a name is written as its owner writes it); ids typed as numbers lose the ``.0``."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


# Yes and no, choices


def read_boolean(cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    text = fold(plain_text(cell)).replace(" ", "")
    if text in NO_WORDS or text.startswith("未"):
        return False
    if text in YES_WORDS or text.endswith(("済", "済み", "済みです")):
        return True
    raise Refused(
        f"'{clip(cell)}' is neither yes nor no.", f"「{clip(cell)}」は「はい/いいえ」として読み取れません。"
    )


_REMARK = re.compile(r"\s*\([^()]*\)$")  # Yearly (prepaid)


def read_choice(field: Field, cell: Any) -> str:
    """A choice by name, by title in either language, or by a word people use for it; a note in brackets aside."""
    text, words = fold(plain_text(cell)), _choice_words(field)
    found = words.get(text) or words.get(_REMARK.sub("", text))
    if found is None:
        known_en = ", ".join(title.en for _name, title in field.choices)
        known_ja = "、".join(title.ja for _name, title in field.choices)
        raise Refused(
            f"'{clip(cell)}' is not one of: {known_en}.",
            f"「{clip(cell)}」は選択肢({known_ja})にありません。",
        )
    return found


@cache
def _choice_words(field: Field) -> dict[str, str]:
    names = {name for name, _title in field.choices}
    words = {fold(word): name for name in names for word in CHOICE_WORDS.get(name, ())}
    for name, title in field.choices:
        words |= {fold(title.en): name, fold(title.ja): name, fold(name): name}
    return words


_PLAIN_READERS: dict[Type, Callable[[Any], Any]] = {
    Type.BOOLEAN: read_boolean,
    Type.CURRENCY: read_currency,
    Type.DOMAIN: _read_domain,
}

# Days and instants

_ERAS = {
    "令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925, "大正": 1911, "t": 1911, "明治": 1867, "m": 1867,
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip
_SEP = r"\s*[-/.年月]\s*"
_YMD = re.compile(rf"(\d{{4}}){_SEP}(\d{{1,2}}){_SEP}(\d{{1,2}})\s*日?")
_ERA_YM = re.compile(r"(令和|平成|昭和|大正|明治|[rhstm])\s*\.?\s*(元|\d{1,2})\s*[-/.年]\s*(\d{1,2})\s*月?")
_YM = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ERA = re.compile(
    rf"(令和|平成|昭和|大正|明治|[rhstm])\s*\.?\s*(元|\d{{1,2}}){_SEP}(\d{{1,2}}){_SEP}(\d{{1,2}})\s*日?"
)
_BARE = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})")
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?[\s,-]+(\d{4})")
_MONTH_ONLY = re.compile(r"([a-z]{3,9})\.?\s+(\d{4})")
_WEEKDAY = re.compile(
    r"\s*[(\[](?:[日月火水木金土](?:曜日?)?|[a-z]{3,9})[)\]]\s*|^(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*,?\s+"
)
_CLOCK = re.compile(
    r"(?P<half>午前|午後)?\s*(?P<h>\d{1,2})\s*[:時]\s*(?P<m>\d{1,2})?\s*[:分]?\s*(?P<s>\d{1,2}(?:\.\d+)?)?\s*秒?\s*(?P<ampm>[ap]\.?m\.?)?"
    r"\s*(?P<zone>z|utc|gmt|jst|[+-]\d{2}:?\d{2})?"
)  # fmt: skip
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EPOCH = re.compile(r"\d{10}|\d{13}")
_NO_END = 9999  # 9999-12-31 is how many systems write "no end"


def read_date(cell: Any, habits: Habits) -> date | None:
    """A calendar day; an instant is taken in the column's zone."""
    if isinstance(cell, datetime):
        return (cell.astimezone(habits.zone) if cell.tzinfo else cell).date()
    if isinstance(cell, date):
        return cell
    found = _read_moment(cell, habits)
    if isinstance(found, datetime):
        return found.astimezone(habits.zone).date()
    return found


def read_instant(cell: Any, habits: Habits) -> datetime | date | None:
    """An aware instant; a day where no time of day is written."""
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=habits.zone)
    if isinstance(cell, date):
        return cell
    return _read_moment(cell, habits)


def with_clock(cell: Any, clock: Any) -> Any:
    """A day's cell with the time of day of another cell, as one.

    >>> with_clock(date(2026, 3, 2), 0.5), with_clock("3/2/2026", "2:05 pm"), with_clock("2026-03-02", "")
    ('2026-03-02 12:00:00', '3/2/2026 2:05 pm', '2026-03-02')
    """
    if is_nothing(cell) or is_nothing(clock):
        return cell
    if isinstance(cell, datetime):
        if cell.time() != time():
            return cell
        cell = cell.date()
    if isinstance(clock, float | timedelta):  # as spreadsheets keep them: a part of a day
        seconds = clock.total_seconds() if isinstance(clock, timedelta) else round(clock * 86400)
        clock = (datetime.min.replace(tzinfo=UTC) + timedelta(seconds=seconds)).time()
    return f"{cell} {clock}"


def _read_moment(cell: Any, habits: Habits) -> datetime | date | None:
    text = _WEEKDAY.sub(" ", plain_text(cell).casefold()).strip()
    number = _from_number(text)
    if number is not None:
        return number.replace(tzinfo=number.tzinfo or habits.zone) if isinstance(number, datetime) else number
    day, rest = _leading_day(text, habits, cell)
    if day is None:
        return None
    rest = rest.strip().removeprefix("t").strip()
    return day if not rest else _with_clock(day, rest, habits, cell)


def _refuse_date(cell: Any) -> Refused:
    return Refused(
        f"'{clip(cell)}' is not a date: write it as 2026-03-31.",
        f"「{clip(cell)}」は日付として読み取れません。2026-03-31 のように入力してください。",
    )


def _from_number(text: str) -> datetime | date | None:
    """Excel's serial days, and seconds or milliseconds since 1970."""
    if _SERIAL.fullmatch(text):
        moment = datetime(1899, 12, 30) + timedelta(days=float(text))  # noqa: DTZ001
        return moment if "." in text and moment.time() != time() else moment.date()
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
    return None


def _leading_day(text: str, habits: Habits, cell: Any) -> tuple[date | None, str]:
    """The day a text starts with, and what follows it. (None for the far future that means "no end".)"""
    for pattern, reader in _DAY_READERS:
        match = pattern.match(text)
        if not match:
            continue
        try:
            year, month, day = reader(match, habits)
            if year == _NO_END:
                return None, ""
            return date(year, month, day), text[match.end() :]
        except KeyError:
            continue
        except Ambiguous:
            raise Refused(
                f"'{clip(cell)}' could be two dates; choose the order of day and month for this column (--dates dmy or mdy).",
                f"「{clip(cell)}」は日と月の順序が判別できません。この列の並び順を指定してください(--dates dmy または mdy)。",
            ) from None
        except ValueError:
            raise _refuse_date(cell) from None
    raise _refuse_date(cell)


class Ambiguous(Exception):
    """A day written as three numbers whose order nobody stated."""


def _bare(match: re.Match[str], habits: Habits) -> tuple[int, int, int]:
    first, second, third = (int(part) for part in match.groups())
    if not _orders(match):
        raise ValueError(match[0])
    if len(match[3]) == 4:
        order = habits.day_order if habits.day_order in ("dmy", "mdy") else ""
        if not order and first == second:
            order = "dmy"
        if not order:
            raise Ambiguous
        day, month = (first, second) if order == "dmy" else (second, first)
        return third, month, day
    if habits.day_order == "ymd":
        return _century(first), second, third
    if habits.day_order:
        day, month = (first, second) if habits.day_order == "dmy" else (second, first)
        return _century(third), month, day
    raise Ambiguous


def _century(year: int) -> int:
    return year + (1900 if year > 69 else 2000)


def _era(match: re.Match[str], habits: Habits) -> tuple[int, int, int]:
    year = 1 if match[2] == "元" else int(match[2])
    return _ERAS[match[1]] + year, int(match[3]), int(match[4]) if match.lastindex == 4 else 1


_DAY_READERS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (_YMD, lambda m, h: (int(m[1]), int(m[2]), int(m[3]))),
    (_COMPACT, lambda m, h: (int(m[1]), int(m[2]), int(m[3]))),
    (_ERA, _era),
    (_ERA_YM, _era),
    (_YM, lambda m, h: (int(m[1]), int(m[2]), 1)),
    (_BARE, _bare),
    (_MONTH_FIRST, lambda m, h: (int(m[3]), _MONTHS[m[1]], int(m[2]))),
    (_DAY_FIRST, lambda m, h: (int(m[3]), _MONTHS[m[2]], int(m[1]))),
    (_MONTH_ONLY, lambda m, h: (int(m[2]), _MONTHS[m[1]], 1)),
)


def _with_clock(day: date, text: str, habits: Habits, cell: Any) -> datetime:
    match = _CLOCK.fullmatch(text)
    if not match:
        raise _refuse_date(cell)
    hour, minute, second = int(match["h"]), int(match["m"] or 0), float(match["s"] or 0)
    afternoon = match["half"] == "午後" or (match["ampm"] or "").startswith("p")
    if match["half"] or match["ampm"]:
        hour = hour % 12 + (12 if afternoon else 0)
    if hour > 47 or minute > 59 or second >= 60:
        raise _refuse_date(cell)
    start = datetime.combine(day, time(), _zone(match["zone"], habits))
    # 25:30 is the small hours of the next day in Japanese timetables
    return start + timedelta(hours=hour, minutes=minute, seconds=second)


def _zone(text: str | None, habits: Habits) -> Any:
    if not text:
        return habits.zone
    if text in ("z", "utc", "gmt"):
        return UTC
    if text == "jst":
        return ZoneInfo("Asia/Tokyo")
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo


def day_order_of(cells: Iterable[Any]) -> str:
    """The order of bare dates in a column: ``dmy``/``mdy``/``ymd`` where the cells prove it, ``ask`` where they do
    not, empty where there are none.

    >>> day_order_of(["03/04/2024", "25/04/2024"])
    'dmy'
    >>> day_order_of(["03/04/2024"])
    'ask'
    """
    possible, seen = set(DAY_ORDERS), False
    for cell in cells:
        if not isinstance(cell, str):
            continue
        match = _BARE.match(plain_text(cell))
        if not match or _YMD.match(plain_text(cell)):
            continue
        if orders := _orders(match):  # else it is a day in no order: that row's own fault
            seen = True
            possible &= orders
    if not seen:
        return ""
    return possible.pop() if len(possible) == 1 else "ask"


def _orders(match: re.Match[str]) -> set[str]:
    first, second = int(match[1]), int(match[2])
    orders = set()
    if second <= 12 and first <= 31:
        orders.add("dmy")
    if first <= 12 and second <= 31:
        orders.add("mdy")
    if len(match[3]) == 2 and second <= 12 and int(match[3]) <= 31:
        orders.add("ymd")
    return orders
