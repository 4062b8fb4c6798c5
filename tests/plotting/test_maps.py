import matplotlib.pyplot as plt
import numpy as np
import pytest

from rmtjac.plotting import plot_convergence, plot_phase_diagram
from rmtjac.propagation.phase import phase_diagram
from rmtjac.propagation.tuning import critical_line
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.limit.convergence import convergence_map


def _shown(mesh, columns):
    return np.ma.filled(mesh.get_array(), np.nan).reshape(-1, columns)


@pytest.mark.parametrize("quantity", ["chi_1", "xi_c"])
def test_phase_diagram(quantity):
    # not sorted on purpose
    diagram = phase_diagram("tanh", [3.0, 0.5, 2.0, 0.0], [0.2, 0.05, 0.0])
    figure, (ax, other) = plt.subplots(1, 2)
    found = plot_phase_diagram(diagram, ax, quantity=quantity)
    figure.canvas.draw()
    assert found["ax"] is ax
    assert not other.has_data()
    wanted = getattr(diagram, quantity)[::-1][:, [3, 1, 2, 0]]
    shown = _shown(found["mesh"], 4)
    assert np.isnan(shown[:, 0]).all()  # no weights: chi_1 = 0
    np.testing.assert_allclose((np.e if quantity == "chi_1" else 10.0) ** shown[:, 1:], wanted[:, 1:], rtol=1e-12)
    if quantity == "chi_1":  # white is chi_1 = 1
        assert found["mesh"].norm.vmin == -found["mesh"].norm.vmax
    # cell (i, j) lies around its point: borders half way
    corners = found["mesh"].get_coordinates()
    np.testing.assert_allclose(corners[0, :, 0], [-0.25, 0.25, 1.25, 2.5, 3.5])
    np.testing.assert_allclose(corners[:, 0, 1], [-0.025, 0.025, 0.125, 0.275])
    (line,) = found["critical"]
    weight, bias = line.get_data()
    np.testing.assert_allclose(weight, critical_line("tanh", bias), rtol=1e-12)
    assert (bias.min(), bias.max()) == (0.0, pytest.approx(0.275))
    assert ax.get_xlim() == (0.0, 3.5)
    assert ax.get_ylim() == (0.0, pytest.approx(0.275))


@pytest.mark.parametrize("quantity", ["chi_1", "spectral_radius", "xi_c"])
@pytest.mark.parametrize(
    ("name", "weight", "bias"), [("tanh", [2.0], [0.05]), ("relu", [3.0], [0.0]), ("relu", [2.0], [0.0, 0.1])]
)
def test_phase_diagram_of_few_points(name, weight, bias, quantity):
    # one cell; no number at all (unbounded); nothing but 0 and NaN
    found = plot_phase_diagram(phase_diagram(name, weight, bias), quantity=quantity)
    found["ax"].figure.canvas.draw()
    assert _shown(found["mesh"], 1).shape == (len(bias), 1)
    (x0, x1), (y0, y1) = found["ax"].get_xlim(), found["ax"].get_ylim()
    assert x0 < weight[0] < x1
    assert y0 <= min(bias) < max(bias) + 1e-9 < y1


def test_the_critical_line_is_spectral_radius_one():
    diagram = phase_diagram("tanh", [0.5, 1.5, 3.0], [0.0, 0.1, 0.3])
    np.testing.assert_array_equal(diagram.spectral_radius, np.sqrt(diagram.chi_1))
    found = plot_phase_diagram(diagram, quantity="spectral_radius")
    found["ax"].figure.canvas.draw()
    np.testing.assert_allclose(np.exp(_shown(found["mesh"], 3)), diagram.spectral_radius)
    assert [text.get_text() for text in found["legend"].get_texts()] == [r"$\chi_1 = 1$: spectral radius 1"]
    assert set(found["contours"].levels) <= {0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5}


def test_phase_diagram_knows_its_quantities():
    with pytest.raises(ValueError, match="quantity='q' must be one of 'chi_1', 'spectral_radius', 'xi_c'"):
        plot_phase_diagram(phase_diagram("tanh", [1.0], [0.1]), quantity="q")
    assert not plt.get_fignums()


def test_convergence():
    # a few steps of few iterations: some points cannot converge; 1.5 is outside the support
    law = DiscreteLaw.from_points([1.0], [1.0])
    result = convergence_map(law, [4, 2], [0.5, 0.1, 1.5], steps=20, max_iter=3)
    figure, (ax, other) = plt.subplots(1, 2)
    found = plot_convergence(result, ax)
    figure.canvas.draw()
    assert found["ax"] is ax
    assert not other.has_data()
    shown = _shown(found["mesh"], 3)
    error = result.relative_error[::-1][:, [1, 0, 2]]
    np.testing.assert_allclose(10.0**shown, error, rtol=1e-12)
    assert np.isnan(shown[:, 2]).all()
    assert found["mesh"].norm.vmax == 0.0
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2", "4"]
    rows = {2: 0, 4: 1}
    lost = {(result.lams[j], rows[result.depths[i]]) for i, j in np.argwhere(~result.converged)}
    assert lost
    for crosses in found["unconverged"]:
        assert set(zip(*crosses.get_data(), strict=True)) == lost
    assert ax.get_legend() is found["legend"]


def test_convergence_of_one_point():
    result = convergence_map(DiscreteLaw.from_points([1.0], [1.0]), [3], [0.5], steps=20)
    assert result.converged.all()
    found = plot_convergence(result)
    found["ax"].figure.canvas.draw()
    assert "legend" not in found
    low, high = found["ax"].get_xlim()
    assert low < 0.5 < high
