"""The server's log, as text and as JSON."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from tests.servers import CALLS, serving

from augury.server.logs import JsonLines

if TYPE_CHECKING:
    from pathlib import Path

RECORD = {
    "model": "gpt-4o", "responseTimeMs": 2456, "taskType": "coding", "taskComplexity": "complex", "inputTokens": 1,
    "outputTokens": 2,
}  # fmt: skip


def test_a_call_is_an_object_with_its_figures_and_the_seeds_line(tmp_path: Path) -> None:
    with serving(tmp_path, AUGURY_LOG_FORMAT="json") as server:
        server.post(CALLS, RECORD)
        server.until("/healthz", lambda _: any("PerformanceTracking" in line for line in server.said))

    [line] = [json.loads(line) for line in server.said if "PerformanceTracking" in line]
    assert line["message"] == "[PerformanceTracking] Logged metrics: 2456ms, coding, complex"
    assert (line["level"], line["logger"]) == ("info", "augury.calls")
    assert (line["model"], line["task_type"], line["response_time_ms"], line["success"]) == (
        "gpt-4o",
        "coding",
        2456,
        True,
    )


def test_an_error_keeps_its_traceback_in_the_same_line() -> None:
    problem = ZeroDivisionError("by zero")
    record = logging.LogRecord("a", logging.ERROR, "", 0, "it\n%s", ("failed",), (type(problem), problem, None))

    line = JsonLines().format(record)

    assert "\n" not in line
    assert json.loads(line)["message"] == "it\nfailed"
    assert "ZeroDivisionError" in json.loads(line)["error"]
