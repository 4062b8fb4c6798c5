"""Autoencoders of NN's table, as results: what they reconstruct, and how far that is from what went in.

How they are trained is in `rmtjac.learn.autoencoders.training`, the table in `rmtjac.learn.autoencoders.table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rmtjac import archive
from rmtjac.learn.autoencoders.training import CONFIGURATIONS, AutoencoderTrainer
from rmtjac.learn.optimisation.adamw import precision_for
from rmtjac.network import Network
from rmtjac.provenance import provenance
from rmtjac.rng import RngLike, as_seed_sequence, stream
from rmtjac.schema import Schema
from rmtjac.validate import choice, finite, positive_int, real_array

__all__ = ["Autoencoder", "Reconstruction", "train_autoencoder"]

_SCHEMA = Schema(
    "autoencoder",
    arrays={"w1": "float h n", "w2": "float n h", "b1": "float h", "b2": "float n", "losses": "float _"},
    facts={"configuration": "text", "versions": "object", "cpu": "text"},
)


class Reconstruction(NamedTuple):
    """Images T(x) (K, n), and how far they are from the inputs: |T(x) - x| (K,), 0 at a fixed point."""

    images: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """A trained autoencoder.

    Attributes
    ----------
    network
        T; its fixed points are the inputs that it reconstructs perfectly.
    configuration
        Key of `CONFIGURATIONS`.
    losses
        Mean square error of each epoch, while training.
    """

    network: Network
    configuration: str
    losses: np.ndarray

    def reconstruct(self, x: object) -> Reconstruction:
        """Return T(x) and |T(x) - x| for inputs (K, n)."""
        rows = np.atleast_2d(real_array("x", x))
        images = self.network(rows)
        return Reconstruction(images, np.linalg.norm(images - rows, axis=1))

    def loss(self, x: object) -> float:
        """Return the mean square error over inputs (K, n)."""
        found = self.reconstruct(x)
        return float((found.distances**2).mean() / found.images.shape[1])

    def save(self, path: str | Path) -> Path:
        """Write it to a file (npz, no pickles)."""
        (w1, w2), (b1, b2) = self.network.weights, self.network.biases
        arrays = {"w1": w1, "w2": w2, "b1": b1, "b2": b2, "losses": self.losses}
        return archive.save(path, _SCHEMA.kind, provenance(configuration=self.configuration), arrays)

    @classmethod
    def load(cls, path: str | Path) -> Autoencoder:
        """Read one that `save` wrote.

        Raises
        ------
        ValueError
            If the file does not hold one.
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

    Parameters
    ----------
    x
        Inputs (K, n), nonnegative.
    configuration
        Key of `CONFIGURATIONS`.
    units
        Width of the hidden layer.
    epochs, batch_size, learning_rate
        Of the training.
    rng
        Seed: initial weights and the order of the inputs.
    progress
        Whether to show a bar on a terminal.

    Returns
    -------
    Autoencoder

    Raises
    ------
    ValueError
        If the inputs are empty, negative or not finite, or an argument is out of range.
    ArithmeticError
        If the training diverges.

    Notes
    -----
    In single precision. Cost: 10 K n units flops an epoch (2 to 4 s of one core for MNIST, 200 units).

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
