"""The same expressions on DuckDB and on a Spark Connect engine give the same frames, exactly."""

from datetime import date

import pandas as pd
import pytest

from enishi.metrics.api import Facts, duckdb_facts, freshness, panel, spark_facts
from enishi.metrics.tests.world import TODAY, ago

pytestmark = [pytest.mark.engines, pytest.mark.filterwarnings("ignore")]

DAYS = [TODAY, ago(16), ago(70), date(2024, 1, 2)]


@pytest.fixture(scope="module")
def sail():
    """A Sail server in this process, and a session with it."""
    from pysail.spark import SparkConnectServer
    from pyspark import sql

    server = SparkConnectServer("127.0.0.1", 0)
    server.start()
    host, port = server.listening_address
    session = sql.SparkSession.builder.remote(f"sc://{host}:{port}").getOrCreate()
    yield session
    session.stop()  # before the server: a session waits long for a server that is gone
    server.stop()


@pytest.fixture(scope="module")
def both(world, sail):
    with duckdb_facts(world) as duck:
        yield duck, spark_facts(world, sail)


@pytest.mark.parametrize("grain", ["account", "product", "user"])
@pytest.mark.parametrize("known", ["then", "now"])
def test_every_metric_agrees(both: tuple[Facts, Facts], grain, known):
    on_duckdb, on_sail = (panel(facts, DAYS, grain=grain, known=known) for facts in both)
    assert len(on_duckdb) > 3
    pd.testing.assert_frame_equal(on_duckdb, on_sail, check_exact=True)


def test_freshness_agrees(both: tuple[Facts, Facts]):
    on_duckdb, on_sail = (freshness(facts, DAYS) for facts in both)
    pd.testing.assert_frame_equal(on_duckdb, on_sail)
