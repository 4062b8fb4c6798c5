import argparse

import numpy as np
import pytest

import rmtjac as rj
from rmtjac.cli.limit_options import population_options
from tests.cli.running import fail, run, strict

LINEAR = ["--activation", "linear", "--depth", "2", "--width", "30", "--weights", "cauchy:1.0"]
QUICK = ["--activation", "tanh", "--depth", "1", "--width", "20", "--weights", "cauchy:1.0",
         "--pool-size", "24", "--replicas", "2", "--smoothing", "0.5", "--threads", "1"]  # fmt: skip


def test_limit_json_has_quantiles_in_place_of_moments(capsys):
    facts = strict(run(capsys, "limit", "--json", *LINEAR))
    lim = rj.limit_spectrum(rj.Ensemble.square(30, 2, "linear", rj.Cauchy()))
    assert (facts["method"], facts["smoothing"], facts["moments"]) == ("independent", 0.0, [None] * 4)
    assert facts["support"] == [[0.0, None]]
    assert facts["tail"] == {"exponent": 0.5, "constant": lim.tail.constant, "log_power": 1.0}
    for p, q in facts["log_quantiles_nonzero"].items():
        assert q == lim.log_quantile(float(p))
    np.testing.assert_array_equal(facts["curve"]["density"], lim.density(facts["curve"]["lambda"]))


def test_limit_text_names_method_tail_and_missing_moments(capsys):
    text = run(capsys, "limit", *LINEAR)
    assert "method 'independent', no smoothing" in text
    assert "tail P(lambda > x) ~" in text
    assert "m1 does not exist (tail exponent 0.5" in text
    assert "nan" not in text


@pytest.mark.parametrize("law", ["stable:1.0:1.5", "student_t:1.2:1.0", "cauchy:1.0,gaussian:2.0"])
def test_other_heavy_tails(capsys, law):
    facts = strict(run(capsys, "limit", "--json", *LINEAR[:-1], law))
    assert facts["method"] == "independent"
    assert facts["moments"][0] is None


def test_files(capsys, tmp_path):
    for name in ("c.npz", "c.csv", "c.png"):
        run(capsys, "limit", *LINEAR, "--out", tmp_path / name)
    assert rj.HeavyTailedLimit.load(tmp_path / "c.npz").method == "independent"
    assert (tmp_path / "c.csv").read_text().startswith("lambda,density,density_error,cdf\n")


def test_compare(capsys, tmp_path):
    options = [*LINEAR, "--samples", "12", "--out", tmp_path / "c.png"]
    facts = strict(run(capsys, "compare", "--json", *options))
    assert (facts["method"], facts["tail_exponent"], facts["moments"]["m1"]) == ("independent", 0.5, None)
    text = run(capsys, "compare", *options, "--test")
    assert "/sqrt(N) for one matrix" in text
    assert "goodness of fit: " in text


def test_masks_reach_the_limit(capsys):
    options = [
        "limit",
        "--json",
        "--activation",
        "hardtanh",
        "--depth",
        "1",
        "--width",
        "20",
        "--weights",
        "cauchy:1.0",
    ]
    assert strict(run(capsys, *options))["method"] == "coupled"
    assert strict(run(capsys, *options, "--masks", "independent"))["method"] == "independent"
    assert "masks='none'" in fail(capsys, *options, "--masks", "none")
    assert "forward pass" in fail(capsys, *options, "--method", "independent")
    assert "method='inverse'" in fail(capsys, "limit", "--width", "20", "--method", "population")


def test_population_options_are_those_that_are_given(capsys):
    none = argparse.Namespace(smoothing=None, pool_size=None, replicas=None)
    assert population_options(none) == {}
    some = argparse.Namespace(smoothing=0.3, pool_size=None, replicas=4)
    assert population_options(some) == {"angle": 0.3, "replicas": 4}


def test_population(capsys):
    from rmtjac.cli.main import main

    assert main(["limit", "--json", *QUICK, "--seed", "3"]) == 0
    facts = strict(capsys.readouterr().out)  # the progress bar is on stderr
    assert (facts["method"], facts["smoothing"]) == ("population", 0.5)
    assert min(facts["curve"]["density_error"]) > 0.0
    assert "pool=3" in fail(capsys, "limit", *QUICK, "--pool-size", "3")
