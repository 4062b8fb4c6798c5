"""An oracle: the law of one square linear Cauchy layer, in closed form but for one root, at any angle of smoothing.

With eta xi = (gamma / sqrt pi) erfcx(xi), E[eta^2 / (eta^2 + s^2)] = 1 - U(xi), U(x) = sqrt(pi) x erfcx(x), and
z = -eta^2.
"""

from functools import cached_property

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.special import wofz

import rmtjac as rj
from rmtjac.theory.heavy_tails.solver import Tail, Values


def erfcx(x):
    return wofz(1j * x)


class OneCauchyLayer:
    method = "oracle"
    atom = Values(np.array(0.0), np.array(0.0))

    def __init__(self, gamma=1.0, angle=0.0, error=0.0):
        self.gamma, self.angle, self.error = gamma, angle, error

    @property
    def tail(self):
        return Tail(0.5, 2.0 * self.gamma / np.pi)

    def _one_minus_u(self, log_lam):
        """-z f(z) at z = lambda exp(i angle), by Newton's method in xi, followed from large lambda."""
        out = np.empty(log_lam.size, dtype=complex)
        at, xi = 20.0 + max(log_lam.max(), 0.0), None
        for i in np.argsort(-log_lam):
            for v in np.linspace(at, log_lam[i], 2 + int(5.0 * (at - log_lam[i])))[xi is not None :]:
                eta = np.exp(0.5 * (v + 1j * (self.angle - np.pi)))  # of gamma = 1
                xi = 1.0 / (np.sqrt(np.pi) * eta) if xi is None else xi
                for _ in range(40):
                    w = erfcx(xi)
                    step = (xi * eta * np.sqrt(np.pi) - w) / (
                        eta * np.sqrt(np.pi) - 2.0 * xi * w + 2.0 / np.sqrt(np.pi)
                    )
                    xi = xi - step
                    if abs(step) < 1e-15 * abs(xi):
                        break
            at = log_lam[i]
            out[i] = 1.0 - np.sqrt(np.pi) * xi * w
        return out

    def _density(self, log_lam):
        return -self._one_minus_u(log_lam - 2.0 * np.log(self.gamma)).imag / (np.pi - self.angle)

    @cached_property
    def _curve(self):
        v = np.linspace(-60.0, 60.0, 3001) + 2.0 * np.log(self.gamma)
        r = self._density(v)
        # Below the table F ~ lambda^(1/2), so that it is r / (1/2) at its lower end.
        return v, r, CubicHermiteSpline(v, r, np.gradient(r, v)).antiderivative()(v) + 2.0 * r[0]

    def log_density(self, log_lam):
        v, r, _ = self._curve
        low = r[0] * np.exp(0.5 * np.minimum(log_lam - v[0], 0.0))
        high = r[-1] * np.exp(-0.5 * np.maximum(log_lam - v[-1], 0.0))
        value = np.where(log_lam < v[0], low, np.where(log_lam > v[-1], high, np.interp(log_lam, v, r)))
        inside = (log_lam >= v[0]) & (log_lam <= v[-1])
        value[inside] = CubicHermiteSpline(v, r, np.gradient(r, v))(log_lam[inside])
        return Values(value, np.full(log_lam.shape, self.error))

    def cdf(self, log_lam):
        v, r, f = self._curve
        low = 2.0 * r[0] * np.exp(0.5 * np.minimum(log_lam - v[0], 0.0))
        high = 1.0 - 2.0 * r[-1] * np.exp(-0.5 * np.maximum(log_lam - v[-1], 0.0))
        inside = CubicHermiteSpline(v, f, r)(np.clip(log_lam, v[0], v[-1]))
        value = np.where(log_lam < v[0], low, np.where(log_lam > v[-1], high, inside))
        return Values(value, np.full(log_lam.shape, self.error))


def cauchy_limit(angle=0.0, error=0.0, width=50, gamma=1.0):
    """The limit of one linear layer, as limit_spectrum describes it."""
    ens = rj.Ensemble.square(width, 1, "linear", rj.Cauchy(gamma))
    return rj.HeavyTailedLimit(OneCauchyLayer(gamma, angle, error), {"ensemble": ens.to_dict(), "masses": [1.0]})


def cauchy_pair(angle=0.0, error=0.0, width=50, samples=20):
    """Samples of one linear layer and their limit."""
    ens = rj.Ensemble.square(width, 1, "linear", rj.Cauchy())
    return rj.sample_spectrum(ens, samples, rng=0), cauchy_limit(angle, error, width)
