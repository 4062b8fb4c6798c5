r"""Biases so faint that only the fixed point next to the origin feels them.

Let the map without biases have the fixed point 0, and let it be nearly linear for :math:`|x| < r`. Biases that act like
an input of size :math:`\epsilon \ll r` move the origin to a fixed point of size about
:math:`\epsilon / |\det(I - J)|`. All expected numbers change by about :math:`(\epsilon / r)^{2/3}`: by the share of
networks in which a fixed point bifurcates, a cusp.
"""

from __future__ import annotations

import numpy as np

from rmtjac.theory.counts.kac_rice import SCALES, passes_origin
from rmtjac.theory.counts.kernel_scalars import GaussianMap
from rmtjac.theory.counts.origin import kink_at_zero

__all__ = ["without_faint_biases"]

_FAINT = 1e-42  # of |x|^2; the numbers change by about its third root, 1e-14
_CURVED = 0.1  # change of q / |x|^2 where the map is not linear any more
_SEEN = 1e-190  # variances below are not computed


def without_faint_biases(net: GaussianMap) -> GaussianMap:
    """Return the map without biases if these are so faint that no expected number feels them, else the map itself.

    Parameters
    ----------
    net : GaussianMap
        The map. A map whose activations have a kink at 0 is returned as it is: there the origin has no derivative.

    Examples
    --------
    >>> from rmtjac.activations import activation
    >>> faint = GaussianMap(2, 0.5, 1e-200, (), activation("tanh"))
    >>> without_faint_biases(faint).bias
    0.0
    """
    hidden = tuple(layer._replace(bias=0.0) for layer in net.hidden)
    bare = GaussianMap(net.n, net.weight, 0.0, hidden, net.phi)
    if not passes_origin(bare) or any(kink_at_zero(phi) for phi in (*(layer.phi for layer in hidden), net.phi)):
        return net
    start, ahead = net.variances(np.zeros(1)), bare.variances(SCALES)
    acts_like, linear_to = 0.0, SCALES[-1]
    for at_zero, q in zip(start, ahead, strict=True):
        if not q[0] > _SEEN:
            return net
        slope = q[0] / SCALES[0]
        acts_like = max(acts_like, float(at_zero[0] / slope))
        curved = np.abs(q / SCALES / slope - 1.0) > _CURVED
        linear_to = min(linear_to, float(SCALES[curved][0])) if curved.any() else linear_to
    return bare if acts_like <= _FAINT * linear_to else net
