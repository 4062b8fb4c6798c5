"""Trained autoencoders of NN's table, their reconstructions, and the distances of these from the inputs.

`rmtjac.learn.autoencoders.training` trains them, `rmtjac.learn.autoencoders.table` makes the table.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rmtjac.archive import results as archive
from rmtjac.archive.schema import Schema
from rmtjac.learn.autoencoders.training import CONFIGURATIONS, AutoencoderTrainer
from rmtjac.learn.optimisation.adamw import precision_for
from rmtjac.network import Network
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, stream
from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["Autoencoder", "Reconstruction", "train_autoencoder"]

_SCHEMA = Schema(
    "autoencoder",
    arrays={"w1": "float h n", "w2": "float n h", "b1": "float h", "b2": "float n", "losses": "float _"},
    facts={"configuration": "text", "versions": "object", "cpu": "text"},
)


class Reconstruction(NamedTuple):
    """Hold the outputs of an autoencoder, and their distances from the inputs.

    Attributes
    ----------
    images : ndarray of float, shape (K, n)
        The outputs T(x).
    distances : ndarray of float, shape (K,)
        Euclidean distances of T(x) from x; 0 at a fixed point.

    See Also
    --------
    Autoencoder : Computes it.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import digits, train_autoencoder
    >>> data = digits()
    >>> found = train_autoencoder(data.train, units=8, epochs=1).reconstruct(data.test)
    >>> found.images.shape, found.distances.shape
    ((360, 64), (360,))
    """

    images: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """A trained autoencoder.

    Attributes
    ----------
    network : Network
        The map T; its fixed points are the inputs that it reconstructs perfectly.
    configuration : str
        Key of `CONFIGURATIONS`.
    losses : ndarray of float, shape (epochs,)
        Mean square error of each epoch of the training.

    See Also
    --------
    train_autoencoder : Trains it.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import digits, train_autoencoder
    >>> train_autoencoder(digits().train, units=8, epochs=2)
    Autoencoder('Tanh NN', Network(widths=[64, 8, 64], activation='tanh'), 2 epochs)
    """

    network: Network
    configuration: str
    losses: np.ndarray

    def reconstruct(self, x: object) -> Reconstruction:
        """Return the outputs for inputs, and their distances from the inputs.

        Parameters
        ----------
        x : array_like of float, shape (K, n)
            The inputs; one input of shape (n,) counts as K = 1.

        Returns
        -------
        Reconstruction
            T(x) and |T(x) - x|.
        """
        rows = np.atleast_2d(real_array("x", x))
        images = self.network(rows)
        return Reconstruction(images, np.linalg.norm(images - rows, axis=1))

    def loss(self, x: object) -> float:
        """Return the mean square error over inputs.

        Parameters
        ----------
        x : array_like of float, shape (K, n)
            The inputs.

        Returns
        -------
        float
            The mean of (T(x) - x)^2 over inputs and entries.
        """
        found = self.reconstruct(x)
        return float((found.distances**2).mean() / found.images.shape[1])

    def save(self, path: str | Path) -> Path:
        """Write the autoencoder to a file (npz, without pickled objects).

        Parameters
        ----------
        path : str or Path
            Where to write; the ending ``.npz`` is added if it is missing.

        Returns
        -------
        Path
            The file that was written.
        """
        (w1, w2), (b1, b2) = self.network.weights, self.network.biases
        arrays = {"w1": w1, "w2": w2, "b1": b1, "b2": b2, "losses": self.losses}
        return archive.save(path, _SCHEMA.kind, provenance(configuration=self.configuration), arrays)

    @classmethod
    def load(cls, path: str | Path) -> Autoencoder:
        """Read an autoencoder from a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Autoencoder
            The same network, configuration and losses.

        Raises
        ------
        ValueError
            If the file does not hold an autoencoder.
        """

        def build(facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Autoencoder:
            how = CONFIGURATIONS[facts["configuration"]]
            weights, biases = ([arrays[name + number] for number in "12"] for name in "wb")
            return cls(Network(weights, biases, [how.hidden, how.output]), facts["configuration"], arrays["losses"])

        return archive.restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        return f"Autoencoder({self.configuration!r}, {self.network!r}, {len(self.losses)} epochs)"


def train_autoencoder(
    x: object,
    configuration: str = "Tanh NN",
    *,
    units: int = 200,
    epochs: int = 40,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    rng: RngLike = 0,
    progress: bool = False,
) -> Autoencoder:
    """Train an autoencoder of NN's table by Adam on the mean square error.

    The network is T(x) = s_2(W_2 s_1(W_1 x + b_1) + b_2), with signs of weights and biases as the configuration says.

    Parameters
    ----------
    x : array_like of float, shape (K, n)
        Inputs, nonnegative.
    configuration : str, optional
        Key of `CONFIGURATIONS`.
    units : int, optional
        Width of the hidden layer.
    epochs : int, optional
        Number of times that all inputs are used.
    batch_size : int, optional
        Number of inputs in each step.
    learning_rate : float, optional
        Learning rate of Adam.
    rng : int, SeedSequence or Generator, optional
        Seed of the initial weights and of the order of the inputs.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Returns
    -------
    Autoencoder
        The trained network with the losses of all epochs.

    Raises
    ------
    ValueError
        If the inputs are empty, negative or not finite, or an argument is out of range.
    ArithmeticError
        If the training diverges.

    See Also
    --------
    autoencoder_row : Measure the result.

    Notes
    -----
    The training runs in single precision, or in double precision for inputs above 1e15. Cost: an epoch takes
    10 K n `units` floating-point operations (2 to 4 s of one core for MNIST, 200 units).

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> from rmtjac.learn import digits, train_autoencoder
    >>> data = digits()
    >>> found = train_autoencoder(data.train, "Tanh NN", units=32, epochs=20)
    >>> found.loss(data.test) < 0.05
    True
    """
    from tqdm import tqdm

    choice("configuration", configuration, tuple(CONFIGURATIONS))
    for name, value in (("units", units), ("epochs", epochs), ("batch_size", batch_size)):
        positive_int(name, value)
    rate = finite("learning_rate", learning_rate, above=0.0)
    rows = real_array("x", x)
    if rows.ndim != 2 or not rows.size or not np.isfinite(rows).all() or rows.min() < 0.0:
        raise ValueError(f"x has shape {rows.shape}; nonnegative finite numbers of shape (K, n), K, n >= 1, are needed")
    root = as_seed_sequence(rng)
    precision = precision_for("x", rows)
    trainer = AutoencoderTrainer(rows.shape[1], units, CONFIGURATIONS[configuration], stream(root, 0), precision)
    losses = []
    with tqdm(total=epochs, desc=configuration, disable=None if progress else True, unit="epoch") as bar:
        for loss in trainer.train(rows, epochs, stream(root, 1), batch_size, rate):
            losses.append(loss)
            bar.set_postfix(loss=loss, refresh=False)
            bar.update()
    held = np.array(losses)
    held.flags.writeable = False
    return Autoencoder(trainer.network(), configuration, held)
