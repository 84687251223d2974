"""The notices of customers on any day, and how they are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.company import company_zone
from enishi.accounts.leaving import SUBSCRIPTION, Leaving, leaving_accounts, leaving_by
from enishi.accounts.models import Record, RecordVersion
from enishi.kit.clock import end_of_day
from enishi.web import words
from enishi.web.pages.account.known import as_known, versions_on


def leaving_on(accounts: Iterable[int], day: date, as_of: date | None = None) -> dict[int, Leaving]:
    """Those of the accounts that have given notice. ``as_of``: by what was known at the end of that day."""
    if as_of is None:
        return leaving_accounts(accounts, day)
    rows = Record.objects.filter(account_id__in=list(accounts), kind=SUBSCRIPTION.name)
    owners = dict(rows.order_by().values_list("pk", "account_id"))
    zone = company_zone()
    then = versions_on(SUBSCRIPTION, owners, as_of, zone).items()
    known = ((owners[n], n, as_known(SUBSCRIPTION, version.data, as_of, zone)) for n, version in then)
    return leaving_by(known, day)


def leaving_in(accounts: Collection[int], day: date) -> dict[int, Leaving]:
    """Those of a book that had given notice by a past day, as known at its end."""
    said = RecordVersion.objects.filter(
        kind=SUBSCRIPTION.name, known_at__lt=end_of_day(day, company_zone()), data__notice_on__isnull=False
    )
    numbers = set(said.order_by().values_list("account_id", flat=True))
    return leaving_on([number for number in accounts if number in numbers], day, day)


def leaving_words(leaving: Leaving, today: date) -> str:
    """``11月18日に解約予告、契約は2027年1月1日に終了``, and of how many contracts where others go on."""
    language = get_language() or "ja"
    given = words.day(leaving.notice_on, language, today)
    ends = words.day(leaving.ends_on, language, today) if leaving.ends_on else ""
    if ends:
        said = _("Notice given on %(given)s, contract ends on %(ends)s") % {"given": given, "ends": ends}
    else:
        said = _("Notice given on %(given)s, end of the contract not stated") % {"given": given}
    if leaving.whole:
        return said
    part = _("%(ending)s of %(running)s contracts") % {
        "ending": len(leaving.contracts),
        "running": leaving.running,
    }
    return f"{said} ({part})"


def leaving_badge(leaving: Leaving, today: date) -> SafeString:
    """What stands beside the band of a customer who has given notice."""
    title = _("Notice given") if leaving.whole else _("Partial notice")
    return format_html(
        '<span class="badge-plain tone-danger" title="{}">{}</span>', leaving_words(leaving, today), title
    )
