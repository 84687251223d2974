"""What changed since last month, in one or two sentences made of the numbers, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from enishi.kit.text import MINUS
from enishi.web.pages.executive.reads import Change, largest_steps

Show = Callable[[int], str]


def signed(amount: int, show: Show) -> str:
    """``+120万円``, ``−30万円``, ``±0円``."""
    sign = "+" if amount > 0 else MINUS if amount < 0 else "±"
    return f"{sign}{show(abs(amount))}"


def points(share: float) -> str:
    value = share * 100
    return f"{'+' if value >= 0.05 else MINUS if value <= -0.05 else '±'}{abs(value):.1f}pt"


def english(
    change: Change, show: Show, words: dict[str, str], steps: dict[str, str], day: Callable[..., str]
) -> str:
    delta = change.after - change.before
    verb = _moved(delta, show)
    parts = ", ".join(f"{words[name]} {signed(value, show)}" for name, value in change.moves if value)
    told = f"Since {day(change.since)} MRR {verb} {show(change.after)}" + (f" ({parts})" if parts else "")
    told += (
        _nrr(change, "; NRR over twelve months is {now} ({change})", "; NRR over twelve months is {now}")
        + "."
    )
    if change.moved is None or change.period is None:
        return told
    moved = change.moved
    shift = moved.after - moved.before
    why = " and ".join(
        f"{steps[name].lower()} ({signed(value, show)})" for name, value in largest_steps(moved)
    )
    told += f" The forecast for the end of {change.period.title.en} {_moved(shift, show)} {show(moved.after)} since the forecast of {day(moved.earlier.day)}"
    return told + (f", most of all through {why}." if why else ".")


def _moved(delta: int, show: Show) -> str:
    if not delta:
        return "did not change: it is"
    return f"{'rose' if delta > 0 else 'fell'} by {show(abs(delta))} to"


def japanese(
    change: Change, show: Show, words: dict[str, str], steps: dict[str, str], day: Callable[..., str]
) -> str:
    delta = change.after - change.before
    verb = (
        f"{show(abs(delta))}{'増加' if delta > 0 else '減少'}し、{show(change.after)}になりました"
        if delta
        else f"{show(change.after)}で変わりませんでした"
    )
    parts = "、".join(f"{words[name]}{signed(value, show)}" for name, value in change.moves if value)
    told = f"MRRは{day(change.since)}から{verb}" + (f"({parts})" if parts else "") + "。"
    told += _nrr(change, "12か月のNRRは{now}({change})です。", "12か月のNRRは{now}です。")
    if change.moved is None or change.period is None:
        return told
    moved = change.moved
    shift = moved.after - moved.before
    verb = (
        f"{show(abs(shift))}{'上方' if shift > 0 else '下方'}に動き、{show(moved.after)}です"
        if shift
        else f"{show(moved.after)}のままです"
    )
    why = "と".join(f"「{steps[name]}」({signed(value, show)})" for name, value in largest_steps(moved))
    told += f"{change.period.title.ja}末の見込みは、{day(moved.earlier.day)}の予測から{verb}"
    return told + (f"。主な要因は{why}です。" if why else "。")


def _nrr(change: Change, both: str, alone: str) -> str:
    if change.nrr is None:
        return ""
    now = f"{change.nrr * 100:.1f}%"
    if change.nrr_before is None:
        return alone.format(now=now)
    return both.format(now=now, change=points(change.nrr - change.nrr_before))
