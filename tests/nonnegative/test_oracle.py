"""Certificates of random networks at all scales, against fixed points in mpmath: none is contradicted."""

import pytest

from tests.nonnegative import oracle


@pytest.mark.parametrize("seed", [0, 1])
def test_no_certificate_is_contradicted(seed):
    found = oracle.attack(60, seed)
    assert found["contradicted"] == found["warned"] == found["raised"] == 0, found
    assert found["point"] > 10  # and much is proved


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 14))
def test_no_certificate_is_contradicted_of_thousands(seed):
    found = oracle.attack(1500, seed)
    assert found["contradicted"] == found["warned"] == found["raised"] == 0, found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 14))
def test_no_error_of_a_layer_is_contradicted_of_thousands(seed):
    found = oracle.attack_layers(1000, seed)
    assert found["contradicted"] == found["warned"] == 0, found


def test_the_oracle_sees_what_is_wrong():
    # tanh(2 x): 0 and .9575; claims that are wrong on purpose.
    from dataclasses import replace

    import numpy as np

    import rmtjac as rj
    from rmtjac import nonnegative as nn

    net = rj.Network([[[2.0]]], activation="tanh")
    right = nn.certify(net)
    assert oracle.contradictions(net, right) == []
    top = right.greatest
    for wrong in (
        replace(right, unique=True),
        replace(right, exists=False),
        replace(right, positive=True),
        replace(right, rho=(0.1, 0.2)),
        replace(right, greatest=replace(top, upper=np.array([0.9]), lower=np.array([0.8]))),
        replace(right, greatest=replace(top, upper=np.array([1.0]), lower=np.array([0.97]))),
        replace(right, rate=nn.Rate(0.5, np.ones(1))),
        replace(right, thompson=0.5),
    ):
        assert oracle.contradictions(net, wrong), wrong
