"""An application that observes before it imports its client, and exits at once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
from tests.provider import Provider, Turn

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = """
import sys
import augury
augury.configure(database=f"duckdb:///{sys.argv[1]}")
augury.instrument()
assert "openai" not in sys.modules
import openai
client = openai.OpenAI(base_url=sys.argv[2], api_key="none", max_retries=1)
answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Write a poem about the sea"}])
augury.feedback(message_id=answer.id, rating=1)
"""


def test_one_line_records_what_is_called_and_an_answers_id_rates_it(tmp_path: Path) -> None:
    file = tmp_path / "calls.duckdb"
    with Provider() as provider:
        provider.will(Turn(status=429, headers={"retry-after-ms": "1"}))
        subprocess.run([sys.executable, "-c", APPLICATION, file, provider.openai], check=True, timeout=60)
    with duckdb.connect(file) as database:
        rows = database.execute(
            "SELECT attempt, model, task_type, success, error_type, input_tokens, user_rating, cost_source "
            "FROM model_performance_metrics ORDER BY attempt"
        ).fetchall()
    assert rows == [
        (1, "gpt-4o", "creative", False, "rate_limit", 0, rows[0][6], "computed"),
        (2, "gpt-4o", "creative", True, None, 19, 1, "computed"),
    ]
    assert not rows[0][6]
