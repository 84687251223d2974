"""What stands beside the band wherever it is listed: a notice given, and that somebody set the band by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from enishi.accounts.leaving import Leaving
from enishi.signals.api import overrides_on
from enishi.web.pages.account.leaving import leaving_badge, leaving_on


def by_hand_badge() -> SafeString:
    title = _("Somebody set this band; the score is computed")
    return format_html('<span class="badge-plain" title="{}">{}</span>', title, _("By hand"))


def badges_beside(
    accounts: Iterable[int],
    day: date,
    as_of: date | None = None,
    leaving: Mapping[int, Leaving] | None = None,
) -> dict[int, SafeString]:
    """The badges of those of the accounts that have any.

    Args:
        as_of: by what was known at the end of that day.
        leaving: the notices, where they are read already.
    """
    ids = list(accounts)
    gone = leaving_on(ids, day, as_of) if leaving is None else leaving
    found = {pk: leaving_badge(one, day) for pk, one in gone.items()}
    for pk in overrides_on(day).keys() & set(ids):
        found[pk] = format_html("{} {}", by_hand_badge(), found[pk]) if pk in found else by_hand_badge()
    return found
