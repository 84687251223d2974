"""The company's settings, each explained."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import holidays
from babel import Locale
from babel.dates import get_month_names
from django import forms
from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.company import CURRENCIES, time_zones
from enishi.accounts.models import Company, FactorRule
from enishi.kit.text import plain_number
from enishi.web.words import zone_place

MOST_GRACE_DAYS = 90


def _locale() -> Locale:
    return Locale.parse("ja" if (get_language() or "ja").startswith("ja") else "en")


def currency_choices() -> list[tuple[str, str]]:
    names = _locale().currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in CURRENCIES]


def country_choices() -> list[tuple[str, str]]:
    """Countries whose national holidays are known, by name."""
    names = _locale().territories
    known = [code for code in holidays.list_supported_countries() if len(code) == 2 and code in names]
    return sorted(((code, names[code]) for code in known), key=lambda pair: (pair[0] != "JP", pair[1]))


def calendar_words(company: Company) -> tuple[str, str]:
    """The month in which the fiscal year begins, and the country of the holidays."""
    code = company.holiday_country
    return dict(month_choices())[company.fiscal_year_start], _locale().territories.get(code, code)


def zone_choices() -> list[tuple[str, str]]:
    language = get_language() or "ja"
    return [(zone, f"{zone.replace('_', ' ')} · {zone_place(zone, language)}") for zone in time_zones()]


def month_choices() -> list[tuple[int, str]]:
    names = get_month_names("wide", context="stand-alone", locale=_locale())
    return [(month, names[month]) for month in range(1, 13)]


def week_choices() -> list[tuple[int, str]]:
    days = _locale().days["stand-alone"]["wide"]
    return [(day, days[day]) for day in (0, 6, 5)]


class HolidayLines(forms.CharField):
    """Days off of the company itself, one a line: ``2026-12-29 Winter break``; stored as a list."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(f"{line['on']} {line['name']}".strip() for line in value)
        return value

    def to_python(self, value: Any) -> Any:
        found = []
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            day, _space, name = line.strip().partition(" ")
            if not day:
                continue
            try:
                on = date.fromisoformat(day.replace("/", "-"))
            except ValueError as error:
                raise forms.ValidationError(
                    gettext("Line %(number)s: “%(day)s” is not a day. Write 2026-12-29 and a name.")
                    % {"number": number, "day": day}
                ) from error
            found.append({"on": on.isoformat(), "name": name.strip()})
        return found

    def validate(self, value: Any) -> None:
        """An empty list is fine."""

    def run_validators(self, value: Any) -> None:
        """The lines were checked while they were read."""


class CompanyForm(forms.ModelForm[Company]):
    """Name, calendar and money of the company."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_(
            "Decides where a day begins: for scores, deadlines and every chart. After a change the facts are arranged anew; times that a file gave without a zone stay as they were read."
        ),
    )
    currency = forms.ChoiceField(
        label=_("Currency"), help_text=_("Amounts in other currencies are converted to this one.")
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_(
            "For new members, and before sign-in where the browser asks for neither language. Everyone chooses their own."
        ),
    )
    fiscal_year_start = forms.TypedChoiceField(
        label=_("Fiscal year starts in"), coerce=int, help_text=_("Quarters and yearly figures follow it.")
    )
    week_start = forms.TypedChoiceField(
        label=_("Week starts on"), coerce=int, help_text=_("For weekly charts and the usage map.")
    )
    holiday_country = forms.ChoiceField(
        label=_("National holidays"), help_text=_("Quiet days are not taken for a fall in usage.")
    )
    extra_holidays = HolidayLines(
        label=_("Company holidays"),
        required=False,
        help_text=_("One a line: the day and its name, such as 2026-12-29 Winter break."),
    )
    gross_margin = forms.DecimalField(
        label=_("Gross margin (%)"),
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        help_text=_("What is left of revenue after the cost of delivering it. Used for lifetime value."),
    )

    factor_rule = forms.ChoiceField(
        label=_("Second factor"),
        choices=FactorRule.choices,
        help_text=_(
            "Beside the password a code from an app on the phone. Whoever has none is led to set it up after "
            "signing in and can do nothing else until then. API keys and write keys are not concerned."
        ),
    )
    factor_grace_days = forms.IntegerField(
        label=_("Days to set it up"),
        min_value=0,
        max_value=MOST_GRACE_DAYS,
        help_text=_(
            "So long a member may still work without it: from when the rule is made, or from when they joined. 0: at once."
        ),
    )

    class Meta:
        model = Company
        fields = (
            "name",
            "language",
            "time_zone",
            "week_start",
            "fiscal_year_start",
            "currency",
            "gross_margin",
            "holiday_country",
            "extra_holidays",
            "factor_rule",
            "factor_grace_days",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.is_bound:
            self.initial["gross_margin"] = plain_number(Decimal(str(self.instance.gross_margin)) * 100)
        choices: dict[str, list[Any]] = {
            "time_zone": zone_choices(),
            "currency": currency_choices(),
            "fiscal_year_start": month_choices(),
            "week_start": week_choices(),
            "holiday_country": country_choices(),
        }
        for name, found in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = found

    def clean_gross_margin(self) -> Decimal:
        share: Decimal = self.cleaned_data["gross_margin"] / 100
        return share.quantize(Decimal("0.0001"))
