"""The random network and the random input of one sample, each drawn from a separate random stream."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.network import Network
from rmtjac.propagation.mean_field import resolve_input_variance
from rmtjac.rng import RngLike, as_seed_sequence, stream

__all__ = ["Stream", "sample_input", "sample_network"]


class Stream(IntEnum):
    """Last part of the key of each random stream of a sample; with other numbers a seed gives other samples."""

    NETWORK = 0
    INPUT = 1
    MASKS = 2
    INVARIANT = 3
    PROBES = 4


def sample_network(ensemble: Ensemble, rng: RngLike, sample: int) -> Network:
    """Return the network of one sample of `rmtjac.sample_spectrum`.

    Parameters
    ----------
    ensemble : Ensemble
        The law of the networks.
    rng : int, SeedSequence or Generator
        The seed that was given to `rmtjac.sample_spectrum`.
    sample : int
        The number of the sample, from 0.

    Returns
    -------
    Network
        The network with its weights and biases.

    Raises
    ------
    TypeError, ValueError
        If `rng` is not a seed.

    See Also
    --------
    sample_input : The input of the same sample.

    Notes
    -----
    Cost: one draw of all weights. No other sample is drawn.

    References
    ----------
    docs/theory/conventions.md.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(8, 2)
    >>> emp = rj.sample_spectrum(ens, samples=5, rng=0)
    >>> jacobian = rj.spectra.sample_network(ens, 0, 3).jacobian(rj.spectra.sample_input(ens, 0, 3))
    >>> bool(np.allclose(np.linalg.svd(jacobian @ jacobian.T)[1][::-1], emp.eigenvalues[3]))
    True
    """
    return ensemble.draw(stream(as_seed_sequence(rng), sample, Stream.NETWORK))


def sample_input(ensemble: Ensemble, rng: RngLike, sample: int, input_variance: float | str = 1.0) -> np.ndarray:
    r"""Return the input of one sample of `rmtjac.sample_spectrum`.

    Its direction is uniformly distributed, and :math:`|x^0|^2 / n_0 = q_0` holds exactly.

    Parameters
    ----------
    ensemble : Ensemble
        The law of the networks.
    rng : int, SeedSequence or Generator
        The seed that was given to `rmtjac.sample_spectrum`.
    sample : int
        The number of the sample, from 0.
    input_variance : float or {"stationary"}, default 1.0
        The mean square q_0 of the entries of the input, as in `rmtjac.sample_spectrum`.

    Returns
    -------
    ndarray of float, shape (n_0,)
        The input x^0.

    Raises
    ------
    ValueError
        If `rng` is not a seed, `input_variance` is negative or not finite, or it is ``"stationary"`` and no stationary
        variance exists.
    TypeError
        If `rng` or `input_variance` has the wrong type.

    See Also
    --------
    sample_network : The network of the same sample.

    Notes
    -----
    Cost: one draw of n_0 numbers.

    References
    ----------
    docs/theory/conventions.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> x = rj.spectra.sample_input(rj.Ensemble([4, 3]), 0, 7, input_variance=0.5)
    >>> x.shape, round(float(x @ x) / 4, 12)
    ((4,), 0.5)
    """
    q = resolve_input_variance(ensemble, input_variance)
    x = stream(as_seed_sequence(rng), sample, Stream.INPUT).standard_normal(ensemble.widths[0])
    return x * math.sqrt(q * x.size / float(x @ x))
