"""The door of every page: who is signed in, and whether the role may come in.

A view without :func:`page` is open to everyone; ``tests/test_access_matrix.py`` opens every address as every role
and compares with the table in ``docs/access.md``, so a forgotten guard is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from enishi.accounts.models import Member, Role, Scope
from enishi.kit.errors import NotAllowed
from enishi.kit.text import Text

EVERYONE = frozenset(Role.values)
LEADERS = frozenset({Role.ADMIN.value, Role.MANAGER.value})
ADMINS = frozenset({Role.ADMIN.value})
WORKERS = frozenset({Role.ADMIN.value, Role.MANAGER.value, Role.CSM.value, Role.SALES.value})

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request that passed :func:`page`: ``member`` is the person who asks."""

    member: Member


PageView = Callable[Concatenate[PageRequest, P], HttpResponseBase]


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker is a program or an htmx call, which gets errors as JSON."""
    return (
        (request.path.startswith("/api/") and not request.path.endswith("/docs"))
        or request.headers.get("HX-Request") == "true"
        or request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    )


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Where nobody is sent: the sign-in page, with the way back."""
    back = request.get_full_path() if request.method == "GET" else "/"
    address = f"{reverse('account_login')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    if wants_json(request):
        words = Text("Sign in first.", "サインインしてください。")
        return JsonResponse(
            {
                "error": "not_signed_in",
                "message": words.in_language(_language()),
                "hint": address,
                "fields": {},
            },
            status=401,
        )
    return HttpResponseRedirect(address)


def page(
    *, roles: Iterable[str] | None = None, whole_book: bool = False
) -> Callable[[PageView[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """Let in signed-in members with one of ``roles`` (every role by default) and set ``request.member``.

    ``whole_book``: only for members who see all accounts, as what the page shows cannot be told apart by account.

    Nobody is sent to sign in; another role, or a narrower view, gets :class:`NotAllowed` (403).
    """
    allowed = frozenset(str(role) for role in roles) if roles is not None else EVERYONE

    def decorate(view: PageView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            member = request.user
            if not isinstance(member, Member) or not member.is_active:
                return to_sign_in(request)
            asked = cast(PageRequest, request)
            asked.member = member
            if member.role not in allowed:
                raise not_allowed()
            if whole_book and member.scope != Scope.ALL:
                raise not_whole_book()
            return view(asked, *args, **kwargs)

        marked: Any = guarded
        marked.page_roles = allowed
        return guarded

    return decorate


def not_allowed() -> NotAllowed:
    return NotAllowed(
        "not_allowed",
        Text("Your role does not open this page.", "お使いの権限では、このページを開けません。"),
        Text(
            "Ask an administrator of your company for the role you need.",
            "必要な権限について、貴社の管理者にご相談ください。",
        ),
    )


def not_whole_book() -> NotAllowed:
    return NotAllowed(
        "not_whole_book",
        Text(
            "Only members who see all accounts open this page: it shows data of every account.",
            "このページは全顧客のデータを扱うため、閲覧範囲が「すべて」の方のみ開けます。",
        ),
        Text(
            "Ask an administrator of your company to widen your view.",
            "閲覧範囲の変更について、貴社の管理者にご相談ください。",
        ),
    )


def _language() -> str:
    from django.utils.translation import get_language

    return get_language() or "ja"
