"""Forecast and targets: where will revenue land?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import access_account
from enishi.accounts.audit import write_audit
from enishi.accounts.company import company_day, get_company
from enishi.accounts.models import Account
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.home import Home
from enishi.kit.text import Text
from enishi.outlook import measures, reads
from enishi.outlook.actions import Judged, ask_forecast, judge_renewal, set_thresholds, withdraw_judgement
from enishi.outlook.models import Forecast
from enishi.reports.tables import Heading
from enishi.web.asking import day_in, number_in
from enishi.web.exporting import asked_format, table_answer
from enishi.web.feedback import back_to, toast_after
from enishi.web.guard import LEADERS, WORKERS, PageRequest, page
from enishi.web.pages.outlook import moving, present, renewing
from enishi.web.pages.outlook.query import Query, read_query
from enishi.web.pages.portfolio.words import minor_units
from enishi.web.pages.revenue.tabs import tabs
from enishi.web.rest.allowances import Allowances
from enishi.web.rest.problems import TooMany

EXPORTING = LEADERS | {"csm", "sales"}
A_PAGE = 100
DRAWS_A_MINUTE = 40


def _today() -> date:
    return company_day(system_clock())


def _check_draws(request: PageRequest, query: Query) -> None:
    """Refuse to assume and to narrow the view without end: each such answer may cost seconds of drawing."""
    if query.scenario.is_plain and not query.by:
        return
    folder = Home.from_environment().root / "cache" / "draws"
    allowance = Allowances(folder, DRAWS_A_MINUTE).spend(request.member.pk)
    if allowance.used_up:
        raise TooMany(
            "too_many_draws",
            Text(
                f"More than {allowance.limit} scenarios or views of the forecast a minute.",
                f"シナリオや表示範囲の変更が1分あたり{allowance.limit}回の上限を超えました。",
            ),
            Text(
                f"Wait {allowance.reset} seconds and load the page again.",
                f"{allowance.reset}秒待ってから再読み込みしてください。",
            ),
            retryable=True,
        )


@require_GET
@page()
def outlook(request: PageRequest) -> HttpResponse:
    """The answer, the fan, renewals, what moved and whether the intervals held, within the member's scope."""
    query, today = read_query(request.GET), _today()
    _check_draws(request, query)
    forecast = reads.latest()
    context: dict[str, Any] = {
        "tabs": tabs("outlook"), "query": query, "today": today, "forecast": forecast, "under_way": reads.under_way(),
        "lacking": reads.missing_history(), "leads": request.member.role in LEADERS,
        "works": request.member.role in WORKERS, "exports": request.member.role in EXPORTING,
        "failed": Forecast.objects.filter(status=Forecast.Status.FAILED, day__gte=forecast.day if forecast else today).first(),
    }  # fmt: skip
    if forecast is not None:
        context |= _whole(request, forecast, query, today)
    return render(request, "pages/outlook/outlook.html", context)


def _whole(request: PageRequest, forecast: Forecast, query: Query, today: date) -> dict[str, Any]:
    view = reads.view_of(request.member, query.by, query.segment)
    found = reads.read_outlook(view, forecast, query.scenario)
    plain = present.plain_of(view, forecast, query.scenario)
    targets = reads.targets_for(request.member, query.by, query.segment)
    return present.page_figures(found, plain, targets) | {
        "view": view,
        "measures": [present.measure_words()[name] for name in present.SHOWN],
        "sliders": present.sliders(query),
        "assumed": present.assumptions(query),
        "mark": _(" (what if)") if plain else "",
        "options": present.options(request.member, query),
        "renewals": renewing.renewals_context(request.member, found, query, today, request.GET.get("page")),
        "bridge": moving.bridge_context(view, forecast, query),
        "tested": present.tested(reads.latest_test(), whole=reads.sees_company(request.member)),
        "aims": reads.sees_company(request.member),
        "behind": reads.is_behind(forecast),
        "speaks": reads.model_speaks(),
        "export_query": urlencode(query.pairs()),
        "plain_address": query.but(churn=100, expansion=100, new=100, price=0).address,
        "targets_known": bool(targets),
    }


@require_GET
@page()
def progress(request: PageRequest, number: int) -> HttpResponse:
    """How far a statement is; the page is drawn anew when it is done."""
    found = Forecast.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("unknown_forecast", Text("There is no such forecast.", "この予測はありません。"))
    if found.status in (Forecast.Status.DONE, Forecast.Status.FAILED):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "pages/outlook/_progress.html", {"under_way": found})


@require_POST
@page(roles=LEADERS)
def make(request: PageRequest) -> HttpResponse:
    """Have a statement made now."""
    ask_forecast(request.member, system_clock())
    toast_after(request, _("The forecast is being made; this takes about a minute."))
    return HttpResponseRedirect(reverse("outlook"))


@require_GET
@page()
def moved(request: PageRequest) -> HttpResponse:
    """The customers behind a step of the bridge, adding up to it."""
    query, later = read_query(request.GET), reads.latest()
    _check_draws(request, query)
    earlier = moving.compared(later, query) if later else None
    step = request.GET.get("step", "")
    words = moving.step_words()
    if later is None or earlier is None or step not in words:
        return HttpResponseRedirect(reverse("outlook"))
    view = reads.view_of(request.member, query.by, query.segment)
    found = reads.read_moved(view, earlier, later, moving.end_of(later, query.over).end)
    if found is None:
        return HttpResponseRedirect(reverse("outlook"))
    rows = moving.customers(found, step)
    shown = Paginator(rows.to_dict("records"), A_PAGE).get_page(request.GET.get("page"))
    names = Account.objects.in_bulk([int(row["account_id"]) for row in shown])
    context = {
        "tabs": tabs("outlook"), "title": words[step], "help": moving.step_help()[step], "found": found, "page": shown,
        "rows": [
            row | {"account": names.get(int(row["account_id"])), "seen": int(row["account_id"]) in view.accounts}
            for row in shown
        ],
        "amount": int(rows["step"].sum()), "count": len(rows), "period": present.title(moving.end_of(later, query.over)),
        "back": reverse("outlook") + query.address + "#moved",
    }  # fmt: skip
    return render(request, "pages/outlook/moved.html", context)


def no_renewal() -> NotFound:
    return NotFound(
        "no_renewal",
        Text(
            "No renewal of this customer falls due in the months forecast.",
            "予測期間内に更新日を迎える契約がありません。",
        ),
    )


def _contract(request: PageRequest) -> int:
    """The contract that is meant, of a customer who decides on several apart; 0 where it is all they hold."""
    stated = request.POST.get("contract") or request.GET.get("contract") or "0"
    number = number_in(stated)
    if number is None:
        raise no_renewal()
    return number


def _renewal_of(account: Account, contract: int) -> reads.Renewal:
    forecast = reads.latest()
    today = _today()
    if forecast is not None:
        stated = reads.read_statement(forecast)
        mine = stated.where(stated.book.accounts == account.pk)
        found = reads.renewals(mine, today, mine.book.grid.ends[-1], today)
        for one in found:
            if contract in (0, one.contract):
                return one
    raise no_renewal()


@require_POST
@page(roles=WORKERS)
def judge(request: PageRequest, account_id: int) -> HttpResponse:
    """Move a renewal to another category, with reason and expiry."""
    account = access_account(request.member, account_id)
    one = _renewal_of(account, _contract(request))
    until = day_in(request.POST.get("expires_on")) or date.min
    said = Judged(request.POST.get("category", ""), request.POST.get("reason", ""), until)
    computed = (one.computed, one.probability, one.on)
    try:
        judge_renewal(
            account, said, computed, member=request.member, now=system_clock(), contract=one.contract
        )
    except EnishiError as error:
        if not error.fields or request.headers.get("HX-Request") != "true":
            raise
        return _asked_again(request, account, one, error)
    undo = reverse("outlook-withdraw", args=[account.pk]) + (
        f"?contract={one.contract}" if one.contract else ""
    )
    toast_after(request, _("Moved. The computed category stays beside it."), undo=undo)
    return back_to(request, _back(request))


def _asked_again(
    request: PageRequest, account: Account, one: reads.Renewal, error: EnishiError
) -> HttpResponse:
    """The form in its dialog, with what was typed and what is wrong with it."""
    context = {
        "account": account, "one": one, "said": request.POST.dict(), "today": _today(), **_told_wrong(request, error),
        **renewing.category_words(),
    }  # fmt: skip
    return render(request, "pages/outlook/_judge.html", context)


def _told_wrong(request: PageRequest, error: EnishiError) -> dict[str, Any]:
    """What is wrong by field, and the list the form was opened from."""
    return {
        "wrong": {name: text.in_language(present.language()) for name, text in error.fields.items()},
        "query": read_query(QueryDict(request.POST.get("query", "").removeprefix("?"))),
    }


@require_POST
@page(roles=WORKERS)
def withdraw(request: PageRequest, account_id: int) -> HttpResponse:
    """Let the computed category stand alone again."""
    account = access_account(request.member, account_id)
    withdraw_judgement(account, member=request.member, now=system_clock(), contract=_contract(request))
    toast_after(request, _("The computed category counts again."))
    return back_to(request, _back(request))


def _back(request: PageRequest) -> str:
    query = request.POST.get("query", "")
    return reverse("outlook") + (query if query.startswith("?") else "") + "#renewals"


@require_POST
@page(roles=LEADERS)
def limits(request: PageRequest) -> HttpResponse:
    """Set from which probability not to renew a renewal counts as what."""
    try:
        commit, at_risk = (float(request.POST.get(name, "")) / 100 for name in ("commit", "at_risk"))
    except ValueError:
        commit = at_risk = 0.0
    try:
        set_thresholds(commit, at_risk, member=request.member)
    except EnishiError as error:
        if request.headers.get("HX-Request") != "true":
            raise
        said = {name: request.POST.get(name, "") for name in ("commit", "at_risk")}
        return render(request, "pages/outlook/_thresholds.html", said | _told_wrong(request, error))
    toast_after(request, _("The thresholds are set."))
    return back_to(request, _back(request))


@require_GET
@page(roles=EXPORTING)
def export(request: PageRequest) -> HttpResponse:
    """Renewals or figures of the view as a file."""
    file_format = asked_format(request)
    forecast, query = reads.latest(), read_query(request.GET)
    _check_draws(request, query)
    if forecast is None:
        return HttpResponseRedirect(reverse("outlook"))
    found = reads.read_outlook(
        reads.view_of(request.member, query.by, query.segment), forecast, query.scenario
    )
    what = "figures" if request.GET.get("what") == "figures" else "renewals"
    headings, rows = (
        _figures_file(request, found, query) if what == "figures" else _renewals_file(request, found, query)
    )
    name = f"{what}{_if(query, what)}-{forecast.day:%Y%m%d}"
    answer, _n = table_answer(name, file_format, headings, rows, title=_("Forecast"))
    write_audit(request.member, "forecast_exported", "forecast", detail={"format": file_format})
    return answer


def _if(query: Query, what: str) -> str:
    """A file of assumed figures says so by its name."""
    return "-what-if" if what == "figures" and not query.scenario.is_plain else ""


def _renewals_file(
    request: PageRequest, found: reads.Outlook, query: Query
) -> tuple[list[Heading], list[list[Any]]]:
    company = get_company()
    unit, words = minor_units(company.currency), dict(renewing.Category.choices)
    headings = [
        Heading(_("Account")), Heading(_("Contract")), Heading(_("Renewal"), "day"), Heading(f"MRR ({company.currency})", "money"),
        Heading(_("Probability not to renew"), "percent"), Heading(_("Category")), Heading(_("Computed category")),
        Heading(_("Reason")), Heading(pgettext("person", "Owner")),
    ]  # fmt: skip
    chosen = renewing.listed(request.member, found, query, _today())
    chosen = [one for one in chosen if not query.cat or one.category == query.cat]
    accounts = Account.objects.select_related("owner").in_bulk([one.account_id for one in chosen])
    products = renewing.products_of(chosen)
    rows = [
        [account.name, products.get(one.contract, ""), one.on, Decimal(one.mrr) / unit, one.probability, str(words[one.category]), str(words[one.computed]),
         one.call.reason if one.call else "", account.owner.full_name if account.owner else ""]
        for one in chosen
        if (account := accounts.get(one.account_id)) is not None
    ]  # fmt: skip
    return headings, rows


def _figures_file(
    request: PageRequest, found: reads.Outlook, query: Query
) -> tuple[list[Heading], list[list[Any]]]:
    """Money in whole units of the currency, rates as shares; one line per measure and period."""
    unit, words = minor_units(get_company().currency), present.measure_words()
    targets = reads.targets_for(request.member, query.by, query.segment)
    names = [
        "actual",
        "so_far",
        "expected",
        "low_50",
        "high_50",
        "low_80",
        "high_80",
        "low_95",
        "high_95",
        "target",
        "chance",
    ]
    titles = [
        pgettext("forecast", "Actual"), _("So far"), pgettext("forecast", "Expected"), "50% ↓", "50% ↑", "80% ↓", "80% ↑",
        "95% ↓", "95% ↑", pgettext("forecast", "Target"), _("Probability to reach it"),
    ]  # fmt: skip
    headings = [Heading(_("Measure")), Heading(_("Period")), *(Heading(one, "text") for one in titles)]
    assumed = " / ".join(present.assumptions(query))
    if assumed:
        headings.append(Heading(_("What was assumed")))
    rows = []
    for _every, lines in measures.figures(found, get_company().fiscal_year_start, targets):
        for one in lines:
            values = measures.as_row(one)
            scale = unit if one.is_money else 1
            shown = [
                None if values[name] is None else round(values[name] / (1 if name == "chance" else scale), 6)
                for name in names
            ]
            rows.append(
                [words[one.measure], present.title(one.period), *shown, *([assumed] if assumed else [])]
            )
    return headings, rows
