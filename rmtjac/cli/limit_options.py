"""Options of the commands that compute a limit: the method, and the populations of heavy-tailed networks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rmtjac.cli.options import whole
from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser

__all__ = ["add_method", "population_options"]


def add_method(new: Parser) -> None:
    """Add the options of the method."""
    new.add_argument(
        "--method",
        default="auto",
        metavar=one_of("auto", "inverse", "continuation", "independent", "coupled", "population"),
        help="weights with a variance: the inverse form of the equation, or the iteration (18)-(23) of Berlyand and "
        "Slavin; heavy-tailed weights: scalar equations (linear and ReLU layers, or --masks independent), one HardTanh "
        "layer, or population dynamics (default auto: the one that is right and fastest)",
    )
    name = new.prog
    group = new.add_argument_group(
        "heavy-tailed weights",
        "The limit of networks with Cauchy or stable weights is computed by --method population, unless all layers\n"
        "are linear, ReLU or leaky ReLU, the masks are independent, or there is one HardTanh layer. Examples:\n"
        f"  {name} --activation linear --depth 3 --weights cauchy:1.0 --out cauchy.png\n"
        f"  {name} --activation tanh --depth 2 --weights stable:1.0:1.5 --masks independent --out stable.png\n"
        f"  {name} --activation tanh --depth 2 --weights cauchy:1.0 --smoothing 0.2 --replicas 4 --out cauchy.png",
    )
    group.add_argument(
        "--smoothing", type=float, metavar="E", help="angle of the smoothing, about its width in log lambda"
    )
    group.add_argument("--pool-size", type=whole, metavar="K", help="number of neurons of a pool")
    group.add_argument("--replicas", type=whole, metavar="K", help="number of independent pools, which give the errors")


def population_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of population dynamics that the command line gives."""
    given = {"angle": args.smoothing, "pool": args.pool_size, "replicas": args.replicas}
    return {name: value for name, value in given.items() if value is not None}
