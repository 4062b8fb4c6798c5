"""One small result of each class that is saved, and what makes two of them equal."""

from dataclasses import fields, is_dataclass

import numpy as np

import rmtjac as rj
from rmtjac.comparison.spectra.bins import BinnedComparison
from rmtjac.fixed_points.basins import Basins
from rmtjac.fixed_points.count import FixedPointCounts
from rmtjac.fixed_points.ends import Cycle
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.learn.autoencoders.autoencoder import Autoencoder
from rmtjac.spectra.counter import Counter
from rmtjac.spectra.histogram import Histogram
from rmtjac.spectra.lanczos.result import LanczosSpectrum
from rmtjac.theory.heavy_tails.solver import Tail, Values
from rmtjac.theory.heavy_tails.stored import StoredSolver

FACTS = {
    "ensemble": {"widths": [3, 4, 3]},
    "seed": {"entropy": 5, "spawn_key": [1]},
    "q": 0.5,
    "method": "x",
    "on": True,
}


def results():
    """One small result of each class."""
    rng = np.random.default_rng(0)
    draw, whole = rng.standard_normal, lambda *shape: rng.integers(0, 5, shape)
    net = rj.Network([draw((4, 3)), draw((3, 4))], [draw(4), draw(3)], ["tanh", "leaky_relu:0.2"])
    out = [net, rj.EmpiricalSpectrum(np.sort(draw((5, 4))), draw(5), whole(5), FACTS, whole(5) % 4, draw((5, 2, 3)))]
    counter = Counter(4)
    for i in range(3):
        counter.add(i, np.sort(draw(4)), -50.0)
    out += [
        counter.result(FACTS),
        LanczosSpectrum(draw((2, 3, 4)), draw((2, 3, 4)), draw(2), draw((2, 2, 3)), 7, FACTS),
    ]
    out.append(FixedPointCounts(*(whole(6) for _ in range(4)), whole(6) > 2, draw((6, 5)), FACTS))
    cycles = (Cycle(draw((2, 2)), 0.5), Cycle(draw((3, 2)), 2.0))
    out.append(
        FixedPoints(
            draw((3, 2)), draw((3, 2)), draw((3, 2, 2)), whole(3) > 2, whole(3), True, "because", "grid", draw((2, 2)),
            draw((1, 2, 2)), tuple(draw((3, 2)) for _ in range(11)), cycles, draw((8, 2)), whole(8) - 2, whole(8) > 2,
            facts=FACTS,
        )
    )  # fmt: skip
    axes = (np.linspace(-1.0, 1.0, 4), np.linspace(-1.0, 1.0, 5))
    out.append(
        Basins(
            axes, whole(4, 5) - 2, draw((2, 2)), draw(2), cycles, draw((1, 2)), draw(4), draw(4), draw(4), 0.25,
            whole(6, 6) - 3, draw((2, 2)), FACTS,
        )
    )  # fmt: skip
    edges = np.array([0.0, 0.5, 1.0, 2.0])
    binned = [
        BinnedComparison(Histogram(edges, draw(3), draw(3), kind), draw(3), 1.0 / 20) for kind in ("linear", "log")
    ]
    out.append(
        rj.Comparison(
            5, 4, 0.1, draw(5), 0.0, 0.1, 0.2, float("nan"), draw(4), draw(4), draw(4), draw((2, 2)), *binned,
            draw((2, 9)), FACTS, 0.5,
        )
    )  # fmt: skip
    out.append(rj.limit_spectrum(rj.Ensemble.square(4, 1, "relu")))
    out.append(rj.EmpiricalEigenvalues(np.sort(draw((5, 4))), draw((5, 4)), draw(5), whole(5), FACTS))
    out.append(
        rj.RingComparison(
            5, 4, 0.1, 0.1, draw(5), 0.2, 0.1, 0.1, 0.0, 0.5, 0.1, 0.5, 1.0, float("nan"), 1.0, 0.1, draw(2),
            draw((4, 9)), FACTS,
        )
    )  # fmt: skip
    out.append(rj.limit_eigenvalues(rj.Ensemble.square(4, 1, "relu")))
    heavy = StoredSolver(
        "population", 0.2, Tail(1.5, float("nan")), Values(np.array(0.25), np.array(0.001)), np.arange(5.0),
        draw((2, 5)), draw((2, 5)),
    )  # fmt: skip
    out.append(rj.HeavyTailedLimit(heavy, FACTS))
    how = Autoencoder(net, "Tanh NN", draw(3))
    out.append(Autoencoder(rj.Network(net.weights, net.biases, ["tanh", "tanh"]), how.configuration, how.losses))
    return [*out, _classifier(rng)]


def _classifier(rng):
    from rmtjac.learn.equilibrium.classifier import PcDEQClassifier
    from rmtjac.learn.equilibrium.layers import layer_of
    from rmtjac.learn.equilibrium.training import Epoch

    new = PcDEQClassifier(units=3, epochs=2)
    draw = rng.random
    new.layer_ = layer_of(new.activation)(0.2 * draw((3, 3)), draw((3, 2)), draw(3), new.activation)
    new.coef_, new.intercept_, new.classes_ = draw((2, 3)), draw(2), np.array(["a", "bc"])
    new.history_, new.validation_, new.n_features_in_ = [Epoch(*draw(4).tolist()) for _ in range(2)], [0.5, 0.6], 2
    return new


def content(value):
    """What two equal results have in common, bit for bit."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if hasattr(value, "spec"):
        return value.spec
    if isinstance(value, dict):
        return {name: content(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [content(one) for one in value]
    if is_dataclass(value):
        return type(value).__name__, {one.name: content(getattr(value, one.name)) for one in fields(value)}
    if hasattr(value, "__dict__"):
        return type(value).__name__, {name: content(one) for name, one in vars(value).items() if name[:2] != "__"}
    return type(value).__name__, repr(value)
