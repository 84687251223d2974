"""Pages of long lists: counting all rows at every view costs more than anybody reads."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST = 1_000
AT_ONCE = 500


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


def batched(values: list[int], size: int) -> list[list[int]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
