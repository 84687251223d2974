"""What surrounds every request: who asks from where, in which language and time zone, and how errors look."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.middleware import UserSessionsMiddleware
from allauth.usersessions.models import UserSession
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import is_valid_path
from django.utils import timezone, translation

from enishi.accounts.audit import request_address
from enishi.accounts.company import company_remembered, company_zone
from enishi.accounts.models import Member
from enishi.definitions.api import definitions_remembered
from enishi.kit.errors import EnishiError
from enishi.web.asking import BIGGEST
from enishi.web.errors import error_response
from enishi.web.guard import wants_json
from enishi.web.languages import visitor_language

Handler = Callable[[HttpRequest], HttpResponse]

SEEN_EVERY = timedelta(minutes=5)
ONLY_SHOWS = ("GET", "HEAD")

request_id: ContextVar[str] = ContextVar("request_id", default="")

CONTENT_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class RequestMiddleware:
    """Gives the request an id, tells the audit log the asker's address, and sets the security headers."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = uuid.uuid4().hex[:16]
        id_token = request_id.set(number)
        address_token = request_address.set(request.META.get("REMOTE_ADDR") or None)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(id_token)
            request_address.reset(address_token)
        response.headers["X-Request-Id"] = number
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response


class SessionTraceMiddleware:
    """Notes when, from where and with what a session was last used, at most every five minutes while neither changes:
    otherwise each page would have to wait for its turn to write."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.noting = UserSessionsMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        fresh = isinstance(request.user, Member) and _is_noted(request)
        return self.get_response(request) if fresh else self.noting(request)


def _is_noted(request: HttpRequest) -> bool:
    longest = UserSession._meta.get_field("user_agent").max_length
    return UserSession.objects.filter(
        session_key=request.session.session_key,
        user=request.user.pk,
        ip=get_adapter().get_client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:longest],
        last_seen_at__gt=timezone.now() - SEEN_EVERY,
    ).exists()


class PersonMiddleware:
    """Answers in the member's or the visitor's language and the company's time zone, and turns refusals into pages or JSON."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = request.user
        language = member.language if isinstance(member, Member) else visitor_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        only_shows = request.method in ONLY_SHOWS
        with company_remembered(), definitions_remembered() if only_shows else nullcontext():
            response = self._in_company_time(request)
        if isinstance(member, Member):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def _in_company_time(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(company_zone()):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Handler, args: Any, kwargs: dict[str, Any]) -> None:
        """A number in a path that no row can have leads nowhere."""
        if any(isinstance(value, int) and value > BIGGEST for value in kwargs.values()):
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, EnishiError):
            return error_response(request, exception)
        return None


class StrayMiddleware:
    """Leads who opens the address of a form's answer to the page the form stands on: a form that comes back with its
    errors leaves that address in the browser."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        takes_posts_only = request.method in ONLY_SHOWS and isinstance(response, HttpResponseNotAllowed)
        if takes_posts_only and not wants_json(request):
            return HttpResponseRedirect(page_above(request.path_info))
        return response


def page_above(path: str) -> str:
    """The nearest address above that there is."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        if is_valid_path(path):
            break
    return path
