import matplotlib as mpl
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest

import rmtjac as rj
from rmtjac.plotting import plot_comparison, plot_limit, plot_spectrum
from tests.plotting.pairs import pair
from tests.theory.heavy_tails.one_cauchy_layer import cauchy_pair

SCALES = ["semilog", "loglog"]


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
    found = _draw(kind, pair(), ax, scale=scale)
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
    found = _draw(kind, pair(), None)
    figure = found["figure"] if kind == "comparison" else found["ax"].figure
    assert figure is not mine
    assert len(plt.get_fignums()) == 2
    assert not mine.axes


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_scale(kind):
    with pytest.raises(ValueError, match="scale='linear' must be one of 'semilog', 'loglog'"):
        _draw(kind, pair(), None, scale="linear")
    assert not plt.get_fignums()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("name", "pieces"), [("linear", 1), ("relu", 1), ("leaky_relu:0.1", 2)])
def test_limit_line_is_the_density_one_piece_per_interval(name, pieces, scale):
    _, lim = both = pair(name, 1)
    found = {kind: _draw(kind, both, plt.figure().add_subplot(), scale=scale) for kind in KINDS[1:]}
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
    emp, _ = pair("linear")
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
    emp, lim = both = pair(name, 1)
    ax = plt.figure().add_subplot()
    found = _draw(kind, both, ax, scale=scale)
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
    emp, lim = pair("relu", 1)
    ax = plt.figure().add_subplot()
    plot_spectrum(emp, ax, scale=scale)
    plot_limit(lim, ax, scale=scale)
    assert _texts(ax).count("atom at 0") == 1
    assert len(ax.get_legend().get_texts()) == 2


def test_a_panel_letter_does_not_hide_the_atom():
    ax = plt.figure().add_subplot()
    ax.text(0.9, 0.1, "(a)", transform=ax.transAxes)
    assert "atom" in plot_limit(pair("relu", 1)[1], ax)


def test_a_label_does_not_hide_the_atom():
    assert "atom" in plot_spectrum(pair("relu", 1)[0], label="ReLU")


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
    found = _draw(kind, pair(name, 1), None)
    figure = found["figure"] if kind == "comparison" else found["ax"].figure
    figure.savefig(tmp_path / "x.png", dpi=100)
    ink, shape = _ink(tmp_path / "x.png")
    blank = plt.figure(figsize=figure.get_size_inches())
    blank.add_subplot()
    blank.savefig(tmp_path / "blank.png", dpi=100)
    assert shape == matplotlib.image.imread(tmp_path / "blank.png")[..., :3].shape
    # more than empty axes show, less than a picture painted over
    assert _ink(tmp_path / "blank.png")[0] < ink < 0.3


@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_heavy_tails_have_log_axes_and_name_their_method(angle):
    emp, lim = cauchy_pair(angle, error=0.01 if angle else 0.0)
    drawn = plot_limit(lim)
    (words,) = [text.get_text() for text in drawn["ax"].get_legend().get_texts()]
    assert "(oracle)" in words
    assert ("smoothed, angle 0.2" in words) == (angle > 0.0)
    assert drawn["ax"].get_xscale() == "log"
    assert len(drawn["density"]) == (2 if angle else 1)  # the line, and a band where the errors are seen
    lines = plot_spectrum(emp)
    assert lines["ax"].get_xscale() == "log"
    low, high = lines["ax"].get_xlim()
    both = plot_limit(lim, lines["ax"])["density"][0].get_xdata()
    assert both[0] == pytest.approx(low)
    assert both[-1] == pytest.approx(high)
    assert plot_limit(lim, scale="semilog")["ax"].get_xscale() == "linear"
    result = rj.compare(emp, lim)
    panel = plot_comparison(result, plt.figure().subplots())
    assert panel["ax"].get_xscale() == "log"
    names = [text.get_text() for text in panel["ax"].get_legend().get_texts()]
    assert any("(oracle)" in name for name in names)
    assert any(name.endswith("smoothed") for name in names) == (angle > 0.0)
    assert np.isfinite(panel["ax"].get_xlim()).all()
