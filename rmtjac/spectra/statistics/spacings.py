r"""Repulsion of levels and localisation of singular vectors, which distinguish kinds of random matrices.

The ratio of consecutive gaps (Oganesyan & Huse 2007)

.. math:: r_n = \min(s_n, s_{n+1}) / \max(s_n, s_{n+1}), \qquad s_n = x_{n+1} - x_n,

needs no unfolding. Its mean is 2 ln 2 - 1 = .38629 for independent levels (Poisson), and .5307 for the levels of large
real symmetric Gaussian matrices (GOE; numerical, Atas, Bogomolny, Giraud & Roux, Phys. Rev. Lett. 110, 084101, 2013).
Singular values of large real Gaussian matrices have the GOE value, away from the edges. Matrices with heavy tails are
in between: their largest singular values are nearly independent, and the singular vectors of these have large entries
at few coordinates only. The participation ratio measures the number of such coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.estimate import Estimate
from rmtjac.validate import choice, positive_int, real_array

__all__ = [
    "GOE_RATIO",
    "POISSON_RATIO",
    "SpacingRatios",
    "goe_surmise",
    "haar_participation",
    "participation_ratios",
    "spacing_ratios",
]

POISSON_RATIO = 2.0 * math.log(2.0) - 1.0
"""Mean ratio of independent levels, whose density is 2/(1 + r)^2."""
GOE_RATIO = 0.5307
"""Mean ratio of large GOE matrices, +- .0001 (Atas et al. 2013, table I); it is 4 - 2 sqrt 3 for 3 x 3 matrices."""

_FINITE_SIZE = 0.01  # edges and finite size shift the mean of 50 singular values by up to .007, of 20 by .018


def goe_surmise(r: np.ndarray | float) -> np.ndarray:
    r"""Return the density of the ratio of gaps of 3 x 3 GOE matrices, which is close to that of large matrices.

    :math:`p(r) = \frac{27}{4} (r + r^2) / (1 + r + r^2)^{5/2}` for r in [0, 1].

    Parameters
    ----------
    r : array_like of float, any shape
        The ratios.

    Returns
    -------
    ndarray of float, shape of `r`
        The density, 0 outside of [0, 1].

    Raises
    ------
    ValueError
        If `r` holds anything but real numbers.

    See Also
    --------
    spacing_ratios : The ratios of a sample.

    References
    ----------
    Atas et al. 2013, equation 7, with r > 1 mapped to 1/r. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> round(float(rj.spectra.goe_surmise(1.0)), 4)
    0.866
    """
    r = np.asarray(r, dtype=float)
    inside = (r >= 0.0) & (r <= 1.0)
    r = np.where(inside, r, 0.0)
    return np.where(inside, 6.75 * (r + r * r) / (1.0 + r + r * r) ** 2.5, 0.0)


@dataclass(frozen=True, eq=False)
class SpacingRatios:
    """Ratios of consecutive gaps between levels.

    Attributes
    ----------
    ratios : ndarray of float, shape (samples, n - 2)
        The ratios in (0, 1], from the lowest levels to the highest; NaN at the end of rows with fewer levels.

    See Also
    --------
    rmtjac.spectra.spacing_ratios : Compute the ratios of given levels.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> rj.spectra.spacing_ratios(np.sort(np.random.default_rng(1).random((50, 100)))).verdict
    'Poisson'
    """

    ratios: np.ndarray

    def __post_init__(self) -> None:
        self.ratios.flags.writeable = False

    @property
    def means(self) -> np.ndarray:
        """The mean ratio of each sample with at least three levels."""
        means: np.ndarray = np.nanmean(self.ratios[~np.isnan(self.ratios).all(axis=1)], axis=1)
        return means

    @property
    def mean(self) -> float:
        """The mean of `means` over the samples."""
        return float(self.means.mean())

    @property
    def error(self) -> float:
        """The standard error of `mean` between samples (NaN for one sample)."""
        return Estimate.of(self.means).error

    @property
    def verdict(self) -> str:
        """Which law the mean ratio agrees with: ``"rigid"``, ``"Poisson"``, ``"between"``, or ``"undecided"``.

        The mean is ``"rigid"`` if it is larger than the GOE value minus three standard errors, and ``"Poisson"`` if it
        is smaller than the Poisson value plus three standard errors. It is ``"between"`` if neither holds, and
        ``"undecided"`` if both hold or there is a single sample, which has no error. Three errors count as at least
        .01, because of edges and finite size, which matter more with fewer than about 50 levels in a sample.
        """
        if math.isnan(self.error):
            return "undecided"
        slack = max(3.0 * self.error, _FINITE_SIZE)
        rigid, independent = self.mean > GOE_RATIO - slack, self.mean < POISSON_RATIO + slack
        if rigid and independent:
            return "undecided"
        return "rigid" if rigid else "Poisson" if independent else "between"

    def __repr__(self) -> str:
        return (
            f"SpacingRatios({self.mean:.4g} ± {self.error:.2g}, {self.verdict}; "
            f"Poisson {POISSON_RATIO:.4f}, GOE {GOE_RATIO:.4f})"
        )


def spacing_ratios(levels: np.ndarray, *, log: bool = False) -> SpacingRatios:
    r"""Return the ratios of consecutive gaps between the distinct nonzero levels of each sample.

    :math:`r_n = \min(s_n, s_{n+1}) / \max(s_n, s_{n+1})` with the gaps :math:`s_n = x_{n+1} - x_n` of sorted levels x.

    Parameters
    ----------
    levels : array_like of float, shape (samples, n) or (n,)
        The levels, in any order; one dimension is one sample.
    log : bool, default False
        Whether `levels` are logarithms (``emp.log_singular_values``), -inf for zeros. The gaps are then those of the
        logarithms. Where levels are dense the ratios are the same up to O(1/n). Where levels spread over decades (deep
        products, heavy tails) only neighbouring gaps of logarithms have comparable sizes. Levels below the numerical
        noise (half of ``emp.log_floor``) should be set to -inf before.

    Returns
    -------
    SpacingRatios
        The ratios, their mean with its standard error, and a verdict.

    Raises
    ------
    ValueError
        If `levels` hold NaN or infinities, or no sample has three distinct nonzero levels.
    TypeError
        If `levels` are not real numbers.

    See Also
    --------
    participation_ratios : The fraction of the coordinates that singular vectors occupy.

    Notes
    -----
    Cost: one sort of each sample.

    References
    ----------
    Oganesyan and Huse 2007; Atas et al. 2013. See docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> rj.spectra.spacing_ratios([[0.0, 1.0, 2.0, 4.0, 5.0]]).ratios
    array([[0.5, 0.5, nan]])
    >>> rj.spectra.spacing_ratios(np.random.default_rng(0).random((100, 100)))
    SpacingRatios(0.3887 ± 0.0029, Poisson; Poisson 0.3863, GOE 0.5307)
    """
    rows = np.atleast_2d(real_array("levels", levels))
    if rows.ndim != 2:
        raise ValueError(f"levels of shape {rows.shape} must be (n,) or (samples, n)")
    zero = -math.inf if log else 0.0
    if np.isnan(rows).any() or np.isinf(rows[rows != zero]).any():
        raise ValueError("levels hold NaN or infinities; finite numbers are needed")
    out = np.full((rows.shape[0], max(rows.shape[1] - 2, 0)), math.nan)
    for row, ratios in zip(rows, out, strict=True):
        gaps = np.diff(np.unique(row[row != zero]))
        if gaps.size > 1:
            ratios[: gaps.size - 1] = np.minimum(gaps[1:], gaps[:-1]) / np.maximum(gaps[1:], gaps[:-1])
    if np.isnan(out).all():
        raise ValueError("no sample has three distinct nonzero levels: there is no ratio of gaps")
    return SpacingRatios(out)


def haar_participation(n: int) -> float:
    """Return (n + 2)/(3 n), the participation ratio of a vector with a uniformly distributed direction.

    It follows from E sum v_i^4 = 3/(n + 2).

    Parameters
    ----------
    n : int
        The number of coordinates.

    Returns
    -------
    float
        The participation ratio.

    Raises
    ------
    ValueError, TypeError
        If `n` is not a positive whole number.

    See Also
    --------
    participation_ratios : The participation ratios of a matrix.

    References
    ----------
    docs/theory/heavy_tails.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.spectra.haar_participation(100)
    0.34
    """
    return (positive_int("n", n) + 2) / (3 * n)


def participation_ratios(matrix: np.ndarray, side: str = "left") -> np.ndarray:
    r"""Return :math:`1/(N \sum_i v_i^4)` of each singular vector v: the fraction of the coordinates that it occupies.

    Parameters
    ----------
    matrix : array_like of float, shape (m, n) or (samples, m, n)
        One matrix, or a stack.
    side : {"left", "right"}, default "left"
        Whether to use left vectors, of length N = m, or right ones, of length N = n.

    Returns
    -------
    ndarray of float, shape (min(m, n),) or (samples, min(m, n))
        The ratios, that of the largest singular value first, between 1/N (a single coordinate) and 1 (all entries of
        equal size). They are about 1/3 for random directions (`haar_participation`). Singular vectors of equal singular
        values, for example of zeros, are an arbitrary basis, and their ratios have no meaning.

    Raises
    ------
    ValueError
        If the matrix holds NaN or infinities, or has no entries.
    TypeError
        If the entries are not real numbers.

    See Also
    --------
    spacing_ratios : Whether levels repel each other.

    Notes
    -----
    Cost: one call of LAPACK's gesdd with vectors for each matrix, O(m n min(m, n)).

    References
    ----------
    docs/theory/heavy_tails.md.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> rj.spectra.participation_ratios(np.diag([3.0, 2.0, 1.0, 0.5]))
    array([0.25, 0.25, 0.25, 0.25])
    """
    choice("side", side, ("left", "right"))
    matrix = real_array("matrix", matrix, "a matrix")
    if matrix.ndim not in (2, 3) or not matrix.size:
        raise ValueError(f"matrix of shape {matrix.shape} must be (m, n) or (samples, m, n), and not empty")
    if not np.isfinite(matrix).all():
        raise ValueError("matrix holds NaN or infinities; finite numbers are needed")
    u, _, vh = np.linalg.svd(matrix, full_matrices=False)  # calls gesdd for one matrix after the other
    vectors = u if side == "left" else np.swapaxes(vh, -1, -2)
    out: np.ndarray = 1.0 / (vectors.shape[-2] * (vectors**4).sum(axis=-2))
    return out
