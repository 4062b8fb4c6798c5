"""The network as the kernels of population dynamics take it: arrays of numbers, one row a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rmtjac.activations import Activation
from rmtjac.codes import LawCode
from rmtjac.propagation.stable_weights import StableWeights
from rmtjac.theory.heavy_tails.solver import Tail

__all__ = ["BiasLaw", "Model", "model"]

_TABLE = 20001


class BiasLaw(NamedTuple):
    """The law of the biases of a layer.

    Attributes
    ----------
    code : int
        The `LawCode` of the standard law.
    parameter : float
        The index of a stable law, or the degrees of freedom.
    scale : float
        What the standard law is multiplied by; 0 for no biases.
    """

    code: int = LawCode.NO_LAW.value
    parameter: float = 0.0
    scale: float = 0.0


@dataclass(frozen=True, eq=False)
class Model:
    """A network in arrays; `laws`, `ratios`, `phis`, `tables`, `values`, `deviation` are arguments of the kernels."""

    weights: tuple[StableWeights, ...]
    activations: tuple[Activation, ...]
    widths: np.ndarray
    laws: np.ndarray
    ratios: np.ndarray
    phis: np.ndarray
    tables: np.ndarray
    values: np.ndarray
    deviation: float

    @property
    def depth(self) -> int:
        """The number of weight matrices."""
        return len(self.weights)

    @property
    def centre(self) -> float:
        """The logarithm of the product of the squared units of the weights: a typical log lambda of linear layers."""
        return float(2.0 * np.log(self.laws[:, 3]).sum())

    def tail(self) -> Tail:
        """Return the exponent of the tail; docs/theory/population_dynamics.md has the argument."""
        exponents = []
        for l, one in enumerate(self.weights):
            if one.alpha == 2.0:
                continue
            if _grows(self.activations[l]):
                exponents.append(0.5 * one.alpha)
            elif l == 0 and self.values.size and not (self.values == 0.0).any():
                exponents.append(one.alpha + 0.5)
            elif l == 0 and self.values.size:
                exponents.append(0.5 * one.alpha)
            elif l > 0 and not _crosses_zero(self.activations[l - 1]):
                exponents.append(one.alpha + 0.5)
            else:
                exponents.append(0.5 * (one.alpha + 1.0))
        if not exponents:
            return Tail(math.inf, math.nan)
        least = min(exponents)
        return Tail(least, math.nan, float(exponents.count(least) - 1))

    def lower_shape(self) -> float:
        """Return the shape of the mass at small lambda (`FarMass`), which the smallest slopes make.

        If -log phi'(h)^2 grows like |h|^g, and P(|h| > t) falls off like t^-alpha, then P(log lambda < -v) falls off
        like v^(-alpha/g).
        """
        shapes = [0.0]
        for phi, one in zip(self.activations, self.weights, strict=True):
            if one.alpha < 2.0:
                shapes.append(max(_fall(phi, 1.0), _fall(phi, -1.0)) / one.alpha)
        return max(shapes)


def _fall(phi: Activation, sign: float) -> float:
    """Return the power g > 0 if phi'(h) tends to 0 like exp(-|h|^g), and 0 if it is 0 or falls off more slowly."""
    h = np.exp2(np.arange(1.0, 40.0))
    with np.errstate(all="ignore"):
        logs = -np.log(np.abs(phi.derivative(sign * h)))
    known = np.flatnonzero(np.isfinite(logs) & (logs < 690.0))
    if known.size < 2 or not logs[known[-1]] > 60.0:
        return 0.0
    return max(float(np.log2(logs[known[-1]] / logs[known[-1] - 1])), 0.0)


def _in_units(one: StableWeights) -> tuple[float, float, float, float]:
    """Return alpha, tail and kappa = 1 of the weights in the unit kappa^(1/alpha), and the unit."""
    unit = StableWeights(one.alpha, 1.0)
    return one.alpha, unit.tail / unit.kappa, 1.0, unit.kappa ** (1.0 / one.alpha) * one.scale


def _grows(phi: Activation) -> bool:
    """Return whether phi' does not tend to 0 on both sides: a large weight then does not saturate its own row."""
    with np.errstate(all="ignore"):
        return bool((np.abs(phi.derivative(np.array([-1e6, 1e6]))) > 1e-3).any())


def _growth(phi: Activation) -> float:
    """Return the exponent g >= 0 with which |phi(h)| grows, like |h|^g."""
    with np.errstate(all="ignore"):
        near, far = np.abs(phi(np.array([-1e6, 1e6]))).max(), np.abs(phi(np.array([-1e12, 1e12]))).max()
    return max(math.log(far / near) / math.log(1e6), 0.0) if 0.0 < near < math.inf and 0.0 < far < math.inf else 0.0


def _crosses_zero(phi: Activation) -> bool:
    """Return whether phi(h) has a density at 0 where phi' does not vanish."""
    h = np.linspace(-20.0, 20.0, 4001)
    x = phi(h)
    near = np.flatnonzero(np.diff(np.sign(x)))
    return bool(near.size and (np.abs(phi.derivative(h[near])) + np.abs(phi.derivative(h[near + 1])) > 1e-3).any())


def _table(phi: Activation) -> np.ndarray:
    """Return phi and phi' on the points of asinh(h / 0.1) that the kernels read."""
    h = 0.1 * np.sinh(np.linspace(-math.asinh(1e5), math.asinh(1e5), _TABLE))
    out = np.stack([phi(h), phi.derivative(h)]).astype(float)
    if not np.isfinite(out).all():
        raise ValueError(f"activation {phi.name!r} is not finite on [-1e4, 1e4]")
    return out


def _matters(phis: Sequence[Activation]) -> bool:
    """Return whether the slopes of these activations depend on the signal."""
    return any(phi.slopes is None or len(set(phi.slopes)) > 1 for phi in phis)


def _without_mean_field(weights: Sequence[StableWeights], phis: Sequence[Activation]) -> int | None:
    """Return the first layer whose sums diverge since the outputs below have no moment of order alpha, or None.

    A layer may have any h if its activation and those of all later layers have constant slopes.
    """
    for l in range(1, len(weights)):
        # Up to layer l the preactivations have the tail index of the weights below them.
        index = min((one.alpha for one in weights[:l]), default=2.0)
        if _matters(phis[l:]) and index < 2.0 and weights[l].alpha * _growth(phis[l - 1]) > 0.99 * index:
            return l
    return None


def model(
    weights: Sequence[StableWeights],
    activations: Sequence[Activation],
    widths: Sequence[float],
    biases: Sequence[BiasLaw] | None,
    inputs: np.ndarray | float,
) -> Model:
    """Return the arrays of a network.

    Raises
    ------
    ValueError
        If the lengths disagree, or the preactivations of a layer have no limit.
    """
    depth = len(weights)
    if depth == 0 or len(activations) != depth or len(widths) != depth + 1:
        raise ValueError(f"{depth} weights need as many activations (got {len(activations)}) and one more width "
                         f"(got {len(widths)})")  # fmt: skip
    sizes = np.asarray(widths, dtype=float)
    if not (np.isfinite(sizes).all() and (sizes > 0.0).all()):
        raise ValueError(f"widths={widths!r} must be positive")
    biases = [BiasLaw()] * depth if biases is None else list(biases)
    if len(biases) != depth:
        raise ValueError(f"biases={biases!r} must be one for each of {depth} layers")
    diverging = _without_mean_field(weights, activations)
    if diverging is not None:
        raise ValueError(
            f"activation {activations[diverging - 1].name!r} behind layer {diverging - 1}: its outputs have no moment "
            f"of order alpha={weights[diverging].alpha}, so the preactivations behind layer {diverging} have no limit"
        )
    values = np.zeros(0)
    deviation = 0.0
    if np.ndim(inputs):
        values = np.ascontiguousarray(inputs, dtype=float).ravel()
        if values.size == 0 or not np.isfinite(values).all():
            raise ValueError("inputs must be finite numbers, at least one")
    elif not 0.0 <= float(inputs) < math.inf:
        raise ValueError(f"inputs={inputs!r}: a variance must be finite and >= 0")
    else:
        deviation = math.sqrt(float(inputs))
    # Outputs on which no slope depends count as 0, so that partners are drawn at random.
    codes = [-1.0 if phi.code is None else float(phi.code) for phi in activations]
    phis = [
        [code if _matters(activations[l + 1 :]) else -2.0, phi.parameter, code]
        for l, (phi, code) in enumerate(zip(activations, codes, strict=True))
    ]
    coded = [phi.code is not None for phi in activations]
    tables = np.zeros((depth, 2, 1 if all(coded) else _TABLE))
    for l, phi in enumerate(activations):
        if not coded[l]:
            tables[l] = _table(phi)
    return Model(
        tuple(weights),
        tuple(activations),
        sizes,
        np.array([[*_in_units(w), *b] for w, b in zip(weights, biases, strict=True)], dtype=float),
        sizes[1:] / sizes[:-1],
        np.array(phis),
        tables,
        values,
        deviation,
    )
