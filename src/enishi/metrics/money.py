"""Amounts as whole minor units of the company's currency, decided once per record version.

A foreign amount is converted at the newest rate dated no later than the day the version holds from, among
the rates known when the version was. Later rates never touch it: a movement of the exchange rate is not a
movement of revenue. Where no rate was known yet, the first one learned afterwards is taken, and the amount
counts from the day it was learned.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from babel.numbers import get_currency_precision

from enishi.metrics.spans import FOREVER, day_numbers

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_SCALE = 10_000  # stored money has four decimals
EARLIEST = -719_162  # 0001-01-01


@cache
def minor_digits(currency: str) -> int:
    """Decimals of a currency's smallest unit (JPY 0, USD 2, KWD 3)."""
    return int(get_currency_precision(currency))


def half_even(numerator: np.ndarray, denominator: np.ndarray | int) -> np.ndarray:
    """Exact integer division, halves to the even neighbour (negative amounts too)."""
    quotient = numerator // denominator
    twice = 2 * (numerator - quotient * denominator)
    up = (twice > denominator) | ((twice == denominator) & (quotient % 2 != 0))
    return quotient + up


def to_minor(amount: Decimal | Fraction, currency: str) -> int:
    """One amount in whole minor units of its own currency, half-even."""
    exact = Fraction(amount) * 10 ** minor_digits(currency)
    return int(Decimal(exact.numerator).__truediv__(Decimal(exact.denominator)).quantize(0, ROUND_HALF_EVEN))


def minor_units(versions: pa.Table, rates: pa.Table, currency: str, kind: str) -> pa.Table:
    """``minor_id`` (version), ``minor`` (int64, null where no rate is known at all), ``minor_from`` (date).

    A subscription's amount is brought to a month first (a quarter's is a third, and so on); one marked as
    not recurring is 0.
    """
    whole, known = _scaled(versions["amount"])
    months = _months(versions) if kind == "subscription" else np.ones(len(whole), dtype=np.int64)
    if kind == "subscription":
        whole = np.where(versions["recurring"].fill_null(True).to_pandas().to_numpy(dtype=bool), whole, 0)
    own = _currencies(versions, currency)
    unit = 10 ** minor_digits(currency)
    minor = half_even(whole * unit, months * _SCALE)
    since = np.full(len(minor), EARLIEST, dtype=np.int64)
    foreign = (own != currency) & known & (whole != 0)
    if foreign.any():
        table = RateTable(rates)
        valid, learned = _dated(versions, own, kind)
        for i in np.flatnonzero(foreign):
            rate, day = table.find(str(own[i]), int(valid[i]), int(learned[i]))
            known[i], since[i] = rate is not None, day
            minor[i] = _convert(int(whole[i]), int(months[i]), rate, unit)
    return pa.table(
        {
            "minor_id": versions["version_id"].combine_chunks(),
            "minor": pa.array(minor, pa.int64(), mask=~known),
            "minor_from": pa.array(since.astype(np.int32), pa.int32()).cast(pa.date32()),
        }
    )


def _dated(versions: pa.Table, own: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The days whose rate counts: the version's own, or for a subscription those of the version in this currency
    that was known first, so that a change of seats under another rate moves only the seats. History that comes in
    after a live version was known before it: its days must not get a rate learned later."""
    valid, learned = day_numbers(versions["valid_on"]), day_numbers(versions["known_on"])
    if kind != "subscription":
        return valid, learned
    frame = pd.DataFrame(
        {"record": versions["record_id"].to_pandas(), "own": own, "valid": valid, "learned": learned}
    )
    frame["version"] = versions["version_id"].to_pandas()
    order = ["learned", "valid", "version"]
    first = frame.sort_values(order).groupby(["record", "own"])[["valid", "learned"]].transform("first")
    return first["valid"].sort_index().to_numpy(), first["learned"].sort_index().to_numpy()


def _scaled(amounts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Stored money in whole ten-thousandths (0 for null), and which are known."""
    factor = pa.scalar(Decimal(_SCALE), pa.decimal128(9, 0))
    scaled = pc.multiply(amounts.cast(pa.decimal128(26, 4)), factor).cast(pa.decimal128(38, 0))
    known = amounts.is_valid().to_numpy().copy()
    return scaled.cast(pa.int64()).fill_null(0).to_numpy().copy(), known


def _months(versions: pa.Table) -> np.ndarray:
    interval = versions["interval"].to_pandas().map(MONTHS).fillna(1).to_numpy(dtype=np.int64)
    return interval


def _currencies(versions: pa.Table, currency: str) -> np.ndarray:
    return versions["currency"].to_pandas().replace("", None).fillna(currency).str.upper().to_numpy()


def _convert(scaled: int, months: int, rate: Fraction | None, unit: int) -> int:
    if rate is None:
        return 0
    exact = Fraction(scaled, _SCALE * months) * rate * unit
    low, rest = divmod(exact.numerator, exact.denominator)
    twice = 2 * rest
    return low + (twice > exact.denominator or (twice == exact.denominator and low % 2 != 0))


class RateTable:
    """Dated rates with the day each was learned.

    Args:
        rates: versions of ``record_exchange_rate``: currency, on, rate (company currency per unit).
    """

    def __init__(self, rates: pa.Table) -> None:
        frame = pd.DataFrame(
            {
                "currency": rates["currency"].to_pandas().astype(object),
                "rate": rates["rate"].to_pandas(),
                "on": day_numbers(rates["on"]),
                "known": day_numbers(rates["known_on"]),
                "version": rates["version_id"].to_pandas(),
                "record": rates["record_id"].to_pandas(),
                "deleted": rates["deleted"].to_pandas(),
            }
        )
        frame = frame[~(frame["rate"] <= 0)]  # kept from before such rates were refused: as if never stated
        self._by_currency = dict(list(frame.sort_values(["on", "version"]).groupby("currency")))
        self._found: dict[tuple[str, int, int], tuple[Fraction | None, int]] = {}

    def find(self, currency: str, on: int, learned: int) -> tuple[Fraction | None, int]:
        """The rate for a fact that holds from ``on`` and was learned on ``learned``, and from which day it
        may be used; ``(None, forever)`` where there is none."""
        key = (currency, on, learned)
        if key not in self._found:
            self._found[key] = self._search(currency, on, learned)
        return self._found[key]

    def _search(self, currency: str, on: int, learned: int) -> tuple[Fraction | None, int]:
        rows = self._by_currency.get(currency)
        if rows is None:
            return None, FOREVER
        known = rows[rows["known"] <= learned].drop_duplicates("record", keep="last")
        dated = known[(known["on"] <= on) & ~known["deleted"].astype(bool)]
        if len(dated):
            return Fraction(str(dated["rate"].iloc[-1])), EARLIEST
        later = rows[(rows["known"] > learned) & ~rows["deleted"].astype(bool)]
        if not len(later):
            return None, FOREVER
        first = later.sort_values(["known", "version"]).iloc[0]
        return Fraction(str(first["rate"])), int(first["known"])
