"""The command line."""

from rmtjac.cli.main import main

__all__ = ["main"]
