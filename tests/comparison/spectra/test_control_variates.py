import numpy as np
import pytest

from rmtjac.comparison.spectra.control_variates import regress


def testregression_is_that_of_least_squares():
    rng = np.random.default_rng(1)
    controls = rng.standard_normal((25, 2)) + 0.3
    values = np.column_stack([controls @ [1.0, -2.0] + 0.1 * rng.standard_normal(25), rng.standard_normal(25)])
    fit = regress(values, controls, np.array([True, False]))
    design = np.column_stack([np.ones(25), controls])
    slope, residual, *_ = np.linalg.lstsq(design, values[:, 0], rcond=None)
    assert fit.mean[0] == pytest.approx(slope[0], rel=1e-10)
    variance = residual[0] / 22 * np.linalg.inv(design.T @ design)[0, 0]
    assert fit.covariance[0, 0] == pytest.approx(variance, rel=1e-10)
    # the second is left alone
    assert fit.mean[1] == pytest.approx(values[:, 1].mean(), rel=1e-12)
    assert fit.covariance[1, 1] == pytest.approx(values[:, 1].var(ddof=1) / 25, rel=1e-12)
    assert fit.freedom == 22
