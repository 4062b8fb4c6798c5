"""The scalar equations of independent masks, made from the weights, the laws of D^2 and the widths; atom and tail."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.kernels.heavy_tails.scalar_equations import ScalarEquations
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw
from rmtjac.theory.heavy_tails.independent.mellin_laws import ProductLaw, log_mellin, mellin_laws
from rmtjac.theory.heavy_tails.solver import Tail

__all__ = ["Chain", "tail_of_chain"]


class Chain(NamedTuple):
    """Layers of weights and neurons with independent factors."""

    weights: tuple[StableWeights, ...]
    """Of layers 0, ..., L-1."""
    masks: tuple[MaskLaw, ...]
    """The laws of D^2 behind them."""
    widths: tuple[float, ...]
    """n_0, ..., n_L; only their ratios matter."""

    @property
    def ratios(self) -> list[float]:
        """r_l = n_L / n_l."""
        return [self.widths[-1] / n for n in self.widths]

    def product_laws(self) -> list[ProductLaw]:
        """Return the laws of V_l, l = 0, ..., L."""
        index = [0.5 * one.alpha for one in self.weights]
        pairs = zip([1.0, *index], [*index, 1.0], [MaskLaw.one(), *self.masks], strict=True)
        return [ProductLaw(tuple(sorted(b for b in (a, c) if b < 1.0)), mask) for a, c, mask in pairs]

    def mass(self) -> float:
        """Return the mass of the eigenvalues that are not 0."""
        laws = self.product_laws()
        return min(law.mask.mass / r for law, r in zip(laws, self.ratios, strict=True))

    def equations(self) -> ScalarEquations:
        """Return the arguments of the kernels; equal layers are one group."""
        laws, ratios, most = self.product_laws(), self.ratios, self.mass()
        keys = list(zip(laws, ratios, strict=True))
        groups = list(dict.fromkeys(keys))
        place = {key: g for g, key in enumerate(groups)}
        levels = np.array([r * most for _, r in groups])
        masses = np.array([law.mask.mass for law, _ in groups])
        gaps = masses - levels
        gaps[np.abs(gaps) <= 4e-15 * masses] = 0.0
        layer_powers = np.array([2.0 / one.alpha for one in self.weights])
        layer_constants = np.array([one.log_kappa for one in self.weights])
        layer_constants += np.log(np.array(ratios[:-1]) * most)
        layer_constants -= [math.lgamma(1.0 + 0.5 * one.alpha) for one in self.weights]
        return ScalarEquations(
            mellin_laws([law for law, _ in groups]),
            float(layer_powers @ layer_constants),
            float(layer_powers.sum()),
            np.array([keys.count(key) for key in groups], dtype=float),
            levels,
            gaps,
            masses,
            np.array([place[key] for key in keys], dtype=np.int64),
            layer_powers,
            layer_constants,
        )


def _leading(law: ProductLaw) -> tuple[float, int, float]:
    """Return b, j, log C of E[w V / (1 + w V)] ~ C w^b (log 1/w)^j for w -> 0."""
    x, p = np.array(law.mask.log_squares), np.array(law.mask.masses)
    b = law.indices[0] if law.indices else 1.0
    top = float((b * x).max())
    with np.errstate(under="ignore"):
        log_moment = math.log(float(np.exp(b * x - top) @ p)) + top
    if not law.indices:
        return b, 0, log_moment
    if len(law.indices) == 2 and law.indices[0] == law.indices[1]:
        return b, 1, log_moment + math.lgamma(b) - math.lgamma(1.0 - b) + 2.0 * math.log(b)
    # pi / sin(pi t) E P^t without its factor Gamma(1 - t/b), whose residue is -b
    rest = log_mellin(law.indices[1:], np.array([complex(b)]))[0].real
    if len(law.indices) == 2:
        rest -= math.lgamma(1.0 - b)
    else:
        rest = math.lgamma(b)
    return b, 0, log_moment + math.log(b) + rest


def tail_of_chain(chain: Chain) -> Tail:
    """Return the tail P(lambda > x) of the law, from the behaviour of the equations at small mu."""
    laws, ratios = chain.product_laws(), chain.ratios
    powers = [2.0 / one.alpha for one in chain.weights]
    leading = [_leading(law) for law in laws]
    exponent = 1.0 / (sum(1.0 / b for b, _, _ in leading) - sum(powers))
    constant = 0.0
    for a, one, r in zip(powers, chain.weights, ratios, strict=False):
        constant += a * (one.log_kappa + math.log(r) - math.lgamma(1.0 + 1.0 / a))
    log_power = 0.0
    for (b, j, log_c), r in zip(leading, ratios, strict=True):
        constant -= (math.log(r) - log_c) / b
        if j:
            constant += math.log(exponent / b) / b
            log_power += exponent / b
    if not exponent < 1.0:
        return Tail(math.inf, math.nan, 0.0)
    # E lambda / (lambda + y) ~ C y^-s goes with P(lambda > x) ~ C sin(pi s) / (pi s) x^-s.
    size = exponent * constant + math.log(math.sin(math.pi * exponent) / (math.pi * exponent))
    return Tail(exponent, math.exp(size) if abs(size) < 700.0 else math.nan, log_power)
