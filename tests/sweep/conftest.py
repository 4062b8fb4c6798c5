"""The sweep that the engines are compared with."""

import pytest

import rmtjac as rj
from tests.sweep.whole import new_plan


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the serial engine collects."""
    folder = tmp_path_factory.mktemp("serial") / "sweep"
    new_plan(folder, 0.0)
    assert rj.sweep.run(folder, "serial").complete
    return rj.sweep.load(folder), folder
