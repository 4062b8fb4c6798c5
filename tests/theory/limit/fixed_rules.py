"""Limits of equal layers, and integrals of densities by rules of fixed nodes that share nothing with the package."""

import math

import numpy as np

import rmtjac as rj
from rmtjac.theory import Layers, derivative_law

NAMES = rj.activations.names()


def equal_layers(name, depth, q=0.5):
    return rj.LimitSpectrum(Layers([derivative_law(rj.activations.activation(name), q)] * depth, [1.0] * depth))


def integral(lim, power=0):
    """Integral of lambda^power rho over the support, by Gauss-Legendre in variables that tame the ends.

    log lambda = bottom + (top - bottom) sin^2(theta), theta in (0, pi/2): absorbs square-root edges. Where the
    support reaches 0 the bottom is where the power lambda^(1 + power) rho has decayed below 1e-12 of what it was.
    """
    x, w = np.polynomial.legendre.leggauss(16)
    total = 0.0
    for low, high in lim.support:
        bottom = math.log(low) if low > 0 else math.log(high) - 20.0
        while (
            low == 0
            and float(lim.density(math.exp(bottom))) * math.exp((1 + power) * bottom) > 1e-12 * lim.moment(1) ** power
        ):
            bottom -= 20.0
        panels = np.linspace(0.0, math.pi / 2, 161)
        theta = (0.5 * (panels[1:] + panels[:-1])[:, None] + 0.5 * np.diff(panels)[:, None] * x).ravel()
        weight = (0.5 * np.diff(panels)[:, None] * w).ravel()
        span = math.log(high) - bottom
        lam = np.exp(bottom + span * np.sin(theta) ** 2)
        total += float(np.sum(weight * lim.density(lam) * lam ** (1 + power) * span * np.sin(2 * theta)))
    return total


def log_integral(lim, power):
    """Integral of lambda^power dF over the bulk, in log lambda: the lowest lambda may leave the range of a float."""
    x, w = np.polynomial.legendre.leggauss(16)
    panels = np.linspace(0.0, math.pi / 2, 401)
    theta = (0.5 * (panels[1:] + panels[:-1])[:, None] + 0.5 * np.diff(panels)[:, None] * x).ravel()
    weight = (0.5 * np.diff(panels)[:, None] * w).ravel()
    total = 0.0
    for low, high in lim.solution.log_support:
        while low == -math.inf or (bottom := float(low)) == -math.inf:
            low = high - 40.0
            while abs(lim.solve(np.array([low])).imag_m[0]) * math.exp(power * (low - high)) > 1e-15:
                low = high - 1.5 * (high - low)
            bottom = low
        log_lam = bottom + (high - bottom) * np.sin(theta) ** 2
        roots = lim.solve(log_lam)
        slope = np.where(roots.found, -roots.imag_m, 0.0) / math.pi * np.exp(power * log_lam)
        total += float(np.sum(weight * slope * (high - bottom) * np.sin(2 * theta)))
    return total
