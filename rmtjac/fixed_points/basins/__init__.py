"""Basins of attraction: their proved cells, their shares of the volume, and the ends of grid points."""

from rmtjac.fixed_points.basins.find import find_basins
from rmtjac.fixed_points.basins.result import Basins

__all__ = ["Basins", "find_basins"]
