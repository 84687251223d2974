"""Every test run works in a data folder of its own, gone when the run ends."""

import atexit
import gc
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import empty
from django.conf import settings as django_settings
from hypothesis import settings
from tests import template

import __main__
from enishi.kit.home import Home

_folder = tempfile.mkdtemp(prefix="enishi-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ["ENISHI_HOME"] = _folder
# Compiling a query takes longer than running it over a test's facts: all processes of a run share what is compiled. The
# first of them, which starts the others, makes the folder.
if "ENISHI_PLANS" not in os.environ:
    os.environ["ENISHI_PLANS"] = os.path.join(_folder, "plans")
# Making the tables takes seconds: it is done once, see tests/template.py.
os.environ.setdefault("ENISHI_TEMPLATE", os.path.join(_folder, "template"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.web.settings")

# pytest-django reads the settings before this file is: read them again, or the cache (lock-outs, progress) and the
# mails of the tests would stand in the data folder of whoever runs them.
if "enishi.web.settings" in sys.modules:
    _module = sys.modules["enishi.web.settings"]
    _databases = _module.DATABASES
    importlib.reload(_module)
    if os.environ.get("DATABASE_URL"):
        # The connections know these already: each worker's test database is named in them.
        _module.DATABASES = _databases
    django_settings._wrapped = empty

# Checking a password takes half a second on purpose; those of the tests guard nothing.
django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A busy machine makes a test slow, not wrong. What must pass before a change lands tries the same examples each time.
settings.register_profile("untimed", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("untimed")

# Spark's client takes a main module without a file, as pytest-xdist's workers have, for its own doctests.
if not hasattr(__main__, "__file__"):
    __main__.__file__ = __file__


_ON_POSTGRES = bool(os.environ.get("DATABASE_URL"))
_DATABASES_FIXTURES = {"db", "transactional_db", "django_db_setup"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long tests go first, so that all workers end together. On PostgreSQL only those run that ask a database."""
    if _ON_POSTGRES:
        left_out = [item for item in items if not _asks_a_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _asks_a_database(item)]
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: looking through it again and again for garbage takes a twentieth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    gc.unfreeze()
    if _ON_POSTGRES and not hasattr(config, "workerinput"):  # the process that started the others ends last
        template.drop_from_server(os.environ["DATABASE_URL"])


def _asks_a_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "both"))
    return marked or not _DATABASES_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a machine lacks is said at the end, loudly: a quiet skip looks like a test that passed."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {reason for report in skipped if "not tried: " in (reason := str(report.longrepr[2]))}
    for reason in sorted(reasons):
        terminalreporter.section("NOT TRIED", sep="!", red=True)
        terminalreporter.line(reason.partition("not tried: ")[2])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """The test database has its tables before pytest-django looks for what is to be migrated."""
    from django.db import connection

    if _ON_POSTGRES:
        connection.settings_dict["TEST"]["TEMPLATE"] = template.on_server(os.environ["DATABASE_URL"])
        yield
        return
    kept = template.begin_in_memory(connection.creation._get_test_db_name())
    yield
    kept.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A data folder of the test's own, which the program finds by itself; rooms that need it otherwise have theirs."""
    monkeypatch.setenv("ENISHI_HOME", str(tmp_path))
    home = Home(tmp_path)
    home.prepare()
    return home


_LEFT_BY_ONE_TEST = ("store", "cache/past", "cache/ranks")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What one test leaves in the cache or the store would answer another, whose rows bear the same numbers."""
    from django.core.cache import cache

    cache.clear()
    for name in _LEFT_BY_ONE_TEST:
        shutil.rmtree(os.path.join(_folder, name), ignore_errors=True)
