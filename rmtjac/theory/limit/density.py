"""The density of the limit and its error by the inverse route: roots of the equation, or expansions next to an edge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rmtjac.theory.equation.near_edge import WITHIN

if TYPE_CHECKING:
    from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["densities"]


def densities(lim: LimitSpectrum, lam: np.ndarray, log_lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the density and its error, shaped like `lam`; `log_lam` is its logarithm, one-dimensional."""
    value, error = np.zeros(log_lam.size), np.zeros(log_lam.size)
    rest = lim.inside(log_lam)
    if not lim.layers.explicit:
        sharp = [edge.log_lam for edge in lim.edges if edge.kind == "square-root"]
        if sharp and (np.abs(log_lam[:, None] - np.array(sharp)) < WITHIN).any():
            for at, expansion in lim._expansions:
                close = np.flatnonzero(np.abs(log_lam - at) < WITHIN)
                imag_m, wrong, held = expansion.imag_m(lam.ravel()[close])
                value[close[held]], error[close[held]] = -imag_m[held], wrong[held]
                rest[close[held]] = False
    roots = lim.solve(log_lam[rest])
    value[rest] = np.where(roots.found, np.maximum(-roots.imag_m, 0.0), 0.0)  # where it is below rounding
    error[rest] = roots.error_m
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scale = np.where((value > 0.0) | (error > 0.0), 1.0 / (math.pi * np.exp(log_lam)), 1.0)
        return (value * scale).reshape(lam.shape), (error * scale).reshape(lam.shape)
