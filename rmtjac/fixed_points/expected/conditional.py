r"""The expected number of fixed points at finite width: hidden layers are drawn, the last layer is integrated.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
import os

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.estimate import Estimate
from rmtjac.fixed_points.expected.finite_width.given_hidden import LastLayer, expected_given_hidden
from rmtjac.fixed_points.expected.finite_width.hidden_features import HiddenLayers
from rmtjac.fixed_points.expected.finite_width.scale_mixtures import is_scale_mixture
from rmtjac.fixed_points.expected.infinite_width.of_ensemble import with_ends
from rmtjac.fixed_points.expected.result import COUNTS, ExpectedFixedPoints
from rmtjac.network import Network
from rmtjac.pool import run_in_threads
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, seed_facts, stream
from rmtjac.theory.counts.kac_rice import bound_of
from rmtjac.theory.counts.origin import kink_at_zero
from rmtjac.validate import positive_int

__all__ = ["conditional"]

_MIXTURES = "Gaussian, Cauchy, StudentT or Stable"


def conditional(
    ensemble: Ensemble,
    n: int | None = None,
    *,
    networks: int = 200,
    rng: RngLike = 0,
    points: int = 1024,
    draws: int = 8,
    threads: int | None = None,
    progress: bool = False,
) -> ExpectedFixedPoints:
    r"""Return the expected numbers of fixed points at finite width, with hidden layers that are drawn.

    Given the hidden layers, and a random scale for each entry of a last layer with heavy tails, the last layer is a
    Gaussian process, and the Kac-Rice formula gives the expectation. The mean over networks estimates the expectation
    at this width without bias.

    Parameters
    ----------
    ensemble : Ensemble
        The ensemble. The entries of its last layer must be Gaussian, Cauchy, Student's t, or stable.
    n : int, optional
        The number of inputs and outputs, which replaces the first and the last width. By default these widths, which
        must then be equal.
    networks : int, optional
        The number of networks, at least 2. The hidden layers of network i are those that `count_fixed_points` draws.
    rng : int, SeedSequence or Generator, optional
        The seed.
    points : int, optional
        The number of nodes of the integral over the outputs of each network.
    draws : int, optional
        The number of Jacobians at each node; for a last layer with heavy tails each has scales of its own.
    threads : int, optional
        The number of threads. By default all cores.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Returns
    -------
    ExpectedFixedPoints
        The expected numbers. Errors are one standard error over the networks, and ``by_network`` has one row for each
        network.

    Raises
    ------
    TypeError
        If an argument has a wrong type.
    ValueError
        If a setting is out of range, the first and the last width differ, the last layer has another law or the scale
        0, or a fixed point that is certain lies on a kink of an activation.

    See Also
    --------
    expected_fixed_points : The public function, which calls this one.
    count_fixed_points : Count the fixed points of networks.

    Notes
    -----
    Cost: about 40 ms for a network of width 100 with 5 layers, on one core. The estimate of each network has its own
    expectation as mean, whatever `points` and `draws` are: they change the errors only. Where the hidden layers are
    chaotic the determinants are large with both signs; the error of the index says how much they cancel. A huge weight
    makes many fixed points in a thin strip, so that rare networks carry a large part of `total` and of `repellers`: for
    tails of index 1 their errors are rough, and too small for tails of a smaller index. More than four inputs need many
    more `points`.

    References
    ----------
    docs/theory/expected_conditional.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.berlyand_slavin(10, 2)
    >>> found = rj.expected_fixed_points(ens, method="conditional", networks=20, rng=0)
    >>> found.by_network.shape, found.index_residual < 0.1
    ((20, 5), True)
    """
    chosen = with_ends(ensemble, n)
    last = _last_layer(chosen)
    count = positive_int("networks", networks)
    if count < 2:
        raise ValueError(f"networks={count} must be at least 2, so that the result has an error")
    nodes, repeats = positive_int("points", points), positive_int("draws", draws)
    workers = (os.cpu_count() or 1) if threads is None else positive_int("threads", threads)
    root = as_seed_sequence(rng)
    rows, origins = np.empty((count, len(COUNTS))), np.empty((count, 4))

    def work(chunk: range) -> int:
        for i in chunk:
            net = chosen.draw(stream(root, i))
            _refuse_kinks(net, last)
            hidden = HiddenLayers(net.weights[:-1], net.biases[:-1], net.activations[:-1])
            rows[i], origins[i] = expected_given_hidden(hidden, last, nodes, repeats, stream(root, i, 1))
        return len(chunk)

    run_in_threads(work, int, (range(i, i + 1) for i in range(count)), count, workers, progress, "network")
    facts = provenance(ensemble=chosen.to_dict(), seed=seed_facts(root), networks=count, points=nodes, draws=repeats)
    total, stable, saddles, repellers, index = (Estimate.of(column) for column in rows.T)
    return ExpectedFixedPoints(
        total,
        stable,
        saddles,
        repellers,
        index,
        method="conditional",
        by_network=rows,
        facts=facts,
        origin=origins.mean(axis=0) if origins.any() else np.empty(0),
        degree=1.0 if math.isfinite(bound_of(last.activation)) else math.nan,
    )


def _last_layer(ensemble: Ensemble) -> LastLayer:
    """Return the laws of the last layer."""
    law, numbers = ensemble.weights[-1], ensemble.layer_numbers()[-1]
    if not is_scale_mixture(law):
        raise ValueError(f"weights={law!r} in the last layer: its entries must be {_MIXTURES}, whose scales are drawn")
    if not numbers["weight_scale"] > 0.0:
        raise ValueError(f"weights={law!r} in the last layer: the scale must be above 0")
    biases = ensemble.biases[-1] if ensemble.biases else None
    phi = ensemble.activations[-1]
    return LastLayer(law, numbers["weight_scale"], biases, numbers["bias_scale"], phi, ensemble.widths[-1])


def _refuse_kinks(net: Network, last: LastLayer) -> None:
    """Raise an error if the image of 0 is a fixed point for certain and lies on a kink of an activation."""
    if last.has_bias:
        return
    x = last.activation(np.zeros(last.outputs))
    kinks = [phi.name for phi in net.activations[-1:] if kink_at_zero(phi)]
    for matrix, vector, phi in zip(net.weights[:-1], net.biases[:-1], net.activations[:-1], strict=True):
        h = matrix @ x + vector
        kinks += [phi.name] if kink_at_zero(phi) and (h == 0.0).any() else []
        x = phi(h)
    if kinks and not x.any():
        where = "the fixed point that is certain without biases"
        raise ValueError(f"activation={kinks[0]!r} has a kink at {where}; the last layer needs biases")
