r"""The equations of one HardTanh layer with Cauchy weights, at one eta.

On a ray of beta, with :math:`U(v) = \sqrt\pi v\, \mathrm{erfcx}(v)` and
:math:`\zeta_\pm(\beta) = [2 (q \pm i) \sqrt\beta + \gamma \chi(\beta)] / (2 \sqrt\eta)`,

.. math:: G(\beta) &= \frac{\sqrt\pi}{4 i \sqrt{\eta\beta}} [\mathrm{erfcx}(\zeta_-) - \mathrm{erfcx}(\zeta_+)] , &
          \Lambda(\tau) &= \frac{4 c \gamma}{\pi^2} \int_0^\tau \sqrt{\frac{\tau-\beta}{\beta}}\, G(\beta)\, d\beta , \\
          H(u) &= E |x| e^{-x^2 u \eta - |x| \Lambda(u)} , &
          \chi(\beta) &= \frac2\pi \int_\beta^\infty \frac{\sqrt{u-\beta}}{u} H(u)\, du , \\
          \eta\, E[g; D = 1] &= \frac{1}{2 \pi i} \int_0^\infty [U(\zeta_+) - U(\zeta_-)] \frac{d\beta}{\beta} .

chi is the unknown. docs/theory/coupled_layer.md derives the equations.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.theory.heavy_tails.coupled.grid import Grid, Resolution, make_grid
from rmtjac.theory.heavy_tails.coupled.input_law import InputLaw, deficit, scaled_erfc

__all__ = ["Layer", "Solution", "solve"]

_TOLERANCE = 1e-12
_ENOUGH = 1e-9
_STEPS = 80
_MEMORY = 5
_ROOT_PI = math.sqrt(math.pi)


class Layer(NamedTuple):
    """One HardTanh layer with Cauchy weights of scale gamma/n_0 and Cauchy biases of scale `bias`; c = n_1/n_0."""

    gamma: float
    bias: float
    inputs: InputLaw
    c: float

    @property
    def q(self) -> float:
        """The scale of the Cauchy law of h."""
        return self.gamma * self.inputs.mean + self.bias

    @property
    def active(self) -> float:
        """P(D = 1)."""
        return 2.0 / math.pi * math.atan2(1.0, self.q)


class Solution(NamedTuple):
    """The value of eta E[g; D = 1], the relative residual of chi, whether all is resolved, and the number of nodes."""

    value: complex
    residual: float
    complete: bool
    nodes: int


def _apply(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return the product of a real matrix and a complex vector; numpy would copy the matrix into a complex one."""
    return (matrix @ vector.view(float).reshape(-1, 2)).view(complex).ravel()


def _fields(layer: Layer, eta: complex, grid: Grid, chi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return zeta_- and zeta_+."""
    root = np.sqrt(eta)
    centre = (layer.q * grid.turn * grid.nodes + 0.5 * layer.gamma * chi) / root
    half = 1j * grid.turn * grid.nodes / root
    return centre - half, centre + half


def _image(layer: Layer, eta: complex, grid: Grid, chi: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the map of chi, and the share of H at the last node in it."""
    turn, x = grid.turn, grid.nodes
    minus, plus = _fields(layer, eta, grid, chi)
    g = _ROOT_PI / (4j * np.sqrt(eta) * turn * x) * (scaled_erfc(minus) - scaled_erfc(plus))
    strength = 8.0 * layer.c * layer.gamma / math.pi**2
    potential = strength * turn**2 * _apply(grid.below, g)
    inputs = layer.inputs
    out = np.zeros(x.size, dtype=complex)
    last = 0.0
    if inputs.nodes.size or inputs.normal:
        h = inputs.transform(eta * turn**2 * x * x, potential)
        out = _apply(grid.above, h)
        last = abs(h[-1]) * grid.end
        if inputs.normal:
            # H is constant/u beyond the last node: small |x| have a density.
            ratio = x / grid.end
            rest = 0.5 * (np.arcsin(ratio) / x + np.sqrt((1.0 - ratio) * (1.0 + ratio)) / grid.end)
            out += h[-1] * x[-1] ** 2 * rest
        out *= 4.0 / math.pi * turn
    if inputs.zero:
        rest = 0.5 / (turn**2 * (1.0 + layer.q**2) * grid.end)
        slope = strength * turn * (grid.weights @ g + rest)
        out += inputs.zero * 2.0 / _ROOT_PI * scaled_erfc(0.5 * slope / np.sqrt(eta)) / np.sqrt(eta)
    return out, last / max(float(np.abs(out).max()), 1e-300)


def _iterate(layer: Layer, eta: complex, grid: Grid, chi: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return the fixed point by Anderson's iteration, its residual, and the share of H at the last node."""
    old: list[np.ndarray] = []
    steps: list[np.ndarray] = []
    residual = last = math.inf
    for _ in range(_STEPS):
        image, last = _image(layer, eta, grid, chi)
        step = image - chi
        size = float(np.abs(image).max())
        residual = float(np.abs(step).max()) / size if size > 0.0 else math.nan
        if not math.isfinite(residual) or residual <= _TOLERANCE:
            break
        old, steps = [*old[-_MEMORY:], chi], [*steps[-_MEMORY:], step]
        chi = image
        if len(steps) > 1:
            differences = np.diff(np.array(steps), axis=0)
            # The normal equations are small and well enough conditioned: the residual is checked on its own.
            gram = differences.conj() @ differences.T
            gram += 1e-15 * np.trace(gram).real * np.eye(len(gram))
            factors = np.linalg.solve(gram, differences.conj() @ step)
            chi = chi - factors @ (np.diff(np.array(old), axis=0) + differences)
    return chi, residual, last


def _value(layer: Layer, eta: complex, grid: Grid, chi: np.ndarray) -> complex:
    """Return eta E[g; D = 1] for a solution chi."""
    minus, plus = _fields(layer, eta, grid, chi)
    total = grid.weights / grid.nodes @ (deficit(minus) - deficit(plus)) / (1j * math.pi)
    q = layer.q
    # Beyond the last node zeta is linear in sqrt(beta), and large.
    return complex(total + q * eta / (math.pi * (grid.turn * (1.0 + q * q) * grid.end) ** 2))


def _ends(layer: Layer, size: float, angle: float, share: float) -> tuple[float, float]:
    """Return a guess of the largest node, and a bound that surely suffices."""
    inputs, q = layer.inputs, layer.q
    least = 1e3 * math.sqrt(size)
    scale = math.sqrt(max(size, 0.5 * layer.gamma))
    if inputs.zero:
        # chi tends to a constant, and zeta is linear in sqrt(beta) only far beyond gamma chi.
        least = 1e6 * max(math.sqrt(size), layer.gamma / math.sqrt(size))
    if inputs.normal:
        # H decays as a power: the error is the square of the ratio of scales.
        spread = math.sqrt(inputs.variance)
        most = 1e6 * max(scale / layer.gamma, 1.0 / math.sqrt(size)) / spread
        return max(least, most), max(least, most)
    if not inputs.nodes.size:
        return least, least
    smallest = float(inputs.nodes[0])
    rate = math.sin(min(share * (angle + 2.0 * math.atan(q)), 0.5 * math.pi))
    most = max(least, 6.0 / math.sqrt(rate * size) / smallest)
    return min(most, max(least, 80.0 * scale / (layer.gamma * smallest))), most


class _State(NamedTuple):
    """A solution with what another point can start from: |eta|, the nodes and chi."""

    solution: Solution
    size: float
    nodes: np.ndarray
    chi: np.ndarray
    fits: bool
    """Whether the grid fits into the allowed number of nodes."""


def _cold_starts(layer: Layer, eta: complex) -> list[tuple[complex, complex]]:
    """Return guesses of 1/E sqrt(g) of the columns and of the inverse of the scale of sqrt(u), the best one first."""
    mean = layer.inputs.mean
    large, small = np.sqrt(eta + layer.gamma), np.sqrt(eta)
    if abs(eta) >= layer.gamma:
        return [(large, mean * large), (small, mean * small)]
    if layer.c * layer.active > 1.0:  # every column feels a row, and g of some rows is 1/eta
        return [(large, mean * layer.gamma / small), (large, mean * large), (small, mean * small)]
    return [(small, mean * small), (large, mean * large)]


def _warm_starts(grid: Grid, size: float, before: _State) -> list[np.ndarray]:
    """Return chi of a neighbouring point, on the scales of eta^1/2 or of eta^-1/2."""
    out = []
    for power in (0.5, -0.5):
        at = grid.nodes * (before.size / size) ** power
        parts = [np.interp(np.log(at), np.log(before.nodes), one) for one in (before.chi.real, before.chi.imag)]
        chi = parts[0] + 1j * parts[1]
        out.append(chi if power > 0.0 else chi * math.sqrt(before.size / size))
    return out


def _solve(layer: Layer, log_lam: float, angle: float, how: Resolution, before: _State | None) -> _State:
    """Solve at a point, from the solution of another point or from a guess."""
    eta = complex(np.exp(0.5 * log_lam + 0.5j * (angle - math.pi)))
    size = abs(eta)
    inputs = layer.inputs
    guess, most = _ends(layer, size, angle, how.share)
    if layer.c * layer.active > 0.97 and size < layer.gamma:
        # g of the rows is about 1/eta, and exp(-|x| Lambda) turns faster than it decays.
        how = how._replace(ratio=1.0 + 0.35 * (how.ratio - 1.0))
    while True:
        grid = make_grid(eta, angle, layer.gamma, layer.q, inputs.mean, inputs.sharp, guess, how)
        if before is None:
            factor = 2.0 / _ROOT_PI
            starts = [factor / root * np.exp(-grid.turn * grid.nodes * k) for root, k in _cold_starts(layer, eta)]
        else:
            starts = _warm_starts(grid, size, before)
        for start in starts:
            chi, residual, last = _iterate(layer, eta, grid, start)
            if residual <= _TOLERANCE:
                break
        resolved = grid.complete and (bool(inputs.normal) or last < 1e-13 or guess >= most)
        if resolved or not grid.complete or not residual <= _TOLERANCE:
            solution = Solution(_value(layer, eta, grid, chi), residual, resolved, grid.nodes.size)
            return _State(solution, size, grid.nodes, chi, grid.complete)
        guess = min(8.0 * guess, most)


def solve(layer: Layer, log_lam: float, angle: float, how: Resolution) -> Solution:
    """Solve at z = exp(log_lam + i angle), eta = -i sqrt(z), from a guess, or by continuation from larger lambda."""
    with np.errstate(all="ignore"):  # the residual sees an overflow
        state = _solve(layer, log_lam, angle, how, None)
        if state.solution.residual <= _ENOUGH or not state.fits:
            return state.solution
        for ahead in (2.0, 6.0, 14.0, 30.0, 60.0):
            at, step = log_lam + ahead, 2.0
            before = _solve(layer, at, angle, how, None)
            while before.solution.residual <= _ENOUGH and at > log_lam and step > 0.2:
                goal = max(log_lam, at - step)
                state = _solve(layer, goal, angle, how, before)
                if state.solution.residual <= _ENOUGH:
                    at, before = goal, state
                else:
                    step *= 0.5
            if at <= log_lam:
                return before.solution
    return state.solution._replace(residual=math.inf)
