r"""Laws of weights and biases, with the scale convention spelled out.

An entry of the layer from :math:`n_l` to :math:`n_{l+1}` neurons is

.. math:: W_{ij} = s\, n^{-a} X, \qquad X \text{ standard},

with :math:`s` the scale, :math:`a` the `power` and :math:`n` the `fan`: ``"in"`` is :math:`n_l`, ``"out"`` is
:math:`n_{l+1}`, ``"width"`` is the largest width of the network. For weights, :math:`a` is by default 1/2 if the law
has a variance, and :math:`1/\alpha` if its tail is :math:`P(|X| > x) \sim x^{-\alpha}` with :math:`\alpha < 2`. For
biases, :math:`a` is 0 by default, so that ``Gaussian(0.1)`` biases have variance 0.01 in every layer.
"""

from rmtjac.laws.base import Law, LawCode
from rmtjac.laws.heavy_tails import Cauchy, Stable, StudentT
from rmtjac.laws.orthogonal import Orthogonal
from rmtjac.laws.parse import law
from rmtjac.laws.standardised import Gaussian, Rademacher, Uniform

__all__ = ["Cauchy", "Gaussian", "Law", "LawCode", "Orthogonal", "Rademacher", "Stable", "StudentT", "Uniform", "law"]
