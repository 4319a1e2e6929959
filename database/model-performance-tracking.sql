-- Augury on PostgreSQL 15 or newer, and on Supabase: the table of calls, its sums, views, and functions.
--
-- Paste it into an SQL editor, or: psql < database/model-performance-tracking.sql
-- Safe to run again, and on top of an older table: no call is lost, and it happens whole or not at all. What it adds to a
-- large table for the first time, indexes above all, keeps writers waiting meanwhile.
-- Run by the user whom the tables shall belong to. What Augury keeps for itself is in the schema `augury`.

BEGIN;

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = '';  -- every name says where it is
SET LOCAL lock_timeout = '30s';  -- fails rather than keeping everybody else waiting behind it

DO $$ BEGIN PERFORM pg_advisory_xact_lock(1098213746, -2147483648); END $$;  -- one at a time

CREATE SCHEMA IF NOT EXISTS augury;

CREATE TABLE IF NOT EXISTS augury.about (key TEXT PRIMARY KEY, value TEXT NOT NULL);

DO $$
DECLARE
    present INTEGER := (SELECT value::INTEGER FROM augury.about WHERE key = 'schema_version');
    old TEXT;
BEGIN
    IF present > 3 THEN
        RAISE EXCEPTION 'this database has version % of the schema, this file is of version 3', present
            USING HINT = 'Use the file that came with the newest Augury in use.';
    END IF;
    -- What has our names and is not ours yet may have other columns, which cannot be replaced.
    IF present IS NULL THEN
        FOR old IN
            SELECT format('DROP VIEW public.%I', viewname) FROM pg_catalog.pg_views WHERE schemaname = 'public'
                AND viewname IN ('model_avg_response_time', 'model_success_rate', 'model_user_satisfaction',
                    'best_model_by_task', 'model_token_efficiency', 'model_performance_trends')
            UNION ALL
            SELECT format('DROP FUNCTION %s', oid::REGPROCEDURE) FROM pg_catalog.pg_proc
            WHERE pronamespace = 'public'::REGNAMESPACE AND prokind = 'f'
                AND proname IN ('get_best_model_for_task', 'get_model_performance_summary', 'cleanup_old_performance_data')
        LOOP
            EXECUTE old;
        END LOOP;
    END IF;
    -- Sums of version 2 do not tell what costs are made of: those of days that have their rows are made anew. Who
    -- writes locks the calls first and then the sums, and who seals the sums alone: in this order nobody waits in a circle.
    IF present = 2 THEN
        LOCK TABLE public.model_performance_metrics IN SHARE ROW EXCLUSIVE MODE;
        LOCK TABLE augury.call_sums IN ACCESS EXCLUSIVE MODE;
        ALTER TABLE augury.call_sums
            ADD COLUMN reported_cost_sum NUMERIC(38, 10) NOT NULL DEFAULT 0,
            ADD COLUMN reported_calls BIGINT NOT NULL DEFAULT 0,
            ADD COLUMN computed_cost_sum NUMERIC(38, 10) NOT NULL DEFAULT 0,
            ADD COLUMN computed_calls BIGINT NOT NULL DEFAULT 0,
            ADD COLUMN priced_thumbs_up BIGINT NOT NULL DEFAULT 0,
            ADD COLUMN cached_input_tokens_sum BIGINT NOT NULL DEFAULT 0,
            ADD COLUMN cache_write_tokens_sum BIGINT NOT NULL DEFAULT 0,
            ADD COLUMN reasoning_tokens_sum BIGINT NOT NULL DEFAULT 0;
        DELETE FROM augury.call_sums WHERE day IN (SELECT day FROM augury.sealed_days WHERE NOT final);
        DELETE FROM augury.latency_sums WHERE day IN (SELECT day FROM augury.sealed_days WHERE NOT final);
        DELETE FROM augury.sealed_days WHERE NOT final;
    END IF;
END $$;

-- ── Calls ───────────────────────────────────────────────────────────────────────────────────────────────────────────
-- One row is one call: a request to a model, and how it ended.

CREATE TABLE IF NOT EXISTS public.model_performance_metrics (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    task_type TEXT NOT NULL,
    task_complexity TEXT,
    response_time_ms INTEGER NOT NULL,
    tokens_used INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    success BOOLEAN NOT NULL DEFAULT true,
    error_message TEXT,
    user_rating INTEGER,
    conversation_id TEXT,
    user_id UUID NOT NULL,
    message_id UUID,
    metadata JSONB,
    timestamp TIMESTAMPTZ DEFAULT now()
);

-- Each step looks first whether there is anything to do: to find that out, ALTER TABLE and CREATE INDEX would wait for
-- everybody who uses the table, and let nobody in meanwhile.
DO $$
DECLARE
    step TEXT;
BEGIN
    FOREACH step IN ARRAY ARRAY(
        SELECT format('ALTER TABLE public.model_performance_metrics ADD COLUMN IF NOT EXISTS %I %s', name, type)
        FROM (VALUES
            (1, 'model_version', 'TEXT'),
            (2, 'operation', 'TEXT DEFAULT ''chat'''),
            (3, 'time_to_first_token_ms', 'INTEGER'),
            (4, 'cached_input_tokens', 'INTEGER'),
            (5, 'cache_write_tokens', 'INTEGER'),
            (6, 'cache_write_1h_tokens', 'INTEGER'),
            (7, 'reasoning_tokens', 'INTEGER'),
            (8, 'service_tier', 'TEXT'),
            (9, 'cost_usd', 'NUMERIC(18, 10)'),
            (10, 'cost_source', 'TEXT DEFAULT ''unknown'''),
            (11, 'error_type', 'TEXT'),
            (12, 'segment', 'TEXT'),
            (13, 'selected_by', 'TEXT'),
            (14, 'propensity', 'DOUBLE PRECISION'),
            (15, 'experiment', 'TEXT'),
            (16, 'variant', 'TEXT'),
            (17, 'attempt', 'SMALLINT DEFAULT 1')
        ) AS columns (place, name, type)
        WHERE name NOT IN (
            SELECT attname FROM pg_catalog.pg_attribute
            WHERE attrelid = 'public.model_performance_metrics'::REGCLASS AND NOT attisdropped
        )
        ORDER BY place
    ) LOOP
        EXECUTE step;
    END LOOP;

    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_attrdef JOIN pg_catalog.pg_attribute ON attrelid = adrelid AND attnum = adnum
        WHERE adrelid = 'public.model_performance_metrics'::REGCLASS AND attname = 'id'
    ) THEN
        ALTER TABLE public.model_performance_metrics ALTER COLUMN id SET DEFAULT gen_random_uuid();
    END IF;

    -- Rows that are there already are left as they are; new and changed ones keep the rules.
    FOREACH step IN ARRAY ARRAY(
        SELECT format('ALTER TABLE public.model_performance_metrics ADD CONSTRAINT %I CHECK (%s)%s', 'model_perf_' || name, rule,
            CASE WHEN EXISTS (SELECT FROM public.model_performance_metrics) THEN ' NOT VALID' ELSE '' END)
        FROM (VALUES
            (1, 'task_type', $rule$task_type IN ('general_chat', 'coding', 'analysis', 'reasoning', 'creative',
                'file_processing', 'function_calling', 'other')$rule$),
            (2, 'task_complexity', $rule$task_complexity IN ('simple', 'medium', 'complex')$rule$),
            (3, 'response_time_ms', 'response_time_ms >= 0'),
            (4, 'tokens_used', 'tokens_used >= 0'),
            (5, 'input_tokens', 'input_tokens >= 0'),
            (6, 'output_tokens', 'output_tokens >= 0'),
            (7, 'user_rating', 'user_rating IN (-1, 0, 1)'),
            -- Nothing was called before 1970, and days are numbered from there.
            (8, 'timestamp', $rule$timestamp >= '1970-01-01 00:00:00+00' AND timestamp < 'infinity'$rule$),
            (9, 'time_to_first_token_ms', 'time_to_first_token_ms >= 0'),
            (10, 'cached_input_tokens', 'cached_input_tokens >= 0'),
            (11, 'cache_write_tokens', 'cache_write_tokens >= 0'),
            (12, 'cache_write_1h_tokens', 'cache_write_1h_tokens >= 0'),
            (13, 'reasoning_tokens', 'reasoning_tokens >= 0'),
            (14, 'cost_usd', 'cost_usd >= 0 AND cost_usd <= 100000'),  -- which NaN is not: it would poison every sum
            (15, 'cost_source', $rule$cost_source IN ('reported', 'computed', 'unknown')$rule$),
            (16, 'error_type', $rule$error_type IN ('rate_limit', 'timeout', 'overloaded', 'context_length',
                'content_filter', 'authentication', 'invalid_request', 'server', 'connection', 'cancelled', 'task',
                'other')$rule$),
            (17, 'selected_by', $rule$selected_by IN ('caller', 'rules', 'data', 'exploration', 'experiment')$rule$),
            (18, 'propensity', 'propensity > 0 AND propensity <= 1'),
            (19, 'attempt', 'attempt >= 1')
        ) AS rules (place, name, rule)
        WHERE 'model_perf_' || name NOT IN (
            SELECT conname FROM pg_catalog.pg_constraint WHERE conrelid = 'public.model_performance_metrics'::REGCLASS
        )
        ORDER BY place
    ) LOOP
        EXECUTE step;
    END LOOP;

    FOREACH step IN ARRAY ARRAY(
        SELECT format('CREATE INDEX %I ON public.model_performance_metrics %s', name, columns)
        FROM (VALUES
            (1, 'idx_model_perf_model', '(model)'),
            (2, 'idx_model_perf_task_type', '(task_type)'),
            (3, 'idx_model_perf_model_task', '(model, task_type)'),
            (4, 'idx_model_perf_timestamp', '(timestamp)'),
            -- What is rated: a message's call, or a conversation's latest.
            (5, 'idx_model_perf_message', '(message_id) WHERE message_id IS NOT NULL'),
            (6, 'idx_model_perf_conversation', '(conversation_id, timestamp) WHERE conversation_id IS NOT NULL'),
            -- What a user may read, and have erased.
            (7, 'idx_model_perf_user', '(user_id)')
        ) AS indexes (place, name, columns)
        WHERE to_regclass('public.' || name) IS NULL
        ORDER BY place
    ) LOOP
        EXECUTE step;
    END LOOP;
END $$;

-- ── Facts: what everything is summed from ───────────────────────────────────────────────────────────────────────────

-- The bucket of a duration: exact below 128 ms, then 64 to an octave. The twin of augury.core.histogram.bucket.
CREATE OR REPLACE FUNCTION augury.latency_bucket(ms INTEGER) RETURNS INTEGER
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN ms < 128 THEN greatest(ms, 0)
    WHEN ms < 256 THEN 64 + (ms >> 1)
    WHEN ms < 512 THEN 128 + (ms >> 2)
    WHEN ms < 1024 THEN 192 + (ms >> 3)
    WHEN ms < 2048 THEN 256 + (ms >> 4)
    WHEN ms < 4096 THEN 320 + (ms >> 5)
    WHEN ms < 8192 THEN 384 + (ms >> 6)
    WHEN ms < 16384 THEN 448 + (ms >> 7)
    WHEN ms < 32768 THEN 512 + (ms >> 8)
    WHEN ms < 65536 THEN 576 + (ms >> 9)
    WHEN ms < 131072 THEN 640 + (ms >> 10)
    WHEN ms < 262144 THEN 704 + (ms >> 11)
    WHEN ms < 524288 THEN 768 + (ms >> 12)
    WHEN ms < 1048576 THEN 832 + (ms >> 13)
    WHEN ms < 2097152 THEN 896 + (ms >> 14)
    WHEN ms < 4194304 THEN 960 + (ms >> 15)
    WHEN ms < 8388608 THEN 1024 + (ms >> 16)
    WHEN ms < 16777216 THEN 1088 + (ms >> 17)
    WHEN ms < 33554432 THEN 1152 + (ms >> 18)
    WHEN ms < 67108864 THEN 1216 + (ms >> 19)
    WHEN ms < 134217728 THEN 1280 + (ms >> 20)
    WHEN ms < 268435456 THEN 1344 + (ms >> 21)
    WHEN ms < 536870912 THEN 1408 + (ms >> 22)
    WHEN ms < 1073741824 THEN 1472 + (ms >> 23)
    ELSE 1536 + (ms >> 24)
END
$$;

-- The middle of a bucket, in milliseconds. The twin of augury.core.histogram.middle.
CREATE OR REPLACE FUNCTION augury.latency_middle(bucket INTEGER) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN bucket < 128 THEN bucket::DOUBLE PRECISION
    ELSE ((bucket - (bucket / 64 - 1) * 64)::BIGINT << (bucket / 64 - 1))
        + ((1::BIGINT << (bucket / 64 - 1)) - 1) / 2::DOUBLE PRECISION
END
$$;

-- A day is days of UTC since 1970-01-01.
CREATE OR REPLACE FUNCTION augury.day_of(instant TIMESTAMPTZ) RETURNS INTEGER
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN isfinite(instant) THEN (instant AT TIME ZONE 'UTC')::DATE - DATE '1970-01-01'
    WHEN instant > '1970-01-01 00:00:00+00' THEN 2147483647
    WHEN instant < '1970-01-01 00:00:00+00' THEN -2147483648
END
$$;

CREATE OR REPLACE FUNCTION augury.start_of(day INTEGER) RETURNS TIMESTAMPTZ
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT to_timestamp(day * 86400::DOUBLE PRECISION) $$;

-- Calls as the rules would have them. An older table may hold others, which are left as they are; metadata may be any JSON.
CREATE OR REPLACE VIEW augury.sound_calls WITH (security_invoker = true) AS
SELECT
    id,
    model,
    provider,
    CASE WHEN task_type IN ('general_chat', 'coding', 'analysis', 'reasoning', 'creative', 'file_processing',
        'function_calling', 'other') THEN task_type ELSE 'other' END AS task_type,
    CASE WHEN task_complexity IN ('simple', 'medium', 'complex') THEN task_complexity END AS task_complexity,
    greatest(response_time_ms, 0) AS response_time_ms,
    greatest(tokens_used, 0) AS tokens_used,
    CASE WHEN input_tokens >= 0 THEN input_tokens END AS input_tokens,
    CASE WHEN output_tokens >= 0 THEN output_tokens END AS output_tokens,
    success,
    error_message,
    CASE WHEN user_rating IN (-1, 0, 1) THEN user_rating END AS user_rating,
    conversation_id,
    user_id,
    message_id,
    CASE WHEN jsonb_typeof(metadata) = 'object' THEN metadata
        WHEN jsonb_typeof(metadata) <> 'null' THEN jsonb_build_object('value', metadata) END AS metadata,
    timestamp,
    model_version,
    operation,
    time_to_first_token_ms,
    cached_input_tokens,
    cache_write_tokens,
    cache_write_1h_tokens,
    reasoning_tokens,
    service_tier,
    cost_usd,
    cost_source,
    error_type,
    segment,
    selected_by,
    propensity,
    experiment,
    variant,
    attempt
FROM public.model_performance_metrics;

-- What a call adds to each sum. Costs are dollars, exact.
CREATE OR REPLACE VIEW augury.call_rows WITH (security_invoker = true) AS
SELECT
    timestamp,
    model,
    provider,
    operation,
    task_type,
    task_complexity,
    segment,
    experiment,
    variant,
    1::BIGINT AS calls,
    success::INTEGER::BIGINT AS successes,
    (attempt IS NOT DISTINCT FROM 1)::INTEGER::BIGINT AS first_attempts,
    -- Evidence says something about the model: failures of the caller, or of the line, do not.
    (success OR error_type IS NULL
        OR error_type NOT IN ('cancelled', 'authentication', 'invalid_request', 'connection'))::INTEGER::BIGINT AS evidence_calls,
    CASE WHEN success OR error_type IS NULL
        OR error_type NOT IN ('cancelled', 'authentication', 'invalid_request', 'connection') THEN response_time_ms
        ELSE 0 END::BIGINT AS evidence_ms_sum,
    CASE WHEN success THEN response_time_ms ELSE 0 END::BIGINT AS success_ms_sum,
    CASE WHEN success THEN ln(greatest(response_time_ms, 1)::DOUBLE PRECISION) ELSE 0 END AS success_ln_ms_sum,
    CASE WHEN success THEN ln(greatest(response_time_ms, 1)::DOUBLE PRECISION) ^ 2 ELSE 0 END AS success_ln_ms_square_sum,
    CASE WHEN success THEN response_time_ms END AS success_ms_min,
    CASE WHEN success THEN response_time_ms END AS success_ms_max,
    response_time_ms::BIGINT AS response_ms_sum,
    response_time_ms AS response_ms_min,
    response_time_ms AS response_ms_max,
    coalesce(time_to_first_token_ms, 0)::BIGINT AS first_token_ms_sum,
    (time_to_first_token_ms IS NOT NULL)::INTEGER::BIGINT AS first_token_calls,
    tokens_used::BIGINT AS tokens_sum,
    coalesce(input_tokens, 0)::BIGINT AS input_tokens_sum,
    coalesce(output_tokens, 0)::BIGINT AS output_tokens_sum,
    CASE WHEN success AND output_tokens IS NOT NULL THEN output_tokens ELSE 0 END::BIGINT AS timed_output_tokens_sum,
    CASE WHEN success AND output_tokens IS NOT NULL THEN response_time_ms ELSE 0 END::BIGINT AS timed_output_ms_sum,
    coalesce(cost_usd, 0.0000000000)::NUMERIC(38, 10) AS cost_sum,
    CASE WHEN success THEN coalesce(cost_usd, 0.0000000000) ELSE 0.0000000000 END::NUMERIC(38, 10) AS success_cost_sum,
    (cost_usd IS NOT NULL)::INTEGER::BIGINT AS priced_calls,
    -- How costs vary is told by their logarithms, which calls that cost nothing have none of.
    coalesce(cost_usd > 0, false)::INTEGER::BIGINT AS costing_calls,
    CASE WHEN cost_usd > 0 THEN ln(cost_usd::DOUBLE PRECISION) ELSE 0 END AS cost_ln_sum,
    CASE WHEN cost_usd > 0 THEN ln(cost_usd::DOUBLE PRECISION) ^ 2 ELSE 0 END AS cost_ln_square_sum,
    (cost_usd IS NOT NULL AND success)::INTEGER::BIGINT AS priced_successes,
    (user_rating IS NOT DISTINCT FROM 1)::INTEGER::BIGINT AS thumbs_up,
    (user_rating IS NOT DISTINCT FROM -1)::INTEGER::BIGINT AS thumbs_down,
    -- What costs are told by.
    CASE WHEN cost_source = 'reported' THEN coalesce(cost_usd, 0.0000000000) ELSE 0.0000000000 END::NUMERIC(38, 10) AS reported_cost_sum,
    (cost_usd IS NOT NULL AND cost_source IS NOT DISTINCT FROM 'reported')::INTEGER::BIGINT AS reported_calls,
    CASE WHEN cost_source = 'computed' THEN coalesce(cost_usd, 0.0000000000) ELSE 0.0000000000 END::NUMERIC(38, 10) AS computed_cost_sum,
    (cost_usd IS NOT NULL AND cost_source IS NOT DISTINCT FROM 'computed')::INTEGER::BIGINT AS computed_calls,
    (cost_usd IS NOT NULL AND user_rating IS NOT DISTINCT FROM 1)::INTEGER::BIGINT AS priced_thumbs_up,
    coalesce(cached_input_tokens, 0)::BIGINT AS cached_input_tokens_sum,
    coalesce(cache_write_tokens, 0)::BIGINT AS cache_write_tokens_sum,
    coalesce(reasoning_tokens, 0)::BIGINT AS reasoning_tokens_sum
FROM augury.sound_calls;

-- How many calls took how long.
CREATE OR REPLACE VIEW augury.latency_rows WITH (security_invoker = true) AS
SELECT timestamp, model, provider, operation, task_type, task_complexity, segment, experiment, variant,
    augury.latency_bucket(response_time_ms) AS bucket, 1::BIGINT AS calls
FROM augury.sound_calls;

-- ── Sealed days: what their rows add up to ──────────────────────────────────────────────────────────────────────────
-- A day's sums are there exactly while it is sealed; whatever changes one of its rows takes them away in the same
-- transaction.

CREATE SEQUENCE IF NOT EXISTS augury.seal_numbers;

CREATE TABLE IF NOT EXISTS augury.sealed_days (
    day INTEGER PRIMARY KEY,
    seal BIGINT NOT NULL DEFAULT nextval('augury.seal_numbers'),
    final BOOLEAN NOT NULL DEFAULT false,  -- its rows are gone, or going
    calls BIGINT NOT NULL,
    overflow TEXT NOT NULL DEFAULT '',  -- the columns that had too many values
    sealed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- By the hour: `timestamp` is when it began.
CREATE TABLE IF NOT EXISTS augury.call_sums (
    day INTEGER NOT NULL,
    timestamp TIMESTAMPTZ NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    operation TEXT,
    task_type TEXT NOT NULL,
    task_complexity TEXT,
    segment TEXT,
    experiment TEXT,
    variant TEXT,
    calls BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    first_attempts BIGINT NOT NULL,
    evidence_calls BIGINT NOT NULL,
    evidence_ms_sum BIGINT NOT NULL,
    success_ms_sum BIGINT NOT NULL,
    success_ln_ms_sum DOUBLE PRECISION NOT NULL,
    success_ln_ms_square_sum DOUBLE PRECISION NOT NULL,
    success_ms_min INTEGER,
    success_ms_max INTEGER,
    response_ms_sum BIGINT NOT NULL,
    response_ms_min INTEGER NOT NULL,
    response_ms_max INTEGER NOT NULL,
    first_token_ms_sum BIGINT NOT NULL,
    first_token_calls BIGINT NOT NULL,
    tokens_sum BIGINT NOT NULL,
    input_tokens_sum BIGINT NOT NULL,
    output_tokens_sum BIGINT NOT NULL,
    timed_output_tokens_sum BIGINT NOT NULL,
    timed_output_ms_sum BIGINT NOT NULL,
    cost_sum NUMERIC(38, 10) NOT NULL,
    success_cost_sum NUMERIC(38, 10) NOT NULL,
    priced_calls BIGINT NOT NULL,
    costing_calls BIGINT NOT NULL,
    cost_ln_sum DOUBLE PRECISION NOT NULL,
    cost_ln_square_sum DOUBLE PRECISION NOT NULL,
    priced_successes BIGINT NOT NULL,
    thumbs_up BIGINT NOT NULL,
    thumbs_down BIGINT NOT NULL,
    reported_cost_sum NUMERIC(38, 10) NOT NULL DEFAULT 0,
    reported_calls BIGINT NOT NULL DEFAULT 0,
    computed_cost_sum NUMERIC(38, 10) NOT NULL DEFAULT 0,
    computed_calls BIGINT NOT NULL DEFAULT 0,
    priced_thumbs_up BIGINT NOT NULL DEFAULT 0,
    cached_input_tokens_sum BIGINT NOT NULL DEFAULT 0,
    cache_write_tokens_sum BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens_sum BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS call_sums_day ON augury.call_sums (day);

-- By the day: buckets[i] holds counts[i] calls. Packed, since a row for each bucket takes twelve times the room.
CREATE TABLE IF NOT EXISTS augury.latency_sums (
    day INTEGER NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    operation TEXT,
    task_type TEXT NOT NULL,
    task_complexity TEXT,
    segment TEXT,
    experiment TEXT,
    variant TEXT,
    buckets SMALLINT[] NOT NULL,
    counts BIGINT[] NOT NULL
);
CREATE INDEX IF NOT EXISTS latency_sums_day ON augury.latency_sums (day);

-- The rest of time, as half-open ranges.
CREATE OR REPLACE VIEW augury.open_ranges WITH (security_invoker = true) AS
SELECT lo, hi
FROM (
    SELECT hi AS lo, lead(lo, 1, 'infinity') OVER (ORDER BY hi) AS hi
    FROM (
        SELECT augury.start_of(day) AS lo, augury.start_of(day + 1) AS hi FROM augury.sealed_days
        UNION ALL
        SELECT TIMESTAMPTZ '-infinity' AS lo, TIMESTAMPTZ '-infinity' AS hi
    ) AS sealed
) AS rest
WHERE lo < hi;

-- Locks on days, so that sealing and writing cannot miss each other: who writes to a day shares it until the end of the
-- transaction, who seals it has it alone.
CREATE OR REPLACE FUNCTION augury.lock_space() RETURNS INTEGER
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 1098213746 $$;

-- Sum a day's rows; how many they are. NULL where somebody is writing to it, or it is sealed already.
CREATE OR REPLACE FUNCTION augury.seal_day(day INTEGER) RETURNS BIGINT
LANGUAGE plpgsql VOLATILE SET search_path = '' SET row_security = off AS $$
#variable_conflict use_column
DECLARE
    this CONSTANT INTEGER := seal_day.day;
    since CONSTANT TIMESTAMPTZ := augury.start_of(seal_day.day);
    until CONSTANT TIMESTAMPTZ := augury.start_of(seal_day.day + 1);
    -- How many different values a day's sums keep apart; what is rarer is summed as '(other)'.
    most CONSTANT JSONB := '{"model": 1000, "provider": 200, "operation": 50, "segment": 1000, "experiment": 200, "variant": 200}';
    overflow TEXT;
    kept JSONB;  -- by column that overflows: the values that are kept
    summed BIGINT;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'days are sealed in transactions of isolation level "read committed", not "%"',
            current_setting('transaction_isolation')
            USING ERRCODE = 'active_sql_transaction', DETAIL = 'Others would look at the moment before the lock was had.';
    END IF;
    -- A statement of its own: the next one sees all that was committed before the lock was had.
    IF NOT pg_try_advisory_xact_lock(augury.lock_space(), this) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM augury.sealed_days WHERE day = this) THEN
        RETURN NULL;
    END IF;

    INSERT INTO augury.call_sums
    SELECT this, date_trunc('hour', timestamp, 'UTC') AS hour,
        model, provider, operation, task_type, task_complexity, segment, experiment, variant,
        sum(calls), sum(successes), sum(first_attempts), sum(evidence_calls), sum(evidence_ms_sum), sum(success_ms_sum),
        sum(success_ln_ms_sum), sum(success_ln_ms_square_sum), min(success_ms_min), max(success_ms_max),
        sum(response_ms_sum), min(response_ms_min), max(response_ms_max), sum(first_token_ms_sum), sum(first_token_calls),
        sum(tokens_sum), sum(input_tokens_sum), sum(output_tokens_sum), sum(timed_output_tokens_sum),
        sum(timed_output_ms_sum), sum(cost_sum), sum(success_cost_sum), sum(priced_calls), sum(costing_calls),
        sum(cost_ln_sum), sum(cost_ln_square_sum), sum(priced_successes), sum(thumbs_up), sum(thumbs_down),
        sum(reported_cost_sum), sum(reported_calls), sum(computed_cost_sum), sum(computed_calls), sum(priced_thumbs_up),
        sum(cached_input_tokens_sum), sum(cache_write_tokens_sum), sum(reasoning_tokens_sum)
    FROM augury.call_rows
    WHERE timestamp >= since AND timestamp < until
    GROUP BY hour, model, provider, operation, task_type, task_complexity, segment, experiment, variant;

    SELECT
        string_agg(name, ' ' ORDER BY place) FILTER (WHERE different > (most ->> name)::INTEGER)
    INTO overflow
    FROM (
        SELECT count(DISTINCT model) AS model, count(DISTINCT provider) AS provider, count(DISTINCT operation) AS operation,
            count(DISTINCT segment) AS segment, count(DISTINCT experiment) AS experiment, count(DISTINCT variant) AS variant
        FROM augury.call_sums WHERE day = this
    ) AS counts
    CROSS JOIN LATERAL (VALUES
        (1, 'model', model), (2, 'provider', provider), (3, 'operation', operation), (4, 'segment', segment),
        (5, 'experiment', experiment), (6, 'variant', variant)
    ) AS names (place, name, different);

    IF overflow IS NOT NULL THEN
        SELECT jsonb_object_agg(name, names) INTO kept
        FROM (
            SELECT name, jsonb_object_agg(value, true) AS names
            FROM (
                SELECT name, value, row_number() OVER (PARTITION BY name ORDER BY sum(calls) DESC, value COLLATE "C") AS place
                FROM augury.call_sums
                CROSS JOIN LATERAL (VALUES
                    ('model', model), ('provider', provider), ('operation', operation), ('segment', segment),
                    ('experiment', experiment), ('variant', variant)
                ) AS own (name, value)
                WHERE day = this AND value IS NOT NULL AND name = ANY (string_to_array(overflow, ' '))
                GROUP BY name, value
            ) AS ranked
            WHERE place <= (most ->> name)::INTEGER
            GROUP BY name
        ) AS by_name;

        WITH whole AS (DELETE FROM augury.call_sums WHERE day = this RETURNING *)
        INSERT INTO augury.call_sums
        SELECT this, timestamp,
            augury.kept_name(model, kept -> 'model') AS model_, augury.kept_name(provider, kept -> 'provider') AS provider_,
            augury.kept_name(operation, kept -> 'operation') AS operation_, task_type, task_complexity,
            augury.kept_name(segment, kept -> 'segment') AS segment_,
            augury.kept_name(experiment, kept -> 'experiment') AS experiment_,
            augury.kept_name(variant, kept -> 'variant') AS variant_,
            sum(calls), sum(successes), sum(first_attempts), sum(evidence_calls), sum(evidence_ms_sum), sum(success_ms_sum),
            sum(success_ln_ms_sum), sum(success_ln_ms_square_sum), min(success_ms_min), max(success_ms_max),
            sum(response_ms_sum), min(response_ms_min), max(response_ms_max), sum(first_token_ms_sum),
            sum(first_token_calls), sum(tokens_sum), sum(input_tokens_sum), sum(output_tokens_sum),
            sum(timed_output_tokens_sum), sum(timed_output_ms_sum), sum(cost_sum), sum(success_cost_sum),
            sum(priced_calls), sum(costing_calls), sum(cost_ln_sum), sum(cost_ln_square_sum), sum(priced_successes),
            sum(thumbs_up), sum(thumbs_down), sum(reported_cost_sum), sum(reported_calls), sum(computed_cost_sum),
            sum(computed_calls), sum(priced_thumbs_up), sum(cached_input_tokens_sum), sum(cache_write_tokens_sum),
            sum(reasoning_tokens_sum)
        FROM whole
        GROUP BY timestamp, model_, provider_, operation_, task_type, task_complexity, segment_, experiment_, variant_;
    END IF;

    INSERT INTO augury.latency_sums
    SELECT this, model_, provider_, operation_, task_type, task_complexity, segment_, experiment_, variant_,
        array_agg(bucket::SMALLINT ORDER BY bucket), array_agg(held ORDER BY bucket)
    FROM (
        SELECT augury.kept_name(model, kept -> 'model') AS model_, augury.kept_name(provider, kept -> 'provider') AS provider_,
            augury.kept_name(operation, kept -> 'operation') AS operation_, task_type, task_complexity,
            augury.kept_name(segment, kept -> 'segment') AS segment_,
            augury.kept_name(experiment, kept -> 'experiment') AS experiment_,
            augury.kept_name(variant, kept -> 'variant') AS variant_, bucket, count(*) AS held
        FROM augury.latency_rows
        WHERE timestamp >= since AND timestamp < until
        GROUP BY model_, provider_, operation_, task_type, task_complexity, segment_, experiment_, variant_, bucket
    ) AS counted
    GROUP BY model_, provider_, operation_, task_type, task_complexity, segment_, experiment_, variant_;

    SELECT coalesce(sum(calls), 0) INTO summed FROM augury.call_sums WHERE day = this;
    INSERT INTO augury.sealed_days (day, calls, overflow) VALUES (this, summed, coalesce(overflow, ''));
    RETURN summed;
END
$$;

-- The name, or '(other)' where only some are kept, and it is not among them.
CREATE OR REPLACE FUNCTION augury.kept_name(name TEXT, kept JSONB) RETURNS TEXT
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN kept IS NULL OR name IS NULL OR kept ? name THEN name ELSE '(other)' END
$$;

-- Let a day's sums stand from now on, so that its rows may go.
CREATE OR REPLACE FUNCTION augury.finish_day(day INTEGER) RETURNS VOID
LANGUAGE plpgsql VOLATILE SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    this CONSTANT INTEGER := finish_day.day;
BEGIN
    PERFORM pg_advisory_xact_lock(augury.lock_space(), this);
    PERFORM augury.seal_day(this);  -- says so where it may not; nothing where it is sealed
    UPDATE augury.sealed_days SET final = true WHERE day = this AND NOT final;
END
$$;

-- The open days before this one that have calls, in order: a look at the index for each, however many calls they have.
CREATE OR REPLACE FUNCTION augury.unsealed_days(before INTEGER) RETURNS SETOF INTEGER
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
DECLARE
    open_range RECORD;
    until CONSTANT TIMESTAMPTZ := augury.start_of(before);
    next TIMESTAMPTZ;
BEGIN
    FOR open_range IN SELECT lo, least(hi, until) AS hi FROM augury.open_ranges WHERE lo < until ORDER BY lo LOOP
        next := open_range.lo;
        LOOP
            next := (
                SELECT timestamp FROM public.model_performance_metrics
                WHERE timestamp >= next AND timestamp < open_range.hi AND timestamp > '-infinity'
                ORDER BY timestamp LIMIT 1
            );
            EXIT WHEN next IS NULL;
            RETURN NEXT augury.day_of(next);
            next := augury.start_of(augury.day_of(next) + 1);
        END LOOP;
    END LOOP;
END
$$;

-- Whoever writes to a sealed day takes its sums away, in the same transaction. With its owner's rights: who may insert a
-- call need not know of sums.
CREATE OR REPLACE FUNCTION augury.unseal() RETURNS TRIGGER
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
    days INTEGER[];
    this INTEGER;
    is_open BOOLEAN;
    is_final BOOLEAN;
BEGIN
    IF TG_OP = 'INSERT' THEN
        days := ARRAY(SELECT DISTINCT augury.day_of(timestamp) AS day FROM new_calls ORDER BY day);
    ELSIF TG_OP = 'DELETE' THEN
        days := ARRAY(SELECT DISTINCT augury.day_of(timestamp) AS day FROM old_calls ORDER BY day);
    ELSE
        days := ARRAY(
            SELECT augury.day_of(timestamp) AS day FROM old_calls UNION SELECT augury.day_of(timestamp) FROM new_calls ORDER BY day
        );
    END IF;

    -- In order, so that two who write to the same days do not wait for each other. A call without a time has no day.
    FOREACH this IN ARRAY array_remove(days, NULL) LOOP
        -- A statement of its own: the next one sees the seal that was waited for.
        PERFORM pg_advisory_xact_lock_shared(augury.lock_space(), this);

        -- Where a transaction looks at one moment only, it may not see that seal. But it cannot put one beside it either:
        -- PostgreSQL says "could not serialize access" (40001), and the transaction is tried again. What was put there is
        -- taken back at once, so that nobody waits for it; and nothing is read first, which would set serializable
        -- transactions that write to the same open day against each other.
        IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
            is_open := false;
            BEGIN
                INSERT INTO augury.sealed_days (day, seal, calls) VALUES (this, 0, 0) ON CONFLICT (day) DO NOTHING;
                is_open := FOUND;
                IF is_open THEN
                    RAISE EXCEPTION USING ERRCODE = 'AU002';
                END IF;
            EXCEPTION WHEN SQLSTATE 'AU002' THEN
                NULL;
            END;
            CONTINUE WHEN is_open;
        END IF;

        SELECT final INTO is_final FROM augury.sealed_days WHERE day = this;
        CONTINUE WHEN NOT FOUND;
        IF is_final THEN
            -- Pruning deletes what is summed for good.
            CONTINUE WHEN TG_OP = 'DELETE' AND current_setting('augury.pruning', true) = 'on';
            RAISE EXCEPTION 'the calls of % were pruned, and its sums are final: nothing of that day can be changed',
                to_char(DATE '1970-01-01' + this, 'YYYY-MM-DD')
                USING ERRCODE = 'AU001', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'timestamp';
        END IF;
        DELETE FROM augury.sealed_days WHERE day = this;
        DELETE FROM augury.call_sums WHERE day = this;
        DELETE FROM augury.latency_sums WHERE day = this;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION augury.unseal_all() RETURNS TRIGGER
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    -- The table is locked: nobody else has a seal half done. But a transaction that looks at one moment only may not see
    -- one that is.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'model_performance_metrics is truncated in transactions of isolation level "read committed", not "%"',
            current_setting('transaction_isolation') USING ERRCODE = 'active_sql_transaction';
    END IF;
    DELETE FROM augury.call_sums WHERE day IN (SELECT day FROM augury.sealed_days WHERE NOT final);
    DELETE FROM augury.latency_sums WHERE day IN (SELECT day FROM augury.sealed_days WHERE NOT final);
    DELETE FROM augury.sealed_days WHERE NOT final;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    step TEXT;
BEGIN
    FOREACH step IN ARRAY ARRAY(
        SELECT format('CREATE TRIGGER %I AFTER %s ON public.model_performance_metrics %s FOR EACH STATEMENT EXECUTE FUNCTION %s()',
            'model_perf_' || name, event, tables, routine)
        FROM (VALUES
            ('unseal_insert', 'INSERT', 'REFERENCING NEW TABLE AS new_calls', 'augury.unseal'),
            ('unseal_update', 'UPDATE', 'REFERENCING OLD TABLE AS old_calls NEW TABLE AS new_calls', 'augury.unseal'),
            ('unseal_delete', 'DELETE', 'REFERENCING OLD TABLE AS old_calls', 'augury.unseal'),
            ('unseal_truncate', 'TRUNCATE', '', 'augury.unseal_all')
        ) AS triggers (name, event, tables, routine)
        WHERE 'model_perf_' || name NOT IN (
            SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = 'public.model_performance_metrics'::REGCLASS
        )
    ) LOOP
        EXECUTE step;
    END LOOP;
END $$;

-- ── Facts: sealed days from their sums, open ones from their rows ───────────────────────────────────────────────────

CREATE OR REPLACE VIEW augury.call_facts WITH (security_invoker = true) AS
SELECT call_rows.* FROM augury.call_rows JOIN augury.open_ranges ON timestamp >= lo AND timestamp < hi
UNION ALL
SELECT timestamp, model, provider, operation, task_type, task_complexity, segment, experiment, variant, calls, successes,
    first_attempts, evidence_calls, evidence_ms_sum, success_ms_sum, success_ln_ms_sum, success_ln_ms_square_sum,
    success_ms_min, success_ms_max, response_ms_sum, response_ms_min, response_ms_max, first_token_ms_sum,
    first_token_calls, tokens_sum, input_tokens_sum, output_tokens_sum, timed_output_tokens_sum, timed_output_ms_sum,
    cost_sum, success_cost_sum, priced_calls, costing_calls, cost_ln_sum, cost_ln_square_sum, priced_successes, thumbs_up,
    thumbs_down, reported_cost_sum, reported_calls, computed_cost_sum, computed_calls, priced_thumbs_up,
    cached_input_tokens_sum, cache_write_tokens_sum, reasoning_tokens_sum
FROM augury.call_sums;

-- All latencies of a sealed day stand at its beginning.
CREATE OR REPLACE VIEW augury.latency_facts WITH (security_invoker = true) AS
SELECT latency_rows.* FROM augury.latency_rows JOIN augury.open_ranges ON timestamp >= lo AND timestamp < hi
UNION ALL
SELECT augury.start_of(day), model, provider, operation, task_type, task_complexity, segment, experiment, variant,
    unnest(buckets)::INTEGER, unnest(counts)
FROM augury.latency_sums;

-- The facts of a window, `since` included, `until` not. The same as from the views, and sooner: each open range is cut to
-- the window before its rows are looked for, by the index on timestamp.
CREATE OR REPLACE FUNCTION augury.call_facts_between(since TIMESTAMPTZ, until TIMESTAMPTZ) RETURNS SETOF augury.call_facts
LANGUAGE sql STABLE AS $$
SELECT facts.*
FROM (SELECT greatest(lo, $1) AS lo, least(hi, $2) AS hi FROM augury.open_ranges WHERE lo < $2 AND hi > $1) AS cut
CROSS JOIN LATERAL (
    -- OFFSET 0: a range is an index scan of its own, never a condition of a join over all rows.
    SELECT * FROM augury.call_rows WHERE timestamp >= cut.lo AND timestamp < cut.hi OFFSET 0
) AS facts
UNION ALL
SELECT timestamp, model, provider, operation, task_type, task_complexity, segment, experiment, variant, calls, successes,
    first_attempts, evidence_calls, evidence_ms_sum, success_ms_sum, success_ln_ms_sum, success_ln_ms_square_sum,
    success_ms_min, success_ms_max, response_ms_sum, response_ms_min, response_ms_max, first_token_ms_sum,
    first_token_calls, tokens_sum, input_tokens_sum, output_tokens_sum, timed_output_tokens_sum, timed_output_ms_sum,
    cost_sum, success_cost_sum, priced_calls, costing_calls, cost_ln_sum, cost_ln_square_sum, priced_successes, thumbs_up,
    thumbs_down, reported_cost_sum, reported_calls, computed_cost_sum, computed_calls, priced_thumbs_up,
    cached_input_tokens_sum, cache_write_tokens_sum, reasoning_tokens_sum
FROM augury.call_sums
WHERE day >= augury.day_of($1) AND day <= augury.day_of($2) AND timestamp >= $1 AND timestamp < $2
$$;

CREATE OR REPLACE FUNCTION augury.latency_facts_between(since TIMESTAMPTZ, until TIMESTAMPTZ) RETURNS SETOF augury.latency_facts
LANGUAGE sql STABLE AS $$
SELECT facts.*
FROM (SELECT greatest(lo, $1) AS lo, least(hi, $2) AS hi FROM augury.open_ranges WHERE lo < $2 AND hi > $1) AS cut
CROSS JOIN LATERAL (
    SELECT * FROM augury.latency_rows WHERE timestamp >= cut.lo AND timestamp < cut.hi OFFSET 0
) AS facts
UNION ALL
SELECT augury.start_of(day), model, provider, operation, task_type, task_complexity, segment, experiment, variant,
    unnest(buckets)::INTEGER, unnest(counts)
FROM augury.latency_sums
WHERE day >= augury.day_of($1) AND day <= augury.day_of($2) AND augury.start_of(day) >= $1 AND augury.start_of(day) < $2
$$;

-- ── Formulas ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE OR REPLACE FUNCTION augury.first_instant(days INTEGER) RETURNS TIMESTAMPTZ
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT date_trunc('day', now(), 'UTC') - (days - 1) * INTERVAL '24 hours' $$;

CREATE OR REPLACE FUNCTION augury.end_of_today() RETURNS TIMESTAMPTZ
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT date_trunc('day', now(), 'UTC') + INTERVAL '24 hours' $$;

CREATE OR REPLACE FUNCTION augury.is_generating(operation TEXT) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT operation IN ('chat', 'text_completion', 'generate_content') $$;

CREATE OR REPLACE FUNCTION augury.percent(part NUMERIC, whole NUMERIC) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN whole > 0 THEN 100::DOUBLE PRECISION * part::DOUBLE PRECISION / whole::DOUBLE PRECISION END
$$;

CREATE OR REPLACE FUNCTION augury.speed_score(avg_ms DOUBLE PRECISION) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT greatest(0::DOUBLE PRECISION, 100::DOUBLE PRECISION - least(100::DOUBLE PRECISION, avg_ms / 100::DOUBLE PRECISION))
$$;

CREATE OR REPLACE FUNCTION augury.quality_score(
    success_rate DOUBLE PRECISION, satisfaction_rate DOUBLE PRECISION, speed DOUBLE PRECISION
) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN satisfaction_rate IS NULL THEN (2::DOUBLE PRECISION * success_rate + speed) / 3::DOUBLE PRECISION
    ELSE 0.4::DOUBLE PRECISION * success_rate + 0.4::DOUBLE PRECISION * satisfaction_rate + 0.2::DOUBLE PRECISION * speed
END
$$;

-- 100 · (1 - width of the 95 % Wilson interval); 0 without a trial.
CREATE OR REPLACE FUNCTION augury.certainty(part NUMERIC, whole NUMERIC) RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN whole > 0 THEN (
    SELECT 100::DOUBLE PRECISION * (1::DOUBLE PRECISION
        - (least(1::DOUBLE PRECISION, (middle + half) / scale) - greatest(0::DOUBLE PRECISION, (middle - half) / scale)))
    FROM (SELECT part::DOUBLE PRECISION / whole::DOUBLE PRECISION AS p, whole::DOUBLE PRECISION AS n) AS trial
    CROSS JOIN LATERAL (SELECT
        p + 3.841458820694124::DOUBLE PRECISION / (2 * n) AS middle,
        1.959963984540054::DOUBLE PRECISION
            * sqrt(p * (1 - p) / n + 3.841458820694124::DOUBLE PRECISION / (4 * n * n)) AS half,
        1 + 3.841458820694124::DOUBLE PRECISION / n AS scale
    ) AS wilson
) ELSE 0 END
$$;

CREATE OR REPLACE FUNCTION augury.confidence(calls NUMERIC, successes NUMERIC, thumbs_up NUMERIC, thumbs_down NUMERIC)
RETURNS DOUBLE PRECISION
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT 0.5::DOUBLE PRECISION * (100::DOUBLE PRECISION * calls::DOUBLE PRECISION / (calls + 20)::DOUBLE PRECISION)
    + 0.3::DOUBLE PRECISION * augury.certainty(successes, calls)
    + 0.2::DOUBLE PRECISION * augury.certainty(thumbs_up, thumbs_up + thumbs_down)
$$;

-- ── The seed's views and functions ──────────────────────────────────────────────────────────────────────────────────
-- Each view covers the last 90 calendar days (UTC), today included; the function of the same name takes another number
-- of days: SELECT * FROM model_success_rate(7). They count what writes an answer (chat and completions), as the API
-- does, and rank by the plain formulas.

-- One row per model, with every measure of the API under its name in snake_case.
CREATE OR REPLACE FUNCTION public.get_model_performance_summary(days INTEGER DEFAULT 30) RETURNS TABLE (
    model TEXT,
    provider TEXT,
    total_calls BIGINT,
    avg_response_time DOUBLE PRECISION,
    min_response_time INTEGER,
    max_response_time INTEGER,
    median_response_time DOUBLE PRECISION,
    p95_response_time DOUBLE PRECISION,
    p99_response_time DOUBLE PRECISION,
    avg_time_to_first_token DOUBLE PRECISION,
    success_rate DOUBLE PRECISION,
    thumbs_up BIGINT,
    thumbs_down BIGINT,
    satisfaction_rate DOUBLE PRECISION,
    avg_tokens DOUBLE PRECISION,
    total_tokens BIGINT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    tokens_per_second DOUBLE PRECISION,
    total_cost NUMERIC,
    cost_per_call DOUBLE PRECISION,
    cost_per_success DOUBLE PRECISION,
    unpriced_calls BIGINT,
    quality_score DOUBLE PRECISION,
    speed_score DOUBLE PRECISION,
    confidence DOUBLE PRECISION,
    successful_calls BIGINT
)
LANGUAGE sql STABLE AS $$
WITH by_provider AS (
    SELECT f.model, f.provider,
        sum(f.calls) AS calls, sum(f.successes) AS successes,
        sum(f.response_ms_sum) AS response_ms, min(f.response_ms_min) AS least_ms, max(f.response_ms_max) AS most_ms,
        sum(f.first_token_ms_sum) AS first_ms, sum(f.first_token_calls) AS first_calls,
        sum(f.tokens_sum) AS tokens, sum(f.input_tokens_sum) AS input, sum(f.output_tokens_sum) AS output,
        sum(f.timed_output_tokens_sum) AS timed_tokens, sum(f.timed_output_ms_sum) AS timed_ms,
        sum(f.cost_sum) AS cost, sum(f.priced_calls) AS priced, sum(f.priced_successes) AS priced_ok,
        sum(f.thumbs_up) AS up, sum(f.thumbs_down) AS down
    FROM augury.call_facts_between(augury.first_instant($1), augury.end_of_today()) AS f
    WHERE augury.is_generating(f.operation)
    GROUP BY f.model, f.provider
),
sums AS (
    SELECT s.model,
        (array_agg(s.provider ORDER BY s.calls DESC, s.provider COLLATE "C"))[1] AS provider,
        sum(s.calls) AS calls, sum(s.successes) AS successes,
        sum(s.response_ms) AS response_ms, min(s.least_ms) AS least_ms, max(s.most_ms) AS most_ms,
        sum(s.first_ms) AS first_ms, sum(s.first_calls) AS first_calls,
        sum(s.tokens) AS tokens, sum(s.input) AS input, sum(s.output) AS output,
        sum(s.timed_tokens) AS timed_tokens, sum(s.timed_ms) AS timed_ms,
        sum(s.cost) AS cost, sum(s.priced) AS priced, sum(s.priced_ok) AS priced_ok,
        sum(s.up) AS up, sum(s.down) AS down
    FROM by_provider AS s
    GROUP BY s.model
),
buckets AS (
    SELECT f.model, f.bucket, sum(f.calls)::BIGINT AS n
    FROM augury.latency_facts_between(augury.first_instant($1), augury.end_of_today()) AS f
    WHERE augury.is_generating(f.operation)
    GROUP BY f.model, f.bucket
),
ranked AS (
    SELECT b.model, augury.latency_middle(b.bucket) AS middle,
        (sum(b.n) OVER (PARTITION BY b.model ORDER BY b.bucket))::BIGINT AS upto,
        (sum(b.n) OVER (PARTITION BY b.model))::BIGINT - 1 AS last
    FROM buckets AS b
),
-- The order statistics around rank last · p / 100, and how far it lies between them.
percentiles AS (
    SELECT r.model,
        min(r.middle) FILTER (WHERE r.upto > r.last * 50 / 100) AS low_50,
        min(r.middle) FILTER (WHERE r.upto > least(r.last * 50 / 100 + 1, r.last)) AS high_50,
        min(r.last * 50 % 100) / 100::DOUBLE PRECISION AS rest_50,
        min(r.middle) FILTER (WHERE r.upto > r.last * 95 / 100) AS low_95,
        min(r.middle) FILTER (WHERE r.upto > least(r.last * 95 / 100 + 1, r.last)) AS high_95,
        min(r.last * 95 % 100) / 100::DOUBLE PRECISION AS rest_95,
        min(r.middle) FILTER (WHERE r.upto > r.last * 99 / 100) AS low_99,
        min(r.middle) FILTER (WHERE r.upto > least(r.last * 99 / 100 + 1, r.last)) AS high_99,
        min(r.last * 99 % 100) / 100::DOUBLE PRECISION AS rest_99
    FROM ranked AS r
    GROUP BY r.model
),
measured AS (
    SELECT s.*,
        s.response_ms::DOUBLE PRECISION / s.calls::DOUBLE PRECISION AS avg_ms,
        greatest(s.least_ms, least(s.most_ms, p.low_50 + p.rest_50 * (p.high_50 - p.low_50))) AS median_ms,
        greatest(s.least_ms, least(s.most_ms, p.low_95 + p.rest_95 * (p.high_95 - p.low_95))) AS p95_ms,
        greatest(s.least_ms, least(s.most_ms, p.low_99 + p.rest_99 * (p.high_99 - p.low_99))) AS p99_ms,
        augury.percent(s.successes, s.calls) AS success_percent,
        augury.percent(s.up, s.up + s.down) AS satisfaction_percent
    FROM sums AS s JOIN percentiles AS p ON p.model = s.model
)
SELECT
    m.model,
    m.provider,
    m.calls::BIGINT,
    m.avg_ms,
    m.least_ms,
    m.most_ms,
    m.median_ms,
    m.p95_ms,
    m.p99_ms,
    CASE WHEN m.first_calls > 0 THEN m.first_ms::DOUBLE PRECISION / m.first_calls::DOUBLE PRECISION END,
    m.success_percent,
    m.up::BIGINT,
    m.down::BIGINT,
    m.satisfaction_percent,
    m.tokens::DOUBLE PRECISION / m.calls::DOUBLE PRECISION,
    m.tokens::BIGINT,
    m.input::BIGINT,
    m.output::BIGINT,
    CASE WHEN m.timed_ms > 0 THEN 1000::DOUBLE PRECISION * m.timed_tokens::DOUBLE PRECISION / m.timed_ms::DOUBLE PRECISION END,
    CASE WHEN m.priced > 0 THEN m.cost END,
    CASE WHEN m.priced > 0 THEN m.cost::DOUBLE PRECISION / m.priced::DOUBLE PRECISION END,
    CASE WHEN m.priced_ok > 0 THEN m.cost::DOUBLE PRECISION / m.priced_ok::DOUBLE PRECISION END,
    (m.calls - m.priced)::BIGINT,
    augury.quality_score(m.success_percent, m.satisfaction_percent, augury.speed_score(m.avg_ms)),
    augury.speed_score(m.avg_ms),
    augury.confidence(m.calls, m.successes, m.up, m.down),
    m.successes::BIGINT
FROM measured AS m
ORDER BY m.calls DESC, m.model COLLATE "C"
$$;

CREATE OR REPLACE FUNCTION public.model_avg_response_time(days INTEGER) RETURNS TABLE (
    model TEXT, provider TEXT, total_calls BIGINT, avg_response_time DOUBLE PRECISION, min_response_time INTEGER,
    max_response_time INTEGER, median_response_time DOUBLE PRECISION, p95_response_time DOUBLE PRECISION
)
LANGUAGE sql STABLE AS $$
SELECT s.model, s.provider, s.total_calls, s.avg_response_time, s.min_response_time, s.max_response_time,
    s.median_response_time, s.p95_response_time
FROM public.get_model_performance_summary($1) AS s ORDER BY s.avg_response_time, s.model COLLATE "C"
$$;

CREATE OR REPLACE FUNCTION public.model_success_rate(days INTEGER) RETURNS TABLE (
    model TEXT, provider TEXT, total_calls BIGINT, successful_calls BIGINT, failed_calls BIGINT,
    success_rate DOUBLE PRECISION
)
LANGUAGE sql STABLE AS $$
SELECT s.model, s.provider, s.total_calls, s.successful_calls, s.total_calls - s.successful_calls, s.success_rate
FROM public.get_model_performance_summary($1) AS s ORDER BY s.success_rate DESC, s.model COLLATE "C"
$$;

CREATE OR REPLACE FUNCTION public.model_user_satisfaction(days INTEGER) RETURNS TABLE (
    model TEXT, provider TEXT, total_calls BIGINT, rated_calls BIGINT, thumbs_up BIGINT, thumbs_down BIGINT,
    satisfaction_rate DOUBLE PRECISION
)
LANGUAGE sql STABLE AS $$
SELECT s.model, s.provider, s.total_calls, s.thumbs_up + s.thumbs_down, s.thumbs_up, s.thumbs_down, s.satisfaction_rate
FROM public.get_model_performance_summary($1) AS s ORDER BY s.satisfaction_rate DESC NULLS LAST, s.model COLLATE "C"
$$;

CREATE OR REPLACE FUNCTION public.model_token_efficiency(days INTEGER) RETURNS TABLE (
    model TEXT, provider TEXT, total_calls BIGINT, avg_tokens DOUBLE PRECISION, total_tokens BIGINT, input_tokens BIGINT,
    output_tokens BIGINT, tokens_per_second DOUBLE PRECISION, total_cost NUMERIC, cost_per_call DOUBLE PRECISION,
    cost_per_success DOUBLE PRECISION, unpriced_calls BIGINT
)
LANGUAGE sql STABLE AS $$
SELECT s.model, s.provider, s.total_calls, s.avg_tokens, s.total_tokens, s.input_tokens, s.output_tokens,
    s.tokens_per_second, s.total_cost, s.cost_per_call, s.cost_per_success, s.unpriced_calls
FROM public.get_model_performance_summary($1) AS s ORDER BY s.avg_tokens, s.model COLLATE "C"
$$;

-- One row per day (UTC) and model that had calls.
CREATE OR REPLACE FUNCTION public.model_performance_trends(days INTEGER) RETURNS TABLE (
    date TEXT, model TEXT, total_calls BIGINT, avg_response_time DOUBLE PRECISION, success_rate DOUBLE PRECISION,
    satisfaction_rate DOUBLE PRECISION, avg_tokens DOUBLE PRECISION, total_cost NUMERIC
)
LANGUAGE sql STABLE AS $$
SELECT
    to_char(DATE '1970-01-01' + augury.day_of(f.timestamp), 'YYYY-MM-DD'),
    f.model,
    sum(f.calls)::BIGINT,
    sum(f.response_ms_sum)::DOUBLE PRECISION / sum(f.calls)::DOUBLE PRECISION,
    augury.percent(sum(f.successes), sum(f.calls)),
    augury.percent(sum(f.thumbs_up), sum(f.thumbs_up) + sum(f.thumbs_down)),
    sum(f.tokens_sum)::DOUBLE PRECISION / sum(f.calls)::DOUBLE PRECISION,
    CASE WHEN sum(f.priced_calls) > 0 THEN sum(f.cost_sum) END
FROM augury.call_facts_between(augury.first_instant($1), augury.end_of_today()) AS f
WHERE augury.is_generating(f.operation)
GROUP BY augury.day_of(f.timestamp), f.model
ORDER BY augury.day_of(f.timestamp), f.model COLLATE "C"
$$;

-- The model of the highest quality score for each task type, among those with five calls of it or more.
CREATE OR REPLACE FUNCTION public.best_model_by_task(days INTEGER) RETURNS TABLE (
    task_type TEXT, model TEXT, provider TEXT, total_calls BIGINT, avg_response_time DOUBLE PRECISION,
    success_rate DOUBLE PRECISION, satisfaction_rate DOUBLE PRECISION, quality_score DOUBLE PRECISION,
    confidence DOUBLE PRECISION
)
LANGUAGE sql STABLE AS $$
WITH by_provider AS (
    SELECT f.task_type, f.model, f.provider, sum(f.calls) AS calls, sum(f.successes) AS successes,
        sum(f.response_ms_sum) AS response_ms, sum(f.thumbs_up) AS up, sum(f.thumbs_down) AS down
    FROM augury.call_facts_between(augury.first_instant($1), augury.end_of_today()) AS f
    WHERE augury.is_generating(f.operation) AND f.model NOT IN ('unknown', '(other)')
    GROUP BY f.task_type, f.model, f.provider
),
sums AS (
    SELECT s.task_type, s.model,
        (array_agg(s.provider ORDER BY s.calls DESC, s.provider COLLATE "C"))[1] AS provider,
        sum(s.calls) AS calls,
        augury.percent(sum(s.successes), sum(s.calls)) AS success_rate,
        augury.percent(sum(s.up), sum(s.up) + sum(s.down)) AS satisfaction_rate,
        sum(s.response_ms)::DOUBLE PRECISION / sum(s.calls)::DOUBLE PRECISION AS avg_ms,
        augury.confidence(sum(s.calls), sum(s.successes), sum(s.up), sum(s.down)) AS confidence
    FROM by_provider AS s
    GROUP BY s.task_type, s.model
    HAVING sum(s.calls) >= 5
),
scored AS (
    SELECT s.*, augury.quality_score(s.success_rate, s.satisfaction_rate, augury.speed_score(s.avg_ms)) AS quality_score
    FROM sums AS s
),
placed AS (
    SELECT s.*, row_number() OVER (
        PARTITION BY s.task_type ORDER BY s.quality_score DESC, s.calls DESC, s.model COLLATE "C"
    ) AS place
    FROM scored AS s
)
SELECT p.task_type, p.model, p.provider, p.calls::BIGINT, p.avg_ms, p.success_rate, p.satisfaction_rate, p.quality_score,
    p.confidence
FROM placed AS p
WHERE p.place = 1
ORDER BY p.task_type COLLATE "C"
$$;

-- The best model for a task type by the plain formula of a priority, among those with five calls of it or more in the
-- last 90 days: speed by average response time, quality by success and satisfaction, cost by dollars per success (by
-- tokens where no price is known), anything else by the quality score. The API's recommendation weighs evidence instead.
CREATE OR REPLACE FUNCTION public.get_best_model_for_task(task_type TEXT, priority TEXT DEFAULT 'balanced') RETURNS TABLE (
    model TEXT, provider TEXT, total_calls BIGINT, avg_response_time DOUBLE PRECISION, success_rate DOUBLE PRECISION,
    satisfaction_rate DOUBLE PRECISION, cost_per_success DOUBLE PRECISION, quality_score DOUBLE PRECISION,
    confidence DOUBLE PRECISION
)
LANGUAGE sql STABLE AS $$
WITH by_provider AS (
    SELECT f.model, f.provider, sum(f.calls) AS calls, sum(f.successes) AS successes,
        sum(f.response_ms_sum) AS response_ms, sum(f.thumbs_up) AS up, sum(f.thumbs_down) AS down,
        sum(f.cost_sum) AS cost, sum(f.priced_successes) AS priced_ok, sum(f.tokens_sum) AS tokens
    FROM augury.call_facts_between(augury.first_instant(90), augury.end_of_today()) AS f
    WHERE augury.is_generating(f.operation) AND f.model NOT IN ('unknown', '(other)') AND f.task_type = $1
    GROUP BY f.model, f.provider
),
sums AS (
    SELECT s.model,
        (array_agg(s.provider ORDER BY s.calls DESC, s.provider COLLATE "C"))[1] AS provider,
        sum(s.calls) AS calls,
        sum(s.response_ms)::DOUBLE PRECISION / sum(s.calls)::DOUBLE PRECISION AS avg_ms,
        augury.percent(sum(s.successes), sum(s.calls)) AS success_rate,
        augury.percent(sum(s.up), sum(s.up) + sum(s.down)) AS satisfaction_rate,
        CASE WHEN sum(s.priced_ok) > 0 THEN sum(s.cost)::DOUBLE PRECISION / sum(s.priced_ok)::DOUBLE PRECISION END
            AS cost_per_success,
        sum(s.tokens)::DOUBLE PRECISION / sum(s.calls)::DOUBLE PRECISION AS avg_tokens,
        augury.confidence(sum(s.calls), sum(s.successes), sum(s.up), sum(s.down)) AS confidence
    FROM by_provider AS s
    GROUP BY s.model
    HAVING sum(s.calls) >= 5
),
scored AS (
    SELECT s.*, augury.quality_score(s.success_rate, s.satisfaction_rate, augury.speed_score(s.avg_ms)) AS quality_score
    FROM sums AS s
)
SELECT s.model, s.provider, s.calls::BIGINT, s.avg_ms, s.success_rate, s.satisfaction_rate, s.cost_per_success,
    s.quality_score, s.confidence
FROM scored AS s
ORDER BY
    CASE WHEN $2 = 'speed' THEN s.avg_ms END,
    CASE WHEN $2 = 'quality' THEN -(s.success_rate + coalesce(s.satisfaction_rate, s.success_rate)) END,
    CASE WHEN $2 = 'cost' THEN coalesce(s.cost_per_success, 1e9::DOUBLE PRECISION + s.avg_tokens) END,
    s.quality_score DESC, s.calls DESC, s.model COLLATE "C"
LIMIT 1
$$;

CREATE OR REPLACE VIEW public.model_avg_response_time WITH (security_invoker = true) AS
SELECT * FROM public.model_avg_response_time(90);
CREATE OR REPLACE VIEW public.model_success_rate WITH (security_invoker = true) AS
SELECT * FROM public.model_success_rate(90);
CREATE OR REPLACE VIEW public.model_user_satisfaction WITH (security_invoker = true) AS
SELECT * FROM public.model_user_satisfaction(90);
CREATE OR REPLACE VIEW public.best_model_by_task WITH (security_invoker = true) AS
SELECT * FROM public.best_model_by_task(90);
CREATE OR REPLACE VIEW public.model_token_efficiency WITH (security_invoker = true) AS
SELECT * FROM public.model_token_efficiency(90);
CREATE OR REPLACE VIEW public.model_performance_trends WITH (security_invoker = true) AS
SELECT * FROM public.model_performance_trends(90);

-- Delete the calls from before the last 90 days (UTC, today included), and keep their sums; how many.
CREATE OR REPLACE FUNCTION public.cleanup_old_performance_data() RETURNS BIGINT
LANGUAGE plpgsql VOLATILE SET search_path = '' SET row_security = off AS $$
DECLARE
    first_kept CONSTANT INTEGER := augury.day_of(now()) - 89;
    this INTEGER;
    before CONSTANT TEXT := coalesce(current_setting('augury.pruning', true), '');
    gone BIGINT;
BEGIN
    FOR this IN
        SELECT augury.unsealed_days(first_kept)
        UNION
        SELECT day FROM augury.sealed_days WHERE day < first_kept AND NOT final
        ORDER BY 1
    LOOP
        PERFORM augury.finish_day(this);
    END LOOP;
    PERFORM set_config('augury.pruning', 'on', true);
    DELETE FROM public.model_performance_metrics
    WHERE timestamp < augury.start_of(first_kept)
        AND augury.day_of(timestamp) IN (SELECT day FROM augury.sealed_days WHERE final);
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('augury.pruning', before, true);
    RETURN gone;
END
$$;

-- ── Who may see what, on Supabase ───────────────────────────────────────────────────────────────────────────────────
-- Users read their own calls; sums, views, and functions are about everybody's, and so are for the service role, which
-- also writes. Its default privileges give everything in `public` to everybody.
DO $$
DECLARE
    name TEXT;
BEGIN
    IF (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role')) < 3 THEN
        RETURN;
    END IF;

    IF NOT (SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = 'public.model_performance_metrics'::REGCLASS) THEN
        ALTER TABLE public.model_performance_metrics ENABLE ROW LEVEL SECURITY;
    END IF;
    IF to_regprocedure('auth.uid()') IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_policies WHERE schemaname = 'public' AND tablename = 'model_performance_metrics'
            AND policyname = 'Users read their own calls'
    ) THEN
        CREATE POLICY "Users read their own calls" ON public.model_performance_metrics FOR SELECT TO authenticated
            USING (user_id = (SELECT auth.uid()));
    END IF;

    REVOKE ALL ON TABLE public.model_performance_metrics FROM PUBLIC, anon, authenticated;
    GRANT SELECT ON TABLE public.model_performance_metrics TO authenticated;
    GRANT ALL ON TABLE public.model_performance_metrics TO service_role;
    FOREACH name IN ARRAY ARRAY['model_avg_response_time', 'model_success_rate', 'model_user_satisfaction',
        'best_model_by_task', 'model_token_efficiency', 'model_performance_trends']
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE public.%I FROM PUBLIC, anon, authenticated', name);
        EXECUTE format('GRANT ALL ON TABLE public.%I TO service_role', name);
        EXECUTE format('REVOKE ALL ON FUNCTION public.%I(INTEGER) FROM PUBLIC, anon, authenticated', name);
        EXECUTE format('GRANT ALL ON FUNCTION public.%I(INTEGER) TO service_role', name);
    END LOOP;
    REVOKE ALL ON FUNCTION public.get_best_model_for_task(TEXT, TEXT), public.get_model_performance_summary(INTEGER),
        public.cleanup_old_performance_data() FROM PUBLIC, anon, authenticated;
    GRANT ALL ON FUNCTION public.get_best_model_for_task(TEXT, TEXT), public.get_model_performance_summary(INTEGER),
        public.cleanup_old_performance_data() TO service_role;

    REVOKE ALL ON SCHEMA augury FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL TABLES IN SCHEMA augury FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA augury FROM PUBLIC, anon, authenticated;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA augury FROM PUBLIC, anon, authenticated;
    GRANT USAGE ON SCHEMA augury TO service_role;
    GRANT ALL ON ALL TABLES IN SCHEMA augury TO service_role;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA augury TO service_role;
    GRANT ALL ON ALL FUNCTIONS IN SCHEMA augury TO service_role;
END $$;

INSERT INTO augury.about (key, value) VALUES ('schema_version', '3')
ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE about.value <> excluded.value;

COMMIT;
