"""The cast with the standard definitions in force."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from tests.world import NOW, World, make_world

from enishi.definitions.api import find_published, install_defaults
from enishi.web.pages.portfolio.ranks import forget_ranks


@pytest.fixture
def world() -> World:
    cache.clear()
    forget_ranks()
    made = make_world()
    install_defaults("system", NOW)
    version = find_published("scorecard", "default")
    if version is None or not version.version.body:
        raise AssertionError("the standard scorecard is not in force")
    return made
