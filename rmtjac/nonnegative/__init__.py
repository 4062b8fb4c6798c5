"""Nonnegative networks: monotone and scalable maps, their fixed points, certificates."""

from rmtjac.nonnegative.asymptotic import asymptotic_map, spectral_radius
from rmtjac.nonnegative.certificates.certificate import Certificate
from rmtjac.nonnegative.certificates.certification import certify
from rmtjac.nonnegative.enclosure import Extremal
from rmtjac.nonnegative.extremal import greatest_fixed_point, least_fixed_point
from rmtjac.nonnegative.perron_ray import Ray
from rmtjac.nonnegative.predicates import (
    Answer,
    concave,
    eventually_scalable,
    lower_primitive,
    monotone,
    nonnegative_biases,
    nonnegative_weights,
    positive,
    primitive,
    scalable,
    self_map,
    upper_primitive,
    weakly_scalable,
)
from rmtjac.nonnegative.rates import Rate, contraction_rate, thompson_rate

__all__ = [
    "Answer",
    "Certificate",
    "Extremal",
    "Rate",
    "Ray",
    "asymptotic_map",
    "certify",
    "concave",
    "contraction_rate",
    "eventually_scalable",
    "greatest_fixed_point",
    "least_fixed_point",
    "lower_primitive",
    "monotone",
    "nonnegative_biases",
    "nonnegative_weights",
    "positive",
    "primitive",
    "scalable",
    "self_map",
    "spectral_radius",
    "thompson_rate",
    "upper_primitive",
    "weakly_scalable",
]
