"""Iteration of many starts at once; starts whose states become equal are followed once."""

from __future__ import annotations

import numpy as np

from rmtjac.network import Network

__all__ = ["Orbits", "grid_starts", "norms", "value_and_jacobian"]

_HUGE = 1e100  # an orbit has diverged if a coordinate is larger than this
_DISTINCT = (1, 4, 16)  # steps after which equal states are united; later every 50 steps


def grid_starts(domain: np.ndarray, step: float) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the points of a grid over the box, shape (K, n) in C order, and how many there are along each axis."""
    axes = []
    for low, high in domain.T:
        # The tolerance makes sure that the last point is not lost by rounding errors.
        count = int(np.floor((high - low) / step * (1.0 + 1e-12) + 1e-9)) + 1
        axes.append(low + step * np.arange(count))
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes)), tuple(map(len, axes))


def norms(x: np.ndarray) -> np.ndarray:
    """Return the Euclidean norms of rows (K, n), without intermediate overflow or underflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        exponents = np.frexp(np.abs(x).max(axis=1, initial=0.0))[1]
        return np.ldexp(np.linalg.norm(np.ldexp(x, -exponents[:, None]), axis=1), exponents)


class Orbits:
    """The orbits of many starts under one network.

    Starts whose states have become equal, bit for bit, are one orbit from then on: a saturated network maps large parts
    of the plane to a few states.

    Parameters
    ----------
    net
        A network from R^n to R^n.
    starts
        Shape (K, n).

    Attributes
    ----------
    states
        The states of the orbits that are followed, one in each row.
    owner
        For each start the number of its row of `states`, or -1 once its orbit has ended.
    time
        The number of steps taken.
    marks
        Earlier states of the same orbits, for comparison, or None.
    """

    def __init__(self, net: Network, starts: np.ndarray) -> None:
        self.net = net
        self.states = np.ascontiguousarray(starts, dtype=float)
        self.owner = np.arange(len(starts))
        self.time = 0
        self.marks: np.ndarray | None = None
        self._buffers: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self.states)

    def step(self) -> np.ndarray:
        """Take one step with all orbits; return their previous states."""
        if self.time in _DISTINCT or (self.time > _DISTINCT[-1] and self.time % 50 == 0):
            self._unite()
        before = self.states
        self.states = self._image(before)
        self.time += 1
        return before

    def _image(self, x: np.ndarray) -> np.ndarray:
        """Return F(x), computed in buffers that are kept from step to step."""
        net = self.net
        if len(self._buffers) != net.depth or len(self._buffers[0]) < len(x):
            self._buffers = [np.empty((len(x), width)) for width in net.widths[1:]]
        last = net.depth - 1
        for l, (matrix, bias, phi) in enumerate(zip(net.weights, net.biases, net.activations, strict=True)):
            h = np.matmul(x, matrix.T, out=self._buffers[l][: len(x)])
            h += bias
            name = "" if phi.code is None else phi.name  # the activations of the package have codes
            if name == "hardtanh":
                x = np.clip(h, -1.0, 1.0, out=h)
            elif name == "tanh":
                x = np.tanh(h, out=h)
            else:
                x = phi(h)
            if l == last:
                x = x.copy()
        return x

    def _unite(self) -> None:
        """Unite rows with equal states."""
        rows = self.states.view(np.dtype((np.void, self.states.shape[1] * self.states.itemsize))).ravel()
        _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
        if first.size < len(self):
            self._renumber(first, inverse)

    def _renumber(self, kept: np.ndarray, new: np.ndarray) -> None:
        """Keep the rows `kept`; row i becomes row new[i], or its orbit ends if that is -1."""
        self.states = self.states[kept]
        if self.marks is not None:
            self.marks = self.marks[kept]
        alive = self.owner >= 0
        self.owner[alive] = new[self.owner[alive]]

    def drop(self, done: np.ndarray) -> np.ndarray:
        """End the orbits of the rows in the mask `done`.

        Return for each start the number of its row among the ended ones, or -1.
        """
        numbers = np.full(len(self), -1)
        numbers[done] = np.arange(int(done.sum()))
        ended = np.where(self.owner >= 0, numbers[self.owner], -1)
        kept = np.flatnonzero(~done)
        new = np.full(len(self), -1)
        new[kept] = np.arange(kept.size)
        self._renumber(kept, new)
        return ended

    def diverged(self) -> np.ndarray:
        """Return a mask of the rows whose states are huge or not finite."""
        return ~(np.abs(self.states) < _HUGE).all(axis=1)


def value_and_jacobian(net: Network, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return F(x), shape (K, n), and the Jacobian J, shape (K, n, n), at points (K, n); n tangents go forward."""
    tangents: np.ndarray | None = None  # (K, direction, neuron)
    for matrix, bias, phi in zip(net.weights, net.biases, net.activations, strict=True):
        h = x @ matrix.T + bias
        moved = matrix.T if tangents is None else tangents @ matrix.T
        x, tangents = phi(h), moved * phi.derivative(h)[:, None, :]
    assert tangents is not None
    return x, np.swapaxes(tangents, 1, 2)
