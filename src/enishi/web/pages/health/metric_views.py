"""The metric catalogue, one metric's page, and the builder of own metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.company import company_day
from enishi.definitions.api import find_published, get_names, publish, retire, save_draft
from enishi.definitions.names import event_title
from enishi.kit.clock import system_clock
from enishi.kit.errors import Conflict, EnishiError, NotFound
from enishi.kit.text import Text
from enishi.metrics.api import Metric
from enishi.store.kinds import KINDS as KINDS_OF_RECORD
from enishi.web.feedback import toast_after
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health import backfill, metric_form, metric_reads
from enishi.web.pages.health import builder as trying
from enishi.web.pages.health.card_present import mistakes_of
from enishi.web.pages.health.catalogue import find_metrics, metric_catalogue
from enishi.web.pages.health.tabs import tabs
from enishi.web.vocabulary import event_names


def source_title(need: str) -> Text:
    """A source of facts as people call it."""
    name, _, field = need.removeprefix("record_").partition(".")
    if name == "records":
        return Text("Records of any kind", "いずれかの種類の記録")
    if name not in KINDS_OF_RECORD:
        return Text("Use of the product", "製品の利用")
    kind = KINDS_OF_RECORD[name]
    if not field:
        return kind.plural
    part = kind.field(field).title
    return Text(f"{kind.plural.en}: {part.en}", f"{kind.plural.ja}の{part.ja}")


UNITS = {
    "people": Text("people", "人"),
    "days": Text("days", "日"),
    "events": Text("events", "回"),
    "ratio": Text("ratio", "比率"),
    "count": Text("count", "件"),
    "minutes": Text("minutes", "分"),
    "hours": Text("hours", "時間"),
    "money": Text("money", "金額"),
    "points": Text("points", "点"),
    "score": Text("score", "点"),
}
NULLS = {
    "zero": Text(
        "Nothing happened: 0, where the source is connected", "出来事がなければ0(データ連携がある場合)"
    ),
    "unknown": Text("Unknown, never 0", "不明として扱い、0にはしません"),
}


@require_GET
@page()
def catalogue(request: PageRequest) -> HttpResponse:
    """Every metric with its definition and how many accounts have a value."""
    text = request.GET.get("q", "").strip()[:100]
    groups = find_metrics(text)
    names = [metric.id for _title, metrics in groups for metric in metrics]
    covered = metric_reads.coverages(request.member, names)
    shown = [
        (title, [{"metric": m, "coverage": covered[m.id], "unit": UNITS.get(m.unit)} for m in metrics])
        for title, metrics in groups
    ]
    context = {
        "tabs": tabs("health-metrics"),
        "groups": shown,
        "text": text,
        "edits": request.member.role in LEADERS,
    }
    return render(request, "pages/health/metrics.html", context | {"total": len(names)})


def _metric(slug: str) -> Metric:
    found = metric_catalogue().get(slug)
    if found is None:
        raise NotFound(
            "unknown_metric",
            Text(f"There is no metric “{slug}”.", f"「{slug}」という指標はありません。"),
            Text("Look for it in the catalogue.", "指標カタログでお探しください。"),
        )
    return found


@require_GET
@page()
def metric(request: PageRequest, slug: str) -> HttpResponse:
    """One metric: what it means, who has a value, how the values lie."""
    found = _metric(slug)
    past = backfill.read_past(slug) if found.custom else None
    if found.custom and past is None:
        backfill.ask_past(slug)
    if request.headers.get("HX-Request") == "true":
        return _past_progress(request, slug, ready=past is not None)
    values, accounts = metric_reads.values_of(request.member, slug)
    shape = metric_reads.distribution(values)
    context = {
        "metric": found,
        "unit": UNITS.get(found.unit),
        "null": NULLS.get(found.null),
        "needs": list(dict.fromkeys(source_title(need) for need in found.needs)),
        "coverage": metric_reads.Coverage(len(values), accounts),
        "waiting": found.custom and past is None and not len(values),
        "shape": shape,
        "chart": metric_reads.distribution_chart(shape, _("Accounts")) if shape else None,
        "quantiles": [(q, round(v, 2)) for q, v in shape.quantiles.items()] if shape else [],
        "edits": request.member.role in LEADERS,
        "past": past,
        "past_chart": backfill.past_chart(request.member, past) if past else None,
        "percent": backfill.progress_of(slug) if found.custom else 0,
    }
    return render(request, "pages/health/metric.html", context)


def _past_progress(request: PageRequest, slug: str, *, ready: bool) -> HttpResponse:
    """How far the past of an own metric is; the page draws itself anew when it is there."""
    if ready:
        answer = HttpResponse()
        answer.headers["HX-Refresh"] = "true"
        return answer
    context = {"slug": slug, "percent": backfill.progress_of(slug)}
    return render(request, "pages/health/_past_progress.html", context)


KINDS = {
    "count": gettext_lazy("how many events"),
    "distinct": gettext_lazy("how many different people, days, features or values"),
    "sum": gettext_lazy("the sum of a property"),
    "last": gettext_lazy("the latest value of a property"),
    "days_since": gettext_lazy("days since the last event"),
    "ratio": gettext_lazy("one measurement divided by another"),
    "trend": gettext_lazy("this window against the one before (log ratio)"),
}
WHAT = {
    "users": gettext_lazy("people"),
    "days": gettext_lazy("days"),
    "features": gettext_lazy("features"),
    "property": gettext_lazy("values of a property"),
}
OPERATORS = {
    "eq": "=", "ne": "≠", "gt": ">", "ge": "≥", "lt": "<", "le": "≤",
    "contains": gettext_lazy("contains"), "exists": gettext_lazy("is there"),
}  # fmt: skip


_FIELDS = {
    "id": gettext_lazy("Id"),
    "title": gettext_lazy("Title"),
    "help": gettext_lazy("Explanation"),
    "type": gettext_lazy("Kind of measurement"),
    "events": gettext_lazy("Which events (none ticked: all)"),
    "where": gettext_lazy("Only events whose properties fit"),
    "property": gettext_lazy("Property"),
    "window": gettext_lazy("Window (days)"),
    "unit": gettext_lazy("Unit"),
    "freshness_days": gettext_lazy("Stale after (days)"),
}


def _field(place: str) -> str:
    """The name of the field a mistake is in; a ratio's lower part and what lies within are named by the last part."""
    parts = [part.split("[")[0] for part in place.split(".")]
    known = [str(_FIELDS[part]) for part in parts if part in _FIELDS]
    return known[-1] if known else ""


def _builder_context(slug: str, body: Mapping[str, Any], error: EnishiError | None = None) -> dict[str, Any]:
    names, events = get_names(), event_names()
    return {
        "slug": slug,
        "body": body,
        "a": metric_form.shown_block(body, "a"),
        "b": metric_form.shown_block(body, "b"),
        "kinds": KINDS,
        "inner": {name: KINDS[name] for name in metric_form.INNER},
        "what": WHAT,
        "operators": OPERATORS,
        "units": UNITS,
        "event_ids": events,
        "events": [(name, event_title(names, name)) for name in events],
        "error": error,
        "mistakes": [(_field(place), text) for place, text in mistakes_of(error).items()],
        "wrong": mistakes_of(error),
    }


def _existing(slug: str) -> dict[str, Any]:
    found = find_published("metric", slug) if slug else None
    if slug and found is None:
        _metric(slug)
        raise NotFound(
            "not_own_metric",
            Text(
                f"“{slug}” is built in and cannot be changed.",
                f"「{slug}」は標準の指標のため変更できません。",
            ),
            Text("Build one of your own instead.", "自社の指標として新しく作成してください。"),
        )
    return dict(found.version.body) if found else {"type": "count", "title": {"en": "", "ja": ""}, "id": ""}


def _check_id_is_free(body: Mapping[str, Any], slug: str) -> None:
    if body["id"] != slug and body["id"] in metric_catalogue():
        text = Text(
            f"There is already a metric “{body['id']}”.", f"「{body['id']}」という指標はすでにあります。"
        )
        raise Conflict(
            "metric_exists", text, Text("Choose another id.", "別のIDにしてください。"), {"id": text}
        )


def _check_named(body: Mapping[str, Any]) -> None:
    """What is simply not filled in is told as such, all at once."""
    empty = {
        "title": Text("Enter a title.", "名称を入力してください。") if not body["title"]["en"] else None,
        "id": Text("Enter an id.", "IDを入力してください。") if not body["id"] else None,
    }
    if fields := {place: text for place, text in empty.items() if text}:
        raise EnishiError(
            "metric_unnamed",
            Text("The metric needs a name.", "指標の名前が入力されていません。"),
            Text("Nothing was saved yet.", "まだ保存されていません。"),
            fields,
        )


@page(roles=LEADERS)
def builder(request: PageRequest, slug: str = "") -> HttpResponse:
    """Build a metric from blocks, or change an own one."""
    if request.method != "POST":
        return render(request, "pages/health/builder.html", _builder_context(slug, _existing(slug)))
    body = metric_form.read_metric(request.POST)
    if slug:
        _existing(slug)
        body["id"] = slug
    try:
        _check_named(body)
        _check_id_is_free(body, slug)
        version = save_draft("metric", body["id"], body, actor=request.member, now=system_clock())
    except EnishiError as error:
        context = _builder_context(slug, body, error)
        return render(request, "pages/health/builder.html", context, status=422)
    publish(version, actor=request.member, now=system_clock())
    backfill.ask_past(body["id"])
    toast_after(request, _("The metric is saved. Its past year is being worked out for every account."))
    return redirect("health-metric", body["id"])


@require_POST
@page(roles=LEADERS)
def preview(request: PageRequest) -> HttpResponse:
    """The metric over the past year for a few accounts, before it is saved."""
    body = metric_form.read_metric(request.POST)
    body["id"] = body["id"] or "preview"
    if not body["title"]["en"]:
        body["title"] = {"en": body["id"], "ja": body["id"]}
    today = company_day(system_clock())
    context: dict[str, Any] = {}
    try:
        context["found"] = trying.preview_values(
            request.member, body, request.POST.get("accounts", ""), today
        )
    except EnishiError as error:
        context |= {"error": error, "mistakes": mistakes_of(error)}
    return render(request, "pages/health/_metric_preview.html", context)


@require_POST
@page(roles=LEADERS)
def retire_metric(request: PageRequest, slug: str) -> HttpResponse:
    """Take an own metric out of use; scorecards that name it keep their last published version."""
    _existing(slug)
    retire("metric", slug, actor=request.member, now=system_clock())
    toast_after(request, _("The metric is retired."))
    return redirect("health-metrics")
