"""The hidden stories: what really happens to an account, week by week, and how likely that makes it to leave.

Seven *channels* describe an account. A story moves some of them from its onset on; every account also wanders
by itself, and many a story ends well. The true weekly hazard follows the channels, never the story's name, so
that a healthy account may leave and an ailing one may stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .sample import Sample

Path = npt.NDArray[np.float64]

CHANNELS = (
    "use",  # activity of the account's people, 1 = its own normal
    "breadth",  # how much of what it could use it does use, 1 = normal
    "power",  # how eager its keenest users are, 1 = normal
    "warmth",  # does it answer us, 0-1
    "value",  # does it find the product worth its price, 0-1
    "friction",  # how often it needs help, 1 = normal
    "business",  # the customer's own business, 1 = normal
)
NORMAL = {"use": 1.0, "breadth": 1.0, "power": 1.0, "warmth": 0.68, "value": 0.72, "friction": 1.0, "business": 1.0}  # fmt: skip
SPREAD = {"use": 0.10, "breadth": 0.12, "power": 0.12, "warmth": 0.12, "value": 0.11, "friction": 0.25, "business": 0.06}  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """One channel's way: from ``lag`` weeks after the onset it changes by ``change`` over ``weeks`` weeks."""

    channel: str
    change: float
    weeks: int
    lag: int = 0


@dataclass(frozen=True)
class Story:
    id: str
    share: float
    effects: tuple[Effect, ...] = ()
    recovers: float = 0.0  # how often it ends well
    from_start: bool = False  # sets in with the contract, not in the midst of it
    reasons: tuple[str, ...] = ()  # why it says it leaves, if it does (Japanese)
    english_reasons: tuple[str, ...] = ()


STORIES = (
    Story("healthy", 0.30),
    Story("seasonal", 0.07),
    Story(
        "quietly_ready", 0.10,
        (Effect("use", 0.35, 20), Effect("breadth", 0.3, 24), Effect("power", 0.3, 20), Effect("value", 0.14, 20), Effect("business", 0.12, 26)),
    ),
    Story("steady_small", 0.06, (Effect("use", -0.45, 6), Effect("breadth", -0.4, 6)), from_start=True),
    Story(
        "never_onboarded", 0.08,
        (Effect("use", -0.7, 10), Effect("breadth", -0.6, 8), Effect("power", -0.6, 8), Effect("value", -0.24, 14), Effect("warmth", -0.2, 16)),
        0.3, True, ("導入が進まず利用が定着しなかったため", "社内の利用が広がらなかったため"), ("Rollout never took off",),
    ),
    Story(
        "champion_left", 0.09,
        (Effect("warmth", -0.48, 3), Effect("use", -0.42, 14, 5), Effect("breadth", -0.3, 14, 6), Effect("value", -0.16, 16, 6)),
        0.35, False, ("推進担当者の退職により運用を継続できないため", "担当交代に伴う見直しのため"), ("Our programme owner left",),
    ),
    Story(
        "power_users_fading", 0.08,
        (Effect("power", -0.75, 12), Effect("breadth", -0.4, 16, 3), Effect("use", -0.45, 22, 5), Effect("value", -0.15, 20, 8)),
        0.35, False, ("利用頻度が下がったため", "他の業務ツールへ統合するため"), ("Usage had declined",),
    ),
    Story(
        "outage_hit", 0.06,
        (Effect("friction", 1.6, 2), Effect("value", -0.3, 4, 1), Effect("warmth", -0.15, 6, 2), Effect("use", -0.3, 14, 6)),
        0.45, False, ("障害が続き業務に支障が出たため",), ("Reliability problems",),
    ),
    Story(
        "price_complaint", 0.06,
        (Effect("value", -0.32, 8), Effect("friction", 0.6, 6), Effect("use", -0.18, 26, 10)),
        0.4, False, ("費用対効果が見合わないため", "他社サービスの方が安価なため"), ("Too expensive for what we use", "Switched to a competitor"),
    ),
    Story(
        "downsized", 0.05,
        (Effect("business", -0.5, 8), Effect("use", -0.3, 12, 4), Effect("warmth", -0.1, 12, 4)),
        0.3, False, ("事業縮小に伴う経費削減のため",), ("Cost cuts after a reorganisation",),
    ),
    Story(
        "acquired", 0.03,
        (Effect("business", -0.4, 2), Effect("warmth", -0.35, 6), Effect("use", -0.35, 18, 8)),
        0.2, False, ("親会社のシステムへ統合するため",), ("Moving to our new parent's system",),
    ),
    Story("sudden", 0.02, reasons=("経営判断のため",), english_reasons=("Management decision",)),
)  # fmt: skip
BY_ID = {story.id: story for story in STORIES}

BASE_HAZARD = 0.0007  # a week, of an account with nothing wrong
SUDDEN_HAZARD = 0.012  # of those who leave without a sign
SIZE_FACTOR = {"SMB": 1.35, "Mid": 0.95, "Enterprise": 0.6}


@dataclass(frozen=True)
class Course:
    """What becomes of one account: its story, when it sets in, and every channel by week."""

    story: Story
    onset: int | None  # week, None where nothing sets in
    recovery: int | None
    paths: dict[str, Path] = field(repr=False)

    def risk(self) -> Path:
        """Log of how many times likelier than normal the account is to leave, each week."""
        p = self.paths
        return (
            3.1 * np.clip(1 - p["use"], -0.3, 1)
            + 1.5 * np.clip(1 - p["power"], 0, 1)
            + 3.2 * np.clip(NORMAL["warmth"] - p["warmth"], -0.2, 1)
            + 5.6 * np.clip(NORMAL["value"] - p["value"], -0.2, 1)
            + 0.8 * np.log(np.clip(p["friction"], 0.3, 6))
            + 4.2 * np.clip(1 - p["business"], -0.1, 1)
        )

    def hazard(self, size: str) -> Path:
        """The true weekly hazard of deciding to leave, before the contract's calendar is applied."""
        base = SUDDEN_HAZARD if self.story.id == "sudden" else BASE_HAZARD * SIZE_FACTOR[size]
        risk = np.zeros(len(self.paths["use"])) if self.story.id == "sudden" else self.risk()
        return np.minimum(base * np.exp(risk), 0.2)


def draw_course(sample: Sample, index: int, start_week: int) -> Course:
    """The course of an account whose contract starts in that week (0 or less: before the window)."""
    random = sample.random(index, "story")
    story = STORIES[random.choice(len(STORIES), p=[s.share for s in STORIES])]
    if story.id == "never_onboarded" and start_week <= 0 and random.random() < 0.7:
        story = BY_ID["healthy"]  # those of long ago are mostly gone already
    onset, recovery = _moments(sample, random, story, start_week)
    paths = {name: _wander(random, sample.weeks, name) for name in CHANNELS}
    strength = random.uniform(0.6, 1.35)
    for effect in story.effects:
        if onset is not None:
            paths[effect.channel] += strength * _ramp(sample.weeks, effect, onset, recovery)
    if story.id == "seasonal":
        paths["use"] *= _season(sample, random)
    paths["use"] *= _onboarding(sample.weeks, start_week, random)
    limits = {"warmth": (0.03, 0.98), "value": (0.03, 0.98), "friction": (0.2, 5.0)}
    for name, path in paths.items():
        np.clip(path, *limits.get(name, (0.02, 1.8)), out=path)
    return Course(story, onset, recovery, paths)


def _moments(
    sample: Sample, random: np.random.Generator, story: Story, start_week: int
) -> tuple[int | None, int | None]:
    """When the story sets in, and when it turns for the better, if it does."""
    if not story.effects:
        return None, None
    if story.from_start:
        onset = max(start_week, 0)
    else:
        earliest = max(start_week + 10, 2)
        onset = int(random.integers(earliest, max(sample.window_weeks + 6, earliest + 1)))
    recovery = onset + int(random.integers(10, 30)) if random.random() < story.recovers else None
    return onset, recovery


def _wander(random: np.random.Generator, weeks: int, name: str) -> Path:
    """A channel without a story: its own level and a slow drift about it."""
    level = NORMAL[name] + SPREAD[name] * random.normal()
    steps = random.normal(0, SPREAD[name] * 0.35, weeks)
    drift = np.empty(weeks)
    value = 0.0
    for week in range(weeks):
        value = 0.9 * value + steps[week]
        drift[week] = value
    return level + drift


def _ramp(weeks: int, effect: Effect, onset: int, recovery: int | None) -> Path:
    """The effect's path: nothing, a straight change, then held, then given back over twelve weeks."""
    time = np.arange(weeks)
    rise = np.clip((time - onset - effect.lag + 1) / effect.weeks, 0, 1)
    if recovery is not None:
        rise *= np.clip(1 - (time - recovery) / 12, 0, 1)
    return effect.change * rise


def _season(sample: Sample, random: np.random.Generator) -> Path:
    """Busy once or twice a year: a dip of one half to three quarters that looks like leaving and is not."""
    depth, peak = random.uniform(0.45, 0.75), random.uniform(0, 365)
    first = sample.start.timetuple().tm_yday
    days = first + 7 * np.arange(sample.weeks)
    return 1 - depth * (0.5 - 0.5 * np.cos(2 * np.pi * (days - peak) / 365.25))


def _onboarding(weeks: int, start_week: int, random: np.random.Generator) -> Path:
    """From a hesitant start to normal over the first weeks."""
    length = random.uniform(3, 10)
    return np.clip(0.15 + 0.85 * (np.arange(weeks) - start_week) / length, 0.05, 1)
