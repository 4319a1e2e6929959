"""PostgreSQL and Supabase: a store that many processes share."""

from augury.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
