"""The limit for linear layers and independent masks: an explicit inverse, solved on the real axis or on a ray.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.kernels.heavy_tails.scalar_equations import ScalarEquations, curve, points, potentials, start, walk
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.smoothing import smoothing_angle
from rmtjac.theory.heavy_tails.far_mass import FarMass, far_mass
from rmtjac.theory.heavy_tails.independent.equations import Chain, tail_of_chain
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw
from rmtjac.theory.heavy_tails.solver import Tail, Values

__all__ = ["IndependentSolver"]

_REACH = 705.0  # |log lambda| up to which the curve is followed
_MOST_POINTS = 6000
_FAR, _ACCURATE = 200.0, 1e-6


class IndependentSolver:
    r"""The limit for stable weights with diagonal factors D that are independent of them.

    Parameters
    ----------
    weights : sequence of StableWeights
        The stable law of each layer; not all of them with alpha = 2.
    masks : sequence of MaskLaw
        The law of D^2 behind each layer; `MaskLaw.one` for a linear layer.
    widths : sequence of float
        n_0, ..., n_L; only their ratios matter.
    angle : float
        The angle of the smoothing in [0, pi); 0 for the law itself.

    Raises
    ------
    ValueError
        If an argument is out of range, or all layers have a finite variance.
    ArithmeticError
        If no solution on the physical branch is found.

    Notes
    -----
    The equations are explicit in mu = -m_M(1/z), see docs/theory/stable_products.md:

    .. math:: \mu_{K_l}(\rho_l) = r_l \mu, \qquad -z = \prod_{l<L}
              \Bigl(\frac{\kappa_l r_l \mu}{\Gamma(1+\beta_l)}\Bigr)^{1/\beta_l} \prod_{l\le L} \rho_l^{-1} .

    Cost: milliseconds to make; about 0.2 s per activation that is not piecewise affine. A point costs 5-40 us; near
    alpha = 2 the cost is that of about 800 / (2 - alpha) nodes (alpha = 1.99: 0.4 ms).

    For |log lambda| > 705 the mass that is left is continued as a power of lambda or of log lambda, from the density
    inside (`far_mass`).

    References
    ----------
    docs/theory/stable_products.md.

    Examples
    --------
    >>> from rmtjac.propagation.stable_weights import StableWeights
    >>> solver = IndependentSolver([StableWeights(1.0, 1.0)], [MaskLaw.one()], [1, 1])
    >>> solver.cdf([np.log(0.25)]).value.round(6)
    array([0.359236])
    """

    method = "independent"

    def __init__(
        self, weights: Sequence[StableWeights], masks: Sequence[MaskLaw], widths: Sequence[float], angle: float = 0.0
    ) -> None:
        self._chain = _checked_chain(weights, masks, widths)
        self._angle = smoothing_angle(angle)
        self._mass = self._chain.mass()
        self._equations = self._chain.equations()
        self._taus, self._xs, self._slopes = _curve(self._equations, self._angle)

    @property
    def angle(self) -> float:
        """The angle of the smoothing; 0 for the law itself."""
        return self._angle

    @property
    def atom(self) -> Values:
        """The mass at lambda = 0, 1 - min_l n_l P(D_l != 0) / n_L, and its error."""
        atom = max(1.0 - self._mass, 0.0)
        return Values(np.array(atom if atom > 4e-16 else 0.0), np.array(4.0 * np.finfo(float).eps))

    @property
    def tail(self) -> Tail:
        """The tail of the law without smoothing."""
        return tail_of_chain(self._chain)

    def _solve(self, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the unknowns at the points tau and the errors of m; raise if the branch is lost."""
        out = np.empty((tau.size, self._xs.shape[1]), complex)
        errors = np.empty(tau.size)
        low, high = self._taus[0].real, self._taus[-1].real
        inside = (tau.real >= low) & (tau.real <= high)
        out[inside], errors[inside] = points(self._equations, self._taus, self._xs, self._slopes, tau[inside])
        for end, near, beyond in ((0, 1, tau.real < low), (-1, -2, tau.real > high)):
            # Beyond the range of floats all unknowns are affine in log lambda.
            far = tau[beyond][:, None] - self._taus[end]
            out[beyond] = self._xs[end] + self._slopes[end] * far
            bend = np.abs(self._slopes[end] - self._slopes[near]).max()
            errors[beyond] = bend * np.abs(far[:, 0])
        lost = ~(errors < 1e-3)
        if np.any(lost & inside):
            bad = tau[np.flatnonzero(lost & inside)[0]]
            raise ArithmeticError(f"the equations of independent masks lost their branch at log(-z)={bad:.6g}")
        return out, errors

    def _shares(self, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the unknowns, M = mu / mu_max, 1 - M, and the errors of m = Log(M / (1 - M))."""
        x, errors = self._solve(tau)
        m = x[:, -1]
        with np.errstate(under="ignore"):
            e = np.exp(np.where(m.real <= 0.0, m, -m))
            small, large = e / (1.0 + e), 1.0 / (1.0 + e)
        left = m.real <= 0.0
        share, rest = np.where(left, small, large), np.where(left, large, small)
        return x, share, rest, errors

    def _tau(self, log_lam: Any) -> np.ndarray:
        """Return log(-z) on the ray."""
        log_lam = np.asarray(log_lam, dtype=float)
        if np.isnan(log_lam).any():
            raise ValueError("log_lam must not contain NaN")
        return np.clip(log_lam, -1e6, 1e6) - 1j * (math.pi - self._angle)

    def log_density(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed density of log lambda without the atom, lambda rho(lambda), at points of shape (n,)."""
        return self._everywhere(log_lam, self._near_density, 1)

    def cdf(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed cdf, the atom included, at points of shape (n,)."""
        value, error = self._everywhere(log_lam, self._near_cdf, 0)
        return Values(np.clip(value, max(1.0 - self._mass, 0.0), 1.0), error)

    def _everywhere(self, log_lam: Any, near: Callable[[np.ndarray], Values], which: int) -> Values:
        """Return the values of `near`, and beyond the curve those of the far masses (0) or their densities (1)."""
        log_lam = self._tau(log_lam).real
        low, high = self._taus[0].real, self._taus[-1].real
        value, error = np.empty(log_lam.size), np.empty(log_lam.size)
        inside = (log_lam >= low) & (log_lam <= high)
        value[inside], error[inside] = near(log_lam[inside])
        for end, beyond, side in ((low, log_lam < low, 0), (high, log_lam > high, 1)):
            if np.any(beyond):
                value[beyond], error[beyond] = self._far[side].beyond(np.abs(log_lam[beyond] - end))[which]
                if which == 0:
                    value[beyond] = 1.0 - value[beyond] if side else max(1.0 - self._mass, 0.0) + value[beyond]
        return Values(value, error)

    @cached_property
    def _far(self) -> tuple[FarMass, FarMass]:
        """The masses below and above the curve."""
        ends = np.array([self._taus[0].real, self._taus[-1].real])
        value, error = self._near_cdf(ends)
        left = (value[0] - max(1.0 - self._mass, 0.0), 1.0 - value[1])
        return tuple(
            far_mass(lambda v: self._near_density(v).value, ends[i], 2.0 * i - 1.0, Values(left[i], error[i]))
            for i in (0, 1)
        )  # type: ignore[return-value]

    def _near_density(self, log_lam: np.ndarray) -> Values:
        """Return the density at points of the curve."""
        _, share, rest, error = self._shares(self._tau(log_lam))
        error = error * np.abs(share * rest)
        # Im M = -Im (1 - M): the smaller of both has the digits.
        imag = np.where(np.abs(share) <= np.abs(rest), share.imag, -rest.imag)
        factor = self._mass / (math.pi - self._angle)
        return Values(factor * np.maximum(imag, 0.0), factor * (error + np.maximum(-imag, 0.0)))

    def _near_cdf(self, log_lam: np.ndarray) -> Values:
        """Return the cdf at points of the curve."""
        tau = self._tau(log_lam)
        x, share, _, noise = self._shares(tau)
        eq = self._equations
        value, error = potentials(eq, x, eq.counts / eq.levels)
        factor = self._mass / (math.pi - self._angle)
        tail = -factor * (eq.power * share - value).imag
        # The potential changes by mu times the residual of the equation for tau.
        noise = np.minimum(noise, 1.0) * float(eq.counts.sum())
        error = factor * (error + np.abs(share) * (1e-15 * (1.0 + np.abs(tau)) + noise))
        return Values(1.0 - tail, error)

    def transform(self, z: Any) -> Values:
        """Return f(z), the mean of 1/(lambda - z), for z not in [0, infinity)."""
        z = np.asarray(z, dtype=complex)
        flat = z.ravel()
        flip = flat.imag < 0.0
        up = np.where(flip, flat.conj(), flat)
        if not (np.isfinite(up).all() and ((up.imag > 0.0) | (up.real < 0.0)).all()):
            raise ValueError(f"z={z!r} must be finite and not lie in [0, infinity)")
        tau = np.log(np.abs(up)) + 1j * (np.angle(up + 0j) - math.pi)
        _, share, rest, error = self._shares(tau)
        # -z f = 1 - mu
        value = -(max(1.0 - self._mass, 0.0) + self._mass * rest) / up
        value = np.where(flip, value.conj(), value)
        return Values(value.reshape(z.shape), (self._mass * error * np.abs(share * rest) / np.abs(up)).reshape(z.shape))


def _curve(eq: ScalarEquations, angle: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the solutions on the ray, ascending in log lambda."""
    n = eq.counts.size + 1
    x, tangent = np.empty(n, complex), np.empty(n, complex)
    tau = complex(start(eq, x, tangent))
    if math.isnan(tau.real):
        raise ArithmeticError("the equations of independent masks have no solution on the real axis: out of range")
    end = complex(tau.real, angle - math.pi)
    walked = walk(eq, tau, end, x, tangent)
    if not walked.done:
        raise ArithmeticError(f"the equations of independent masks lost their branch at log(-z)={walked.at:.6g}")
    parts = []
    for sign in (-1.0, 1.0):
        goal = sign * max(_REACH, sign * tau.real + 100.0)
        parts.append(curve(eq, end, x, tangent, goal, _MOST_POINTS))
    down, up = (_resolved(eq, *part) for part in parts)
    return tuple(np.concatenate([a[:0:-1], b]) for a, b in zip(down, up, strict=True))  # type: ignore[return-value]


def _resolved(eq: ScalarEquations, taus: np.ndarray, xs: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return a part of the curve up to where rounding spoils the equations, tested far out between its points."""
    far = np.flatnonzero(np.abs(taus[1:].real) > _FAR)
    order = np.argsort(taus.real)
    middle = 0.5 * (taus[far] + taus[far + 1])
    bad = ~(points(eq, taus[order], xs[order], slopes[order], middle)[1] < _ACCURATE)
    last = int(far[np.argmax(bad)]) + 1 if bad.any() else taus.size
    return taus[:last], xs[:last], slopes[:last]


def _checked_chain(weights: Sequence[StableWeights], masks: Sequence[MaskLaw], widths: Sequence[float]) -> Chain:
    """Return the chain, or raise a ValueError that names what is wrong."""
    weights = tuple(StableWeights(*one) for one in weights)
    widths = tuple(float(n) for n in widths)
    if not weights:
        raise ValueError("weights=() must have at least one layer")
    if len(masks) != len(weights) or len(widths) != len(weights) + 1:
        raise ValueError(
            f"weights of {len(weights)} layers need as many masks, not {len(masks)}, and one width more, "
            f"not {len(widths)}"
        )
    for one in weights:
        if not (0.0 < one.alpha <= 2.0 and 0.0 < one.scale < math.inf):
            raise ValueError(f"weights={one!r} must have alpha in (0, 2] and a scale in (0, inf)")
    if all(one.alpha == 2.0 for one in weights):
        raise ValueError("weights have a finite variance in every layer: rmtjac.limit_spectrum gives their limit")
    for n in widths:
        if not 0.0 < n < math.inf:
            raise ValueError(f"widths={widths!r} must be positive and finite")
    return Chain(weights, tuple(masks), widths)
