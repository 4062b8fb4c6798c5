"""The limiting law of the eigenvalues of an ensemble, in one call.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from rmtjac.ensemble import Ensemble
from rmtjac.theory.eigenvalues.ring_law import RingLaw

__all__ = ["limit_eigenvalues"]


def limit_eigenvalues(ensemble: Ensemble, *, input_variance: float | str = 1.0) -> RingLaw:
    r"""Return the limit, as the widths grow in proportion, of the eigenvalues that `rmtjac.sample_eigenvalues` samples.

    J is R-diagonal in the limit, so by the single ring theorem its eigenvalues fill a ring around 0. With K_l the law
    of D_l^2 and chi_l the inverse of its moment transform, the share F of the eigenvalues with modulus at most r
    follows, for square layers with Gaussian weights, from

    .. math:: r^2 = \prod_{l=0}^{L-1} \sigma_l^2\,\frac{m}{\chi_{K_l}(m)}, \qquad m = F - 1.

    Its outer radius has :math:`r_{out}^2 = \prod_l \sigma_l^2 E D_l^2`, so spectral radius 1 is the critical line
    :math:`\chi_1 = 1` of the mean field.

    Parameters
    ----------
    ensemble : Ensemble
        The networks, with n_0 = n_L; the widths between may differ. Any activations, one law of weights for each layer.
        Of weights with independent entries only the variance matters; orthogonal weights are allowed.
    input_variance : float or {"stationary"}, default 1.0
        :math:`q_0 = |x^0|^2/n_0`, >= 0. With ``"stationary"`` it is the value that the layers leave unchanged.

    Returns
    -------
    RingLaw
        The law: radii, atom, cdf, densities, quantiles, means.

    Raises
    ------
    ValueError
        If J is not square, the weights of a layer have no variance or are 0, D = 0 in a layer, or no stationary input
        exists.
    TypeError
        If `input_variance` has the wrong type.

    See Also
    --------
    sample_eigenvalues : Sampled eigenvalues of the same ensemble.
    limit_spectrum : The singular values.
    compare : A sample and its limit side by side.

    Notes
    -----
    Cost: the laws of D, and at the first use a table (`RingLaw`).

    References
    ----------
    docs/theory/eigenvalues.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> law = rj.limit_eigenvalues(rj.Ensemble.square(1000, 1, "linear"))    # the circular law
    >>> law.cdf(0.5), law.planar_density([0.1, 0.9]).round(6), law.spectral_radius
    (array(0.25), array([0.31831, 0.31831]), 1.0)
    >>> rj.limit_eigenvalues(rj.Ensemble.square(1000, 5, "tanh"), input_variance=0.3)
    RingLaw(depth 5, |z| <= 0.543934, atom 0)
    """
    return RingLaw.from_ensemble(ensemble, input_variance=input_variance)
