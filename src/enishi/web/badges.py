"""Bands, tiers, causes and roles as words with shape and colour."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.models import Role

SHAPES = {"green": "●", "yellow": "▲", "red": "■", "unknown": "○"}


def band_word(value: str) -> str:
    known = {
        "green": pgettext("health band", "Good"),
        "yellow": pgettext("health band", "Caution"),
        "red": pgettext("health band", "Danger"),
    }
    return known.get(value, pgettext("health band", "Unknown"))


def band(value: str) -> SafeString:
    """``● 良好``: shape, word and colour say the same."""
    name = value if value in SHAPES else "unknown"
    return format_html(
        '<span class="badge-band band-{}"><span class="band-shape" aria-hidden="true">{}</span>{}</span>',
        name,
        SHAPES[name],
        band_word(name),
    )


def shape(value: str) -> SafeString:
    name = value if value in SHAPES else "unknown"
    tone = {"green": "good", "yellow": "caution", "red": "danger", "unknown": "quiet"}[name]
    return format_html(
        '<span class="ink-{}" role="img" aria-label="{}">{}</span>', tone, band_word(name), SHAPES[name]
    )


def tier_word(slug: str) -> str:
    """A tier's title: the three of the house, or the definition's own."""
    known = {"high": _("High touch"), "low": _("Low touch"), "tech": _("Tech touch")}
    if slug in known:
        return known[slug]
    from enishi.segments import api

    title = api.tier_titles().get(slug)
    return title.in_language(get_language() or "ja") if title else slug


def tier(slug: str) -> SafeString | str:
    if not slug:
        return "–"
    return format_html('<span class="badge-plain tier-{}">{}</span>', slug, tier_word(slug))


def cause(value: str) -> str:
    known = {
        "disvaluation": _("does not see the value"),
        "disconnection": _("the relationship is cut"),
        "disengagement": _("is not using it"),
        "downturn": _("the customer's business is shrinking"),
    }
    return known.get(value, value)


def role(value: str) -> str:
    return str(dict(Role.choices).get(value, value))
