-- Augury on DuckDB. Safe to run again: tables are kept, views and macros are replaced.

CREATE TABLE IF NOT EXISTS augury_about (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

-- One row is one call: a request to a model, and how it ended. No primary key: the one process that owns the file keeps
-- ids apart before it writes, and an index would make bulk inserts three times slower.
CREATE TABLE IF NOT EXISTS model_performance_metrics (
    id UUID NOT NULL,
    model VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    task_type VARCHAR NOT NULL,
    task_complexity VARCHAR,
    response_time_ms INTEGER NOT NULL,
    tokens_used INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    success BOOLEAN NOT NULL DEFAULT true,
    error_message VARCHAR,
    user_rating TINYINT,
    conversation_id VARCHAR,
    user_id UUID NOT NULL,
    message_id UUID,
    metadata JSON,
    timestamp TIMESTAMPTZ DEFAULT now(),
    model_version VARCHAR,
    operation VARCHAR DEFAULT 'chat',
    time_to_first_token_ms INTEGER,
    cached_input_tokens INTEGER,
    cache_write_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    reasoning_tokens INTEGER,
    service_tier VARCHAR,
    cost_usd DECIMAL(18, 10),
    cost_source VARCHAR DEFAULT 'unknown',
    error_type VARCHAR,
    segment VARCHAR,
    selected_by VARCHAR,
    propensity DOUBLE,
    experiment VARCHAR,
    variant VARCHAR,
    attempt SMALLINT DEFAULT 1
);

-- ── Facts: what everything is summed from ───────────────────────────────────────────────────────────────────────────

-- The bucket of a duration: exact below 128 ms, then 64 to an octave. The twin of augury.core.histogram.bucket.
CREATE OR REPLACE MACRO latency_bucket(ms) AS CASE
    WHEN ms < 128 THEN ms
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
END;

-- The middle of a bucket, in milliseconds. The twin of augury.core.histogram.middle.
CREATE OR REPLACE MACRO latency_middle(bucket) AS CASE
    WHEN bucket < 128 THEN bucket::DOUBLE
    ELSE ((bucket - (bucket // 64 - 1) * 64)::BIGINT << (bucket // 64 - 1)::BIGINT)
        + ((1::BIGINT << (bucket // 64 - 1)::BIGINT) - 1) / 2::DOUBLE
END;

-- What a call adds to each sum. Costs are dollars, exact, as DECIMAL adds them up.
CREATE OR REPLACE VIEW call_rows AS
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
    1 AS calls,
    success::INTEGER AS successes,
    (attempt IS NOT DISTINCT FROM 1)::INTEGER AS first_attempts,
    -- Evidence says something about the model: failures of the caller, or of the line, do not.
    (success OR error_type IS NULL
        OR error_type NOT IN ('cancelled', 'authentication', 'invalid_request', 'connection'))::INTEGER AS evidence_calls,
    CASE WHEN evidence_calls = 1 THEN response_time_ms ELSE 0 END AS evidence_ms_sum,
    CASE WHEN success THEN response_time_ms ELSE 0 END AS success_ms_sum,
    CASE WHEN success THEN ln(greatest(response_time_ms, 1)) ELSE 0 END AS success_ln_ms_sum,
    CASE WHEN success THEN ln(greatest(response_time_ms, 1)) ** 2 ELSE 0 END AS success_ln_ms_square_sum,
    CASE WHEN success THEN response_time_ms END AS success_ms_min,
    CASE WHEN success THEN response_time_ms END AS success_ms_max,
    response_time_ms AS response_ms_sum,
    response_time_ms AS response_ms_min,
    response_time_ms AS response_ms_max,
    coalesce(time_to_first_token_ms, 0) AS first_token_ms_sum,
    (time_to_first_token_ms IS NOT NULL)::INTEGER AS first_token_calls,
    tokens_used AS tokens_sum,
    coalesce(input_tokens, 0) AS input_tokens_sum,
    coalesce(output_tokens, 0) AS output_tokens_sum,
    CASE WHEN success AND output_tokens IS NOT NULL THEN output_tokens ELSE 0 END AS timed_output_tokens_sum,
    CASE WHEN success AND output_tokens IS NOT NULL THEN response_time_ms ELSE 0 END AS timed_output_ms_sum,
    coalesce(cost_usd, 0) AS cost_sum,
    CASE WHEN success THEN coalesce(cost_usd, 0) ELSE 0 END AS success_cost_sum,
    (cost_usd IS NOT NULL)::INTEGER AS priced_calls,
    -- How costs vary is told by their logarithms, which calls that cost nothing have none of.
    coalesce(cost_usd > 0, false)::INTEGER AS costing_calls,
    CASE WHEN cost_usd > 0 THEN ln(cost_usd::DOUBLE) ELSE 0 END AS cost_ln_sum,
    CASE WHEN cost_usd > 0 THEN ln(cost_usd::DOUBLE) ** 2 ELSE 0 END AS cost_ln_square_sum,
    (cost_usd IS NOT NULL AND success)::INTEGER AS priced_successes,
    (user_rating IS NOT DISTINCT FROM 1)::INTEGER AS thumbs_up,
    (user_rating IS NOT DISTINCT FROM -1)::INTEGER AS thumbs_down,
    -- What costs are told by.
    CASE WHEN cost_source = 'reported' THEN coalesce(cost_usd, 0) ELSE 0 END AS reported_cost_sum,
    (cost_usd IS NOT NULL AND cost_source IS NOT DISTINCT FROM 'reported')::INTEGER AS reported_calls,
    CASE WHEN cost_source = 'computed' THEN coalesce(cost_usd, 0) ELSE 0 END AS computed_cost_sum,
    (cost_usd IS NOT NULL AND cost_source IS NOT DISTINCT FROM 'computed')::INTEGER AS computed_calls,
    (cost_usd IS NOT NULL AND user_rating IS NOT DISTINCT FROM 1)::INTEGER AS priced_thumbs_up,
    coalesce(cached_input_tokens, 0) AS cached_input_tokens_sum,
    coalesce(cache_write_tokens, 0) AS cache_write_tokens_sum,
    coalesce(reasoning_tokens, 0) AS reasoning_tokens_sum
FROM model_performance_metrics;

-- How many calls took how long.
CREATE OR REPLACE VIEW latency_rows AS
SELECT timestamp, model, provider, operation, task_type, task_complexity, segment, experiment, variant,
    latency_bucket(response_time_ms) AS bucket, 1 AS calls
FROM model_performance_metrics;

-- ── Sealed days: what their rows add up to ──────────────────────────────────────────────────────────────────────────
-- A day of UTC is days since 1970-01-01. Its sums are there exactly while it is sealed; whatever changes one of its rows
-- takes them away in the same transaction.

CREATE SEQUENCE IF NOT EXISTS seal_numbers;

CREATE TABLE IF NOT EXISTS sealed_days (
    day INTEGER NOT NULL,
    seal BIGINT NOT NULL,
    final BOOLEAN NOT NULL DEFAULT false,
    calls BIGINT NOT NULL,
    overflow VARCHAR NOT NULL DEFAULT '',
    sealed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- The rest of time, as half-open ranges.
CREATE TABLE IF NOT EXISTS open_ranges (lo TIMESTAMPTZ NOT NULL, hi TIMESTAMPTZ NOT NULL);
INSERT INTO open_ranges SELECT '-infinity', 'infinity' WHERE NOT EXISTS (FROM open_ranges);

-- By the hour: `timestamp` is when it began.
CREATE TABLE IF NOT EXISTS call_sums (
    day INTEGER NOT NULL,
    timestamp TIMESTAMPTZ NOT NULL,
    model VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    operation VARCHAR,
    task_type VARCHAR NOT NULL,
    task_complexity VARCHAR,
    segment VARCHAR,
    experiment VARCHAR,
    variant VARCHAR,
    calls BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    first_attempts BIGINT NOT NULL,
    evidence_calls BIGINT NOT NULL,
    evidence_ms_sum BIGINT NOT NULL,
    success_ms_sum BIGINT NOT NULL,
    success_ln_ms_sum DOUBLE NOT NULL,
    success_ln_ms_square_sum DOUBLE NOT NULL,
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
    cost_sum DECIMAL(38, 10) NOT NULL,
    success_cost_sum DECIMAL(38, 10) NOT NULL,
    priced_calls BIGINT NOT NULL,
    costing_calls BIGINT NOT NULL,
    cost_ln_sum DOUBLE NOT NULL,
    cost_ln_square_sum DOUBLE NOT NULL,
    priced_successes BIGINT NOT NULL,
    thumbs_up BIGINT NOT NULL,
    thumbs_down BIGINT NOT NULL,
    reported_cost_sum DECIMAL(38, 10) DEFAULT 0,
    reported_calls BIGINT DEFAULT 0,
    computed_cost_sum DECIMAL(38, 10) DEFAULT 0,
    computed_calls BIGINT DEFAULT 0,
    priced_thumbs_up BIGINT DEFAULT 0,
    cached_input_tokens_sum BIGINT DEFAULT 0,
    cache_write_tokens_sum BIGINT DEFAULT 0,
    reasoning_tokens_sum BIGINT DEFAULT 0
);

-- By the day: buckets[i] holds counts[i] calls. Packed, since a row for each bucket takes twelve times the room.
CREATE TABLE IF NOT EXISTS latency_sums (
    day INTEGER NOT NULL,
    model VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    operation VARCHAR,
    task_type VARCHAR NOT NULL,
    task_complexity VARCHAR,
    segment VARCHAR,
    experiment VARCHAR,
    variant VARCHAR,
    buckets SMALLINT[] NOT NULL,
    counts BIGINT[] NOT NULL
);

-- ── Facts: sealed days from their sums, open ones from their rows ───────────────────────────────────────────────────

CREATE OR REPLACE VIEW call_facts AS
SELECT call_rows.* FROM call_rows JOIN open_ranges ON timestamp >= lo AND timestamp < hi
UNION ALL BY NAME
SELECT * EXCLUDE (day) FROM call_sums;

-- All latencies of a sealed day stand at its beginning.
CREATE OR REPLACE VIEW latency_facts AS
SELECT latency_rows.* FROM latency_rows JOIN open_ranges ON timestamp >= lo AND timestamp < hi
UNION ALL BY NAME
SELECT make_timestamptz(day * 86400000000::BIGINT) AS timestamp, * EXCLUDE (day, buckets, counts),
    unnest(buckets) AS bucket, unnest(counts) AS calls
FROM latency_sums;

-- ── The seed's views and functions ──────────────────────────────────────────────────────────────────────────────────
-- Each view covers the last 90 calendar days (UTC), today included; the macro of the same name takes another number of
-- days: SELECT * FROM model_success_rate(7). They count what writes an answer (chat and completions), as the API does,
-- and rank by the plain formulas.

CREATE OR REPLACE MACRO first_instant(days) AS
    make_timestamptz((epoch_us(now()) // 86400000000 - days + 1) * 86400000000);
CREATE OR REPLACE MACRO end_of_today() AS make_timestamptz((epoch_us(now()) // 86400000000 + 1) * 86400000000);
CREATE OR REPLACE MACRO is_generating(operation) AS operation IN ('chat', 'text_completion', 'generate_content');

CREATE OR REPLACE MACRO percent(part, whole) AS CASE WHEN whole > 0 THEN 1e2 * part / whole END;
CREATE OR REPLACE MACRO speed_score(avg_ms) AS greatest(0e0, 1e2 - least(1e2, avg_ms / 1e2));
CREATE OR REPLACE MACRO quality_score(success_rate, satisfaction_rate, speed) AS CASE
    WHEN satisfaction_rate IS NULL THEN (2e0 * success_rate + speed) / 3e0
    ELSE 4e-1 * success_rate + 4e-1 * satisfaction_rate + 2e-1 * speed
END;
-- 100 · (1 - width of the 95 % Wilson interval); 0 without a trial.
CREATE OR REPLACE MACRO certainty(part, whole) AS CASE WHEN whole > 0 THEN 1e2 * (1e0 - (
    least(1e0, (part / whole + 3.841458820694124 / (2 * whole)
        + 1.959963984540054 * sqrt(part / whole * (1 - part / whole) / whole + 3.841458820694124 / (4e0 * whole * whole)))
        / (1 + 3.841458820694124 / whole))
    - greatest(0e0, (part / whole + 3.841458820694124 / (2 * whole)
        - 1.959963984540054 * sqrt(part / whole * (1 - part / whole) / whole + 3.841458820694124 / (4e0 * whole * whole)))
        / (1 + 3.841458820694124 / whole)))) ELSE 0e0 END;
CREATE OR REPLACE MACRO confidence(calls, successes, thumbs_up, thumbs_down) AS
    5e-1 * (1e2 * calls / (calls + 20)) + 3e-1 * certainty(successes, calls)
    + 2e-1 * certainty(thumbs_up, thumbs_up + thumbs_down);

-- One row per model, with every measure of the API under its name in snake_case.
CREATE OR REPLACE MACRO get_model_performance_summary(days) AS TABLE
WITH sums AS (
    SELECT
        model,
        arg_min(provider, busiest_first) AS provider,
        sum(s_calls) AS calls, sum(s_successes) AS successes,
        sum(s_response) AS response_ms, min(s_min) AS least_ms, max(s_max) AS most_ms,
        sum(s_first_ms) AS first_ms, sum(s_first_calls) AS first_calls,
        sum(s_tokens) AS tokens, sum(s_input) AS input, sum(s_output) AS output,
        sum(s_timed_tokens) AS timed_tokens, sum(s_timed_ms) AS timed_ms,
        sum(s_cost) AS cost, sum(s_priced) AS priced, sum(s_priced_ok) AS priced_ok,
        sum(s_up) AS up, sum(s_down) AS down
    FROM (
        SELECT model, provider, (-sum(calls), provider) AS busiest_first,
            sum(calls) AS s_calls, sum(successes) AS s_successes,
            sum(response_ms_sum) AS s_response, min(response_ms_min) AS s_min, max(response_ms_max) AS s_max,
            sum(first_token_ms_sum) AS s_first_ms, sum(first_token_calls) AS s_first_calls,
            sum(tokens_sum) AS s_tokens, sum(input_tokens_sum) AS s_input, sum(output_tokens_sum) AS s_output,
            sum(timed_output_tokens_sum) AS s_timed_tokens, sum(timed_output_ms_sum) AS s_timed_ms,
            sum(cost_sum) AS s_cost, sum(priced_calls) AS s_priced, sum(priced_successes) AS s_priced_ok,
            sum(thumbs_up) AS s_up, sum(thumbs_down) AS s_down
        FROM call_facts
        WHERE timestamp >= first_instant(days) AND timestamp < end_of_today() AND is_generating(operation)
        GROUP BY model, provider
    )
    GROUP BY model
),
buckets AS (
    SELECT model, bucket, sum(calls) AS n
    FROM latency_facts
    WHERE timestamp >= first_instant(days) AND timestamp < end_of_today() AND is_generating(operation)
    GROUP BY model, bucket
),
ranked AS (
    SELECT model, latency_middle(bucket) AS middle,
        sum(n) OVER (PARTITION BY model ORDER BY bucket) AS upto,
        sum(n) OVER (PARTITION BY model) - 1 AS last
    FROM buckets
),
-- The order statistics around rank last · p / 100, and how far it lies between them.
percentiles AS (
    SELECT model,
        min(middle) FILTER (upto > last * 50 // 100) AS low_50,
        min(middle) FILTER (upto > least(last * 50 // 100 + 1, last)) AS high_50,
        any_value(last * 50 % 100) / 1e2 AS rest_50,
        min(middle) FILTER (upto > last * 95 // 100) AS low_95,
        min(middle) FILTER (upto > least(last * 95 // 100 + 1, last)) AS high_95,
        any_value(last * 95 % 100) / 1e2 AS rest_95,
        min(middle) FILTER (upto > last * 99 // 100) AS low_99,
        min(middle) FILTER (upto > least(last * 99 // 100 + 1, last)) AS high_99,
        any_value(last * 99 % 100) / 1e2 AS rest_99
    FROM ranked
    GROUP BY model
),
measured AS (
    SELECT sums.*,
        response_ms / calls AS avg_ms,
        greatest(least_ms, least(most_ms, low_50 + rest_50 * (high_50 - low_50))) AS median_ms,
        greatest(least_ms, least(most_ms, low_95 + rest_95 * (high_95 - low_95))) AS p95_ms,
        greatest(least_ms, least(most_ms, low_99 + rest_99 * (high_99 - low_99))) AS p99_ms,
        percent(successes, calls) AS success_percent,
        percent(up, up + down) AS satisfaction_percent
    FROM sums JOIN percentiles USING (model)
)
SELECT
    model,
    provider,
    calls::BIGINT AS total_calls,
    avg_ms AS avg_response_time,
    least_ms AS min_response_time,
    most_ms AS max_response_time,
    median_ms AS median_response_time,
    p95_ms AS p95_response_time,
    p99_ms AS p99_response_time,
    CASE WHEN first_calls > 0 THEN first_ms / first_calls END AS avg_time_to_first_token,
    success_percent AS success_rate,
    up::BIGINT AS thumbs_up,
    down::BIGINT AS thumbs_down,
    satisfaction_percent AS satisfaction_rate,
    tokens / calls AS avg_tokens,
    tokens::BIGINT AS total_tokens,
    input::BIGINT AS input_tokens,
    output::BIGINT AS output_tokens,
    CASE WHEN timed_ms > 0 THEN 1e3 * timed_tokens / timed_ms END AS tokens_per_second,
    CASE WHEN priced > 0 THEN cost END AS total_cost,
    CASE WHEN priced > 0 THEN cost::DOUBLE / priced END AS cost_per_call,
    CASE WHEN priced_ok > 0 THEN cost::DOUBLE / priced_ok END AS cost_per_success,
    (calls - priced)::BIGINT AS unpriced_calls,
    quality_score(success_percent, satisfaction_percent, speed_score(avg_ms)) AS quality_score,
    speed_score(avg_ms) AS speed_score,
    confidence(calls, successes, up, down) AS confidence,
    successes::BIGINT AS successful_calls
FROM measured
ORDER BY total_calls DESC, model;

CREATE OR REPLACE MACRO model_avg_response_time(days) AS TABLE
SELECT model, provider, total_calls, avg_response_time, min_response_time, max_response_time, median_response_time,
    p95_response_time
FROM get_model_performance_summary(days) ORDER BY avg_response_time, model;
CREATE OR REPLACE VIEW model_avg_response_time AS FROM model_avg_response_time(90);

CREATE OR REPLACE MACRO model_success_rate(days) AS TABLE
SELECT model, provider, total_calls, successful_calls, total_calls - successful_calls AS failed_calls, success_rate
FROM get_model_performance_summary(days) ORDER BY success_rate DESC, model;
CREATE OR REPLACE VIEW model_success_rate AS FROM model_success_rate(90);

CREATE OR REPLACE MACRO model_user_satisfaction(days) AS TABLE
SELECT model, provider, total_calls, thumbs_up + thumbs_down AS rated_calls, thumbs_up, thumbs_down, satisfaction_rate
FROM get_model_performance_summary(days) ORDER BY satisfaction_rate DESC NULLS LAST, model;
CREATE OR REPLACE VIEW model_user_satisfaction AS FROM model_user_satisfaction(90);

CREATE OR REPLACE MACRO model_token_efficiency(days) AS TABLE
SELECT model, provider, total_calls, avg_tokens, total_tokens, input_tokens, output_tokens, tokens_per_second, total_cost,
    cost_per_call, cost_per_success, unpriced_calls
FROM get_model_performance_summary(days) ORDER BY avg_tokens, model;
CREATE OR REPLACE VIEW model_token_efficiency AS FROM model_token_efficiency(90);

-- One row per day (UTC) and model that had calls.
CREATE OR REPLACE MACRO model_performance_trends(days) AS TABLE
SELECT
    strftime(make_timestamp((epoch_us(timestamp) // 86400000000) * 86400000000), '%Y-%m-%d') AS date,
    model,
    sum(calls)::BIGINT AS total_calls,
    sum(response_ms_sum) / sum(calls) AS avg_response_time,
    percent(sum(successes), sum(calls)) AS success_rate,
    percent(sum(thumbs_up), sum(thumbs_up) + sum(thumbs_down)) AS satisfaction_rate,
    sum(tokens_sum) / sum(calls) AS avg_tokens,
    CASE WHEN sum(priced_calls) > 0 THEN sum(cost_sum) END AS total_cost
FROM call_facts
WHERE timestamp >= first_instant(days) AND timestamp < end_of_today() AND is_generating(operation)
GROUP BY ALL
ORDER BY date, model;
CREATE OR REPLACE VIEW model_performance_trends AS FROM model_performance_trends(90);

-- The model of the highest quality score for each task type, among those with five calls of it or more.
CREATE OR REPLACE MACRO best_model_by_task(days) AS TABLE
WITH scored AS (
    SELECT
        task_type,
        model,
        arg_min(provider, (-provider_calls, provider)) AS provider,
        sum(p_calls) AS calls,
        percent(sum(p_successes), sum(p_calls)) AS success_rate,
        percent(sum(p_up), sum(p_up) + sum(p_down)) AS satisfaction_rate,
        sum(p_response) / sum(p_calls) AS avg_response_time,
        confidence(sum(p_calls), sum(p_successes), sum(p_up), sum(p_down)) AS confidence
    FROM (
        SELECT task_type, model, provider, sum(calls) AS provider_calls, sum(calls) AS p_calls,
            sum(successes) AS p_successes, sum(response_ms_sum) AS p_response, sum(thumbs_up) AS p_up,
            sum(thumbs_down) AS p_down
        FROM call_facts
        WHERE timestamp >= first_instant(days) AND timestamp < end_of_today() AND is_generating(operation)
            AND model NOT IN ('unknown', '(other)')
        GROUP BY task_type, model, provider
    )
    GROUP BY task_type, model
    HAVING sum(p_calls) >= 5
)
SELECT task_type, model, provider, calls::BIGINT AS total_calls, avg_response_time, success_rate, satisfaction_rate,
    quality_score(success_rate, satisfaction_rate, speed_score(avg_response_time)) AS quality_score, confidence
FROM scored
QUALIFY row_number() OVER (PARTITION BY task_type ORDER BY quality_score DESC, calls DESC, model) = 1
ORDER BY task_type;
CREATE OR REPLACE VIEW best_model_by_task AS FROM best_model_by_task(90);

-- The best model for a task type by the plain formula of a priority, among those with five calls of it or more in the
-- last 90 days: speed by average response time, quality by success and satisfaction, cost by dollars per success (by
-- tokens where no price is known), anything else by the quality score. The API's recommendation weighs evidence instead.
CREATE OR REPLACE MACRO get_best_model_for_task(task, priority) AS TABLE
WITH scored AS (
    SELECT
        model,
        arg_min(provider, (-p_calls, provider)) AS provider,
        sum(p_calls)::BIGINT AS total_calls,
        sum(p_response) / sum(p_calls) AS avg_response_time,
        percent(sum(p_successes), sum(p_calls)) AS success_rate,
        percent(sum(p_up), sum(p_up) + sum(p_down)) AS satisfaction_rate,
        CASE WHEN sum(p_priced_ok) > 0 THEN sum(p_cost)::DOUBLE / sum(p_priced_ok) END AS cost_per_success,
        sum(p_tokens) / sum(p_calls) AS avg_tokens,
        confidence(sum(p_calls), sum(p_successes), sum(p_up), sum(p_down)) AS confidence
    FROM (
        SELECT model, provider, sum(calls) AS p_calls, sum(successes) AS p_successes, sum(response_ms_sum) AS p_response,
            sum(thumbs_up) AS p_up, sum(thumbs_down) AS p_down, sum(cost_sum) AS p_cost,
            sum(priced_successes) AS p_priced_ok, sum(tokens_sum) AS p_tokens
        FROM call_facts
        WHERE timestamp >= first_instant(90) AND timestamp < end_of_today() AND is_generating(operation)
            AND model NOT IN ('unknown', '(other)') AND task_type = task
        GROUP BY model, provider
    )
    GROUP BY model
    HAVING sum(p_calls) >= 5
)
SELECT model, provider, total_calls, avg_response_time, success_rate, satisfaction_rate, cost_per_success,
    quality_score(success_rate, satisfaction_rate, speed_score(avg_response_time)) AS quality_score, confidence
FROM scored
ORDER BY
    CASE WHEN priority = 'speed' THEN avg_response_time END,
    CASE WHEN priority = 'quality' THEN -(success_rate + coalesce(satisfaction_rate, success_rate)) END,
    CASE WHEN priority = 'cost' THEN coalesce(cost_per_success, 1e9 + avg_tokens) END,
    quality_score DESC, total_calls DESC, model
LIMIT 1;
