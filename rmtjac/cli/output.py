"""Output of all commands: checks of file names, pictures, text, tables and JSON."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["checked_out", "print_result", "say", "write_picture", "write_text"]

_PICTURES = (".png", ".pdf", ".svg")
_READER_LEFT = 141  # exit code, as of a program that the signal SIGPIPE ends


def checked_out(args: argparse.Namespace, *others: str, pictures: bool = True) -> Path | None:
    """Return --out as a path, or raise an error if nothing can be written there; called before any work is done."""
    allowed = (*(_PICTURES if pictures else ()), *others)
    if args.out is None:
        return None
    from rmtjac.validate import output_path

    path = output_path("--out", args.out)
    if path.suffix not in allowed:
        raise ValueError(f"--out={args.out!r} must end in {', '.join(allowed)}")
    return path


def say(text: str) -> None:
    """Print a text on the standard output at once; exit if nobody can read it.

    That a reader stops early, as in ``rmtjac ... | head -1``, is not reported as an error.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter writes once more when it ends
        if isinstance(error, BrokenPipeError):
            raise SystemExit(_READER_LEFT) from None
        print(f"rmtjac: standard output: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def write_picture(path: Path, figure: Figure) -> None:
    """Write a figure, whole or not at all, and close it."""
    import matplotlib.pyplot as plt

    from rmtjac.archive.results import write_atomically

    write_atomically(path, lambda file: figure.savefig(file, format=path.suffix[1:], dpi=150))
    plt.close(figure)


def write_text(path: Path, text: str) -> None:
    """Write a text, whole or not at all."""
    from rmtjac.archive.results import write_atomically

    write_atomically(path, lambda file: file.write(text.encode()))


def print_result(
    args: argparse.Namespace, facts: dict[str, Any], lines: Sequence[str], out: Path | None = None
) -> None:
    """Print the facts as JSON if --json is given, otherwise the lines and the file that was written."""
    if args.json:
        text = json.dumps(_json_ready(facts), indent=2, allow_nan=False)
    else:
        text = "\n".join([*lines, *([f"wrote {out}"] if out else [])])
    say(text)


def _json_ready(value: Any) -> Any:
    """Return the value with None in place of NaN and infinities, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _json_ready(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_ready(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
