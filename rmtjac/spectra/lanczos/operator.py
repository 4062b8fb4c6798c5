"""The Jacobian of a sampled network as a linear map: its layers by blocks of rows, kept or drawn again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.rng import stream
from rmtjac.spectra.one_sample import _MASKS, _NETWORK, sample_input

__all__ = ["ORTHOGONAL", "Layer", "Map", "survey"]

_BLOCK = 2**22  # entries of W that are drawn, or multiplied, at once by one thread: 32 MB
ORTHOGONAL = 5  # code of the law that draws whole matrices

Map = Callable[[Callable[[int], np.ndarray], Iterable[int]], Iterator[np.ndarray]]


@dataclass(eq=False)
class Layer:
    """D W of one layer in blocks of rows: zero rows of D dropped here, zero rows of the D below as columns."""

    draw: Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]
    states: list[Any]  # of the generator before each block
    rows: int  # of W in a block
    d: np.ndarray
    columns: np.ndarray
    matrix: np.ndarray | None  # the whole W, where it cannot be drawn by rows
    kept: list[np.ndarray] | None = None
    exponent: int | None = None  # power of two that is taken out

    def __post_init__(self) -> None:
        counts = [np.count_nonzero(self.d[i : i + self.rows]) for i in range(0, self.d.size, self.rows)]
        self.ends = np.concatenate([[0], np.cumsum(counts)])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that are left."""
        return int(self.ends[-1]), self.columns.size

    def block(self, b: int) -> np.ndarray:
        """Return the rows of one block."""
        if self.kept is not None:
            return self.kept[b]
        rows = slice(b * self.rows, (b + 1) * self.rows)
        d = self.d[rows]
        if self.matrix is not None:
            alive = d != 0.0
            return d[alive, None] * self.matrix[rows][alive][:, self.columns]
        bits = np.random.PCG64(0)
        bits.state = self.states[b]
        return self.draw(np.random.Generator(bits), d, self.columns)

    def whole(self) -> np.ndarray:
        """Return all rows."""
        return np.concatenate([self.block(b) for b in range(self.ends.size - 1)])

    def keep(self, parallel: Map) -> None:
        """Draw all blocks now, and keep them."""
        self.kept, self.matrix = list(parallel(self.block, range(self.ends.size - 1))), None

    def product(self, x: np.ndarray, parallel: Map, transposed: bool) -> np.ndarray:
        """Return (D W x^T)^T, or x D W, for vectors in the rows of x; a fixed order of summation."""

        def up(b: int) -> np.ndarray:
            return x @ self.block(b).T

        def down(b: int) -> np.ndarray:
            return x[:, self.ends[b] : self.ends[b + 1]] @ self.block(b)

        blocks = range(self.ends.size - 1)
        if transposed:
            out = np.zeros((x.shape[0], self.shape[1]))
            for part in parallel(down, blocks):
                out += part
        else:
            out = np.concatenate(list(parallel(up, blocks)), axis=1)
        # The exponent of the first product serves ever after: it must not depend on the vector.
        if self.exponent is None:
            self.exponent = _exponent(out)
        return np.ldexp(out, -self.exponent)


def _exponent(x: np.ndarray) -> int:
    largest = float(np.abs(x).max(initial=0.0))
    return math.frexp(largest)[1] if math.isfinite(largest) else 0


@np.errstate(over="ignore", invalid="ignore")  # what leaves the range is refused below
def survey(
    ensemble: Ensemble, root: np.random.SeedSequence, i: int, q: float, scales: np.ndarray | None
) -> tuple[list[Layer], int]:
    """Draw the network of sample i once, row by row, for D and the states of the stream; return the rank of J too."""
    from rmtjac.kernels.samples.draw import draw_matrix, draw_vector, fill
    from rmtjac.kernels.samples.forward import activate
    from rmtjac.kernels.samples.rows import draw_rows, scan_rows

    x = sample_input(ensemble, root, i, q)
    rng, mask_rng = stream(root, i, _NETWORK), stream(root, i, _MASKS)
    columns, rank, shift = np.arange(x.size), int(x.size), 0  # the signal is 2**shift times x
    layers: list[Layer] = []
    for l, (codes, numbers) in enumerate(zip(*ensemble.kernel_arrays(), strict=True)):
        n_in, n_out = ensemble.widths[l], ensemble.widths[l + 1]
        rows, law = max(32, _BLOCK // n_in), (int(codes[0]), float(numbers[0]), float(numbers[1]))
        h, matrix = np.empty(n_out), None
        states: list[Any] = []
        if law[0] == ORTHOGONAL:
            matrix = draw_matrix(rng, *law, n_out, n_in)
            h = matrix @ x
        else:
            for start in range(0, n_out, rows):
                states.append(rng.bit_generator.state)
                scan_rows(rng, *law, x, h[start : start + rows])
        biases = draw_vector(rng, codes[1], numbers[2], numbers[3], n_out)
        phi = ensemble.activations[l]
        homogeneous = phi.code is not None and phi.code <= 2  # linear, relu, leaky_relu commute with a scale
        if scales is not None:
            fill(mask_rng, 0 if ensemble.weights[l].finite_variance else 3, 0.0, scales[l], h)
        else:
            h += np.ldexp(biases, -shift)
            if not homogeneous:
                h, shift = np.ldexp(h, shift), 0
        if phi.code is not None:
            x, d = activate(phi.code, phi.parameter, h)
        else:
            x, d = phi(h), np.asarray(phi.derivative(h), dtype=float)
        if not (np.isfinite(h).all() and np.isfinite(x).all() and np.isfinite(d).all()):
            raise OverflowError(f"sample {i}: the signal leaves the range of a float in layer {l} of {ensemble!r}")
        if homogeneous and abs(_exponent(x)) >= 500:
            shift, x = shift + _exponent(x), np.ldexp(x, -_exponent(x))

        def draw(g: np.random.Generator, d: np.ndarray, columns: np.ndarray, law=law, n_in=n_in) -> np.ndarray:
            return draw_rows(g, *law, d, columns, n_in)

        layers.append(Layer(draw, states, rows, d, columns, matrix))
        columns = np.flatnonzero(d)
        rank = min(rank, columns.size)
    return layers, rank
