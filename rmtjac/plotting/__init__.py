"""Pictures of results, drawn on an Axes; the only package that imports matplotlib.

Functions take ``ax``, return what they drew, never call ``show`` and never change rcParams. Colour-blind readers can
tell the colours apart, and so can readers of grey print.
"""

from typing import TYPE_CHECKING

from rmtjac.lazy import lazy_names

if TYPE_CHECKING:
    from rmtjac.plotting.comparison import plot_comparison
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
    "plot_convergence",
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
