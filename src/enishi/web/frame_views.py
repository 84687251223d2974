"""Small addresses of the frame: language, icon, whether the server is alive."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.models import Member
from enishi.web.guard import PageRequest, page

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f6bc2" stroke-width="2.4" '
    'stroke-linecap="round"><path d="M9.5 14.5a4.5 4.5 0 1 1 3-8.2"/><path d="M14.5 9.5a4.5 4.5 0 1 1-3 8.2"/>'
    '<path d="M9.2 14.8l5.6-5.6"/></svg>'
)


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """The address to go back to, if it is ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or default
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else default


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language: for good for a member, by cookie for a visitor."""
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_next(request))
    if chosen not in dict(settings.LANGUAGES):
        return response
    if isinstance(request.user, Member):
        Member.objects.filter(pk=request.user.pk).update(language=chosen)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax")
    return response


@require_GET
@cache_control(max_age=86400, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ICON, content_type="image/svg+xml")


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_GET
def readyz(request: HttpRequest) -> HttpResponse:
    """The process answers and its database does too."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        return JsonResponse({"status": "unavailable", "database": type(error).__name__}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


@page()
@never_cache
@require_GET
def past_scores(request: PageRequest) -> HttpResponseBase:
    """How far the scoring of the past is; nothing once it is done."""
    return render(request, "frame/past.html")
