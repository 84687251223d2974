"""Addresses of the REST API, its description and its guide."""

from __future__ import annotations

from difflib import get_close_matches

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.store.kinds import KINDS
from enishi.web.rest.api import api
from enishi.web.rest.guide import guide
from enishi.web.rest.problems import problem
from enishi.web.rest.shapes import slug_of


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for below the API answers in its own shape, with the address that may be meant."""
    path = request.path[:100]
    lists = [slug_of(kind) for kind in KINDS.values()] + ["events", "merges", "scores", "erasures"]
    near = get_close_matches(path.removeprefix("/api/v1/").partition("/")[0], lists, 1)
    return problem(
        request,
        NotFound(
            "not_found",
            Text(f"There is nothing at {path}.", f"{path} というアドレスはありません。"),
            Text(
                (f"Did you mean /api/v1/{near[0]}? " if near else "") + "All addresses: /api/v1/docs.",
                (f"候補: /api/v1/{near[0]}。" if near else "")
                + "アドレスの一覧は /api/v1/docs をご覧ください。",
            ),
        ),
    )


urlpatterns = [
    path("docs", guide, name="api-guide"),
    path("", api.urls),
    re_path(r"^", unknown, name="api-unknown"),
]
