"""The embedded engine: a DuckDB file that one process owns."""

from augury.store.duckdb.schema import SCHEMA_VERSION
from augury.store.duckdb.store import DuckDBStore

__all__ = ["SCHEMA_VERSION", "DuckDBStore"]
