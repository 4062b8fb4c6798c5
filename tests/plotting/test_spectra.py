import matplotlib as mpl
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.plotting import plot_comparison, plot_convergence, plot_limit, plot_phase_diagram, plot_spectrum
from rmtjac.propagation.phase import phase_diagram
from rmtjac.propagation.tuning import critical_line
from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
from rmtjac.theory.limit.convergence import convergence_map

SCALES = ["semilog", "loglog"]


@pytest.fixture(autouse=True)
def _no_figure_left_and_no_setting_changed(monkeypatch):
    def refuse(*arguments, **options):
        pytest.fail("a drawing function called show")

    monkeypatch.setattr(plt, "show", refuse)
    monkeypatch.setattr("matplotlib.figure.Figure.show", refuse)
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def _pair(name="hardtanh", depth=2, width=40, samples=10):
    ens = rj.Ensemble.square(width, depth, name)
    return rj.sample_spectrum(ens, samples, rng=0), rj.limit_spectrum(ens)


def _draw(kind, pair, ax, **options):
    emp, lim = pair
    if kind == "spectrum":
        return plot_spectrum(emp, ax, **options)
    if kind == "limit":
        return plot_limit(lim, ax, **options)
    return plot_comparison(rj.compare(emp, lim), ax, **options)


def _artists(found):
    for value in found.values() if isinstance(found, dict) else found:
        if isinstance(value, (dict, list, tuple)):
            yield from _artists(value)
        elif isinstance(value, mpl.artist.Artist) and not isinstance(value, (plt.Axes, plt.Figure)):
            yield value


KINDS = ["spectrum", "limit", "comparison"]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", KINDS)
def test_draws_on_the_axes_given(kind, scale):
    figure, (ax, other) = plt.subplots(1, 2)
    found = _draw(kind, _pair(), ax, scale=scale)
    assert found["ax"] is ax
    artists = list(_artists(found))
    assert len(artists) >= 3  # a curve and the two parts of the atom at least
    assert all(artist.axes is ax for artist in artists)
    assert not other.has_data()
    assert plt.get_fignums() == [figure.number]
    assert ax.get_xscale() == ("log" if scale == "loglog" else "linear")
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == r"$\lambda$"
    assert r"\rho" in ax.get_ylabel()
    assert ax.get_legend() is not None


@pytest.mark.parametrize("kind", KINDS)
def test_makes_a_figure_of_its_own(kind):
    mine = plt.figure()
    found = _draw(kind, _pair(), None)
    figure = found["figure"] if kind == "comparison" else found["ax"].figure
    assert figure is not mine
    assert len(plt.get_fignums()) == 2
    assert not mine.axes


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_scale(kind):
    with pytest.raises(ValueError, match="scale='linear' must be one of 'semilog', 'loglog'"):
        _draw(kind, _pair(), None, scale="linear")
    assert not plt.get_fignums()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("name", "pieces"), [("linear", 1), ("relu", 1), ("leaky_relu:0.1", 2)])
def test_limit_line_is_the_density_one_piece_per_interval(name, pieces, scale):
    _, lim = pair = _pair(name, 1)
    found = {kind: _draw(kind, pair, plt.figure().add_subplot(), scale=scale) for kind in KINDS[1:]}
    for lines in (found["limit"]["density"], found["comparison"]["limit"]):
        assert len(lines) == pieces == len(lim.support)
        for line, (low, high) in zip(lines, lim.support, strict=True):
            lam, density = line.get_data()
            assert lam.size > 100
            # rounding of exp(log edge) at both ends
            assert lam.min() >= low * (1 - 1e-12)
            assert lam.max() <= high * (1 + 1e-12)
            # The last bits of a point depend on the others in the call, more of them at the edges.
            inner = slice(1, -1)
            error = 10 * lim.density_error(lam[inner]) + 1e-12 * density[inner]
            assert (np.abs(density[inner] - lim.density(lam[inner])) <= error + 1e-290).all()
    labels = [line.get_label().startswith("limit") for line in found["limit"]["density"]]
    assert labels == [True] + [False] * (pieces - 1)


@pytest.mark.parametrize("scale", SCALES)
def test_steps_are_the_histogram(scale):
    emp, _ = _pair("linear")
    histogram = emp.histogram(15, "log" if scale == "loglog" else "linear")
    found = plot_spectrum(emp, scale=scale, bins=15, label="mine", color="red")
    line = found["density"][0]
    full = histogram.fraction > 0
    y, x, baseline = line.get_data()
    np.testing.assert_allclose(x, histogram.edges, rtol=1e-13)
    np.testing.assert_allclose(y[full], histogram.density[full], rtol=1e-13)
    assert (y[~full] <= baseline).all()
    assert line.get_label() == "mine"
    assert line.get_edgecolor()[:3] == (1.0, 0.0, 0.0)


def _texts(ax):
    return " ".join(text.get_text() for text in ax.texts)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "atom"), [("linear", False), ("leaky_relu:0.1", False), ("relu", True), ("hardtanh", True)]
)
def test_atom_is_labelled_where_there_is_one(name, atom, kind, scale):
    emp, lim = pair = _pair(name, 1)
    ax = plt.figure().add_subplot()
    found = _draw(kind, pair, ax, scale=scale)
    assert ("atom" in found) == atom
    assert ("atom" in _texts(ax)) == atom
    if atom:
        assert emp.atom != pytest.approx(lim.atom, abs=1e-4)  # so that the two numbers are told apart
        wanted = {"spectrum": [emp.atom], "limit": [lim.atom], "comparison": [emp.atom, lim.atom]}[kind]
        for number in wanted:
            assert f"{number:.4f}" in _texts(ax)
        assert _texts(ax).count("0.") == len(wanted)


@pytest.mark.parametrize("scale", SCALES)
def test_one_atom_label_for_two_curves(scale):
    emp, lim = _pair("relu", 1)
    ax = plt.figure().add_subplot()
    plot_spectrum(emp, ax, scale=scale)
    plot_limit(lim, ax, scale=scale)
    assert _texts(ax).count("atom at 0") == 1
    assert len(ax.get_legend().get_texts()) == 2


def test_a_panel_letter_does_not_hide_the_atom():
    ax = plt.figure().add_subplot()
    ax.text(0.9, 0.1, "(a)", transform=ax.transAxes)
    assert "atom" in plot_limit(_pair("relu", 1)[1], ax)


def test_a_label_does_not_hide_the_atom():
    assert "atom" in plot_spectrum(_pair("relu", 1)[0], label="ReLU")


def test_comparison_shows_both_scales_above_their_pulls():
    result = rj.compare(*_pair())
    found = plot_comparison(result, title="a title")
    axes = found["axes"]
    assert axes.shape == (2, 2)
    assert found["figure"].get_suptitle() == "a title"
    for column, (kind, binned) in enumerate(zip(SCALES, (result.linear, result.log), strict=True)):
        top, bottom = axes[:, column]
        assert found[kind]["ax"] is top
        assert top.get_xscale() == bottom.get_xscale() == ("log" if kind == "loglog" else "linear")
        assert top.get_xlim() == bottom.get_xlim()
        points = found[f"{kind}_pulls"][-1]
        assert points.axes is bottom
        x, y = points.get_data()
        shown = np.isin(binned.histogram.centers, x)
        # bins that hold nothing, neither sampled nor expected, may be left out
        assert shown[binned.histogram.fraction > 0].all()
        np.testing.assert_array_equal(y, binned.pulls[shown])
        assert bottom.get_ylim()[1] >= np.nanmax(np.abs(y))
        # everything sampled lies within the axes
        low, high = top.get_xlim()
        assert low <= binned.histogram.edges[0]
        assert high >= binned.histogram.edges[-1]


def test_large_pulls_stay_in_the_picture():
    emp, _ = _pair("linear", 2, 40, 50)
    wrong = rj.limit_spectrum(rj.Ensemble.square(40, 6, "linear"))
    result = rj.compare(emp, wrong)
    bottom = plot_comparison(result)["axes"][1, 0]
    assert np.nanmax(np.abs(result.linear.pulls)) > 10
    assert bottom.get_ylim()[1] > np.nanmax(np.abs(result.linear.pulls))
    assert bottom.get_yscale() == "symlog"


def test_a_single_sample_is_drawn_without_errors():
    found = plot_comparison(rj.compare(*_pair("relu", 2, 30, 1)))
    assert np.isnan(found["semilog_pulls"][-1].get_ydata()).all()
    assert np.isfinite(found["axes"][1, 0].get_ylim()).all()
    found["figure"].canvas.draw()


def test_every_full_bin_has_a_band():
    # four bins of width 7/4 from 0 on: the third one is empty
    values = np.array([[1.0, 2.0, 6.0, 7.0], [1.5, 1.6, 2.0, 7.0]])
    emp = rj.EmpiricalSpectrum(0.5 * np.log(values), np.full(2, -40.0), np.zeros(2, dtype=np.int64), {})
    line, band = plot_spectrum(emp, bins=4)["density"][:2]
    values, edges, baseline = line.get_data()
    paths = band.get_paths() if hasattr(band, "get_paths") else [band.get_path()]
    corners = np.concatenate([path.vertices for path in paths])
    full = np.flatnonzero(values > 1.01 * baseline)
    assert full.size == 3
    for i in full:
        heights = corners[(corners[:, 0] > edges[i] - 1e-9) & (corners[:, 0] < edges[i + 1] + 1e-9)]
        assert np.ptp(heights[:, 0]) > 0.9 * (edges[i + 1] - edges[i])


def _ink(path):
    """Fraction of the pixels that are not white."""
    pixels = matplotlib.image.imread(path)[..., :3]
    return np.mean(pixels.min(axis=-1) < 0.9), pixels.shape


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["hardtanh", "leaky_relu:0.1"])
def test_saves_as_png(tmp_path, kind, name):
    found = _draw(kind, _pair(name, 1), None)
    figure = found["figure"] if kind == "comparison" else found["ax"].figure
    figure.savefig(tmp_path / "x.png", dpi=100)
    ink, shape = _ink(tmp_path / "x.png")
    blank = plt.figure(figsize=figure.get_size_inches())
    blank.add_subplot()
    blank.savefig(tmp_path / "blank.png", dpi=100)
    assert shape == matplotlib.image.imread(tmp_path / "blank.png")[..., :3].shape
    # more than empty axes show, less than a picture painted over
    assert _ink(tmp_path / "blank.png")[0] < ink < 0.3


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["relu", "hardtanh"])
def test_labels_neither_overlap_nor_leave_the_axes(name, scale):
    figure = plt.figure()
    ax = figure.add_subplot()
    found = plot_comparison(rj.compare(*_pair(name, 1)), ax, scale=scale)
    figure.canvas.draw()
    words, legend = found["atom"][1].get_window_extent(), ax.get_legend().get_window_extent()
    frame = ax.get_window_extent()
    assert not words.overlaps(legend)
    for box in (words, legend):
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1


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


@pytest.mark.parametrize("quantity", ["chi_1", "xi_c"])
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


def test_phase_diagram_knows_its_quantities():
    with pytest.raises(ValueError, match="quantity='q' must be one of 'chi_1', 'xi_c'"):
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
