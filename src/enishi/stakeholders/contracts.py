"""What is known of the people at an account, and what is said of the relationship. Frozen types, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from enishi.kit.text import Text
from enishi.store.kinds import ROLES

LEVELS: dict[str, Text] = {
    "executive": Text("Executive", "経営層"),
    "manager": Text("Manager", "管理職"),
    "user": Text("Staff", "一般"),
}
INFLUENCES: dict[str, Text] = {
    "high": Text("High influence", "影響力 大"),
    "medium": Text("Medium influence", "影響力 中"),
    "low": Text("Low influence", "影響力 小"),
}
INFLUENCE_STEPS: dict[str, Text] = {
    "high": Text("High", "大"),
    "medium": Text("Medium", "中"),
    "low": Text("Low", "小"),
}
FEELINGS: dict[str, Text] = {  # the words of the tone of texts: one scale
    "positive": Text("Positive", "肯定的"),
    "neutral": Text("Neutral", "中立"),
    "negative": Text("Negative", "否定的"),
}
STRENGTHS: dict[str, Text] = {
    "strong": Text("Strong", "強い"),
    "medium": Text("Medium", "普通"),
    "weak": Text("Weak", "弱い"),
    "none": Text("No contact", "接点なし"),
}
ROLE_TITLES: dict[str, Text] = dict(ROLES)
WANTED_ROLES = ("decision_maker", "champion", "influencer", "power_user", "finance")
NEEDED_ROLES = ("decision_maker", "champion")  # without these two nobody renews

# What passes between us and a person. The first five are talks; with the others the customer came to us.
NOTHING = Text("", "")
TALKS = ("visit", "meeting", "call", "mail", "webinar")
CAME_TO_US = ("ticket", "survey_answer", "training")


@dataclass(frozen=True, slots=True)
class Said:
    """What members stated of a person and what is in force; empty where nobody did. ``leaving_on``: announced."""

    influence: str = ""
    level: str = ""
    feeling: str = ""
    feeling_until: date | None = None
    leaving_on: date | None = None
    on: date | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A person's own use of the product: the last day, and days with use in the ``REGULAR`` days up to it."""

    last: date
    days: int


@dataclass(frozen=True, slots=True)
class News:
    """An item of news that says of somebody at the account that they leave.

    Args:
        person: the number of the contact its source named; None where the headline alone may name somebody.
        source: where the item came from, for readers who cannot follow ``url``.
    """

    on: date
    headline: str
    url: str = ""
    source: str = ""
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Someone:
    """A person as known on the day asked for. ``left_on`` and ``bounced_on`` are empty where that was not known yet."""

    number: int
    role: str = ""
    title: str = ""
    department: str = ""
    left_on: date | None = None
    bounced_on: date | None = None
    said: Said = Said()
    use: Use | None = None
    news: tuple[News, ...] = ()


@dataclass(frozen=True, slots=True)
class Touch:
    """Something that passed between us and somebody at the account.

    Args:
        kind: one of :data:`TALKS` or :data:`CAME_TO_US`.
        person: the number of the contact; None where nobody is named.
        two_way: the customer took part or answered.
        member: the mail address of our member, empty where unknown.
        tone: -1 … 1, of a ticket, or of what was noted of a talk.
        read: whether the tone was read in the text by the text model, not stated by the source.
        measure, score: of a survey answer.
        parting: whether the person's own words speak of leaving.
    """

    on: date
    kind: str
    person: int | None
    two_way: bool = False
    member: str = ""
    record: int | None = None
    tone: float | None = None
    measure: str = ""
    score: float | None = None
    parting: bool = False
    read: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A value with where it comes from: stated by a member, or proposed from title and role."""

    value: str
    proposed: bool
    why: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Driver:
    """A part of the strength: its points, the most it can give, and the facts behind it."""

    id: str
    title: Text
    points: int
    most: int
    text: Text


@dataclass(frozen=True, slots=True)
class Sign:
    """A reason to think that somebody leaves or has left: how much it weighs (0-100), the fact and its day.

    ``link`` leads to the source where there is one on the web.
    """

    id: str
    weight: int
    text: Text
    on: date
    link: str = ""


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of what is known of a person's sentiment: -1 … 1, and its day."""

    value: float
    weight: float
    text: Text
    on: date


@dataclass(frozen=True, slots=True)
class Feeling:
    """``value`` is empty where nothing is known."""

    value: str
    proposed: bool = True
    clues: tuple[Clue, ...] = ()


@dataclass(frozen=True, slots=True)
class Tie:
    """One person, and how we stand with them."""

    person: Someone
    level: Stated
    influence: Stated
    feeling: Feeling
    strength: int
    drivers: tuple[Driver, ...]
    signs: tuple[Sign, ...]
    leaving: int  # 0-100, from the signs: evidence, not a probability
    last_two_way: date | None = None
    last_any: date | None = None
    answers: bool = False  # in two-way contact within half a year
    tried: int = 0  # contacts of ours in that time that got no answer

    @property
    def number(self) -> int:
        return self.person.number

    @property
    def present(self) -> bool:
        return self.person.left_on is None

    @property
    def word(self) -> str:
        return strength_word(self.strength, self.last_any is not None)


@dataclass(frozen=True, slots=True)
class KeptTie:
    """A tie as the last pass over the book found it: enough to choose whom to address."""

    strength: int
    leaving: int
    last_two_way: date | None
    answers: bool

    @property
    def likely_gone(self) -> bool:
        return self.leaving >= LIKELY

    @property
    def word(self) -> str:
        return strength_word(self.strength, self.last_two_way is not None)


def strength_word(strength: int, touched: bool) -> str:
    """``strong`` from 60, ``medium`` from 30, ``weak`` below, ``none`` where nothing ever passed."""
    if strength >= 60:
        return "strong"
    if strength >= 30:
        return "medium"
    return "weak" if strength or touched else "none"


@dataclass(frozen=True, slots=True)
class Thread:
    """On how many people the contact of the last half year hangs, on one side.

    Args:
        contacts: two-way contacts with a named person on that side.
        people: how many different ones.
        only: the one person (contact number, or a member's mail address), where it is one.
    """

    contacts: int
    people: int
    only: int | str | None = None

    @property
    def single(self) -> bool:
        return self.people == 1 and self.contacts >= 2


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A level of the customer: how many are known there, and the last two-way contact with one of them."""

    level: str
    known: int
    last: date | None
    with_whom: int | None


@dataclass(frozen=True, slots=True)
class Relationship:
    """The whole account on a day."""

    day: date
    ties: tuple[Tie, ...]
    theirs: Thread
    ours: Thread
    levels: tuple[LevelLine, ...]
    missing: tuple[str, ...]
    candidates: Mapping[str, int] = field(default_factory=dict)  # missing role -> who might be it, by title
    last_two_way: date | None = None

    @property
    def present(self) -> tuple[Tie, ...]:
        return tuple(tie for tie in self.ties if tie.present)

    @property
    def gone(self) -> tuple[Tie, ...]:
        return tuple(tie for tie in self.ties if not tie.present)

    @property
    def departing(self) -> tuple[Tie, ...]:
        """Those who likely leave, the clearest first."""
        found = [tie for tie in self.present if tie.leaving >= LIKELY]
        return tuple(sorted(found, key=lambda tie: -tie.leaving))

    @property
    def unanswered(self) -> tuple[Tie, ...]:
        """Champions and decision makers we tried to reach within half a year without any answer, the most tried first."""
        key = [t for t in self.present if t.person.role in NEEDED_ROLES and t.tried and not t.answers]
        return tuple(sorted(key, key=lambda tie: -tie.tried))

    @property
    def silent(self) -> bool:
        """People are known, and none of them answered in half a year."""
        return bool(self.present) and self.theirs.people == 0

    @property
    def strongest(self) -> int | None:
        """The strength of the strongest tie; None where nobody is known."""
        return max((tie.strength for tie in self.present), default=None)


LIKELY = 50
WATCH = 25
