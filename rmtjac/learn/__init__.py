"""Training of nonnegative networks and equilibrium layers, and the data for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmtjac.learn.autoencoders.autoencoder import Autoencoder, Reconstruction, train_autoencoder
from rmtjac.learn.autoencoders.table import AutoencoderRow, autoencoder_row, autoencoder_table
from rmtjac.learn.autoencoders.training import CONFIGURATIONS, Configuration
from rmtjac.learn.data import Images, digits, mnist, read_idx
from rmtjac.learn.equilibrium.base import EquilibriumLayer
from rmtjac.learn.equilibrium.layers import PcDEQ1, PcDEQ2
from rmtjac.learn.equilibrium.result import Equilibrium, Gradients

if TYPE_CHECKING:
    from rmtjac.learn.equilibrium.classifier import PcDEQClassifier

__all__ = [
    "CONFIGURATIONS",
    "Autoencoder",
    "AutoencoderRow",
    "Configuration",
    "Equilibrium",
    "EquilibriumLayer",
    "Gradients",
    "Images",
    "PcDEQ1",
    "PcDEQ2",
    "PcDEQClassifier",
    "Reconstruction",
    "autoencoder_row",
    "autoencoder_table",
    "digits",
    "mnist",
    "read_idx",
    "train_autoencoder",
]


def __getattr__(name: str) -> Any:
    if name == "PcDEQClassifier":  # the only one that loads scikit-learn
        from rmtjac.learn.equilibrium.classifier import PcDEQClassifier

        return PcDEQClassifier
    raise AttributeError(f"module 'rmtjac.learn' has no attribute {name!r}")
