"""Options that several commands share: the ensemble, the seed, whole numbers.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser
    from rmtjac.ensemble import Ensemble

__all__ = [
    "PRESETS",
    "WEIGHTS",
    "Preset",
    "add_ensemble",
    "add_seed",
    "add_threads",
    "ensemble_of",
    "given_options",
    "whole",
]


class Preset(NamedTuple):
    """An ensemble of Berlyand and Slavin: a description, its default width and depth, and a function that makes it."""

    text: str
    width: int
    depth: int
    make: Callable[[int, int], Ensemble]  # of width and depth


def _plane(law: str, fan: str) -> Callable[[int, int], Ensemble]:
    """Return a function of width and depth that makes the networks of BS Section IV."""

    def make(width: int, depth: int) -> Ensemble:
        from rmtjac.ensemble import Ensemble

        return Ensemble.berlyand_slavin(width, depth, law, fan)

    return make


def _linear(width: int, depth: int) -> Ensemble:
    from rmtjac.ensemble import Ensemble

    return Ensemble.square(width, depth, "linear")


PRESETS = {
    "bs": Preset(
        "R^2 to R^2, HardTanh, Cauchy weights and biases of scale 1/fan-in (Section IV)",
        100, 3, _plane("cauchy", "in"),
    ),
    "bs-width": Preset("as bs, with the scale 1/N in every layer", 100, 3, _plane("cauchy", "width")),
    "bs-gaussian": Preset(
        "as bs, with normal weights and biases of standard deviation 1/fan-in (Fig. 2a)", 100, 2,
        _plane("gaussian", "in"),
    ),
    "bs-linear": Preset(
        "R^N to R^N, linear, Gaussian weights; biases do not enter its Jacobian (Fig. 5)", 1000, 2, _linear,
    ),
}  # fmt: skip

_WIDTH, _DEPTH, _ACTIVATION, WEIGHTS = 400, 2, "hardtanh", "gaussian:1.0"
_PARTS = ("preset", "widths", "width", "depth", "activation", "weights", "biases")


def whole(text: str) -> int:
    """Return the whole number that an option gives."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number") from None


def _widths(text: str) -> list[int]:
    """Return the whole numbers of a text such as ``2,100,2``."""
    return [whole(part) for part in text.split(",") if part.strip()]


def add_ensemble(new: Parser, default_preset: str | None = None) -> None:
    """Add the options that describe an ensemble.

    Parameters
    ----------
    new : Parser
        The parser of a command.
    default_preset : str, optional
        The preset of a command that is called without any of these options. Such a command has no other default width
        and depth.
    """
    about = ["Presets are ensembles of Berlyand and Slavin (arXiv:2501.04182):"]
    about += [f"  {name:12}{one.text}; N = {one.width}, L = {one.depth}" for name, one in PRESETS.items()]
    about += ["Each other option replaces one part of the preset."]
    if default_preset:
        about += [f"Without any of these options: --preset {default_preset}."]
        shape = layers = ""
    else:
        shape, layers = f"default {_WIDTH}, or that of the preset", f"default {_DEPTH}, or that of the preset"
        shape, layers = f" ({shape})", f" ({layers})"
    group = new.add_argument_group("ensemble", "\n".join(about))
    group.add_argument("--preset", metavar=one_of(*PRESETS), help="an ensemble of the list above")
    group.add_argument(
        "--widths", type=_widths, nargs="+", metavar="n", help="widths n_0 ... n_L of all layers: 2 100 2, or 2,100,2"
    )
    group.add_argument(
        "--width", type=whole, metavar="N", help=f"width of all layers; with bs, of the hidden ones{shape}"
    )
    group.add_argument("--depth", type=whole, metavar="L", help=f"number of layers{layers}")
    group.add_argument(
        "--activation",
        metavar="NAME",
        help="hardtanh, relu, tanh, erf, linear, leaky_relu:0.1, ...; or one per layer: hardtanh,erf,relu "
        f"(default {_ACTIVATION})",
    )
    group.add_argument(
        "--weights",
        metavar="LAW",
        help="gaussian, uniform, rademacher, cauchy, stable, student_t or orthogonal, with scale and power: "
        "gaussian:1.0, cauchy:1.0:power=1, cauchy:1.0:power=1:fan=width; or one per layer, with commas "
        f"(default {WEIGHTS})",
    )
    group.add_argument("--biases", metavar="LAW", help="as for the weights, or none, also for one layer (default none)")
    new.set_defaults(default_preset=default_preset)


def given_options(args: argparse.Namespace) -> list[str]:
    """Return the options of the ensemble that the command line sets."""
    return [f"--{part}" for part in _PARTS if getattr(args, part) is not None]


def ensemble_of(args: argparse.Namespace) -> Ensemble:
    """Return the ensemble that the options describe."""
    from rmtjac.ensemble import Ensemble
    from rmtjac.validate import choice

    widths = None if args.widths is None else [n for part in args.widths for n in part]
    if widths is not None and (args.width is not None or args.depth is not None):
        raise ValueError(f"--widths={','.join(map(str, widths))} gives all widths; leave out --width and --depth")
    preset = args.preset
    if preset is None and not given_options(args):
        preset = args.default_preset
    if preset is not None:
        known = PRESETS[choice("--preset", preset, tuple(PRESETS))]
        if widths is None:
            width, depth = (
                default if given is None else given
                for given, default in ((args.width, known.width), (args.depth, known.depth))
            )
        else:
            width, depth = max(widths, default=1), max(1, len(widths) - 1)
        base = known.make(width, depth)
    else:
        if args.default_preset is not None and widths is None and (args.width is None or args.depth is None):
            given = " ".join(given_options(args))
            raise ValueError(
                f"{given}: widths are missing; add --preset {args.default_preset}, or --widths, or --width and --depth"
            )
        width, depth = (
            default if given is None else given for given, default in ((args.width, _WIDTH), (args.depth, _DEPTH))
        )
        base = (
            Ensemble.square(width, depth, _ACTIVATION, WEIGHTS)
            if widths is None
            else Ensemble(widths, _ACTIVATION, WEIGHTS)
        )
    depth = base.depth
    return Ensemble(
        base.widths if widths is None else widths,
        base.activations if args.activation is None else _layers(args.activation, depth),
        base.weights if args.weights is None else _layers(args.weights, depth),
        base.biases if args.biases is None else _biases(args.biases, depth),
    )


def _layers(text: str, depth: int) -> list[str]:
    """Return the entries of a text with commas, one for each layer; a text without commas holds for all layers."""
    return [part.strip() for part in text.split(",")] if "," in text else [text] * depth


def _biases(text: str, depth: int) -> list[str] | None:
    """Return the laws of the biases, or None if no layer has any; one layer without biases has the law gaussian:0."""
    laws = _layers(text, depth)
    return None if laws == ["none"] * depth else ["gaussian:0" if law == "none" else law for law in laws]


def add_seed(new: Parser, of: str) -> None:
    """Add the option of the seed."""
    new.add_argument("--seed", type=whole, default=0, metavar="SEED", help=f"seed of {of} (default 0)")


def add_threads(new: Parser, text: str = "number of threads (default: all cores)") -> None:
    """Add the option of the number of threads."""
    new.add_argument("--threads", type=whole, metavar="K", help=text)
