"""The curve of a limit on a grid of log lambda: from densities of replicas to density and cdf with errors."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.stats import t as student

from rmtjac.theory.heavy_tails.far_mass import FarMass
from rmtjac.theory.heavy_tails.solver import Values

__all__ = ["Curve", "curve", "decay"]

# A mass below the grid that is larger than this share is not extrapolated: it is what the atom and the grid leave.
_SLOW = 2e-3


class Curve(NamedTuple):
    """Density and cdf at grid points, and the laws of the tails.

    Attributes
    ----------
    log_lam : ndarray of float, shape (M,)
        Equidistant points.
    density, density_error, cdf_error : ndarray of float, shape (M,)
        The smoothed density of log lambda, its error, and that of the cdf.
    bias : ndarray of float, shape (M,)
        The part of `cdf_error` that the size of the pools causes.
    atom : float
        The mass at lambda = 0.
    above : float
        The mass above the grid.
    below : FarMass
        The mass below the grid.
    upper : float
        The rate at which the density falls off above the grid.
    """

    log_lam: np.ndarray
    density: np.ndarray
    density_error: np.ndarray
    cdf_error: np.ndarray
    bias: np.ndarray
    atom: float
    above: float
    below: FarMass
    upper: float

    def _splines(self) -> tuple[CubicSpline, CubicSpline]:
        """Return splines of the density and of its integral."""
        density = CubicSpline(self.log_lam, self.density)
        return density, density.antiderivative()

    def density_at(self, v: np.ndarray) -> Values:
        """Return the density and its error at points."""
        first, last = self.log_lam[0], self.log_lam[-1]
        inside = np.clip(v, first, last)
        decay_factor = np.exp(-np.maximum(self.upper * (v - last), 0.0))
        value = np.maximum(self._splines()[0](inside), 0.0) * decay_factor
        error = np.interp(inside, self.log_lam, self.density_error) * decay_factor
        under = v < first
        value[under], more = self.below.beyond(first - v[under])[1]
        error[under] = error[under] * value[under] / max(self.below.density, 1e-300) + more
        return Values(value, error)

    def cdf_at(self, v: np.ndarray) -> Values:
        """Return the cdf and its error at points."""
        first, last = self.log_lam[0], self.log_lam[-1]
        inside = np.clip(v, first, last)
        integral = self._splines()[1]
        value = np.clip(1.0 - self.above - (integral(last) - integral(inside)), self.atom, 1.0)
        error = np.interp(inside, self.log_lam, self.cdf_error)
        beyond = np.exp(-np.maximum(self.upper * (v - last), 0.0))
        value, error = 1.0 - (1.0 - value) * beyond, error * beyond
        under = v < first
        mass, more = self.below.beyond(first - v[under])[0]
        value[under] = self.atom + mass
        error[under] += more
        return Values(value, error)


def decay(log_lam: np.ndarray, density: np.ndarray, least: float) -> float:
    """Return the rate at which a density falls off at the last points, in [least, 1]: the smoothing has rate 1."""
    many = min(density.size, max(4, int(3.0 / (log_lam[1] - log_lam[0]))))
    y = np.log(np.maximum(density[-many:], 1e-300))
    slope = np.polyfit(log_lam[-many:], y, 1)[0]
    return float(min(max(-slope, least), 1.0))


def _masses(log_lam: np.ndarray, replicas: np.ndarray, atom: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the densities of replicas, scaled to the mass 1 - atom, their masses above the grid, and its rate.

    The densities are scaled if they fall off at both ends. If much mass lies below the grid, they are left as they are.
    """
    mean = replicas.mean(axis=0)
    upper = decay(log_lam, mean, 0.05)
    lower = decay(-log_lam[::-1], mean[::-1], 1e-3)
    above = replicas[:, -1] / upper
    inside = CubicSpline(log_lam, replicas, axis=1).integrate(log_lam[0], log_lam[-1])
    below = mean[0] / lower
    if below < _SLOW * (1.0 - atom):
        scale = (1.0 - atom) / (inside + above + below)
        replicas, above = replicas * scale[:, None], above * scale
    return replicas, above, upper


def _cdfs(log_lam: np.ndarray, replicas: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return the cdf of each replica at the grid points."""
    integral = CubicSpline(log_lam, replicas, axis=1).antiderivative()(log_lam)
    return 1.0 - above[:, None] - (integral[:, -1:] - integral)


def curve(
    log_lam: np.ndarray, replicas: np.ndarray, small: np.ndarray, atom: float, atom_error: float, shape: float = 0.0
) -> Curve:
    """Return the curve of replicas, arrays of shape (R, M); those in `small` have pools of a quarter of the size.

    The error is one standard error, widened such that two of them cover 95 % with few replicas (Student), plus the bias
    of pools of size P, for which the change from P/4 to P is taken: this is the bias if it falls off like P^(-1/2), and
    three times the bias if it falls off like 1/P. `shape` is that of the mass below the grid (`FarMass`).
    """
    scaled, above, upper = _masses(log_lam, replicas, atom)
    few, few_above, _ = _masses(log_lam, small, atom)
    many = replicas.shape[0]
    widen = student.ppf(0.975, many - 1) / 1.96 / math.sqrt(many)
    cdfs, few_cdfs = _cdfs(log_lam, scaled, above), _cdfs(log_lam, few, few_above)
    density = np.maximum(scaled.mean(axis=0), 0.0)
    bias = np.abs(few_cdfs.mean(axis=0) - cdfs.mean(axis=0))
    density_bias = np.abs(few.mean(axis=0) - scaled.mean(axis=0))
    cdf = cdfs.mean(axis=0)
    # An error of the atom moves the lower end of the cdf.
    from_atom = atom_error * np.clip((1.0 - cdf) / max(1.0 - atom, 1e-300), 0.0, 1.0)
    # More mass than there is: the cdf would pass the atom, so at least this much of it is wrong further up.
    surplus = max(atom - float(cdf[0]), 0.0) * np.clip((1.0 - cdf) / max(1.0 - atom, 1e-300), 0.0, 1.0)
    below = max(float(cdf[0]) - atom, 0.0)
    lower = min(max(float(density[0]) / below, 1e-6), 1.0) if below > 0.0 else 1.0
    return Curve(
        log_lam,
        density,
        np.hypot(widen * scaled.std(axis=0, ddof=1), density_bias),
        np.sqrt((widen * cdfs.std(axis=0, ddof=1)) ** 2 + bias**2 + from_atom**2 + surplus**2),
        bias,
        atom,
        float(above.mean()),
        FarMass(below, float(density[0]), lower, shape if below > 0.0 else 0.0, 0.0),
        upper,
    )
