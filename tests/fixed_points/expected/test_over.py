import numpy as np
import pytest

import rmtjac as rj
from rmtjac.fixed_points.expected import over
from rmtjac.fixed_points.expected.over import expected_over
from tests.expected_by_hand import by_hand, plane

# tanh, n = 2: E[Q] and E[S] by another code, whose interpolation in |x|^2 left errors up to .002.
TABLE = {(1, 1.0, 0.1): (1.229, 0.892), (2, 1.0, 0.1): (1.150, 0.878), (1, 2.0, 0.1): (1.768, 0.772),
         (2, 2.0, 0.1): (2.051, 0.668)}  # fmt: skip


@pytest.fixture
def calls(monkeypatch):
    """Replace the computation of one ensemble by numbers that name it, and record the calls."""
    made = []

    def one(ensemble, n=None, *, method="limit", **options):
        made.append((ensemble, method, options))
        return by_hand(ensemble, 1.0 + ensemble.depth, ensemble.weights[0].std, method=method, growth=0.5)

    monkeypatch.setattr(over, "expected_fixed_points", one)
    return made


@pytest.fixture(scope="module")
def grid():
    return expected_over(depths=[1, 2], sigma_w=[1.0, 2.0], sigma_b=[0.1, 1.0], threads=1)


def test_published_numbers(grid):
    for (depth, w, b), (total, stable) in TABLE.items():
        cell = grid.at(depth=depth, sigma_w=w, sigma_b=b)
        assert cell.total.value == pytest.approx(total, abs=2e-3)
        assert cell.stable.value == pytest.approx(stable, abs=2e-3 + cell.stable.error)
    alone = rj.expected_fixed_points(plane(2, 2.0))
    assert grid.at(depth=2, sigma_w=2.0, sigma_b=0.1).total == alone.total
    assert grid.growth[1, 0, 1, 0] == alone.growth


def test_the_regimes_of_uniqueness(grid):
    """Order: E[Q] falls to 1 with the depth. Chaos: it rises. Small weights: it is 1 but for a small number."""
    more = grid.total[:, 0] - 1.0
    assert (grid.growth[0, 0] > 1.0).tolist() == [[False, False], [True, True]]
    assert more[1, 0, 1] < 0.1 * more[0, 0, 1]
    assert more[1, 1, 0] > 1.3 * more[0, 1, 0]
    for width in (10, 100):
        small = rj.expected_fixed_points(rj.Ensemble.berlyand_slavin(width, 2, law="gaussian"))
        assert small.total.value == pytest.approx(1.0, abs=small.total.error + 1e-3)
    one_layer = rj.expected_fixed_points(rj.Ensemble.berlyand_slavin(9, 1, law="gaussian"))
    assert one_layer.bound > 0.01  # the width plays no part, and more than one fixed point stays possible


@pytest.mark.parametrize("depth", [2, 3])
def test_small_weights_contract(depth):
    """Standard deviation 1/n: the norms of the layers multiply to less than 1, about (2 / sqrt N)^(L - 2) / 2."""
    for seed in range(20):
        net = rj.Ensemble.berlyand_slavin(100, depth, law="gaussian").draw(seed)
        bound = np.prod([np.linalg.norm(weights, 2) for weights in net.weights])
        assert bound == pytest.approx(0.5 * 0.2 ** (depth - 2), rel=0.5)
        assert bound < 1.0


def test_axes_and_ensembles(calls):
    grid = expected_over(
        depths=[1, 3], widths=[10, 20], sigma_w=np.array([0.5, 1.5]), sigma_b=(0.0, 0.2), activation="erf", n=3
    )
    assert grid.shape == (2, 2, 2, 2)
    assert len(calls) == 8  # the widths play no part in the limit
    assert grid.total[:, 1, 1, 0].tolist() == [2.0, 4.0]
    assert grid.stable[0, 0, :, 1].tolist() == [0.5, 1.5]
    facts = grid.at(depth=3, width=20, sigma_w=1.5, sigma_b=0.0).facts
    assert facts["ensemble"] == rj.Ensemble([3, 20, 20, 3], "erf", rj.Gaussian(1.5)).to_dict()
    expected_over(depths=[1, 3], widths=[10, 20], method="conditional", networks=7, rng=5)
    made = calls[8:]
    assert len(made) == 3  # at L = 1 there is no hidden layer
    assert {method for _, method, _ in made} == {"conditional"}
    assert {options["networks"] for *_, options in made} == {7}
    assert len({options["rng"].spawn_key for *_, options in made}) == 3


def test_streams_do_not_depend_on_the_other_ensembles(calls):
    ensembles = [plane(2), plane(3), plane(4)]
    expected_over(ensembles, method="conditional", rng=5, threads=1)
    expected_over(ensembles[::-1], method="conditional", rng=5, threads=1)
    keys = [options["rng"].spawn_key for *_, options in calls]
    assert sorted(keys[:3]) == sorted(keys[3:])
    assert [one.depth for one, *_ in calls[3:]] == [2, 3, 4] or [one.depth for one, *_ in calls[3:]] == [4, 3, 2]


def test_named_ensembles(calls):
    grid = expected_over({"a": plane(2, 0.5), ("c", 20, 3): plane(3, 0.5)})
    assert grid.axes["cell"].tolist() == ["a", "c, N=20, L=3"]
    assert grid.at(cell="a").total.value == 3.0
    assert expected_over([plane(2)]).axes["cell"].tolist() == ["0"]
    assert expected_over(plane(2)).total.tolist() == [3.0]


def test_an_error_names_the_ensemble(monkeypatch):
    def fails(ensemble, **options):
        raise ValueError("no")

    monkeypatch.setattr(over, "expected_fixed_points", fails)
    with pytest.raises(ValueError, match=r"Ensemble\(widths=\[2, 20, 2\].*: no"):
        expected_over([plane(2)])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "depth: the grid needs at least one value, or give ensembles"),
        ({"depths": 2, "sigma_w": []}, ValueError, "sigma_w: the grid needs at least one value"),
        ({"depths": 0}, ValueError, "depths=0 must be a positive whole number"),
        ({"depths": 2, "sigma_b": -1.0}, ValueError, "sigma_b=-1.0 must be a finite number >= 0"),
        ({"depths": 2, "n": 1.5}, TypeError, "n=1.5 must be a positive whole number"),
        ({"depths": 2, "method": "guess"}, ValueError, "method='guess' must be one of"),
        ({"depths": 2, "threads": 0}, ValueError, "threads=0 must be"),
        ({"ensembles": [plane(2)], "depths": 2}, ValueError, "ensembles and depths exclude each other"),
        ({"ensembles": []}, ValueError, "must hold at least one Ensemble"),
        ({"ensembles": {"a": 3}}, TypeError, r"ensembles\[a\]=3 must be an Ensemble"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        expected_over(**arguments)
