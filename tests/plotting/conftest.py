import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest


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
