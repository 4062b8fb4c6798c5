"""Limits: mean field, laws of D, the limit equation by two routes, the limiting spectrum, proofs, phases."""

from rmtjac.propagation.mean_field import MeanField, mean_field
from rmtjac.propagation.phase import (
    PhaseDiagram,
    SignalPhase,
    correlation_map,
    fixed_point,
    phase_diagram,
    signal_phase,
)
from rmtjac.propagation.tuning import Isometry, critical_line, isometry
from rmtjac.theory.certified_edges import CertifiedEdges, certified_edges
from rmtjac.theory.certified_moments import certified_moments
from rmtjac.theory.certify import CertifiedDensity, certified_density
from rmtjac.theory.continuation import ContinuationPoint, continuation
from rmtjac.theory.convergence import ConvergenceMap, convergence_map
from rmtjac.theory.derivative_law import derivative_law
from rmtjac.theory.discrete_law import DiscreteLaw
from rmtjac.theory.edges import Edge
from rmtjac.theory.erf_law import ErfLaw
from rmtjac.theory.law import DerivativeLaw
from rmtjac.theory.layers import Layers
from rmtjac.theory.lerch import lerch_phi
from rmtjac.theory.limit import limit_spectrum
from rmtjac.theory.quadrature_law import QuadratureLaw
from rmtjac.theory.spectrum import LimitSpectrum
from rmtjac.theory.transforms import chi

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
    "chi",
    "continuation",
    "convergence_map",
    "correlation_map",
    "critical_line",
    "derivative_law",
    "fixed_point",
    "isometry",
    "lerch_phi",
    "limit_spectrum",
    "mean_field",
    "phase_diagram",
    "signal_phase",
]
