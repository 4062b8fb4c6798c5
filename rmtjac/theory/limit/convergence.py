r"""A map over depth and lambda of how well the route of the paper (`rmtjac.theory.equation.continuation`) works.

The path of BS (20)-(22) is followed as printed, without the polish, and its density is compared with the density that
`LimitSpectrum` computes. The map tells two errors apart: the iteration may not settle on the last points of the path,
where it need not contract, or it settles on the density smeared over Im z = b^{-N}.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rmtjac.status import Status
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.equation.continuation import continuation
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import finite, positive_int

__all__ = ["ConvergenceMap", "convergence_map"]


@dataclass(frozen=True, eq=False)
class ConvergenceMap:
    r"""How well the paper's route works, as printed, at each depth and lambda.

    Attributes
    ----------
    depths : ndarray of int, shape (d,)
        Numbers of layers L.
    lams : ndarray of float, shape (n,)
        lambda divided by the upper edge of the support at that depth.
    upper : ndarray of float, shape (d,)
        Upper edges, for weights of variance 1.
    base, steps : float, int
        b and N of BS (22).
    tol, max_iter : float, int
        epsilon and N_0 of BS (21).
    status : ndarray of Status, shape (d, n)
        ``CONVERGED`` if the iteration settled at the last point of the path, else ``ITERATION_LIMIT``.
    iterations : ndarray of int, shape (d, n)
        Fixed-point steps over the whole path.
    unconverged : ndarray of float, shape (d, n)
        Share of the 2N + 1 points of the path that ended at the iteration limit.
    density, exact : ndarray of float, shape (d, n)
        Density by the paper's route, and by `LimitSpectrum`.
    relative_error : ndarray of float, shape (d, n)
        The relative difference of the two; NaN outside the support, where there is no density.

    See Also
    --------
    convergence_map : Make this map.
    rmtjac.plotting.plot_convergence : Draw this map.

    References
    ----------
    BS (20)-(23). See docs/references.md.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw, convergence_map
    >>> found = convergence_map(DiscreteLaw.from_points([1.0], [1.0]), [2], [0.5], steps=20)
    >>> found.converged
    array([[ True]])
    """

    depths: np.ndarray
    lams: np.ndarray
    upper: np.ndarray
    base: float
    steps: int
    tol: float
    max_iter: int
    status: np.ndarray
    iterations: np.ndarray
    unconverged: np.ndarray
    density: np.ndarray
    exact: np.ndarray
    relative_error: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """Whether the iteration settled at the end of the path, shape (d, n)."""
        return self.status == Status.CONVERGED

    def to_pandas(self) -> Any:
        """Return a table with one row per depth and lambda (needs pandas)."""
        import pandas as pd

        depth, relative = np.meshgrid(self.depths, self.lams, indexing="ij")
        table = {"depth": depth, "lam_relative": relative, "lam": self.upper[:, None] * relative}
        for name in ("status", "iterations", "unconverged", "density", "exact", "relative_error"):
            table[name] = getattr(self, name)
        columns = {name: array.ravel() for name, array in table.items()}
        columns["status"] = np.array([one.name for one in columns["status"]])
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        known = self.relative_error[np.isfinite(self.relative_error)]
        errors = f"median error {np.median(known):.1e}, worst {known.max():.1e}" if known.size else "no density here"
        return (
            f"ConvergenceMap({self.depths.size} depths x {self.lams.size} lambdas: "
            f"{int(self.converged.sum())} of {self.status.size} converged, {errors})"
        )


def convergence_map(
    law: DerivativeLaw,
    depths: Any,
    lams: Any = None,
    *,
    base: float = 1.2,
    steps: int = 60,
    tol: float = 1e-5,
    max_iter: int = 50,
    digits: int = 15,
    progress: bool = False,
) -> ConvergenceMap:
    """Follow the paper's path, as printed, at each depth and lambda, and compare the density with the limit.

    Parameters
    ----------
    law : DerivativeLaw
        Law of D^2, the same in all layers; the weights are Gaussian of variance 1, the layers square.
    depths : array_like of int, shape (d,)
        Numbers of layers.
    lams : array_like of float, shape (n,), optional
        Points lambda > 0 divided by the upper edge of the support; by default 25 points from 1e-6 to 0.99, denser near
        both ends.
    base, steps : float > 1, int
        The b and N of BS (22), as in `continuation`.
    tol, max_iter : float > 0, int
        The epsilon and N_0 of BS (21).
    digits : int
        Working precision in decimal digits.
    progress : bool
        Whether to show a bar, in a terminal.

    Returns
    -------
    ConvergenceMap
        Status, steps, density and error, of shape (d, n).

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or `depths` or `lams` is not one-dimensional or is empty.

    See Also
    --------
    continuation : The route at given lambda.

    Notes
    -----
    A point costs up to (2 `steps` + 1) `max_iter` evaluations of m_K in mpmath. That takes 0.2 to 0.3 s if D^2 takes
    a few values, and much longer for erf.

    References
    ----------
    BS (20)-(23). See docs/references.md.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> linear = DiscreteLaw.from_points([1.0], [1.0])
    >>> found = convergence_map(linear, [2, 4], [0.001, 0.9])
    >>> found
    ConvergenceMap(2 depths x 2 lambdas: 4 of 4 converged, ...)
    >>> bool(np.all(found.relative_error < 1e-2))
    True
    """
    from tqdm import tqdm

    layers = _vector("depths", depths)
    counts = [positive_int("depths", one) for one in layers]
    grid = _vector("lams", _default_lams() if lams is None else lams)
    relative = np.array([finite("lams", one, above=0.0) for one in grid])
    shape = len(counts), relative.size
    status = np.empty(shape, dtype=object)
    iterations, unconverged = np.empty(shape, dtype=np.int64), np.empty(shape)
    density, exact, upper = np.empty(shape), np.empty(shape), np.empty(len(counts))
    with tqdm(total=status.size, disable=None if progress else True, unit="point") as bar:
        for i, depth in enumerate(counts):
            limit = LimitSpectrum(Layers([law] * depth, [1.0] * depth))
            upper[i] = limit.support[-1, 1]
            exact[i] = limit.density(upper[i] * relative)
            for j, lam in enumerate(upper[i] * relative):
                (point,) = continuation(
                    law, depth, [lam], base=base, steps=steps, tol=tol, max_iter=max_iter, digits=digits, polish=False
                )
                status[i, j], iterations[i, j] = point.status, point.iterations
                unconverged[i, j], density[i, j] = point.unconverged / (2 * steps + 1), float(point.density)
                bar.update()
    inside = exact > 0.0
    error = np.full(shape, np.nan)
    error[inside] = np.abs(density[inside] / exact[inside] - 1.0)
    arrays = {
        "depths": np.array(counts), "lams": relative, "upper": upper, "status": status, "iterations": iterations,
        "unconverged": unconverged, "density": density, "exact": exact, "relative_error": error,
    }  # fmt: skip
    for array in arrays.values():
        array.flags.writeable = False
    return ConvergenceMap(base=base, steps=steps, tol=tol, max_iter=max_iter, **arrays)


def _default_lams() -> np.ndarray:
    """Return 25 points between 0 and 1, denser near both ends."""
    return np.concatenate([np.geomspace(1e-6, 0.3, 18), 1.0 - np.geomspace(0.5, 0.01, 7)])


def _vector(name: str, values: Any) -> list[Any]:
    """Return `values` as a list, or raise a ValueError if they are not one-dimensional or there are none."""
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} of shape {array.shape} must be one-dimensional and not empty")
    return array.tolist()
