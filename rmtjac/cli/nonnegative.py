"""The command `rmtjac certify`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rmtjac.cli.output import print_result

__all__ = ["register"]


def register(command: Callable[[str, str, Callable[[argparse.Namespace], None]], argparse.ArgumentParser]) -> None:
    """Add the command to a parser."""
    one = command("certify", "Prove what can be proved of the fixed points x >= 0 of a saved network.", _certify)
    one.add_argument("network", help="a network that was saved (.npz)")
    one.add_argument("--tol", type=float, default=1e-12, help="relative width of the enclosures (default 1e-12)")


def _certify(args: argparse.Namespace) -> None:
    from rmtjac.network import Network
    from rmtjac.nonnegative import certify

    net = Network.load(args.network)
    found = certify(net, args.tol)
    print_result(args, {"network": repr(net), **found.to_dict()}, "\n".join([repr(net), found.table()]))
