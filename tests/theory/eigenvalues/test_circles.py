import math

import pytest

import rmtjac as rj


def test_slopes_at_the_circles():
    # F = r^(2/L): dF/dlog r = 2/L; one orthogonal relu: r^2 = (F - 1/2)/F, dF/dlog r = 4 (F - 1/2) F = 2 at F = 1
    assert rj.limit_eigenvalues(rj.Ensemble.square(6, 4, "linear")).edge_slope == pytest.approx(0.5, rel=1e-12)
    assert rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "relu", rj.Orthogonal())).edge_slope == pytest.approx(
        2.0, rel=1e-12
    )
    hole = rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "arctan", rj.Orthogonal()))
    for slope, p in ((hole.edge_slope, [1.0, 1.0 - 1e-5]), (hole.inner_slope, [1e-4, 2e-4])):
        logs = hole.log_quantile(p)
        assert slope == pytest.approx((p[1] - p[0]) / (logs[1] - logs[0]), rel=2e-2)
    assert rj.limit_eigenvalues(rj.Ensemble.square(6, 1, "linear", rj.Orthogonal())).edge_slope == math.inf
