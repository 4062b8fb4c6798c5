"""Fixed points of networks, with proofs; their basins of attraction; and their number for random networks."""

from rmtjac.fixed_points.basins import Basins, find_basins
from rmtjac.fixed_points.count import FixedPointCounts, count_fixed_points
from rmtjac.fixed_points.ends import Cycle, Label
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from rmtjac.fixed_points.expected.over import expected_over
from rmtjac.fixed_points.find import find_fixed_points
from rmtjac.fixed_points.regions import Regions, regions
from rmtjac.fixed_points.result import FixedPoints

__all__ = [
    "Basins",
    "Cycle",
    "ExpectedGrid",
    "FixedPointCounts",
    "FixedPoints",
    "Label",
    "Regions",
    "count_fixed_points",
    "expected_over",
    "find_basins",
    "find_fixed_points",
    "regions",
]
