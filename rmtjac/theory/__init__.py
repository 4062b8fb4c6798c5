"""Limits: mean field, laws of D, the limit equation by two routes, the limiting spectrum, proofs, phases."""

from rmtjac.propagation import MeanField, mean_field
from rmtjac.theory.continuation import ContinuationPoint, continuation
from rmtjac.theory.derivative_law import DerivativeLaw, DiscreteLaw, ErfLaw, QuadratureLaw, derivative_law
from rmtjac.theory.edges import Edge
from rmtjac.theory.inverse import Layers
from rmtjac.theory.lerch import lerch_phi
from rmtjac.theory.limit import limit_spectrum
from rmtjac.theory.spectrum import LimitSpectrum
from rmtjac.theory.transforms import chi

__all__ = [
    "ContinuationPoint",
    "DerivativeLaw",
    "DiscreteLaw",
    "Edge",
    "ErfLaw",
    "Layers",
    "LimitSpectrum",
    "MeanField",
    "QuadratureLaw",
    "chi",
    "continuation",
    "derivative_law",
    "lerch_phi",
    "limit_spectrum",
    "mean_field",
]
