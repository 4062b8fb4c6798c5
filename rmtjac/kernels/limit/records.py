"""Named tuples and codes for the arguments and results of the kernels of the limit equation."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

__all__ = ["CompiledEquation", "CompiledLaw", "Factors", "LawKind", "MomentTransform", "TermLaws", "Terms"]


class LawKind(IntEnum):
    """How the kernels evaluate m_K of a law K of D^2."""

    TWO_POINT = 0
    """D^2 is 0 or b, b = values[0], with P(b) = p = number: closed form."""
    NODES = 1
    """A sum over `values` with `weights`, which add up to p = number; corrected at the poles if there are `panels`."""
    ERF = 2
    """D = exp(-pi h^2 / 4), h ~ N(0, q), number = 1 / (pi q): the Lerch transcendent."""


class CompiledLaw(NamedTuple):
    """A law of D^2, as arguments of the kernels."""

    kind: int
    """A `LawKind` as a plain int, so that each kernel is compiled for one type only."""
    number: float
    """Depends on the kind, see `LawKind`."""
    values: np.ndarray
    weights: np.ndarray
    panels: np.ndarray
    """Shape (k, ROW_LENGTH): the rows of `rmtjac.kernels.limit.poles`."""


class MomentTransform(NamedTuple):
    """m = m_K(u) at u = e^v, in the forms that keep their digits; p = P(D != 0)."""

    rest: complex
    """c = 1 + m / p = E[1 / (1 - u D^2) | D != 0]."""
    log_rest: complex
    """Log c."""
    log_rest_slope: complex
    """The derivative of Log c in v."""
    log_ratio: complex
    """s = Log(m / u)."""
    log_ratio_slope: complex
    """The derivative of s in v."""
    imag_m: float
    """Im m."""


class TermLaws(NamedTuple):
    """The laws of all terms of the equation, one after the other."""

    kinds: np.ndarray
    numbers: np.ndarray
    offsets: np.ndarray
    """Shape (terms + 1, 2): term g has the values and weights from offsets[g, 0] to offsets[g + 1, 0], and the panels
    from offsets[g, 1] to offsets[g + 1, 1].
    """
    values: np.ndarray
    weights: np.ndarray
    panels: np.ndarray


class Terms(NamedTuple):
    """The numbers of all terms, arrays of shape (terms,)."""

    counts: np.ndarray
    """Multiplicities k_g."""
    masses: np.ndarray
    """p_g = P(D_g != 0)."""
    log_ratios: np.ndarray
    """log r_g."""
    shares: np.ndarray
    """mu r_g / p_g, with mu = p_0 / r_0 of the term that leads."""


class Factors(NamedTuple):
    """The factors 1 + r_f m of the weights, arrays of shape (factors,)."""

    counts: np.ndarray
    """Multiplicities k_f, of any sign."""
    shares: np.ndarray
    """mu r_f."""


class CompiledEquation(NamedTuple):
    """The limit equation, as an argument of `rmtjac.kernels.limit.roots`."""

    laws: TermLaws
    terms: Terms
    factors: Factors
    log_means: np.ndarray
    """log E D_g^2 of each term."""
    log_mean: float
    """Logarithm of the mean of the law that H = zeta describes."""
