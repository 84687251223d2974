"""The declared plays: read once from their file, refused whole if anything in it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.work.contracts import CallRule, Play

PLAYS_FILE = Path(__file__).with_name("definitions") / "plays.yaml"
CHANNELS = ("call", "mail", "meeting", "visit")
WORDS = frozenset({"account", "contact", "member", "company", "date", "promise", "evidence"})
CATCH_ALL = "band:red"


@lru_cache(maxsize=1)
def declared_plays() -> tuple[Play, ...]:
    """The plays of the house, in the order of the file."""
    return load_plays(_declared())


@lru_cache(maxsize=1)
def declared_rule() -> CallRule:
    """When an account calls for a person, as the house declares it."""
    return load_rule(_declared())


@lru_cache(maxsize=1)
def _declared() -> Mapping[str, Any]:
    body: Mapping[str, Any] = yaml.safe_load(PLAYS_FILE.read_text(encoding="utf-8"))
    return body


def load_rule(body: Mapping[str, Any]) -> CallRule:
    """The rule of a parsed definitions file.

    Raises:
        EnishiError: ``bad_plays``, where a limit is missing, no whole number or out of range.
    """
    try:
        stated = body["calls"]
        rule = CallRule(
            strong_cause=int(stated["strong_cause"]),
            fall_tenths=10 * int(stated["fall_points"]),
            renewal_days=int(stated["renewal_days"]),
            hour_cost={str(name): int(cost) for name, cost in stated["hour_cost"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise _refusal("calls", f"{problem!r}", f"{problem!r}") from problem
    limits = (0 < rule.strong_cause <= 100, 0 < rule.fall_tenths <= 1000, 0 <= rule.renewal_days <= 366)
    if not all(limits) or min(rule.hour_cost.values(), default=0) < 0:
        raise _refusal("calls", "a limit is out of range", "基準値が範囲外です")
    return rule


def load_plays(body: Mapping[str, Any]) -> tuple[Play, ...]:
    """Plays from a parsed definitions file.

    Raises:
        EnishiError: ``bad_plays``, naming the play and what is wrong with it.
    """
    plays = tuple(_play(number, item) for number, item in enumerate(body.get("plays", ()), start=1))
    if not any(CATCH_ALL in play.when for play in plays):
        raise _refusal("plays", f"no play answers {CATCH_ALL}", f"{CATCH_ALL} に答える施策がありません")
    return plays


def play_for(triggers: Iterable[str], plays: Sequence[Play]) -> Play:
    """The first play that answers the first answerable trigger; the catch-all otherwise."""
    for trigger in triggers:
        for wanted in (trigger, trigger.split("/")[0]):
            for play in plays:
                if wanted in play.when:
                    return play
    return next(play for play in plays if CATCH_ALL in play.when)


def _play(number: int, item: Mapping[str, Any]) -> Play:
    name = str(item.get("id") or f"#{number}")
    try:
        play = Play(
            id=str(item["id"]),
            when=tuple(item["when"]),
            title=Text.parse(item["title"]),
            act=Text.parse(item["act"]),
            channel=str(item["channel"]),
            minutes=int(item["minutes"]),
            chance=float(item["chance"]),
            rest_days=int(item["rest_days"]),
            contacts=tuple(item["contacts"]),
            subject=Text.parse(item["subject"]),
            body=Text.parse(item["body"]),
            internal=bool(item.get("internal", False)),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise _refusal(name, f"{problem!r}", f"{problem!r}") from problem
    _check(play)
    return play


def _check(play: Play) -> None:
    if play.channel not in CHANNELS:
        raise _refusal(play.id, f"unknown channel {play.channel!r}", f"手段 {play.channel!r} は使えません")
    if not 0 <= play.chance <= 1:
        raise _refusal(play.id, "chance must lie between 0 and 1", "chance は0から1の間で指定してください")
    for text in (play.subject.en, play.subject.ja, play.body.en, play.body.ja):
        words = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        if unknown := words - WORDS:
            raise _refusal(
                play.id, f"unknown words {sorted(unknown)}", f"使えない差し込み項目です: {sorted(unknown)}"
            )
        if "evidence" in words and not play.internal:
            raise _refusal(
                play.id,
                "{evidence} is internal and may not go to the customer",
                "{evidence} は社内向けの情報のため、顧客宛の文面には使えません",
            )


def _refusal(name: str, en: str, ja: str) -> EnishiError:
    return EnishiError(
        "bad_plays",
        Text(f"Play {name}: {en}", f"施策 {name}: {ja}"),
        Text("Correct the plays file.", "施策の定義ファイルを修正してください。"),
    )
