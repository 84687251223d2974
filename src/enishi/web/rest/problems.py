"""Errors as application/problem+json (RFC 9457), with the house's code, hint and fields beside."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from enishi.kit.errors import EnishiError, NotFound
from enishi.kit.text import Text

MEDIA_TYPE = "application/problem+json"


class BadRequest(EnishiError):
    status = 422


class NotSignedIn(EnishiError):
    status = 401


class TooLarge(EnishiError):
    status = 413


class TooMany(EnishiError):
    status = 429


def language_of(request: HttpRequest) -> str:
    return get_language() or "en"


def problem(request: HttpRequest, error: EnishiError) -> HttpResponse:
    """The answer to a refused call."""
    told = error.as_dict(language_of(request))
    body: dict[str, Any] = {
        "type": f"urn:enishi:error:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": told["message"],
        "instance": request.path,
        **told,
    }
    answer = JsonResponse(
        body, status=error.status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False}
    )
    if isinstance(error, NotSignedIn):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="enishi"'
    return answer


def _invalid(error: ValidationError) -> EnishiError:
    fields = {}
    for line in error.errors:
        place = ".".join(str(part) for part in line["loc"] if part not in ("body", "query", "path", "header"))
        fields[place or "body"] = Text(str(line["msg"]), str(line["msg"]))
    return BadRequest(
        "invalid_request",
        Text(
            f"The request does not fit: {', '.join(fields)}.",
            f"リクエストの形式が正しくありません: {', '.join(fields)}",
        ),
        Text("Compare with /api/v1/openapi.json.", "/api/v1/openapi.json の定義をご確認ください。"),
        fields,
    )


def _http(error: HttpError) -> EnishiError:
    found = EnishiError("bad_request", Text(str(error), "リクエストを読み取れませんでした。"))
    found.status = error.status_code
    return found


NOT_SIGNED_IN = NotSignedIn(
    "no_api_key",
    Text("A valid API key is needed.", "有効なAPIキーが必要です。"),
    Text(
        "Send 'Authorization: Bearer <key>'. Keys are made under Setup, API keys.",
        "ヘッダー「Authorization: Bearer <キー>」を付けてください。キーは「設定」の「APIキー」で発行できます。",
    ),
)
TOO_LARGE = TooLarge(
    "too_large",
    Text("The request is too large.", "リクエストが大きすぎます。"),
    Text("Send fewer records in one call.", "1回に送る件数を減らしてください。"),
)
NOT_FOUND = NotFound("not_found", Text("There is no such record.", "該当するデータがありません。"))


def handle_errors(api: NinjaAPI) -> None:
    """Give every error of an API the one shape."""
    handlers: dict[type[Exception], Any] = {
        EnishiError: lambda request, error: problem(request, error),
        ValidationError: lambda request, error: problem(request, _invalid(error)),
        AuthenticationError: lambda request, error: problem(request, NOT_SIGNED_IN),
        HttpError: lambda request, error: problem(request, _http(error)),
        RequestDataTooBig: lambda request, error: problem(request, TOO_LARGE),
        Http404: lambda request, error: problem(request, NOT_FOUND),
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
