r"""A calibrated test of whether a sampled spectrum agrees with a limit.

Eigenvalues of one matrix repel each other. Tests for independent points (Kolmogorov-Smirnov, chi-squared of a
histogram) never reject a single matrix, and reject the right law when many matrices are pooled. Here one matrix is one
observation. It gives a vector x of statistics: the fractions of eigenvalues below quantiles of the limit, the atom if
it is random, and the moments m_1, m_2 divided by those of the limit. The limit gives their means for infinite width.

- **Bias.** At width N these means differ from the limit by a term of order 1/N. Independent samples of the same
  ensemble at a width n near N/4, the *ladder*, remove it: (N x(N) - n x(n)) / (N - n). This is not enough for the atom,
  whose expectation at finite width is known exactly (`rmtjac.spectra.finite_atom`).
- **Noise.** The test statistic is Hotelling's T^2 of the corrected means. The covariance comes from the spread between
  the matrices of both widths, and the degrees of freedom are those of Krishnamoorthy and Yu for two samples of unequal
  covariance.
- **Control variates.** Much of the spread between matrices is that of D, whose law is known at the variance that was
  sampled. A regression of x on the mean D^2, D^4 and log D^2 of each layer, centred at their expectations, removes
  this part and costs one degree of freedom for each variate. An error of q in the limit shifts x and not the variates.
  The atom of several layers is not regressed: it is the largest of their fractions of zeros, which is not a smooth
  function of the variates. The atom of one layer is itself a variate and has no noise after the regression, so that
  any error of q that changes it is visible.
- **No noise.** A statistic, or a combination, that does not vary between matrices is not part of T^2. It must agree
  with the limit up to what finite width and whole numbers of eigenvalues allow, else the limit is rejected.

The bias that remains is of order 1/N^2 in the bulk, and larger at edges. With enough samples, of the order N^2, the
test detects it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.comparison.spectra.bins import LEVEL, verdict
from rmtjac.comparison.spectra.control_variates import control_variates, regress
from rmtjac.comparison.spectra.hotelling import choose, hotelling
from rmtjac.comparison.spectra.statistics import counting_points, shape_of, statistics
from rmtjac.comparison.spectra.width_ladder import draw_ladder
from rmtjac.rng import RngLike
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["GoodnessOfFit", "goodness_of_fit"]

_FEWEST = 12  # the least number of samples


@dataclass(frozen=True, eq=False)
class GoodnessOfFit:
    """Result of `rmtjac.goodness_of_fit`.

    Attributes
    ----------
    p_value : float
        The probability of a T^2 at least as large if the limit is right. It is 0 if a statistic without noise deviates.
    statistic : float
        T^2.
    freedom : tuple of float
        The degrees of freedom p and nu - p + 1 of F = T^2 (nu - p + 1) / (nu p).
    names : tuple of str
        The statistics: ``"F=0.2"`` (the fraction of eigenvalues below the quantile of order 0.2 of the limit without
        its atom), ``"atom"``, ``"m1"``, ``"m2"``.
    deviations : ndarray of float, shape (k,)
        Their deviations from the limit without the bias: fractions of eigenvalues, and moments divided by those of the
        limit.
    errors : ndarray of float, shape (k,)
        The standard errors of the deviations, which are correlated; 0 for a statistic without noise.
    tested : ndarray of bool, shape (k,)
        Which statistics T^2 uses; the others have no noise that is independent of the noise of these.
    samples : int
        The number of matrices.
    size : int
        The number of their rows.
    ladder_samples : int
        The number of matrices of the ladder.
    ladder_size : int
        The number of their rows.
    controls : tuple of int
        How many control variates were used for the samples and for the ladder.
    level : float
        The level of `verdict`.

    See Also
    --------
    goodness_of_fit : Test a sample and return this result.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(48, 1, "linear")
    >>> test = rj.goodness_of_fit(rj.sample_spectrum(ens, samples=20, rng=0), rj.limit_spectrum(ens))
    >>> test.agrees, test.names[-3:]
    (True, ('atom', 'm1', 'm2'))
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
        """Whether the test does not reject the limit at the level."""
        return self.p_value >= self.level

    @property
    def verdict(self) -> str:
        """The result in words."""
        return verdict(self.p_value, self.level)

    def to_pandas(self) -> Any:
        """Return the statistics as a `pandas.DataFrame`, one statistic a row."""
        import pandas as pd

        with np.errstate(divide="ignore", invalid="ignore"):
            pulls = self.deviations / self.errors
        columns = {"deviation": self.deviations, "error": self.errors, "pull": pulls, "tested": self.tested}
        return pd.DataFrame(columns, index=pd.Index(self.names, name="statistic"))

    def __repr__(self) -> str:
        return f"GoodnessOfFit({self.verdict}, {int(self.tested.sum())} statistics, {self.samples} samples)"


def goodness_of_fit(
    empirical: EmpiricalSpectrum,
    limit: LimitSpectrum | HeavyTailedLimit,
    *,
    rng: RngLike | None = None,
    ladder: EmpiricalSpectrum | None = None,
    controls: bool = True,
) -> GoodnessOfFit:
    r"""Test whether a sampled spectrum agrees with a limit.

    One matrix is one observation of a vector of statistics x: fractions of eigenvalues below quantiles of the limit,
    the atom, and two moments. The bias of order 1/N is removed by a ladder of narrower networks of width n. With the
    covariance S of :math:`\bar x = (N x(N) - n x(n))/(N - n) - x_{limit}`, the test statistic is Hotelling's
    :math:`T^2 = \bar x^T S^{-1} \bar x`. The module `rmtjac.comparison.spectra.goodness` describes each step.

    Parameters
    ----------
    empirical : EmpiricalSpectrum
        The sample, from `rmtjac.sample_spectrum`, with at least 12 matrices.
    limit : LimitSpectrum or HeavyTailedLimit
        The limit, from `rmtjac.limit_spectrum`; for heavy-tailed weights it must have no smoothing, and be that of
        linear layers or of one layer. The moments, which do not exist then, are left out.
    rng : int, SeedSequence or Generator, optional
        The seed of the ladder. By default it follows from that of the samples.
    ladder : EmpiricalSpectrum, optional
        Samples of the same ensemble in the same proportions, at about a quarter of the width. By default twice as many
        as in `empirical` are drawn, with the settings in ``empirical.facts``.
    controls : bool, default True
        Whether the means of D^2, D^4, log D^2 serve as control variates, if both samples recorded them.

    Returns
    -------
    GoodnessOfFit
        The p-value, T^2, and the deviation of each statistic.

    Raises
    ------
    ValueError
        If there are too few samples, or no ladder can be drawn, or the limit is smoothed.
    TypeError
        If `empirical`, `limit` or `ladder` has another type.

    See Also
    --------
    compare : Distances, moments and bins beside the limit.

    Notes
    -----
    Cost: about 3 % of the time of the samples for the ladder (for N of some hundreds or more), and a few values of the
    limiting cdf. How often the test rejects right and wrong limits: data/goodness.md.

    References
    ----------
    docs/theory/goodness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(60, 2, "tanh")
    >>> emp = rj.sample_spectrum(ens, samples=30, rng=1)
    >>> rj.goodness_of_fit(emp, rj.limit_spectrum(ens)).agrees
    True
    >>> rj.goodness_of_fit(emp, rj.limit_spectrum(rj.Ensemble.square(60, 3, "tanh"))).agrees
    False
    """
    if not isinstance(empirical, EmpiricalSpectrum) or not isinstance(limit, (LimitSpectrum, HeavyTailedLimit)):
        raise TypeError("goodness_of_fit needs an EmpiricalSpectrum and a LimitSpectrum, in this order")
    shape = shape_of(limit)
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
    one_layer = shape.depth == 1 and shape.widths[1] <= shape.widths[0]
    at, expected = counting_points(rungs, limit, shape.depth)
    counts: np.ndarray = np.empty(0)
    fits, raw, used = [], [], []
    weights = empirical.size / (empirical.size - ladder.size), -ladder.size / (empirical.size - ladder.size)
    for rung in rungs:
        names, values, counts = statistics(rung, limit, shape, at, expected)
        max_count = min((rung.samples - 1) // 3, rung.samples - 3 - values.shape[1]) if controls else 0
        found = control_variates(rung, max_count)
        fits.append(regress(values, found, (np.array(names) != "atom") | one_layer))
        # A spread of the size of rounding is no noise.
        raw.append(np.where(np.ptp(values, axis=0) > 1e-12, values.var(axis=0, ddof=1) / rung.samples, 0.0))
        used.append(found.shape[1])
    if used[0] == 0 or used[1] == 0:  # control variates of one sample only would leave a bias in the other
        used = [0, 0]
        plain = [statistics(rung, limit, shape, at, expected).values for rung in rungs]
        fits = [regress(values, np.empty((len(values), 0)), np.zeros(values.shape[1], dtype=bool)) for values in plain]
    parts = [w * w * fit.covariance for w, fit in zip(weights, fits, strict=True)]
    deviation = weights[0] * fits[0].mean + weights[1] * fits[1].mean
    total = parts[0] + parts[1]
    spread = weights[0] ** 2 * raw[0] + weights[1] ** 2 * raw[1]
    # Allowed deviations of a statistic without noise. For a count it is one eigenvalue of each sample. For a moment,
    # and a statistic that loses its noise only by the regression, it is the bias that remains after the ladder.
    left = 16.0 / empirical.size**2 + 1e-9
    allowed = np.where(counts & (spread == 0.0), 2.0 * weights[0] / empirical.size, left)
    kept, off = choose(total, spread, deviation, allowed)
    statistic, freedom, p_value = hotelling(deviation[kept], [part[np.ix_(kept, kept)] for part in parts], fits)
    tested = np.zeros(deviation.size, dtype=bool)
    tested[kept] = True
    errors = np.where(spread > 0.0, np.sqrt(np.maximum(np.diag(total), 0.0)), 0.0)
    return GoodnessOfFit(
        0.0 if off else p_value, statistic, freedom, names, deviation, errors, tested,
        empirical.samples, empirical.size, ladder.samples, ladder.size, (used[0], used[1]),
    )  # fmt: skip
