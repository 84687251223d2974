"""The columns a member may choose from: what stands on the account and its state, and every metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import Account
from enishi.web.pages.health.catalogue import metric_catalogue
from enishi.web.pages.portfolio import likelihood
from enishi.work.api import tags_of

if TYPE_CHECKING:
    from enishi.metrics.api import Metric

METRIC = "m."


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table and of the export.

    Args:
        key: its name in the address.
        look: how a cell is drawn: text, number, money, day, score, change, band, cause, owner, stage, tier,
            trend, alerts, percent, likely.
        sort: the field path it is ordered by; empty where it is ordered by metric.
        value: the plain value of a row, used by the export.
        numeric: right-aligned, in tabular figures.
    """

    key: str
    title: str | Promise
    look: str
    sort: str
    value: Callable[[Account], Any]
    help: str | Promise = ""
    numeric: bool = False

    @property
    def rising(self) -> bool:
        """Whether one expects its smallest value first: A before Z, the next renewal before the later ones."""
        return not self.numeric or self.key == "renewal"


def _state(name: str) -> Callable[[Account], Any]:
    def value(account: Account) -> Any:
        state = getattr(account, "state", None)
        return getattr(state, name) if state else None

    return value


def _at_stake(account: Account) -> int | None:
    """Unknown where an exchange rate is missing: kept as 0, which would look like nothing at stake."""
    found: int | None = None if _state("unpriced")(account) else _state("at_stake")(account)
    return found


def _own(name: str) -> Callable[[Account], Any]:
    return lambda account: getattr(account, name)


def _stage(account: Account) -> str:
    """As judged; as stated where nothing is judged yet."""
    return _state("stage")(account) or account.stage


def _tenths(name: str) -> Callable[[Account], float | None]:
    def value(account: Account) -> float | None:
        number = _state(name)(account)
        return None if number is None else number / 10

    return value


def _owner(account: Account) -> str:
    return account.owner.full_name if account.owner else ""


def _alert_names(account: Account) -> str:
    return " ".join(a["alert"] for a in _state("alerts")(account) or [])


FIXED: tuple[Column, ...] = (
    Column("name", _("Account"), "name", "name", _own("name")),
    Column("score", _("Health"), "score", "state__tenths", _tenths("tenths"), _("Health score, 0 to 100"), True),
    Column("band", _("Band"), "band", "state__band", _state("band")),
    Column("change", pgettext_lazy("score", "Change"), "change", "state__change", _tenths("change"),
           _("Points gained or lost since a week ago"), True),
    Column("trend", _("Trend"), "trend", "state__trend", _state("trend"), _("Shown only where the change is more than noise")),
    Column("cause", _("Main cause"), "cause", "state__main_cause", _state("main_cause")),
    Column("alerts", _("Alerts"), "alerts", "", _alert_names),
    Column("coverage", _("Data coverage"), "percent", "state__coverage", _state("coverage"),
           _("Share of the score's weight for which there is fresh data"), True),
    Column("mrr", _("MRR"), "money", "state__mrr", _state("mrr"), _("Recurring revenue in force, per month"), True),
    Column("at_stake", _("Money at stake"), "money", "state__at_stake", _at_stake, "", True),
    Column("ltv", _("Lifetime value"), "money", "state__ltv", _state("ltv"),
           _("Average revenue × gross margin ÷ churn rate"), True),
    Column(likelihood.COLUMN, _("Probability to leave (90 days)"), "likely", likelihood.PATH, likelihood.probability,
           _("By the forecast in use; its interval and its reasons stand on the account’s page"), True),
    Column("renewal", _("Renewal"), "day", "state__renewal_on", _state("renewal_on"), "", True),
    Column("seats", _("Seats"), "number", "state__seats", _state("seats"), "", True),
    Column("active_users", _("Active users"), "number", "state__active_users", _state("active_users"),
           _("People active in the last 28 days"), True),
    Column("last_seen", _("Last seen"), "day", "state__last_seen_on", _state("last_seen_on"),
           _("The last day anyone used the product"), True),
    Column("last_contact", _("Last answered"), "day", "state__last_contact_on", _state("last_contact_on"),
           _("The last day the customer talked with us or answered"), True),
    Column("tenure", _("Days as a customer"), "number", "state__tenure_days", _state("tenure_days"), "", True),
    Column("owner", _("Owner"), "owner", "owner__email", _owner),
    Column("stage", _("Stage"), "stage", "state__stage", _stage),
    Column("tier", _("Tier"), "tier", "state__tier", _state("tier")),
    Column("industry", _("Industry"), "text", "industry", _own("industry")),
    Column("size", _("Size"), "text", "size", _own("size")),
    Column("employees", _("Employees"), "number", "employees", _own("employees"), "", True),
    Column("region", _("Region"), "text", "region", _own("region")),
    Column("country", _("Country"), "text", "country", _own("country")),
    Column("channel", _("Acquisition channel"), "text", "channel", _own("channel")),
    Column("seller", _("Sold by"), "text", "seller", _own("seller")),
    Column("since", _("Customer since"), "day", "since", _own("since"), "", True),
    Column("domain", _("Mail domain"), "text", "domain", _own("domain")),
    Column("tags", _("Tags"), "tags", "", lambda account: tags_of(account)),
    Column("outside_id", _("Outside id"), "text", "outside_id", _own("outside_id")),
    Column("id_system", _("Id system"), "text", "", _own("source")),
)  # fmt: skip
BY_KEY = {column.key: column for column in FIXED}


def metric_column(metric: Metric) -> Column:
    """A metric as a column: its value as of the day of the account's state."""

    def value(account: Account) -> Any:
        return (_state("metrics")(account) or {}).get(metric.id)

    language = get_language() or "ja"
    return Column(
        key=METRIC + metric.id,
        title=metric.title.in_language(language),
        look="money" if metric.unit == "money" else "number",
        sort="",
        value=value,
        help=metric.help.in_language(language) if metric.help else "",
        numeric=True,
    )


def all_columns() -> dict[str, Column]:
    """Every column by key, the fixed ones first, then the metrics as the registry orders them."""
    columns = dict(BY_KEY)
    for metric in metric_catalogue().values():
        column = metric_column(metric)
        columns[column.key] = column
    return columns


def known_keys() -> frozenset[str]:
    return frozenset(BY_KEY) | {METRIC + name for name in metric_catalogue()}
