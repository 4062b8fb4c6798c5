r"""The radius of the eigenvalues of a square J as an explicit function of their radial cdf.

For an R-diagonal element the single ring theorem (Haagerup and Larsen) gives :math:`r^2 = 1 / S(F - 1)`, S being the
S-transform of the law of J J^T. With :math:`S(m) = (1 + m) / (m \lambda(m))` and the terms of
`rmtjac.theory.equation.roots`

.. math:: \log r^2 = \mathrm{log\_scale} + \sum_g k_g \log\frac{m_{K_g}(u_g)}{u_g}
          + \sum_f k_f \log(1 + r_f m) - \log(1 + m), \qquad m = F - 1, \quad u_g < 0.

All is real and monotone: no equation is solved in the complex plane. With mu the mass off 0 and e = F - (1 - mu) each
factor 1 + rho m is (1 - rho mu) + rho e, which keeps its digits as e tends to 0.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.erf import ErfLaw
from rmtjac.theory.derivative_laws.real_line import FAR, discrete, evaluate, free_intervals, invert_m
from rmtjac.theory.equation.layers import Layers, snap

__all__ = ["RingEquation"]

_NARROW = 1e-9  # a ring of a smaller width in log r^2 is a circle: rounding would disorder its table


class RingEquation:
    """The function log r^2 of e = F - atom, for layers of a square J.

    Parameters
    ----------
    layers : Layers
        The layers; the first and the last width are equal.

    Attributes
    ----------
    mass : float
        The mass mu off 0.
    log_outer : float
        log r^2 at F = 1.
    rho, kappa : ndarray of float, shape (k,)
        The factors (1 + rho m)^kappa of weights and of laws of one value beside 0.
    smooth : list of (DerivativeLaw, ratio, count)
        The other terms.
    """

    def __init__(self, layers: Layers) -> None:
        self.mass, self.log_outer = min(1.0, layers.rank), layers.log_mean
        powers = {1.0: -1.0}
        self.smooth: list[tuple[DerivativeLaw, float, float]] = []
        factors = list(zip(layers.free_ratios.tolist(), layers.free_counts.tolist(), strict=True))
        for law, r, k in zip(layers.groups, layers.ratios.tolist(), layers.counts.tolist(), strict=True):
            if law.values.size == 1:  # m_K / u = b (p + r m)
                factors.append((r / law.mass, k))
            else:
                self.smooth.append((law, r, k))
        for rho, k in factors:
            same = next((known for known in powers if abs(known - rho) <= 1e-14 * rho), rho)
            powers[same] = powers.get(same, 0.0) + k
        kept = {rho: k for rho, k in powers.items() if k}
        self.rho, self.kappa = np.array(list(kept)), np.array(list(kept.values()))
        self._rest = 1.0 - snap(self.mass * self.rho)
        shares = snap(np.array([self.mass * r / law.mass for law, r, _ in self.smooth]))
        leading = np.flatnonzero(shares == 1.0)
        # The law with the most mass that floats do not resolve leads, so that the others are known wherever it is.
        far = [float(evaluate(self.smooth[g][0], np.array([FAR]), -1)[0][0]) for g in leading]
        self._leading = int(leading[int(np.argmax(far))]) if leading.size else None
        self._shares = shares

    @property
    def closed(self) -> bool:
        """Whether log r^2 is a sum of logarithms."""
        return not self.smooth

    def factors(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the part of log r^2 - log r_out^2 that the factors make at y = log e, and its derivative by y."""
        if not self.rho.size:
            return np.zeros_like(y), np.zeros_like(y)
        lead = (self._rest == 0.0)[:, None]
        growing = self.rho[:, None] * np.exp(y)
        base = np.where(lead, 1.0, self._rest[:, None] + growing)
        logs = np.where(lead, y - math.log(self.mass), np.log(base))
        return self.kappa @ logs, self.kappa @ np.where(lead, 1.0, growing / base)

    def points(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return e and log r^2 - log r_out^2 at ascending coordinates w >= 0, w = 0 being the outer circle.

        If a law of several values has the smallest rank, w = log(1 + b |u|) for its u: in the strip |Im w| < pi the
        functions are analytic, and both ends of e are at smooth places. Otherwise w = log(mu / e).
        """
        e, ratio = self._lead(w)
        x = self.factors(np.log(e))[0] + ratio
        for g, (law, r, k) in enumerate(self.smooth):
            if g != self._leading:
                x = x + k * (self._log_ratio(g, law, r, e) - math.log(law.mean))
        return e, x

    def mass_at(self, w: np.ndarray) -> np.ndarray:
        """Return e alone at the coordinates `w` of `points`."""
        return self._lead(w)[0]

    def _lead(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return e, and what the leading law adds to log r^2 - log r_out^2."""
        if self._leading is None:
            return self.mass * np.exp(-w), np.zeros_like(w)
        law, _, k = self.smooth[self._leading]
        outer = w <= 0.0
        v = np.log(np.expm1(np.where(outer, 1.0, w)) / law.supremum)
        c, _, s, _ = evaluate(law, v, -1)
        return self.mass * np.where(outer, 1.0, c), np.where(outer, 0.0, k * (s - math.log(law.mean)))

    def _log_ratio(self, g: int, law: DerivativeLaw, r: float, e: np.ndarray) -> np.ndarray:
        """Return log(m_K / u) of a term at the m of each e, NaN where floats do not resolve it."""
        target = r * (e - self.mass)
        if self._shares[g] == 1.0:
            target = np.maximum(target, -law.mass * (1.0 - 1e-16))
        out = np.full_like(e, math.log(law.mean))
        inner = target < 0.0
        if inner.any():
            v = invert_m(free_intervals(law)[0], target[inner])
            if self._shares[g] == 1.0:
                v = _polished(law, v, e[inner] / self.mass)
            out[inner] = np.where(v < FAR - 1e-3, np.log(-target[inner]) - v, math.nan)
        return out

    @cached_property
    def inner_power(self) -> tuple[float, float]:
        """The numbers P and c of log(r^2 / r_out^2) ~ P log(e / mu) + c as e tends to 0; c is -inf if it is unknown."""
        lead = self._rest == 0.0
        power = float(self.kappa[lead].sum())
        total = float(self.kappa[~lead] @ np.log(self._rest[~lead]))
        for g, (law, r, k) in enumerate(self.smooth):
            if self._shares[g] == 1.0:
                inverse = _log_inverse_mean(law)
                power += k / (1.0 if math.isfinite(inverse) else law.decay)
                total -= k * (inverse + math.log(law.mean) - 2.0 * math.log(law.mass))
            else:
                total += k * float(self._log_ratio(g, law, r, np.zeros(1))[0] - math.log(law.mean))
        return power, total

    @property
    def log_hole(self) -> float:
        """Log(r_in^2 / r_out^2) of the inner circle; -inf if the eigenvalues reach 0."""
        # Each term of smallest rank falls at least as e does; only the factors of orthogonal weights cancel that.
        power, total = self.inner_power
        return min(0.0, total) if self.mass == 1.0 and abs(power) < 1e-9 and math.isfinite(total) else -math.inf

    @property
    def circle(self) -> bool:
        """Whether all eigenvalues have one modulus, up to rounding."""
        return self.mass == 1.0 and -self.log_hole <= _NARROW


def _polished(law: DerivativeLaw, v: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Return v with 1 + m_K / p = `goal`, to the digits of a small goal, which m_K itself does not hold."""
    for _ in range(2):
        c, steep, _, _ = evaluate(law, v, -1)
        step = np.log(goal / c) * law.mass * c / steep
        v = np.where((goal < 0.5) & (np.abs(step) < 1.0), v + step, v)
    return v


def _log_inverse_mean(law: DerivativeLaw) -> float:
    """Return the logarithm of the mean of D^-2 over D != 0 (as a sum, not a conditional mean), or infinity."""
    if discrete(law):
        return math.log(float(law.weights @ (1.0 / law.values)))
    if isinstance(law, ErfLaw):
        rest = 1.0 - math.pi * law.variance
        return -0.5 * math.log(rest) if rest > 0.0 else math.inf
    # 1 + m_K ~ E D^-2 / |u|
    v = np.array([FAR - 20.0, FAR])
    with np.errstate(divide="ignore"):
        before, last = np.log(law.mass * evaluate(law, v, -1)[0]) + v
    return float(last) if abs(last - before) < 1e-9 else math.inf
