"""The commands `rmtjac fixed-points` and `rmtjac basins`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rmtjac.cli.output import checked_out, print_result, whole, write_picture

__all__ = ["register"]

Register = Callable[[str, str, Callable[[argparse.Namespace], None]], argparse.ArgumentParser]


def register(command: Register) -> None:
    """Add the commands to a parser."""
    one = command("fixed-points", "Find the fixed points of a network, or count those of many.", _fixed_points)
    _network_options(one)
    one.add_argument("--method", default="auto", help="auto, exact, interval, grid or newton (default auto)")
    one.add_argument("--max-boxes", type=whole, default=None, help="budget of boxes of a search (default 1000000)")
    one.add_argument("--starts", type=whole, default=None, help="newton, grid: how many starts to draw")
    one.add_argument("--cross-check", action="store_true", help="exact: compare with the enumeration of all regions")
    one.add_argument("--networks", type=whole, default=None, help="count those of this many networks instead")
    one.add_argument("--outcomes", action="store_true", help="with --networks: also how the starts of a grid end")
    one.add_argument("--threads", type=whole, default=None, help="with --networks: threads (default all cores)")
    one.add_argument("--out", help="write the result (.npz), a table (.csv), or a picture (.png, .pdf, .svg)")
    one = command("basins", "Find the basins of attraction of a network, and prove what can be proved.", _basins)
    _network_options(one)
    one.add_argument("--refine", type=whole, default=0, help="halvings of the step where neighbours differ (default 0)")
    one.add_argument("--prove", type=whole, default=3, help="halvings of the cells of the proof; -1: none (default 3)")
    one.add_argument("--out", help="write the result (.npz) or its picture (.png, .pdf, .svg)")


def _network_options(new: argparse.ArgumentParser) -> None:
    new.add_argument("--network", default=None, help="a network that was saved (.npz), instead of a random one")
    new.add_argument("--width", type=whole, default=100, help="width N of the hidden layers (default 100)")
    new.add_argument("--depth", type=whole, default=3, help="number of layers L; widths 2, N, ..., N, 2 (default 3)")
    new.add_argument("--law", default="cauchy", help="cauchy or gaussian, of scale 1/n (default cauchy)")
    new.add_argument("--fan", default="in", help="n: in for the fan-in, width for N in every layer (default in)")
    new.add_argument("--no-biases", action="store_true", help="no biases (default: the law of the weights)")
    new.add_argument("--activation", default="hardtanh", help="hardtanh, tanh, relu, ... (default hardtanh)")
    new.add_argument("--seed", type=whole, default=0, help="seed of the network(s) (default 0)")
    new.add_argument("--domain", type=float, nargs=2, metavar=("LOW", "HIGH"), help="the square to search")
    new.add_argument("--step", type=float, default=0.05, help="of the grid (default 0.05)")


def _ensemble(args: argparse.Namespace) -> Any:
    from rmtjac.ensemble import Ensemble

    return Ensemble.berlyand_slavin(args.width, args.depth, args.law, args.fan, not args.no_biases, args.activation)


def _network(args: argparse.Namespace) -> Any:
    if args.network is None:
        return _ensemble(args).draw(args.seed)
    from rmtjac.network import Network

    return Network.load(args.network)


def _options(args: argparse.Namespace) -> dict[str, Any]:
    options: dict[str, Any] = {"domain": args.domain, "step": args.step}
    if args.max_boxes is not None:
        options["max_boxes"] = args.max_boxes
    if getattr(args, "starts", None) is not None:
        options["starts"] = args.starts
    return options


def _fixed_points(args: argparse.Namespace) -> None:
    if args.networks is not None:
        return _count(args)
    from rmtjac.fixed_points.find import find_fixed_points

    out = checked_out(args, ".npz", ".csv")
    net = _network(args)
    found = find_fixed_points(net, args.method, cross_check=args.cross_check, **_options(args))
    if out is not None and out.suffix == ".npz":
        found.save(out)
    elif out is not None and out.suffix == ".csv":
        _write_table(out, found.to_pandas())
    elif out is not None:
        from rmtjac.plotting import plot_fixed_points

        write_picture(out, plot_fixed_points(found)["ax"].figure)
    facts = {
        "network": repr(net),
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
    print_result(args, facts, "\n".join([repr(net), repr(found), found.table()] + ([f"wrote {out}"] if out else [])))
    return None


def _count(args: argparse.Namespace) -> None:
    from rmtjac.fixed_points.count import count_fixed_points

    if args.network is not None:
        raise ValueError(f"--networks={args.networks} counts random networks; --network gives one")
    out = checked_out(args, ".npz", ".csv", pictures=False)
    counts = count_fixed_points(
        _ensemble(args), args.networks, rng=args.seed, method=args.method, outcomes=args.outcomes, threads=args.threads,
        progress=True, **_options(args),
    )  # fmt: skip
    if out is not None and out.suffix == ".npz":
        counts.save(out)
    elif out is not None:
        _write_table(out, counts.to_pandas())
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
    print_result(args, facts, "\n".join([counts.table()] + ([f"wrote {out}"] if out else [])))


def _write_table(out: Path, table: Any) -> None:
    from rmtjac.archive import write_atomically

    text = table.to_csv(index=False)
    write_atomically(out, lambda file: file.write(text.encode()))


def _basins(args: argparse.Namespace) -> None:
    from rmtjac.fixed_points.basins import find_basins

    out = checked_out(args, ".npz")
    net = _network(args)
    basins = find_basins(net, step=args.step, domain=args.domain, refine=args.refine, prove=args.prove)
    if out is not None and out.suffix == ".npz":
        basins.save(out)
    elif out is not None:
        from rmtjac.fixed_points.find import find_fixed_points
        from rmtjac.plotting import plot_basins

        everything = find_fixed_points(net, step=args.step)
        write_picture(out, plot_basins(basins, fixed_points=everything)["ax"].figure)
    facts = {
        "network": repr(net),
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
    lines = [repr(net), repr(basins), basins.table()]
    print_result(args, facts, "\n".join(lines + ([f"wrote {out}"] if out else [])))
