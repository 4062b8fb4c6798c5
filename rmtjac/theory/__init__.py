"""Limits: mean field, laws of D, the limit equation by two routes, the limiting spectrum, proofs, phases."""

from rmtjac.propagation.layer_maps import correlation_map, fixed_variance
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
from rmtjac.theory.equation.continuation import ContinuationPoint, continuation
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.support import Edge
from rmtjac.theory.limit.convergence import ConvergenceMap, convergence_map
from rmtjac.theory.limit.limit_spectrum import limit_spectrum
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.theory.proof.density import CertifiedDensity, certified_density
from rmtjac.theory.proof.edges import CertifiedEdges, certified_edges
from rmtjac.theory.proof.moments import certified_moments

__all__ = [
    "CertifiedDensity",
    "CertifiedEdges",
    "ContinuationPoint",
    "ConvergenceMap",
    "DerivativeLaw",
    "DiscreteLaw",
    "Edge",
    "ErfLaw",
    "Isometry",
    "Layers",
    "LimitSpectrum",
    "MeanField",
    "PhaseDiagram",
    "QuadratureLaw",
    "SignalPhase",
    "certified_density",
    "certified_edges",
    "certified_moments",
    "continuation",
    "convergence_map",
    "correlation_map",
    "critical_line",
    "derivative_law",
    "fixed_variance",
    "inverse_moment_transform",
    "isometry",
    "lerch_phi",
    "limit_spectrum",
    "mean_field",
    "phase_diagram",
    "signal_phase",
]
