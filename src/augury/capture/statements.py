"""The statements that check a file's records and turn them into calls, put together from the rules."""

from __future__ import annotations

from augury.capture.columns import SQL_TYPES, Column, derived_id_sql, literal, value_sql
from augury.capture.pricing import cost_sql, rates_join
from augury.capture.records import DEFAULT_OPERATION
from augury.core.calls import COLUMNS, NO_USER, UNKNOWN_MODEL
from augury.core.rules import IDENTITY, RULE, RULES

_SETTLED = {"id", "model", "provider", "model_version", "task_type", "operation", "user_id", "attempt"}
_FINAL = {
    "success": "succeeded AS success",
    "cache_write_tokens": "written AS cache_write_tokens",
    "input_tokens": "given AS input_tokens",
    "output_tokens": "taken AS output_tokens",
    "tokens_used": "CASE WHEN given IS NOT NULL AND taken IS NOT NULL OR tokens_used IS NULL "
    "THEN coalesce(given, 0) + coalesce(taken, 0) ELSE tokens_used END AS tokens_used",
    "cost_usd": "price AS cost_usd",
    "cost_source": "CASE WHEN price IS NULL THEN 'unknown' WHEN cost_usd IS NULL THEN 'computed' "
    "ELSE coalesce(cost_source, 'reported') END AS cost_source",
}


def checked_sql(columns: dict[str, Column], cases: list[tuple[int, str, str]]) -> str:
    """The table `checked`: every record's row, values, and problem, and where there is one what came, and the record."""
    came = ", ".join(f"{columns[f].came if f in columns else 'NULL'} AS came_{f}" for f in RULE)
    read = ", ".join(f"{columns[f].sql} AS read_{f}" for f in RULE if f in columns)
    values = ", ".join(
        f"{value_sql(r, Column(f'read_{r.field}', columns[r.field].type, ''))} AS {r.field}"
        if r.field in columns
        else f"NULL::{SQL_TYPES[r.kind]} AS {r.field}"
        for r in RULES
    )
    problem = " ".join(f"WHEN {condition} THEN {number}" for number, condition, _ in cases)
    shown = " ".join(f"WHEN {condition} THEN left({text}::VARCHAR, 60)" for _, condition, text in cases)
    record = ", ".join(f"{literal(f)}, left(came_{f}::VARCHAR, 2000)" for f in RULE if f in columns)
    return f"""
        CREATE TABLE checked AS
        WITH arrived AS (SELECT row, broken, broken_came, {came}, {read} FROM source),
        valued AS (SELECT row, broken, broken_came, {", ".join(f"came_{f}" for f in RULE)}, {values} FROM arrived),
        judged AS (SELECT *, CASE WHEN broken IS NOT NULL THEN broken {problem} END AS problem FROM valued)
        SELECT row, {", ".join(RULE)}, problem,
            CASE WHEN problem IS NULL AND id IS NULL THEN md5({_identity_sql()}) END AS identity,
            CASE WHEN problem IS NOT NULL THEN CASE WHEN broken IS NOT NULL THEN broken_came {shown} END END AS came,
            CASE WHEN problem IS NOT NULL THEN json_object({record})::VARCHAR END AS record
        FROM judged"""


def _identity_sql() -> str:
    """`augury.capture.records.identity_of` by column."""
    texts = (f"epoch_us({name})" if name == "timestamp" else name for name in IDENTITY)
    return " || chr(31) || ".join(f"coalesce({text}::VARCHAR, '')" for text in texts)


def calls_sql() -> str:
    """The accepted records of rows [$first, $end) as calls. Its twin by record is in `augury.capture.records`."""
    identity = "checked.identity || '#' || coalesce(occurrence, 0)"
    rest = ", ".join(f"checked.{column}" for column in COLUMNS if column not in _SETTLED)
    return f"""
        WITH settled AS (
            SELECT {rest},
                coalesce(id, {derived_id_sql("timestamp", identity)}) AS id,
                named.model AS model,
                named.provider AS provider,
                coalesce(checked.model_version, nullif(checked.model, '{UNKNOWN_MODEL}')) AS model_version,
                coalesce(task_type, 'other') AS task_type,
                coalesce(operation, '{DEFAULT_OPERATION}') AS operation,
                coalesce(user_id, '{NO_USER}') AS user_id,
                coalesce(attempt, 1) AS attempt,
                coalesce(success, error_type IS NULL AND error_message IS NULL) AS succeeded,
                coalesce(cache_write_tokens, cache_write_1h_tokens) AS written,
                NOT succeeded AND tokens_used IS NULL AS untold,
                CASE WHEN untold AND input_tokens IS NULL THEN coalesce(cached_input_tokens, 0) + coalesce(written, 0)
                    ELSE input_tokens END AS given,
                CASE WHEN untold AND output_tokens IS NULL THEN coalesce(reasoning_tokens, 0)
                    ELSE output_tokens END AS taken
            FROM checked
            JOIN named ON coalesce(checked.model, '') = named.reported AND coalesce(checked.provider, '') = named.allegedly
            LEFT JOIN twins ON twins.row = checked.row
            WHERE checked.row >= $first AND checked.row < $end AND problem IS NULL
        ), priced AS (
            SELECT settled.*,
                CASE WHEN cost_usd IS NOT NULL OR cost_source = 'unknown' THEN cost_usd ELSE {
        cost_sql(input_tokens="given", output_tokens="taken", cache_write_tokens="written")
    } END AS price
            FROM settled
            {rates_join("settled", input_tokens="given")}
        )
        SELECT {", ".join(_FINAL.get(column, column) for column in COLUMNS)} FROM priced"""
