import colorsys
from itertools import pairwise

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb

from rmtjac.plotting.canvas import BLACK, BLUE, GREY, PALETTE, new_axes


def test_axes_given_or_new():
    _, ax = plt.subplots()
    assert new_axes(ax) is ax
    fresh = new_axes(None)
    assert fresh is not ax
    assert fresh.figure is not ax.figure
    assert fresh.figure.get_layout_engine() is not None  # labels are not cut off


def _luminance(color):
    """Relative luminance of an sRGB colour (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_are_told_apart():
    assert len(set(PALETTE)) == len(PALETTE) == 7
    assert PALETTE[0] == BLUE
    # The first three differ in grey print too, and every colour has a hue, unlike black and grey.
    values = sorted(_luminance(color) for color in PALETTE[:3])
    assert min(b - a for a, b in pairwise(values)) > 0.08
    assert min(colorsys.rgb_to_hsv(*to_rgb(color))[1] for color in PALETTE) > 0.3
    assert {colorsys.rgb_to_hsv(*to_rgb(color))[1] for color in (BLACK, GREY)} == {0.0}
