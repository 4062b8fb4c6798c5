"""The commands `rmtjac fixed-points` and `rmtjac basins`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rmtjac.cli.options import add_ensemble, add_seed, add_threads, ensemble_of, given_options, whole
from rmtjac.cli.output import checked_out, print_result, write_picture, write_text
from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser
    from rmtjac.network import Network

__all__ = ["register"]


def register(parser: Parser) -> None:
    """Add the commands to a parser."""
    one = parser.command(
        "fixed-points",
        "Find the fixed points of a network, or count the fixed points of many networks.",
        "rmtjac fixed-points --preset bs --width 50 --depth 2 --seed 7 --out points.png",
        _fixed_points,
    )
    _add_network(one)
    one.add_argument(
        "--method",
        default="auto",
        metavar=one_of("auto", "exact", "interval", "grid", "newton"),
        help="exact and interval prove that no point is missing (default auto)",
    )
    one.add_argument("--max-boxes", type=whole, metavar="K", help="largest number of boxes to search (default 1000000)")
    one.add_argument("--starts", type=whole, metavar="K", help="methods newton and grid: number of starts to draw")
    one.add_argument("--cross-check", action="store_true", help="method exact: enumerate all linear regions as well")
    one.add_argument("--networks", type=whole, metavar="K", help="count the fixed points of K random networks")
    one.add_argument("--outcomes", action="store_true", help="with --networks: also how the starts of a grid end")
    add_threads(one, "with --networks: number of threads (default: all cores)")
    one.add_argument("--out", metavar="FILE", help="the result (.npz), a table (.csv) or a picture (.png, .pdf, .svg)")

    one = parser.command(
        "basins",
        "Find the basins of attraction of a network, with proved shares.",
        "rmtjac basins --preset bs --width 50 --depth 2 --seed 7 --out basins.png",
        _basins,
    )
    _add_network(one)
    one.add_argument(
        "--refine",
        type=whole,
        default=0,
        metavar="K",
        help="halve the step K times where neighbours end differently (default 0)",
    )
    one.add_argument(
        "--prove",
        type=whole,
        default=3,
        metavar="K",
        help="halve the cells of the proof K times; -1: no proof (default 3)",
    )
    one.add_argument("--out", metavar="FILE", help="the result (.npz) or its picture (.png, .pdf, .svg)")


def _add_network(new: Parser) -> None:
    """Add the options that give one network: either an ensemble and a seed, or a file."""
    add_ensemble(new, default_preset="bs")
    add_seed(new, "the random networks")
    new.add_argument("--network", metavar="FILE", help="a network saved with Network.save (.npz), not a random one")
    new.add_argument(
        "--domain",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="search LOW <= x_i <= HIGH (default: all fixed points; grids and basins: -1 1)",
    )
    new.add_argument("--step", type=float, default=0.05, metavar="D", help="step of the grid (default 0.05)")


def _network(args: argparse.Namespace) -> tuple[Network, dict[str, Any], list[str]]:
    """Return the network, and its description as facts and as lines."""
    if args.network is None:
        ensemble = ensemble_of(args)
        network = ensemble.draw(args.seed)
        return network, {"ensemble": ensemble.to_dict(), "network": repr(network)}, [repr(ensemble), repr(network)]
    from rmtjac.network import Network

    if given_options(args):
        raise ValueError(f"--network={args.network!r} gives the network; leave out {' '.join(given_options(args))}")
    network = Network.load(args.network)
    return network, {"network": repr(network)}, [repr(network)]


def _search(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that the search for one network and the count for many share."""
    options: dict[str, Any] = {"domain": args.domain, "step": args.step}
    if args.max_boxes is not None:
        options["max_boxes"] = args.max_boxes
    if args.starts is not None:
        options["starts"] = args.starts
    return options


def _fixed_points(args: argparse.Namespace) -> None:
    if args.networks is not None:
        return _count(args)
    from rmtjac.fixed_points.find import find_fixed_points

    out = checked_out(args, ".npz", ".csv")
    network, about, lines = _network(args)
    found = find_fixed_points(network, args.method, cross_check=args.cross_check, **_search(args))
    if out is not None and out.suffix == ".npz":
        found.save(out)
    elif out is not None and out.suffix == ".csv":
        write_text(out, found.to_pandas().to_csv(index=False))
    elif out is not None:
        from rmtjac.plotting import plot_fixed_points

        write_picture(out, plot_fixed_points(found)["ax"].figure)
    facts = {
        **about,
        "method": found.method,
        "complete": found.complete,
        "reason": found.reason,
        "statement": found.statement,
        "index_sum": found.index_sum,
        "points": [
            {"x": x, "kind": kind, "spectral_radius": radius, "index": index, "proved": proved, "errors": errors}
            for x, kind, radius, index, proved, errors in zip(
                found.points.tolist(), found.kinds.tolist(), found.spectral_radius.tolist(), found.index.tolist(),
                found.proved.tolist(), found.errors.tolist(), strict=True,
            )
        ],
        "cycles": [{"period": cycle.period, "points": cycle.points.tolist()} for cycle in found.cycles],
        "undecided": found.undecided.tolist(),
        "clusters": [cluster.to_dict() for cluster in found.clusters],
        "continua": [piece.tolist() for piece in found.continua],
        "outcomes": {status.name.lower(): count for status, count in found.outcomes.items()},
    }  # fmt: skip
    print_result(args, facts, [*lines, repr(found), found.table()], out)
    return None


def _count(args: argparse.Namespace) -> None:
    from rmtjac.fixed_points.count import count_fixed_points

    if args.network is not None:
        raise ValueError(f"--networks={args.networks} counts fixed points of random networks; leave out --network")
    out = checked_out(args, ".npz", ".csv", pictures=False)
    counts = count_fixed_points(
        ensemble_of(args), args.networks, rng=args.seed, method=args.method, outcomes=args.outcomes,
        threads=args.threads, progress=True, **_search(args),
    )  # fmt: skip
    if out is not None and out.suffix == ".npz":
        counts.save(out)
    elif out is not None:
        write_text(out, counts.to_pandas().to_csv(index=False))
    share, error = counts.probabilities()
    facts = {
        "ensemble": counts.facts["ensemble"],
        "networks": counts.networks,
        "complete": int(counts.complete.sum()),
        "probabilities": [{"value": p, "error": e} for p, e in zip(share.tolist(), error.tolist(), strict=True)],
        "means": {name: {"value": value, "error": spread} for name, (value, spread) in counts.means.items()},
        "outcomes": {
            status.name.lower(): {"value": value, "error": spread}
            for status, (value, spread) in counts.outcomes.items()
        },
    }
    print_result(args, facts, [counts.table()], out)


def _basins(args: argparse.Namespace) -> None:
    from rmtjac.fixed_points.basins import find_basins

    out = checked_out(args, ".npz")
    network, about, lines = _network(args)
    basins = find_basins(network, step=args.step, domain=args.domain, refine=args.refine, prove=args.prove)
    if out is not None and out.suffix == ".npz":
        basins.save(out)
    elif out is not None:
        from rmtjac.fixed_points.find import find_fixed_points
        from rmtjac.plotting import plot_basins

        everything = find_fixed_points(network, step=args.step)
        write_picture(out, plot_basins(basins, fixed_points=everything)["ax"].figure)
    facts = {
        **about,
        "points": basins.points.tolist(),
        "spectral_radius": basins.spectral_radius.tolist(),
        "cycles": [cycle.points.tolist() for cycle in basins.cycles],
        "unstable_points": basins.unstable_points.tolist(),
        "fractions": basins.fractions.tolist(),
        "fraction_errors": basins.fraction_errors.tolist(),
        "brackets": basins.brackets.tolist(),
        "undecided": basins.undecided,
        "outcomes": {status.name.lower(): count for status, count in basins.outcomes.items()},
    }
    print_result(args, facts, [*lines, repr(basins), basins.table()], out)
