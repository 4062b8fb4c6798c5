import json

import matplotlib.image
import pytest

import rmtjac as rj
from tests.cli.running import fail, run, strict

SMALL = ["--activation", "hardtanh", "--depth", "2", "--width", "20", "--weights", "gaussian:1.2"]
ENSEMBLE = rj.Ensemble.square(20, 2, "hardtanh", rj.Gaussian(1.2))


def test_law_alone(capsys):
    law = rj.limit_eigenvalues(ENSEMBLE, input_variance=0.5)
    facts = strict(run(capsys, "eigenvalues", "--json", *SMALL, "--input-variance", "0.5"))
    assert facts["law"] == json.loads(json.dumps(law.to_dict()))
    assert facts["expected_largest"]["mean"] == law.largest(20).mean
    assert facts["stable_probability"] == law.stable_probability(20)
    assert "comparison" not in facts
    assert law.table() in run(capsys, "eigenvalues", *SMALL, "--input-variance", "0.5")


def test_with_samples(capsys, tmp_path):
    options = [*SMALL, "--samples", "4", "--seed", "3"]
    facts = strict(run(capsys, "eigenvalues", "--json", *options))
    sample = rj.sample_eigenvalues(ENSEMBLE, 4, rng=3)
    result = rj.compare(sample, rj.limit_eigenvalues(ENSEMBLE))
    assert facts["comparison"] == json.loads(json.dumps(result.to_dict()))
    text = run(capsys, "eigenvalues", *options, "--out", tmp_path / "ring.png")
    assert result.table() in text
    assert f"wrote {tmp_path / 'ring.png'}" in text
    assert matplotlib.image.imread(tmp_path / "ring.png").shape[0] > 500


def test_files(capsys, tmp_path):
    run(capsys, "eigenvalues", *SMALL, "--out", tmp_path / "law.npz")
    assert rj.RingLaw.load(tmp_path / "law.npz").atom == rj.limit_eigenvalues(ENSEMBLE).atom
    run(capsys, "eigenvalues", *SMALL, "--samples", 2, "--masks", "independent", "--out", tmp_path / "sample.npz")
    assert rj.EmpiricalEigenvalues.load(tmp_path / "sample.npz").facts["masks"] == "independent"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--widths", "4,3"], "J is 3 x 4"),
        ([*SMALL[:-1], "cauchy:1.0"], "single ring theorem does not hold"),
        ([*SMALL[:-1], "gaussian:0.0"], "vanish in layer 0"),
        ([*SMALL, "--samples", "-1"], "--samples=-1"),
        ([*SMALL, "--out", "ring.txt"], "must end in"),
    ],
)
def test_wrong_input(capsys, options, words):
    assert words in fail(capsys, "eigenvalues", *options)
