r"""Positive concave equilibrium layers (DEQ): z = s(W z + r(x)), W >= 0, solved with a bound of how far off z is.

pcDEQ-1: s nonnegative and concave on t >= 0 (tanh, softsign, relu6), the injection r positive (softplus). pcDEQ-2: s
positive and concave (sigmoid), r nonnegative (relu). There is one fixed point, and the iteration from 0 climbs to it.
By concavity :math:`c_k = \max_i (s'(h_k) \odot W v)_i / v_i` bounds the contraction on {z >= z_k} in the maximum norm
weighted by v > 0, so that z_{k+1} is off by at most :math:`c_k/(1 - c_k)\,\|z_{k+1} - z_k\|_v`, up to rounding: the
rule by which each sample stops. The gradient is the fixed point of the adjoint iteration (implicit differentiation).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.activations import activation, names
from rmtjac.network import Network
from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["Equilibrium", "EquilibriumLayer", "Gradients", "PcDEQ1", "PcDEQ2", "layer_of"]

_MOST_STEPS = 10_000  # of the adjoint iteration


class Equilibrium(NamedTuple):
    """Fixed points z (K, n) of K samples, bounds (K,) of their errors in the maximum norm, steps (K,) taken.

    A bound is infinite where c_k stayed at 1 or above: nothing is proved there.
    """

    z: np.ndarray
    errors: np.ndarray
    steps: np.ndarray


class Gradients(NamedTuple):
    """Of a loss, with respect to weights (n, n), injection weights (n, m), biases (n,), and inputs (K, m)."""

    weights: np.ndarray
    injection: np.ndarray
    biases: np.ndarray
    inputs: np.ndarray


class EquilibriumLayer:
    """What `PcDEQ1` and `PcDEQ2` share."""

    activations: tuple[str, ...] = ()
    injection_activation = ""

    def __init__(self, weights: object, injection: object, biases: object, phi: str) -> None:
        choice("phi", phi, self.activations)
        self.weights, self.injection, self.biases = (
            real_array(name, a).copy()
            for name, a in (("weights", weights), ("injection", injection), ("biases", biases))
        )
        n = len(np.atleast_1d(self.biases))
        for name, array, shape in (
            ("weights", self.weights, (n, n)),
            ("injection", self.injection, (n, self.injection.shape[-1] if self.injection.ndim else 0)),
            ("biases", self.biases, (n,)),
        ):
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}; {shape} is needed")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} holds NaN or infinite entries")
        if self.weights.size and self.weights.min() < 0.0:
            i, j = np.unravel_index(int(np.argmin(self.weights)), self.weights.shape)
            raise ValueError(
                f"weights[{i}, {j}] = {self.weights[i, j]:.6g} is negative; a positive concave layer has none"
            )
        self.phi, self.inject = activation(phi), activation(self.injection_activation)

    def __repr__(self) -> str:
        n, m = self.injection.shape
        return f"{type(self).__name__}({n} units, {m} inputs, phi={self.phi.name!r})"

    def _inputs(self, x: object) -> np.ndarray:
        rows = real_array("x", x)
        if rows.ndim != 2 or rows.shape[1] != self.injection.shape[1] or not np.isfinite(rows).all():
            raise ValueError(
                f"x has shape {rows.shape}; finite numbers of shape (K, {self.injection.shape[1]}) are needed"
            )
        return rows

    def network(self, x: object) -> Network:
        """Return z -> s(W z + r(U x + b)) for one input x (m,): what `rmtjac.nonnegative.certify` takes."""
        drive = self._drive(self._inputs(real_array("x", x)[None]))
        return Network([self.weights], [drive[0]], self.phi)

    def _drive(self, rows: np.ndarray) -> np.ndarray:
        return self.inject(rows @ self.injection.T + self.biases)

    def solve(self, x: object, tol: float = 1e-10, *, max_iter: int = 1000) -> Equilibrium:
        """Return the fixed points for inputs x (K, m); a sample stops once its error is proved to be below `tol`."""
        rows = self._inputs(x)
        finite("tol", tol, above=0.0)
        positive_int("max_iter", max_iter)
        drive = self._drive(rows)
        count, n = drive.shape
        z, errors, steps = np.zeros((count, n)), np.full(count, np.inf), np.zeros(count, dtype=np.int64)
        open_ = np.arange(count)
        here, v = np.zeros((count, n)), np.ones((count, n))
        for k in range(1, max_iter + 1):
            h = here @ self.weights.T + drive[open_]
            new = self.phi(h)
            turned = self._right_slope(h) * (v @ self.weights.T)
            rate = (turned / v).max(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = np.where(rate < 1.0, rate / (1.0 - rate), np.inf)
            moved = (np.abs(new - here) / v).max(axis=1)
            with np.errstate(invalid="ignore"):
                bound = np.where(moved == 0.0, 0.0, factor * moved) * v.max(axis=1)
            done = bound <= tol
            z[open_], steps[open_] = new, k
            errors[open_] = np.minimum(errors[open_], bound)
            if done.all():
                break
            keep = ~done
            open_, here = open_[keep], new[keep]
            top = turned[keep].max(axis=1, keepdims=True)
            v = np.maximum(
                np.where(top > 0.0, turned[keep] / np.where(top > 0.0, top, 1.0), 1.0) + 0.05 * v[keep], 1e-6
            )
            v /= v.max(axis=1, keepdims=True)
        return Equilibrium(z, errors, steps)

    def _right_slope(self, h: np.ndarray) -> np.ndarray:
        """Phi' from the right, the largest slope on [h, infinity)."""
        if self.phi.slopes is None:
            return self.phi.derivative(h)
        return np.array(self.phi.slopes)[np.searchsorted(self.phi.breakpoints, h, side="right")]

    def gradients(self, x: object, found: Equilibrium, dz: object, tol: float = 1e-12) -> Gradients:
        """Pull a gradient dz (K, n) with respect to z back, through the fixed point of u = dz + W^T (s'(h) u)."""
        rows = self._inputs(x)
        finite("tol", tol, above=0.0)
        outer = real_array("dz", dz)
        shape = len(rows), len(self.weights)
        for name, array in (("dz", outer), ("found.z", found.z)):
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name} has shape {array.shape}; finite numbers of shape {shape} are needed")
        a = rows @ self.injection.T + self.biases
        slope = self.phi.derivative(found.z @ self.weights.T + self.inject(a))
        u = outer.copy()
        for _ in range(_MOST_STEPS):
            new = outer + (slope * u) @ self.weights
            step = np.abs(new - u).max(initial=0.0)
            u = new
            if step <= tol * np.abs(u).max(initial=0.0):
                break
        else:
            raise ArithmeticError(f"the adjoint iteration did not come to rest in {_MOST_STEPS} steps; solve again")
        dh = slope * u
        da = dh * self.inject.derivative(a)
        return Gradients(dh.T @ found.z, da.T @ rows, da.sum(axis=0), da @ self.injection)


def _bounded_and_concave(positive: bool) -> tuple[str, ...]:
    """Registered activations that are bounded, nondecreasing and concave on t >= 0, with phi(0) > 0 or phi(0) = 0."""
    known = {name: activation(name).facts for name in names()}
    return tuple(
        name
        for name, one in known.items()
        if one.concave and one.half_line and one.slope == 0.0 and (one.at_zero != 0.0) == positive
    )


class PcDEQ1(EquilibriumLayer):
    """Positive concave layer of the first kind: z = s(W z + softplus(U x + b)), s nonnegative and concave on t >= 0.

    Parameters
    ----------
    weights
        W, shape (n, n), nonnegative.
    injection
        U, shape (n, m).
    biases
        b, shape (n,).
    phi
        s: ``"tanh"``, ``"softsign"``, ``"relu6"``, ``"hardtanh"``, ``"erf"`` or ``"arctan"``.

    Raises
    ------
    ValueError
        If a weight of W is negative, or shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from rmtjac.learn import PcDEQ1
    >>> layer = PcDEQ1(np.full((2, 2), 0.3), np.eye(2), np.zeros(2))
    >>> found = layer.solve([[1.0, -1.0]])
    >>> bool(found.errors[0] < 1e-9)
    True
    """

    activations = _bounded_and_concave(positive=False)
    injection_activation = "softplus"

    def __init__(self, weights: object, injection: object, biases: object, phi: str = "tanh") -> None:
        super().__init__(weights, injection, biases, phi)


class PcDEQ2(EquilibriumLayer):
    """Positive concave layer of the second kind: z = s(W z + relu(U x + b)), s positive and concave: ``"sigmoid"``.

    Parameters and errors as in `PcDEQ1`.

    Examples
    --------
    >>> import numpy as np
    >>> from rmtjac.learn import PcDEQ2
    >>> PcDEQ2(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1)).solve([[7.0]]).z
    array([[0.5]])
    """

    activations = _bounded_and_concave(positive=True)
    injection_activation = "relu"

    def __init__(self, weights: object, injection: object, biases: object, phi: str = "sigmoid") -> None:
        super().__init__(weights, injection, biases, phi)


def layer_of(phi: str) -> type[EquilibriumLayer]:
    """Return the kind of layer that takes an activation.

    Raises
    ------
    ValueError
        If none does.
    """
    kinds: tuple[type[EquilibriumLayer], ...] = (PcDEQ1, PcDEQ2)
    choice("activation", phi, tuple(name for kind in kinds for name in kind.activations))
    return next(kind for kind in kinds if phi in kind.activations)
