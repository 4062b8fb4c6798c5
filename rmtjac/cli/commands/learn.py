"""The commands `rmtjac deq train`, `rmtjac deq eval` and `rmtjac autoencoder table`.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from rmtjac.cli.options import add_seed, whole
from rmtjac.cli.output import print_result
from rmtjac.cli.parser import one_of

if TYPE_CHECKING:
    from rmtjac.cli.parser import Parser

__all__ = ["register"]


def register(parser: Parser) -> None:
    """Add the commands to a parser."""
    deq = parser.command(
        "deq",
        "Classify images with a positive concave equilibrium layer: train, eval.",
        "rmtjac deq train model.npz --epochs 5",
    )
    train = deq.command("train", "Train, test and save a classifier.", "rmtjac deq train model.npz --epochs 5", _train)
    train.add_argument("out", metavar="FILE", help="the file to write (.npz)")
    train.add_argument(
        "--activation",
        default="tanh",
        metavar=one_of("tanh", "softsign", "relu6", "hardtanh", "erf", "arctan", "sigmoid"),
        help="activation of the layer (default tanh)",
    )
    train.add_argument("--units", type=whole, default=80, metavar="K", help="size of the layer (default 80)")
    train.add_argument(
        "--rate", type=_rate, default="auto", metavar="RATE", help="learning rate of AdamW, or auto (default auto)"
    )
    score = deq.command(
        "eval",
        "Test a classifier: accuracy, steps to the equilibria, and their proved errors.",
        "rmtjac deq eval model.npz",
        _eval,
    )
    score.add_argument("model", metavar="FILE", help="a classifier saved by rmtjac deq train (.npz)")

    autoencoder = parser.command(
        "autoencoder",
        "Train nonnegative autoencoders and tabulate them.",
        'rmtjac autoencoder table --units 20 --epochs 2 --only "Tanh NN"',
    )
    rows = autoencoder.command(
        "table",
        "Train the configurations of the table of NN; print losses, spectral radii, norms, certificates.",
        'rmtjac autoencoder table --units 20 --epochs 2 --only "Tanh NN"',
        _table,
    )
    rows.add_argument("--units", type=whole, default=200, metavar="K", help="size of the hidden layer (default 200)")
    rows.add_argument("--only", nargs="+", metavar="NAME", help="configurations to train (default all eight)")
    for one in (train, score, rows):
        one.add_argument(
            "--data",
            default="digits",
            metavar="DATA",
            help="digits of scikit-learn, or a folder with MNIST's IDX files",
        )
    for one in (train, rows):
        one.add_argument("--epochs", type=whole, default=40, metavar="K", help="number of epochs (default 40)")
        add_seed(one, "the initial weights and the order of the samples")


def _rate(text: str) -> float | str:
    """Return the learning rate that an option gives: a number, or the word auto."""
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number or auto") from None


def _images(name: str) -> Any:
    """Return the `Images` that --data names."""
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


def _lines(facts: dict[str, Any]) -> list[str]:
    """Return one line for each fact."""
    shown = {name: value if isinstance(value, str) else f"{value:.6g}" for name, value in facts.items()}
    return [f"{name:>16}: {value}" for name, value in shown.items()]


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
    published = args.data != "digits" and args.units == 200
    print_result(args, {"rows": [one.to_dict() for one in rows]}, [autoencoder_table(rows, published=published)])
