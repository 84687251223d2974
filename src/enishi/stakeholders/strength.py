"""How strong a tie is, 0-100, from two-way contacts: five drivers that add up exactly, each fading with time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import exp

from enishi.kit.text import Text, day_words
from enishi.stakeholders.contracts import CAME_TO_US, TALKS, Driver, Touch

HALF_LIFE = 60  # days after which the last contact counts half
WINDOW = 180
WEIGHTS = {"visit": 1.5, "meeting": 1.2, "call": 1.0, "mail": 0.7, "webinar": 0.4}
ENOUGH = 3.0  # weighted contacts of late that give two thirds of the points for frequency

RECENCY, FREQUENCY, ANSWERED, INBOUND, MEMBERS = 40, 30, 15, 5, 10

FORMULA = Text(
    f"Strength = how recent ({RECENCY}) + how often ({FREQUENCY}) + answered ({ANSWERED}) + came to us ({INBOUND}) "
    f"+ members of ours ({MEMBERS}). How recent halves every {HALF_LIFE} days since the last two-way contact. How often "
    f"adds up the two-way contacts (visit 1.5, meeting 1.2, call 1, mail 0.7, seminar 0.4), each halving every "
    f"{HALF_LIFE} days, and saturates. Answered is the share of our contacts of {WINDOW} days that were two-way. Came to "
    f"us: a ticket, survey answer or training of {WINDOW} days. Members of ours: two or more in touch within a year "
    "give all points, one gives half. From 60 strong, from 30 medium.",
    f"関係の強さ = 最近さ({RECENCY}点)+頻度({FREQUENCY}点)+応答率({ANSWERED}点)+先方からの接触({INBOUND}点)"
    f"+当社側の人数({MEMBERS}点)。最近さは、最後の双方向のやり取りから{HALF_LIFE}日ごとに半減します。頻度は双方向のやり取り"
    f"(訪問1.5、打ち合わせ1.2、電話1、メール0.7、セミナー0.4)を{HALF_LIFE}日ごとに半減させて合計し、上限に近づきます。"
    f"応答率は直近{WINDOW}日の当社からの接触のうち双方向になった割合、先方からの接触は直近{WINDOW}日の問い合わせ・"
    "アンケート回答・研修受講です。当社側の人数は1年以内に接した担当者が2名以上で満点、1名で半分です。"
    "60点以上は強い、30点以上は普通です。",
)


def faded(on: date, day: date) -> float:
    """What is left of something that happened on ``on``: 1 on the day, half after :data:`HALF_LIFE` days."""
    return float(0.5 ** (max(0, (day - on).days) / HALF_LIFE))


def drivers_of(touches: Sequence[Touch], day: date) -> tuple[Driver, ...]:
    """The parts of the strength of a tie, from what passed with one person up to ``day``; their points add up to it."""
    talks = [touch for touch in touches if touch.kind in TALKS]
    answered = [touch for touch in talks if touch.two_way]
    return (
        _recency(answered, day),
        _frequency(answered, day),
        _answered(talks, day),
        _inbound(touches, day),
        _members(answered, day),
    )


def _recency(answered: Sequence[Touch], day: date) -> Driver:
    title = Text("How recent", "最近さ")
    if not answered:
        none = Text("No two-way contact on record", "双方向のやり取りの記録がありません")
        return Driver("recency", title, 0, RECENCY, none)
    last = max(touch.on for touch in answered)
    days, on = (day - last).days, day_words(last)
    text = Text(
        f"Last two-way contact {on.en}, {days} days before", f"最後の双方向のやり取り {on.ja}({days}日前)"
    )
    return Driver("recency", title, round(RECENCY * faded(last, day)), RECENCY, text)


def _frequency(answered: Sequence[Touch], day: date) -> Driver:
    weight = sum(WEIGHTS[touch.kind] * faded(touch.on, day) for touch in answered)
    lately = sum((day - touch.on).days < WINDOW for touch in answered)
    text = Text(f"{lately} two-way contacts in {WINDOW} days", f"直近{WINDOW}日に双方向のやり取り{lately}回")
    points = round(FREQUENCY * (1 - exp(-weight / ENOUGH)))
    return Driver("frequency", Text("How often", "頻度"), points, FREQUENCY, text)


def _answered(talks: Sequence[Touch], day: date) -> Driver:
    title = Text("Answered", "応答率")
    tried = [touch for touch in talks if (day - touch.on).days < WINDOW]
    if not tried:
        none = Text(f"We did not get in touch in {WINDOW} days", f"直近{WINDOW}日は当社から接触していません")
        return Driver("answered", title, 0, ANSWERED, none)
    got = sum(touch.two_way for touch in tried)
    text = Text(
        f"{got} of {len(tried)} contacts in {WINDOW} days were two-way",
        f"直近{WINDOW}日の接触{len(tried)}回中{got}回が双方向",
    )
    return Driver("answered", title, round(ANSWERED * got / len(tried)), ANSWERED, text)


def _inbound(touches: Sequence[Touch], day: date) -> Driver:
    came = [t for t in touches if t.kind in CAME_TO_US and (day - t.on).days < WINDOW]
    text = Text(
        f"Came to us {len(came)} times in {WINDOW} days (tickets, answers, trainings)",
        f"直近{WINDOW}日に先方からの接触{len(came)}回(問い合わせ・回答・研修)",
    )
    points = round(INBOUND * min(1.0, len(came) / 2))
    return Driver("inbound", Text("Came to us", "先方からの接触"), points, INBOUND, text)


def _members(answered: Sequence[Touch], day: date) -> Driver:
    ours = {touch.member for touch in answered if touch.member and (day - touch.on).days < 365}
    text = Text(f"{len(ours)} of our members in touch within a year", f"1年以内に当社側{len(ours)}名が接触")
    points = round(MEMBERS * min(1.0, len(ours) / 2))
    return Driver("members", Text("Members of ours", "当社側の人数"), points, MEMBERS, text)
