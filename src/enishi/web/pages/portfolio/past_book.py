"""The book of a past day, worked out by the worker, kept in a file for an hour, told while it is being made."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pandas as pd
from django.core.cache import cache
from django_tasks import task

from enishi.accounts.models import Account, Merge
from enishi.kit.home import Home
from enishi.segments.api import shown_tiers
from enishi.signals.api import book_as_of, first_known_day, rules_stamp
from enishi.store.api import Published
from enishi.web.pages.portfolio import likelihood

KEPT_SECONDS = 3600
WAIT_SECONDS = 1800
_DAYS = ("renewal_on", "last_seen_on", "last_contact_on", "since", "computed_on", "published_on")
_FORM = 4
"""Of the file: raised when its columns become others, so that none of an older form is read."""
_loaded: dict[Path, pd.DataFrame] = {}


def _path(day: date) -> Path:
    """Changes with the rules, the accounts there are and their merges; facts of a past day change rarely."""
    accounts = [Account.objects.count(), Merge.objects.count(), Merge.objects.filter(undone_at=None).count()]
    stamp = sha256(f"{_FORM}:{rules_stamp()}:{accounts}".encode()).hexdigest()[:12]
    return Home.from_environment().past / f"{day}-{stamp}.parquet"


def _fresh(path: Path) -> bool:
    return path.exists() and time.time() - path.stat().st_mtime < KEPT_SECONDS


def read_book(day: date) -> pd.DataFrame | None:
    """The day's book where it has been made within the hour, else None."""
    path = _path(day)
    if not _fresh(path):
        _loaded.pop(path, None)
        return None
    if path not in _loaded:
        frame = pd.read_parquet(path)
        while len(_loaded) > 2:
            _loaded.pop(next(iter(_loaded)))
        _loaded[path] = frame
    return _loaded[path]


def first_day() -> date | None:
    """The first day on which anything was known of any customer; None where nothing is known at all."""
    generation = Published(Home.from_environment()).generation
    return cache.get_or_set(f"portfolio:first:{generation}", first_known_day, KEPT_SECONDS)


def nothing_known() -> pd.DataFrame:
    """The book of a day before anything was known."""
    return pd.DataFrame({"account_id": pd.Series(dtype="int64")})


def make_book(day: date) -> pd.DataFrame:
    """Work the day out and keep it."""
    path = _path(day)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = book_as_of(day, progress=lambda done, total: _tell(day, int(100 * done / total)))
    tiers = shown_tiers(day).tiers
    frame["tier"] = [tiers.get(int(account), "") for account in frame["account_id"]]
    frame[likelihood.COLUMN] = frame["account_id"].map(likelihood.stated_on(day)).astype(float)
    for name in set(_DAYS) & set(frame.columns):
        frame[name] = pd.to_datetime(frame[name])
    part = path.with_suffix(".part")
    frame.to_parquet(part)
    part.replace(path)
    _loaded.pop(path, None)
    _drop_old(path.parent)
    return frame


def book_of(day: date) -> pd.DataFrame:
    """The day's book, made now where it is not there: for jobs, which may wait."""
    found = read_book(day)
    return make_book(day) if found is None else found


def _drop_old(folder: Path) -> None:
    for old in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                old.unlink()


def _key(day: date) -> str:
    return f"portfolio:past:{day}"


def _tell(day: date, percent: int) -> None:
    cache.set(_key(day), percent, WAIT_SECONDS)


def ask_book(day: date) -> None:
    """Have the worker make the day's book, once however many ask."""
    if cache.add(_key(day), 0, WAIT_SECONDS):
        past_book.enqueue(day.isoformat())


def progress_of(day: date) -> int | None:
    """Percent done; -1 where it failed, None where nobody asked."""
    told: int | None = cache.get(_key(day))
    return told


@task()
def past_book(day: str) -> None:
    """The job behind a past day's list."""
    on = date.fromisoformat(day)
    try:
        if read_book(on) is None:
            make_book(on)
    except Exception:
        cache.set(_key(on), -1, int(timedelta(minutes=1).total_seconds()))
        raise
    cache.delete(_key(on))
