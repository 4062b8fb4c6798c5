"""What stochastic Lanczos quadrature finds: nodes and weights, and the spectrum that they stand for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.schema import Schema
from rmtjac.spectra.empirical import Estimate
from rmtjac.validate import finite, positive_int, real_array

__all__ = ["LanczosSpectrum", "smoothed_density"]

_SCHEMA = Schema(
    "LanczosSpectrum",
    arrays={
        "nodes": "float samples probes steps",
        "weights": "float samples probes steps",
        "atoms": "float samples",
        "mask_moments": "float samples _ 3",
        "size": "count",
    },
)


@dataclass(frozen=True, eq=False)
class LanczosSpectrum:
    """Gauss quadratures of the spectral measures of M at random vectors.

    Attributes
    ----------
    nodes, weights
        Shape (samples, probes, steps): nodes in lambda, ascending, and their weights. The weights of a probe add
        up to dim / n_L, dim <= n_L the dimension that was worked in; all other eigenvalues of M are exact zeros.
    atoms
        Shape (samples,): fraction of exact zeros of M that the zeros of D and the widths force, and, up to width 200,
        discrete weights that happen to be singular. There are no others with probability 1, or next to it.
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
        lam = real_array("lam", lam)
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
        return restore(path, _SCHEMA, lambda facts, arrays: cls(size=int(arrays.pop("size")), **arrays, facts=facts))

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
