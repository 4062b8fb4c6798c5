"""What commands share: checks of options, pictures, tables and JSON."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

__all__ = ["checked_out", "print_result", "whole", "write_picture"]


def whole(text: str) -> int:
    """Whole number of an option."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number") from None


_PICTURES = (".png", ".pdf", ".svg")


def checked_out(args: argparse.Namespace, *others: str, pictures: bool = True) -> Path | None:
    """Check --out before any work is done."""
    allowed = (*(_PICTURES if pictures else ()), *others)
    if args.out is None:
        return None
    from rmtjac.validate import output_path

    path = output_path("--out", args.out)
    if path.suffix not in allowed:
        raise ValueError(f"--out={args.out!r} must end in {', '.join(allowed)}")
    return path


def write_picture(path: Path, figure: Any) -> None:
    """Write a figure, whole or not at all, and close it."""
    import matplotlib.pyplot as plt

    from rmtjac.archive import write_atomically

    write_atomically(path, lambda file: figure.savefig(file, format=path.suffix[1:], dpi=150))
    plt.close(figure)


def print_result(args: argparse.Namespace, facts: dict[str, Any], table: str) -> None:
    """Print JSON if that is asked for, else the table."""
    print(json.dumps(_json_ready(facts), indent=2, allow_nan=False) if args.json else table)


def _json_ready(value: Any) -> Any:
    """Replace NaN and infinities, which JSON does not know, by null."""
    if isinstance(value, dict):
        return {key: _json_ready(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_ready(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
