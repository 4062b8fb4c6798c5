"""Infinite width: mean field and phases, laws of D^2, the limit equation, the limiting spectrum, and proofs."""

from typing import TYPE_CHECKING

from rmtjac.lazy import lazy_names

if TYPE_CHECKING:
    from rmtjac.propagation.layer_maps import correlation_map, fixed_variance, stationary_scale
    from rmtjac.propagation.mean_field import MeanField, mean_field
    from rmtjac.propagation.phase import PhaseDiagram, SignalPhase, phase_diagram, signal_phase
    from rmtjac.propagation.tuning import Isometry, critical_line, isometry
    from rmtjac.theory.derivative_laws.base import DerivativeLaw
    from rmtjac.theory.derivative_laws.chi import inverse_moment_transform
    from rmtjac.theory.derivative_laws.discrete import DiscreteLaw
    from rmtjac.theory.derivative_laws.erf import ErfLaw
    from rmtjac.theory.derivative_laws.lerch import lerch_phi
    from rmtjac.theory.derivative_laws.of_activation import derivative_law
    from rmtjac.theory.derivative_laws.quadrature import QuadratureLaw
    from rmtjac.theory.eigenvalues.largest_modulus import LargestModulus
    from rmtjac.theory.eigenvalues.limit_eigenvalues import limit_eigenvalues
    from rmtjac.theory.eigenvalues.ring_law import RingLaw
    from rmtjac.theory.equation.continuation import ContinuationPoint, continuation
    from rmtjac.theory.equation.edge import Edge
    from rmtjac.theory.equation.layers import Layers
    from rmtjac.theory.finite_width.contraction import contraction_probability
    from rmtjac.theory.finite_width.extreme_law import ExtremeLaw
    from rmtjac.theory.finite_width.tracy_widom import TracyWidom
    from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
    from rmtjac.theory.heavy_tails.population.options import PopulationOptions
    from rmtjac.theory.limit.convergence import ConvergenceMap, convergence_map
    from rmtjac.theory.limit.limit_spectrum import limit_spectrum
    from rmtjac.theory.limit.spectrum import LimitSpectrum
    from rmtjac.theory.proof.density import CertifiedDensity, certified_density
    from rmtjac.theory.proof.edges import CertifiedEdges, certified_edges
    from rmtjac.theory.proof.moments import certified_moments
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "rmtjac.propagation.layer_maps": ("correlation_map", "fixed_variance", "stationary_scale"),
            "rmtjac.propagation.mean_field": ("MeanField", "mean_field"),
            "rmtjac.propagation.phase": ("PhaseDiagram", "SignalPhase", "phase_diagram", "signal_phase"),
            "rmtjac.propagation.tuning": ("Isometry", "critical_line", "isometry"),
            "rmtjac.theory.derivative_laws.base": ("DerivativeLaw",),
            "rmtjac.theory.derivative_laws.chi": ("inverse_moment_transform",),
            "rmtjac.theory.derivative_laws.discrete": ("DiscreteLaw",),
            "rmtjac.theory.derivative_laws.erf": ("ErfLaw",),
            "rmtjac.theory.derivative_laws.lerch": ("lerch_phi",),
            "rmtjac.theory.derivative_laws.of_activation": ("derivative_law",),
            "rmtjac.theory.derivative_laws.quadrature": ("QuadratureLaw",),
            "rmtjac.theory.eigenvalues.largest_modulus": ("LargestModulus",),
            "rmtjac.theory.eigenvalues.limit_eigenvalues": ("limit_eigenvalues",),
            "rmtjac.theory.eigenvalues.ring_law": ("RingLaw",),
            "rmtjac.theory.equation.continuation": ("ContinuationPoint", "continuation"),
            "rmtjac.theory.equation.edge": ("Edge",),
            "rmtjac.theory.equation.layers": ("Layers",),
            "rmtjac.theory.finite_width.contraction": ("contraction_probability",),
            "rmtjac.theory.finite_width.extreme_law": ("ExtremeLaw",),
            "rmtjac.theory.finite_width.tracy_widom": ("TracyWidom",),
            "rmtjac.theory.limit.convergence": ("ConvergenceMap", "convergence_map"),
            "rmtjac.theory.heavy_tails.limit": ("HeavyTailedLimit",),
            "rmtjac.theory.heavy_tails.population.options": ("PopulationOptions",),
            "rmtjac.theory.limit.limit_spectrum": ("limit_spectrum",),
            "rmtjac.theory.limit.spectrum": ("LimitSpectrum",),
            "rmtjac.theory.proof.density": ("CertifiedDensity", "certified_density"),
            "rmtjac.theory.proof.edges": ("CertifiedEdges", "certified_edges"),
            "rmtjac.theory.proof.moments": ("certified_moments",),
        },
    )

__all__ = [
    "CertifiedDensity",
    "CertifiedEdges",
    "ContinuationPoint",
    "ConvergenceMap",
    "DerivativeLaw",
    "DiscreteLaw",
    "Edge",
    "ErfLaw",
    "ExtremeLaw",
    "HeavyTailedLimit",
    "Isometry",
    "LargestModulus",
    "Layers",
    "LimitSpectrum",
    "MeanField",
    "PhaseDiagram",
    "PopulationOptions",
    "QuadratureLaw",
    "RingLaw",
    "SignalPhase",
    "TracyWidom",
    "certified_density",
    "certified_edges",
    "certified_moments",
    "continuation",
    "contraction_probability",
    "convergence_map",
    "correlation_map",
    "critical_line",
    "derivative_law",
    "fixed_variance",
    "inverse_moment_transform",
    "isometry",
    "lerch_phi",
    "limit_eigenvalues",
    "limit_spectrum",
    "mean_field",
    "phase_diagram",
    "signal_phase",
    "stationary_scale",
]
