"""A network as the tuple of arrays that the kernels take."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rmtjac.network import Network

__all__ = ["Packed", "packed"]

Packed = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@lru_cache(maxsize=8)
def packed(net: Network) -> Packed:
    r"""Return (weights, biases, sums, widths, codes, parameters, effects); see `rmtjac.kernels.boxes.affine`."""
    weights = np.concatenate([matrix.T.ravel() for matrix in net.weights])
    # Rounded up: a sum of k terms is off by at most k units.
    sums = [np.abs(matrix).sum(axis=1) * (1.0 + matrix.shape[1] * 2.0**-52) for matrix in net.weights]
    codes = np.array([-1 if phi.code is None else phi.code for phi in net.activations], dtype=np.int64)
    parameters = np.array([phi.parameter for phi in net.activations])
    widths = np.array(net.widths, dtype=np.int64)
    effects = [np.zeros(0), *(np.abs(matrix).sum(axis=0) for matrix in net.weights[1:])]
    arrays = (weights, np.concatenate(net.biases), np.concatenate(sums), widths, codes, parameters)
    return *arrays, np.concatenate(effects)
