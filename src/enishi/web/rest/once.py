"""Idempotency keys: a repeated call gets the first answer again and does nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from enishi.ingest.models import Answer, ApiKey
from enishi.kit.clock import system_clock
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.web.rest.problems import BadRequest

HEADER = "Idempotency-Key"
_LONGEST = 255


def once(request: HttpRequest, key: ApiKey, work: Callable[[], tuple[int, dict[str, Any]]]) -> HttpResponse:
    """Do the work of a call and keep its answer in the same transaction; a repeated call gets it from there.

    A second call at the same time waits for the first. A call that failed is not kept.
    """
    name = request.headers.get(HEADER, "")
    if not name:
        with transaction.atomic():
            return _as_response(*_encoded(*work()))
    if len(name) > _LONGEST:
        raise EnishiError(
            "bad_idempotency_key",
            Text(
                f"The idempotency key is longer than {_LONGEST} characters.",
                f"冪等キーは{_LONGEST}文字以内で指定してください。",
            ),
        )
    asked = hashlib.sha256(
        b"\n".join((str(request.method).encode(), request.get_full_path().encode(), request.body))
    )
    with transaction.atomic():
        kept = _claim(key, name, asked.hexdigest())
        if kept.status:
            response = _as_response(kept.status, kept.body)
            response.headers["Idempotency-Replayed"] = "true"
            return response
        kept.status, kept.body = _encoded(*work())
        kept.save(update_fields=["status", "body"])
        return _as_response(kept.status, kept.body)


def _claim(key: ApiKey, name: str, request: str) -> Answer:
    try:
        with transaction.atomic():
            return Answer.objects.create(api_key=key, key=name, request=request, made_at=system_clock())
    except IntegrityError:
        kept = Answer.objects.get(api_key=key, key=name)
    if kept.request != request:
        raise BadRequest(
            "idempotency_key_reused",
            Text(
                "This idempotency key was used for a different request.",
                "この冪等キーは別の内容のリクエストで使用済みです。",
            ),
            Text("Use a new key for a new request.", "新しいリクエストには新しいキーをお使いください。"),
        )
    return kept


def _encoded(status: int, body: dict[str, Any]) -> tuple[int, str]:
    return status, json.dumps(body, ensure_ascii=False, default=str)


def _as_response(status: int, body: str) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
