"""Calls in bulk, as fast as DuckDB can make them up: believable in shape, meant for measuring alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (
    "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-sonnet-4-5-20250929", "gpt-6-sol", "gpt-6-luna",
    "gpt-5.4", "gpt-5.4-mini", "gpt-4o-2024-11-20", "gpt-4o-mini", "gemini-2.5-pro", "gemini-2.5-flash",
)  # fmt: skip
TASKS = ("general_chat", "coding", "analysis", "reasoning", "creative", "file_processing", "function_calling", "other")


def write_log(path: Path, rows: int, *, with_ids: bool) -> None:
    """Write a log of `rows` calls of the last 90 days to a Parquet file, oldest first.

    12 models, 8 task types, 3 complexities; log-normal durations; one call in 33 fails, one in ten is rated.
    """
    models = ", ".join(f"'{model}'" for model in MODELS)
    tasks = ", ".join(f"'{task}'" for task in TASKS)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'; SELECT setseed(0.42)")
        database.execute(f"""
            COPY (
                SELECT
                    {"uuidv7() AS id," if with_ids else ""}
                    [{models}][1 + (hash(i, 1) % 12)::INTEGER] AS model,
                    [{tasks}][1 + (hash(i, 2) % 8)::INTEGER] AS task_type,
                    ['simple', 'medium', 'complex'][1 + (hash(i, 3) % 3)::INTEGER] AS task_complexity,
                    (exp(7.3 + 0.8 * sqrt(-2 * ln((1 + hash(i, 4) % 999983) / 999984)) * cos(hash(i, 5) % 6283 / 1000)))::INTEGER
                        AS response_time_ms,
                    (50 + hash(i, 6) % 4000)::INTEGER AS input_tokens,
                    (20 + hash(i, 7) % 900)::INTEGER AS output_tokens,
                    hash(i, 8) % 33 <> 0 AS success,
                    CASE hash(i, 9) % 20 WHEN 0 THEN -1 WHEN 1 THEN 1 END AS user_rating,
                    'conv-' || (i // 4) AS conversation_id,
                    'user-' || (hash(i, 10) % 500) AS user_id,
                    make_timestamptz((epoch_us(now()) - 90 * 86400000000 + (i * (90 * 86400000000 / {rows}))::BIGINT)::BIGINT) AS timestamp,
                    CASE WHEN hash(i, 11) % 2 = 0 THEN (100 + hash(i, 12) % 900)::INTEGER END AS time_to_first_token_ms
                FROM range({rows}) AS t(i)
            ) TO '{path}' (FORMAT parquet)""")
