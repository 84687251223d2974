"""Addresses of setup, below ``/setup/``."""

from django.urls import URLPattern, URLResolver, include, path

from enishi.web.pages.setup import company_views, privacy_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.setup, name="setup"),
    path("arrived/", views.arrived, name="setup-arrived"),
    path("write-key/", views.first_key, name="setup-write-key"),
    path("sample/", views.load_sample, name="setup-sample"),
    path("score/", views.score_now, name="setup-score"),
    path("jobs/<int:number>/", views.job, name="setup-job"),
    path("company/", company_views.company, name="company"),
    path("company/holidays/", company_views.holidays, name="company-holidays"),
    path("privacy/", privacy_views.privacy_home, name="privacy"),
    path("privacy/retention/", privacy_views.retention, name="privacy-retention"),
    path("privacy/erasures/", privacy_views.erasures, name="privacy-erasures"),
    path("privacy/people/<int:number>/", privacy_views.erasure, name="privacy-erasure"),
    path("privacy/people/<int:number>/file/", privacy_views.disclosure, name="privacy-disclosure"),
    path("imports/", include("enishi.web.pages.imports.urls")),
    path("keys/", include("enishi.web.pages.keys.urls")),
    path("names/", include("enishi.web.pages.names.urls")),
    path("rejects/", include("enishi.web.pages.rejects.urls")),
    path("identity/", include("enishi.web.pages.identity.urls")),
]
