r"""Expected determinants :math:`E|\det(DG - I)|` of a Gaussian matrix G with independent rows, for n = 1 and n = 2.

These are what the Kac-Rice formula integrates (docs/theory/expected_fixed_points.md). D = diag(slopes), and row i of G
is :math:`N(\mu_i, F_i F_i^T)`. With J = DG, the expectation of :math:`|\det(J - I)|` is split by the eigenvalues of J:
all inside the unit circle (stable), some (saddle), none (repeller).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from rmtjac.theory.counts.plane import Rows, saddle_determinants, total_determinants
from rmtjac.theory.counts.triangle import stable_determinants

__all__ = ["Determinants", "determinants", "rough_determinants"]

_ANGLES = 64  # of the integrals over a direction, n = 2
_STEPS = 14  # of the integral over one row, in each of its two variables, n = 2


class Determinants(NamedTuple):
    """Expectations of |det(J - I)| over all J, and by the kind of J; each has the shape (B,).

    Attributes
    ----------
    total, stable, saddles : ndarray of float
        Over all J, over those with all eigenvalues inside the unit circle, and over those with some.
    index : ndarray of float
        The expectation of det(I - J).
    """

    total: np.ndarray
    stable: np.ndarray
    saddles: np.ndarray
    index: np.ndarray  # type: ignore[assignment]  # hides the method of tuples

    @property
    def repellers(self) -> np.ndarray:
        """Over all J with no eigenvalue inside the unit circle; 0 where rounding or the quadrature gives less."""
        rest: np.ndarray = np.maximum(self.total - self.stable - self.saddles, 0.0)
        return rest


def rough_determinants(rows: Rows, refine: float = 1.0) -> Determinants:
    """Return the expectations for the rows of J, n = 2, without `stable`, which is NaN."""
    angles = max(8, round(refine * _ANGLES))
    total = total_determinants(rows, angles)
    index = np.linalg.det(np.eye(2) - rows.mean)
    saddles = np.clip(saddle_determinants(rows, angles, total, index), 0.0, total)
    return Determinants(total, np.full_like(total, np.nan), saddles, index)


def determinants(
    mean: np.ndarray,
    factor: np.ndarray,
    slopes: np.ndarray,
    *,
    stable: bool = True,
    refine: float = 1.0,
) -> Determinants:
    r"""Return the expectations of :math:`|\det(DG - I)|` for many laws of a 1 x 1 or 2 x 2 matrix.

    Parameters
    ----------
    mean : ndarray of float, shape (B, n, n)
        The means of the rows of G: ``mean[b, i]`` is that of row i.
    factor : ndarray of float, shape (B, n, n, n)
        A factor F of the covariance F F^T of each row; rows are independent.
    slopes : ndarray of float, shape (B, n)
        The diagonal of D.
    stable : bool, optional
        Whether to compute `stable`, which costs most; else it is NaN.
    refine : float, optional
        A factor on the numbers of nodes, for estimates of the error.

    Returns
    -------
    Determinants
        The expectations. The index has a closed form. For n = 1 all do; for n = 2 `total` and `saddles` are integrals
        over one angle, with errors near 1e-8, and `stable` is an integral over one row, with a relative error near
        1e-3 for one matrix, which partly cancels in a sum over many.

    Raises
    ------
    ValueError
        If n is neither 1 nor 2.

    Notes
    -----
    Cost for n = 2: about 0.02 ms a matrix, and 0.2 ms more with `stable`.
    """
    n = slopes.shape[-1]
    if n > 2:
        raise ValueError(f"n={n}: expected determinants by quadrature are known for n = 1 and n = 2")
    if n == 1:
        rows = slopes[:, 0] * mean[:, 0, 0]
        return _line(rows, np.abs(slopes[:, 0] * factor[:, 0, 0, 0]), 1.0 - rows)
    pair = Rows.scaled(mean, factor, slopes)
    rough = rough_determinants(pair, refine)
    if not stable:
        return rough
    inside = stable_determinants(pair, rough.total - rough.saddles, max(8, round(refine * _STEPS)))
    return rough._replace(stable=inside)


def _line(mean: np.ndarray, sd: np.ndarray, index: np.ndarray) -> Determinants:
    """Return the expectations of |J - 1| for J ~ N(mean, sd^2): all, |J| < 1, and none for saddles."""
    sd = np.maximum(sd, 1e-300)

    def below(end: float) -> np.ndarray:
        """Return E[1 - J; J < end]."""
        with np.errstate(over="ignore", under="ignore"):
            z = (end - mean) / sd
            part: np.ndarray = (1.0 - mean) * ndtr(z) + sd * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        return part

    to_one = below(1.0)
    total = 2.0 * to_one - index  # E|X| = 2 E max(X, 0) - E X
    return Determinants(total, np.maximum(to_one - below(-1.0), 0.0), np.zeros_like(total), index)
