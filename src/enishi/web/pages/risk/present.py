"""What the trust page shows, from the report of the version in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from math import ceil
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.forecasts.drift import LEAST_ACCOUNTS
from enishi.kit.text import Text
from enishi.risk import api as room
from enishi.web.words import day as shown_day

_OPEN = ("queued", "running")
_FEATURES, _MOVED, _NEAREST = 12, 8, 3


def horizon_title(horizon: int) -> str:
    return _("Next renewal") if horizon == room.RENEWAL else _("%(n)d days") % {"n": horizon}


def running_fit() -> room.ForecastRun | None:
    run = room.last_run(room.ForecastRun.Kind.FIT)
    return run if run and run.status in _OPEN else None


def page_context(horizon: int) -> dict[str, Any]:
    """Everything the page draws for a horizon."""
    model = room.model_in_use(horizon)
    failed = room.last_run(room.ForecastRun.Kind.FIT)
    context: dict[str, Any] = {
        "horizons": [{"value": h, "title": horizon_title(h), "current": h == horizon} for h in room.HORIZONS],
        "horizon": horizon,
        "model": model,
        "versions": room.list_versions(horizon, 20),
        "failed": failed if failed and failed.status == "failed" else None,
    }
    return context | (_of(model) if model else {})


def _of(model: room.ForecastModel) -> dict[str, Any]:
    report: dict[str, Any] = model.report or {}
    judged = report.get("evaluation") or {}
    said = report.get("selection") or {}
    known = bool(judged.get("auc"))
    return {
        "report": report,
        "judged": judged if known else None,
        "why": _text(said) if said.get("en") else None,
        "reason": Text(model.reason_en, model.reason_ja),
        "left_means": _left_means(model.outcome),
        "verdict": verdict(judged) if known else None,
        "relearned": _learned_without_a_version(model),
        "judges": _judges(judged) if known else [],
        "reliability": _reliability(judged) if known else None,
        "came": _came(judged) if known else None,
        "features": _features(report),
        "left_out": [_text(one) for one in model.trained_on.get("left_out", [])],
        "by_accounts": report.get("scheme") == "accounts",
        "agreed": bool(report.get("agreed")),
        "drift": _drift(model.horizon),
        "inputs": watched_inputs(report.get("inputs") or {}),
        "minimum": report.get("minimum_outcomes", 20),
    }


def _text(said: Mapping[str, Any]) -> Text:
    return Text(said["en"], said["ja"])


def verdict(judged: Mapping[str, Any]) -> dict[str, str]:
    """Whether the forecast deserves trust, in a sentence or two, and the tone of it."""
    skill, ece = judged["skill"], judged["ece"]
    ahead = ((judged.get("others") or {}).get("scorecard") or {}).get("ahead") or {}
    told_more = (skill.get("low") or 0) > 0
    if told_more and (ahead.get("low") or 0) > 0:
        tone = "good"
        said = _("Yes: on past customers it told more than one rate for all, and more than the scorecard.")
    elif told_more:
        tone = "info"
        said = _(
            "In part: on past customers it told more than one rate for all. That it tells more than the scorecard is not shown."
        )
    else:
        tone = "caution"
        said = _(
            "Not yet: that it tells more than one rate for all is not shown beyond chance. Take its order as a hint, and its probabilities as rough."
        )
        if ahead and (ahead.get("low") or 0) <= 0:
            said += " " + _("Nor is it shown to rank better than the scorecard.")
    if ece["value"] > ece["high"]:
        tone = "caution"
        said += " " + _("What it said lies further from what came than chance allows.")
    return {"tone": tone, "text": said}


def _learned_without_a_version(model: room.ForecastModel) -> datetime | None:
    """When it learned last, if nothing new came of it for this horizon."""
    last = room.last_run(room.ForecastRun.Kind.FIT)
    done = last.finished_at if last and last.status == "done" else None
    newest = max(one.made_at for one in room.list_versions(model.horizon, 1))
    return done if last and done and newest < last.asked_at else None


def _left_means(outcome: str) -> str:
    """What counts as left, so that its number can be told from those of other pages."""
    kind, _colon, days = outcome.partition(":")
    if kind == "silence":
        return _("Who shows no use for %(days)s days counts as left.") % {"days": days}
    if kind == "renewal":
        return _("Whose contract was noticed or ended by its renewal date counts as left.")
    return _(
        "Who gave notice counts as left from that day, even while the contract runs on; elsewhere only ended contracts count."
    )


def _judges(judged: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The forecast and what is shown beside it, on the same rows."""
    names = (
        ("recency", _("Days since last seen")),
        ("scorecard", pgettext("judge", "Scorecard")),
    )
    lines = [{"name": pgettext("judge", "Forecast"), "own": True, **_line(judged)}]
    for key, name in names:
        told = (judged.get("others") or {}).get(key) or {}
        if told.get("auc"):
            lines.append({"name": name, "ahead": told.get("ahead"), **_line(told)})
    base = judged["base"]
    lines.append(
        {"name": _("Base rate for all"), "auc": {"value": 0.5}, "precision": {"value": base["precision"]}}
    )
    return lines


def _line(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told.get(name) for name in ("auc", "average_precision", "lift", "precision")}


def _reliability(judged: Mapping[str, Any]) -> dict[str, Any]:
    """Said against observed with the interval of each group; on the dashed line both agree."""
    bins = judged["reliability"]
    points = [
        {
            "x": one["said"], "y": one["observed"], "low": one["low"], "high": one["high"],
            "label": _("%(n)d judgements of %(accounts)d accounts") % {"n": one["n"], "accounts": one["accounts"]},
        }
        for one in bins
    ]  # fmt: skip
    top = max([one["said"] for one in bins] + [one["high"] or one["observed"] for one in bins])
    top = min(1.0, ceil(top * 20) / 20)
    return {
        "kind": "scatter",
        "points": points,
        "xAxis": {"axis": _("Probability said"), "format": "percent", "max": top},
        "yAxis": {"axis": _("Share that left"), "format": "percent", "max": top},
        "diagonal": top,
    }


def _came(judged: Mapping[str, Any]) -> dict[str, Any]:
    """How many were expected to leave and how many did, by snapshot day."""
    periods = judged["periods"]
    days = [date.fromisoformat(one["day"]) for one in periods]
    return {
        "kind": "line",
        "x": [shown_day(day, get_language() or "ja") for day in days],
        "series": [
            {
                "name": _("Forecast to leave"),
                "values": [one["said"] for one in periods],
                "colour": "c1",
                "dashed": True,
            },
            {"name": _("Left"), "values": [one["left"] for one in periods], "colour": "ink"},
        ],
        "format": "number",
        "zero": True,
    }


def _features(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What moves the forecast most, as shares of the strongest."""
    weights = [one for one in report.get("weights") or [] if one["size"] > 0][:_FEATURES]
    top = weights[0]["size"] if weights else 1.0
    return [
        {"title": _text(one), "size": one["size"], "share": round(100 * one["size"] / top)} for one in weights
    ]


def _drift(horizon: int) -> dict[str, Any] | None:
    run = room.last_run(room.ForecastRun.Kind.SCORE)
    told = (run.drift or {}).get(str(horizon)) if run else None
    return {"day": run.day if run else None, "calibration": told.get("calibration") or None} if told else None


def watched_inputs(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """How the inputs lie since the version was learned: those beyond their limits, or else those nearest to them."""
    if not told:
        return None
    moved = [one for one in told["inputs"] if one["moved"] != "little"]
    shown = moved[:_MOVED] or told["inputs"][:_NEAREST]
    day, until = (date.fromisoformat(told[name]) if told[name] else None for name in ("day", "until"))
    return {
        "day": day,
        "until": until,
        "months": told["months"],
        "missing": told["missing"],
        "accounts": told["accounts"],
        "too_few": told["accounts"] < LEAST_ACCOUNTS,
        "judged": told["judged"],
        "moved": len(moved),
        "shown": [_input(one) for one in shown],
        "swinging": [_text(one) for one in told.get("swinging", [])],
    }


def _told(said: Mapping[str, Any]) -> str:
    return _text(said).in_language(get_language() or "ja")


def _input(one: Mapping[str, Any]) -> dict[str, Any]:
    measures = {
        "level": _("rank among the values learned from"),
        "spread": _("share in their outer quarters"),
        "missing": _("share without a value"),
        "share": _("share of customers"),
    }
    return {
        "title": _text(one),
        "means": _means(one),
        "measure": measures[one["kind"]],
        "value": one["value"],
        "low": one["low"],
        "high": one["high"],
        "moved": one["moved"],
        "since": date.fromisoformat(one["since"]) if one["since"] else None,
    }


def _means(one: Mapping[str, Any]) -> str:
    """What the place of an input says, in words."""
    up, within = one["up"], one["moved"] == "little"
    if one["kind"] == "missing":
        if within:
            return _("How many have no value is as usual.")
        return (
            _("Fewer have a value: see whether its source has stopped.")
            if up
            else _("More have a value: a source may have been added.")
        )
    if one["kind"] == "share":
        word = _told(one["word"]) if one["word"] else pgettext("input", "others")
        if within:
            return _("How many are “%(word)s” is as usual.") % {"word": word}
        said = (
            _("More are “%(word)s” than was to be expected.")
            if up
            else _("Fewer are “%(word)s” than was to be expected.")
        )
        return said % {"word": word}
    return f"{_lies(one['kind'], up, within)} {_pair(one)}".strip()


def _lies(kind: str, up: bool, within: bool) -> str:
    if within:
        return _("Lies as usual.")
    if kind == "level":
        return _("Lies higher than was to be expected.") if up else _("Lies lower than was to be expected.")
    return (
        _("Values lie further out than was to be expected.")
        if up
        else _("Values lie closer to the middle than was to be expected.")
    )


def _pair(one: Mapping[str, Any]) -> str:
    """The usual value then and now, where it is another one."""
    then, now = _told(one["then"]), _told(one["now"])
    if then == now:
        return ""
    said = (
        _("Median then %(then)s, now %(now)s.")
        if one["of"] == "median"
        else _("Mean then %(then)s, now %(now)s.")
    )
    return said % {"then": then, "now": now}
