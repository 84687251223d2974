"""The sample company: where its generator is (beside a checkout, or packed with the wheel), and bringing it in."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import enishi
from enishi.cli.show import progress
from enishi.cli.words import language, say, this_program
from enishi.kit.errors import EnishiError
from enishi.kit.home import Home
from enishi.kit.text import Text

PACKED = "enishi_sample_company"


def find_sample(module: str) -> ModuleType:
    """One module of the generator, for example ``load``.

    A checkout's own comes first: the copy that was packed when it was installed grows old as the checkout moves on.
    """
    root = Path(enishi.__file__).resolve().parents[2]
    if (root / "examples" / "sample_company").is_dir():
        if str(root) not in sys.path:
            sys.path.append(str(root))
        return import_module(f"examples.sample_company.{module}")
    if find_spec(PACKED) is not None:
        return import_module(f"{PACKED}.{module}")
    raise EnishiError(
        "no_sample",
        Text(
            "This installation came without the sample company.",
            "この環境にはサンプル企業が含まれていません。",
        ),
        Text(
            f"Import your own files with `{this_program()} import`, or install from the source.",
            f"`{this_program()} import` でお手元のデータを取り込むか、ソースからインストールしてください。",
        ),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sample is asked for; it counts only where none is there yet."""

    accounts: int = 400
    months: int = 24
    until: date | None = None
    seed: int | None = None
    activity: float = 1.0


def has_sample(home: Home) -> bool:
    """Whether a sample is there, or was being loaded."""
    return (home.root / "sample.json").exists()


def bring_sample(home: Home, wanted: Wanted, now: datetime) -> bool:
    """Load the sample company, go on with a load that was cut off, or carry the company on to today.

    Returns False where nothing was to do: it is up to date, or the accounts here are somebody's own.
    """
    from enishi.accounts.company import company_day
    from enishi.accounts.models import Account

    loader = find_sample("load")
    last = wanted.until or company_day(now)
    known = loader.loaded(home)
    if known is None:
        if Account.objects.exists():
            return False
        seed = {} if wanted.seed is None else {"seed": wanted.seed}
        sample = loader.Sample(
            until=last, accounts=wanted.accounts, months=wanted.months, activity=wanted.activity, **seed
        )
        _load(loader, sample, home, now, None)
        return True
    sample, whole = known
    if not whole:
        _load(loader, sample, home, now, None)
        return True
    if last <= sample.until:
        return False
    _load(loader, replace(sample, until=last), home, now, sample.until)
    return True


def _load(loader: ModuleType, sample: object, home: Home, now: datetime, after: date | None) -> None:
    titles = {
        "records": say("Records", "台帳と履歴"),
        "people": say("Drawing usage", "利用履歴の生成"),
        "events": say("Storing usage", "利用履歴の保存"),
    }
    with progress(say("Sample company", "サンプル企業")) as step:

        def told(what: str, done: float, total: float | None = None) -> None:
            step(done, total, titles[what])

        loader.load(sample, home, now=now, told=told, after=after, language=language())
