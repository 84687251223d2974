"""The metric catalogue, one metric's page, and the builder of own metrics."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.metrics.api import Metric
from enishi.web.guard import LEADERS, PageRequest, page
from enishi.web.pages.health import metric_reads
from enishi.web.pages.health.catalogue import find_metrics, metric_catalogue
from enishi.web.pages.health.tabs import tabs

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
    "tenure": Text(
        "Never happened: counted from the start of the contract", "一度もない場合は契約開始日から数えます"
    ),
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
    values, accounts = metric_reads.values_of(request.member, slug)
    shape = metric_reads.distribution(values)
    context = {
        "metric": found,
        "unit": UNITS.get(found.unit),
        "null": NULLS.get(found.null),
        "coverage": metric_reads.Coverage(len(values), accounts),
        "shape": shape,
        "chart": metric_reads.distribution_chart(shape, _("Accounts")) if shape else None,
        "quantiles": [(q, round(v, 2)) for q, v in shape.quantiles.items()] if shape else [],
        "edits": request.member.role in LEADERS,
    }
    return render(request, "pages/health/metric.html", context)
