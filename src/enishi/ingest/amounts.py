"""Reading numbers, money and currencies as people write them: 12.5万円, ▲1,200, $3.4k, 1.234,50 €.

The mark before decimals is a habit of the column: 1.250 is one and a quarter, or one thousand two hundred and fifty.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from babel.numbers import get_currency_name, list_currencies

from enishi.accounts.coercion import Refused, clip
from enishi.kit.cells import plain_text
from enishi.kit.text import fold

POINT, COMMA = ".", ","  # before decimals: 1,234.5 and 1.234,5
DECIMALS = (POINT, COMMA)

_MULTIPLES = {"千": 10**3, "万": 10**4, "億": 10**8, "兆": 10**12, "k": 10**3, "m": 10**6, "b": 10**9}
_SIGNS = {
    "¥": "JPY",
    "円": "JPY",
    "jpy": "JPY",
    "$": "USD",
    "usd": "USD",
    "€": "EUR",
    "eur": "EUR",
    "£": "GBP",
    "gbp": "GBP",
}
_COUNTERS = re.compile(
    r"(?:人|名|席|件|個|本|分|回|社|点|台|[ヶか月ヵカケ箇]*月|ライセンス|seats?|users?|months?|mos?\.?|min(?:ute)?s?\.?|pcs?)$", re.IGNORECASE
)  # fmt: skip
_NUMBER = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+")
_SCALED = re.compile(r"((?:\d[\d,]*)(?:\.\d+)?)([千万億兆])")
_MARK = re.compile(r"([.,])\d")
_SWAPPED = str.maketrans(".,", ",.")


def read_amount(cell: Any, decimal: str = POINT) -> tuple[Decimal, str]:
    """A number with the currency its sign names (empty where it names none).

    Args:
        decimal: the mark before decimals.

    >>> read_amount("▲１２．５万円"), read_amount("1.234,5 €", COMMA)
    ((Decimal('-125000.0'), 'JPY'), (Decimal('1234.5'), 'EUR'))
    """
    if isinstance(cell, bool):
        raise Refused(
            f"'{cell}' is not a number: write it as 1234.5.",
            f"「{cell}」は数値ではありません。1234.5 のように入力してください。",
        )
    if isinstance(cell, int | float | Decimal):
        return Decimal(str(cell)), ""
    text = plain_text(cell).replace(" ", "").casefold()
    text, negative = _unsigned(text)
    text, currency = _without_currency(text)
    text, still_negative = _unsigned(text)
    text = _COUNTERS.sub("", text) or text
    number = _scaled(text.translate(_SWAPPED) if decimal == COMMA else text)
    if number is None and text.endswith("%"):
        raise Refused(
            f"'{clip(cell)}' is a percentage: write the number that is meant, without the sign.",
            f"「{clip(cell)}」は百分率です。%を外し、取り込みたい数値で入力してください。",
        )
    if number is None:
        example = "1234,5" if decimal == COMMA else "1234.5"
        raise Refused(
            f"'{clip(cell)}' is not a number: write it as {example}.",
            f"「{clip(cell)}」は数値として読み取れません。{example} のように入力してください。",
        )
    return (-number if negative or still_negative else number), currency


def _unsigned(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1], True
    if text[:1] in "△▲-−–" and len(text) > 1:
        return text[1:], True
    return text.removeprefix("+"), False


def _without_currency(text: str) -> tuple[str, str]:
    text = text.removesuffix("(税抜)").removesuffix("(税込)").removesuffix("/月").removesuffix("/年")
    for sign, code in (*_SIGNS.items(), ("us$", "USD"), ("\\", "JPY")):
        if text.startswith(sign):
            return text.removeprefix(sign), code
        if text.endswith(sign):
            return text.removesuffix(sign), code
    return text, ""


# Signs that several currencies share.
_SHARED = {
    "$": frozenset(["USD", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "FJD", "HKD", "JMD", "KYD", "LRD", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "XCD", "MXN", "ARS", "CLP", "COP", "DOP", "UYU"]),
    "¥": frozenset(("JPY", "CNY")),
    "\\": frozenset(("JPY", "CNY")),
    "£": frozenset(["GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"]),
}  # fmt: skip


def other_currency(cell: str, currency: str, decimal: str = POINT) -> str:
    """The currency that an amount's sign names where it cannot be the given one; else empty.

    >>> other_currency("£99", "USD"), other_currency("$99", "AUD")
    ('GBP', '')
    """
    named, text = read_amount(cell, decimal)[1], plain_text(cell).casefold()
    shared = next((among for sign, among in _SHARED.items() if sign in text and "us$" not in text), ())
    return "" if named in ("", currency) or currency in shared else named


def _scaled(text: str) -> Decimal | None:
    """1億2,000万, 12.5万, 3.4k, 1,200."""
    total, rest, found = Decimal(0), text, False
    while match := _SCALED.match(rest):
        total += Decimal(match[1].replace(",", "")) * _MULTIPLES[match[2]]
        rest, found = rest[match.end() :], True
    if found and not rest:
        return total
    times = _MULTIPLES.get(rest[-1:], 1) if rest[-1:] in "kmb" else 1
    rest = rest[:-1] if times > 1 else rest
    if not _NUMBER.fullmatch(rest):
        return None
    return total + Decimal(rest.replace(",", "")) * times


def decimals_in(cell: Any) -> set[str]:
    """The marks before decimals by which a cell with any mark can be read; empty where it has none, or is no number.

    >>> sorted(decimals_in("1.250")), decimals_in("12,5"), decimals_in("1,250.0"), decimals_in("1250")
    ([',', '.'], {','}, {'.'}, set())
    """
    if not isinstance(cell, str) or not _MARK.search(plain_text(cell)):
        return set()
    found = set()
    for decimal in DECIMALS:
        try:
            read_amount(cell, decimal)
        except Refused:
            continue
        found.add(decimal)
    return found


def proofs_in(cells: Iterable[Any]) -> tuple[Counter[str], list[str]]:
    """How many cells can be read by one mark before decimals only, and those that both can."""
    proofs: Counter[str] = Counter()
    unclear = []
    for cell in cells:
        found = decimals_in(cell)
        if len(found) == 1:
            proofs.update(found)
        elif found:
            unclear.append(str(cell))
    return proofs, unclear


def mark_in(cell: str) -> str:
    """The first mark in a number."""
    found = _MARK.search(plain_text(cell))
    return found[1] if found else ""


def read_currency(cell: Any) -> str:
    """A currency by code, sign or name in either language."""
    text = fold(plain_text(cell))
    code = text.upper()
    if len(code) == 3 and code.isascii():
        return code
    found = _SIGNS.get(text) or _currency_names().get(text)
    if not found:
        raise Refused(f"'{clip(cell)}' is no known currency.", f"「{clip(cell)}」という通貨はありません。")
    return found


@cache
def _currency_names() -> dict[str, str]:
    names = {
        fold(get_currency_name(code, locale=locale)): code
        for locale in ("en", "ja")
        for code in list_currencies(locale)
    }
    return names | {"ドル": "USD", "どる": "USD", "us$": "USD", "元": "CNY"}
