"""The result of a sweep as a table, and its files."""

from rmtjac.sweep.table.collect import collect, load
from rmtjac.sweep.table.sweep_table import SweepTable

__all__ = ["SweepTable", "collect", "load"]
