"""The demo: sample traffic that says what it is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx2
import pytest

import augury as library

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury


def test_the_demo_serves_sample_traffic_and_says_so_everywhere(
    augury: Augury, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = ("-d", augury.folder / "data/demo.duckdb")
    with augury.serving(command="demo") as url:
        with httpx2.Client(base_url=url, trust_env=False) as http:
            answer = http.get("/api/analytics/models", params={"days": 90}).json()
            assert answer["sample"] is True
            assert answer["summary"]["totalCalls"] > 40_000
            assert len(answer["byTaskType"]) == 8
            assert len(answer["byModel"]) >= 7
            assert {"openai", "anthropic"} <= {group["provider"] for group in answer["byProvider"]}
            assert (
                5
                < 100
                * (answer["summary"]["thumbsUp"] + answer["summary"]["thumbsDown"])
                / answer["summary"]["totalCalls"]
                < 15
            )
            assert answer["sample"] is True
            assert http.get("/analytics/models").status_code == 200

        assert "Sample traffic" in augury("sql", "SELECT 1", *database).stderr
        assert "Sample traffic" in augury("import", log, *database).stderr
        assert "sample calls" in augury("doctor", *database).stdout
        assert "owns" in augury("demo", "--port", "0", code=1).stderr

        library.configure(url=url)
        with caplog.at_level(logging.WARNING, "augury"), library.track(model="gpt-4o") as call:
            pass
        library.configure()
        assert call.recorded
        assert "is a demo" in caplog.text


@pytest.mark.ordeal
def test_the_demo_makes_its_traffic_anew_each_time(augury: Augury) -> None:
    def own(url: str) -> list[object]:
        with httpx2.Client(base_url=url, trust_env=False) as http:
            calls = http.get("/api/analytics/calls", params={"message_id": call.message_id}).json()["calls"]
        assert isinstance(calls, list)
        return calls

    with augury.serving(command="demo") as url:
        library.configure(url=url)
        with library.track(model="gpt-4o") as call:
            pass
        library.flush()
        assert len(own(url)) == 1
        library.configure()
    with augury.serving(command="demo") as url:
        assert own(url) == []
