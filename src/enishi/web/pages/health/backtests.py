"""Back-tests as the pages show them: figures side by side, verdict, and only the accounts one may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enishi.accounts.access import visible_accounts
from enishi.accounts.models import Member
from enishi.definitions.models import DefinitionVersion
from enishi.kit.errors import NotFound
from enishi.kit.text import Text
from enishi.signals.models import Backtest
from enishi.web.badges import band_word

TONES = {
    "better": "good",
    "ahead_not_proved": "caution",
    "no_better_than_recency": "caution",
    "worse_than_recency": "danger",
    "worse_than_published": "danger",
    "too_few": "info",
}
MOST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence, and the tone it is shown in."""

    tone: str
    text: Text


@dataclass(frozen=True, slots=True)
class Test:
    """A back-test of a version, and whether the version changed after it."""

    row: Backtest
    stale: bool

    @property
    def verdict(self) -> Verdict:
        return read_verdict(self.row.result)


def read_verdict(result: Mapping[str, Any]) -> Verdict:
    found = result.get("verdict") or {}
    return Verdict(TONES.get(found.get("code", ""), "info"), Text(found.get("en", ""), found.get("ja", "")))


def latest_test(version: DefinitionVersion | None) -> Test | None:
    """The last finished back-test of a version."""
    row = version.backtests.filter(status="done").first() if version else None
    return (
        Test(row, stale=version.status == "draft" and row.asked_at < version.created_at)
        if version and row
        else None
    )


def running_tests() -> QuerySet[Backtest]:
    return Backtest.objects.filter(status__in=("queued", "running")).select_related("version__definition")


def access_backtest(number: int) -> Backtest:
    row = Backtest.objects.select_related("version__definition", "asked_by").filter(pk=number).first()
    if row is None:
        raise NotFound(
            "unknown_backtest", Text("There is no such back-test.", "該当する検証結果はありません。")
        )
    return row


def judges(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The compared judges: AUC with its interval, and by how much the score is ahead of each."""
    titles = (
        ("score", _("This scorecard")),
        ("published", _("The version in force")),
        ("recency", _("Days since last seen alone")),
        ("count_90", _("Events in 90 days alone")),
    )
    return [
        {"name": name, "title": title, **found, "ahead": result.get(f"against_{name}")}
        for name, title in titles
        if (found := result.get(name))
    ]


def auc_chart(result: Mapping[str, Any]) -> dict[str, Any]:
    """AUC of each judge as a dot with its interval."""
    points = [
        {"x": index, "y": judge["auc"], "low": judge["low"], "high": judge["high"], "label": judge["title"]}
        for index, judge in enumerate(judges(result))
        if judge["auc"] is not None
    ]
    axis = {"zero": False, "min": 0.4, "max": 1}
    return {
        "kind": "scatter",
        "points": points,
        "xAxis": {"min": -0.5, "max": 3.5},
        "yAxis": axis,
        "labels": True,
    }


def bands(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Observed churn per band with n and interval, worst band first."""
    found = [{**band, "word": band_word(band["band"])} for band in result.get("bands", [])]
    most = max((band["high"] or band["observed"] or 0 for band in found), default=0) or 1
    return [{**band, "most": most} for band in found]


def band_chart(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """Observed churn by band as bars."""
    found = [band for band in bands(result) if band["observed"] is not None]
    if not found:
        return None
    tones = {"red": "danger", "yellow": "caution", "green": "good", "unknown": "unknown"}
    return {
        "kind": "bar",
        "x": [f"{band['word']}\nn={band['n']:,}" for band in found],
        "everyLabel": True,
        "series": [
            {
                "name": _("Churned"),
                "values": [band["observed"] for band in found],
                "colours": [tones[band["band"]] for band in found],
            }
        ],
        "format": "percent",
    }


def in_scope(member: Member, entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries about accounts the member may see."""
    ids = {entry["account_id"] for entry in entries}
    seen: set[int] = set()
    for chunk in _chunks(sorted(ids), 5_000):
        seen |= set(visible_accounts(member).filter(pk__in=chunk).values_list("pk", flat=True))
    return [entry for entry in entries if entry["account_id"] in seen]


def _chunks(ids: list[int], size: int) -> list[list[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def result_context(member: Member, row: Backtest, *, whole: bool = False) -> dict[str, Any]:
    """Everything a result page draws; its lists ``whole``, or the first of each."""
    result = row.result
    moves, missed = in_scope(member, result.get("moves", [])), in_scope(member, result.get("missed", []))
    shown = None if whole else MOST_SHOWN
    return {
        "row": row,
        "title": Text.parse(row.version.body.get("title") or row.version.definition.slug),
        "result": result,
        "verdict": read_verdict(result),
        "judges": judges(result),
        "bands": bands(result),
        "band_chart": band_chart(result),
        "moves": sorted(moves, key=_worst_first)[:shown],
        "moves_all": len(moves),
        "moves_more": len(moves) - len(moves[:shown]),
        "missed": missed[:shown],
        "missed_all": len(missed),
        "missed_more": len(missed) - len(missed[:shown]),
        "missed_elsewhere": len(result.get("missed", [])) - len(missed),
    }


_RANK = {"red": 0, "yellow": 1, "green": 2, "unknown": 3}


def _worst_first(move: Mapping[str, Any]) -> tuple[int, int]:
    return _RANK[move["after"]], -abs((move["tenths_after"] or 0) - (move["tenths_before"] or 0))
