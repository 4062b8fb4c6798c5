"""The command `rmtjac certify`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rmtjac.cli.output import print_result

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser

__all__ = ["register"]


def register(parser: Parser) -> None:
    """Add the command to a parser."""
    one = parser.command(
        "certify",
        "Prove existence, uniqueness and rate for the fixed points x >= 0 of a saved network.",
        "rmtjac certify network.npz",
        _certify,
    )
    one.add_argument("network", metavar="FILE", help="a network saved with Network.save (.npz)")
    one.add_argument(
        "--tol", type=float, default=1e-12, metavar="WIDTH", help="relative width of the enclosures (default 1e-12)"
    )


def _certify(args: argparse.Namespace) -> None:
    from rmtjac.network import Network
    from rmtjac.nonnegative import certify

    network = Network.load(args.network)
    found = certify(network, args.tol)
    print_result(args, {"network": repr(network), **found.to_dict()}, [repr(network), found.table()])
