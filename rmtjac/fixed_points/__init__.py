"""Fixed points of networks, with proofs; their basins of attraction; and their number for random networks."""

from typing import TYPE_CHECKING

from rmtjac.fixed_points.basins import Basins, find_basins
from rmtjac.fixed_points.count import FixedPointCounts, count_fixed_points
from rmtjac.fixed_points.ends import Cycle, Label
from rmtjac.fixed_points.find import find_fixed_points
from rmtjac.fixed_points.regions import Regions, regions
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.lazy import lazy_names

# Theory is loaded when it is asked for: a unit of a sweep does without it.
if TYPE_CHECKING:
    from rmtjac.fixed_points.expected.grid import ExpectedGrid
    from rmtjac.fixed_points.expected.over import expected_over
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "rmtjac.fixed_points.expected.grid": ("ExpectedGrid",),
            "rmtjac.fixed_points.expected.over": ("expected_over",),
        },
    )

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
