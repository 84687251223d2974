"""The money side of the forecasts at 100,000 customers: twelve months drawn customer by customer, and the fits of lifetime
value; beside the bare libraries on the same ready-made arrays.

``python -m tests.bench.bench_money [--accounts 100000] [--json]``. Each step runs in a process of its own, so that its peak
memory is its own.

``simulate`` is the shipped simulation with its shipped number of draws: who stays, grows, shrinks and comes, month by month,
sums of sixteen figures. ``whole`` is the same simulation written straight in numpy, on ready-made arrays: in each month of each
draw every customer stays or not, grows or not, shrinks or not, with the factors common to all, and the same sums are kept.
``numpy`` is less: it draws customer x month x draw (stays or not) as bare random numbers, compares each with its
probability, and sums the money of those who stay; ``numpy, one number a customer`` draws as few random numbers as
the simulation does for who stays (one a customer and draw) and does nothing with them but sum. ``fits`` are the shifted beta-geometric, BG/NBD
and Gamma-Gamma models with their intervals; ``scipy`` maximises the likelihoods of BG/NBD and Gamma-Gamma, written out in numpy, by
``scipy.optimize.minimize`` from one start, and says nothing of how sure it is. Seconds are of processor time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

DAY = date(2026, 10, 31)
MONTHS = 12
LOST = 0.02  # of those without a renewal date, a month
NOT_RENEWED = 0.15

Figures = dict[str, float]


def book(accounts: int) -> Any:
    """Half with yearly contracts, half free to go at any time; MRR as it is spread in companies."""
    from enishi.forecasts.standing import Standing, month_grid
    from enishi.metrics.revenue import number_of
    from enishi.metrics.spans import FOREVER

    random = np.random.default_rng(7)
    money = random.lognormal(11, 1, accounts).astype(np.int64)
    renewal = np.where(
        random.random(accounts) < 0.5, number_of(DAY) + random.integers(1, 365, accounts), FOREVER
    )
    return Standing(
        month_grid(DAY, MONTHS), np.arange(1, accounts + 1), money, np.repeat(money[:, None], MONTHS, axis=1), renewal,
        np.full(accounts, 12), np.zeros(accounts, dtype=bool), random.integers(0, 1500, accounts),
        np.zeros(accounts, dtype=np.int64),
    )  # fmt: skip


def rates(money: Any) -> Any:
    """As learned of a company: 3 % grow and 1 % shrink in a month, one in a hundred comes."""
    from enishi.forecasts.turnover import CLASSES, Arrivals, Growth, Turnover

    random = np.random.default_rng(8)
    up = tuple(random.uniform(0.05, 0.4, 300) for _ in range(3))
    down = tuple(random.uniform(-0.3, -0.05, 300) for _ in range(3))
    return Turnover(
        DAY, 24, np.quantile(money, [1 / 3, 2 / 3]), np.full((6, CLASSES), LOST), np.full((4, CLASSES), NOT_RENEWED),
        np.zeros(CLASSES), 5_000, 1_000_000, 0.05, 0.15, 1.0, Growth(np.full(3, 0.03), up, 0.05, 0.1),
        Growth(np.full(3, 0.01), down, 0.05, 0.1), Arrivals(len(money) / 100, 1.5, 0.1, money[:5000].astype(float)),
    )  # fmt: skip


def simulate(accounts: int) -> Figures:
    from enishi.forecasts.leaving import leaving
    from enishi.forecasts.simulation import Cohorts, compose, enough_draws
    from enishi.forecasts.simulation import simulate as draw

    made = book(accounts)
    learned, opening = rates(made.now), year_ago(made.now)
    began = time.process_time()
    paths = compose(draw(made, leaving(made, learned), learned, Cohorts(opening, opening.sum(axis=0))))
    seconds = time.process_time() - began
    assert paths.mrr.shape == (enough_draws(accounts), MONTHS)
    return {"s": seconds, "draws": len(paths.mrr), "mrr": float(paths.mrr[:, -1].mean())}


def year_ago(money: Any) -> Any:
    """MRR of twelve months before each month's end: a tenth less, and nothing of one customer in four."""
    opening = (money * 0.9).astype(np.int64) * (np.arange(len(money)) % 4 > 0)
    return np.repeat(opening[:, None], MONTHS, axis=1)


def whole(accounts: int) -> Figures:
    """The same simulation straight in numpy: no streams of a customer's own, nothing kept but the sums."""
    from enishi.forecasts.simulation import BLOCK, enough_draws

    made, draws = book(accounts), enough_draws(accounts)
    learned, size, random = rates(made.now), max(1, BLOCK // draws), np.random.default_rng(1)
    money, opening = made.now.astype(np.float32), year_ago(made.now)[:, 0].astype(np.float32)
    due = np.where(made.rolling, MONTHS, made.renewal_months())
    began = time.process_time()
    leaves, grows, shrinks = (
        np.exp(0.1 * random.standard_normal((MONTHS, draws)) - 0.005).astype(np.float32) for _ in range(3)
    )
    up, down = learned.expansion.sizes[0], -learned.contraction.sizes[0]
    total = np.zeros((14, MONTHS, draws))
    for start in range(0, accounts, size):
        part, before, at = (
            money[start : start + size],
            opening[start : start + size],
            due[start : start + size],
        )
        rolling, there = at == MONTHS, np.ones((len(part), draws), dtype=bool)
        won, lost = np.zeros(there.shape, dtype=np.float32), np.zeros(there.shape, dtype=np.float32)
        for month in range(MONTHS):
            chance = np.where(rolling, LOST, np.where(at == month, NOT_RENEWED, 0)).astype(np.float32)
            there &= random.random(there.shape, dtype=np.float32) >= chance[:, None] * leaves[month]
            weights = np.stack([part, part * (at <= month), part * 0, part * 0, part * (before > 0),
                                np.minimum(part, before), np.ones_like(part)])  # fmt: skip
            total[:7, month] += weights @ there.astype(np.float32)
            for place, rate, pool, factor, held in (
                (7, 0.03, up, grows, won),
                (10, 0.01, down, shrinks, lost),
            ):
                row, draw = np.nonzero(there & (random.random(there.shape, dtype=np.float32) < rate))
                amount = part[row] * pool[random.integers(len(pool), size=len(row))] * factor[month, draw]
                total[place, month] += np.bincount(draw, amount, draws)
                held[row, draw] += amount
                kept = np.where(there, held, 0)
                total[place + 1, month] += kept.sum(axis=0)
                total[place + 2, month] += (before > 0).astype(np.float32) @ kept
            spare = np.maximum(0, part - before)[:, None]
            total[13, month] += np.where(
                before[:, None] > 0, np.maximum(0, np.where(there, lost, 0) - spare), 0
            ).sum(axis=0)
    count = random.poisson(learned.arrivals.mean, (MONTHS, draws))
    new = np.cumsum(count * learned.arrivals.sizes.mean() * 0.98 ** np.arange(MONTHS)[::-1, None], axis=0)
    seconds = time.process_time() - began
    return {"s": seconds, "mrr": float((total[0] + total[8] - total[11] + new)[-1].mean())}


def plain(accounts: int) -> Figures:
    """The same outcomes as bare random numbers."""
    from enishi.forecasts.simulation import BLOCK, enough_draws

    made, draws = book(accounts), enough_draws(accounts)
    stays, money = np.float32(1 - LOST), made.now.astype(np.float32)
    random, size = np.random.default_rng(1), max(1, BLOCK // draws)
    began = time.process_time()
    total = np.zeros((MONTHS, draws))
    for start in range(0, accounts, size):
        part = money[start : start + size]
        there = np.ones((len(part), draws), dtype=bool)
        for month in range(MONTHS):
            there &= random.random(there.shape, dtype=np.float32) < stays
            total[month] += part @ there.astype(np.float32)
    every = time.process_time() - began
    began = time.process_time()
    for start in range(0, accounts, size):
        part = money[start : start + size]
        _ = part @ random.random((len(part), draws), dtype=np.float32)
    return {"s": every, "one number a customer s": time.process_time() - began}


def customers(accounts: int) -> tuple[Any, ...]:
    """Histories and amounts as BG/NBD and Gamma-Gamma have them; losses and stays by year."""
    random = np.random.default_rng(3)
    end = random.integers(30, 720, accounts) / 7
    rate, gone = random.gamma(0.9, 1 / 8, accounts), random.beta(0.8, 2.5, accounts)
    count = np.minimum(random.poisson(rate * end), random.geometric(gone) - 1)
    recency = np.where(count > 0, np.ceil(end * random.beta(np.maximum(count, 1), 1) * 7) / 7, 0.0)
    recency = np.minimum(recency, end)
    own = 15.0 * 4.0 / random.gamma(4.0, 1.0, accounts)
    amount = np.where(
        count > 0, random.gamma(6.0 * np.maximum(count, 1)) / (6.0 * np.maximum(count, 1)) * own, 0.0
    )
    leaves = random.geometric(np.clip(random.beta(1.0, 4.0, accounts), 1e-6, 1))
    seen = random.integers(1, 9, accounts)
    lost = np.bincount(leaves[leaves <= seen], minlength=9)[1:9]
    return count.astype(float), recency, end, amount, lost, np.bincount(seen[leaves > seen], minlength=9)


def fits(accounts: int) -> Figures:
    from enishi.forecasts import BetaGeometricNBD, GammaGamma, ShiftedBetaGeometric

    count, recency, end, amount, lost, staying = customers(accounts)
    found: Figures = {}
    for name, work in (
        ("sBG", lambda: ShiftedBetaGeometric().fit_counts(lost, staying).confidence_interval_),
        ("BG/NBD", lambda: BetaGeometricNBD().fit(count, recency, end).confidence_interval_),
        ("Gamma-Gamma", lambda: GammaGamma().fit(count, amount).confidence_interval_),
    ):
        began = time.process_time()
        work()
        found[f"{name} s"] = time.process_time() - began
    return found | {"s": sum(found.values())}


def scipy(accounts: int) -> Figures:
    from scipy.optimize import minimize
    from scipy.special import betaln, gammaln

    count, recency, end, amount, _lost, _staying = customers(accounts)
    again = count > 0
    x, z = count[again], amount[again]

    def bgnbd(logs: Any) -> float:
        r, alpha, a, b = np.exp(logs)
        there = -(r + count) * np.log(alpha + end)
        gone = np.where(
            again,
            np.log(a) - np.log(b + np.maximum(count, 1) - 1) - (r + count) * np.log(alpha + recency),
            -np.inf,
        )
        rest = gammaln(r + count) - gammaln(r) + r * np.log(alpha) + betaln(a, b + count) - betaln(a, b)
        return -float((rest + np.logaddexp(there, gone)).sum())

    def spend(logs: Any) -> float:
        p, q, v = np.exp(logs)
        value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(z)
        return -float((value + p * x * np.log(x) - (p * x + q) * np.log(x * z + v)).sum())

    found: Figures = {}
    for name, likelihood, start in (
        ("BG/NBD", bgnbd, [1.0, 10.0, 1.0, 2.0]),
        ("Gamma-Gamma", spend, [2.0, 3.0, 10.0]),
    ):
        began = time.process_time()
        minimize(likelihood, np.log(start), method="L-BFGS-B")
        found[f"{name} s"] = time.process_time() - began
    return found | {"s": sum(found.values())}


STEPS: dict[str, Callable[[int], Figures]] = {
    "simulate": simulate, "numpy": plain, "whole": whole, "fits": fits, "scipy": scipy,
}  # fmt: skip


def one(step: str, accounts: int) -> Figures:
    import pandas as pd  # noqa: F401 - loading libraries is not the work measured
    import scipy.optimize
    import scipy.special  # noqa: F401

    found = STEPS[step](accounts)
    return {"gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, **found}


def measured(step: str, accounts: int) -> Figures:
    command = [sys.executable, "-m", "tests.bench.bench_money", "--one", step, "--accounts", str(accounts)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def run(accounts: int) -> dict[str, Any]:
    found: dict[str, Any] = {step: measured(step, accounts) for step in STEPS}
    drawn, bare, same, fitted, peer = (found[step] for step in STEPS)
    found["simulation / the same simulation straight in numpy (aim: at most 3)"] = drawn["s"] / same["s"]
    found["simulation / numpy (aim: at most 3)"] = drawn["s"] / bare["s"]
    found["simulation / numpy, one number a customer"] = drawn["s"] / bare["one number a customer s"]
    for name in ("BG/NBD", "Gamma-Gamma"):
        found[f"{name} / scipy (aim: at most 3)"] = fitted[f"{name} s"] / peer[f"{name} s"]
    found["fits / scipy (aim: at most 3)"] = fitted["s"] / peer["s"]
    found["memory, simulation / numpy (aim: at most 3)"] = drawn["gigabytes"] / bare["gigabytes"]
    found["memory, fits / scipy (aim: at most 3)"] = fitted["gigabytes"] / peer["gigabytes"]
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=sorted(STEPS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(one(options.one, options.accounts)))
        return
    found = {"accounts": options.accounts, "months": MONTHS} | run(options.accounts)
    print(json.dumps(found) if options.json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
