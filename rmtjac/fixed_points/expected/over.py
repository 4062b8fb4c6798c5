"""Expected numbers of fixed points for many ensembles at once.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.fixed_points.expected.expected import expected_fixed_points
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from rmtjac.fixed_points.expected.identity import Identity, identity, wide_identity
from rmtjac.fixed_points.expected.result import COUNTS, ExpectedFixedPoints
from rmtjac.laws import Gaussian
from rmtjac.pool import run_in_threads
from rmtjac.rng import RngLike, as_seed_sequence, child
from rmtjac.validate import choice, finite, positive_int

__all__ = ["expected_over"]

_METHODS = ("limit", "conditional")


def expected_over(
    ensembles: Mapping[Any, Ensemble] | Sequence[Ensemble] | None = None,
    *,
    depths: int | Iterable[int] = (),
    widths: int | Iterable[int] = 100,
    sigma_w: float | Iterable[float] = 1.0,
    sigma_b: float | Iterable[float] = 0.0,
    activation: str | Activation = "tanh",
    n: int = 2,
    method: str = "limit",
    rng: RngLike = 0,
    threads: int | None = None,
    progress: bool = False,
    **options: Any,
) -> ExpectedGrid:
    r"""Compute the expected numbers of fixed points of many ensembles.

    Either `ensembles` are given, for example those of a sweep (`SweepTable.ensembles`), or a grid of Gaussian networks
    with widths [n, N, ..., N, n], :math:`n_l \mathrm{Var}\, W_{ij} = \sigma_w^2` and :math:`\mathrm{Var}\, b_i =
    \sigma_b^2` in every layer.

    Parameters
    ----------
    ensembles : mapping or sequence of Ensemble, optional
        The ensembles, each with a name or not.
    depths : int or iterable of int
        The depths L of the grid.
    widths : int or iterable of int, default 100
        The widths N of the hidden layers; the method ``"limit"`` does not use them.
    sigma_w, sigma_b : float or iterable of float, default 1.0 and 0.0
        The scales of weights and biases.
    activation : str or Activation, default "tanh"
        The activation of all layers.
    n : int, default 2
        The number of inputs and outputs.
    method : {"limit", "conditional"}, default "limit"
        As in `expected_fixed_points`.
    rng : int, SeedSequence or Generator, default 0
        The seed of what is drawn: all with ``"conditional"``, and for n > 2 with ``"limit"``. Every ensemble has its
        own stream, whatever the others are.
    threads : int, optional
        The number of threads. Default: all cores.
    progress : bool, default False
        Whether to show a progress bar on a terminal.
    **options : dict
        Further arguments of `expected_fixed_points`.

    Returns
    -------
    ExpectedGrid
        The expected numbers.

    Raises
    ------
    TypeError
        If an entry of `ensembles` is no `Ensemble`, or an argument has a wrong type.
    ValueError
        If neither `ensembles` nor `depths` are given, or both; if an argument is out of range; or for the reasons of
        `expected_fixed_points`, with the ensemble.

    See Also
    --------
    expected_fixed_points : One ensemble.
    rmtjac.compare : Put counts beside these numbers.

    Notes
    -----
    Cost: one call of `expected_fixed_points` for each ensemble. Ensembles that are the same in the limit are computed
    once with the method ``"limit"``.

    References
    ----------
    docs/theory/expected_fixed_points.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> grid = rj.fixed_points.expected_over(depths=2, sigma_w=[1.0, 2.0, 3.0], sigma_b=1.0)
    >>> grid.axes["sigma_w"][grid.total[0, 0, :, 0] > 1.5]  # where more than one fixed point is likely
    array([3.])
    """
    choice("method", method, _METHODS)
    workers = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    listed = _listed(depths)
    if ensembles is None:
        axes, cells = _grid(listed, widths, sigma_w, sigma_b, activation, positive_int("n", n))
    elif listed:
        raise ValueError("ensembles and depths exclude each other: give the ensembles, or the axes of a grid")
    else:
        axes, cells = _named(ensembles)
    key = wide_identity if method == "limit" else identity
    keys = [key(one) for one in cells]
    distinct = {one: cell for one, cell in zip(reversed(keys), reversed(cells), strict=True)}
    root = as_seed_sequence(rng)
    found: dict[Identity, ExpectedFixedPoints] = {}

    def work(chunk: range) -> int:
        for i in chunk:
            name, cell = todo[i]
            more = {"threads": workers} if method == "conditional" else {}
            try:
                found[name] = expected_fixed_points(cell, method=method, rng=_stream(root, cell), **more, **options)
            except (ValueError, ArithmeticError) as error:
                raise ValueError(f"{cell!r}: {error}") from error
        return len(chunk)

    todo = list(distinct.items())
    chunks = (range(i, i + 1) for i in range(len(todo)))
    # Sampled networks run in threads of their own.
    run_in_threads(work, int, chunks, len(todo), workers if method == "limit" else 1, progress, "ensemble")
    shape = tuple(len(axis) for axis in axes.values())
    rows = [found[one] for one in keys]
    values = np.array([[getattr(row, name) for name in COUNTS] for row in rows], dtype=float)
    # An ensemble that is the same in the limit as another keeps its own description.
    facts = [{**row.facts, "ensemble": cell.to_dict()} for row, cell in zip(rows, cells, strict=True)]
    growth, degree = (np.array([getattr(row, name) for row in rows]).reshape(shape) for name in ("growth", "degree"))
    return ExpectedGrid(axes, values.reshape(*shape, len(COUNTS), 2), growth, degree, method, facts)


def _stream(root: np.random.SeedSequence, cell: Ensemble) -> np.random.SeedSequence:
    """Return the root of the streams of one ensemble."""
    text = json.dumps(cell.to_dict(), sort_keys=True)
    return child(root, int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def _grid(
    depths: list[Any], widths: Any, sigma_w: Any, sigma_b: Any, activation: str | Activation, n: int
) -> tuple[dict[str, np.ndarray], list[Ensemble]]:
    """Return axes and ensembles of a grid."""
    listed: dict[str, list[Any]] = {
        "depth": [positive_int("depths", one) for one in depths],
        "width": [positive_int("widths", one) for one in _listed(widths)],
        "sigma_w": [finite("sigma_w", one, least=0.0) for one in _listed(sigma_w)],
        "sigma_b": [finite("sigma_b", one, least=0.0) for one in _listed(sigma_b)],
    }
    for name, values in listed.items():
        if not values:
            raise ValueError(f"{name}: the grid needs at least one value, or give ensembles")
    cells = [
        Ensemble([n, *[width] * (depth - 1), n], activation, Gaussian(std=w), Gaussian(std=b) if b else None)
        for depth, width, w, b in product(*listed.values())
    ]
    return {name: np.array(values) for name, values in listed.items()}, cells


def _listed(values: Any) -> list[Any]:
    """Return one value, or the values of an iterable, as a list."""
    return list(values) if isinstance(values, Iterable) else [values]


def _named(ensembles: Any) -> tuple[dict[str, np.ndarray], list[Ensemble]]:
    """Return the axis of given ensembles, and the ensembles."""
    if isinstance(ensembles, Ensemble):
        ensembles = [ensembles]
    if isinstance(ensembles, Mapping):
        names, cells = [_name(one) for one in ensembles], list(ensembles.values())
    else:
        cells = list(ensembles)
        names = [str(i) for i in range(len(cells))]
    if not cells:
        raise ValueError(f"ensembles={ensembles!r} must hold at least one Ensemble")
    for i, one in enumerate(cells):
        if not isinstance(one, Ensemble):
            raise TypeError(f"ensembles[{names[i]}]={one!r} must be an Ensemble")
    return {"cell": np.array(names)}, cells


def _name(key: Any) -> str:
    """Return the key of an ensemble as a name; that of a cell of a sweep has N and L."""
    if isinstance(key, tuple) and len(key) == 3:
        return f"{key[0]}, N={key[1]}, L={key[2]}"
    return str(key)
