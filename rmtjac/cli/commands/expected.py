"""The command `rmtjac expected`.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmtjac.cli.options import add_ensemble, add_seed, add_threads, ensemble_of, given_options, whole
from rmtjac.cli.output import checked_out, print_result, write_picture, write_text
from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser
    from rmtjac.comparison.counts.result import CountsComparison
    from rmtjac.ensemble import Ensemble
    from rmtjac.fixed_points.expected.grid import ExpectedGrid

__all__ = ["register"]

_METHODS = ("limit", "conditional")
_WIDTH, _DEPTH = 100, 2


def register(parser: Parser) -> None:
    """Add the command to a parser."""
    one = parser.command(
        "expected",
        "Compute the expected number of fixed points, all and stable ones, from theory; on request beside counts.",
        "rmtjac expected --activation tanh --biases gaussian:.1 --depths 1 2 3 --out expected.png",
        _expected,
    )
    add_ensemble(one, default_preset="bs-gaussian")
    one.add_argument(
        "--inputs",
        type=whole,
        default=2,
        metavar="n",
        help="inputs and outputs of the network, without --widths and --preset: the widths are then n N ... N n with "
        f"N = {_WIDTH}, L = {_DEPTH} unless --width and --depth are given (default 2)",
    )
    one.add_argument("--depths", type=whole, nargs="+", metavar="L", help="several depths, in place of --depth")
    one.add_argument(
        "--method",
        default="limit",
        metavar=one_of(*_METHODS),
        help="limit: hidden layers of infinite width; conditional: sampled hidden layers of the given widths, also "
        "with heavy tails, and the last layer exactly (default limit)",
    )
    one.add_argument("--networks", type=whole, metavar="K", help="method conditional: number of sampled networks")
    one.add_argument(
        "--count", type=whole, metavar="K", help="also count the fixed points of K random networks, and compare"
    )
    add_seed(one, "the random networks")
    add_threads(one)
    one.add_argument(
        "--out",
        metavar="FILE",
        help="the numbers (.npz, .csv) or a picture (.png, .pdf, .svg): with one depth, where the fixed points are",
    )


def _ensemble(args: argparse.Namespace, depth: int | None) -> Ensemble:
    """Return the ensemble that the options describe, of a given depth or of the depth that they give."""
    given = argparse.Namespace(**vars(args))
    if depth is not None:
        given.depth = depth
    if args.widths is None and args.preset is None and (given_options(args) or depth is not None):
        from rmtjac.validate import positive_int

        n = positive_int("--inputs", args.inputs)
        width = positive_int("--width", _WIDTH if args.width is None else args.width)
        layers = positive_int("--depth", _DEPTH if given.depth is None else given.depth)
        given.widths, given.width, given.depth = [[n, *[width] * (layers - 1), n]], None, None
    return ensemble_of(given)


def _expected(args: argparse.Namespace) -> None:
    import numpy as np

    from rmtjac.fixed_points.expected.over import expected_over
    from rmtjac.validate import choice

    out = checked_out(args, ".npz", ".csv")
    choice("--method", args.method, _METHODS)
    if args.depths is not None and (args.depth is not None or args.widths is not None):
        raise ValueError(f"--depths={' '.join(map(str, args.depths))} gives the depths; leave out --depth and --widths")
    if args.networks is not None and args.method != "conditional":
        raise ValueError(f"--networks={args.networks} is of --method conditional; --count counts fixed points")
    ensembles = [_ensemble(args, depth) for depth in args.depths or [None]]
    options: dict[str, Any] = {}
    if args.method == "conditional":
        options["rng"] = args.seed
        if args.networks is not None:
            options["networks"] = args.networks
    grid = expected_over(ensembles, method=args.method, threads=args.threads, progress=True, **options)
    grid = replace(grid, axes={"depth": np.array([one.depth for one in ensembles])})
    compared = None if args.count is None else _compared(args, ensembles, grid)
    if out is not None:
        _write(args, out, grid, compared)
    facts = {"ensembles": [one.to_dict() for one in ensembles], **grid.to_dict()}
    lines = [repr(ensembles[0]) if len(ensembles) == 1 else repr(grid), grid.table()]
    if compared is not None:
        facts["compared"] = compared.to_dict()
        lines.append(compared.table())
    print_result(args, facts, lines, out)


def _compared(args: argparse.Namespace, ensembles: list[Ensemble], grid: ExpectedGrid) -> CountsComparison:
    """Count fixed points of random networks, and compare them with the expected numbers."""
    from rmtjac.comparison.counts.compare_counts import compare_counts
    from rmtjac.fixed_points.count import count_fixed_points

    counts = {
        f"L = {one.depth}": count_fixed_points(one, args.count, rng=args.seed, threads=args.threads, progress=True)
        for one in ensembles
    }
    return compare_counts(counts, grid)


def _write(args: argparse.Namespace, out: Path, grid: ExpectedGrid, compared: CountsComparison | None) -> None:
    """Write the numbers or the picture."""
    if out.suffix == ".npz":
        grid.save(out) if compared is None else compared.save(out)
    elif out.suffix == ".csv":
        write_text(out, (grid if compared is None else compared).to_pandas().to_csv(index=False))
    elif compared is not None:
        from rmtjac.plotting import plot_counts

        write_picture(out, plot_counts(compared)["figure"])
    elif len(grid) == 1 and args.method == "limit" and grid.facts[0]["ensemble"]["widths"][0] <= 2:
        from rmtjac.plotting import plot_expected_density

        write_picture(out, plot_expected_density(grid.cells()[0])["figure"])
    else:
        from rmtjac.plotting import plot_expected

        write_picture(out, plot_expected(grid)["ax"].figure)
