"""`augury.recommend`: the call of the contract, from a database of one's own and from a server."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import Augury

import augury
from augury.analytics.answers import Recommendation
from augury.classify import Attachment
from augury.errors import InvalidValue, ServerUnreachable
from augury.recommend.context import TaskContext

if TYPE_CHECKING:
    from pathlib import Path


def use(model: str, times: int = 6) -> None:
    for _ in range(times):
        with augury.track(model=model, task_type="coding") as call:
            call.tokens(input=80, output=20)
        assert call.recorded
    assert augury.flush()


def test_the_contracts_call_answers_from_a_database_of_ones_own(tmp_path: Path) -> None:
    augury.configure(database=f"duckdb:///{tmp_path / 'calls.duckdb'}")
    before = augury.recommend(task_type="coding", priority="quality")
    use("gpt-6-luna")
    after = augury.recommend(task_type="coding", priority="quality")

    assert (before.source, after.source, after.model) == ("rules", "data", "gpt-6-luna")
    assert (after.task_type, after.priority) == ("coding", "quality")
    assert after.reason.startswith("the only candidate for coding")


def test_it_answers_the_same_from_a_server(tmp_path: Path) -> None:
    with Augury(tmp_path).serving("-d", "calls.duckdb") as url:
        augury.configure(url=url)
        use("gpt-6-luna")
        by_name = augury.recommend(task_type="coding", priority="speed")
        by_text = augury.recommend(
            message_content="Write a Python function that sorts a list \ud800",
            attachments=[Attachment(name="notes.txt", size=10), {"name": "photo.png"}],
            tools=[{"name": "search", "unusual": {1, 2}}],
            allowed_models=["openai/gpt-6-luna"],
        )
        with pytest.raises(InvalidValue, match=r"^allowedModels: "):
            augury.recommend(allowed_models=["claude-2.1"])

    assert isinstance(by_name, Recommendation)
    assert (by_name.model, by_name.source, by_name.priority) == ("gpt-6-luna", "data", "speed")
    assert by_name.metrics is not None
    assert by_name.metrics.sample_size == 6
    assert by_text.model == "gpt-6-luna"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"task_type": "cooking"}, "taskType"),
        ({"priority": "luck"}, "priority"),
        ({"complexity": "hard"}, "complexity"),
        ({"allowed_models": []}, "allowedModels"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_asked(asked: dict[str, Any], field: str) -> None:
    augury.configure(url="http://127.0.0.1:9")

    with pytest.raises(InvalidValue, match=field):
        augury.recommend(**asked)


def test_a_server_that_is_away_is_named() -> None:
    augury.configure(url="http://127.0.0.1:9")

    with pytest.raises(ServerUnreachable, match="augury serve"):
        augury.recommend(task_type="coding")


def test_the_name_is_the_package_too_whatever_is_imported_first() -> None:
    package: object = augury.recommend
    assert isinstance(package, ModuleType)
    for first in (
        "import augury",
        "import augury.recommend.recommender, augury",
        "from augury.recommend import explain; import augury",
    ):
        script = f"{first}; from augury.recommend.context import TaskContext; print(augury.recommend(task_type='coding').source)"
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"AUGURY_URL": "http://127.0.0.1:9"},
        )
        assert "ServerUnreachable" in done.stderr


def test_a_context_reads_its_own_json_back() -> None:
    context = TaskContext(
        message_content="Hello", has_code_content=False, attachments=["a.png", {"name": "b", "size": 3}], tools=["search"],
        task_type="coding", complexity="simple", user_preference="cost", segment="pro", allowed_models=["gpt-4o"],
    )  # fmt: skip

    assert TaskContext.from_json(context.to_json()) == context
    assert TaskContext().to_json() == {}


def test_a_tool_that_no_json_can_hold_is_refused_without_showing_it() -> None:
    circle: dict[str, Any] = {"name": "secret"}
    circle["self"] = circle

    with pytest.raises(InvalidValue, match="tools") as refused:
        TaskContext(tools=[circle]).to_json()
    assert "secret" not in str(refused.value)
