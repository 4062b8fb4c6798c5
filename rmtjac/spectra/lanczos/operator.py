"""The Jacobian of a sampled network as a linear map; its layers are stored, or drawn again, in blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Orthogonal
from rmtjac.rng import stream
from rmtjac.spectra.draws import Stream, sample_input

__all__ = ["Layer", "Map", "survey"]

_BLOCK = 2**22  # entries of W that one thread draws or multiplies at once: 32 MB

# A function like `map`; it may be that of a pool of threads.
Map = Callable[[Callable[[int], np.ndarray], Iterable[int]], Iterator[np.ndarray]]


@dataclass(eq=False)
class Layer:
    """The matrix D W of one layer in blocks of rows.

    Rows where D is 0 are left out, and so are the columns where D of the layer below is 0. `draw` draws D W for the
    next rows from a generator, D and the columns.
    """

    draw: Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]
    states: list[Any]  # of the generator before each block
    rows: int  # rows of W in a block
    d: np.ndarray
    columns: np.ndarray
    matrix: np.ndarray | None  # the whole W if it cannot be drawn row by row
    kept: list[np.ndarray] | None = None
    exponent: int | None = None  # products are divided by 2**exponent

    def __post_init__(self) -> None:
        counts = [np.count_nonzero(self.d[i : i + self.rows]) for i in range(0, self.d.size, self.rows)]
        self.ends = np.concatenate([[0], np.cumsum(counts)])

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns that are not left out."""
        return int(self.ends[-1]), self.columns.size

    def block(self, b: int) -> np.ndarray:
        """Return block number `b`."""
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
        """Return the whole matrix."""
        return np.concatenate([self.block(b) for b in range(self.ends.size - 1)])

    def keep(self, parallel: Map) -> None:
        """Draw all blocks and store them."""
        self.kept, self.matrix = list(parallel(self.block, range(self.ends.size - 1))), None

    def product(self, x: np.ndarray, parallel: Map, transposed: bool) -> np.ndarray:
        """Return (D W x^T)^T or, if `transposed`, x D W, for vectors in the rows of x.

        The order of summation is fixed, so that the result does not depend on the number of threads.
        """

        def up(b: int) -> np.ndarray:
            """Return the part of (D W x^T)^T that block `b` gives."""
            return x @ self.block(b).T

        def down(b: int) -> np.ndarray:
            """Return the part of x D W that block `b` gives."""
            return x[:, self.ends[b] : self.ends[b + 1]] @ self.block(b)

        blocks = range(self.ends.size - 1)
        if transposed:
            out = np.zeros((x.shape[0], self.shape[1]))
            for part in parallel(down, blocks):
                out += part
        else:
            out = np.concatenate(list(parallel(up, blocks)), axis=1)
        # All later products are divided by the same power of two, so that the map is linear.
        if self.exponent is None:
            self.exponent = _exponent(out)
        return np.ldexp(out, -self.exponent)


def _exponent(x: np.ndarray) -> int:
    """Return the power of two above the largest |entry|; 0 if all are 0, or one is not finite."""
    largest = float(np.abs(x).max(initial=0.0))
    return math.frexp(largest)[1] if math.isfinite(largest) else 0


@np.errstate(over="ignore", invalid="ignore")  # numbers beyond the range raise an error below
def survey(
    ensemble: Ensemble, root: np.random.SeedSequence, i: int, q: float, laws: np.ndarray | None
) -> tuple[list[Layer], int]:
    """Draw the network of sample i row by row; return its layers and the rank of J.

    Only D and the states of the generator before each block are stored, from which `Layer` draws the rows again.
    """
    from rmtjac.kernels.samples.draw import draw_matrix, draw_vector, fill_stable
    from rmtjac.kernels.samples.forward import activate, homogeneous
    from rmtjac.kernels.samples.rows import draw_rows, scan_rows

    x = sample_input(ensemble, root, i, q)
    rng, mask_rng = stream(root, i, Stream.NETWORK), stream(root, i, Stream.MASKS)
    columns, rank, shift = np.arange(x.size), int(x.size), 0  # the signal is 2**shift times x
    layers: list[Layer] = []
    for l, (codes, numbers) in enumerate(zip(*ensemble.kernel_arrays(), strict=True)):
        n_in, n_out = ensemble.widths[l], ensemble.widths[l + 1]
        rows, law = max(32, _BLOCK // n_in), (int(codes[0]), float(numbers[0]), float(numbers[1]))
        h, matrix = np.empty(n_out), None
        states: list[Any] = []
        if isinstance(ensemble.weights[l], Orthogonal):
            matrix = draw_matrix(rng, *law, n_out, n_in)
            h = matrix @ x
        else:
            for start in range(0, n_out, rows):
                states.append(rng.bit_generator.state)
                scan_rows(rng, *law, x, h[start : start + rows])
        biases = draw_vector(rng, codes[1], numbers[2], numbers[3], n_out)
        phi = ensemble.activations[l]
        scalable = phi.code is not None and homogeneous(phi.code)
        if laws is not None:
            fill_stable(mask_rng, laws[l, 0], laws[l, 1], h)
        else:
            h += np.ldexp(biases, -shift)
            if not scalable:
                h, shift = np.ldexp(h, shift), 0
        if phi.code is not None:
            x, d = activate(phi.code, phi.parameter, h)
        else:
            x, d = phi(h), np.asarray(phi.derivative(h), dtype=float)
        if not (np.isfinite(h).all() and np.isfinite(x).all() and np.isfinite(d).all()):
            raise OverflowError(f"sample {i}: the signal leaves the range of a float in layer {l} of {ensemble!r}")
        if scalable and abs(_exponent(x)) >= 500:
            shift, x = shift + _exponent(x), np.ldexp(x, -_exponent(x))

        def draw(g: np.random.Generator, d: np.ndarray, columns: np.ndarray, law=law, n_in=n_in) -> np.ndarray:
            """Return the next rows of D W."""
            return draw_rows(g, *law, d, columns, n_in)

        layers.append(Layer(draw, states, rows, d, columns, matrix))
        columns = np.flatnonzero(d)
        rank = min(rank, columns.size)
    return layers, rank
