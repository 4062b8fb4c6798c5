"""Nonnegative networks: monotone and scalable maps, their fixed points, certificates."""

from rmtjac.nonnegative.asymptotic import asymptotic_map, spectral_radius
from rmtjac.nonnegative.certificate import Certificate, certify
from rmtjac.nonnegative.extremal import Extremal, greatest_fixed_point, least_fixed_point
from rmtjac.nonnegative.facts import TABLE, Facts
from rmtjac.nonnegative.predicates import (
    Answer,
    concave,
    monotone,
    nonnegative_biases,
    nonnegative_weights,
    positive,
    primitive,
    scalable,
    self_map,
    weakly_scalable,
)
from rmtjac.nonnegative.rates import Rate, contraction_rate, thompson_rate

__all__ = [
    "TABLE",
    "Answer",
    "Certificate",
    "Extremal",
    "Facts",
    "Rate",
    "asymptotic_map",
    "certify",
    "concave",
    "contraction_rate",
    "greatest_fixed_point",
    "least_fixed_point",
    "monotone",
    "nonnegative_biases",
    "nonnegative_weights",
    "positive",
    "primitive",
    "scalable",
    "self_map",
    "spectral_radius",
    "thompson_rate",
    "weakly_scalable",
]
