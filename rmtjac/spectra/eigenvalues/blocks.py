"""The layers D W of one sample, without the rows and columns that zeros in D remove."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.network import Network
from rmtjac.propagation.mask_laws import homogeneous
from rmtjac.rng import stream
from rmtjac.spectra.draws import Stream, sample_input, sample_network
from rmtjac.spectra.one_sample import overflow

__all__ = ["Blocks", "blocks_of_masks", "blocks_of_sample"]

_TINY = 1e-280  # D below this counts as 0, as in `rmtjac.kernels.samples.jacobian`, which is not imported: it compiles


class Blocks(NamedTuple):
    """The layers of J = E B_{L-1} ... B_0.

    `kept` are the rows of E that are not 0. `underflows` is the number of entries of D that count as zeros only because
    phi' underflowed.
    """

    factors: list[np.ndarray]
    kept: np.ndarray
    underflows: int


def blocks_of_sample(
    ensemble: Ensemble, root: np.random.SeedSequence, sample: int, variance: float, mask_laws: np.ndarray | None
) -> Blocks:
    """Return the layers of a sample of `rmtjac.sample_spectrum`; with `mask_laws` D is drawn independent of W.

    Raises
    ------
    OverflowError
        If the signal leaves the range of a float.

    Examples
    --------
    >>> import rmtjac as rj
    >>> blocks = blocks_of_sample(rj.Ensemble.square(6, 2, "relu"), np.random.SeedSequence(0), 0, 1.0, None)
    >>> blocks.factors[1].shape == (blocks.kept.size, len(blocks.factors[0]))
    True
    """
    network = sample_network(ensemble, root, sample)
    if all(phi.identity for phi in ensemble.activations):  # D = 1 for any input
        return blocks_of_masks(network, [np.ones(n) for n in network.widths[1:]])
    masks = []
    if mask_laws is None:
        x, exponent = sample_input(ensemble, root, sample, variance), 0
        for l, (matrix, vector, phi) in enumerate(
            zip(network.weights, network.biases, network.activations, strict=True)
        ):
            with np.errstate(over="ignore", invalid="ignore"):
                h = matrix @ x + np.ldexp(vector, -exponent)
                if not homogeneous(phi):
                    h, exponent = np.ldexp(h, exponent), 0
                x = phi(h)
            if not (np.isfinite(h).all() and np.isfinite(x).all()):
                raise overflow(ensemble, l, sample)
            top = float(np.abs(x).max())
            if homogeneous(phi) and top > 0.0 and abs(math.log(top)) > 100.0:
                taken = math.frexp(top)[1]
                x, exponent = np.ldexp(x, -taken), exponent + taken
            masks.append(np.asarray(phi.derivative(h), dtype=float))
    else:
        from rmtjac.kernels.samples.draw import fill_stable

        rng = stream(root, sample, Stream.MASKS)
        for (index, scale), n, phi in zip(mask_laws, ensemble.widths[1:], ensemble.activations, strict=True):
            h = np.empty(n)
            fill_stable(rng, index, scale, h)
            masks.append(np.asarray(phi.derivative(h), dtype=float))
    for phi, d in zip(ensemble.activations, masks, strict=True):
        if not np.isfinite(d).all():
            raise ValueError(f"activation {phi.name!r}: the derivative must return finite numbers")
    return blocks_of_masks(network, masks)


def blocks_of_masks(network: Network, masks: list[np.ndarray]) -> Blocks:
    """Return the layers of a network whose D are given.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[1.0, 2.0], [3.0, 4.0]]], activation="relu")
    >>> blocks_of_masks(net, [np.array([0.0, 2.0])]).factors
    [array([[6., 8.]])]
    """
    factors, rows, underflows = [], np.arange(network.widths[0]), 0
    for matrix, d, phi in zip(network.weights, masks, network.activations, strict=True):
        alive = np.flatnonzero(np.abs(d) > _TINY)
        underflows += 0 if phi.saturates else d.size - alive.size
        factors.append(d[alive, None] * matrix[np.ix_(alive, rows)])
        rows = alive
    return Blocks(factors, rows, underflows)
