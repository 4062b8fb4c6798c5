r"""Does a sampled spectrum agree with a limit? A calibrated test.

Eigenvalues of one matrix repel each other: tests made for independent points (Kolmogorov-Smirnov, chi-squared of a
histogram) never reject a single matrix, and reject the right law when many are pooled. Here one matrix is one
observation. It gives a vector x: the fractions of eigenvalues below quantiles of the limit, the atom where it is
random, and the moments m_1, m_2 in units of the limit's. The limit says what their means are.

- **Bias.** At width N these means are off by a term of order 1/N. A *ladder*, independent samples of the same
  ensemble at a width n near N/4, removes it: (N x(N) - n x(n)) / (N - n). The atom needs more, and its expectation at
  finite width is known: see `rmtjac.spectra.statistics.finite_size.finite_atom`.
- **Noise.** Hotelling's T^2 of the corrected means, with the covariance between matrices of both rungs and the
  degrees of freedom of Krishnamoorthy and Yu (two samples of unequal covariance).
- **Control variates.** Much of the spread between matrices is that of D, whose law is known at the variance that was
  sampled: mean D^2, D^4 and log D^2 per layer. Regressing x on them, centred at their expectations, takes that part
  out; it costs a degree of freedom each. An error in the limit's own q shifts x and not the controls. The atom of
  several layers is left out: it is the largest of their fractions of zeros, no smooth function of the controls. That
  of one layer is a control itself and keeps no noise: any error in q that moves it is seen.
- **No noise.** A statistic (or a combination) that does not vary between matrices leaves T^2; it must agree with the
  limit up to what finite width and whole numbers allow, else the limit is rejected.

What the ladder leaves is of order 1/N^2 in the bulk, more at edges: with enough samples (S of the order N^2) the test
sees it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rmtjac.comparison.control_variates import Fit, control_variates, regress
from rmtjac.comparison.width_ladder import draw_ladder
from rmtjac.rng import RngLike
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.spectra.statistics.finite_size import finite_atom
from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["LEVEL", "GoodnessOfFit", "goodness_of_fit"]

LEVEL = 0.05
_ENDS, _INNER = (0.05, 0.95), (0.2, 0.4, 0.6, 0.8)  # quantiles of the part off the atom
_BELOW, _ABOVE = 3.0, 2.0  # eigenvalues of the ladder below and above all of them
_FEWEST = 12  # samples


@dataclass(frozen=True, eq=False)
class GoodnessOfFit:
    """Outcome of `goodness_of_fit`.

    Attributes
    ----------
    p_value
        Chance of a T^2 at least as large if the limit is right; 0 where a statistic without noise is off.
    statistic
        T^2.
    freedom
        The degrees of freedom p and nu - p + 1 of F = T^2 (nu - p + 1) / (nu p).
    names
        The statistics: ``"F=0.2"`` (with 0.2 of the mass off the atom), ``"atom"``, ``"m1"``, ``"m2"``.
    deviations, errors
        Their deviations from the limit, bias removed, and standard errors: fractions of eigenvalues, and moments in
        units of the limit's. Correlated; an error 0 marks a statistic without noise.
    tested
        Which of them entered T^2; the others had no noise of their own.
    samples, size, ladder_samples, ladder_size
        Numbers and sides of the matrices of both rungs.
    controls
        How many control variates were used for the samples and for the ladder.
    level
        The level that `verdict` speaks of.
    """

    p_value: float
    statistic: float
    freedom: tuple[float, float]
    names: tuple[str, ...]
    deviations: np.ndarray
    errors: np.ndarray
    tested: np.ndarray
    samples: int
    size: int
    ladder_samples: int
    ladder_size: int
    controls: tuple[int, int]
    level: float = LEVEL

    def __post_init__(self) -> None:
        for array in (self.deviations, self.errors, self.tested):
            array.flags.writeable = False

    @property
    def agrees(self) -> bool:
        """Whether the limit is not rejected at the level."""
        return self.p_value >= self.level

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        return verdict(self.p_value, self.level)

    def to_pandas(self) -> Any:
        """Return the statistics as a table."""
        import pandas as pd

        with np.errstate(divide="ignore", invalid="ignore"):
            pulls = self.deviations / self.errors
        columns = {"deviation": self.deviations, "error": self.errors, "pull": pulls, "tested": self.tested}
        return pd.DataFrame(columns, index=pd.Index(self.names, name="statistic"))

    def __repr__(self) -> str:
        return f"GoodnessOfFit({self.verdict}, {int(self.tested.sum())} statistics, {self.samples} samples)"


def verdict(p_value: float, level: float = LEVEL) -> str:
    """Say what a p-value means at a level; NaN stands for no test."""
    if math.isnan(p_value):
        return "not tested"
    return f"{'agree' if p_value >= level else 'disagree'} at {level:.0%} (p = {p_value:.2g})"


class _Statistics(NamedTuple):
    """Names, values per sample minus the limit's, and by how much one without noise may be off."""

    names: tuple[str, ...]
    values: np.ndarray
    kinds: np.ndarray  # 1 for whole numbers of eigenvalues, 0 for moments


def _points(rungs: tuple[EmpiricalSpectrum, ...], limit: LimitSpectrum) -> tuple[np.ndarray, np.ndarray]:
    """Values of log lambda at which eigenvalues are counted, and F there, above the noise of the samples."""
    # The lowest few eigenvalues of a deep product have a law of their own, which is no expansion in 1/N: counts at
    # F = .05 of 25 eigenvalues, L = 3, leave a bias of .6 standard errors of 40 samples; from 3 on it is below .2.
    room = max(1.0 - limit.atom, 1e-300) * min(rung.size for rung in rungs)
    low, high = max(_ENDS[0], max(_BELOW, limit.layers.depth) / room), min(_ENDS[1], 1.0 - _ABOVE / room)
    inner = [f for f in _INNER if low + 0.05 < f < high - 0.05]
    p = limit.atom + (1.0 - limit.atom) * np.array([low, *inner, high] if low < high else [0.5])
    # A little above the quantile: eigenvalues that sit on an atom of the limit are below it, their rounding included.
    at = np.unique(limit.log_quantile(p)) + 1e-9
    at = at[at > max(rung.log_floor for rung in rungs)]
    return at, limit.log_cdf(at)


def _statistics(
    empirical: EmpiricalSpectrum, limit: LimitSpectrum, at: np.ndarray, expected: np.ndarray
) -> _Statistics:
    logs = 2.0 * empirical.log_singular_values
    counts = (logs[:, :, None] <= at).mean(axis=1) - expected
    widths = np.array(limit.layers.widths or [1.0] * (limit.layers.depth + 1))
    sides = np.maximum(np.rint(widths * (empirical.size / widths[-1])), 1.0).astype(int)
    atom = empirical.atoms - finite_atom(sides.tolist(), [min(law.mass, 1.0) for law in limit.layers.laws])
    m1, m2 = np.log(limit.moments(2))
    moments = [np.exp(logs - m1).mean(axis=1) - 1.0, np.exp(2.0 * logs - m2).mean(axis=1) - 1.0]
    share = (expected - limit.atom) / (1.0 - limit.atom)
    names = (*(f"F={f:.3g}" for f in share), "atom", "m1", "m2")
    return _Statistics(names, np.column_stack([counts, atom, *moments]), np.array([1] * (at.size + 1) + [0, 0]))


def _choose(
    covariance: np.ndarray, raw: np.ndarray, deviation: np.ndarray, allowed: np.ndarray
) -> tuple[list[int], bool]:
    """Statistics with noise of their own, and whether one of the others is off by more than is allowed."""
    kept: list[int] = []
    off = False
    for j in range(raw.size):
        slope = np.linalg.solve(covariance[np.ix_(kept, kept)], covariance[kept, j])
        left = covariance[j, j] - float(slope @ covariance[kept, j])
        if raw[j] > 0.0 and left > 1e-9 * raw[j]:
            kept.append(j)
        elif abs(deviation[j] - float(slope @ deviation[kept])) > allowed[j]:
            off = True
    return kept, off


def goodness_of_fit(
    empirical: EmpiricalSpectrum,
    limit: LimitSpectrum,
    *,
    rng: RngLike | None = None,
    ladder: EmpiricalSpectrum | None = None,
    controls: bool = True,
) -> GoodnessOfFit:
    """Test a sampled spectrum against a limit; see the module `rmtjac.comparison.goodness` for how.

    Parameters
    ----------
    empirical, limit
        From `rmtjac.sample_spectrum` and `rmtjac.limit_spectrum`; at least 12 matrices.
    rng
        Seed of the ladder; by default it follows from that of the samples.
    ladder
        Samples of the same ensemble in the same proportions, at about a quarter of the width. By default twice as many
        as `empirical` has are drawn, with the settings in ``empirical.facts``.
    controls
        Whether the means of D^2, D^4, log D^2 serve as control variates, where both rungs recorded them.

    Returns
    -------
    GoodnessOfFit

    Raises
    ------
    ValueError
        If there are too few samples, or no ladder can be drawn.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.comparison.goodness import goodness_of_fit
    >>> ens = rj.Ensemble.square(60, 2, "tanh")
    >>> emp = rj.sample_spectrum(ens, samples=30, rng=1)
    >>> goodness_of_fit(emp, rj.limit_spectrum(ens)).agrees
    True
    >>> goodness_of_fit(emp, rj.limit_spectrum(rj.Ensemble.square(60, 3, "tanh"))).agrees
    False
    """
    if not isinstance(empirical, EmpiricalSpectrum) or not isinstance(limit, LimitSpectrum):
        raise TypeError("goodness_of_fit needs an EmpiricalSpectrum and a LimitSpectrum, in this order")
    if ladder is not None and not isinstance(ladder, EmpiricalSpectrum):
        raise TypeError(f"ladder={ladder!r} must be an EmpiricalSpectrum")
    if empirical.samples >= _FEWEST and ladder is None:
        ladder = draw_ladder(empirical, rng)
    for name, rung in (("empirical", empirical), ("ladder", ladder)):
        if rung is not None and rung.samples < _FEWEST:
            raise ValueError(f"{name} has {rung.samples} samples; a test needs at least {_FEWEST}")
    assert ladder is not None
    if not 2 * ladder.size <= empirical.size:
        raise ValueError(f"ladder has size {ladder.size}; at most half of {empirical.size} is needed")

    rungs = empirical, ladder
    widths = limit.layers.widths or (1.0, 1.0)
    one_layer = limit.layers.depth == 1 and widths[1] <= widths[0]
    at, expected = _points(rungs, limit)
    kinds: np.ndarray = np.empty(0)
    fits, raw, used = [], [], []
    weights = empirical.size / (empirical.size - ladder.size), -ladder.size / (empirical.size - ladder.size)
    for rung in rungs:
        names, values, kinds = _statistics(rung, limit, at, expected)
        most = min((rung.samples - 1) // 3, rung.samples - 3 - values.shape[1]) if controls else 0
        found = control_variates(rung, most)
        fits.append(regress(values, found, (np.array(names) != "atom") | one_layer))
        # Rounding of equal numbers is no noise.
        raw.append(np.where(np.ptp(values, axis=0) > 1e-12, values.var(axis=0, ddof=1) / rung.samples, 0.0))
        used.append(found.shape[1])
    if used[0] == 0 or used[1] == 0:  # controls of one rung only would leave a bias in the other
        used = [0, 0]
        plain = [_statistics(rung, limit, at, expected).values for rung in rungs]
        fits = [regress(values, np.empty((len(values), 0)), np.zeros(values.shape[1], dtype=bool)) for values in plain]
    parts = [w * w * fit.covariance for w, fit in zip(weights, fits, strict=True)]
    deviation = weights[0] * fits[0].mean + weights[1] * fits[1].mean
    total = parts[0] + parts[1]
    spread = weights[0] ** 2 * raw[0] + weights[1] ** 2 * raw[1]
    # Without noise: a count may be off by the fraction of one eigenvalue in either rung, a moment, or what is only
    # without noise beside the controls, by what the ladder leaves.
    left = 16.0 / empirical.size**2 + 1e-9
    allowed = np.where((kinds == 1) & (spread == 0.0), 2.0 * weights[0] / empirical.size, left)
    kept, off = _choose(total, spread, deviation, allowed)
    statistic, freedom, p_value = _hotelling(deviation[kept], [part[np.ix_(kept, kept)] for part in parts], fits)
    tested = np.zeros(deviation.size, dtype=bool)
    tested[kept] = True
    errors = np.where(spread > 0.0, np.sqrt(np.maximum(np.diag(total), 0.0)), 0.0)
    return GoodnessOfFit(
        0.0 if off else p_value, statistic, freedom, names, deviation, errors, tested,
        empirical.samples, empirical.size, ladder.samples, ladder.size, (used[0], used[1]),
    )  # fmt: skip


def _hotelling(
    deviation: np.ndarray, parts: list[np.ndarray], fits: list[Fit]
) -> tuple[float, tuple[float, float], float]:
    """Return T^2, its degrees of freedom by Krishnamoorthy and Yu, and the p-value."""
    from scipy.special import fdtrc

    p = deviation.size
    if p == 0:
        return 0.0, (0.0, math.inf), 1.0
    total = parts[0] + parts[1]
    scale = 1.0 / np.sqrt(np.diag(total))
    inverse = np.linalg.inv(total * np.outer(scale, scale)) * np.outer(scale, scale)
    statistic = float(deviation @ inverse @ deviation)
    shares = [part @ inverse for part in parts]
    loss = sum((np.trace(s @ s) + np.trace(s) ** 2) / fit.freedom for s, fit in zip(shares, fits, strict=True))
    nu = (p + p * p) / loss
    second = nu - p + 1.0
    return statistic, (float(p), float(second)), float(fdtrc(p, second, statistic * second / (nu * p)))
