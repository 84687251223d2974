"""Pages of long lists: counting all rows at every view costs more than anybody reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import Any

from django.core.paginator import Paginator

MOST = 1_000
AT_ONCE = 500
PORTION = 1_000


class Bounded(Paginator[Any]):
    """Pages of the first rows of a list; how many there are is counted only so far (``beyond``: there are more)."""

    def __init__(self, rows: Any, per_page: int, most: int = MOST) -> None:
        super().__init__(rows, per_page)
        self.rows, self.most = rows, most

    @cached_property
    def _counted(self) -> int:
        """In the list's own order, so that the index that gives the rows gives their number."""
        return int(self.rows[: self.most + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.most)

    @property
    def beyond(self) -> bool:
        return self._counted > self.most


class Counted(Paginator[int]):
    """Pages of a list whose length is known already."""

    def __init__(self, rows: Any, per_page: int, count: int) -> None:
        super().__init__(rows, per_page)
        self.count = count


class Deep:
    """The numbers of a long list: of its first portion as they stand; those further down are walked to once, a portion at a
    time, kept, and asked again whether they are still on the list.

    Args:
        numbers: all of them, in order.
        keep: keeps what a function reads, under a name, for this list and who looks at it.
        standing: those of some numbers that are on the list now.
    """

    def __init__(
        self,
        numbers: Any,
        keep: Callable[[str, Callable[[], list[int]]], list[int]],
        standing: Callable[[list[int]], Iterable[int]],
    ) -> None:
        self.numbers, self.keep, self.standing = numbers, keep, standing

    def __getitem__(self, part: slice) -> list[int]:
        first, last = part.start or 0, part.stop
        if last <= PORTION:
            return list(self.numbers[first:last])
        found: list[int] = []
        for start in range(first - first % PORTION, last, PORTION):
            held = self.keep(f"from {start}", partial(self._walk, start))
            found += held[max(first - start, 0) : last - start]
        standing = set(self.standing(found))
        return [number for number in found if number in standing]

    def _walk(self, start: int) -> list[int]:
        return list(self.numbers[start : start + PORTION])


def batched(values: list[int], size: int) -> list[list[int]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
