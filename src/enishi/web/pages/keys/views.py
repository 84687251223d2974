"""The list of keys, new ones shown once, and their end."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.db.models import F
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.models import Role
from enishi.ingest.models import ApiKey, WriteKey
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.web.feedback import toast_after
from enishi.web.guard import ADMINS, LEADERS, PageRequest, page
from enishi.web.pages.keys.actions import issue_api_key, issue_write_key, revoke, save_write_key
from enishi.web.pages.keys.forms import SPECIAL, ApiKeyForm, WriteKeyForm, scope_rows, scopes_in_words
from enishi.web.pages.setup.frame import setup_tabs

Row = TypeVar("Row", WriteKey, ApiKey)


def _find(model: type[Row], number: int) -> Row:
    row = model.objects.filter(pk=number).first()
    if row is None:
        raise Http404
    return row


def _show(
    request: PageRequest,
    *,
    write_form: WriteKeyForm | None = None,
    api_form: ApiKeyForm | None = None,
    clear: str = "",
    clear_name: str = "",
    clear_api: bool = False,
    status: int = 200,
) -> HttpResponse:
    order = (F("revoked_at").desc(nulls_first=True), "name")
    chosen = api_form.data.getlist("scopes") if api_form and api_form.is_bound else []  # type: ignore[attr-defined]
    context = {
        "tabs": setup_tabs(request.member, "keys"),
        "write_keys": WriteKey.objects.select_related("created_by").order_by(*order),
        "api_keys": [
            (key, scopes_in_words(key.scopes))
            for key in ApiKey.objects.select_related("member").order_by(*order)
        ],
        "write_form": write_form or WriteKeyForm(),
        "api_form": api_form or ApiKeyForm(),
        "open_write": bool(write_form),
        "open_api": bool(api_form),
        "scope_rows": scope_rows(chosen),
        "special": [(scope, title, scope in chosen) for scope, title in SPECIAL.items()],
        "clear": clear,
        "clear_name": clear_name,
        "clear_api": clear_api,
        "may_change": request.member.role == Role.ADMIN,
        "now": timezone.now(),
        "url": settings.CONFIGURATION.url,
    }
    return render(request, "pages/keys/keys.html", context, status=status)


@require_GET
@page(roles=LEADERS)
def keys(request: PageRequest) -> HttpResponseBase:
    """Every key with where it is used and when it last was."""
    return _show(request)


@page(roles=ADMINS)
@require_POST
@never_cache
def make_write_key(request: PageRequest) -> HttpResponseBase:
    """A new write key, in clear this one time."""
    form = WriteKeyForm(request.POST)
    if not form.is_valid():
        return _show(request, write_form=form, status=422)
    clear = issue_write_key(request.member, form.save(commit=False))
    return _show(request, clear=clear, clear_name=form.cleaned_data["name"])


@page(roles=ADMINS)
@require_POST
@never_cache
def make_api_key(request: PageRequest) -> HttpResponseBase:
    """A new API key, in clear this one time."""
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _show(request, api_form=form, status=422)
    clear = issue_api_key(request.member, form.cleaned_data, form.expires_at())
    return _show(request, clear=clear, clear_name=form.cleaned_data["name"], clear_api=True)


@page(roles=ADMINS)
def change_write_key(request: PageRequest, number: int) -> HttpResponseBase:
    """What a write key may do to customers and contacts."""
    key = _find(WriteKey, number)
    form = WriteKeyForm(request.POST or None, instance=key)
    if request.method == "POST" and form.is_valid():
        save_write_key(request.member, form.save(commit=False), form.changed_data)
        toast_after(request, _("Saved."))
        return HttpResponseRedirect(reverse("keys"))
    context = {"tabs": setup_tabs(request.member, "keys"), "key": key, "form": form}
    return render(request, "pages/keys/write_key.html", context, status=422 if form.errors else 200)


def _check_typed(request: PageRequest, key: WriteKey | ApiKey) -> None:
    """A revoked key cannot be brought back, so its name is typed first."""
    if request.POST.get("name", "").strip() != key.name:
        raise EnishiError(
            "name_differs",
            Text(
                f"Type the key's name, {key.name}, to revoke it.",
                f"失効させるには、キーの名前「{key.name}」を入力してください。",
            ),
        )


@page(roles=ADMINS)
@require_POST
def revoke_write_key(request: PageRequest, number: int) -> HttpResponseBase:
    """End a write key."""
    return _revoked(request, _find(WriteKey, number))


@page(roles=ADMINS)
@require_POST
def revoke_api_key(request: PageRequest, number: int) -> HttpResponseBase:
    """End an API key."""
    return _revoked(request, _find(ApiKey, number))


def _revoked(request: PageRequest, key: WriteKey | ApiKey) -> HttpResponseBase:
    _check_typed(request, key)
    revoke(request.member, key, timezone.now())
    toast_after(request, _("The key was revoked. Whatever still uses it is refused from now on."))
    return HttpResponseRedirect(reverse("keys"))
