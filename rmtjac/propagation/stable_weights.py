r"""What matters of the weights of a wide layer: the stable law of their sums, and the law of their large squares.

The sum of the n entries of a row, :math:`\sum_j W_{ij} x_j`, tends to a symmetric stable law of index alpha, and the
sum of their squares with weights g_j >= 0 to a positive stable law of index alpha/2:

.. math:: E\, e^{i t \sum_j W_j x_j} \to e^{-\gamma^\alpha |t|^\alpha E|x|^\alpha}, \qquad
          E\, e^{-t \sum_j W_j^2 g_j} \to e^{-\kappa\, t^{\alpha/2} E g^{\alpha/2}}, \qquad
          \kappa = \frac{2\, \Gamma(\alpha)}{\Gamma(\alpha/2)}\, \gamma^\alpha .

Weights of finite variance sigma^2 / n have alpha = 2, gamma = sigma / sqrt 2 and kappa = sigma^2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Cauchy, Law, Orthogonal, Stable, StudentT

__all__ = ["StableWeights", "stable_layer", "stable_weights"]


class StableWeights(NamedTuple):
    """The stable law to which sums over the inputs of a layer tend.

    Attributes
    ----------
    alpha : float
        Its index, in (0, 2]; 2 for weights of finite variance.
    scale : float
        Its scale gamma > 0: the limit of n^(1/alpha) times the scale of an entry.
    """

    alpha: float
    scale: float

    @property
    def kappa(self) -> float:
        """The constant kappa of the sum of squares; the variance sigma^2 if alpha = 2."""
        return 2.0 * math.gamma(self.alpha) / math.gamma(0.5 * self.alpha) * self.scale**self.alpha

    @property
    def log_kappa(self) -> float:
        """The logarithm of kappa, which may leave the range of a float although the scale does not."""
        gammas = math.lgamma(self.alpha) - math.lgamma(0.5 * self.alpha)
        return math.log(2.0) + gammas + self.alpha * math.log(self.scale)

    @property
    def tail(self) -> float:
        """The limit of n w^alpha P(|W| > w): |W| are the points (tail / Gamma_k)^(1/alpha) of a Poisson process."""
        if self.alpha == 2.0:
            return 0.0
        return 2.0 / math.pi * math.gamma(self.alpha) * math.sin(0.5 * math.pi * self.alpha) * self.scale**self.alpha


def _student_scale(df: float) -> float:
    """Return the gamma of the stable law that attracts Student's t-distribution of df < 2."""
    # P(|X| > x) ~ c x^-df.
    tail = 2.0 * df ** (0.5 * df - 1.0) * math.exp(math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df))
    tail /= math.sqrt(math.pi)
    return (tail / StableWeights(df, 1.0).tail) ** (1.0 / df)


def _index_and_unit(one: Law) -> tuple[float, float]:
    """Return alpha, and gamma for entries X of the standard law."""
    if isinstance(one, Cauchy):
        return 1.0, 1.0
    if isinstance(one, Stable):
        return one.alpha, 1.0
    assert isinstance(one, StudentT)
    return one.df, _student_scale(one.df)


def stable_layer(ensemble: Ensemble, l: int, numbers: dict[str, float]) -> StableWeights:
    """Return the stable law of layer l, whose `numbers` come from `Ensemble.layer_numbers`.

    Raises
    ------
    ValueError
        For the same reasons as in `stable_weights`.
    """
    one = ensemble.weights[l]
    if isinstance(one, Orthogonal):
        raise ValueError(f"weights={one!r} in layer {l}: orthogonal weights have no stable limit of their sums")
    if one.finite_variance:
        alpha, scale = 2.0, math.sqrt(0.5 * numbers["row_variance"])
    elif isinstance(one, StudentT) and one.df == 2.0:
        raise ValueError(f"weights={one!r} in layer {l}: sums of n entries need a factor sqrt(log n) beyond n^-1/2")
    else:
        alpha, unit = _index_and_unit(one)
        scale = unit * numbers["weight_scale"] * ensemble.widths[l] ** (1.0 / alpha)
    if scale == 0.0:
        raise ValueError(f"weights={one!r} vanish in layer {l}: the spectrum is a point mass at 0")
    if not 0.0 < scale < math.inf:
        raise ValueError(f"weights={one!r}: their scale in layer {l} leaves the range of a float")
    return StableWeights(alpha, scale)


def stable_weights(ensemble: Ensemble) -> list[StableWeights]:
    """Return the stable law of each layer.

    Raises
    ------
    ValueError
        If the weights of a layer are 0, are orthogonal, have an infinite variance without a stable limit (Student's t
        with df = 2), or a scale beyond the range of a float.

    Examples
    --------
    >>> import rmtjac as rj
    >>> stable_weights(rj.Ensemble.square(100, 2, "tanh", [rj.Cauchy(1.5), rj.Gaussian(2.0)]))
    [StableWeights(alpha=1.0, scale=1.5), StableWeights(alpha=2.0, scale=1.4142135623730951)]
    """
    return [stable_layer(ensemble, l, numbers) for l, numbers in enumerate(ensemble.layer_numbers())]
