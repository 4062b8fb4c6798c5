"""The limit for one HardTanh layer with Cauchy weights and its own forward pass, without sampling."""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rmtjac.smoothing import smoothing_angle
from rmtjac.theory.heavy_tails.coupled.cumulative import Panels
from rmtjac.theory.heavy_tails.coupled.equation import Layer, solve
from rmtjac.theory.heavy_tails.coupled.grid import Resolution
from rmtjac.theory.heavy_tails.coupled.input_law import InputLaw
from rmtjac.theory.heavy_tails.coupled.tail import tail_of
from rmtjac.theory.heavy_tails.solver import Tail, Values
from rmtjac.validate import finite

__all__ = ["CoupledSolver"]

# Two grids that share no node, on two rays: they agree only if the quadrature and the continuation are right.
_FINE = Resolution(share=0.5, ratio=2.2, phase=12.0, smallest=1e-4)
_COARSE = Resolution(share=0.42, ratio=2.8, phase=15.0, smallest=2e-4)
_CONVERGED = 1e-9
_FLOOR = 1e-15
_REACH = 70.0
_SMALL = 0.08  # below this scale of h the grids for the law itself grow too large
_WIDE = 0.2


class _Switch(NamedTuple):
    """From log lambda = `start` on, the tail has at most the relative error `error` exp(-(log lambda - start)/2)."""

    start: float
    error: float


class CoupledSolver:
    r"""The limiting law of the eigenvalues of J J^T for J = D W, D = 1(\|h\| < 1), h = W x + b, from one forward pass.

    Parameters
    ----------
    gamma : float
        The weights are Cauchy variables of scale gamma / n_0.
    inputs : InputLaw
        The law of \|x\|: `fixed_input`, `gaussian_input`, `stationary_input` or `empirical_input`.
    bias : float, default 0.0
        The scale of the Cauchy biases.
    ratio : float, default 1.0
        n_1 / n_0, the number of rows over the number of columns.
    angle : float or None, default None
        The angle of the smoothing (`rmtjac.smoothing`), in [0, 2]. None stands for 0, and for 0.2 if the scale
        q = gamma E\|x\| + bias of h is below 0.08.

    Raises
    ------
    TypeError, ValueError
        If an argument lies outside its range, or if h = 0: the layer is then linear.

    See Also
    --------
    rmtjac.smoothing.smoothed_cdf : A sample with the same smoothing.

    Notes
    -----
    docs/theory/coupled_layer.md derives the equations. Every point is solved on two grids and two rays; the error
    is their difference, and infinite if an iteration fails or a grid would need too many nodes. Cost: about 20 ms a
    point, more for inputs with many nodes and in proportion to 1/q^2 for small q and angles; the first call of `cdf`
    solves a few hundred points.

    Examples
    --------
    >>> from rmtjac.theory.heavy_tails.coupled.input_law import fixed_input
    >>> solver = CoupledSolver(1.0, fixed_input())
    >>> solver.log_density([0.0]).value.round(8), float(solver.atom.value.round(8))
    (array([0.11952206]), 0.5)
    """

    method = "coupled"

    def __init__(
        self, gamma: float, inputs: InputLaw, bias: float = 0.0, ratio: float = 1.0, angle: float | None = None
    ) -> None:
        gamma = finite("gamma", gamma, above=0.0)
        bias = finite("bias", bias, least=0.0)
        ratio = finite("ratio", ratio, above=0.0)
        if not isinstance(inputs, InputLaw):
            raise TypeError(f"inputs={inputs!r} must be an InputLaw")
        self.layer = Layer(gamma, bias, inputs, ratio)
        if not 0.0 < self.layer.q < math.inf:
            raise ValueError(
                f"q={self.layer.q!r}, the scale of h, must be positive and finite; for h = 0 the layer is linear"
            )
        if angle is None:
            angle = 0.0 if self.layer.q >= _SMALL else _WIDE
        self._angle = smoothing_angle(angle)
        if self._angle > 2.0:
            raise ValueError(f"angle={angle!r} must lie in [0, 2]")

    @property
    def angle(self) -> float:
        """The angle of the smoothing."""
        return self._angle

    @property
    def atom(self) -> Values:
        """The mass at lambda = 0: rows that are not active, or more active rows than columns."""
        mass = 1.0 - min(self.layer.active, 1.0 / self.layer.c)
        return Values(np.array(mass), np.array(4e-16))

    @cached_property
    def tail(self) -> Tail:
        """The tail of the law without smoothing."""
        return tail_of(self.layer)

    @cached_property
    def _range(self) -> tuple[float, float]:
        """The logarithms between which the equations are solved."""
        logs = [0.0, 2.0 * math.log(self.layer.gamma)]
        if self.layer.inputs.mean > 0.0:
            logs.append(-2.0 * math.log(self.layer.inputs.mean))
        return min(logs) - _REACH, max(logs) + _REACH

    def _quadrature(self, log_lam: float, how: Resolution) -> tuple[float, float]:
        """Return the density at a point and the error of the iteration."""
        found = solve(self.layer, log_lam, self._angle, how)
        if not (found.residual <= _CONVERGED and found.complete and np.isfinite(found.value)):
            return math.nan, math.inf
        return -found.value.imag / (math.pi - self._angle), 3.0 * found.residual * abs(found.value)

    def _two_grids(self, log_lam: float) -> tuple[float, float]:
        fine, error = self._quadrature(log_lam, _FINE)
        coarse, more = self._quadrature(log_lam, _COARSE)
        error += more + abs(fine - coarse) + _FLOOR + max(0.0, -fine)
        if not error < math.inf:
            return max(0.0, fine) if fine == fine else 0.0, math.inf
        return max(0.0, fine), error

    def _tail_density(self, log_lam: float) -> float:
        tail = self.tail
        return tail.exponent * tail.constant * math.exp(-tail.exponent * log_lam)

    @cached_property
    def _switch(self) -> _Switch:
        """The point where quadrature and tail agree best."""
        best = _Switch(math.inf, math.inf)
        if self._angle == 0.0 and 0.0 < self.tail.constant < math.inf:
            start = max(0.0, 2.0 * math.log(self.layer.gamma))
            for log_lam in np.arange(start + 4.0, self._range[1], 2.0):
                value, error = self._two_grids(log_lam)
                tail = self._tail_density(log_lam)
                miss = (abs(value - tail) + error) / tail if tail > 0.0 else math.inf
                if miss < best.error:
                    best = _Switch(float(log_lam), miss)
                elif error > 0.5 * miss * tail:
                    break
        return best

    def _point(self, log_lam: float) -> tuple[float, float]:
        switch = self._switch
        if log_lam > switch.start:
            tail = self._tail_density(log_lam)
            miss = 2.0 * tail * switch.error * math.exp(-0.5 * (log_lam - switch.start))
            if miss < _FLOOR:
                return tail, miss
            value, error = self._two_grids(log_lam)
            return (tail, miss) if miss < error else (value, error)
        low, high = self._range
        if low <= log_lam <= high:
            return self._two_grids(log_lam)
        # Far from all scales: a power, whose value is far below the accuracy of the rest.
        edge, inner = (low, low + 1.0) if log_lam < low else (high, high - 1.0)
        value, error = self._two_grids(edge)
        other, _ = self._two_grids(inner)
        slope = (math.log(value) - math.log(other)) / (edge - inner) if value > 0.0 < other else 0.0
        slope = max(slope, 0.25) if log_lam < low else min(slope, -0.25)
        value *= math.exp(slope * (log_lam - edge))
        return value, value + error

    def log_density(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed density of log lambda without the atom, at points of shape (n,)."""
        points = np.asarray(log_lam, dtype=float)
        found = np.array([self._point(float(one)) for one in points.ravel()]).reshape(-1, 2)
        return Values(found[:, 0].reshape(points.shape), found[:, 1].reshape(points.shape))

    def _fast(self, log_lam: np.ndarray) -> np.ndarray:
        return np.array([self._quadrature(float(one), _COARSE)[0] for one in log_lam])

    def _slope(self, log_lam: float) -> tuple[float, float]:
        """Return the density at a point, and the absolute value of the slope of its logarithm."""
        value, other = self._fast(np.array([log_lam, log_lam - 0.5]))
        if not value > 1e-15 or not other > 1e-15:
            return max(value, 0.0), 1.0
        return value, max(abs(math.log(value / other)) / 0.5, 0.1)

    @cached_property
    def _integral(self) -> tuple[Panels, float, float, float, float, float, float]:
        """Return the panels, their ends, the mass below them, the slope there, the mass above them, the slope there."""
        low, high = self._range
        start = min(0.0, 2.0 * math.log(self.layer.gamma))
        below, slope = self._slope(start)
        unsure = 0.0
        while start > low and not below / slope < 1e-11:
            next_below, next_slope = self._slope(max(low, start - 2.0))
            if not math.isfinite(next_below):
                unsure = below / slope  # the power below is a guess
                break
            start, below, slope = max(low, start - 2.0), next_below, next_slope
        if self._angle == 0.0 and self._switch.start < math.inf:
            end, fall = self._switch.start, self.tail.exponent
            above = self.tail.constant * math.exp(-fall * end) * fall
        else:
            end = max(0.0, 2.0 * math.log(self.layer.gamma)) + 2.0
            above, fall = self._slope(end)
            while end < high and not above / fall < 1e-9:
                end = min(high, end + 2.0)
                above, fall = self._slope(end)
        panels = Panels(self._fast, start, end, 1e-10)
        panels.error += unsure
        return panels, start, end, below / slope, slope, above / fall, fall

    @cached_property
    def mass(self) -> Values:
        """The total mass; its difference from 1 is an error that the other estimates do not contain."""
        panels, _, _, below, _, above, _ = self._integral
        total = float(self.atom.value) + below + panels.total + above
        return Values(np.array(total), np.array(panels.error + float(self.atom.error)))

    def cdf(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed cdf, the atom included, at points of shape (n,)."""
        points = np.asarray(log_lam, dtype=float)
        panels, start, end, below, slope, above, fall = self._integral
        inside = np.clip(points, start, end)
        value = float(self.atom.value) + below + panels(inside)
        with np.errstate(over="ignore", under="ignore"):
            lower = float(self.atom.value) + below * np.exp(slope * (np.minimum(points, start) - start))
            upper = 1.0 - above * np.exp(-fall * (np.maximum(points, end) - end))
        value = np.where(points < start, lower, np.where(points > end, upper, value))
        error = panels.error + abs(float(self.mass.value) - 1.0) + 1e-12
        if not error < math.inf:
            error = math.inf
        return Values(np.clip(value, float(self.atom.value), 1.0), np.full(points.shape, error))
