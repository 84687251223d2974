"""Addresses of the REST API, its description and its guide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from enishi.web.rest.api import api
from enishi.web.rest.guide import guide
from enishi.web.rest.problems import NOT_FOUND, problem


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for below the API answers in its own shape."""
    return problem(request, NOT_FOUND)


urlpatterns = [
    path("docs", guide, name="api-guide"),
    path("", api.urls),
    re_path(r"^", unknown, name="api-unknown"),
]
