"""Writes the files of this folder, with commit 063ca29 of the package; see README.md. Later code does not run it."""

import hashlib
import json
import platform
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

LONGEST = 60  # values of an array that are written down one by one


def plain(value):
    """Return what a value holds, in a form that JSON has."""
    import numpy as np

    if isinstance(value, np.ndarray) and value.dtype != object:
        facts = {"dtype": value.dtype.str, "shape": list(value.shape)}
        if value.size > LONGEST:
            return facts | {"sha256": hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}
        return facts | {"values": value.ravel().tolist()}
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "spec"):
        return value.spec
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    return value


def asked(result, names):
    """Return what a result says under some names, by name."""
    out = {}
    for name in names:
        value = getattr(result, name)
        out[name] = plain(value() if callable(value) else value)
    return out


def of_any(result):
    """Return what a result holds: its fields, or what stands for them."""
    import rmtjac as rj

    kind = type(result).__name__
    if kind == "LimitSpectrum":
        lam = result.quantile([0.3, 0.6, 0.9, 0.99])
        return {
            "support": plain(result.support), "atom": result.atom, "moments(4)": plain(result.moments(4)),
            "quantile([0.3, 0.6, 0.9, 0.99])": plain(lam), "density": plain(result.density(lam)),
            "ensemble": result.facts["ensemble"],
        }  # fmt: skip
    if isinstance(result, rj.Network):
        x = [0.25 - 0.5 * i for i in range(result.widths[0])]
        out = asked(result, ["weights", "biases", "activations"])
        return out | {"x": x, "output": plain(result(x)), "jacobian": plain(result.jacobian(x))}
    if kind == "PcDEQClassifier":
        out = asked(result, ["get_params", "coef_", "intercept_", "classes_", "history_", "validation_"])
        layer = result.layer_
        return out | {"layer_": asked(layer, ["weights", "injection", "biases"])}
    if kind == "Autoencoder":
        return {**asked(result, ["configuration", "losses"]), "network": of_any(result.network)}
    return asked(result, [one.name for one in fields(result)])


def results():
    """Return results by the name of their file."""
    import numpy as np

    import rmtjac as rj
    from tests.saved import results as small

    out = {f"made_{i:02d}": one for i, one in enumerate(small())}
    rng = np.random.default_rng(7)
    draw = rng.standard_normal
    names = [*rj.activations.names(), "leaky_relu:0.2"]
    out["network_of_all_activations"] = rj.Network([draw((2, 2)) for _ in names], [draw(2) for _ in names], list(names))
    own = rj.activations.register(rj.Activation("sine of before", np.sin, np.cos))
    out["network_of_an_own_activation"] = rj.Network([draw((3, 2)), draw((2, 3))], [draw(3), draw(2)], [own, "tanh"])
    square = rj.Ensemble.square
    out["limit_inverse"] = rj.limit_spectrum(
        rj.Ensemble([30, 45, 20], ["hardtanh", "relu"], "gaussian:1.5", rj.Gaussian(0.3))
    )
    out["limit_continuation"] = rj.limit_spectrum(
        square(10, 2, "hardtanh"), input_variance="stationary", method="continuation", digits=20
    )
    out["limit_orthogonal"] = rj.limit_spectrum(square(10, 2, "tanh", "orthogonal:1.2"), input_variance=0.5)
    out["limit_stationary"] = rj.limit_spectrum(
        square(10, 3, "hardtanh", biases="gaussian:0.2"), input_variance="stationary"
    )
    out["limit_certified"] = rj.limit_spectrum(square(10, 1, "relu"), certify=True)
    relu = square(6, 2, "relu", biases="gaussian:0.1")
    out["spectrum"] = rj.sample_spectrum(relu, samples=6, rng=1)
    out["spectrum_accurate"] = rj.sample_spectrum(square(5, 30, "tanh"), samples=4, rng=2, precision="accurate")
    out["spectrum_float32"] = rj.sample_spectrum(relu, samples=4, rng=1, dtype="float32", precision="fast")
    out["spectrum_from_matrices"] = rj.EmpiricalSpectrum.from_matrices(draw((3, 4, 4)))
    out["histogram"] = rj.sample_spectrum(relu, samples=20, rng=1, keep="histogram")
    out["lanczos"] = rj.spectra.lanczos_spectrum(square(60, 2, "tanh"), samples=2, probes=2, steps=8, rng=3)
    out["comparison"] = rj.compare(
        rj.sample_spectrum(square(8, 2, "hardtanh"), samples=10, rng=4), rj.limit_spectrum(square(8, 2, "hardtanh"))
    )
    laws = ["cauchy:1:1", "stable:1:1.5", "student_t:3", "uniform:2", "rademacher", "orthogonal:1.1", "gaussian:1:1"]
    mixed = rj.Ensemble([2, *[4] * 6, 2], "tanh", laws, "cauchy:0.1")
    out["counts_of_all_laws"] = rj.count_fixed_points(mixed, networks=6, rng=5)
    paper = rj.Ensemble.berlyand_slavin
    out["counts_by_grid"] = rj.count_fixed_points(paper(8, 2), networks=5, rng=6, method="grid", step=0.25)
    cycling = rj.Network([[[0.0, 1.6], [-1.6, 0.0]]], [[0.01, 0.02]], ["hardtanh"])
    several = rj.Network([[[2.0, 0.1], [0.2, 3.0]]], [[0.1, -0.1]], ["hardtanh"])
    out["fixed_points_exact"] = rj.find_fixed_points(several)
    out["fixed_points_interval"] = rj.find_fixed_points(
        rj.Network([[[2.0, 0.1], [0.2, 3.0]]], [[0.1, -0.1]], ["tanh"]), "interval"
    )
    out["fixed_points_grid"] = rj.find_fixed_points(cycling, "grid", step=0.25)
    out["fixed_points_newton"] = rj.find_fixed_points(several, "newton", starts=draw((20, 2)))
    out["basins"] = rj.find_basins(several, step=0.25)
    out["basins_of_a_cycle"] = rj.find_basins(cycling, step=0.25)
    return out


def sweep(folder):
    """Write the folder of a sweep with records, an array of tasks that ended, and its tables."""
    import rmtjac as rj

    small = rj.Ensemble([2, 4, 2], "tanh", "gaussian:1.5", "gaussian:0.3")
    rj.sweep.plan(
        folder, widths=[4, 6], depths=[1, 2], seeds=6, block=3, rng=9, ensembles=[small],
        conventions={"cauchy, fan-in": {}, "gaussian": {"law": "gaussian", "fan": "width"}},
        measures={"fixed_points": {}, "grid": {"step": 0.5}, "lyapunov": {"starts": 4}, "singular_values": {}},
    )  # fmt: skip
    rj.sweep.run(folder, "serial", most=10)
    rj.sweep.run(folder, "serial", most=8)  # another file of records
    for suffix in (".parquet", ".csv"):
        rj.sweep.collect(folder, folder.with_suffix(suffix))
    return rj.sweep.load(folder)


def sweep_of_an_own_measurement(folder):
    """Write the folder of a sweep with a measurement of the user's own."""
    import rmtjac as rj

    own = "tests.sweep.measures:slow"
    rj.sweep.plan(folder, widths=4, depths=2, seeds=4, block=2, rng=9, measures={own: {"seconds": 0.0}})
    rj.sweep.run(folder, "serial")
    return rj.sweep.load(folder)


def main(folder):
    """Write all files, and what they hold."""
    platform.node = lambda: "host"  # records name the machine
    values = {}
    for name, result in results().items():
        result.save(folder / f"{name}.npz")
        values[name] = {"class": type(result).__name__, "holds": of_any(result)}
    for make in (sweep, sweep_of_an_own_measurement):
        table = make(folder / make.__name__)
        values[make.__name__] = {"class": "SweepTable", "holds": of_any(table)}
    (folder / "values.json").write_text(json.dumps(values, indent=None, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
