"""The command line: `yixian --help`."""

from yixian.cli.main import main

__all__ = ["main"]
