"""Addresses of Health, below ``/health/``."""

from django.urls import path

from enishi.web.pages.health import (
    card_views,
    coverage_views,
    metric_views,
    record_views,
    rule_views,
    text_views,
    version_views,
)

urlpatterns = [
    path("", record_views.record, name="health"),
    path("scorecards/", card_views.cards, name="health-cards"),
    path("scorecards/new/", card_views.copy, name="health-card-new"),
    path("scorecards/<slug:slug>/", card_views.editor, name="health-card"),
    path("scorecards/<slug:slug>/preview/", card_views.preview, name="health-card-preview"),
    path("scorecards/<slug:slug>/draft/", card_views.draft, name="health-card-draft"),
    path("scorecards/<slug:slug>/discard/", card_views.discard, name="health-card-discard"),
    path("scorecards/<slug:slug>/test/", card_views.start_test, name="health-card-test"),
    path("scorecards/<slug:slug>/versions/", version_views.card_versions, name="health-card-versions"),
    path("scorecards/<slug:slug>/publish/", card_views.publish_draft, name="health-card-publish"),
    path("scorecards/<slug:slug>/rollback/", version_views.card_rollback, name="health-card-rollback"),
    path("scorecards/<slug:slug>/retire/", card_views.retire_card, name="health-card-retire"),
    path("backtests/<int:number>/", record_views.backtest, name="health-backtest"),
    path("metrics/", metric_views.catalogue, name="health-metrics"),
    path("metrics/new/", metric_views.builder, name="health-metric-new"),
    path("metrics/preview/", metric_views.preview, name="health-metric-preview"),
    path("metrics/<slug:slug>/", metric_views.metric, name="health-metric"),
    path("metrics/<slug:slug>/edit/", metric_views.builder, name="health-metric-edit"),
    path("metrics/<slug:slug>/retire/", metric_views.retire_metric, name="health-metric-retire"),
    path("coverage/", coverage_views.coverage, name="health-coverage"),
    path("coverage/<slug:name>/", coverage_views.lacking, name="health-lacking"),
    path("rules/causes/holding/<str:key>/", rule_views.holding, name="health-rule-holding"),
    path("rules/<str:kind>/", rule_views.rules, name="health-rules"),
    path("rules/<str:kind>/edit/", rule_views.edit, name="health-rules-edit"),
    path("rules/<str:kind>/text/", rule_views.edit_text, name="health-rules-text"),
    path("rules/<str:kind>/versions/", version_views.rule_versions, name="health-rules-versions"),
    path("rules/<str:kind>/rollback/", version_views.rule_rollback, name="health-rules-rollback"),
    path("definitions/", text_views.definitions, name="health-definitions"),
    path("definitions/export/", text_views.export, name="health-definitions-export"),
    path("definitions/import/", text_views.bring_in, name="health-definitions-import"),
]
