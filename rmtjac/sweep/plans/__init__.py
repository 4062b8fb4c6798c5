"""Plans of sweeps: the cells, the plan, and its file."""

from rmtjac.sweep.plans.cells import Cell, Unit, canonical
from rmtjac.sweep.plans.plan import Plan
from rmtjac.sweep.plans.plan_file import PLAN, read_plan, write_plan

__all__ = ["PLAN", "Cell", "Plan", "Unit", "canonical", "read_plan", "write_plan"]
