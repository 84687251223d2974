"""Where the next hour pays most: today's rates from Revenue, the assumptions, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.forecasts import marginal
from enishi.growth.models import Effort
from enishi.metrics.periods import add_months
from enishi.metrics.revenue import mrr_at, number_of, retention_by_account
from enishi.web.pages.growth.present import language
from enishi.web.pages.revenue.query import Query
from enishi.web.pages.revenue.reads import read_book
from enishi.web.words import money_short, percent

LEVELS = 41
CLOSE = 1.1  # times as much; less is about the same


@dataclass(frozen=True)
class Rates:
    """The last twelve months of the customers a member sees. ``customers``: of the start, one row each."""

    mrr: int
    new: int
    churn: float | None
    expansion: float | None
    customers: pd.DataFrame
    start: date

    @property
    def hundreds(self) -> float:
        """Customers there were, in hundreds: the more there are, the more work a point of a rate takes."""
        return len(self.customers) / 100

    @property
    def usual_mrr(self) -> float:
        """MRR of an average one of them that is still there."""
        there = self.customers.loc[self.customers["closing"] > 0, "closing"]
        return float(there.mean()) if len(there) else 0.0

    @property
    def enough(self) -> bool:
        return self.churn is not None


def read_rates(member: Member, today: date) -> Rates:
    """Today's MRR, and what the customers of a year ago have lost and gained since."""
    moves = read_book(member, Query(), today, today).moves
    start, end = add_months(today, -12), today + timedelta(days=1)
    customers = (
        retention_by_account(moves, start, end)
        if len(moves)
        else pd.DataFrame(columns=["opening", "kept", "closing"])
    )
    year = moves[(moves["day"] >= number_of(start)) & (moves["day"] < number_of(end))]
    new = int(year.loc[year["kind"].isin(["new", "reactivation"]), "amount"].sum())
    mrr = int(mrr_at(moves, today).sum()) if len(moves) else 0
    if len(customers) < marginal.LEAST_CUSTOMERS:
        return Rates(mrr, new, None, None, customers, start)
    lost, gained = marginal.yearly_rates(customers)
    return Rates(mrr, new, lost, gained, customers, start)


class InputsForm(forms.Form):
    """Everything the comparison rests on; rates and bounds in percent."""

    churn = forms.FloatField(label=gettext_lazy("Churn a year (%)"), min_value=0, max_value=95)
    expansion = forms.FloatField(label=gettext_lazy("Expansion a year (%)"), min_value=0, max_value=300)
    new = forms.FloatField(label=gettext_lazy("New MRR a year"), min_value=0, max_value=1e15)
    margin = forms.FloatField(label=gettext_lazy("Gross margin (%)"), min_value=1, max_value=100)
    months = forms.IntegerField(label=gettext_lazy("Counted over (months)"), min_value=1, max_value=120)
    churn_minutes = forms.IntegerField(
        label=pgettext_lazy("effort", "Minutes for a point of churn, per 100 customers"),
        min_value=1,
        max_value=1_000_000,
    )
    expansion_minutes = forms.IntegerField(
        label=pgettext_lazy("effort", "Minutes for a point of expansion, per 100 customers"),
        min_value=1,
        max_value=1_000_000,
    )
    floor = forms.FloatField(
        label=gettext_lazy("Churn nobody can prevent (% a year)"), min_value=0, max_value=90
    )
    ceiling = forms.FloatField(
        label=gettext_lazy("Most expansion there can be (% a year)"), min_value=1, max_value=400
    )

    def clean(self) -> dict[str, Any]:
        """Bounds lie beyond the rates they bound."""
        values = super().clean() or {}
        if "floor" in values and "churn" in values and values["floor"] >= values["churn"]:
            self.add_error("floor", _("It must lie below the churn above."))
        if "ceiling" in values and "expansion" in values and values["ceiling"] <= values["expansion"]:
            self.add_error("ceiling", _("It must lie above the expansion above."))
        return values


def inputs_of(rates: Rates, effort: Effort) -> dict[str, Any]:
    """Today's rates and the declared assumptions, as the form shows them."""
    company = get_company()
    unit = 10 ** get_currency_precision(company.currency)
    churn, expansion = (100 * (rate or 0) for rate in (rates.churn, rates.expansion))
    return {
        "churn": round(churn, 1),
        "expansion": round(expansion, 1),
        "new": round(rates.new / unit),
        "margin": round(100 * float(company.gross_margin), 1),
        "months": effort.months,
        "churn_minutes": effort.churn_minutes,
        "expansion_minutes": effort.expansion_minutes,
        "floor": round(100 * min(effort.floor, max(churn / 200, 0)), 1)
        if churn / 100 <= effort.floor
        else round(100 * effort.floor, 1),
        "ceiling": round(max(100 * effort.ceiling, expansion * 1.5), 1)
        if expansion / 100 >= effort.ceiling
        else round(100 * effort.ceiling, 1),
    }


def asked_of(params: QueryDict, usual: dict[str, Any]) -> InputsForm:
    """The form with what the address says; what it leaves out is as usual."""
    return InputsForm({name: params.get(name, value) for name, value in usual.items()})


def chosen(form: InputsForm, usual: dict[str, Any], rates: Rates) -> tuple[marginal.Book, marginal.Work]:
    """Book and work from the form; fields that are wrong count as usual."""
    form.is_valid()
    v = {name: form.cleaned_data.get(name, value) for name, value in usual.items()}
    if form.errors:
        v = v | {name: usual[name] for name in ("churn", "expansion", "floor", "ceiling")}
    unit = 10 ** get_currency_precision(get_company().currency)
    book = marginal.Book(
        mrr=float(rates.mrr), churn=v["churn"] / 100, expansion=v["expansion"] / 100, new=v["new"] * unit,
        margin=v["margin"] / 100, months=int(v["months"]),
    )  # fmt: skip
    work = marginal.Work(
        v["churn_minutes"] * rates.hundreds, v["expansion_minutes"] * rates.hundreds,
        v["floor"] / 100, v["ceiling"] / 100,
    )  # fmt: skip
    return book, work


def sentence(found: marginal.Answer, book: marginal.Book) -> str:
    """The answer in words."""
    currency = get_company().currency
    money = {
        "keep": money_short(round(found.churn), currency, language()),
        "grow": money_short(round(found.expansion), currency, language()),
    }
    times = f"{found.ratio:.1f}" if found.ratio < 1000 else _("many")
    if found.ratio < CLOSE:
        said = _(
            "The next hour is worth about the same on either side: %(keep)s of margin in keeping customers, %(grow)s in expansion."
        )
    elif found.better == "churn":
        said = _(
            "The next hour pays most in keeping customers: %(keep)s of margin against %(grow)s in expansion (%(times)s times as much)."
        )
    else:
        said = _(
            "The next hour pays most in expansion: %(grow)s of margin against %(keep)s in keeping customers (%(times)s times as much)."
        )
    text = said % {**money, "times": times}
    if found.turns_at is not None and found.better == "churn" and found.turns_at < book.churn:
        text += " " + _("Below %(at)s churn a year it turns to expansion.") % {"at": percent(found.turns_at)}
    elif found.turns_at is not None and found.better == "expansion" and found.turns_at > book.churn:
        text += " " + _("Above %(at)s churn a year it would turn to keeping customers.") % {
            "at": percent(found.turns_at)
        }
    return text


def charts(book: marginal.Book, work: marginal.Work, usual_mrr: float) -> dict[str, dict[str, Any]]:
    """The worth of an hour by churn, and lifetime value (of a customer who pays ``usual_mrr``) and margin by churn."""
    company = get_company()
    unit = 10 ** get_currency_precision(company.currency)
    top = min(0.6, max(2 * book.churn, 0.2))
    levels = np.linspace(0.02, top, LEVELS)
    table = marginal.curve(book, work, levels.tolist())
    x = [percent(level) for level in levels]
    nearest = int(np.abs(levels - book.churn).argmin())
    marks = [{"x": x[nearest], "label": _("today")}]
    quiet = {
        "currency": company.currency,
        "marks": marks,
        "endLabels": False,
    }  # the last value is not today's
    hour = {
        **quiet, "legend": True, "kind": "line", "x": x, "format": "money", "zero": True,
        "series": [
            {"name": _("On keeping customers"), "values": [round(v / unit) for v in table["hour"]], "colour": "c1"},
            {"name": _("On expansion"), "values": [round(v / unit) for v in table["other"]], "colour": "c2", "dashed": True},
        ],
    }  # fmt: skip
    lifetime = {
        **quiet, "kind": "line", "x": x, "format": "money", "zero": True,
        "series": [{"name": _("Lifetime value"), "values": [None if v != v else round(v * usual_mrr / unit) for v in table["lifetime"]], "colour": "c1"}],
    }  # fmt: skip
    margin = {
        **quiet, "kind": "line", "x": x, "format": "money", "zero": False,
        "series": [{"name": _("Margin"), "values": [round(v / unit) for v in table["margin"]], "colour": "c3"}],
    }  # fmt: skip
    return {"hour": hour, "lifetime": lifetime, "margin": margin}
