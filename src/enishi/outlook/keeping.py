"""A forecast's numbers per customer as bytes: numpy's own format, compressed, without pickles."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np

from enishi.forecasts.leaving import Leaving
from enishi.forecasts.moved import Kept
from enishi.forecasts.simulation import COMPONENTS, Cohorts, Draws, expected_arrivals, net_growth
from enishi.forecasts.standing import Floats, Grid, Standing
from enishi.forecasts.turnover import Arrivals, Growth, Turnover, size_of
from enishi.metrics.revenue import Bridge, Retention


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement as it was made: enough to draw it again for any of its customers, and to explain the next one by it."""

    book: Standing
    left: Leaving
    learned: Turnover
    cohorts: Cohorts
    model: str
    drawn: tuple[
        Draws, ...
    ] = ()  # of the whole book by churn factor, where it is too large to draw while one waits

    def where(self, chosen: Any) -> Stated:
        """Only some of the customers. The cohorts' totals stay those of all: see :func:`enishi.outlook.reads`."""
        cohorts = Cohorts(self.cohorts.opening[chosen], self.cohorts.total)
        book, parts = self.book.where(chosen), self.book.parts
        mine = None if parts is None else np.isin(parts.accounts, book.accounts)
        return Stated(book, self.left.where(chosen, mine), self.learned, cohorts, self.model)

    def kept(self) -> Kept:
        """What the bridge to another statement is made of."""
        growth = net_growth(self.learned)[size_of(self.book.now, self.learned.cuts)]
        return Kept(
            self.book.grid.day, self.book.grid.edges, self.book.accounts, self.book.now, self.book.path,
            np.cumsum(self.left.hazard, axis=1), growth, self.left.source, self.book.noticed.astype(np.int64), self.model,
            expected_arrivals(self.learned, self.book),
        )  # fmt: skip


_BOOK = ("accounts", "now", "path", "renewal", "term", "noticed", "tenure", "record")
_PARTS = "parts:"  # before the names of what is kept of the parts


def to_bytes(stated: Stated) -> bytes:
    arrays = _rows(stated.book, stated.left)
    if stated.book.parts is not None and stated.left.parts is not None:
        arrays |= {_PARTS + name: one for name, one in _rows(stated.book.parts, stated.left.parts).items()}
    arrays |= {
        "edges": stated.book.grid.edges,
        "share": stated.book.grid.share,
        "level": np.array([stated.left.level]),
    }
    arrays |= {"opening": stated.cohorts.opening, "total": stated.cohorts.total}
    for one in stated.drawn:
        arrays |= {f"d:{one.churn}:{name}": one.parts[name].astype(np.float32) for name in COMPONENTS}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _rows(book: Standing, left: Leaving) -> dict[str, Any]:
    arrays: dict[str, Any] = {name: getattr(book, name) for name in _BOOK}
    arrays |= {"hazard": left.hazard.astype(np.float32), "source": left.source.astype(np.int8)}
    return arrays | {"renews": left.renews.astype(np.float32)}


def from_bytes(body: bytes, day: date, learned: Turnover, model: str) -> Stated:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        grid, level = Grid(day, arrays["edges"], arrays["share"]), float(arrays["level"][0])
        book, left = _read_rows(arrays, grid, level)
        if _PARTS + "accounts" in arrays.files:
            parts, held = _read_rows(arrays, grid, level, _PARTS)
            book, left = replace(book, parts=parts), replace(left, parts=held)
        cohorts = Cohorts(arrays["opening"], arrays["total"])
        factors = sorted({name.split(":")[1] for name in arrays.files if name.startswith("d:")}, key=float)
        drawn = tuple(
            Draws(
                {name: arrays[f"d:{factor}:{name}"].astype(np.float64) for name in COMPONENTS},
                int(book.now.sum()), cohorts.total, float(factor),
            )
            for factor in factors
        )  # fmt: skip
    return Stated(book, left, learned, cohorts, model, drawn)


def _read_rows(arrays: Any, grid: Grid, level: float, prefix: str = "") -> tuple[Standing, Leaving]:
    """Rows of a book and their hazards; of statements made before contracts were told apart the number is missing."""
    found = {name: arrays[prefix + name] for name in _BOOK if prefix + name in arrays.files}
    book = Standing(grid, **{"record": np.zeros(len(found["accounts"]), dtype=np.int64)} | found)
    left = Leaving(
        arrays[prefix + "hazard"].astype(np.float64), arrays[prefix + "source"].astype(np.int64),
        arrays[prefix + "renews"].astype(np.float64), level,
    )  # fmt: skip
    return book, left


def rates_to_json(learned: Turnover) -> dict[str, Any]:
    return _plain(asdict(learned)) | {"day": learned.day.isoformat()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def rates_from_json(body: dict[str, Any]) -> Turnover:
    def growth(one: dict[str, Any]) -> Growth:
        pools = tuple(_array(pool) for pool in one["sizes"])
        return Growth(_array(one["rate"]), pools, one["level"], one["shock"])

    come = body["arrivals"]
    parts: dict[str, Any] = {name: _array(body[name]) for name in ("cuts", "rolling", "renewing", "between")}
    parts |= {
        name: body[name] for name in ("months", "losses", "exposure", "level", "shock", "lag", "counts")
    }
    return Turnover(
        day=date.fromisoformat(body["day"]),
        expansion=growth(body["expansion"]),
        contraction=growth(body["contraction"]),
        arrivals=Arrivals(come["mean"], come["spread"], come["level"], _array(come["sizes"])),
        **parts,
    )


def _array(values: list[Any]) -> Floats:
    return np.asarray(values, dtype=np.float64)


def shape_of(*kinds: Any) -> str:
    """Changes whenever a field of these does: what an older version kept is read by no newer one."""
    told = [(kind.__name__, [one.name for one in fields(kind)]) for kind in kinds]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


SHAPE = shape_of(
    Stated, Standing, Leaving, Turnover, Growth, Arrivals, Grid, Cohorts, Draws, Bridge, Retention
)
