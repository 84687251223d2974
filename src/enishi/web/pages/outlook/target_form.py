"""Reading targets from the form and from a file, with what is wrong said by cell or row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from unicodedata import normalize

from charset_normalizer import from_bytes
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.accounts.models import Account
from enishi.kit.text import fold
from enishi.metrics.periods import Period, period_of
from enishi.outlook.actions import Aim
from enishi.outlook.measures import MEASURES
from enishi.outlook.models import Target
from enishi.outlook.reads import DIMENSIONS
from enishi.segments.api import tier_titles
from enishi.web.pages.outlook.target_numbers import mark_shown, read_value
from enishi.web.pages.revenue.present import dimension_words
from enishi.web.pages.revenue.reads import segment_words

COLUMNS = ("measure", "period", "value", "by", "segment", "note")
MOST_ROWS = 5000
SHOWN = 20  # names in a message
_QUARTER = re.compile(r"^(?:FY)?(\d{4})(?:年度)?\s*[-/ ]?\s*(?:Q|第)([1-4])(?:四半期)?$", re.IGNORECASE)
_YEAR = re.compile(r"^(?:FY)?(\d{4})(?:年度)?$", re.IGNORECASE)


@dataclass(slots=True)
class Read:
    """Targets that were understood, and complaints by place (a cell's name, or a row's number)."""

    aims: list[Aim] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)


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
    """The grid's cells, named ``measure:every:start``; cells that were not shown, and those that say what they said when
    they were shown (``was:`` and the name), are left alone: somebody else may have set them since."""
    found = Read()
    for every, period in periods:
        for measure in MEASURES:
            name = f"{measure}:{every}:{period.start.isoformat()}"
            if name not in posted or posted[name].strip() == posted.get(f"was:{name}"):
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
    heads = _heads(rows.fieldnames or [])
    missing = [name for name in COLUMNS[:3] if name not in heads]
    if missing:
        words = column_words()
        found.wrong["1"] = _("These columns are missing: %(names)s.") % {
            "names": _listed(words[name] for name in missing)
        }
        return found
    lines: list[tuple[int, dict[str, str]]] = []
    for number, row in enumerate(rows, 2):
        if number > MOST_ROWS:
            found.wrong[str(number)] = _("A file may have %(most)s rows.") % {"most": MOST_ROWS}
            break
        values = {name: (row.get(heads[name]) or "").strip() for name in COLUMNS if name in heads}
        if any(values.values()):
            lines.append((number, values))
    mark, known = mark_shown(values["value"] for _number, values in lines), Segments()
    for number, values in lines:
        try:
            found.aims.append(_aim(values, mark, known))
        except ValueError as error:
            found.wrong[str(number)] = str(error)
    return found


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def column_words() -> dict[str, str]:
    """What the columns of a file are called, as the history on the page names them."""
    return {
        "measure": pgettext("forecast", "Target"), "period": _("Period"), "value": pgettext("targets", "Value"),
        "by": _("Broken down by"), "segment": pgettext("targets", "Segment"), "note": pgettext("targets", "Note"),
    }  # fmt: skip


def _listed(words: Iterable[str]) -> str:
    return ("、" if (get_language() or "ja").startswith("ja") else ", ").join(words)


HEADINGS = {
    "指標": "measure", "項目": "measure", "期間": "period", "値": "value", "目標値": "value", "区分": "by", "分類": "by",
    "内訳": "by", "セグメント": "segment", "メモ": "note", "備考": "note", "comment": "note",
}  # fmt: skip
EITHER = ("target", "目標")
"""Names the target where a column of values stands beside it, else its value."""


def _heads(names: Sequence[str]) -> dict[str, str]:
    """Column -> the heading it has in the file."""
    keys = {normalize("NFKC", name or "").strip().casefold(): name for name in names}
    words: dict[str, str] = {}
    for language in ("en", "ja"):
        with override(language):
            words |= {label.casefold(): name for name, label in column_words().items()}
    known = {key: words.get(key) or HEADINGS.get(key) or key for key in keys if key not in EITHER}
    found = {column: keys[key] for key, column in known.items()}
    for key in EITHER:
        if key in keys:
            found.setdefault("measure" if "value" in found else "value", keys[key])
    return found


class Segments:
    """What targets of a segment may be set for: dimensions and their values, by code or by the words the pages use."""

    def __init__(self) -> None:
        self._by: dict[str, dict[str, str]] = {}

    def dimension(self, text: str) -> str:
        return _code(text, self._words(lambda: {name: dimension_words()[name] for name in DIMENSIONS}))

    def segment(self, dimension: str, text: str) -> str:
        """The value meant. ValueError names the nearest where no customer has it."""
        if dimension not in self._by:
            values = (
                set(Account.objects.order_by().values_list(dimension, flat=True).distinct())
                if dimension != "tier"
                else set(tier_titles())
            )
            values -= {"", None}
            self._by[dimension] = self._words(lambda: segment_words(dimension, sorted(values)))
        return _code(text, self._by[dimension])

    @staticmethod
    def _words(read: Callable[[], Mapping[str, str]]) -> dict[str, str]:
        """Code or word in either language, folded -> code."""
        found: dict[str, str] = {}
        for language in ("en", "ja"):
            with override(language):
                found |= {fold(label): code for code, label in read().items()}
        return found | {fold(code): code for code in read()}


def _code(text: str, known: Mapping[str, str]) -> str:
    """The code a word stands for; ValueError with the nearest, or all of few, where it is none."""
    if (key := fold(text)) in known:
        return known[key]
    near = get_close_matches(key, list(known), 1)
    if near:
        message = _("“%(text)s” is not known; did you mean “%(near)s”?")
        raise ValueError(message % {"text": text, "near": near[0]})
    shown = sorted(set(known.values()))[:SHOWN]
    raise ValueError(_("“%(text)s” is none of %(known)s.") % {"text": text, "known": _listed(shown)})


def _aim(values: Mapping[str, str], mark: str, known: Segments) -> Aim:
    measure = _measure(values["measure"])
    every, period = read_period(values["period"])
    dimension, segment = values.get("by", ""), values.get("segment", "")
    if bool(dimension) != bool(segment):
        raise ValueError(_("State “by” and “segment” together, or neither."))
    if dimension:
        dimension = known.dimension(dimension)
        segment = known.segment(dimension, segment)
    value = read_value(measure, values["value"], mark, headed=False)
    return Aim(measure, every, period.start, value, dimension, segment, values.get("note", ""))


def measure_labels() -> dict[str, str]:
    return {str(value): str(label) for value, label in Target.Measure.choices}


def _measure(text: str) -> str:
    """A measure by code or as the pages name it, in either language, with or without what stands in brackets."""
    words = {name: name for name in MEASURES}
    for language in ("en", "ja"):
        with override(language):
            for name, label in measure_labels().items():
                words |= {fold(label): name, fold(re.split(r"[,(（]", label)[0]): name}
    key = fold(text)
    if key in words:
        return words[key]
    known = _listed(f"{name} ({label})" for name, label in measure_labels().items())
    raise ValueError(_("“%(text)s” is none of %(known)s.") % {"text": text, "known": known})
