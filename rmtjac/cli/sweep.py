"""The commands `rmtjac sweep plan | run | submit | status | collect | plot`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from rmtjac.cli.output import checked_out, print_result, whole, write_picture

__all__ = ["register"]


def register(command: Callable[[str, str, Callable[[argparse.Namespace], None]], argparse.ArgumentParser]) -> None:
    """Add the commands to a parser."""
    sweep = command("sweep", "Count fixed points over widths, depths and laws: plan, run, submit, collect.", _nothing)
    actions = sweep.add_subparsers(dest="action", required=True, metavar="action", parser_class=type(sweep))

    def action(name: str, help: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        new = actions.add_parser(name, help=help, description=help)
        new.add_argument("folder", help="of the sweep")
        # Without a default of its own, so that --json before the action counts too.
        new.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of a table")
        new.set_defaults(run=run)
        return new

    one = action("plan", "Write the plan that a TOML file describes into a new folder.", _plan)
    one.add_argument("toml", help="widths, depths, seeds, measures, rng, and [conventions.NAME] tables")
    one = action("run", "Do what is left, on this machine or through Dask.", _run)
    one.add_argument(
        "--engine", default="processes", help="serial, processes, dask or dask:ADDRESS (default processes)"
    )
    one.add_argument("-j", "--workers", type=whole, default=None, help="of processes and dask (default all cores)")
    one.add_argument("--most", type=whole, default=None, help="stop after this many units")
    one = action(
        "submit",
        "Submit what is left as a SLURM job array; options of sbatch follow: -- --partition=main --time=4:00:00.",
        _submit,
    )
    one.add_argument("--tasks", type=whole, default=100, help="size of the array (default 100)")
    one.set_defaults(after_dashes=[])
    one = action("task", "Do one task of a job array: what submitted scripts call.", _task)
    one.add_argument("number", type=whole, help="of the submission")
    one.add_argument("task", type=whole, help="of the array")
    action("status", "Show units done, rate and time left.", _status)
    one = action("collect", "Write all rows to one table.", _collect)
    one.add_argument("out", help="the table (.parquet, .csv)")
    one = action("plot", "Print the law of Q per cell, and draw it.", _plot)
    one.add_argument("--column", default=None, help="what to draw (default stable, or attracting)")
    one.add_argument("--kind", default="lines", help="lines (against L) or map (over N x L; default lines)")
    one.add_argument("--out", default=None, help="the picture (.png, .pdf, .svg)")


def _nothing(args: argparse.Namespace) -> None:
    raise AssertionError("an action is required")


def _plan(args: argparse.Namespace) -> None:
    from rmtjac.sweep import plan_from_toml

    new = plan_from_toml(args.folder, args.toml, progress=True)
    print_result(args, {"folder": args.folder, "units": len(new), **new.to_dict()}, repr(new))


def _run(args: argparse.Namespace) -> None:
    from rmtjac import sweep

    try:
        state = sweep.run(args.folder, args.engine, workers=args.workers, max_units=args.most, progress=True)
    except KeyboardInterrupt:
        print(f"rmtjac: interrupted; {sweep.status(args.folder)!r}; run again to go on", file=sys.stderr)
        raise SystemExit(130) from None
    _show(args, state)


def _submit(args: argparse.Namespace) -> None:
    from rmtjac.sweep import submit

    done = submit(args.folder, args.tasks, args.after_dashes)
    facts = {"job": done.job, "tasks": done.tasks, "units": done.units, "folder": str(done.folder)}
    print_result(args, facts, repr(done))


def _task(args: argparse.Namespace) -> None:
    from rmtjac.sweep.slurm import run_task

    try:
        state = run_task(args.folder, args.number, args.task)
    except KeyboardInterrupt:
        raise SystemExit(143) from None
    print_result(args, state.to_dict(), repr(state))


def _show(args: argparse.Namespace, state: Any) -> None:
    print_result(args, state.to_dict(), state.table())


def _status(args: argparse.Namespace) -> None:
    from rmtjac.sweep import status

    _show(args, status(args.folder))


def _collect(args: argparse.Namespace) -> None:
    from rmtjac.sweep import collect, status

    path = collect(args.folder, args.out)
    state = status(args.folder)
    facts = {"out": str(path), **state.to_dict()}
    print_result(args, facts, "\n".join([repr(state), *state.problems, f"wrote {path}"]))


def _plot(args: argparse.Namespace) -> None:
    from rmtjac.sweep import load

    out = checked_out(args)
    table = load(args.folder)
    if out is not None:
        from rmtjac.plotting import plot_sweep

        write_picture(out, plot_sweep(table, column=args.column, kind=args.kind)["figure"])
    summed = table.summary()
    facts = {"networks": len(table), "cells": {name: values.tolist() for name, values in summed.items()}}
    print_result(args, facts, table.table() + (f"\nwrote {out}" if out else ""))
