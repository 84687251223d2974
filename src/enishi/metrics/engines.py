"""The engines that answer: DuckDB in this process, or anything that speaks Spark Connect.

An engine knows tables by name and runs SQL compiled from Ibis expressions; it never sees a user's string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from enishi.metrics.sqltext import literal, name_of

DUCKDB_THREADS = 0  # 0: as many as there are cores


class Engine(Protocol):
    """What the metrics room needs of an analytic engine."""

    dialect: str

    def read(self, name: str, files: Sequence[str], schema: pa.Schema, where: str = "") -> None:
        """Know Parquet files as a table; ``where`` is a condition made by this room from dates."""

    def put(self, name: str, table: pa.Table) -> None:
        """Know a small Arrow table by a name."""

    def keep(self, name: str, sql: str) -> None:
        """Know the result of a query by a name, computed once if the engine can."""

    def view(self, name: str, sql: str) -> None:
        """Know a query by a name, computed when asked."""

    def rows(self, sql: str) -> pa.Table:
        """Run a query."""

    def json_text(self, column: str, path: Sequence[str]) -> str:
        """SQL for the text of a JSON object's scalar at a path; null where it is absent or null."""

    def fresh(self) -> Engine | None:
        """Another engine of the same kind that knows nothing yet; None where there is only one."""

    def close(self) -> None:
        """Give everything back."""


class DuckDBEngine:
    """DuckDB inside this process, in memory: no server, no lock, no file of its own."""

    dialect = "duckdb"

    def __init__(self, threads: int = DUCKDB_THREADS, memory: str = "") -> None:
        self._threads, self._memory = threads, memory
        config: dict[str, Any] = {"threads": threads} if threads else {}
        if memory:
            config["memory_limit"] = memory
        self.connection = duckdb.connect(":memory:", config=config)
        self.connection.execute("SET TimeZone = 'UTC'")
        self._names: dict[str, str] = {}  # what stands under each name: VIEW or TABLE
        self.connection.execute("SET enable_progress_bar = false")
        # Our queries join the small side from the right; guessing, DuckDB at times takes the facts for it.
        self.connection.execute("SET disabled_optimizers = 'build_side_probe_side'").fetchall()

    def read(self, name: str, files: Sequence[str], schema: pa.Schema, where: str = "") -> None:
        if not files:
            self.put(name, schema.empty_table())
            return
        self._forget(name, "VIEW")
        listed = ", ".join(literal(path) for path in files)
        condition = f" WHERE {where}" if where else ""
        self.connection.execute(
            f"CREATE VIEW {name_of(name)} AS SELECT * FROM read_parquet([{listed}]){condition}"  # noqa: S608
        )

    def put(self, name: str, table: pa.Table) -> None:
        self._forget(name)
        self.connection.register("incoming", table)
        self.connection.execute(f"CREATE TEMP TABLE {name_of(name)} AS SELECT * FROM incoming")  # noqa: S608
        self.connection.unregister("incoming")

    def keep(self, name: str, sql: str) -> None:
        self._forget(name)
        self.connection.execute(f"CREATE TEMP TABLE {name_of(name)} AS {sql}")

    def view(self, name: str, sql: str) -> None:
        self._forget(name, "VIEW")
        self.connection.execute(f"CREATE VIEW {name_of(name)} AS {sql}")

    def rows(self, sql: str) -> pa.Table:
        return self.connection.sql(sql).to_arrow_table()

    def json_text(self, column: str, path: Sequence[str]) -> str:
        steps = "$" + "".join(f'."{step}"' for step in path)
        return f"json_extract_string({name_of(column)}, {literal(steps)})"

    def fresh(self) -> Engine | None:
        return DuckDBEngine(self._threads, self._memory)

    def close(self) -> None:
        self.connection.close()

    def _forget(self, name: str, now: str = "TABLE") -> None:
        if name in self._names:
            self.connection.execute(f"DROP {self._names[name]} {name_of(name)}")
        self._names[name] = now


class SparkEngine:
    """Any Spark Connect endpoint (Spark, Sail, Databricks Connect) that can read the published files.

    Args:
        session: a ``pyspark.sql.connect`` session; its time zone is set to UTC.
    """

    dialect = "pyspark"

    def __init__(self, session: Any) -> None:
        import ibis.backends.pyspark as dialect  # registers the options its compiler reads

        dialect.Backend.register_options()
        self.session = session
        session.conf.set("spark.sql.session.timeZone", "UTC")

    def read(self, name: str, files: Sequence[str], schema: pa.Schema, where: str = "") -> None:
        if not files:
            self.put(name, schema.empty_table())
            return
        frame = self.session.read.parquet(*files)
        (frame.where(where) if where else frame).createOrReplaceTempView(name)

    def put(self, name: str, table: pa.Table) -> None:
        if table.num_rows:
            frame = self.session.createDataFrame(table)
        else:
            from pyspark.sql.pandas.types import from_arrow_schema  # only where Spark is asked for

            frame = self.session.createDataFrame([], from_arrow_schema(table.schema))
        frame.createOrReplaceTempView(name)

    def keep(self, name: str, sql: str) -> None:
        self.session.sql(sql).createOrReplaceTempView(name)

    def view(self, name: str, sql: str) -> None:
        self.keep(name, sql)

    def rows(self, sql: str) -> pa.Table:
        return self.session.sql(sql).toArrow()

    def json_text(self, column: str, path: Sequence[str]) -> str:
        return f"get_json_object({name_of(column, '`')}, {literal('$.' + '.'.join(path))})"

    def fresh(self) -> Engine | None:
        return None

    def close(self) -> None:
        """The session belongs to whoever made it."""
