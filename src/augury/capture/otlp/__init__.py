"""Telemetry that applications already send: OTLP's bytes become spans, spans that are calls become records.

`wire` reads and writes the protocol's two encodings, `conventions` says what a span means in each of the conventions in use,
`prompts` what its text tells before it is forgotten, `once` which spans are about the same call, and `calls` puts a record
together. `evaluations` reads what log records say of calls.
"""
