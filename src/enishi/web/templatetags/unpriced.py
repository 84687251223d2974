"""What stands above sums of money that cannot be whole: ``{% load unpriced %}{% unpriced_note %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from enishi.accounts.models import Scope
from enishi.signals.api import count_unpriced
from enishi.work.api import may_lead

register = template.Library()


@register.inclusion_tag("frame/unpriced.html", takes_context=True)
def unpriced_note(context: Context) -> dict[str, Any]:
    """How many customers of the reader's are in no sum, as an exchange rate is missing; nothing where none is."""
    member = context["request"].member
    return {
        "customers": count_unpriced(member),
        "may_import": may_lead(member) and member.scope == Scope.ALL,
    }
