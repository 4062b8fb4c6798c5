"""The command line: arguments in, the package's functions, a table or JSON or a picture out.

Errors of the user are one line on stderr and exit code 2; Ctrl-C is exit code 130.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from rmtjac.cli import fixed_points as cli_fixed_points
from rmtjac.cli import learn as cli_learn
from rmtjac.cli import nonnegative as cli_nonnegative
from rmtjac.cli import sweep as cli_sweep
from rmtjac.cli.output import checked_out, print_result, whole, write_picture

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"rmtjac: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="rmtjac", description="Spectra and fixed points of deep random networks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, help: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        new = commands.add_parser(name, help=help, description=help)
        new.add_argument("--json", action="store_true", help="print JSON instead of a table")
        new.set_defaults(run=run)
        return new

    def ensemble(new: argparse.ArgumentParser) -> None:
        new.add_argument(
            "--activation",
            default="hardtanh",
            help="hardtanh, relu, tanh, erf, linear, leaky_relu:0.1, ... (default hardtanh)",
        )
        new.add_argument("--depth", type=whole, default=2, help="number of layers L (default 2)")
        new.add_argument("--width", type=whole, default=400, help="width N of all layers (default 400)")
        new.add_argument(
            "--weights",
            default="gaussian:1.0",
            help="law, scale and power: gaussian:1.0, cauchy:1.0, ... (default gaussian:1.0)",
        )
        new.add_argument("--biases", default=None, help="law of the biases, for example gaussian:0.1 (default none)")
        new.add_argument(
            "--input-variance", default="1.0", help='q_0 = |x|^2/n_0 of the input, or "stationary" (default 1.0)'
        )

    def sampling(new: argparse.ArgumentParser) -> None:
        new.add_argument("--samples", type=whole, default=100, help="number of independent networks (default 100)")
        new.add_argument("--seed", type=whole, default=0, help="seed; fixes every bit of the result (default 0)")
        new.add_argument("--masks", default="network", help="network or independent (default network)")
        new.add_argument("--precision", default="auto", help="auto, accurate or fast (default auto)")
        new.add_argument("--dtype", default="float64", help="float32 is for --precision fast (default float64)")
        new.add_argument("--invariance", action="store_true", help="linear Gaussian layers: draw what the law needs")
        new.add_argument("--threads", type=whole, default=None, help="threads (default all cores)")

    def route(new: argparse.ArgumentParser) -> None:
        new.add_argument("--method", default="inverse", help="inverse or continuation (default inverse)")

    one = command("spectrum", "Sample the spectrum of J J^T.", _spectrum)
    ensemble(one)
    sampling(one)
    one.add_argument("--out", help="write the result (.npz) or its picture (.png, .pdf, .svg)")
    one = command("limit", "Compute the limiting spectrum.", _limit)
    ensemble(one)
    route(one)
    one.add_argument("--points", type=whole, default=9, help="rows of the printed curve (default 9)")
    one.add_argument("--out", help="write the curve (.csv), the limit (.npz) or its picture (.png, .pdf, .svg)")
    one = command("compare", "Sample, compute the limit, and draw the two in one picture.", _compare)
    ensemble(one)
    sampling(one)
    route(one)
    one.add_argument("--test", action="store_true", help="calibrated p-value (draws smaller networks too)")
    one.add_argument(
        "--out",
        default="rmtjac-compare.png",
        help="the picture (.png, .pdf, .svg; default rmtjac-compare.png), or .npz",
    )
    cli_fixed_points.register(command)
    cli_sweep.register(command)
    cli_nonnegative.register(command)
    cli_learn.register(command)
    command("info", "Print versions, BLAS, threads and CPU class.", _info)
    return parser


def _ensemble(args: argparse.Namespace) -> Any:
    from rmtjac.ensemble import Ensemble

    return Ensemble.square(args.width, args.depth, args.activation, args.weights, args.biases)


def _input_variance(args: argparse.Namespace) -> float | str:
    try:
        return float(args.input_variance)
    except ValueError:
        return args.input_variance


def _sample(args: argparse.Namespace, ensemble: Any) -> Any:
    from rmtjac.spectra.sample import sample_spectrum

    return sample_spectrum(
        ensemble, args.samples, rng=args.seed, input_variance=_input_variance(args), masks=args.masks,
        precision=args.precision, dtype=args.dtype, invariance=args.invariance, threads=args.threads, progress=True,
    )  # fmt: skip


def _limit_of(args: argparse.Namespace, ensemble: Any) -> Any:
    from rmtjac.theory.limit.limit_spectrum import limit_spectrum

    return limit_spectrum(ensemble, input_variance=_input_variance(args), method=args.method)


def _spectrum(args: argparse.Namespace) -> None:
    out = checked_out(args, ".npz")
    ensemble = _ensemble(args)
    emp = _sample(args, ensemble)
    if out is not None and out.suffix == ".npz":
        emp.save(out)
    elif out is not None:
        from rmtjac.plotting import plot_spectrum

        write_picture(out, plot_spectrum(emp, scale="loglog")["ax"].figure)
    quantiles = {p: emp.log_quantile(p) for p in (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)}
    facts: dict[str, Any] = {
        "ensemble": ensemble.to_dict(),
        "samples": emp.samples,
        "atom": {"value": emp.atom, "error": emp.atom_error, "bounds": list(emp.atom_bounds)},
        "log_quantiles_nonzero": {str(p): {"value": q.value, "error": q.error} for p, q in quantiles.items()},
        "underflows": int(emp.underflows.sum()),
    }
    lines = [
        repr(ensemble),
        repr(emp),
        "quantiles of log lambda, nonzero eigenvalues",
        f"{'order':>8}{'value':>14}{'std error':>12}",
    ]
    lines += [f"{p:8.2f}{q.value:14.6g}{q.error:12.2g}" for p, q in quantiles.items()]
    print_result(args, facts, "\n".join(lines + ([f"wrote {out}"] if out else [])))


def _limit(args: argparse.Namespace) -> None:
    out = checked_out(args, ".npz", ".csv")
    ensemble = _ensemble(args)
    lim = _limit_of(args, ensemble)
    from rmtjac.validate import positive_int

    # Rows at equal steps of probability.
    p = [(i + 0.5) / args.points for i in range(positive_int("--points", args.points))]
    lam = lim.quantile([lim.atom + (1.0 - lim.atom) * one for one in p])
    density, error, cdf = lim.density(lam), lim.density_error(lam), lim.cdf(lam)
    facts: dict[str, Any] = {
        "ensemble": ensemble.to_dict(),
        "support": lim.support.tolist(),
        "atom": lim.atom,
        "moments": lim.moments(4).tolist(),
        "curve": {
            "lambda": lam.tolist(),
            "density": density.tolist(),
            "density_error": error.tolist(),
            "cdf": cdf.tolist(),
        },
    }
    lines = [repr(ensemble), repr(lim), "moments " + " ".join(f"{m:.8g}" for m in facts["moments"])]
    lines += [f"{'lambda':>18}{'density':>20}{'error':>10}{'cdf':>14}"]
    lines += [f"{x:18.10g}{r:20.12g}{e:10.1e}{c:14.8f}" for x, r, e, c in zip(lam, density, error, cdf, strict=True)]
    if out is not None and out.suffix == ".npz":
        lim.save(out)
    elif out is not None and out.suffix == ".csv":
        from rmtjac.archive import write_atomically

        x, rho = lim.curve(scale="log")
        text = "lambda,density,density_error,cdf\n"
        text += "".join(
            f"{a!r},{b!r},{c!r},{d!r}\n"
            for a, b, c, d in zip(*(v.tolist() for v in (x, rho, lim.density_error(x), lim.cdf(x))), strict=True)
        )
        write_atomically(out, lambda file: file.write(text.encode()))
    elif out is not None:
        from rmtjac.plotting import plot_limit

        write_picture(out, plot_limit(lim, scale="loglog")["ax"].figure)
    print_result(args, facts, "\n".join(lines + ([f"wrote {out}"] if out else [])))


def _compare(args: argparse.Namespace) -> None:
    out = checked_out(args, ".npz")
    ensemble = _ensemble(args)
    lim = _limit_of(args, ensemble)  # first: it tells at once whether there is one
    emp = _sample(args, ensemble)
    from rmtjac.comparison.compare import compare

    result = compare(emp, lim, test=args.test)
    assert out is not None
    if out.suffix == ".npz":
        result.save(out)
    else:
        from rmtjac.plotting import plot_comparison

        write_picture(out, plot_comparison(result, title=_title(args))["figure"])
    print_result(
        args,
        {"ensemble": ensemble.to_dict(), **result.to_dict(), "out": str(out)},
        f"{ensemble!r}\n{result.table()}\nwrote {out}",
    )


def _title(args: argparse.Namespace) -> str:
    biases = f", biases {args.biases}" if args.biases else ""
    return f"{args.activation}, $L={args.depth}$, weights {args.weights}{biases}"


def _info(args: argparse.Namespace) -> None:
    import os

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
    print_result(args, facts, "\n".join(lines))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = _parser()
    words = list(sys.argv[1:] if argv is None else argv)
    # argparse loses track of "--" below a subcommand.
    dashes = words.index("--") if "--" in words else len(words)
    args = parser.parse_args(words[:dashes])
    if words[dashes:]:
        if not hasattr(args, "after_dashes"):
            parser.error(f"unrecognized arguments: {' '.join(words[dashes:])}")
        args.after_dashes = words[dashes + 1 :]
    if args.command != "info":
        import matplotlib

        matplotlib.use("agg")
    try:
        args.run(args)
    except KeyboardInterrupt:
        print("rmtjac: interrupted; nothing was written", file=sys.stderr)
        return 130
    except MemoryError as error:
        sizes = ", ".join(f"--{name}={getattr(args, name)}" for name in ("width", "samples", "units") if name in args)
        print(f"rmtjac: not enough memory for {sizes or args.command}: {error}", file=sys.stderr)
        return 2
    except (ValueError, TypeError, ArithmeticError, ImportError, NotImplementedError, OSError) as error:
        print(f"rmtjac: {error}", file=sys.stderr)
        return 2
    return 0
