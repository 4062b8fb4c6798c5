"""The command `rmtjac info`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from rmtjac.cli.output import print_result

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser

__all__ = ["register"]


def register(parser: Parser) -> None:
    """Add the command to a parser."""
    parser.command("info", "Print versions, BLAS, threads and CPU class.", "rmtjac info", _info)


def _info(args: argparse.Namespace) -> None:
    import numpy  # noqa: F401  (so that its BLAS is loaded and shows below)
    import scipy.linalg.cython_lapack  # noqa: F401
    from threadpoolctl import threadpool_info

    from rmtjac.provenance import cpu_class, versions

    pools = [
        {key: pool.get(key) for key in ("internal_api", "version", "architecture", "num_threads")}
        for pool in threadpool_info()
    ]
    facts: dict[str, Any] = {"versions": versions(), "cpu": cpu_class(), "cores": os.cpu_count(), "blas": pools}
    lines = [f"{name:12}{version}" for name, version in facts["versions"].items()]
    lines += [f"{'CPU class':12}{facts['cpu']}", f"{'cores':12}{facts['cores']}"]
    lines += [f"{'BLAS':12}" + ", ".join(f"{key} {value}" for key, value in pool.items()) for pool in pools]
    print_result(args, facts, lines)
