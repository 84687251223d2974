"""When a score was worked out, and by which version: what was judged afterwards must not look like a live score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from enishi.accounts.company import company_day
from enishi.definitions.models import DefinitionVersion
from enishi.kit.text import Text
from enishi.signals.models import HealthScore

CLOSED_AFTER = timedelta(days=1)
"""A day is closed by a last scoring on the day after it; until then a score counts as live."""

Say = Callable[[date, str], str]


def _iso(day: date, _language: str) -> str:
    return day.isoformat()


@dataclass(frozen=True, slots=True, order=True)
class Provenance:
    """How the score of ``day`` came about, in days of the company."""

    day: date
    computed_on: date
    version: int
    published_on: date | None

    @property
    def live(self) -> bool:
        """Worked out on its own day, by a version in force then."""
        return not (self.later or self.newer)

    @property
    def later(self) -> bool:
        return self.computed_on > self.day + CLOSED_AFTER

    @property
    def newer(self) -> bool:
        """By a version that was published only afterwards."""
        return self.published_on is not None and self.published_on > self.day + CLOSED_AFTER

    def text(self, say: Say = _iso) -> Text | None:
        """What a reader must know; None for a live score. ``say`` writes a day in a language (``en``, ``ja``)."""
        if self.live:
            return None
        en, ja = f"version {self.version}", f"第{self.version}版"
        if self.published_on is not None:
            en = f"{en}, published {say(self.published_on, 'en')}"
            ja = f"{say(self.published_on, 'ja')}公開の{ja}"
        if not self.later:
            return Text(f"computed with {en}", f"{ja}で算出")
        return Text(
            f"computed later ({say(self.computed_on, 'en')}) with {en}",
            f"後日計算({say(self.computed_on, 'ja')}に、{ja}で算出)",
        )

    def as_json(self) -> dict[str, Any]:
        text = self.text()
        return {
            "computed_on": self.computed_on,
            "version": self.version,
            "published_on": self.published_on,
            "live": self.live,
            "text": {"en": text.en, "ja": text.ja} if text else None,
        }


def rules_stamp() -> str:
    """Changes whenever a definition is published: by what days without a kept score are judged."""
    published = DefinitionVersion.objects.filter(status="published").order_by("-pk")
    return sha256(str(list(published.values_list("pk", flat=True))).encode()).hexdigest()[:12]


def provenance_of(score: HealthScore) -> Provenance:
    """Of a kept score; read it with ``select_related("version")``."""
    published = score.version.published_at
    return Provenance(
        score.day,
        company_day(score.computed_at),
        score.version.number,
        company_day(published) if published else None,
    )


def stored_week_ago(account_id: int, scorecard: str, day: date, tenths: int | None) -> int | None:
    """The score kept a week before ``day``, where it is another than ``tenths``, which the present version gives.

    A change since last week compares both weeks by the present version; the score shown then may have been another.
    """
    week_ago = day - timedelta(days=7)
    kept = HealthScore.objects.filter(account=account_id, scorecard=scorecard, day=week_ago, own=True)
    then = kept.values_list("tenths", flat=True).first()
    return None if then is None or tenths is None or then == tenths else then


def week_text(stored: int) -> Text:
    """What to say beside a change of the week where :func:`stored_week_ago` found another score."""
    return Text(
        f"Both weeks are judged with the present version; the score kept a week ago is {stored / 10:.1f}.",
        f"両週とも現在の版で算出しています。1週間前に記録されたスコアは{stored / 10:.1f}です。",
    )
