import json

import pytest

import rmtjac as rj
from tests.cli.running import fail, run

TANH = ["--activation", "tanh", "--weights", "gaussian:2.0", "--biases", "gaussian:0.1", "--threads", "1"]


def test_one_ensemble(capsys):
    """tanh, sigma_w = 2, sigma_b = .1, L = 2: 2.051 and .668 by another code, with errors up to .002."""
    facts = json.loads(run(capsys, "expected", *TANH, "--depth", "2", "--json"))
    assert facts["total"]["value"] == [pytest.approx(2.051, abs=2e-3)]
    assert facts["stable"]["value"] == [pytest.approx(0.668, abs=2e-3)]
    assert facts["ensembles"][0]["widths"] == [2, 100, 2]
    text = run(capsys, "expected", *TANH, "--widths", "2", "30", "2")
    assert "2.05" in text
    assert "widths=[2, 30, 2]" in text


def test_depths_and_files(capsys, tmp_path):
    out = tmp_path / "e.csv"
    run(capsys, "expected", *TANH, "--depths", "1", "2", "--out", str(out))
    assert out.read_text().startswith("depth,total,total error,stable")
    assert len(out.read_text().splitlines()) == 3
    run(capsys, "expected", *TANH, "--depths", "1", "2", "--out", str(tmp_path / "e.npz"))
    grid = rj.fixed_points.ExpectedGrid.load(tmp_path / "e.npz")
    assert grid.axes["depth"].tolist() == [1, 2]
    assert grid.at(depth=2).total.value == pytest.approx(2.051, abs=2e-3)
    run(capsys, "expected", *TANH, "--depths", "1", "2", "--out", str(tmp_path / "e.png"))
    assert (tmp_path / "e.png").stat().st_size > 5000


def test_beside_counts(capsys, tmp_path):
    out = tmp_path / "c.png"
    short = [*TANH, "--depth", "1", "--count", "20"]
    text = run(capsys, "expected", *short, "--out", str(out))
    assert "total: chi^2" in text
    assert out.stat().st_size > 5000
    facts = json.loads(run(capsys, "expected", *short, "--json"))
    (cell,) = facts["compared"]["cells"]
    counts = rj.count_fixed_points(rj.Ensemble([2, 2], "tanh", "gaussian:2.0", "gaussian:0.1"), 20, rng=0)
    assert cell["total"] == pytest.approx(counts.total.mean())
    run(capsys, "expected", *short, "--out", str(tmp_path / "c.npz"))
    assert len(rj.CountsComparison.load(tmp_path / "c.npz")) == 1


def test_the_preset_without_options(capsys):
    facts = json.loads(run(capsys, "expected", "--json", "--threads", "1"))
    assert facts["ensembles"][0] == json.loads(
        json.dumps(rj.Ensemble.berlyand_slavin(100, 2, law="gaussian").to_dict())
    )
    assert facts["total"]["value"][0] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--depths", "1", "2", "--depth", "3"], "--depths=1 2 gives the depths; leave out --depth and --widths"),
        (["--method", "magic"], "--method='magic' must be one of 'limit', 'conditional'"),
        (["--networks", "5"], "--networks=5 is of --method conditional"),
        ([*TANH, "--inputs", "0"], "--inputs=0 must be a positive whole number"),
        ([*TANH, "--depths", "0"], "--depth=0 must be a positive whole number"),
        (["--widths", "2", "5", "3"], "3"),
        (["--preset", "bs"], "Cauchy"),
        (["--out", "x.txt"], "--out='x.txt' must end in .png, .pdf, .svg, .npz, .csv"),
    ],
)
def test_errors_are_one_line(capsys, arguments, message):
    assert message in fail(capsys, "expected", *arguments)
