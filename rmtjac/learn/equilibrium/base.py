r"""The equilibrium layer z = s(W z + r(x)), W >= 0, solved with a proved bound of the error of z.

pcDEQ-1: s nonnegative and concave on t >= 0 (tanh, softsign, relu6), r positive (softplus). pcDEQ-2: s positive and
concave (sigmoid), r nonnegative (relu). There is one fixed point, and the iteration from 0 climbs to it (DEQ). With
rounding downward, the iterates z_k stay below it. By concavity :math:`J = s'(h_k) \odot W`, h_k the preactivations at
z_k, bounds all slopes on {z >= z_k}, and T contracts there by :math:`c = \max_i (J v)_i / v_i` for any v > 0. Let g be
the distance of z_k from T(z_k), rounding included. Then the error of z_k is at most :math:`g + t v` with
:math:`t = \max_i (J g)_i / v_i / (1 - c)`. This gives a bound for T(z_k), and the rule by which each sample stops. The
gradient is the fixed point of the adjoint iteration (implicit differentiation).

Sources: DEQ (docs/references.md).
"""

from __future__ import annotations

import numpy as np

from rmtjac.activations import activation
from rmtjac.learn.equilibrium.result import Equilibrium, Gradients
from rmtjac.network import Network
from rmtjac.nonnegative.outward_rounding import DOWN, ETA, TINY, UNIT, UP, activated, affine
from rmtjac.nonnegative.rates import largest_slope
from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["EquilibriumLayer"]

_MAX_STEPS = 10_000  # largest number of steps of the adjoint iteration
_AT_REST = 14  # steps without a change of z after which v has converged
_JUMP, _FROM_ABOVE = 10, 100  # steps from below before the iteration from above, and steps of that
_LEAST = 1e-3  # least entry of v: errors of rounding are divided by it


class EquilibriumLayer:
    """The base class of `PcDEQ1` and `PcDEQ2`: z = s(W z + r(U x + b)).

    Parameters
    ----------
    weights : array_like of float, shape (n, n)
        The matrix W, nonnegative.
    injection : array_like of float, shape (n, m)
        The matrix U.
    biases : array_like of float, shape (n,)
        The vector b.
    phi : str
        The activation s, one of ``activations``.

    Raises
    ------
    ValueError
        If a weight of W is negative, an entry is not finite, or shapes do not fit.

    See Also
    --------
    PcDEQ1, PcDEQ2 : The two kinds of layers.

    References
    ----------
    DEQ.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import EquilibriumLayer, PcDEQ1
    >>> issubclass(PcDEQ1, EquilibriumLayer), PcDEQ1.injection_activation
    (True, 'softplus')
    """

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
        """Return the inputs as an array, after checking their shape and entries."""
        rows = real_array("x", x)
        if rows.ndim != 2 or rows.shape[1] != self.injection.shape[1] or not np.isfinite(rows).all():
            raise ValueError(
                f"x has shape {rows.shape}; finite numbers of shape (K, {self.injection.shape[1]}) are needed"
            )
        return rows

    def network(self, x: object) -> Network:
        """Return the map z -> s(W z + r(U x + b)) for one input, as `rmtjac.nonnegative.certify` takes it.

        Parameters
        ----------
        x : array_like of float, shape (m,)
            The input.

        Returns
        -------
        Network
            A network with one layer, weights W and biases r(U x + b).
        """
        drive = self._drive(self._inputs(real_array("x", x)[None]))
        return Network([self.weights], [drive[0]], self.phi)

    def _drive(self, rows: np.ndarray) -> np.ndarray:
        """Return r(U x + b) in floats."""
        with np.errstate(all="ignore"):
            return self.inject(rows @ self.injection.T + self.biases)

    def _drive_bounds(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return r(U x + b) in floats, a finite lower bound, and an upper bound that may be infinite."""
        sizes = np.abs(self.injection)
        low, high = (
            activated(self.inject, affine(self.injection, self.biases, rows, sign, sizes), sign) for sign in (DOWN, UP)
        )
        drive = self._drive(rows)
        return np.where(np.isfinite(drive) & (drive >= low) & (drive <= high), drive, low), low, high

    @np.errstate(all="ignore")
    def solve(self, x: object, tol: float = 1e-10, *, max_iter: int = 1000) -> Equilibrium:
        """Return the fixed points for some inputs, with proved bounds of their errors.

        A sample stops once its error is proved to be at most `tol`. It also stops where rounding allows no closer
        point; its error is then above `tol`.

        Parameters
        ----------
        x : array_like of float, shape (K, m)
            The inputs.
        tol : float, optional
            Largest error in the maximum norm.
        max_iter : int, optional
            Largest number of steps.

        Returns
        -------
        Equilibrium
            The fixed points, bounds of their errors, and the numbers of steps.

        Raises
        ------
        ValueError
            If `x` has the wrong shape or is not finite, or `tol` or `max_iter` is not positive.

        Notes
        -----
        Cost: each step takes three products with W for all samples that have not stopped.

        Examples
        --------
        >>> from rmtjac.learn import PcDEQ2
        >>> PcDEQ2([[0.0]], [[0.0]], [0.0]).solve([[7.0]]).z
        array([[0.5]])
        """
        rows = self._inputs(x)
        finite("tol", tol, above=0.0)
        positive_int("max_iter", max_iter)
        drive, drive_low, drive_high = self._drive_bounds(rows)
        count, n = drive.shape
        z, errors, steps = np.zeros((count, n)), np.full(count, np.inf), np.zeros(count, dtype=np.int64)
        open_ = np.arange(count)
        here, v, rest = np.zeros((count, n)), np.ones((count, n)), np.zeros(count, dtype=np.int64)
        for k in range(1, max_iter + 1):
            new, slope, room = self._step(here, drive[open_], drive_low[open_], drive_high[open_])
            turned = slope * _upward(v, self.weights)
            rate = (turned / v).max(axis=1, initial=0.0) * (1.0 + 4.0 * UNIT)
            # |here - z| <= gap + share v, because gap + J (gap + share v) is then at most that.
            gap = np.abs(new - here) + room
            image = slope * _upward(gap, self.weights)
            share = (image / v).max(axis=1, initial=0.0) / (1.0 - rate)
            bound = (room + image + (share * rate)[:, None] * v).max(axis=1, initial=0.0)
            bound = np.where(rate < 1.0, bound * (1.0 + 32.0 * UNIT) + 16.0 * ETA, np.inf)
            better = bound < errors[open_]
            z[open_], steps[open_] = np.where(better[:, None] | np.isinf(errors[open_])[:, None], new, z[open_]), k
            errors[open_] = np.where(better, bound, errors[open_])
            below = np.maximum(new - room, here)
            rest = np.where((below > here).any(axis=1), 0, rest + 1)
            keep = ~(errors[open_] <= tol) & (rest < _AT_REST)
            if not keep.any():
                break
            if k == _JUMP:
                far = keep & (rate >= 1.0)
                below[far] = np.maximum(below[far], self._below_from_above(drive_low[open_[far]]))
            open_, here, rest, turned = open_[keep], below[keep], rest[keep], turned[keep]
            top = turned.max(axis=1, keepdims=True, initial=0.0)
            v = np.where(top > 0.0, turned / top, 1.0) + 0.05 * v[keep]
            v = np.maximum(v / v.max(axis=1, keepdims=True, initial=0.0), _LEAST)
        return Equilibrium(z, errors, steps)

    def _step(
        self, here: np.ndarray, drive: np.ndarray, drive_low: np.ndarray, drive_high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return T(here) in floats, a bound of s' on [here, infinity), and a bound of the error of T(here)."""
        inner = here @ self.weights.T
        k = self.weights.shape[1] + 4
        h = inner + drive
        room = 1.01 * k * UNIT * h + k * ETA
        low = np.maximum(inner + drive_low - room, 0.0)
        new, slope = self.phi(h), self._right_slope(low)
        # By the mean value theorem.
        off = slope * ((drive_high - drive_low) + 2.0 * room) * (1.0 + 8.0 * UNIT) + 64.0 * UNIT * np.abs(new) + TINY
        if not np.isfinite(off).all() or not np.isfinite(new).all():
            # Beyond the largest float the bounds of s apply: every s here is bounded.
            least = activated(self.phi, affine(self.weights, drive_low, here, DOWN), DOWN)
            most = activated(self.phi, affine(self.weights, drive_high, here, UP), UP)
            bad = ~(np.isfinite(off) & np.isfinite(new))
            new = np.where(bad, least, new)
            off = np.where(bad, (most - least) * (1.0 + 4.0 * UNIT), off)
        return new, slope, off

    def _below_from_above(self, drive: np.ndarray) -> np.ndarray:
        """Return vectors l with T(l) >= l near the greatest fixed point, or 0; the drive may be below the true one.

        The iteration from l climbs to the only fixed point, which is thus above l. It avoids the hundreds of steps that
        the iteration from 0 needs where the drive is tiny.
        """
        z = activated(self.phi, np.full_like(drive, np.inf), UP)
        for _ in range(_FROM_ABOVE):
            z = self.phi(z @ self.weights.T + drive)
        z *= 1.0 - 2.0**-20
        image = activated(self.phi, affine(self.weights, drive, z, DOWN), DOWN)
        return np.where((image >= z).all(axis=1, keepdims=True), z, 0.0)

    def _right_slope(self, h: np.ndarray) -> np.ndarray:
        """Return phi' from the right, the largest slope on [h, infinity), rounded up."""
        if self.phi.slopes is None:
            return largest_slope(self.phi, h)
        return np.array(self.phi.slopes)[np.searchsorted(self.phi.breakpoints, h, side="right")]

    def gradients(self, x: object, found: Equilibrium, dz: object, tol: float = 1e-12) -> Gradients:
        """Return the gradient of a loss, given its gradient with respect to the fixed points.

        The adjoint u is the fixed point of u = dz + W^T (s'(h) u).

        Parameters
        ----------
        x : array_like of float, shape (K, m)
            The inputs.
        found : Equilibrium
            What `solve` returned for these inputs.
        dz : array_like of float, shape (K, n)
            Gradient of the loss with respect to z.
        tol : float, optional
            The adjoint iteration stops once a step is at most this, relative to the greatest entry of u.

        Returns
        -------
        Gradients
            Gradients with respect to weights, injection, biases and inputs.

        Raises
        ------
        ValueError
            If shapes do not fit or an entry is not finite.
        ArithmeticError
            If the adjoint iteration does not converge.
        """
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
        for _ in range(_MAX_STEPS):
            new = outer + (slope * u) @ self.weights
            step = np.abs(new - u).max(initial=0.0)
            u = new
            if step <= tol * np.abs(u).max(initial=0.0):
                break
        else:
            raise ArithmeticError(
                f"the adjoint iteration did not converge in {_MAX_STEPS} steps; solve with a smaller tol"
            )
        dh = slope * u
        da = dh * self.inject.derivative(a)
        return Gradients(dh.T @ found.z, da.T @ rows, da.sum(axis=0), da @ self.injection)


def _upward(v: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return W v for rows v > 0, rounded up."""
    k = weights.shape[1] + 4
    return (v @ weights.T) * (1.0 + 1.01 * k * UNIT) + k * ETA
