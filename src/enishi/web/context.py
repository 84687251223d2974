"""What the frame around every page needs: the list of pages, the company, the theme, words for the scripts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from enishi.accounts.company import get_company
from enishi.accounts.models import Member
from enishi.kit.home import Home
from enishi.signals.api import is_behind
from enishi.web.factors import set_up_by
from enishi.web.guard import ADMINS, EVERYONE, LEADERS
from enishi.web.models import BackgroundJob

THEMES = ("light", "dark", "auto")


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the main list: who may open it, its icon, and the key that goes there after ``g``."""

    name: str
    title: str
    icon: str
    key: str
    roles: frozenset[str] = EVERYONE
    phone: bool = False


PLACES = (
    Place("today", gettext_noop("Today"), "sun", "t", phone=True),
    Place("portfolio", gettext_noop("Customers"), "building", "c", phone=True),
    Place("health", gettext_noop("Health"), "heartbeat", "h", phone=True),
    Place("revenue", gettext_noop("Revenue"), "chart-bar", "r", phone=True),
    Place("growth", gettext_noop("Growth"), "plant", "g"),
    Place("executive", gettext_noop("Executive"), "report-analytics", "e", LEADERS),
    Place("setup", gettext_noop("Setup"), "settings", "s", LEADERS),
    Place("members", gettext_noop("Members"), "users", "m", LEADERS),
    Place("audit", gettext_noop("Audit log"), "history", "a", ADMINS),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages this member may open, the present one marked."""
    member = request.user
    if not isinstance(member, Member):
        return []
    return [
        {
            "name": place.name,
            "address": reverse(place.name),
            "title": _(place.title),
            "icon": place.icon,
            "key": place.key,
            "phone": place.phone,
            "current": _is_at(request.path, reverse(place.name)),
        }
        for place in PLACES
        if member.role in place.roles
    ]


def _is_at(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address))


def past_scores() -> BackgroundJob | None:
    """The latest scoring of the past. While it goes on trends and history are short, and the frame says so."""
    return BackgroundJob.objects.filter(kind=BackgroundJob.PAST).first()


def past_is_behind() -> bool:
    """Whether the scoring of the past is about to begin again, as history arrived."""
    return is_behind(Home.from_environment())


def script_words() -> dict[str, str]:
    return {
        "undo": _("Undo"),
        "close": _("Close"),
        "copied": _("Copied."),
        "copyByHand": _("Selected: press Ctrl-C to copy."),
        "discard": _("Discard what you entered?"),
        "failed": _("That did not work. Try again."),
        "offline": _("No connection to the server. Nothing was lost; try again."),
    }


def _set_up_by(request: HttpRequest) -> datetime | None:
    member = getattr(request, "user", None)
    return set_up_by(member, timezone.now()) if isinstance(member, Member) else None


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    theme = request.COOKIES.get("enishi_theme", "auto")
    signed_in = isinstance(getattr(request, "user", None), Member)
    must_set_up = getattr(request, "must_set_up", False)
    return {
        "company": SimpleLazyObject(get_company),
        "navigation": SimpleLazyObject(lambda: navigation(request)),
        "past_scores": SimpleLazyObject(past_scores),
        "past_is_behind": past_is_behind,
        "script_words": script_words,
        "theme": theme if theme in THEMES else "auto",
        "framed": "base.html" if signed_in and not must_set_up else "entrance.html",
        "must_set_up": must_set_up,
        "set_up_by": SimpleLazyObject(lambda: _set_up_by(request)),
    }
