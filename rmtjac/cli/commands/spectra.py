"""The commands `rmtjac spectrum`, `rmtjac limit` and `rmtjac compare`."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from rmtjac.cli.limit_options import add_method, population_options
from rmtjac.cli.options import WEIGHTS, add_ensemble, add_seed, add_threads, ensemble_of, whole
from rmtjac.cli.output import checked_out, print_result, write_picture, write_text
from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser
    from rmtjac.ensemble import Ensemble
    from rmtjac.spectra.empirical import EmpiricalSpectrum
    from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["add_input", "add_masks", "input_variance", "register"]

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def register(parser: Parser) -> None:
    """Add the commands to a parser."""
    one = parser.command(
        "spectrum",
        "Sample the spectrum of J J^T.",
        "rmtjac spectrum --activation relu --width 100 --weights cauchy:1.0 --samples 20 --out spectrum.png",
        _spectrum,
    )
    add_ensemble(one)
    add_input(one)
    _add_sampling(one)
    one.add_argument("--out", metavar="FILE", help="write the result (.npz) or its picture (.png, .pdf, .svg)")

    one = parser.command(
        "limit",
        "Compute the spectrum of J J^T in the limit of infinite width.",
        "rmtjac limit --activation tanh --depth 3 --biases gaussian:0.1 --out limit.csv",
        _limit,
    )
    add_ensemble(one)
    add_input(one)
    add_masks(one)
    add_method(one)
    add_seed(one, "the pools of --method population")
    add_threads(one)
    one.add_argument(
        "--points", type=whole, default=9, metavar="K", help="number of rows of the printed curve (default 9)"
    )
    one.add_argument(
        "--out", metavar="FILE", help="write the curve (.csv), the limit (.npz) or its picture (.png, .pdf, .svg)"
    )

    one = parser.command(
        "compare",
        "Sample the spectrum, compute its limit, and draw both in one picture.",
        "rmtjac compare --activation tanh --depth 5 --width 100 --biases gaussian:0.1 --out tanh.pdf",
        _compare,
    )
    add_ensemble(one)
    add_input(one)
    _add_sampling(one)
    add_method(one)
    one.add_argument("--test", action="store_true", help="add a calibrated p-value; samples smaller networks too")
    one.add_argument(
        "--out",
        default="rmtjac-compare.png",
        metavar="FILE",
        help="the picture (.png, .pdf, .svg) or the result (.npz); default rmtjac-compare.png",
    )


def add_input(new: Parser) -> None:
    """Add the option for the input of the networks."""
    new.add_argument(
        "--input-variance",
        default="1.0",
        metavar="Q",
        help="q_0 = |x|^2/n_0 of the input x, or the word stationary (default 1.0)",
    )


def _add_sampling(new: Parser) -> None:
    new.add_argument("--samples", type=whole, default=100, metavar="K", help="number of networks (default 100)")
    add_seed(new, "the networks; it fixes every bit of the result")
    add_masks(new)
    new.add_argument(
        "--precision",
        default="auto",
        metavar=one_of("auto", "accurate", "fast"),
        help="accurate: all singular values to high relative accuracy; fast: accurate in the bulk only (default auto)",
    )
    new.add_argument(
        "--dtype",
        default="float64",
        metavar=one_of("float64", "float32"),
        help="float32 needs --precision fast (default float64)",
    )
    new.add_argument(
        "--invariance", action="store_true", help="linear Gaussian layers: draw only what the law of J needs"
    )
    add_threads(new)


def add_masks(new: Parser) -> None:
    """Add the option for the origin of D."""
    new.add_argument(
        "--masks",
        default="network",
        metavar=one_of("network", "independent"),
        help="phi' from a forward pass, or drawn from its mean-field law; their limits differ for heavy-tailed weights "
        "(default network)",
    )


def input_variance(args: argparse.Namespace) -> float | str:
    """Return the input variance as a number if it is one."""
    try:
        return float(args.input_variance)
    except ValueError:
        return args.input_variance


def _sample(args: argparse.Namespace, ensemble: Ensemble) -> EmpiricalSpectrum:
    from rmtjac.spectra.sample import sample_spectrum

    return sample_spectrum(
        ensemble, args.samples, rng=args.seed, input_variance=input_variance(args), masks=args.masks,
        precision=args.precision, dtype=args.dtype, invariance=args.invariance, threads=args.threads, progress=True,
    )  # fmt: skip


def _limit_of(args: argparse.Namespace, ensemble: Ensemble) -> LimitSpectrum | HeavyTailedLimit:
    from rmtjac.theory.limit.limit_spectrum import limit_spectrum

    return limit_spectrum(
        ensemble, input_variance=input_variance(args), method=args.method, masks=args.masks,
        population=population_options(args), seed=args.seed, threads=args.threads, progress=True,
    )  # fmt: skip


def _spectrum(args: argparse.Namespace) -> None:
    out = checked_out(args, ".npz")
    ensemble = ensemble_of(args)
    emp = _sample(args, ensemble)
    if out is not None and out.suffix == ".npz":
        emp.save(out)
    elif out is not None:
        from rmtjac.plotting import plot_spectrum

        write_picture(out, plot_spectrum(emp, scale="loglog")["ax"].figure)
    quantiles = {p: emp.log_quantile(p) for p in _QUANTILES} if emp.atom < 1.0 else {}
    facts: dict[str, Any] = {
        "ensemble": ensemble.to_dict(),
        "samples": emp.samples,
        "atom": {"value": emp.atom, "error": emp.atom_error, "bounds": list(emp.atom_bounds)},
        "log_quantiles_nonzero": {str(p): {"value": q.value, "error": q.error} for p, q in quantiles.items()},
        "underflows": int(emp.underflows.sum()),
    }
    lines = [repr(ensemble), repr(emp)]
    if quantiles:
        lines += ["quantiles of log lambda, nonzero eigenvalues", f"{'order':>8}{'value':>14}{'std error':>12}"]
    lines += [f"{p:8.2f}{q.value:14.6g}{q.error:12.2g}" for p, q in quantiles.items()]
    print_result(args, facts, lines, out)


def _limit(args: argparse.Namespace) -> None:
    from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
    from rmtjac.validate import positive_int

    out = checked_out(args, ".npz", ".csv")
    ensemble = ensemble_of(args)
    lim = _limit_of(args, ensemble)
    # Rows at equal steps of probability.
    p = [(i + 0.5) / args.points for i in range(positive_int("--points", args.points))]
    lam = lim.quantile([lim.atom + (1.0 - lim.atom) * one for one in p])
    density, error, cdf = lim.density(lam), lim.density_error(lam), lim.cdf(lam)
    about, words = _heavy_facts(lim) if isinstance(lim, HeavyTailedLimit) else _facts(lim)
    facts: dict[str, Any] = {
        "ensemble": ensemble.to_dict(),
        "support": lim.support.tolist(),
        "atom": lim.atom,
        **about,
        "curve": {
            "lambda": lam.tolist(),
            "density": density.tolist(),
            "density_error": error.tolist(),
            "cdf": cdf.tolist(),
        },
    }
    lines = [repr(ensemble), repr(lim), *words]
    lines += [f"{'lambda':>18}{'density':>20}{'error':>10}{'cdf':>14}"]
    lines += [f"{x:18.10g}{r:20.12g}{e:10.1e}{c:14.8f}" for x, r, e, c in zip(lam, density, error, cdf, strict=True)]
    if out is not None and out.suffix == ".npz":
        lim.save(out)
    elif out is not None and out.suffix == ".csv":
        write_text(out, _curve_as_csv(lim))
    elif out is not None:
        from rmtjac.plotting import plot_limit

        write_picture(out, plot_limit(lim, scale="loglog")["ax"].figure)
    print_result(args, facts, lines, out)


def _facts(lim: LimitSpectrum) -> tuple[dict[str, Any], list[str]]:
    """Return what is printed of a limit beside its curve: the moments."""
    moments = lim.moments(4).tolist()
    return {"moments": moments}, ["moments " + " ".join(f"{m:.8g}" for m in moments)]


def _heavy_facts(lim: HeavyTailedLimit) -> tuple[dict[str, Any], list[str]]:
    """Return what is printed of a limit for heavy tails beside its curve: method, tail, quantiles, moments if any."""
    moments: list[float | None] = []
    words = []
    for k in range(1, 5):
        try:
            moments.append(lim.moment(k))
            words.append(f"m{k} = {moments[-1]:.8g}")
        except ValueError as error:
            moments.append(None)
            words.append(str(error).split(";")[0])
    orders = [p for p in _QUANTILES if p < 1.0]
    logs = lim.log_quantile([lim.atom + (1.0 - lim.atom) * p for p in orders]).tolist()
    tail = dict(zip(("exponent", "constant", "log_power"), map(float, lim.tail), strict=True))
    facts = {
        "method": lim.method,
        "smoothing": lim.smoothing,
        "atom_error": lim.atom_error,
        "tail": tail,
        "moments": moments,
        "log_quantiles_nonzero": dict(zip(map(str, orders), logs, strict=True)),
    }
    power = f" (log x)^{lim.tail.log_power:g}" if lim.tail.log_power else ""
    constant = f"{lim.tail.constant:.6g}" if math.isfinite(lim.tail.constant) else "constant"
    lines = [f"tail P(lambda > x) ~ {constant}{power} x^-{lim.tail.exponent:.6g}", *words]
    lines += ["quantiles of log lambda > -inf", *(f"{p:8.2f}{q:14.6g}" for p, q in zip(orders, logs, strict=True))]
    return facts, lines


def _curve_as_csv(lim: LimitSpectrum | HeavyTailedLimit) -> str:
    """Return the curve of the limit as lines of comma-separated numbers with all their digits."""
    lam, density = lim.curve(scale="log")
    columns = (values.tolist() for values in (lam, density, lim.density_error(lam), lim.cdf(lam)))
    rows = [",".join(map(repr, row)) for row in zip(*columns, strict=True)]
    return "\n".join(["lambda,density,density_error,cdf", *rows, ""])


def _compare(args: argparse.Namespace) -> None:
    from rmtjac.comparison.compare import compare

    out = checked_out(args, ".npz")
    ensemble = ensemble_of(args)
    lim = _limit_of(args, ensemble)  # before the long sampling, so that an ensemble without a limit is reported at once
    emp = _sample(args, ensemble)
    result = compare(emp, lim, test=args.test)
    assert out is not None
    if out.suffix == ".npz":
        result.save(out)
    else:
        from rmtjac.plotting import plot_comparison

        write_picture(out, plot_comparison(result, title=_title(args, ensemble))["figure"])
    facts = {"ensemble": ensemble.to_dict(), **result.to_dict(), "out": str(out)}
    print_result(args, facts, [repr(ensemble), result.table()], out)


def _title(args: argparse.Namespace, ensemble: Ensemble) -> str:
    """Return the title of a picture: the ensemble in the words of the command line."""
    names = args.activation or ",".join(dict.fromkeys(phi.spec for phi in ensemble.activations))
    parts = [names, f"$L={ensemble.depth}$"]
    if args.preset:
        parts.append(f"preset {args.preset}")
    if args.weights or not args.preset:
        parts.append(f"weights {args.weights or WEIGHTS}")
    if args.biases:
        parts.append(f"biases {args.biases}")
    return ", ".join(parts)
