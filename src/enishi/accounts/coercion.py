"""From what a source sent to the one form in which a value is kept.

Kept forms are JSON: dates and instants ISO (instants in UTC), money as plain decimal text, the rest as they are.
Habits of files (令和6年, ¥1,200, 済) are not known here; :mod:`enishi.ingest.values` reads those first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies

from enishi.accounts.models import Account, Contact
from enishi.accounts.references import domain_of
from enishi.kit.text import Text, plain_number
from enishi.store.kinds import Field, Kind, Range, Type

LONGEST_TEXT = 100_000
LONGEST_LINK = 2_000
FIRST_YEAR, LAST_YEAR = 1900, 2200
_BIGGEST_INTEGER = 2**63 - 1
_MOST_MONEY = Decimal(10) ** 14  # the store keeps decimal(18, 4)
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_BLANK = re.compile(r"[\s<>\"\\\x00-\x20\x7f]")
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


class Refused(ValueError):
    """A value that cannot be kept, with the reason in both languages."""

    def __init__(self, en: str, ja: str) -> None:
        super().__init__(en)
        self.text = Text(en, ja)


@dataclass(frozen=True, slots=True)
class Setting:
    """What reading a value depends on."""

    zone: ZoneInfo
    currency: str
    now: datetime | None = None  # what has happened lies before it; None: not asked


def clip(value: object) -> str:
    """A value as it is quoted in a message."""
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def coerce_text(value: object, setting: Setting) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Refused("is not a text.", "文字列ではありません。")
    text = str(value).replace("\x00", "").strip()
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Refused("holds broken characters.", "壊れた文字が含まれています。") from None
    if len(text) > LONGEST_TEXT:
        raise Refused(f"is longer than {LONGEST_TEXT:,} characters.", f"{LONGEST_TEXT:,}文字を超えています。")
    return text or None


def coerce_integer(value: object, setting: Setting) -> int:
    number = _decimal(value)
    if number != number.to_integral_value():
        raise Refused(f"'{clip(value)}' is not a whole number.", f"「{clip(value)}」は整数ではありません。")
    if abs(number) > _BIGGEST_INTEGER:
        raise Refused(f"'{clip(value)}' is too large.", f"「{clip(value)}」は大きすぎます。")
    return int(number)


def coerce_number(value: object, setting: Setting) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    return float(_decimal(value))


def coerce_money(value: object, setting: Setting) -> str:
    number = _decimal(value)
    if abs(number) >= _MOST_MONEY:
        raise Refused(f"'{clip(value)}' is too large.", f"「{clip(value)}」は大きすぎます。")
    return plain_number(number)


def _decimal(value: object) -> Decimal:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
    else:
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise Refused(*_not_a_number(value)) from None
    if not number.is_finite() or number.adjusted() > 30:
        raise Refused(*_not_a_number(value))
    return number


def _not_a_number(value: object) -> tuple[str, str]:
    return (
        f"'{clip(value)}' is not a number: write it as 1234.5.",
        f"「{clip(value)}」は数値ではありません。1234.5 のように入力してください。",
    )


def coerce_currency(value: object, setting: Setting) -> str:
    code = str(value).strip().upper()
    if code not in _currencies():
        raise Refused(
            f"'{clip(value)}' is not an ISO 4217 currency: write a code such as JPY or USD.",
            f"「{clip(value)}」はISO 4217の通貨コードではありません。JPYやUSDのようなコードで入力してください。",
        )
    return code


@cache
def _currencies() -> frozenset[str]:
    """Codes of money. Those that begin with X and that no country uses stand for metals, tests and nothing at all."""
    told = (one for every in get_global("territory_currencies").values() for one in every)
    used = {code for code, _since, _until, tender in told if tender}
    return frozenset(code for code in list_currencies() if code in used or not code.startswith("X"))


def coerce_boolean(value: object, setting: Setting) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().casefold()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise Refused(f"'{clip(value)}' is neither true nor false.", f"「{clip(value)}」は真偽値ではありません。")


def coerce_date(value: object, setting: Setting) -> str:
    if isinstance(value, datetime):
        day = value.astimezone(setting.zone).date() if value.tzinfo else value.date()
    elif isinstance(value, date):
        day = value
    else:
        day = _iso_day(str(value).strip(), setting)
    _check_year(day.year, value)
    return day.isoformat()


def _iso_day(text: str, setting: Setting) -> date:
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"'{clip(text)}' is not a date (YYYY-MM-DD): write it as 2026-03-31.",
            f"「{clip(text)}」は日付(YYYY-MM-DD)ではありません。2026-03-31 のように入力してください。",
        ) from None
    return instant.astimezone(setting.zone).date() if instant.tzinfo else instant.date()


def coerce_instant(value: object, setting: Setting) -> str:
    if isinstance(value, datetime):
        instant = value
    elif isinstance(value, date):
        instant = datetime.combine(value, time(), setting.zone)
    else:
        try:
            instant = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise Refused(
                f"'{clip(value)}' is not a date and time (ISO 8601): write it as 2026-03-31T09:30:00+09:00.",
                f"「{clip(value)}」は日時(ISO 8601)ではありません。2026-03-31T09:30:00+09:00 のように入力してください。",
            ) from None
    _check_year(instant.year, value)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=setting.zone)
    return instant_text(instant)


def instant_text(instant: datetime) -> str:
    """An aware instant as it is kept: ISO 8601 in UTC, ending in Z."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _check_year(year: int, value: object) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused(
            f"'{clip(value)}' is outside the years {FIRST_YEAR} to {LAST_YEAR}.",
            f"「{clip(value)}」は{FIRST_YEAR}年から{LAST_YEAR}年の範囲外です。",
        )


def coerce_email(value: object, setting: Setting) -> str:
    text = str(value).strip().removeprefix("mailto:")
    if len(text) > 254 or not _MAIL.fullmatch(text):
        raise Refused(
            f"'{clip(value)}' is not a mail address.", f"「{clip(value)}」はメールアドレスではありません。"
        )
    return text.lower()


def coerce_domain(value: object, setting: Setting) -> str | None:
    """A web or mail address is taken for its domain: by it people at that domain are found."""
    text = coerce_text(value, setting)
    if text and not domain_of(text):
        raise Refused(
            f"'{clip(value)}' is not a domain.", f"「{clip(value)}」はドメインとして読み取れません。"
        )
    return domain_of(text) if text else None


def coerce_link(value: object, setting: Setting) -> str | None:
    """A web address that a page may link to: http or https with a host, and nothing that a browser would run."""
    text = coerce_text(value, setting)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        told = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        told = False
    if not told or len(text) > LONGEST_LINK or _BLANK.search(text):
        raise Refused(
            f"'{clip(value)}' is not a web address: it begins with https:// or http://.",
            f"「{clip(value)}」はWebアドレスではありません。https:// または http:// で始まる値を入力してください。",
        )
    return text


def coerce_reference(value: object, setting: Setting) -> object:
    """An outside id stays a text until it is looked up; a row of ours passes."""
    return value if isinstance(value, Account | Contact) else coerce_text(value, setting)


_COERCERS: dict[Type, Callable[[Any, Setting], Any]] = {
    Type.TEXT: coerce_text,
    Type.INTEGER: coerce_integer,
    Type.NUMBER: coerce_number,
    Type.MONEY: coerce_money,
    Type.CURRENCY: coerce_currency,
    Type.BOOLEAN: coerce_boolean,
    Type.DATE: coerce_date,
    Type.INSTANT: coerce_instant,
    Type.EMAIL: coerce_email,
    Type.DOMAIN: coerce_domain,
    Type.LINK: coerce_link,
    Type.ACCOUNT: coerce_reference,
    Type.CONTACT: coerce_reference,
    Type.MEMBER: coerce_text,
}


def _coerce_choice(value: object, field: Field) -> str:
    text = str(value).strip()
    for name, _title in field.choices:
        if text.casefold() == name:
            return name
    known = ", ".join(name for name, _title in field.choices)
    raise Refused(
        f"'{clip(value)}' is not one of: {known}.", f"「{clip(value)}」は選択肢({known})にありません。"
    )


def coerce_field(field: Field, value: object, setting: Setting) -> Any:
    """The kept form of one value; None stays None, and so does an empty text."""
    if value is None or value == "":
        return None
    if field.type is Type.CHOICE:
        return _coerce_choice(value, field)
    kept = _COERCERS[field.type](value, setting)
    for allowed in field.ranges:
        if allowed.when is None and not allowed.holds(kept):
            raise Refused(*_outside(value, allowed))
    return kept


def _outside(value: object, allowed: Range, of: Text | None = None) -> tuple[str, str]:
    """What to say of a number that cannot be, in both languages."""
    en, ja = (f" ({of.en})", f"、{of.ja}") if of else ("", "")
    return (
        f"'{clip(value)}' is outside the range ({allowed.text.en}){en}: correct the value.",
        f"「{clip(value)}」は範囲({allowed.text.ja}{ja})の外です。値を修正してください。",
    )


@cache
def _limits(kind: str) -> dict[str, int]:
    """The longest text each column of the application database takes."""
    model = {"account": Account, "contact": Contact}.get(kind)
    limits = {"id": 250}
    if model:
        lengths = {f.name: getattr(f, "max_length", None) for f in model._meta.concrete_fields}
        limits |= {name: length for name, length in lengths.items() if length}
    return limits


def coerce_row(
    kind: Kind, row: Mapping[str, Any], setting: Setting
) -> tuple[dict[str, Any], dict[str, Text]]:
    """The kept forms of the fields a row names, and what is wrong by field.

    ``extra`` holds columns the kind does not know, as a JSON object; any other unknown name is refused, so that
    a misspelt field is not lost silently.
    """
    values: dict[str, Any] = {}
    errors: dict[str, Text] = {}
    fields, limits = _fields(kind.name, kind), _limits(kind.name)
    for name, value in row.items():
        field = fields.get(name)
        try:
            values[name] = (
                _coerce_extra(name, value) if field is None else coerce_field(field, value, setting)
            )
            _check_length(values[name], limits.get(name))
        except Refused as refusal:
            errors[name] = refusal.text
    return values, errors


@cache
def _fields(_name: str, kind: Kind) -> dict[str, Field]:
    return {field.name: field for field in kind.fields}


def _check_length(value: object, limit: int | None) -> None:
    if limit and isinstance(value, str) and len(value) > limit:
        raise Refused(f"is longer than {limit} characters.", f"{limit}文字を超えています。")


def _coerce_extra(name: str, value: object) -> dict[str, Any]:
    if name != "extra":
        raise Refused(
            "is not a field of this kind; put further columns into 'extra'.",
            "この種類にない項目です。追加の列は extra に入れてください。",
        )
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refused("is not an object of names and values.", "名前と値のオブジェクトではありません。")
    return {str(key).replace("\x00", ""): plain_json(part) for key, part in value.items()}


def plain_json(value: object) -> Any:
    """A value of an unknown column as JSON."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime) and value.tzinfo:
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key).replace("\x00", ""): plain_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(part) for part in value]
    return str(value).replace("\x00", "").encode(errors="replace").decode()


def check_state(
    kind: Kind, state: Mapping[str, Any], stated: Collection[str], setting: Setting
) -> dict[str, Text]:
    """What is wrong with a record as a whole, by field.

    Args:
        state: the record as it would be.
        stated: the fields a row says; what was kept before and is not spoken of is no reason to refuse it.
    """
    errors = _check_money(kind, state, setting)
    for field in kind.fields:
        if state.get(field.name) is None:
            continue
        told = (
            _check_range(kind, field, state, stated)
            or _check_done(field, state, stated, setting)
            or _check_order(kind, field, state, stated, setting)
        )
        if told:
            errors.setdefault(field.name, told)
    return errors


def _check_range(kind: Kind, field: Field, state: Mapping[str, Any], stated: Collection[str]) -> Text | None:
    """A number on a scale that another field names."""
    for allowed in field.ranges:
        if allowed.when is None or not {field.name, allowed.when[0]} & set(stated):
            continue
        name, choice = allowed.when
        if state.get(name) == choice and not allowed.holds(state[field.name]):
            return Text(
                *_outside(plain_number(state[field.name]), allowed, dict(kind.field(name).choices)[choice])
            )
    return None


def _check_done(
    field: Field, state: Mapping[str, Any], stated: Collection[str], setting: Setting
) -> Text | None:
    """What has happened and lies in the future. Messages of the protocol have the same day's grace."""
    if not field.done or setting.now is None or field.name not in stated:
        return None
    at, latest = (
        datetime.fromisoformat(state[field.name]),
        setting.now.astimezone(setting.zone) + timedelta(days=1),
    )
    ahead = at > latest if at.tzinfo else at.date() > latest.date()
    if not ahead:
        return None
    shown = f"{at.astimezone(setting.zone):%Y-%m-%d %H:%M}" if at.tzinfo else f"{at:%Y-%m-%d}"
    return Text(
        f"'{shown}' lies more than a day in the future: correct the value.",
        f"「{shown}」は1日以上先の未来になっています。値を修正してください。",
    )


def _check_order(
    kind: Kind, field: Field, state: Mapping[str, Any], stated: Collection[str], setting: Setting
) -> Text | None:
    """An end before its start. A day without a time of day counts as the whole day."""
    start = state.get(field.not_before) if field.not_before else None
    if not start or not {field.name, field.not_before} & set(stated):
        return None
    first, last = (datetime.fromisoformat(text) for text in (start, state[field.name]))
    if field.type is Type.INSTANT:
        first, last = first.astimezone(setting.zone), last.astimezone(setting.zone)
        if time() in (first.time(), last.time()):
            first, last = datetime.combine(first, time()), datetime.combine(last, time())
    if last >= first:
        return None
    of = kind.field(field.not_before).title
    shown = [f"{at:%Y-%m-%d %H:%M}" if at.time() != time() else f"{at:%Y-%m-%d}" for at in (last, first)]
    return Text(
        f"'{shown[0]}' lies before '{of.en}' ({shown[1]}): correct one of the two.",
        f"「{shown[0]}」は{of.ja}({shown[1]})より前です。どちらかを修正してください。",
    )


def _check_money(kind: Kind, state: Mapping[str, Any], setting: Setting) -> dict[str, Text]:
    """What is wrong with a record's amounts: none may be finer than its currency's minor unit (JPY has none)."""
    errors: dict[str, Text] = {}
    currency = state.get("currency") or setting.currency
    for field in kind.fields:
        amount = state.get(field.name)
        if field.type is not Type.MONEY or not amount or "." not in amount:
            continue
        places = get_currency_precision(currency)
        if len(amount.partition(".")[2]) > places:
            errors[field.name] = Text(
                f"'{amount}' has more than the {places} decimals {currency} has.",
                f"「{amount}」は{currency}の小数桁数({places}桁)を超えています。",
            )
    return errors
