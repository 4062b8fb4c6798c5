"""Densities against 30-digit values that data/make_reference_limits.py computed with mpmath alone."""

import json
from pathlib import Path

import numpy as np
import pytest

import rmtjac as rj

_CASES = json.loads((Path(__file__).parents[2] / "data" / "reference_limits.json").read_text())["cases"]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: f"{case['activation']}-q{case['q']}-L{case['depth']}")
def test_density(case):
    # The law of D of ReLU does not depend on q.
    law = rj.theory.derivative_law(rj.activations.activation(case["activation"]), float(case["q"] or 1.0))
    lim = rj.LimitSpectrum(rj.theory.Layers([law] * case["depth"], [1.0] * case["depth"]))
    lam, density = np.array(case["lam"], dtype=float), np.array(case["density"], dtype=float)
    # 1e-11: rounding of 1e-16, times a condition below 1e2 in the bulk, with room for the quadrature of tanh.
    np.testing.assert_allclose(lim.density(lam), density, rtol=1e-11, atol=0.0)
