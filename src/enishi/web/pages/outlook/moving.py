"""What moved since an earlier statement: the bridge and the customers behind each step."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pandas as pd
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.company import get_company
from enishi.forecasts.moved import STEPS
from enishi.outlook import measures, reads
from enishi.outlook.models import Forecast
from enishi.outlook.reads import Moved, View
from enishi.web.pages.outlook.present import title
from enishi.web.pages.outlook.query import Query
from enishi.web.pages.portfolio.words import minor_units


def step_words() -> dict[str, str]:
    return {
        "came": _("New customers"),
        "new": _("New business still expected"),
        "left": _("Left since"),
        "noticed": _("Notices and announced ends"),
        "stayed": _("Stayed so far"),
        "terms": _("Contracts that grew or shrank"),
        "risk": _("Probabilities that moved"),
        "model": _("Another churn model"),
        "rates": _("Base rates of leaving"),
        "growth": _("Rates of growth"),
    }


def step_help() -> dict[str, str]:
    return {
        "came": _("Customers who had no contract in the earlier statement."),
        "new": _(
            "What is still expected of customers who have not signed: less as time passes, or at other rates."
        ),
        "left": _("Customers whose last contract has ended."),
        "noticed": _("Customers who have given notice since."),
        "stayed": _("Customers who might have left by now and have not."),
        "terms": _(
            "Customers whose contracted MRR at that day is another one now, less the growth that was expected of them by now."
        ),
        "risk": _("Customers whose probability to leave changed under the same model."),
        "model": _(
            "Customers judged by another model, or by a model instead of base rates, or the other way round."
        ),
        "rates": _(
            "Customers judged by the company’s base rates, which were learned anew or depend on the months ahead."
        ),
        "growth": _("What customers who stay are expected to grow, learned anew."),
    }


ORDER = ("came", "new", "stayed", "terms", "growth", "risk", "rates", "model", "noticed", "left")


def compared(later: Forecast, query: Query) -> Forecast | None:
    """The earlier statement the bridge begins at: the chosen one, else the newest of an earlier month, else the first."""
    earlier = reads.earlier_statements(later)
    chosen = next((one for one in earlier if one.pk == query.since), None)
    month = next((one for one in earlier if one.day < later.day.replace(day=1)), None)
    return chosen or month or (earlier[-1] if earlier else None)


def end_of(later: Forecast, over: str) -> Any:
    return measures.running_periods(later.day, get_company().fiscal_year_start)[over]


def bridge_context(view: View, later: Forecast, query: Query) -> dict[str, Any] | None:
    """The bridge's chart and table; None where there is nothing earlier to compare with."""
    earlier = compared(later, query)
    if earlier is None:
        return None
    period = end_of(later, query.over)
    found = reads.read_moved(view, earlier, later, period.end)
    if found is None:
        return None
    words, helps, unit = step_words(), step_help(), minor_units(get_company().currency)
    rows: list[dict[str, Any]] = [
        {"name": name, "title": words[name], "help": helps[name], "amount": found.steps[name],
         "address": _address(found, name, query) if name != "new" and found.steps[name] else ""}
        for name in ORDER
    ]  # fmt: skip
    steps: list[dict[str, Any]] = [
        {"name": _("Earlier forecast"), "value": found.before / unit, "total": True}
    ]
    for row in rows:
        if row["amount"]:
            step = {"name": row["title"], "value": row["amount"] / unit}
            steps.append(step | ({"address": row["address"]} if row["address"] else {}))
    steps.append({"name": _("This forecast"), "value": found.after / unit, "total": True})
    chart = {
        "kind": "bridge",
        "name": "MRR",
        "format": "money",
        "currency": get_company().currency,
        "steps": steps,
        "zero": False,
    }
    return {
        "moved": found, "rows": rows, "chart": chart, "period": title(period), "change": found.after - found.before,
        "choices": [(one.pk, one) for one in reads.earlier_statements(later)][:40], "earlier": earlier,
    }  # fmt: skip


def _address(found: Moved, step: str, query: Query) -> str:
    asked = [("step", step), ("over", query.over), ("since", str(found.earlier.pk))]
    asked += [pair for pair in query.pairs() if pair[0] in ("by", "segment")]
    return f"{reverse('outlook-moved')}?{urlencode(asked)}"


def customers(found: Moved, step: str) -> pd.DataFrame:
    """The customers of a step, the largest change first."""
    table = found.table
    column = table[step] if step in STEPS else table["after"] - table["before"]
    chosen = table.assign(step=column)[column != 0]
    order = chosen["step"].abs().sort_values(ascending=False, kind="stable").index
    return chosen.reindex(order)
