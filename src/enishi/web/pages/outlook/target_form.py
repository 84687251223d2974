"""Reading targets from the form and from a file, with what is wrong said by cell or row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from unicodedata import normalize

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.metrics.periods import Period, period_of
from enishi.outlook.actions import Aim
from enishi.outlook.measures import MEASURES, MONEY
from enishi.outlook.models import Target
from enishi.outlook.reads import DIMENSIONS
from enishi.web.pages.portfolio.words import minor_units

COLUMNS = ("measure", "period", "value", "by", "segment", "note")
MOST_ROWS = 5000
_QUARTER = re.compile(r"^(?:FY)?(\d{4})(?:年度)?\s*[-/ ]?\s*(?:Q|第)([1-4])(?:四半期)?$", re.IGNORECASE)
_YEAR = re.compile(r"^(?:FY)?(\d{4})(?:年度)?$", re.IGNORECASE)


@dataclass(slots=True)
class Read:
    """Targets that were understood, and complaints by place (a cell's name, or a row's number)."""

    aims: list[Aim] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)


def read_value(measure: str, text: str) -> Decimal | None:
    """A stated value: money in whole units of the company's currency (4.5億, 450万 too), rates in percent. None for an
    empty cell. ValueError where it is neither or out of range."""
    plain = (
        normalize("NFKC", text).strip().replace(",", "").replace("¥", "").replace("円", "").replace(" ", "")
    )
    if not plain:
        return None
    scale = Decimal(1)
    for ending, factor in (("億", 10**8), ("万", 10**4), ("%", 1)):
        if plain.endswith(ending):
            plain, scale = plain[: -len(ending)], Decimal(factor)
    try:
        value = Decimal(plain) * scale
    except InvalidOperation as error:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text}) from error
    if not value.is_finite():
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text})
    if measure in MONEY:
        if not 0 <= value < 10**15:
            raise ValueError(_("An amount of money lies between 0 and 1,000 trillion."))
        return value * minor_units(get_company().currency)
    most = 100 if measure in ("grr", "churn") else 1000
    if not 0 <= value <= most:
        raise ValueError(_("State percent between 0 and %(most)s.") % {"most": most})
    return value / 100


def read_period(text: str) -> tuple[str, Period]:
    """``FY2026 Q3``, ``2026年度第3四半期``, ``FY2026``, or the first day of a quarter. ValueError otherwise."""
    words, fiscal = normalize("NFKC", text).strip(), get_company().fiscal_year_start
    if found := _QUARTER.match(words):
        year, quarter = int(found[1]), int(found[2])
        return "quarter", _quarter(year, quarter, fiscal)
    if found := _YEAR.match(words):
        return "year", period_of(date(int(found[1]), fiscal, 1), "year", fiscal)
    try:
        day = date(*(int(part) for part in re.split(r"[-/.]", words)))
    except (ValueError, TypeError) as error:
        message = _("“%(text)s” is not a period: write FY2026 Q3, FY2026 or a day within the quarter.")
        raise ValueError(message % {"text": text}) from error
    return "quarter", period_of(day, "quarter", fiscal)


def _quarter(year: int, quarter: int, fiscal: int) -> Period:
    month = fiscal - 1 + 3 * (quarter - 1)
    return period_of(date(year + month // 12, month % 12 + 1, 1), "quarter", fiscal)


def read_form(
    posted: Mapping[str, str], periods: Sequence[tuple[str, Period]], dimension: str, segment: str
) -> Read:
    """The grid's cells, named ``measure:every:start``; cells that were not shown are left alone."""
    found = Read()
    for every, period in periods:
        for measure in MEASURES:
            name = f"{measure}:{every}:{period.start.isoformat()}"
            if name not in posted:
                continue
            try:
                value = read_value(measure, posted[name])
            except ValueError as error:
                found.wrong[name] = str(error)
                continue
            found.aims.append(
                Aim(measure, every, period.start, value, dimension, segment, posted.get("note", ""))
            )
    return found


def read_file(content: bytes) -> Read:
    """A CSV file with the columns of :data:`COLUMNS` (UTF-8 or CP932): every row is read, wrong ones are named."""
    text = (
        content.decode("utf-8-sig")
        if _is_utf8(content)
        else str(from_bytes(content, cp_isolation=["cp932"]).best() or "")
    )
    rows = csv.DictReader(io.StringIO(text))
    found = Read()
    heads = {_plain(name): name for name in rows.fieldnames or []}
    missing = [name for name in COLUMNS[:3] if name not in heads]
    if missing:
        found.wrong["1"] = _("These columns are missing: %(names)s.") % {"names": ", ".join(missing)}
        return found
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS:
            found.wrong[str(number)] = _("A file may have %(most)s rows.") % {"most": MOST_ROWS}
            break
        values = {name: (row.get(heads[name]) or "").strip() for name in COLUMNS if name in heads}
        if not any(values.values()):
            continue
        try:
            found.aims.append(_aim(values))
        except ValueError as error:
            found.wrong[str(number)] = str(error)
    return found


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _plain(name: str) -> str:
    words = {"指標": "measure", "項目": "measure", "期間": "period", "値": "value", "目標": "value", "目標値": "value",
             "区分": "by", "分類": "by", "セグメント": "segment", "メモ": "note", "target": "value"}  # fmt: skip
    key = normalize("NFKC", name or "").strip().lower()
    return words.get(key, key)


def _aim(values: Mapping[str, str]) -> Aim:
    measure = _measure(values["measure"])
    every, period = read_period(values["period"])
    dimension, segment = values.get("by", ""), values.get("segment", "")
    if dimension and dimension not in DIMENSIONS:
        raise ValueError(
            _("“%(text)s” is none of %(known)s.") % {"text": dimension, "known": ", ".join(DIMENSIONS)}
        )
    if bool(dimension) != bool(segment):
        raise ValueError(_("State “by” and “segment” together, or neither."))
    value = read_value(measure, values["value"])
    return Aim(measure, every, period.start, value, dimension, segment, values.get("note", ""))


def _measure(text: str) -> str:
    words = {normalize("NFKC", str(label)).lower(): str(value) for value, label in Target.Measure.choices}
    key = normalize("NFKC", text).strip().lower()
    if key in MEASURES:
        return key
    if key in words:
        return words[key]
    raise ValueError(_("“%(text)s” is none of %(known)s.") % {"text": text, "known": ", ".join(MEASURES)})
