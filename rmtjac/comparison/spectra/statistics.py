"""The statistics of a goodness-of-fit test: counts below quantiles of the limit, the atom, and two moments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.statistics.finite_size import finite_atom
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["Shape", "Statistics", "constant_slopes", "counting_points", "shape_of", "statistics"]

_ENDS, _INNER = (0.05, 0.95), (0.2, 0.4, 0.6, 0.8)  # orders of quantiles of the limit without its atom
_BELOW, _ABOVE = 3.0, 2.0  # least numbers of eigenvalues of the ladder below the lowest and above the highest quantile


class Statistics(NamedTuple):
    """The statistics x of each sample minus their values in the limit.

    `values` has shape (samples, k). `counts` says which of them count eigenvalues; the others are moments.
    """

    names: tuple[str, ...]
    values: np.ndarray
    counts: np.ndarray


class Shape(NamedTuple):
    """Widths of a network, in any unit, and the shares P(D != 0) of its layers."""

    widths: tuple[float, ...]
    masses: list[float]

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.widths) - 1


def shape_of(limit: LimitSpectrum | HeavyTailedLimit) -> Shape:
    """Return the shape of the networks of a limit.

    Raises
    ------
    ValueError
        If there is no calibrated test for the limit.
    """
    if isinstance(limit, LimitSpectrum):
        widths = limit.layers.widths or (1.0,) * (limit.layers.depth + 1)
        return Shape(tuple(widths), [min(law.mass, 1.0) for law in limit.layers.laws])
    instead = "compare(...).ks measures the distance, with noise of .5 / sqrt(samples * size) under heavy tails"
    if limit.smoothing > 0.0:
        raise ValueError(
            f"goodness_of_fit is not calibrated for a limit smoothed by an angle ({limit.smoothing:.4g}); {instead}"
        )
    if "masses" not in limit.facts:
        raise ValueError(f"goodness_of_fit needs a limit that limit_spectrum made, not {limit!r}; {instead}")
    if len(limit.facts["masses"]) > 1 and not constant_slopes(limit):
        raise ValueError(
            "goodness_of_fit rejects the right limit of several layers with heavy tails and masks too often, and is "
            f"calibrated for linear layers, and for one layer; {instead}"
        )
    return Shape(tuple(limit.facts["ensemble"]["widths"]), limit.facts["masses"])


def constant_slopes(limit: HeavyTailedLimit) -> bool:
    """Return whether all layers have a constant D^2."""
    slopes = [phi.slopes for phi in Ensemble.from_dict(limit.facts["ensemble"]).activations]
    return all(one is not None and len({abs(slope) for slope in one}) == 1 for one in slopes)


def counting_points(
    rungs: tuple[EmpiricalSpectrum, ...], limit: LimitSpectrum | HeavyTailedLimit, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of log lambda at which eigenvalues are counted, above the noise of the samples, and F there."""
    # The lowest few eigenvalues of a deep product have a law that is no expansion in 1/N. Counts at F = .05 of 25
    # eigenvalues, L = 3, leave a bias of .6 standard errors of 40 samples; with 3 eigenvalues below it is under .2.
    room = max(1.0 - limit.atom, 1e-300) * min(rung.size for rung in rungs)
    low, high = max(_ENDS[0], max(_BELOW, depth) / room), min(_ENDS[1], 1.0 - _ABOVE / room)
    inner = [f for f in _INNER if low + 0.05 < f < high - 0.05]
    p = limit.atom + (1.0 - limit.atom) * np.array([low, *inner, high] if low < high else [0.5])
    # A little above the quantile, so that eigenvalues on an atom of the limit are below it in spite of their rounding.
    at = np.unique(limit.log_quantile(p)) + 1e-9
    at = at[at > max(rung.log_floor for rung in rungs)]
    return at, limit.log_cdf(at)


def statistics(
    empirical: EmpiricalSpectrum,
    limit: LimitSpectrum | HeavyTailedLimit,
    shape: Shape,
    at: np.ndarray,
    expected: np.ndarray,
) -> Statistics:
    """Return the statistics of each sample; `expected` is F of the limit at the places `at` in log lambda."""
    logs = 2.0 * empirical.log_singular_values
    counts = (logs[:, :, None] <= at).mean(axis=1) - expected
    widths = np.array(shape.widths)
    sides = np.maximum(np.rint(widths * (empirical.size / widths[-1])), 1.0).astype(int)
    atom = empirical.zero_fractions - finite_atom(sides.tolist(), shape.masses)
    share = (expected - limit.atom) / (1.0 - limit.atom)
    names, moments = (*(f"F={f:.3g}" for f in share), "atom"), []
    if isinstance(limit, LimitSpectrum):
        m1, m2 = np.log(limit.moments(2))
        moments = [np.exp(logs - m1).mean(axis=1) - 1.0, np.exp(2.0 * logs - m2).mean(axis=1) - 1.0]
        names = (*names, "m1", "m2")
    return Statistics(names, np.column_stack([counts, atom, *moments]), np.arange(len(names)) < at.size + 1)
