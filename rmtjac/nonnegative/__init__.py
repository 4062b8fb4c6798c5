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

__all__ = [
    "TABLE",
    "Answer",
    "Certificate",
    "Extremal",
    "Facts",
    "asymptotic_map",
    "certify",
    "concave",
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
    "weakly_scalable",
]
