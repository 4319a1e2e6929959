"""The major versions before, each pair in an environment of its own: what holds for today's clients holds for theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))


@pytest.mark.ordeal
@pytest.mark.parametrize("clients", [("openai>=2,<3", "anthropic>=1,<2"), ("openai==2.0.0", "anthropic==1.0.0")])
def test_older_clients_are_observed_alike(tmp_path: Path, clients: tuple[str, str]) -> None:
    place = {**os.environ, "VIRTUAL_ENV": str(tmp_path / "venv")}
    for command in (
        [UV, "venv", "--quiet", "--python", sys.executable, place["VIRTUAL_ENV"]],
        [UV, "pip", "install", "--quiet", "--editable", str(ROOT), "pytest", "hypothesis", "httpx", *clients],
    ):
        subprocess.run(command, check=True, env=place, timeout=600)
    ran = subprocess.run(
        [tmp_path / "venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "-p", "tests.capture.conftest",
         "tests/capture/test_instrument.py"],
        cwd=ROOT,
        env={**place, "AUGURY_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6_000:]
