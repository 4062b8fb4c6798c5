import math

import numpy as np
import pytest

import rmtjac as rj
from tests.saved import content

EMP = rj.sample_eigenvalues(rj.Ensemble.square(20, 2, "hardtanh"), 6, rng=1)


def test_eigenvalues_are_those_of_the_jacobians():
    ensemble = rj.Ensemble.square(20, 2, "hardtanh")
    for i in range(6):
        jacobian = rj.spectra.sample_network(ensemble, 1, i).jacobian(rj.spectra.sample_input(ensemble, 1, i))
        # some eigenvalues of a matrix without a full rank are ill-conditioned zeros
        mine, others = (np.sort_complex(x.round(10)) for x in (EMP.eigenvalues[i], np.linalg.eigvals(jacobian)))
        np.testing.assert_allclose(np.sort(np.abs(mine)), np.sort(np.abs(others)), atol=1e-6)
        assert EMP.zero_fractions[i] * 20 >= 20 - np.linalg.matrix_rank(jacobian)
        assert EMP.spectral_radii[i] == pytest.approx(np.abs(np.linalg.eigvals(jacobian)).max(), rel=1e-12)


def test_deep_products_say_what_is_noise():
    emp = rj.sample_eigenvalues(rj.Ensemble.square(30, 60, "linear"), 3, rng=1)
    assert 0.2 < emp.unresolved < 0.9
    assert "unresolved" in repr(emp)
    assert np.all(emp.log_moduli[emp.resolved] > emp.log_floors.min())
    tiny = rj.sample_eigenvalues(rj.Ensemble.square(10, 5, "linear", rj.Gaussian(1e-150)), 3, rng=1)
    same = rj.sample_eigenvalues(rj.Ensemble.square(10, 5, "linear"), 3, rng=1)
    np.testing.assert_allclose(tiny.log_moduli, same.log_moduli + 5 * math.log(1e-150), atol=1e-6)
    assert np.all(tiny.moduli == 0.0)
    assert "exp(-17" in repr(tiny)
    huge = rj.sample_eigenvalues(rj.Ensemble.square(10, 5, "linear", rj.Gaussian(1e150)), 3, rng=1)
    with pytest.raises(OverflowError, match="use log_moduli"):
        _ = huge.eigenvalues


def test_file(tmp_path):
    again = rj.EmpiricalEigenvalues.load(EMP.save(tmp_path / "a.npz"))
    assert content(again) == content(EMP)
    table = EMP.to_pandas()
    assert len(table) == 120
    assert table["resolved"].all()
