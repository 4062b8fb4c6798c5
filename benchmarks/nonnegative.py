"""Train equilibrium layers and nonnegative autoencoders on MNIST, and time them.

    python -m benchmarks.nonnegative --only classifier|autoencoders|speed|rho [--data FOLDER] [--out FOLDER]

`speed` needs PyTorch. Everything runs on one thread; the compiled kernel is warmed up first.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median

import numpy as np
from scipy.sparse import random_array
from threadpoolctl import threadpool_limits

import rmtjac as rj
from benchmarks.run import header
from rmtjac.archive.results import write_atomically
from rmtjac.learn import (
    CONFIGURATIONS,
    PcDEQClassifier,
    autoencoder_row,
    autoencoder_table,
    digits,
    mnist,
    train_autoencoder,
)
from rmtjac.learn.equilibrium.layers import layer_of
from rmtjac.learn.equilibrium.training import Trainer, Training

TITLES = {
    "classifier": "Equilibrium layers on MNIST",
    "autoencoders": "Nonnegative autoencoders on MNIST",
    "speed": "Training of an equilibrium layer beside PyTorch",
    "rho": "Brackets of spectral radii",
}
ACTIVATIONS = ("tanh", "softsign", "relu6", "sigmoid")


def classifier(data: rj.learn.Images, seeds: list[int], epochs: int) -> str:
    lines = [
        f"PcDEQClassifier(80 units), {epochs} epochs, AdamW 5e-4 (a tenth after 3/4), batch 64, weight decay 1.5e-2; "
        "pixels as they are, in [0, 1], or minus .1307 over .3081. Right answers of the test images in percent; steps "
        "per sample to a proved error of 1e-8, and the largest bound.",
        "",
        "| layer | phi | pixels | seed | after 2 epochs | after all | training steps (forward, adjoint) "
        "| steps to 1e-8 | bound | CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for phi in ACTIVATIONS:
        for pixels, images in (("[0, 1]", data), ("standardised", data.standardised())):
            lines += [_classified(images, phi, pixels, seed, epochs) for seed in seeds]
    return "\n".join(lines)


def _classified(images: rj.learn.Images, phi: str, pixels: str, seed: int, epochs: int) -> str:
    """One row."""
    start = time.process_time()
    model = PcDEQClassifier(80, phi, epochs=epochs, random_state=seed).fit(images.train, images.train_labels)
    taken = time.process_time() - start
    early = PcDEQClassifier(80, phi, epochs=2, drop=2.0, random_state=seed).fit(images.train, images.train_labels)
    scores = [100.0 * one.score(images.test, images.test_labels) for one in (early, model)]
    found, last = model.layer_.solve(images.test, 1e-8), model.history_[-1]
    line = (
        f"| {type(model.layer_).__name__} | {phi} | {pixels} | {seed} | {scores[0]:.2f} | {scores[1]:.2f} "
        f"| {last.forward_steps:.1f}, {last.backward_steps:.1f} | {found.steps.mean():.1f} "
        f"| {found.errors.max():.1e} | {taken:.0f} |"
    )
    print(line, flush=True)
    return line


def autoencoders(data: rj.learn.Images, seed: int, epochs: int) -> str:
    rows = []
    for name in CONFIGURATIONS:
        model = train_autoencoder(data.train, name, epochs=epochs, rng=seed)
        rows.append(autoencoder_row(model, data.test))
        print(autoencoder_table(rows, published=True).splitlines()[-1], flush=True)
    title = f"784-200-784, Adam 1e-3, batch 64, seed {seed}; NN's numbers in brackets."
    return f"{title}\n\n{autoencoder_table(rows, published=True)}"


def speed(data: rj.learn.Images, epochs: int) -> str:
    """CPU seconds of an epoch, ours and PyTorch's by turns in one process."""
    import torch

    from benchmarks.torch_equilibrium import epochs as torch_epochs

    torch.set_num_threads(1)
    images = data.standardised()
    x, labels = images.train.astype(np.float32), images.train_labels.copy()
    lines = [
        f"CPU seconds of an epoch, one thread, medians of {epochs} after one to warm up, by turns; PyTorch "
        f"{torch.__version__}. Steps of the solution and of its adjoint a batch, in the last epoch. Floor: flops of "
        "the products with U and W at the rate of a product of 64 x 784 by 784 x 80.",
        "",
        "| phi | ours | PyTorch | ratio | our steps | PyTorch's | floor | ours / floor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    weights, batch = np.ones((784, 80), np.float32), np.ones((64, 784), np.float32)
    taken = []
    for _ in range(2000):
        start = time.perf_counter()
        batch @ weights
        taken.append(time.perf_counter() - start)
    rate = 2.0 * 64 * 784 * 80 / median(taken)
    for phi in ACTIVATIONS:
        drawn = np.random.default_rng(0)
        trainer = Trainer(784, 80, 10, phi, layer_of(phi).injection_activation, drawn, Training())
        theirs = torch_epochs(x, labels, phi, epochs + 1)
        times: list[tuple[float, float]] = []
        for _ in range(epochs + 1):
            start = time.process_time()
            done = trainer.epoch(x, labels, drawn, 5e-4)
            ours = time.process_time() - start
            other = next(theirs)
            times.append((ours, other[0]))
        ours, other_time = (median(one) for one in zip(*times[1:], strict=True))
        steps = done.forward_steps + done.backward_steps + 1.0
        floor = len(x) * (2.0 * 2.0 * 784 * 80 + steps * 2.0 * 80 * 80) / rate
        lines.append(
            f"| {phi} | {ours:.2f} | {other_time:.2f} | {other_time / ours:.2f} | {done.forward_steps:.1f}, "
            f"{done.backward_steps:.1f} | {other[2]:.1f}, {other[3]:.1f} | {floor:.2f} | {ours / floor:.1f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines)


def rho(repeat: int) -> str:
    """Seconds of a bracket of width 1e-10, beside numpy.linalg.eigvals where that is feasible."""
    rng = np.random.default_rng(0)
    dense = rng.random((2000, 2000))
    cases = {
        "dense 2000 x 2000": dense,
        "network 2000-200-2000 (product not formed)": [rng.random((200, 2000)), rng.random((2000, 200))],
        "sparse 10^4 x 10^4, 10 entries a row": random_array((10_000, 10_000), density=1e-3, rng=rng, format="csr"),
        "upper triangle 2000 x 2000 (2000 components)": np.triu(dense),
    }
    lines = ["| matrix | seconds | relative width |", "|---|---|---|"]
    for name, matrix in cases.items():
        taken = []
        for _ in range(repeat):
            start = time.perf_counter()
            low, high = rj.nonnegative.spectral_radius(matrix, 1e-10)
            taken.append(time.perf_counter() - start)
        lines.append(f"| {name} | {median(taken):.3f} | {(high - low) / high:.1e} |")
        print(lines[-1], flush=True)
    start = time.perf_counter()
    np.linalg.eigvals(dense)
    lines.append(f"| numpy.linalg.eigvals of the first, once | {time.perf_counter() - start:.3f} | no bound |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("classifier", "autoencoders", "speed", "rho"), required=True)
    parser.add_argument("--data", help="folder of MNIST's IDX files, or digits; default RMTJAC_DATA")
    parser.add_argument("--epochs", type=int, default=None, help="default 40; of speed 5")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("data"))
    args = parser.parse_args()
    with threadpool_limits(1):
        if args.only == "rho":
            name, text = "spectral_radius.md", rho(5)
        else:
            data = digits() if args.data == "digits" else mnist(args.data)
            if args.only == "classifier":
                name, text = "equilibrium_mnist.md", classifier(data, args.seeds, args.epochs or 40)
            elif args.only == "autoencoders":
                name, text = "autoencoders.md", autoencoders(data, args.seeds[0], args.epochs or 40)
            else:
                name, text = "equilibrium_speed.md", speed(data, args.epochs or 5)
    lines = header(TITLES[args.only], f"python -m benchmarks.nonnegative --only {args.only}")
    write_atomically(args.out / name, lambda file: file.write("\n".join([*lines, text, ""]).encode()))


if __name__ == "__main__":
    main()
