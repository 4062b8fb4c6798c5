"""Certificates of random networks at all scales, against fixed points in mpmath: none is contradicted."""

from dataclasses import replace

import numpy as np
import pytest

import rmtjac as rj
from rmtjac import nonnegative as nn
from tests.nonnegative import oracle


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_no_certificate_is_contradicted(seed):
    found = oracle.attack(25, seed)
    assert found["contradicted"] == found["warned"] == found["raised"] == 0, found
    assert found["point"] > 4  # and much is proved


def test_the_oracle_sees_what_is_wrong():
    # tanh(2 x): 0 and .9575; claims that are wrong on purpose.
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
