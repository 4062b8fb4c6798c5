r"""Integrals over one angle: E|det(J - I)| over all 2 x 2 matrices J, and over saddles.

Let :math:`u = \det(I - J)` and :math:`w = \det(I + J)`. Given one row of J, u is Gaussian, and its absolute value has a
mean in closed form, which is homogeneous in that row of J - I. So the radius of this row is integrated in closed form
too, and one angle is left. A saddle has uw < 0, where

.. math:: E[|u|; uw < 0] = E[u; u > 0] - E[u; w > 0],

and the sign of w depends only on the direction of a row of J + I, so that the second part is an integral over one
angle as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from rmtjac.propagation.normal import mean_size, normal_density

__all__ = ["Rows", "saddle_determinants", "total_determinants"]

_THIN = 1e-10  # the smallest standard deviation, relative to the size of a row of J -+ I


@dataclass(frozen=True)
class Rows:
    """Hold the laws of the two independent rows of many 2 x 2 matrices J.

    Attributes
    ----------
    mean : ndarray of float, shape (B, 2, 2)
        ``mean[b, i]`` is the mean of row i.
    axes : ndarray of float, shape (B, 2, 2, 2)
        ``axes[b, i]`` has the principal axes of row i in its columns.
    sd : ndarray of float, shape (B, 2, 2)
        The standard deviations along these axes, positive.
    """

    mean: np.ndarray
    axes: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, mean: np.ndarray, factor: np.ndarray) -> Rows:
        """Return the laws of rows with these means and covariances F F^T."""
        axes, sd, _ = np.linalg.svd(factor)
        size = 1.0 + np.abs(mean).max(axis=-1, keepdims=True)
        return cls(mean, axes, np.maximum(sd, _THIN * size))

    @classmethod
    def scaled(cls, mean: np.ndarray, factor: np.ndarray, slopes: np.ndarray) -> Rows:
        """Return the laws of the rows of J = D G, for rows of G with these means and covariances, D = diag(slopes)."""
        return cls.of(slopes[:, :, None] * mean, slopes[:, :, None, None] * factor)

    def some(self, which: np.ndarray | slice) -> Rows:
        """Return the laws of some of the matrices."""
        return Rows(self.mean[which], self.axes[which], self.sd[which])

    def first(self, sign: float) -> Rows:
        """Return the rows in such an order that the first row of J - `sign` I is the less random one of the two."""
        whitened = np.einsum("bikj,bik->bij", self.axes, self.mean - sign * np.eye(2)) / self.sd
        distance = np.einsum("bij,bij->bi", whitened, whitened)
        return self.swapped(distance[:, 1] > distance[:, 0])

    def swapped(self, where: np.ndarray) -> Rows:
        """Return the laws of P J P, P the exchange of both coordinates, for the matrices that `where` marks."""
        one, two = where[:, None, None], where[:, None, None, None]
        return Rows(
            np.where(one, self.mean[:, ::-1, ::-1], self.mean),
            np.where(two, self.axes[:, ::-1, ::-1], self.axes),
            np.where(one, self.sd[:, ::-1], self.sd),
        )


@dataclass(frozen=True)
class _Directions:
    """Hold directions of the first row of J - sign I, and the law of its length along each of them.

    The row is t e, where t is any real number, e a vector; its density in t and the angle is
    ``weight`` |t| N(t; ``centre``, 1).
    """

    x: np.ndarray
    y: np.ndarray
    centre: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, rows: Rows, sign: float, count: int) -> _Directions:
        """Return `count` directions for each matrix, dense around the mean of the row."""
        axes, sd = rows.axes[:, 0], rows.sd[:, 0]
        whitened = np.einsum("bkj,bk->bj", axes, rows.mean[:, 0] - sign * np.array([1.0, 0.0])) / sd
        size = np.hypot(whitened[:, 0], whitened[:, 1])[:, None]
        angle = np.arctan2(whitened[:, 1], whitened[:, 0])[:, None]
        # The angle from the mean has a width of about 1 / size: tan(angle) = narrow tan(psi), psi evenly spaced.
        narrow = 1.0 / np.sqrt(1.0 + size * size)
        psi = (np.arange(count) + 0.5) * (np.pi / count) - 0.5 * np.pi
        length = np.hypot(np.cos(psi), narrow * np.sin(psi))
        cosine, sine = np.cos(psi) / length, narrow * np.sin(psi) / length
        step = narrow / (length * length) * (np.pi / count)
        first = (np.cos(angle) * cosine - np.sin(angle) * sine) * sd[:, :1]
        second = (np.sin(angle) * cosine + np.cos(angle) * sine) * sd[:, 1:]
        x = axes[:, 0, :1] * first + axes[:, 0, 1:] * second
        y = axes[:, 1, :1] * first + axes[:, 1, 1:] * second
        weight = step * normal_density(size * sine)
        return cls(x, y, size * cosine, weight)


def _second_row(rows: Rows, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the standard deviation of (-y, x) . (second row), and its covariances with the two entries of the row."""
    axes, sd = rows.axes[:, 1], rows.sd[:, 1]
    first = (axes[:, 1, :1] * x - axes[:, 0, :1] * y) * sd[:, :1]
    second = (axes[:, 1, 1:] * x - axes[:, 0, 1:] * y) * sd[:, 1:]
    entry = [axes[:, k, :1] * sd[:, :1] * first + axes[:, k, 1:] * sd[:, 1:] * second for k in (0, 1)]
    return np.maximum(np.hypot(first, second), 1e-300), entry[0], entry[1]


def total_determinants(rows: Rows, count: int) -> np.ndarray:
    """Return E|det(J - I)| by a rule with `count` angles."""
    rows = rows.first(1.0)
    at = _Directions.of(rows, 1.0, count)
    mean = at.x * (rows.mean[:, 1, 1:] - 1.0) - at.y * rows.mean[:, 1, :1]
    sd, _, _ = _second_row(rows, at.x, at.y)
    total: np.ndarray = np.sum(at.weight * mean_size(mean, sd) * (1.0 + at.centre * at.centre), axis=1)
    return total


def saddle_determinants(rows: Rows, count: int, total: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return the part of E|det(J - I)| from saddles, given the whole and the expectation of det(I - J)."""
    rows = rows.first(-1.0)
    at = _Directions.of(rows, -1.0, count)
    mx, my = rows.mean[:, 1, :1], rows.mean[:, 1, 1:]
    # w = t W for a row t e of J + I, and u = (2 - t e_1) (1 - y) - t e_2 x for the second row (x, y) of J.
    sd, with_x, with_y = _second_row(rows, at.x, at.y)
    z = np.clip((at.x * (1.0 + my) - at.y * mx) / sd, -1e150, 1e150)
    share, edge = ndtr(z), normal_density(z) / sd
    one, entry = (1.0 - my) * share - with_y * edge, mx * share + with_x * edge  # E[1 - y; W > 0], E[x; W > 0]
    slope, whole = at.x * one + at.y * entry, at.x * (1.0 - my) + at.y * mx
    b = at.centre
    above, height = ndtr(b), normal_density(b)
    up, down = b * above + height, height - b * (1.0 - above)  # E[t; t > 0], E[-t; t < 0]
    up2 = (1.0 + b * b) * above + b * height
    down2 = (1.0 + b * b) * ndtr(-b) - b * height
    part = 2.0 * one * up - slope * up2 + 2.0 * (1.0 - my - one) * down + (whole - slope) * down2
    saddles: np.ndarray = 0.5 * (total + index) - np.sum(at.weight * part, axis=1)
    return saddles
