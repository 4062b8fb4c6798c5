"""Every result file of an earlier version loads, and gives the values that were written down then."""

import csv
import hashlib
import json
from dataclasses import is_dataclass
from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.basins import Basins
from rmtjac.fixed_points.count import FixedPointCounts
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.learn.autoencoders.autoencoder import Autoencoder
from rmtjac.spectra.binned import BinnedSpectrum
from rmtjac.spectra.lanczos.result import LanczosSpectrum

FOLDER = Path(__file__).with_name("files_of_before")
VALUES = json.loads((FOLDER / "values.json").read_text())
_CLASSES = {
    one.__name__: one
    for one in (
        rj.Network, rj.EmpiricalSpectrum, rj.LimitSpectrum, rj.Comparison, BinnedSpectrum, LanczosSpectrum,
        FixedPointCounts, FixedPoints, Basins, Autoencoder,
    )
}  # fmt: skip
# Attributes by their name of then, where it is another one today: {("class", "name then"): "name today"}.
_RENAMED: dict[tuple[str, str], str] = {}


def _class(name):
    if name == "PcDEQClassifier":
        return pytest.importorskip("rmtjac.learn.equilibrium.classifier").PcDEQClassifier
    return _CLASSES[name]


def _value(owner, name):
    value = getattr(owner, _RENAMED.get((type(owner).__name__, name), name))
    return value() if callable(value) and not hasattr(value, "spec") else value


def _check(found, told, at):
    """Compare, bit for bit, with what was written down."""
    if isinstance(found, np.ndarray) and found.dtype != object:
        assert (found.dtype.str, list(found.shape)) == (told["dtype"], told["shape"]), at
        if "sha256" in told:
            assert hashlib.sha256(np.ascontiguousarray(found).tobytes()).hexdigest() == told["sha256"], at
        else:
            np.testing.assert_array_equal(found.ravel(), np.array(told["values"], dtype=found.dtype), at)
    elif hasattr(found, "spec"):
        assert found.spec == told, at
    elif isinstance(told, dict) and (is_dataclass(found) or not isinstance(found, dict)):
        for name, one in told.items():
            _check(_value(found, name), one, f"{at}.{name}")
    elif isinstance(told, dict):
        assert set(map(str, found)) == set(told), at
        for name, one in found.items():
            _check(one, told[str(name)], f"{at}[{name!r}]")
    elif isinstance(told, list):
        assert len(found) == len(told), at
        for i, (one, other) in enumerate(zip(found, told, strict=True)):
            _check(one, other, f"{at}[{i}]")
    else:
        np.testing.assert_equal(found, told, at)


def _check_limit(found, told):
    """A limit is computed again from its ensemble; 1e-10 leaves room for another library of functions."""
    lam = found.quantile([0.3, 0.6, 0.9, 0.99])
    values = {
        "support": found.support, "moments(4)": found.moments(4), "quantile([0.3, 0.6, 0.9, 0.99])": lam,
        "density": found.density(lam),
    }  # fmt: skip
    for name, value in values.items():
        there = np.array(told[name]["values"]).reshape(told[name]["shape"])
        np.testing.assert_allclose(value, there, rtol=1e-10, atol=1e-14, err_msg=name)
    assert found.atom == pytest.approx(told["atom"], rel=1e-12)
    assert found.facts["ensemble"] == told["ensemble"]


def _check_network(found, told):
    x = told["x"]
    for name in ("weights", "biases", "activations"):
        _check(getattr(found, name), told[name], name)
    for value, name in ((found(x), "output"), (found.jacobian(x), "jacobian")):
        np.testing.assert_allclose(value.ravel(), told[name]["values"], rtol=1e-13, atol=1e-15)


@pytest.fixture
def an_own_activation():
    from rmtjac.activations.registry import REGISTERED

    rj.activations.register(rj.Activation("sine of before", np.sin, np.cos))
    yield
    del REGISTERED["sine of before"]


_FILES = [name for name in VALUES if VALUES[name]["class"] != "SweepTable"]


def test_there_is_a_file_of_each_class():
    assert {VALUES[name]["class"] for name in _FILES} == {*_CLASSES, "PcDEQClassifier"}
    assert {f"{name}.npz" for name in _FILES} == {path.name for path in FOLDER.glob("*.npz")}


@pytest.mark.parametrize("name", _FILES)
@pytest.mark.usefixtures("an_own_activation")
def test_a_file_loads(name):
    kind, told = VALUES[name]["class"], VALUES[name]["holds"]
    if name == "limit_certified":
        pytest.importorskip("flint")
    found = _class(kind).load(FOLDER / f"{name}.npz")
    if kind == "LimitSpectrum":
        _check_limit(found, told)
    elif kind == "Network":
        _check_network(found, told)
    elif kind == "Autoencoder":
        _check_network(found.network, told.pop("network"))
        _check(found, told, name)
    else:
        _check(found, told, name)


def _check_table(found, told):
    assert set(found.columns) == set(told["columns"])
    for column, values in told["columns"].items():
        _check(found[column], values, column)
    assert found.kinds == told["kinds"]


@pytest.mark.parametrize("name", ["sweep", "sweep_of_an_own_measurement"])
def test_a_folder_of_a_sweep_loads(name):
    found = rj.sweep.load(FOLDER / name)
    _check_table(found, VALUES[name]["holds"])
    _check(found.facts, VALUES[name]["holds"]["facts"], name)
    state = rj.sweep.status(FOLDER / name)
    assert (state.done, state.total) == ((18, 18) if name == "sweep" else (2, 2))
    assert [text for text in state.problems if "different" not in text] == []


def test_the_tables_of_a_sweep_load(tmp_path):
    told = VALUES["sweep"]["holds"]
    with open(FOLDER / "sweep.csv", newline="") as file:
        before = list(csv.reader(file))
    with open(rj.sweep.collect(FOLDER / "sweep", tmp_path / "again.csv"), newline="") as file:
        assert list(csv.reader(file)) == before
    pytest.importorskip("pyarrow")
    _check_table(rj.sweep.load(FOLDER / "sweep.parquet"), told)


def test_a_folder_of_before_is_not_continued():
    with pytest.raises(ValueError, match=r"its plan was made with rmtjac 0\.1\.0\+"):
        rj.sweep.read_plan(FOLDER / "sweep").check_code()
