"""Pictures of results, drawn on an Axes; the only package that imports matplotlib.

Functions take ``ax``, return what they drew, never call ``show`` and never change rcParams. Colour-blind readers can
tell the colours apart, and so can readers of grey print.
"""

from typing import TYPE_CHECKING

from rmtjac.lazy import lazy_names

if TYPE_CHECKING:
    from rmtjac.plotting.comparison import plot_comparison
    from rmtjac.plotting.contraction import plot_contraction
    from rmtjac.plotting.expected.counts import plot_counts
    from rmtjac.plotting.expected.curves import plot_expected, plot_expected_map
    from rmtjac.plotting.expected.density import plot_expected_density
    from rmtjac.plotting.maps import plot_convergence, plot_phase_diagram
    from rmtjac.plotting.nonnegative import plot_certificate, plot_reconstructions, plot_training
    from rmtjac.plotting.planes import plot_basins, plot_fixed_points, plot_regions
    from rmtjac.plotting.rings import plot_ring
    from rmtjac.plotting.spectra import plot_limit, plot_spectrum
    from rmtjac.plotting.sweeps import plot_sweep
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "rmtjac.plotting.comparison": ("plot_comparison",),
            "rmtjac.plotting.contraction": ("plot_contraction",),
            "rmtjac.plotting.expected.counts": ("plot_counts",),
            "rmtjac.plotting.expected.curves": ("plot_expected", "plot_expected_map"),
            "rmtjac.plotting.expected.density": ("plot_expected_density",),
            "rmtjac.plotting.maps": ("plot_convergence", "plot_phase_diagram"),
            "rmtjac.plotting.nonnegative": ("plot_certificate", "plot_reconstructions", "plot_training"),
            "rmtjac.plotting.planes": ("plot_basins", "plot_fixed_points", "plot_regions"),
            "rmtjac.plotting.rings": ("plot_ring",),
            "rmtjac.plotting.spectra": ("plot_limit", "plot_spectrum"),
            "rmtjac.plotting.sweeps": ("plot_sweep",),
        },
    )

__all__ = [
    "plot_basins",
    "plot_certificate",
    "plot_comparison",
    "plot_contraction",
    "plot_convergence",
    "plot_counts",
    "plot_expected",
    "plot_expected_density",
    "plot_expected_map",
    "plot_fixed_points",
    "plot_limit",
    "plot_phase_diagram",
    "plot_reconstructions",
    "plot_regions",
    "plot_ring",
    "plot_spectrum",
    "plot_sweep",
    "plot_training",
]
