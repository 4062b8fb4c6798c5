"""The commands `rmtjac deq train | eval` and `rmtjac autoencoder table`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from rmtjac.cli.output import print_result, whole

__all__ = ["register"]


def register(command: Callable[[str, str, Callable[[argparse.Namespace], None]], argparse.ArgumentParser]) -> None:
    """Add the commands to a parser."""
    deq = command("deq", "Classify images with a positive concave equilibrium layer: train, eval.", _nothing)
    actions = deq.add_subparsers(dest="action", required=True, metavar="action", parser_class=type(deq))
    train = actions.add_parser("train", help="Train, test and save a classifier.")
    train.add_argument("out", help="the file to write (.npz)")
    train.add_argument(
        "--activation", default="tanh", help="tanh, softsign, relu6, hardtanh, erf, arctan; sigmoid (default tanh)"
    )
    train.add_argument("--units", type=whole, default=80, help="of the layer (default 80)")
    train.add_argument("--rate", type=_rate, default="auto", help="learning rate of AdamW (default auto)")
    train.set_defaults(run=_train)
    score = actions.add_parser("eval", help="Test a classifier; how many steps its equilibria take, and their errors.")
    score.add_argument("model", help="a classifier that was saved (.npz)")
    score.set_defaults(run=_eval)

    autoencoder = command("autoencoder", "Nonnegative autoencoders: table of all configurations.", _nothing)
    kinds = autoencoder.add_subparsers(dest="action", required=True, metavar="action", parser_class=type(autoencoder))
    rows = kinds.add_parser("table", help="Train all configurations of NN's table; losses, radii, norms, certificates.")
    rows.add_argument("--units", type=whole, default=200, help="of the hidden layer (default 200)")
    rows.add_argument("--only", nargs="+", default=None, metavar="NAME", help="configurations (default all eight)")
    rows.set_defaults(run=_table)
    for one in (train, score, rows):
        one.add_argument("--data", default="digits", help="digits (scikit-learn's), or a folder of MNIST's IDX files")
        # Without a default of its own, so that --json before the action counts too.
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON instead of text")
    for one in (train, rows):
        one.add_argument("--epochs", type=whole, default=40, help="default 40")
        one.add_argument("--seed", type=whole, default=0, help="initial weights and order of the samples (default 0)")


def _rate(text: str) -> float | str:
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number or auto") from None


def _nothing(args: argparse.Namespace) -> None:
    raise AssertionError("an action is required")


def _images(name: str) -> Any:
    from rmtjac.learn import digits, mnist

    return digits() if name == "digits" else mnist(name)


def _train(args: argparse.Namespace) -> None:
    from rmtjac.learn import PcDEQClassifier
    from rmtjac.validate import output_path

    output_path("out", args.out)
    data = _images(args.data).standardised()
    model = PcDEQClassifier(
        args.units, args.activation, epochs=args.epochs, learning_rate=args.rate, random_state=args.seed, progress=True
    )
    model.fit(data.train, data.train_labels)
    model.save(args.out)
    last = model.history_[-1]
    facts = {
        "model": args.out,
        "accuracy": float(model.score(data.test, data.test_labels)),
        "train_accuracy": last.accuracy,
        "train_loss": last.loss,
        "forward_steps": last.forward_steps,
        "backward_steps": last.backward_steps,
    }
    print_result(args, facts, _lines(facts))


def _eval(args: argparse.Namespace) -> None:
    from rmtjac.learn import PcDEQClassifier

    model = PcDEQClassifier.load(args.model)
    data = _images(args.data).standardised()
    if data.test.shape[1] != model.n_features_in_:
        raise ValueError(
            f"--data={args.data!r} has images of {data.test.shape[1]} pixels; "
            f"the classifier takes {model.n_features_in_}"
        )
    found = model.layer_.solve(data.test, model.predict_tol)
    facts = {
        "model": repr(model.layer_),
        "accuracy": float(model.score(data.test, data.test_labels)),
        "steps": float(found.steps.mean()),
        "largest_steps": int(found.steps.max()),
        "largest_error": float(found.errors.max()),
    }
    print_result(args, facts, _lines(facts))


def _lines(facts: dict[str, Any]) -> str:
    shown = {name: value if isinstance(value, str) else f"{value:.6g}" for name, value in facts.items()}
    return "\n".join(f"{name:>16}: {value}" for name, value in shown.items())


def _table(args: argparse.Namespace) -> None:
    from rmtjac.learn import CONFIGURATIONS, autoencoder_row, autoencoder_table, train_autoencoder
    from rmtjac.validate import choice

    names = tuple(CONFIGURATIONS) if args.only is None else args.only
    for name in names:
        choice("--only", name, tuple(CONFIGURATIONS))
    data = _images(args.data)
    rows = []
    for name in names:
        model = train_autoencoder(data.train, name, units=args.units, epochs=args.epochs, rng=args.seed, progress=True)
        rows.append(autoencoder_row(model, data.test))
    print_result(
        args,
        {"rows": [one.to_dict() for one in rows]},
        autoencoder_table(rows, published=args.data != "digits" and args.units == 200),
    )
