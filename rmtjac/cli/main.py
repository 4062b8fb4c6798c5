"""The command line: each command calls functions of the package, and prints text or JSON or writes a file.

A wrong input gives one line on stderr and exit code 2; Ctrl-C gives exit code 130. The modules of the commands import
the functions only when they call them, so that ``rmtjac --help`` is fast.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from rmtjac.cli.commands import eigenvalues, fixed_points, info, learn, nonnegative, spectra, sweep
from rmtjac.cli.output import say
from rmtjac.cli.parser import Parser

__all__ = ["main", "parser"]

_SUMMARY = "Spectra and fixed points of deep random networks."


class _Version(argparse.Action):
    """Print the version and exit; only this action reads the version."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)

    def __call__(self, parser: argparse.ArgumentParser, *args: Any, **options: Any) -> None:
        from rmtjac.provenance import __version__

        say(f"rmtjac {__version__}")
        parser.exit()


def parser() -> Parser:
    """Return the parser of all commands."""
    new = Parser(prog="rmtjac", description=_SUMMARY, epilog="example:\n  rmtjac compare --out compare.png")
    new.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    for commands in (spectra, eigenvalues, fixed_points, sweep, nonnegative, learn, info):
        commands.register(new)
    return new


def _overview(new: Parser) -> str:
    """Return a text that lists the commands, each with an example."""
    lines = [_SUMMARY, ""]
    for name, command in new.commands.items():
        lines += [f"  {name:14}{command.summary}", f"  {'':14}{command.example}"]
    return "\n".join([*lines, "", "rmtjac COMMAND --help lists the options of a command."])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    commands = parser()
    if not words:
        say(_overview(commands))
        return 0
    # argparse loses track of "--" below a subcommand.
    dashes = words.index("--") if "--" in words else len(words)
    args, unknown = commands.parse_known_args(words[:dashes])
    if words[dashes:]:
        if hasattr(args, "after_dashes"):
            args.after_dashes = words[dashes + 1 :]
        else:
            unknown += words[dashes:]
    chosen = getattr(args, "parser", commands)
    if unknown:
        chosen.unknown(unknown)
    if chosen.commands:
        chosen.missing()
    try:
        if args.command != "info":
            import matplotlib

            matplotlib.use("agg")
        args.run(args)
    except KeyboardInterrupt:
        print("rmtjac: interrupted; nothing was written", file=sys.stderr)
        return 130
    except MemoryError as error:
        given = {name: getattr(args, name, None) for name in ("width", "widths", "samples", "units")}
        sizes = ", ".join(f"--{name}={value}" for name, value in given.items() if value is not None)
        print(f"rmtjac: not enough memory for {sizes or args.command}: {error}", file=sys.stderr)
        return 2
    except (ValueError, TypeError, ArithmeticError, ImportError, NotImplementedError, OSError) as error:
        print(f"rmtjac: {' '.join(str(error).splitlines())}", file=sys.stderr)
        return 2
    return 0
