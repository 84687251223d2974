"""How a person feels towards us, from what they answered and wrote: each clue with its day, fading with time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from enishi.kit.text import Text
from enishi.stakeholders.contracts import FEELINGS, TALKS, Clue, Feeling, Said, Touch

LONGEST = 365
HALF_LIFE = 120
TICKET = (
    0.5  # who writes to support has a trouble to tell: one ticket says little of how they feel towards us
)
LEAST = 1.0  # the weight below which nothing is said
CLEAR = 0.25  # from here on a mean is a side


def feeling_of(said: Said, touches: Sequence[Touch], day: date) -> Feeling:
    """What a member stated and is in force; else the weighted mean of the person's own clues of a year."""
    clues = tuple(sorted(_clues(touches, day), key=lambda clue: clue.on, reverse=True))
    if said.feeling and (said.feeling_until is None or day <= said.feeling_until):
        return Feeling(said.feeling, False, clues)
    weights = [clue.weight * 0.5 ** ((day - clue.on).days / HALF_LIFE) for clue in clues]
    if sum(clue.weight for clue in clues) < LEAST:
        return Feeling("", clues=clues)
    mean = sum(clue.value * weight for clue, weight in zip(clues, weights, strict=True)) / sum(weights)
    return Feeling(side_of(mean), True, clues)


def side_of(tone: float) -> str:
    """-1 … 1 as a side."""
    return "positive" if tone >= CLEAR else "negative" if tone <= -CLEAR else "neutral"


def _clues(touches: Sequence[Touch], day: date) -> list[Clue]:
    lately = [touch for touch in touches if 0 <= (day - touch.on).days < LONGEST]
    found = [clue for touch in lately if (clue := _clue(touch))]
    newest: dict[str, Touch] = {}
    for touch in lately:  # of a survey only the latest answer
        if (
            touch.measure
            and touch.score is not None
            and (touch.measure not in newest or touch.on >= newest[touch.measure].on)
        ):
            newest[touch.measure] = touch
    return found + [clue for touch in newest.values() if (clue := _answer(touch))]


def _clue(touch: Touch) -> Clue | None:
    """The tone of something the person wrote."""
    if touch.tone is None or touch.measure:
        return None
    word = _side(touch.tone)
    if touch.kind in TALKS:
        text = Text(f"Tone read in our notes: {word.en}", f"当社の記録から読み取った感情:{word.ja}")
    elif touch.read:
        text = Text(f"Tone read in what they wrote: {word.en}", f"文面から読み取った感情:{word.ja}")
    else:
        text = Text(f"Tone of what they wrote: {word.en}", f"書かれた文面の感情:{word.ja}")
    return Clue(touch.tone, TICKET, text, touch.on)


def _answer(touch: Touch) -> Clue | None:
    score = touch.score or 0.0
    if touch.measure == "nps":
        value = 1.0 if score >= 9 else 0.0 if score >= 7 else -1.0
        return Clue(value, 3.0, Text(f"Answered NPS {score:g}", f"NPS {score:g} と回答"), touch.on)
    if touch.measure == "csat" and 0 <= score <= 5:
        value = (score - 3) / 2
        return Clue(
            value, 2.0, Text(f"Answered CSAT {score:g} of 5", f"CSAT {score:g}(5点満点)と回答"), touch.on
        )
    return None


def _side(tone: float) -> Text:
    """A tone in words, within a sentence."""
    word = FEELINGS[side_of(tone)]
    return Text(word.en.lower(), word.ja)
