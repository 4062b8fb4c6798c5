"""Properties of a network on the nonnegative orthant, each with the evidence that decides."""

from rmtjac.nonnegative.predicates.answer import Answer
from rmtjac.nonnegative.predicates.order import monotone, nonnegative_biases, nonnegative_weights, self_map
from rmtjac.nonnegative.predicates.primitivity import lower_primitive, primitive, upper_primitive
from rmtjac.nonnegative.predicates.scaling import concave, eventually_scalable, positive, scalable, weakly_scalable

__all__ = [
    "Answer",
    "concave",
    "eventually_scalable",
    "lower_primitive",
    "monotone",
    "nonnegative_biases",
    "nonnegative_weights",
    "positive",
    "primitive",
    "scalable",
    "self_map",
    "upper_primitive",
    "weakly_scalable",
]
