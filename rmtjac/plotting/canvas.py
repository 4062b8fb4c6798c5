"""Colours that differ for colour-blind readers and in grey print, and the Axes to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BLACK", "BLUE", "GREY", "PALETTE", "new_axes"]

BLACK, BLUE, GREY = "#000000", "#0072B2", "#BBBBBB"
# The colours of Okabe and Ito. Those that differ clearly in lightness come first.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")


def new_axes(ax: Axes | None) -> Axes:
    """Return `ax`, or the Axes of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
