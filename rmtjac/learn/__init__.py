"""Training of nonnegative networks and equilibrium layers, and the data for it."""

from typing import TYPE_CHECKING

from rmtjac.lazy import lazy_names

if TYPE_CHECKING:
    from rmtjac.learn.autoencoders.autoencoder import Autoencoder, Reconstruction, train_autoencoder
    from rmtjac.learn.autoencoders.table import AutoencoderRow, autoencoder_row, autoencoder_table
    from rmtjac.learn.autoencoders.training import CONFIGURATIONS, Configuration
    from rmtjac.learn.data import Images, digits, mnist, read_idx
    from rmtjac.learn.equilibrium.base import EquilibriumLayer
    from rmtjac.learn.equilibrium.classifier import PcDEQClassifier
    from rmtjac.learn.equilibrium.layers import PcDEQ1, PcDEQ2
    from rmtjac.learn.equilibrium.result import Equilibrium, Gradients
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "rmtjac.learn.autoencoders.autoencoder": ("Autoencoder", "Reconstruction", "train_autoencoder"),
            "rmtjac.learn.autoencoders.table": ("AutoencoderRow", "autoencoder_row", "autoencoder_table"),
            "rmtjac.learn.autoencoders.training": ("CONFIGURATIONS", "Configuration"),
            "rmtjac.learn.data": ("Images", "digits", "mnist", "read_idx"),
            "rmtjac.learn.equilibrium.base": ("EquilibriumLayer",),
            "rmtjac.learn.equilibrium.classifier": ("PcDEQClassifier",),
            "rmtjac.learn.equilibrium.layers": ("PcDEQ1", "PcDEQ2"),
            "rmtjac.learn.equilibrium.result": ("Equilibrium", "Gradients"),
        },
    )

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
