"""Sweeps over widths, depths and laws: planned once, safe against a kill at any moment, continued on any machine."""

from rmtjac.sweep.engines import run
from rmtjac.sweep.measurements import measurement
from rmtjac.sweep.new_plan import plan, plan_from_toml
from rmtjac.sweep.plans import Cell, Plan, read_plan
from rmtjac.sweep.progress import SweepStatus, status
from rmtjac.sweep.slurm import Submission, submit
from rmtjac.sweep.table import SweepTable, collect, load

__all__ = [
    "Cell",
    "Plan",
    "Submission",
    "SweepStatus",
    "SweepTable",
    "collect",
    "load",
    "measurement",
    "plan",
    "plan_from_toml",
    "read_plan",
    "run",
    "status",
    "submit",
]
