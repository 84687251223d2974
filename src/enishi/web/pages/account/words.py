"""Names of reasons, causes and alerts in the reader's language, from where each is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.definitions.api import get_causes
from enishi.kit.text import Text
from enishi.signals.api import Provenance
from enishi.store.kinds import STAGES
from enishi.web import words

_STAGES = dict(STAGES)


def say(text: Text | None) -> str:
    """A text in the reader's language; empty where there is none."""
    return text.in_language(get_language() or "ja") if text else ""


def say_pair(pair: Mapping[str, Any]) -> str:
    """The side of an ``{en, ja}`` mapping the reader reads."""
    japanese = (get_language() or "ja").startswith("ja")
    return str(pair.get("ja" if japanese else "en") or "")


def stage_title(stage: str) -> str:
    """A lifecycle stage in the reader's language; a word of one's own stays as it is."""
    return say(_STAGES[stage]) if stage in _STAGES else stage


def reason_words() -> dict[str, str]:
    """Titles of causes and alerts by trigger, read once per page."""
    declared = get_causes()
    causes = {f"cause:{cause.id}": say(Text.parse(cause.title)) for cause in declared.causes}
    return causes | {f"alert:{alert.id}": say(Text.parse(alert.title)) for alert in declared.alerts}


def trigger_title(trigger: str, words: Mapping[str, str]) -> str:
    """A reason's name: the declared title."""
    name = trigger.partition("/")[0]
    own = {
        "notice:given": _("Notice given"),
        "band:red": _("Score in danger"),
        "band:fell": _("Band fell"),
        "promise:due": _("Promise due"),
        "score:falling": _("Score falling"),
        "renewal:near": _("Renewal coming up"),
    }
    return words.get(name) or own.get(name) or name.partition(":")[2].replace("_", " ")


def tag_title(tag: str) -> str:
    """What the people of success cannot mend alone: whose matter it is."""
    titles = {"product": pgettext("tag", "product"), "competition": pgettext("tag", "competition")}
    return titles.get(tag, tag)


def say_origin(found: Provenance) -> str:
    """When a score was made and by which version, where that was not on its own day; empty for a live one."""
    text = found.text(words.day)
    return say(text) if text else ""
