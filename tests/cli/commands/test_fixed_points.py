import json

import numpy as np
import pytest

import rmtjac as rj
from tests.cli.running import fail, run

SMALL = ["--preset", "bs", "--width", "20", "--depth", "2", "--seed", "3"]


def test_fixed_points(capsys, tmp_path):
    found = rj.find_fixed_points(rj.Ensemble.berlyand_slavin(20, 2).draw(3))
    text = run(capsys, "fixed-points", *SMALL, "--cross-check", "--out", str(tmp_path / "f.npz"))
    assert repr(found) in text
    assert "regions agrees" in text
    np.testing.assert_array_equal(rj.FixedPoints.load(tmp_path / "f.npz").points, found.points)
    facts = json.loads(run(capsys, "fixed-points", *SMALL, "--json"))
    assert facts["ensemble"] == json.loads(json.dumps(rj.Ensemble.berlyand_slavin(20, 2).to_dict()))
    assert facts["complete"]
    assert [point["x"] for point in facts["points"]] == found.points.tolist()
    run(capsys, "fixed-points", *SMALL, "--method", "grid", "--out", str(tmp_path / "f.png"))
    assert (tmp_path / "f.png").stat().st_size > 5000
    run(capsys, "fixed-points", *SMALL, "--out", str(tmp_path / "f.csv"))
    assert (tmp_path / "f.csv").read_text().startswith("x0,x1,kind,spectral_radius,index,proved,error")


def test_a_saved_network(capsys, tmp_path):
    path = rj.Network([[[0.0, 3.0], [3.0, 0.0]]], activation="hardtanh").save(tmp_path / "net.npz")
    facts = json.loads(run(capsys, "fixed-points", "--network", str(path), "--json", "--domain", "-2", "2"))
    assert len(facts["points"]) == 3
    assert facts["index_sum"] == 1


def test_counts(capsys, tmp_path):
    out = tmp_path / "c.csv"
    text = run(capsys, "fixed-points", *SMALL, "--networks", "5", "--outcomes", "--threads", "1", "--out", str(out))
    assert "complete, with proof: 5 of 5 networks" in text
    assert len(out.read_text().splitlines()) == 6
    facts = json.loads(run(capsys, "fixed-points", *SMALL, "--networks", "5", "--json"))
    counts = rj.count_fixed_points(rj.Ensemble.berlyand_slavin(20, 2), 5, rng=3)
    assert facts["means"]["stable"]["value"] == counts.stable.mean()


def test_basins(capsys, tmp_path):
    text = run(capsys, "basins", *SMALL, "--out", str(tmp_path / "b.png"))
    assert "proved bracket" in text
    assert (tmp_path / "b.png").stat().st_size > 5000
    facts = json.loads(run(capsys, "basins", *SMALL, "--prove", "-1", "--refine", "1", "--json"))
    assert sum(facts["fractions"]) <= 1 + 1e-12
    assert facts["undecided"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fixed-points", "--preset", "bs", "--weights", "levy"], "weights='levy' is not a known law"),
        (["fixed-points", "--depth", "5"], "--depth: widths are missing; add --preset bs, or --widths, or --width and"),
        (["basins", "--activation", "tanh", "--width", "9"], "--width --activation: widths are missing; add --preset"),
        (["basins", "--network", "x.npz", "--preset", "bs"], "--network='x.npz' gives the network; leave out --preset"),
        (["fixed-points", "--network", "x.npz", "--width", "3", "--biases", "none"], "leave out --width --biases"),
        (["fixed-points", "--method", "magic"], "method='magic' must be one of"),
        (["fixed-points", "--step", "9", "--method", "grid"], "step=9.0 is larger than the domain"),
        (["fixed-points", "--networks", "3", "--out", "x.png"], "--out='x.png' must end in .npz, .csv"),
        (
            ["fixed-points", "--networks", "3", "--network", "x.npz"],
            "--networks=3 counts fixed points of random networks",
        ),
        (["basins", "--network", "absent.npz"], "there is no such file"),
        (["basins", "--domain", "1", "1"], "low < high in every coordinate"),
    ],
)
def test_errors_are_one_line(capsys, arguments, message):
    assert message in fail(capsys, *arguments)


def test_newton_and_certificates(capsys, tmp_path):
    path = rj.Network([0.5 * np.eye(6)], [np.ones(6)], "tanh").save(tmp_path / "net.npz")
    facts = json.loads(run(capsys, "fixed-points", "--network", str(path), "--json"))
    assert (facts["method"], facts["complete"], len(facts["points"])) == ("contraction", True, 1)
    assert facts["statement"].startswith("1 proved to exist; there is no other")
    args = ("fixed-points", "--network", str(path), "--method", "newton", "--starts", "4")
    assert "whether there are others is open" in run(capsys, *args)
    facts = json.loads(run(capsys, *args, "--json"))
    assert facts["points"][0]["proved"]
    flat = rj.Network([np.eye(4)], None, "linear").save(tmp_path / "flat.npz")
    json.loads(run(capsys, "fixed-points", "--network", str(flat), "--json"))  # infinite errors are no JSON
