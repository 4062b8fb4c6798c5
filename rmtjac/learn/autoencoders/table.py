"""The table of NN: autoencoders of all configurations, their losses, spectral radii, norms and certificates.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from rmtjac.learn.autoencoders.autoencoder import Autoencoder
from rmtjac.learn.autoencoders.training import CONFIGURATIONS
from rmtjac.nonnegative import certify, spectral_radius, weakly_scalable

__all__ = ["AutoencoderRow", "autoencoder_row", "autoencoder_table"]


class AutoencoderRow(NamedTuple):
    """Hold one row of the table of NN, for one autoencoder.

    Attributes
    ----------
    configuration : str
        Key of `CONFIGURATIONS`.
    epochs : int
        Epochs of the training.
    train_loss : float
        Mean square error of the last epoch of the training.
    test_loss : float
        Mean square error on inputs that were not used in the training.
    rho : tuple of float or None
        Bracket of the spectral radius of T_inf; None if T is not known to be weakly scalable, because then no theorem
        uses the radius.
    norms : float
        Product of the spectral norms of W_1 and W_2.
    norm : float
        Spectral norm of W_2 W_1.
    shape, theorem : str
        What `rmtjac.nonnegative.certify` proves of the fixed points.
    distance : float
        Mean Euclidean distance of T(x) from x over the same inputs as `test_loss`.
    published : tuple of float
        Test loss, rho (or None), norms and norm in NN, for 784-200-784 on MNIST.

    See Also
    --------
    autoencoder_row : Computes it.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import autoencoder_row, digits, train_autoencoder
    >>> data = digits()
    >>> model = train_autoencoder(data.train, "Tanh NN", units=8, epochs=1)
    >>> autoencoder_row(model, data.test).published
    (0.0065, 0.0, 463.9, 187.3)
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
        """Return a description for JSON.

        Returns
        -------
        dict of str to object
            All attributes.
        """
        return self._asdict()


def autoencoder_row(model: Autoencoder, x: np.ndarray) -> AutoencoderRow:
    """Measure an autoencoder on inputs that it was not trained on.

    Parameters
    ----------
    model : Autoencoder
        The trained autoencoder.
    x : ndarray of float, shape (K, n)
        The inputs.

    Returns
    -------
    AutoencoderRow
        Losses, spectral radius, norms, and what is proved of the fixed points.

    Raises
    ------
    ValueError
        If `x` has not the width of the autoencoder.

    See Also
    --------
    autoencoder_table : Format several rows.

    Notes
    -----
    Cost: one call of `certify`, and the singular value decompositions of both weight matrices and of their product.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import autoencoder_row, digits, train_autoencoder
    >>> data = digits()
    >>> model = train_autoencoder(data.train, "Sigmoid NN", units=8, epochs=1)
    >>> found = autoencoder_row(model, data.test)
    >>> found.shape, found.rho
    ('point', (0.0, 0.0))
    """
    first, second = model.network.weights
    proof = certify(model.network)
    norms = [float(np.linalg.norm(matrix, 2)) for matrix in (first, second, second @ first)]
    return AutoencoderRow(
        configuration=model.configuration,
        epochs=len(model.losses),
        train_loss=float(model.losses[-1]),
        test_loss=model.loss(x),
        rho=spectral_radius(model.network) if weakly_scalable(model.network) else None,
        norms=norms[0] * norms[1],
        norm=norms[2],
        shape=proof.shape,
        theorem=proof.theorem,
        distance=float(model.reconstruct(x).distances.mean()),
        published=CONFIGURATIONS[model.configuration].published,
    )


def autoencoder_table(rows: Iterable[AutoencoderRow], published: bool = False) -> str:
    """Format rows as a table in Markdown.

    Parameters
    ----------
    rows : iterable of AutoencoderRow
        The rows, in order.
    published : bool, optional
        Whether to add the numbers of NN (784-200-784, MNIST) in brackets.

    Returns
    -------
    str
        The table.

    Raises
    ------
    AttributeError
        If a row is no `AutoencoderRow`.

    See Also
    --------
    autoencoder_row : Compute a row.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import autoencoder_table
    >>> autoencoder_table([]).splitlines()[0][:32]
    '| configuration | epochs | test '
    """
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
