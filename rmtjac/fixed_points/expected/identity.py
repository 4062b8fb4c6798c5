"""What makes two descriptions the same ensemble, at finite width or for hidden layers of infinite width.

Two ensembles are compared by the numbers that decide their networks, so that ``Gaussian()`` and
``Gaussian(power=0.5)`` are the same law of weights, and no biases are the same as biases of scale 0.
"""

from __future__ import annotations

import math
from typing import Any

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Law

__all__ = ["Identity", "ensemble_of", "hidden_std", "identity", "wide_identity"]

Identity = tuple[Any, ...]
_DIGITS = 12  # scales that agree to so many digits are the same


def ensemble_of(facts: dict[str, Any]) -> Ensemble | None:
    """Return the ensemble that the facts of a result name, or None if they name none."""
    return Ensemble.from_dict(facts["ensemble"]) if "ensemble" in facts else None


def identity(ensemble: Ensemble) -> Identity:
    """Return what decides the networks of an ensemble: two ensembles with equal identities draw the same law."""
    return ensemble.widths, _layers(ensemble, wide=False)


def wide_identity(ensemble: Ensemble) -> Identity:
    """Return what decides an ensemble with hidden layers of infinite width: as `identity`, without their widths."""
    return (ensemble.widths[0], ensemble.depth, ensemble.widths[-1]), _layers(ensemble, wide=True)


def hidden_std(ensemble: Ensemble) -> tuple[float, float]:
    """Return sigma_w and sigma_b, the roots of n Var W and Var b, if all layers share them; else NaN."""
    numbers = ensemble.layer_numbers()
    weights = {_rounded(one["row_variance"]) for one in numbers}
    biases = {_rounded(one["bias_variance"]) for one in numbers}
    return tuple(math.sqrt(one.pop()) if len(one) == 1 else math.nan for one in (weights, biases))  # type: ignore[return-value]


def _layers(ensemble: Ensemble, wide: bool) -> tuple[Any, ...]:
    """Return activation, laws and scales of each layer; in the limit the variance n Var W in place of the scale."""
    out = []
    for l, numbers in enumerate(ensemble.layer_numbers()):
        bias = numbers["bias_scale"]
        weights = numbers["row_variance"] if wide else numbers["weight_scale"]
        out.append(
            (
                ensemble.activations[l].spec,
                *_law(ensemble.weights[l], weights),
                *_law(ensemble.biases[l] if ensemble.biases and bias else None, bias),
            )
        )
    return tuple(out)


def _law(law: Law | None, scale: float) -> tuple[Any, ...]:
    """Return the kind of a law, its shape parameter and its scale."""
    return (None, 0.0, 0.0) if law is None else (type(law).__name__, law.parameter, _rounded(scale))


def _rounded(value: float) -> float:
    """Return a number with the digits that count."""
    return float(f"{value:.{_DIGITS - 1}e}")
