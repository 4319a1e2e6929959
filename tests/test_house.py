"""The house itself: what is exported, documented, locked, and shipped."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from dataclasses import fields
from pathlib import Path

import augury
from augury.core.calls import COLUMNS
from augury.settings import Settings

ROOT = Path(__file__).parents[1]


def test_what_is_exported_is_what_can_be_imported() -> None:
    assert sorted(augury.__all__) == augury.__all__
    for name in augury.__all__:
        assert hasattr(augury, name)


def test_every_setting_is_documented() -> None:
    usage = (ROOT / "docs/usage.md").read_text()
    for setting in fields(Settings):
        assert f"`{setting.metadata['variable']}`" in usage


def test_every_field_of_the_record_is_documented() -> None:
    usage = (ROOT / "docs/usage.md").read_text()
    for column in COLUMNS:
        assert f"`{column}`" in usage, column


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_lock_file_records_no_addresses() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_the_wheel_carries_what_the_product_needs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    for needed in (
        "augury/py.typed", "augury/store/schema/duckdb.sql", "augury/dashboard/index.html", "augury/dashboard/licences.txt", "augury/server/assets/docs.js", "augury/recommend/catalogue.toml",
        "augury/report/assets/tome.css", "augury/report/assets/icon.svg",
        "augury/report/templates/report.html", "augury/report/assets/report.css",
    ):  # fmt: skip
        assert needed in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)
