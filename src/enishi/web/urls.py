"""Every address of the web application; each page brings its own list."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from enishi.web import frame_views, palette, sign_in_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", frame_views.healthz, name="healthz"),
    path("readyz", frame_views.readyz, name="readyz"),
    path("favicon.svg", frame_views.favicon, name="favicon"),
    path("language/", frame_views.language, name="language"),
    path("palette/", palette.palette, name="palette"),
    path("past-scores/", frame_views.past_scores, name="past_scores"),
    *sign_in_urls.urlpatterns,
    path("", include("enishi.web.pages.today.urls")),
    # Pages share /accounts/: the list, relationships, and one account below its number.
    path("accounts/", include("enishi.web.pages.portfolio.urls")),
    path("accounts/", include("enishi.web.pages.stakeholders.urls")),
    path("accounts/", include("enishi.web.pages.growth.account_urls")),
    path("", include("enishi.web.pages.value.urls")),  # below /revenue/, and one account's below /accounts/
    path("", include("enishi.web.pages.fit.urls")),  # likewise
    path("", include("enishi.web.pages.risk.urls")),  # below /health/, and one account's below /accounts/
    path("accounts/", include("enishi.web.pages.account.urls")),
    path("health/texts/", include("enishi.web.pages.texts.urls")),
    path("health/", include("enishi.web.pages.health.urls")),
    path("revenue/", include("enishi.web.pages.revenue.urls")),
    path("revenue/", include("enishi.web.pages.outlook.urls")),
    path("executive/", include("enishi.web.pages.executive.urls")),
    path("growth/", include("enishi.web.pages.growth.urls")),
    path("setup/", include("enishi.web.pages.setup.urls")),
    path("people/", include("enishi.web.pages.members.urls")),
    path("me/", include("enishi.web.pages.me.urls")),
    path("audit/", include("enishi.web.pages.audit.urls")),
    path("outbox/", include("enishi.web.pages.outbox.urls")),
    path("api/v1/", include("enishi.web.rest.urls")),
]

handler400 = "enishi.web.errors.bad_request"
handler403 = "enishi.web.errors.permission_denied"
handler404 = "enishi.web.errors.page_not_found"
handler500 = "enishi.web.errors.server_error"
