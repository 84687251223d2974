"""What the pages of fit draw."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.fit.api import Effect, FitRun
from enishi.forecasts.evaluation import wilson
from enishi.kit.text import Text
from enishi.metrics.api import add_months, period_of

BAND_WORDS = {
    "good": pgettext_lazy("fit", "Good"),
    "fair": pgettext_lazy("fit", "Fair"),
    "poor": pgettext_lazy("fit", "Poor"),
    "": pgettext_lazy("fit", "Unknown"),
}
TONES = {"good": "tone-good", "poor": "tone-danger"}
LEAST = 5
"""Deals with a known fit before their share is told."""
QUARTERS = 8
VERDICTS = {
    "tells": gettext_lazy("The fit at the sale told who would stay: it ranks better than chance."),
    "beats_size": gettext_lazy("The fit at the sale told who would stay, and better than size alone."),
    "unclear": gettext_lazy("The fit at the sale has not told who would stay: its ranking may be chance."),
    "misleads": gettext_lazy(
        "The fit at the sale points the wrong way: customers of poor fit stayed more often."
    ),
}


def language() -> str:
    return get_language() or "ja"


def band_words() -> dict[str, str]:
    return {band: str(words) for band, words in BAND_WORDS.items()}


def shares(rows: pd.DataFrame) -> dict[str, Any]:
    """How many of some deals had a good fit, with Wilson's interval; no share under the least number.

    Args:
        rows: ``band, regret`` and how many, ``n``.
    """
    good, n = (int(rows.loc[which, "n"].sum()) for which in (rows["band"] == "good", rows["band"] != ""))
    told = wilson(good, n) if n >= LEAST else None
    return {
        "good": good, "n": n, "all": int(rows["n"].sum()), "least": LEAST, "regret": int(rows.loc[rows["regret"].astype(bool), "n"].sum()),
        "value": told.value if told else None, "low": told.low if told else None, "high": told.high if told else None,
    }  # fmt: skip


def first_quarter(today: date) -> date:
    """The first day of the quarters shown."""
    running = period_of(today, "quarter", get_company().fiscal_year_start)
    return add_months(running.start, -3 * (QUARTERS - 1))


def quarters(rows: pd.DataFrame, today: date) -> list[dict[str, Any]]:
    """The last fiscal quarters, the running one last, with the share of good fit among their deals."""
    fiscal = get_company().fiscal_year_start
    running = period_of(today, "quarter", fiscal)
    found = []
    for back in range(QUARTERS - 1, -1, -1):
        period = period_of(add_months(running.start, -3 * back), "quarter", fiscal)
        part = rows[(rows["sold_on"] >= period.start) & (rows["sold_on"] < period.end)]
        address = (
            reverse("fit-accounts")
            + "?"
            + urlencode({"what": "all", "from": period.start, "before": period.end})
        )
        found.append({"title": period.title.in_language(language()), "address": address, **shares(part)})
    return found


def chart(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": "line", "x": [one["title"] for one in found], "format": "percent", "zero": True, "endLabels": False,
        "series": [{
            "name": _("Share with a good fit"), "colour": "c1",
            **{key: [one[name] for one in found] for key, name in (("values", "value"), ("low", "low"), ("high", "high"))},
        }],
    }  # fmt: skip


def list_address(first: date, **asked: str) -> str:
    """The list of the deals after ``first``, narrowed as asked."""
    since = first + timedelta(days=1)
    return reverse("fit-accounts") + "?" + urlencode({"what": "all", **asked, "from": since.isoformat()})


def by(
    rows: pd.DataFrame, name: str, since: date, titles: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """The share by channel or seller of the deals after ``since``, most deals first, "not set" last."""
    found = []
    for value, part in rows.groupby(rows[name].fillna("")):
        address = list_address(since, **{name: value or "-"})
        title = (titles or {}).get(str(value), str(value)) or pgettext("fit", "Not on record")
        found.append({"title": title, "none": not value, "address": address, **shares(part)})
    return sorted(found, key=lambda one: (one["none"], -one["all"], one["title"]))


def seller_titles(values: Iterable[str]) -> dict[str, str]:
    """Sellers who are members by their names."""
    mails = [value for value in set(values) if "@" in value]
    return {one.email: one.full_name for one in Member.objects.filter(email__in=mails)}


def record(run: FitRun) -> dict[str, Any]:
    """The test against who stayed and grew, in words."""
    said = run.record
    words = band_words()
    stayed = said.get("stayed") or {}
    return {
        "observed": said.get("observed", 0), "known": said.get("known", 0), "lost": said.get("lost", 0),
        "sold": said.get("sold", 0), "base": said.get("base"), "nrr": said.get("nrr"),
        "verdict": VERDICTS.get(said.get("verdict", ""), ""), "early": said.get("verdict") == "early",
        "have": stayed.get("have", 0), "need": stayed.get("need", 0),
        "rankings": [
            {"title": title, **(said.get(name) or {})}
            for name, title in (("stayed", _("who stayed for a year")), ("grew", _("who had grown after a year")))
        ],
        "bands": [{"title": words[one["band"]], **one} for one in said.get("bands", [])],
        "from": run.observed_from,
    }  # fmt: skip


def suggestion(run: FitRun, titles: dict[str, Text]) -> dict[str, Any]:
    """Weights that fit the past beside the declared ones; or how much is missing."""
    said = run.suggestion
    if "weights" not in said:
        return {"have": said.get("have", 0), "need": said.get("need", 0)}
    columns = zip(said["names"], said["declared"], said["weights"], said["low"], said["high"], strict=True)
    rows = [
        {
            "title": titles.get(name, Text(name, name)).in_language(language()),
            "declared": declared, "weight": weight, "low": low, "high": high,
        }
        for name, declared, weight, low, high in columns
    ]  # fmt: skip
    return {**said, "rows": rows, "address": reverse("fit-axes") + "?suggested=1"}


def a_year_ago(today: date) -> date:
    """The deals of the last 12 months are those after it: of the running month and the eleven before it, as Unit economics
    counts the customers won."""
    return add_months(today.replace(day=1), -11) - timedelta(days=1)


def effect_rows(title: str, effect: Effect) -> dict[str, Any]:
    """What edited axes would do to the bands of one point, as a table and the first customers that would move."""
    words = band_words()
    rows = [
        {
            "title": word, "before": effect.before.get(band, 0), "after": effect.after.get(band, 0),
            "movement": effect.after.get(band, 0) - effect.before.get(band, 0),
        }
        for band, word in words.items()
    ]  # fmt: skip
    moves = [{"move": one, "before": words[one.before], "after": words[one.after]} for one in effect.moves]
    return {
        "title": title, "changed": effect.changed, "accounts": effect.accounts, "rows": rows, "moves": moves,
        "more": effect.changed - len(moves),
    }  # fmt: skip
