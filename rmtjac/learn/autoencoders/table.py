"""The table of NN: autoencoders of all configurations, their losses, spectral radii, norms and certificates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from rmtjac.learn.autoencoders.autoencoder import Autoencoder
from rmtjac.learn.autoencoders.training import CONFIGURATIONS
from rmtjac.nonnegative import certify, spectral_radius, weakly_scalable

__all__ = ["Row", "row", "table"]


class Row(NamedTuple):
    """One autoencoder.

    Attributes
    ----------
    configuration, epochs, train_loss, test_loss
        Mean square errors: of the last epoch while training, and on other inputs.
    rho
        Bracket of the spectral radius of T_inf; None where T is not known to be weakly scalable: no theorem uses it.
    norms, norm
        |W_1| |W_2| and |W_2 W_1|, spectral norms.
    shape, theorem
        What `rmtjac.nonnegative.certify` proves of the fixed points.
    distance
        Mean of |T(x) - x| over the other inputs.
    published
        Test loss, rho, norms and norm in NN, for 784-200-784 on MNIST.
    """

    configuration: str
    epochs: int
    train_loss: float
    test_loss: float
    rho: tuple[float, float] | None
    norms: float
    norm: float
    shape: str
    theorem: str
    distance: float
    published: tuple[float, float | None, float, float]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return self._asdict()


def row(model: Autoencoder, test: np.ndarray) -> Row:
    """Measure an autoencoder on inputs (K, n) that it was not trained on."""
    first, second = model.network.weights
    proof = certify(model.network)
    norms = [float(np.linalg.norm(matrix, 2)) for matrix in (first, second, second @ first)]
    return Row(
        configuration=model.configuration,
        epochs=len(model.losses),
        train_loss=float(model.losses[-1]),
        test_loss=model.loss(test),
        rho=spectral_radius(model.network) if weakly_scalable(model.network) else None,
        norms=norms[0] * norms[1],
        norm=norms[2],
        shape=proof.shape,
        theorem=proof.theorem,
        distance=float(model.reconstruct(test).distances.mean()),
        published=CONFIGURATIONS[model.configuration].published,
    )


def table(rows: Iterable[Row], published: bool = False) -> str:
    """Return a table in Markdown; `published` puts NN's numbers (784-200-784, MNIST) in brackets."""
    lines = [
        "| configuration | epochs | test loss | rho(T_inf) | norm(W1) norm(W2) | norm(W2 W1) | mean norm(T(x) - x) "
        "| fixed points |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        rho = None if one.rho is None else 0.5 * sum(one.rho)
        cells = [
            f"{'-' if ours is None else format(ours, digits)}"
            + (f" ({'-' if theirs is None else format(theirs, digits)})" if published else "")
            for ours, theirs, digits in zip(
                (one.test_loss, rho, one.norms, one.norm), one.published, (".4f", ".3g", ".4g", ".4g"), strict=True
            )
        ]
        lines.append(
            f"| {one.configuration} | {one.epochs} | {' | '.join(cells)} | {one.distance:.3g} "
            f"| {one.shape}: {one.theorem} |"
        )
    return "\n".join(lines)
