"""Every address of the web application; each page brings its own list."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from enishi.web import frame_views, palette, sign_in_urls

# Where each page's urls.py is hung. Two pages share /accounts/: the list, and one account below its number.
PAGES = (
    ("today", ""),
    ("portfolio", "accounts/"),
    ("account", "accounts/"),
    ("health", "health/"),
    ("revenue", "revenue/"),
    ("setup", "setup/"),
    ("members", "people/"),
    ("me", "me/"),
    ("audit", "audit/"),
    ("outbox", "outbox/"),
)


def _page_urls() -> list[URLResolver]:
    found = []
    for page, prefix in PAGES:
        if find_spec(f"enishi.web.pages.{page}.urls") is not None:
            found.append(path(prefix, include(f"enishi.web.pages.{page}.urls")))
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", frame_views.healthz, name="healthz"),
    path("readyz", frame_views.readyz, name="readyz"),
    path("favicon.svg", frame_views.favicon, name="favicon"),
    path("language/", frame_views.language, name="language"),
    path("palette/", palette.palette, name="palette"),
    *sign_in_urls.urlpatterns,
    *_page_urls(),
]

if find_spec("enishi.web.rest.urls") is not None:
    urlpatterns.append(path("api/v1/", include("enishi.web.rest.urls")))

handler400 = "enishi.web.errors.bad_request"
handler403 = "enishi.web.errors.permission_denied"
handler404 = "enishi.web.errors.page_not_found"
handler500 = "enishi.web.errors.server_error"
