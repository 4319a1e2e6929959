"""The embedded engine: a DuckDB file that one process owns."""

from augury.store.duckdb.store import SCHEMA_VERSION, DuckDBStore

__all__ = ["SCHEMA_VERSION", "DuckDBStore"]
