"""Addresses of setup, below ``/setup/``."""

from importlib.util import find_spec

from django.urls import include, path

from enishi.web.pages.setup import company_views, views

urlpatterns = [
    path("", views.setup, name="setup"),
    path("write-key/", views.first_key, name="setup-write-key"),
    path("sample/", views.load_sample, name="setup-sample"),
    path("score/", views.score_now, name="setup-score"),
    path("jobs/<int:number>/", views.job, name="setup-job"),
    path("company/", company_views.company, name="company"),
    path("company/holidays/", company_views.holidays, name="company-holidays"),
]

# The pages about files, keys, rejects and identity bring their own lists.
for _page in ("imports", "keys", "rejects", "identity"):
    if find_spec(f"enishi.web.pages.{_page}") and find_spec(f"enishi.web.pages.{_page}.urls"):
        urlpatterns.append(path(f"{_page}/", include(f"enishi.web.pages.{_page}.urls")))
