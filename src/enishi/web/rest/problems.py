"""Errors as application/problem+json (RFC 9457), with the house's code, hint and fields beside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from enishi.accounts.company import get_company
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
    """What the caller asks for; whoever asks for nothing is answered in the company's language."""
    asked = get_language() if request.headers.get("Accept-Language") else ""
    return asked or get_company().language


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


_WRONG = {
    "missing": "必須です。",
    "extra_forbidden": "使えない項目です。",
    "int_parsing": "整数ではありません。",
    "int_type": "整数ではありません。",
    "bool_parsing": "true または false を指定してください。",
    "bool_type": "true または false を指定してください。",
    "string_type": "文字列ではありません。",
    "dict_type": "オブジェクトではありません。",
    "list_type": "配列ではありません。",
    "date_from_datetime_parsing": "日付または日時(ISO 8601)ではありません。",
    "date_parsing": "日付(YYYY-MM-DD)ではありません。",
    "datetime_parsing": "日時(ISO 8601)ではありません。",
    "datetime_from_date_parsing": "日時(ISO 8601)ではありません。",
    "timezone_aware": "タイムゾーン付きの日時(例: 2026-04-01T00:00:00Z)を指定してください。",
    "greater_than_equal": "{ge}以上で指定してください。",
    "less_than_equal": "{le}以下で指定してください。",
    "string_too_long": "{max_length}文字以内で指定してください。",
    "string_too_short": "{min_length}文字以上で指定してください。",
    "too_long": "{max_length}件以内で指定してください。",
    "too_short": "{min_length}件以上が必要です。",
    "json_invalid": "JSONとして読み取れません。",
}


def _told(line: Mapping[str, Any]) -> Text:
    """What does not fit; in Japanese where the validator's own words are known, else as it says."""
    english = str(line["msg"])
    japanese = _WRONG.get(str(line.get("type", "")))
    return Text(english, japanese.format(**(line.get("ctx") or {})) if japanese else english)


def _invalid(error: ValidationError) -> EnishiError:
    fields = {}
    for line in error.errors:
        place = ".".join(str(part) for part in line["loc"] if part not in ("body", "query", "path", "header"))
        fields[place or "body"] = _told(line)
    return BadRequest(
        "invalid_request",
        Text(
            f"The request does not fit: {', '.join(fields)}.",
            f"リクエストの形式が正しくありません: {', '.join(fields)}",
        ),
        Text("Compare with /api/v1/openapi.json.", "/api/v1/openapi.json の定義をご確認ください。"),
        fields,
    )


class BadJson(EnishiError):
    status = 400


def _no_json(error: ValueError) -> EnishiError:
    """Where a body stops being JSON."""
    if isinstance(error, json.JSONDecodeError):
        said, line, column = error.msg, error.lineno, error.colno
        place = Text(f"line {line}, column {column}: {said}", f"{line}行目{column}文字目")
    else:
        place = Text(str(error), str(error))
    return BadJson(
        "bad_json",
        Text(f"The body is not valid JSON ({place.en}).", f"本文をJSONとして読み取れません({place.ja})。"),
        Text(
            "Send it whole, as UTF-8: perhaps it was cut off, or a comma, quotation mark or bracket is missing at that place.",
            "UTF-8で、最後まで送信してください。途中で切れているか、その位置でカンマ、引用符、かっこが抜けている可能性があります。",
        ),
        {"body": place},
    )


def _http(error: HttpError) -> EnishiError:
    if isinstance(error.__cause__, ValueError) and error.status_code == 400:
        return _no_json(error.__cause__)
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
