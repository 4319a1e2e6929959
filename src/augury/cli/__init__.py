"""The command line."""

from augury.cli.main import main

__all__ = ["main"]
