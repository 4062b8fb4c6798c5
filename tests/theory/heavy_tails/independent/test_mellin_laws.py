"""Tables of laws."""

import math

import numpy as np
import pytest

from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw
from rmtjac.theory.heavy_tails.independent.mellin_laws import ProductLaw, log_mellin, mellin_laws


def test_mellin_transform_of_samples():
    """E S^t of the positive stable law, drawn by Kanter's formula."""
    rng = np.random.default_rng(0)
    b = 0.6
    u, e = rng.uniform(0.0, math.pi, 200_000), rng.exponential(size=200_000)
    s = np.sin(b * u) / np.sin(u) ** (1.0 / b) * (np.sin((1.0 - b) * u) / e) ** ((1.0 - b) / b)
    for t in (-1.0, 0.2):
        got = np.exp(log_mellin((b,), np.array([complex(t + 1e-12)]))[0]) * math.sin(math.pi * (t + 1e-12)) / math.pi
        assert abs(got.real / np.mean(s**t) - 1.0) < 0.01


def test_an_index_next_to_one_is_refused_by_name():
    with pytest.raises(ValueError, match=r"alpha=1\.99999"):
        mellin_laws([ProductLaw((0.999995,), MaskLaw.one())])
