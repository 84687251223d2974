"""A forecast's numbers per customer as bytes: numpy's own format, compressed, without pickles."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from enishi.forecasts.leaving import Leaving
from enishi.forecasts.moved import Kept
from enishi.forecasts.simulation import COMPONENTS, Cohorts, Draws, expected_arrivals, net_growth
from enishi.forecasts.standing import Floats, Grid, Standing
from enishi.forecasts.turnover import Arrivals, Growth, Turnover, size_of


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
        return Stated(self.book.where(chosen), self.left.where(chosen), self.learned, cohorts, self.model)

    def kept(self) -> Kept:
        """What the bridge to another statement is made of."""
        growth = net_growth(self.learned)[size_of(self.book.now, self.learned.cuts)]
        return Kept(
            self.book.grid.day, self.book.grid.edges, self.book.accounts, self.book.now, self.book.path,
            np.cumsum(self.left.hazard, axis=1), growth, self.left.source, self.book.noticed.astype(np.int64), self.model,
            expected_arrivals(self.learned, self.book),
        )  # fmt: skip


_BOOK = ("accounts", "now", "path", "renewal", "term", "noticed", "tenure")


def to_bytes(stated: Stated) -> bytes:
    arrays: dict[str, Any] = {name: getattr(stated.book, name) for name in _BOOK}
    arrays |= {"edges": stated.book.grid.edges, "share": stated.book.grid.share}
    arrays |= {"hazard": stated.left.hazard.astype(np.float32), "source": stated.left.source.astype(np.int8)}
    arrays |= {"renews": stated.left.renews.astype(np.float32), "level": np.array([stated.left.level])}
    arrays |= {"opening": stated.cohorts.opening, "total": stated.cohorts.total}
    for one in stated.drawn:
        arrays |= {f"d:{one.churn}:{name}": one.parts[name].astype(np.float32) for name in COMPONENTS}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def from_bytes(body: bytes, day: date, learned: Turnover, model: str) -> Stated:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        grid = Grid(day, arrays["edges"], arrays["share"])
        book = Standing(grid, **{name: arrays[name] for name in _BOOK})
        left = Leaving(
            arrays["hazard"].astype(np.float64), arrays["source"].astype(np.int64),
            arrays["renews"].astype(np.float64), float(arrays["level"][0]),
        )  # fmt: skip
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
