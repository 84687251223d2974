"""In which language a visitor reads: as they or their browser say, else in the company's."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from enishi.accounts.company import get_company


def asked_language(request: HttpRequest) -> str:
    """What the visitor chose on the sign-in page, or the first of the browser's languages that there is; empty where
    neither asks for one of ours."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        return chosen
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        try:
            return str(get_supported_language_variant(code))
        except LookupError:
            continue
    return ""


def visitor_language(request: HttpRequest) -> str:
    return asked_language(request) or get_company().language
