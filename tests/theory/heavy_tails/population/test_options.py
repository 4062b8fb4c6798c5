"""Options of population dynamics."""

import pytest

from rmtjac.theory.heavy_tails.population.options import PopulationOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pool", 15), ("pool", 0), ("weights", 0), ("angle", 0.0), ("angle", 4.0), ("step", 2.0), ("step", 0.0),
        ("burn", 0), ("sweeps", -1), ("replicas", 1), ("target", 0.0), ("target", float("nan")), ("seed", -1),
        ("seed", 1.5), ("threads", 0),
    ],
)  # fmt: skip
def test_bad_options(name, value):
    with pytest.raises(ValueError, match=name):
        PopulationOptions(**{name: value})


def test_workers():
    assert PopulationOptions(threads=3).workers == 3
    assert PopulationOptions().workers >= 1
