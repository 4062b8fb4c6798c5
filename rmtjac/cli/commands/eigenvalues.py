"""The command `rmtjac eigenvalues`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rmtjac.cli.commands.spectra import add_input, add_masks, input_variance
from rmtjac.cli.options import add_ensemble, add_seed, add_threads, ensemble_of, whole
from rmtjac.cli.output import checked_out, print_result, write_picture

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser

__all__ = ["register"]


def register(parser: Parser) -> None:
    """Add the command to a parser."""
    one = parser.command(
        "eigenvalues",
        "Compute the ring of the complex eigenvalues of a square J, and sample them.",
        "rmtjac eigenvalues --activation tanh --depth 2 --width 200 --samples 5 --out ring.png",
        _eigenvalues,
    )
    add_ensemble(one)
    add_input(one)
    one.add_argument(
        "--samples", type=whole, default=0, metavar="K", help="number of networks to sample (default 0: the law alone)"
    )
    add_seed(one, "the networks; it fixes every bit of the result")
    add_masks(one)
    add_threads(one)
    one.add_argument(
        "--out",
        metavar="FILE",
        help="write the picture (.png, .pdf, .svg), or the eigenvalues, without --samples the law (.npz)",
    )


def _eigenvalues(args: argparse.Namespace) -> None:
    from rmtjac.theory.eigenvalues.limit_eigenvalues import limit_eigenvalues
    from rmtjac.validate import choice

    choice("masks", args.masks, ("network", "independent"))
    out = checked_out(args, ".npz")
    if args.samples < 0:
        raise ValueError(f"--samples={args.samples} must be 0 or a positive whole number")
    ensemble = ensemble_of(args)
    variance = input_variance(args)
    law = limit_eigenvalues(ensemble, input_variance=variance)
    width = ensemble.widths[-1]
    expected = law.largest(width)
    facts: dict[str, Any] = {
        "ensemble": ensemble.to_dict(),
        "law": law.to_dict(),
        "expected_largest": {"mean": expected.mean, "std": expected.std},
        "stable_probability": law.stable_probability(width),
    }
    lines = [
        repr(ensemble),
        law.table(),
        f"at width {width}: largest |z| {expected.mean:.6g} expected (std {expected.std:.2g}), below 1 with "
        f"probability {facts['stable_probability']:.4g}",
    ]
    sample = None
    if args.samples:
        from rmtjac.comparison.compare import compare
        from rmtjac.spectra.eigenvalues.sample import sample_eigenvalues

        sample = sample_eigenvalues(
            ensemble, args.samples, rng=args.seed, input_variance=variance, masks=args.masks, threads=args.threads,
            progress=True,
        )  # fmt: skip
        result = compare(sample, law)
        facts["comparison"] = result.to_dict()
        facts["stable_fraction"] = sample.stable_fraction.value
        lines += [result.table(), f"share of stable samples {sample.stable_fraction.value:.4g}"]
    if out is not None and out.suffix == ".npz":
        (law if sample is None else sample).save(out)
    elif out is not None:
        from rmtjac.plotting import plot_ring

        write_picture(out, plot_ring(law, sample, title=repr(law))["figure"])
    print_result(args, facts, lines, out)
