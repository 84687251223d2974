import pytest

from enishi.metrics.api import duckdb_facts
from enishi.metrics.tests.world import publish_world


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    return publish_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def facts(world):
    with duckdb_facts(world) as opened:
        yield opened
