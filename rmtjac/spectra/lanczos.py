r"""The spectrum of M = J J^T without a dense product: stochastic Lanczos quadrature (Golub & Meurant 2010;
Ubaru, Chen & Saad 2017).

For a random vector v of independent signs, :math:`E\,v^T f(M) v = \mathrm{tr} f(M)`. So the spectral measure of M at
v, :math:`\mu_v = \sum_i (v^T e_i)^2 \delta_{\lambda_i} / |v|^2`, has the spectrum in the mean. m steps of Lanczos give
its Gauss quadrature: m nodes, right for polynomials of degree 2 m - 1. A step is one product with J and one with J^T,
layer by layer; all probes share each pass over the weights. The weights are kept, or drawn again from their stream.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import load, provenance, save
from rmtjac.ensemble import Ensemble
from rmtjac.propagation import mean_field, resolve_input_variance
from rmtjac.rng import RngLike, as_seed_sequence, stream
from rmtjac.spectra.empirical import Estimate
from rmtjac.spectra.units import _MASKS, _NETWORK, sample_input
from rmtjac.validate import choice, finite, positive_int

__all__ = ["LanczosSpectrum", "lanczos_spectrum", "smoothed_density"]

_PROBES = 4  # name of the streams of probes below a sample, after those of `rmtjac.spectra.units`
_BLOCK = 2**22  # entries of W that are drawn, or multiplied, at once by one thread: 32 MB
_ORTHOGONAL = 5  # code of the law that draws whole matrices
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class LanczosSpectrum:
    """Gauss quadratures of the spectral measures of M at random vectors.

    Attributes
    ----------
    nodes, weights
        Shape (samples, probes, steps): nodes in lambda, ascending, and their weights. The weights of a probe add
        up to dim / n_L, dim <= n_L the dimension that was worked in; all other eigenvalues of M are exact zeros.
    atoms
        Shape (samples,): fraction of exact zeros of M that the zeros of D and the widths force; there are no others
        unless weights are singular.
    mask_moments
        Shape (samples, L, 3): means of D^2, of D^4, and of log D^2 over D != 0 (NaN if there is none), of each layer.
    size
        The side n_L of M.
    facts
        How the result came about: ensemble, seed, input variance, masks, versions, CPU class.

    Notes
    -----
    Errors are standard errors between networks. With a single network they are between probes, and say how well *its*
    spectrum is known; networks differ from one another by O(N^-1/2) where D is random.
    """

    nodes: np.ndarray
    weights: np.ndarray
    atoms: np.ndarray
    mask_moments: np.ndarray
    size: int
    facts: dict[str, Any]

    def __post_init__(self) -> None:
        for array in (self.nodes, self.weights, self.atoms, self.mask_moments):
            array.flags.writeable = False

    @property
    def samples(self) -> int:
        """The number of independent matrices."""
        return self.nodes.shape[0]

    @property
    def probes(self) -> int:
        """The number of random vectors per matrix."""
        return self.nodes.shape[1]

    @property
    def steps(self) -> int:
        """The largest number of nodes of a quadrature."""
        return self.nodes.shape[2]

    @property
    def atom(self) -> float:
        """Mean fraction of exact zeros."""
        return float(self.atoms.mean())

    @property
    def top(self) -> float:
        """End of the scale of angles that `density` and `cdf` work in: just above the largest node."""
        # So much that the kernel of `density` has died out there: 1 - cos of 3 times its default width.
        return float(self.nodes.max()) * (1.0 + 9.0 / self.steps**2)

    def _mean(self, each: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard error of numbers per sample and probe, shape (samples, probes, ...)."""
        # Between networks, if there are several: that contains the noise of the probes.
        units = each.mean(axis=1) if self.samples > 1 else each[0]
        if len(units) == 1:
            return units[0], np.full(units[0].shape, math.nan)
        return units.mean(axis=0), units.std(axis=0, ddof=1) / math.sqrt(len(units))

    def moment(self, k: int) -> Estimate:
        """Return the moment ``E tr M^k / n_L`` with its standard error; the quadrature adds none for k < 2 steps."""
        value, error = self._mean((self.weights * self.nodes ** positive_int("k", k)).sum(axis=2))
        return Estimate(float(value), float(error))

    def _nonzero(self, sample: int, probe: int) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights of one probe without the exact zeros of M within the dimension worked in.

        Their number is known, and they show in the lowest nodes: as much weight is taken away there. Where a probe has
        by chance more of them, or less, the difference stays.
        """
        weights = self.weights[sample, probe]
        rank = 1.0 - self.atoms[sample]
        total = np.minimum(np.cumsum(weights[::-1])[::-1], rank)  # weight of this node and those above
        return self.nodes[sample, probe], total - np.append(total[1:], 0.0)

    def _points(self, lam: Any) -> np.ndarray:
        lam = np.asarray(lam, dtype=float)
        if np.isnan(lam).any():
            raise ValueError("lam holds NaN; real numbers are needed")
        return lam

    def _each(self, of: Callable[[int, int], np.ndarray]) -> np.ndarray:
        return np.array([[of(s, p) for p in range(self.probes)] for s in range(self.samples)])

    def cdf(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the fraction of eigenvalues <= lam, zeros included, and its standard error.

        Half of the weight of a node lies below it; between nodes straight lines in the angle
        2 arcsin sqrt(lambda / `top`), in which nodes are about equally spaced. `cdf_bounds` says how far off that
        can be.
        """
        lam = self._points(lam)
        angle = _angle(lam, self.top)

        def one(s: int, p: int) -> np.ndarray:
            nodes, weights = self._nonzero(s, p)
            knots = np.concatenate([[0.0], _angle(nodes, self.top), [math.pi]])
            values = np.concatenate([[0.0], np.cumsum(weights) - 0.5 * weights, [1.0 - self.atoms[s]]])
            return self.atoms[s] + np.interp(angle, knots, values)

        value, error = self._mean(self._each(one))
        inside = (lam >= 0.0) & (lam < self.top)
        return np.where(inside, value, np.where(lam < 0.0, 0.0, 1.0)), np.where(inside, error, 0.0)

    def cdf_bounds(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds of the mean of the cdfs of the measures at the probes, with no noise of the probes in them.

        By Chebyshev, Markov and Stieltjes: the cdf of a measure is, at a node of its Gauss quadrature, at least the sum
        of the weights below and at most that and the weight of the node. Proved, up to rounding.
        """
        lam = self._points(lam)

        def one(s: int, p: int) -> np.ndarray:
            nodes, weights = self.nodes[s, p], self.weights[s, p]
            here = weights > 0.0  # the others only fill the array
            nodes, weights = nodes[here], weights[here]
            sums = np.concatenate([[0.0, 0.0], np.cumsum(weights)])
            below = np.searchsorted(nodes, lam, side="right")
            bounds = np.stack([sums[below], np.append(sums, sums[-1])[below + 2]])
            return 1.0 - sums[-1] + np.where(lam < 0.0, sums[-1] - 1.0, bounds)

        low, high = self._each(one).mean(axis=(0, 1))
        return low, high

    def smoothing(self, lam: Any, width: float | None = None) -> np.ndarray:
        """Return the width in lambda of the kernel of `density`: `width` sqrt(lambda (top - lambda))."""
        lam = self._points(lam)
        return self._width(width) * np.sqrt(np.clip(lam, 0.0, self.top) * np.clip(self.top - lam, 0.0, None))

    def _width(self, width: float | None) -> float:
        return 2.0 / self.steps if width is None else finite("width", width, above=0.0)

    def density(self, lam: Any, width: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the density, smoothed and without the atom at 0, and its standard error.

        Parameters
        ----------
        lam
            Where.
        width
            Standard deviation of the Gaussian kernel, in the angle 2 arcsin sqrt(lambda / `top`), reflected at both
            ends; default 2 / steps, the finest for which the quadrature is still right to some 1e-3. `smoothing` says
            what that is in lambda.
        """
        lam, width = self._points(lam), self._width(width)
        value, error = self._mean(
            self._each(lambda s, p: smoothed_density(*self._nonzero(s, p), lam, width=width, top=self.top))
        )
        return value, np.where((lam > 0.0) & (lam < self.top), error, 0.0)

    def to_pandas(self) -> Any:
        """Return the quadratures as a table, one node a row."""
        import pandas as pd

        index = pd.MultiIndex.from_product([range(n) for n in self.nodes.shape], names=["sample", "probe", "node"])
        columns = {"lam": self.nodes.ravel(), "weight": self.weights.ravel()}
        return pd.DataFrame(columns, index=index).reset_index()

    def save(self, path: str | Path) -> Path:
        """Write the result to `path` (npz, no pickles, whole or not at all)."""
        arrays = {name: getattr(self, name) for name in ("nodes", "weights", "atoms", "mask_moments")}
        return save(path, "LanczosSpectrum", self.facts, {**arrays, "size": np.array(self.size)})

    @classmethod
    def load(cls, path: str | Path) -> LanczosSpectrum:
        """Read a result that `save` wrote."""
        facts, arrays = load(path, "LanczosSpectrum")
        return cls(**{**arrays, "size": int(arrays["size"])}, facts=facts)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        shape = f"{self.samples} samples of {self.size} x {self.size}, {self.probes} probes, {self.steps} steps"
        return f"LanczosSpectrum({shape}, atom {self.atom:.4g}, mean {self.moment(1)})"


def _angle(lam: np.ndarray, top: float) -> np.ndarray:
    return 2.0 * np.arcsin(np.sqrt(np.clip(lam / top if top > 0.0 else np.sign(lam), 0.0, 1.0)))


def smoothed_density(
    nodes: np.ndarray, weights: np.ndarray, lam: np.ndarray, *, width: float, top: float
) -> np.ndarray:
    """Return the density of masses `weights` at `nodes`, smoothed as in `LanczosSpectrum.density`; 0 outside (0, top).

    A Gaussian in the angle, repeated with period 2 pi and reflected, is a series in T_k(1 - 2 lambda / top) with
    coefficients exp(-k^2 width^2 / 2): next to a polynomial, for which Gauss quadrature is exact.
    """
    inside = (lam > 0.0) & (lam < top)
    at = lam[inside]
    distance, value = _angle(at, top)[:, None], np.zeros(at.size)
    angles = _angle(nodes, top)
    for turn in range(-1 - int(width), 2 + int(width)):  # more than 8 standard deviations away
        for sign in (1.0, -1.0):
            z = (distance - sign * angles - 2.0 * math.pi * turn) / width
            value += np.exp(-0.5 * np.minimum(z * z, 1400.0)) @ weights
    out = np.zeros(lam.shape)
    out[inside] = value / (math.sqrt(2.0 * math.pi) * width * np.sqrt(at * (top - at)))
    return out


Map = Callable[[Callable[[int], np.ndarray], Iterable[int]], Iterator[np.ndarray]]


@dataclass(eq=False)
class _Layer:
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
        return int(self.ends[-1]), self.columns.size

    def block(self, b: int) -> np.ndarray:
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

    def keep(self, parallel: Map) -> None:
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
def _survey(
    ensemble: Ensemble, root: np.random.SeedSequence, i: int, q: float, scales: np.ndarray | None
) -> tuple[list[_Layer], int]:
    """Draw the network of sample i once, row by row, for D and the states of the stream; return the rank of J too."""
    from rmtjac.kernels.forward import activate
    from rmtjac.kernels.lanczos import draw_rows, scan_rows
    from rmtjac.kernels.sampling import draw_matrix, draw_vector, fill

    x = sample_input(ensemble, root, i, q)
    rng, mask_rng = stream(root, i, _NETWORK), stream(root, i, _MASKS)
    columns, rank, shift = np.arange(x.size), int(x.size), 0  # the signal is 2**shift times x
    layers: list[_Layer] = []
    for l, (codes, numbers) in enumerate(zip(*ensemble.kernel_arrays(), strict=True)):
        n_in, n_out = ensemble.widths[l], ensemble.widths[l + 1]
        rows, law = max(32, _BLOCK // n_in), (int(codes[0]), float(numbers[0]), float(numbers[1]))
        h, matrix = np.empty(n_out), None
        states: list[Any] = []
        if law[0] == _ORTHOGONAL:
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

        layers.append(_Layer(draw, states, rows, d, columns, matrix))
        columns = np.flatnonzero(d)
        rank = min(rank, columns.size)
    return layers, rank


def _moments(d: np.ndarray) -> tuple[float, float, float]:
    alive = np.abs(d[d != 0.0])
    log = 2.0 * float(np.log(alive).mean()) if alive.size else math.nan
    return float(np.mean(d**2)), float(np.mean(d**4)), log


def _lanczos(
    apply: Callable[[np.ndarray], np.ndarray], v: np.ndarray, steps: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the Gauss quadrature of each unit vector in the rows of `v`, for a symmetric `apply`, at most `steps`."""
    from scipy.linalg import eigh_tridiagonal

    probes, dim = v.shape
    steps = min(steps, dim)
    basis = np.empty((probes, steps, dim))
    alpha, beta = np.zeros((2, probes, steps))
    done = np.full(probes, steps)
    for j in range(steps):
        basis[:, j] = v
        w = apply(v)
        alpha[:, j] = np.einsum("ij,ij->i", v, w)
        for p in np.flatnonzero(done > j):
            previous = basis[p, : j + 1]
            for _ in range(2):  # once leaves the rounding of a large part behind
                w[p] -= (previous @ w[p]) @ previous
            beta[p, j] = np.linalg.norm(w[p])
            if beta[p, j] <= dim * _EPS * (alpha[p].max() + beta[p].max()):
                done[p] = j + 1  # the Krylov space is complete
                w[p] = 0.0
            else:
                w[p] /= beta[p, j]
        v = w
        if np.all(done <= j + 1):
            break
    out = []
    for a, b, k in zip(alpha, beta, done, strict=True):
        nodes, vectors = eigh_tridiagonal(a[:k], b[: k - 1])
        out.append((np.maximum(nodes, 0.0), vectors[0] ** 2))
    return out


def _memory() -> float:
    """Half of the memory of the machine in bytes; 4 GB where it does not say."""
    try:
        return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 4e9


def lanczos_spectrum(
    ensemble: Ensemble,
    samples: int = 1,
    *,
    rng: RngLike,
    probes: int = 8,
    steps: int = 80,
    input_variance: float | str = 1.0,
    masks: str = "network",
    keep_weights: bool | str = "auto",
    threads: int | None = None,
    progress: bool = False,
) -> LanczosSpectrum:
    r"""Estimate the spectrum of M = J J^T of large networks from products of J and J^T with random vectors.

    Parameters
    ----------
    ensemble
        The law of the networks. Under heavy tails the nodes go to the few largest eigenvalues, and the bulk stays
        unresolved.
    samples
        How many independent networks: sample i is that of ``sample_spectrum(ensemble, rng=rng)``.
    rng
        Seed. The same integer gives the same bits whatever the number of threads, and with weights kept or not.
    probes
        Random vectors of signs per network.
    steps
        Steps of Lanczos, with full reorthogonalisation: nodes of each quadrature.
    input_variance, masks
        As in `rmtjac.sample_spectrum`.
    keep_weights
        Whether D W of all layers is kept in memory (float64, without the zero rows of D), or drawn again from its
        stream in every product, by rows, a block of 32 MB per thread; ``"auto"``: kept if it takes at most half of
        the memory. Orthogonal weights are kept always.
    threads
        Number of threads, each with a BLAS of its own single thread; default all cores.
    progress
        Show a progress bar over the steps (on a terminal only).

    Returns
    -------
    LanczosSpectrum

    Raises
    ------
    OverflowError
        If a forward pass or an eigenvalue leaves the range of a float.

    Notes
    -----
    Cost per sample: 2 `steps` passes over all weights, each 2 `probes` flops an entry, and 5 ns an entry where they are
    drawn again; 8 `probes` `steps`^2 N for the reorthogonalisation. Memory: the weights, if kept, and
    8 `probes` `steps` N bytes. The standard error of a linear statistic between probes is about its spread over the
    spectrum times sqrt(2 / (N probes)).

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.spectra.lanczos import lanczos_spectrum
    >>> slq = lanczos_spectrum(rj.Ensemble.square(300, 2, "linear"), rng=0, probes=4, steps=30)
    >>> slq
    LanczosSpectrum(1 samples of 300 x 300, 4 probes, 30 steps, atom 0, mean 1... ± 0.0...)
    >>> value, error = slq.cdf(1.0)
    """
    samples, probes, steps = (
        positive_int("samples", samples),
        positive_int("probes", probes),
        positive_int("steps", steps),
    )
    choice("masks", masks, ("network", "independent"))
    if not isinstance(keep_weights, bool):
        choice("keep_weights", keep_weights, ("auto",))
    if keep_weights is False and any(one.code == _ORTHOGONAL for one in ensemble.weights):
        raise ValueError("keep_weights=False: orthogonal weights cannot be drawn by rows; 'auto' or True is needed")
    threads = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    root = as_seed_sequence(rng)
    q = resolve_input_variance(ensemble, input_variance)
    scales = mean_field(ensemble, q).scales if masks == "independent" else None

    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    size = ensemble.widths[-1]
    steps = min(steps, size, ensemble.widths[0])
    nodes, weights = np.zeros((2, samples, probes, steps))
    atoms, moments = np.ones(samples), np.empty((samples, ensemble.depth, 3))
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=samples * steps, disable=None if progress else True, unit="step") as bar,
    ):
        for i in range(samples):
            layers, rank = _survey(ensemble, root, i, q, scales)
            moments[i] = [_moments(layer.d) for layer in layers]
            if rank == 0:
                continue
            bytes_ = 8 * sum(math.prod(layer.shape) for layer in layers)
            if keep_weights is True or (keep_weights == "auto" and bytes_ <= _memory()):
                for layer in layers:
                    layer.keep(pool.map)
            found, dim = _quadratures(layers, root, i, probes, steps, pool.map, bar.update)
            exponent = 2 * sum(layer.exponent or 0 for layer in layers)
            if not any(theta.any() for theta, _ in found):
                continue  # the weights are zero
            atoms[i] = (size - rank) / size
            for p, (theta, tau) in enumerate(found):
                with np.errstate(over="ignore", under="ignore"):
                    nodes[i, p, steps - theta.size :] = np.ldexp(theta, exponent)
                weights[i, p, steps - theta.size :] = tau * (dim / size)
            if not np.isfinite(nodes[i]).all():
                raise OverflowError(f"sample {i}: eigenvalues leave the range of a float; use sample_spectrum")
    facts = provenance(
        ensemble=ensemble.to_dict(),
        seed={"entropy": root.entropy, "spawn_key": list(root.spawn_key)},
        input_variance=q,
        masks=masks,
    )
    return LanczosSpectrum(nodes, weights, atoms, moments, size, facts)


def _probe(root: np.random.SeedSequence, sample: int, probe: int, dim: int) -> np.ndarray:
    """Signs over sqrt(dim): a unit vector."""
    signs = stream(root, sample, _PROBES, probe).integers(0, 2, size=dim, dtype=np.int8)
    return (2.0 * signs - 1.0) / math.sqrt(dim)


def _quadratures(
    layers: list[_Layer],
    root: np.random.SeedSequence,
    sample: int,
    probes: int,
    steps: int,
    parallel: Map,
    tick: Callable[[], object],
) -> tuple[list[tuple[np.ndarray, np.ndarray]], int]:
    """Return the quadratures of the probes, and the dimension: of M without the zero rows of D, or of J^T J."""
    low_side = layers[0].shape[1] < layers[-1].shape[0]
    dim = layers[0].shape[1] if low_side else layers[-1].shape[0]

    def up(x: np.ndarray) -> np.ndarray:
        for layer in layers:
            x = layer.product(x, parallel, transposed=False)
        return x

    def down(x: np.ndarray) -> np.ndarray:
        for layer in reversed(layers):
            x = layer.product(x, parallel, transposed=True)
        return x

    def apply(v: np.ndarray) -> np.ndarray:
        tick()
        return down(up(v)) if low_side else up(down(v))

    start = np.stack([_probe(root, sample, p, dim) for p in range(probes)])
    return _lanczos(apply, start, steps), dim
