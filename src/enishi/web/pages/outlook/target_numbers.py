"""Amounts and percentages of targets as people write them, by the habits of imports: what can be read in two ways is not
guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from unicodedata import normalize

from django.utils.translation import gettext as _

from enishi.accounts.coercion import Refused
from enishi.accounts.company import get_company
from enishi.ingest.amounts import COMMA, DECIMALS, POINT, other_currency, read_amount
from enishi.outlook.measures import MONEY
from enishi.web.pages.portfolio.words import minor_units

MOST_MONEY = 10**15
LEAST_RETENTION = 2  # percent; whoever writes 0.96 means 96
_RUN = re.compile(r"\d[\d,]*")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})*|\d+")
_SWAPPED = str.maketrans(".,", ",.")


def read_value(measure: str, text: str, decimal: str = "", *, headed: bool = True) -> Decimal | None:
    """A stated value in whole minor units or as a share: ``4.5億``, ``£170k``, ``1.234,50``, ``91.5%``. None for an empty cell.

    Args:
        decimal: the mark before decimals where the column has shown it.
        headed: whether the place it stands in says that rates are in percent; else a small rate needs its sign.

    Raises:
        ValueError: it is no number, can be read in two ways, or is out of range; with what to write instead.
    """
    plain = normalize("NFKC", text).strip()
    if not plain:
        return None
    money, signed = measure in MONEY, plain.endswith("%")
    readings = _readings(plain if money else plain.removesuffix("%").strip())
    if not readings:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text})
    _check_currency(plain if money else "", readings)
    within = {mark: value for mark, value in readings.items() if 0 <= value < _most(measure)} or readings
    value = _chosen(within, decimal, plain, money)
    _check_range(measure, value)
    if not money and not signed:
        _check_scale(measure, value, text, headed)
    return value * minor_units(get_company().currency) if money else value / 100


def mark_shown(cells: Iterable[str]) -> str:
    """The mark before decimals that the cells of a column prove; empty where they prove none, or both."""
    proofs: set[str] = set()
    for cell in cells:
        readings = _readings(normalize("NFKC", cell).strip().removesuffix("%").strip())
        if len(readings) == 1 and re.search(r"[.,]\d", cell):
            proofs |= set(readings)
    return proofs.pop() if len(proofs) == 1 else ""


def _readings(text: str) -> dict[str, Decimal]:
    """Mark before decimals -> the number by it, of the marks by which the text is one."""
    found = {}
    for decimal in DECIMALS:
        turned = text.translate(_SWAPPED) if decimal == COMMA else text
        whole = re.sub(r"\.\d+", "", turned)
        if not all(_GROUPED.fullmatch(run) for run in _RUN.findall(whole)):
            continue
        try:
            found[decimal] = read_amount(text, decimal)[0]
        except Refused:
            continue
    return found


def _chosen(readings: dict[str, Decimal], decimal: str, text: str, money: bool) -> Decimal:
    if len(set(readings.values())) == 1:
        return next(iter(readings.values()))
    if decimal in readings:
        return readings[decimal]
    if money and "," in text:  # 170,000: as the pages themselves print it
        return readings[POINT]
    one, other = (f"{value.normalize():f}" for value in sorted(readings.values()))
    message = _("“%(text)s” can be %(one)s or %(other)s: write it without a mark between thousands.")
    raise ValueError(message % {"text": text, "one": one, "other": other})


def _check_currency(text: str, readings: dict[str, Decimal]) -> None:
    """Money is of the company's currency."""
    ours = get_company().currency
    other = other_currency(text, ours, next(iter(readings))) if text else ""
    if other:
        message = _("“%(text)s” is in %(other)s; targets are in %(ours)s.")
        raise ValueError(message % {"text": text, "other": other, "ours": ours})


def _most(measure: str) -> int:
    """The first number of percent, or of whole units of money, that is too much."""
    return MOST_MONEY if measure in MONEY else 101 if measure in ("grr", "churn") else 1001


def _check_range(measure: str, value: Decimal) -> None:
    if measure in MONEY:
        if not 0 <= value < MOST_MONEY:
            raise ValueError(_("An amount of money lies between 0 and 1,000 trillion."))
        return
    most = _most(measure) - 1
    if not 0 <= value <= most:
        raise ValueError(_("State percent between 0 and %(most)s.") % {"most": most})


def _check_scale(measure: str, value: Decimal, text: str, headed: bool) -> None:
    """A share written where percent is meant: 0.96 is no retention of 1 %."""
    least = LEAST_RETENTION if measure in ("nrr", "grr") else 0 if headed else 1
    if 0 < value < least:
        message = _("“%(text)s” can be %(one)s%% or %(other)s%%: write it with the sign.")
        shown = {"one": f"{value.normalize():f}", "other": f"{(value * 100).normalize():f}"}
        raise ValueError(message % {"text": text, **shown})
