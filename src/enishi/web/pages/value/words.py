"""The names of lifetime values, what each assumes, and why there may be no number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.value.api import ValueRun
from enishi.value.contracts import Fitted


def method_words() -> dict[str, str]:
    """Full names: a lifetime value never stands without one."""
    return {
        "contractual": _("Contractual LTV, from the first day"),
        "residual": _("Contractual LTV, still to come"),
        "noncontractual": _("Repeat-purchase LTV, still to come"),
        "simple": _("Simple LTV"),
    }


def method_help() -> dict[str, str]:
    return {
        "contractual": _("Expected months a customer like this stays from the first day (shifted beta-geometric, by size, plan, industry and channel) × monthly margin less cost to serve, discounted. Prices and seats stay as they are."),
        "residual": _("The same from today on, given how long the customer has stayed and what the churn forecast says of the next 180 days."),
        "noncontractual": _("Orders still to expect (BG/NBD) × amount per order (Gamma-Gamma) × gross margin, discounted."),
        "simple": _("Average revenue a month × gross margin ÷ churn rate of the last twelve months. Assumes that nothing ever changes; without discount and cost to serve."),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class MethodLine:
    """A method on the page: its name, what it assumes, and how it came about or what is missing."""

    id: str
    name: str
    help: str
    basis: str
    missing: str


def method_lines(run: ValueRun) -> list[MethodLine]:
    names, helps = method_words(), method_help()
    return [
        MethodLine(method, names[method], helps[method], _basis(method, run), missing_words(method, run))
        for method in names
    ]


def missing_words(method: str, run: ValueRun) -> str:
    """Why there is no number: "not enough history: n of N"; empty where there is one."""
    source = "contractual" if method == "residual" else method
    found = Fitted(run.fits).missing(source)
    if found is None:
        return ""
    have, need = found
    if method == "noncontractual":
        return _("Not enough history: %(have)d of %(need)d customers who ordered again.") % {
            "have": have,
            "need": need,
        }
    return _("Not enough history: %(have)d of %(need)d lost customers.") % {"have": have, "need": need}


def _basis(method: str, run: ValueRun) -> str:
    source = "contractual" if method == "residual" else method
    said: dict[str, Any] = run.fits.get(source) or {}
    if "need" in said or not said:
        return ""
    if source == "contractual":
        return _("Learned from %(lost)d lost of %(all)d customer relations.") % {
            "lost": said["lost"], "all": said["customers"],
        }  # fmt: skip
    if source == "noncontractual":
        return _("Learned from %(again)d of %(all)d customers with orders.") % {
            "again": said["repeaters"], "all": said["customers"],
        }  # fmt: skip
    return _("%(lost)d lost in %(months)s customer-months of the last year: %(rate).1f%% a month.") % {
        "lost": said["lost"], "months": f"{said['months']:,}", "rate": 100 * said["monthly_churn"],
    }  # fmt: skip


def months_words(months: float | None) -> str:
    """Whole months, or years and months from two years on."""
    if months is None:
        return "–"
    whole = round(months)
    return ngettext("%(n)d month", "%(n)d months", whole) % {"n": whole}
