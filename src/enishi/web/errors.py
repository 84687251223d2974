"""Errors in one shape: a page for people, JSON for programs and htmx."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language

from enishi.kit.errors import EnishiError, NotAllowed, NotFound
from enishi.kit.text import Text

log = logging.getLogger("enishi.web")


class Expired(EnishiError):
    """The form's protection token is missing or old."""

    status = 403


class Broken(EnishiError):
    status = 500


def error_response(request: HttpRequest, error: EnishiError) -> HttpResponse:
    """The refusal as the asker can read it, with its status."""
    from enishi.web.guard import wants_json
    from enishi.web.middleware import request_id

    language = get_language() or "ja"
    body = error.as_dict(language) | {"request": request_id.get()}
    if wants_json(request):
        answer: HttpResponse = JsonResponse(
            body, status=error.status, json_dumps_params={"ensure_ascii": False}
        )
    else:
        answer = render(request, "error.html", {"error": body, "status": error.status}, status=error.status)
    if error.retryable:
        answer.headers["Retry-After"] = "5"
    return answer


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/v1/"):
        return _no_address(request)
    return error_response(
        request,
        NotFound(
            "not_found",
            Text(f"There is no page at {request.path}.", f"{request.path} というページはありません。"),
            Text(
                "Check the address, or look for it with Ctrl-K.",
                "アドレスをご確認いただくか、Ctrl-K で検索してください。",
            ),
        ),
    )


def _no_address(request: HttpRequest) -> HttpResponse:
    """Of the REST API: no route takes it, for a number in it that is too large, say."""
    from enishi.web.rest.problems import problem

    where = Text(f"There is nothing at {request.path}.", f"{request.path} には何もありません。")
    hint = Text(
        "All addresses are listed in /api/v1/openapi.json.",
        "アドレスの一覧は /api/v1/openapi.json にあります。",
    )
    return problem(request, NotFound("not_found", where, hint))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(
        request,
        NotAllowed(
            "not_allowed",
            Text("You may not do this.", "この操作は許可されていません。"),
            Text("Ask an administrator of your company.", "貴社の管理者にご相談ください。"),
        ),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(
        request,
        EnishiError(
            "bad_request",
            Text("The request could not be read.", "リクエストを読み取れませんでした。"),
            Text("Go back and try again.", "前のページに戻ってやり直してください。"),
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    error = Broken(
        "broken",
        Text("Something went wrong on our side.", "システム側でエラーが起きました。"),
        Text(
            "Nothing you entered was half saved. Try again; if it stays, tell an administrator the request number.",
            "入力内容が途中まで保存されることはありません。もう一度お試しください。続く場合は、受付番号を管理者にお伝えください。",
        ),
        retryable=True,
    )
    if request.path.startswith("/api/v1/"):
        from enishi.web.rest.problems import problem

        return problem(request, error)
    return error_response(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.info("csrf failure: %s", reason)
    return error_response(
        request,
        Expired(
            "form_expired",
            Text("This form has expired.", "このフォームの有効期限が切れました。"),
            Text(
                "Go back, reload the page and send it again.",
                "前のページに戻って再読み込みし、もう一度送信してください。",
            ),
        ),
    )
