"""The commands `rmtjac sweep plan`, `run`, `submit`, `task`, `status`, `collect` and `plot`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from rmtjac.cli.options import whole
from rmtjac.cli.output import checked_out, print_result, write_picture
from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser, Run

__all__ = ["register"]

_KINDS = ("lines", "map")  # of pictures


def register(parser: Parser) -> None:
    """Add the commands to a parser."""
    sweep = parser.command(
        "sweep",
        "Count fixed points over widths, depths and laws: plan, run, submit, collect.",
        "rmtjac sweep plan DIR plan.toml",
    )

    def action(name: str, summary: str, example: str, run: Run) -> Parser:
        new = sweep.command(name, summary, example, run)
        new.add_argument("folder", metavar="DIR", help="the folder of the sweep")
        return new

    one = action(
        "plan", "Write the plan that a TOML file describes into a new folder.", "rmtjac sweep plan DIR plan.toml", _plan
    )
    one.add_argument("toml", metavar="FILE", help="widths, depths, seeds, measures, rng, and [conventions.NAME] tables")
    one = action(
        "run", "Do the units that are left, on this machine or through Dask.", "rmtjac sweep run DIR -j 2", _run
    )
    one.add_argument(
        "--engine",
        default="processes",
        metavar=one_of("serial", "processes", "dask", "dask:ADDRESS"),
        help="what does the units (default processes)",
    )
    one.add_argument(
        "-j",
        "--workers",
        type=whole,
        metavar="K",
        help="number of workers of processes and dask (default: one per core)",
    )
    one.add_argument("--max-units", type=whole, metavar="K", help="stop after K units")
    one = action(
        "submit",
        "Submit the units that are left as a SLURM job array; options of sbatch follow after --.",
        "rmtjac sweep submit DIR --tasks 50 -- --partition=main --time=4:00:00",
        _submit,
    )
    one.add_argument("--tasks", type=whole, default=100, metavar="K", help="size of the array (default 100)")
    one.set_defaults(after_dashes=[])
    one = action("task", "Do one task of a job array; job scripts call this.", "rmtjac sweep task DIR 1 3", _task)
    one.add_argument("number", type=whole, metavar="SUBMISSION", help="number of the submission")
    one.add_argument("task", type=whole, metavar="TASK", help="number of the task in the array")
    action("status", "Show the units done, the rate and the time left.", "rmtjac sweep status DIR", _status)
    one = action("collect", "Write all rows to one table.", "rmtjac sweep collect DIR all.csv", _collect)
    one.add_argument("out", metavar="FILE", help="the table (.parquet, .csv)")
    one = action(
        "plot", "Print the law of Q in each cell, and draw it.", "rmtjac sweep plot DIR --kind map --out law.png", _plot
    )
    one.add_argument("--column", metavar="NAME", help="the column to draw (default stable, or attracting)")
    one.add_argument(
        "--kind",
        default="lines",
        metavar=one_of(*_KINDS),
        help="lines against the depth, or a map over width and depth (default lines)",
    )
    one.add_argument("--out", metavar="FILE", help="the picture (.png, .pdf, .svg)")


def _plan(args: argparse.Namespace) -> None:
    from rmtjac.sweep import plan_from_toml

    new = plan_from_toml(args.folder, args.toml, progress=True)
    print_result(args, {"folder": args.folder, "units": len(new), **new.to_dict()}, [repr(new)])


def _run(args: argparse.Namespace) -> None:
    from rmtjac import sweep

    try:
        state = sweep.run(args.folder, args.engine, workers=args.workers, max_units=args.max_units, progress=True)
    except KeyboardInterrupt:
        print(f"rmtjac: interrupted; {sweep.status(args.folder)!r}; run again to go on", file=sys.stderr)
        raise SystemExit(130) from None
    _show(args, state)


def _submit(args: argparse.Namespace) -> None:
    from rmtjac.sweep import submit

    done = submit(args.folder, args.tasks, args.after_dashes)
    facts = {"job": done.job, "tasks": done.tasks, "units": done.units, "folder": str(done.folder)}
    print_result(args, facts, [repr(done)])


def _task(args: argparse.Namespace) -> None:
    from rmtjac.sweep.slurm import run_task

    try:
        state = run_task(args.folder, args.number, args.task)
    except KeyboardInterrupt:
        raise SystemExit(143) from None
    print_result(args, state.to_dict(), [repr(state)])


def _show(args: argparse.Namespace, state: Any) -> None:
    """Print a `SweepStatus`."""
    print_result(args, state.to_dict(), [state.table()])


def _status(args: argparse.Namespace) -> None:
    from rmtjac.sweep import status

    _show(args, status(args.folder))


def _collect(args: argparse.Namespace) -> None:
    from rmtjac.sweep import collect, status

    path = collect(args.folder, args.out)
    state = status(args.folder)
    print_result(args, {"out": str(path), **state.to_dict()}, [repr(state), *state.problems], path)


def _plot(args: argparse.Namespace) -> None:
    from rmtjac.sweep import load
    from rmtjac.validate import choice

    out = checked_out(args)
    choice("--kind", args.kind, _KINDS)
    if out is None and args.column is not None:
        raise ValueError(f"--column={args.column!r} names what the picture shows; add --out")
    table = load(args.folder)
    if out is not None:
        from rmtjac.plotting import plot_sweep

        write_picture(out, plot_sweep(table, column=args.column, kind=args.kind)["figure"])
    summed = table.summary()
    facts = {"networks": len(table), "cells": {name: values.tolist() for name, values in summed.items()}}
    print_result(args, facts, [table.table()], out)
