r"""Do levels repel, and are singular vectors spread out: two signs of a random matrix without structure.

The ratio of consecutive gaps (Oganesyan & Huse 2007)

.. math:: r_n = \min(s_n, s_{n+1}) / \max(s_n, s_{n+1}), \qquad s_n = x_{n+1} - x_n,

needs no unfolding. Its mean is 2 ln 2 - 1 = .38629 for independent levels (Poisson), and .5307 for the levels of large
real symmetric Gaussian matrices (GOE; numerical, Atas, Bogomolny, Giraud & Roux, Phys. Rev. Lett. 110, 084101, 2013).
Singular values of large real Gaussian matrices have the GOE value, away from the edges. Heavy-tailed matrices mix
both: their largest singular values are close to independent, and the vectors that belong to them sit on few
coordinates, which the participation ratio counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

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
"""Mean ratio of independent levels; the density is 2/(1 + r)^2."""
GOE_RATIO = 0.5307
"""Mean ratio of the GOE at large size, +- .0001 (Atas et al. 2013, table I); of 3 x 3 matrices 4 - 2 sqrt 3."""

_FINITE_SIZE = 0.01  # edges and finite size shift the mean of 50 singular values by up to .007, of 20 by .018


def goe_surmise(r: np.ndarray | float) -> np.ndarray:
    r"""Return the density of the ratio r in [0, 1] for 3 x 3 GOE matrices, close to that of large ones.

    :math:`p(r) = \frac{27}{4} (r + r^2) / (1 + r + r^2)^{5/2}` (Atas et al. 2013, equation 7, folded to r <= 1).

    Examples
    --------
    >>> round(float(goe_surmise(1.0)), 4)
    0.866
    """
    r = np.asarray(r, dtype=float)
    inside = (r >= 0.0) & (r <= 1.0)
    r = np.where(inside, r, 0.0)
    return np.where(inside, 6.75 * (r + r * r) / (1.0 + r + r * r) ** 2.5, 0.0)


@dataclass(frozen=True, eq=False)
class SpacingRatios:
    """Ratios of consecutive gaps.

    Attributes
    ----------
    ratios
        Shape (samples, n - 2), each in (0, 1], bottom to top; NaN at the end of rows with fewer levels.
    """

    ratios: np.ndarray

    def __post_init__(self) -> None:
        self.ratios.flags.writeable = False

    @property
    def means(self) -> np.ndarray:
        """Mean ratio of each sample that has one."""
        means: np.ndarray = np.nanmean(self.ratios[~np.isnan(self.ratios).all(axis=1)], axis=1)
        return means

    @property
    def mean(self) -> float:
        """Mean over the samples."""
        return float(self.means.mean())

    @property
    def error(self) -> float:
        """Standard error of `mean` between samples (NaN for one sample)."""
        means = self.means
        return float(means.std(ddof=1)) / math.sqrt(means.size) if means.size > 1 else math.nan

    @property
    def verdict(self) -> str:
        """``"rigid"``, ``"Poisson"``, ``"between"``, or ``"undecided"``.

        Within three errors of the GOE value, or above it; of the Poisson value, or below it; of neither; of both (or
        of one sample only, which has no error). Three errors are taken as .01 at least, for edges and finite size;
        with fewer than about 50 levels a sample those matter more.
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
    """Return the ratios of consecutive gaps of the distinct nonzero levels of each sample.

    Parameters
    ----------
    levels
        Shape (samples, n), or (n,) for one sample; in any order.
    log
        Whether they are logarithms (``emp.log_singular_values``), -inf for zeros. The gaps are then those of the
        logarithms: where levels are dense the ratios are the same up to O(1/n), and where they spread over decades
        (deep products, heavy tails) only logarithms have comparable neighbours. Levels below the numerical
        noise (half of ``emp.log_floor``) should be set to -inf first.

    Raises
    ------
    ValueError
        If `levels` hold NaN or infinities, or no sample has three distinct nonzero levels.

    Examples
    --------
    >>> import numpy as np
    >>> spacing_ratios([[0.0, 1.0, 2.0, 4.0, 5.0]]).ratios
    array([[0.5, 0.5, nan]])
    >>> spacing_ratios(np.random.default_rng(0).random((100, 100)))
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
    """Return (n + 2)/(3 n), the participation ratio that belongs to E sum v_i^4 = 3/(n + 2) of a Haar vector.

    Examples
    --------
    >>> haar_participation(100)
    0.34
    """
    return (positive_int("n", n) + 2) / (3 * n)


def participation_ratios(matrix: np.ndarray, side: str = "left") -> np.ndarray:
    """Return 1/(N sum_i v_i^4) for each singular vector v: the share of the coordinates on which it lives.

    Parameters
    ----------
    matrix
        Shape (m, n), or (samples, m, n).
    side
        ``"left"`` (vectors of length N = m) or ``"right"`` (N = n).

    Returns
    -------
    ndarray
        Shape (min(m, n),) or (samples, min(m, n)), the largest singular value first; from 1/N (one coordinate) to 1
        (all alike), about 1/3 for vectors in random directions (`haar_participation`). Vectors of equal singular
        values, all zeros included, are any basis of their space, and their ratios mean nothing.

    Raises
    ------
    ValueError
        If the matrix holds NaN or infinities, or has no entries.

    Notes
    -----
    One LAPACK ``gesdd`` with vectors a matrix: O(m n min(m, n)).

    Examples
    --------
    >>> import numpy as np
    >>> participation_ratios(np.diag([3.0, 2.0, 1.0, 0.5]))
    array([0.25, 0.25, 0.25, 0.25])
    """
    choice("side", side, ("left", "right"))
    matrix = real_array("matrix", matrix, "a matrix")
    if matrix.ndim not in (2, 3) or not matrix.size:
        raise ValueError(f"matrix of shape {matrix.shape} must be (m, n) or (samples, m, n), and not empty")
    if not np.isfinite(matrix).all():
        raise ValueError("matrix holds NaN or infinities; finite numbers are needed")
    u, _, vh = np.linalg.svd(matrix, full_matrices=False)  # gesdd, and one matrix after the other for a stack
    vectors = u if side == "left" else np.swapaxes(vh, -1, -2)
    out: np.ndarray = 1.0 / (vectors.shape[-2] * (vectors**4).sum(axis=-2))
    return out
