"""The limiting spectrum of an ensemble, in one call.

Sources: BS, PS (docs/references.md).
"""

from __future__ import annotations

from rmtjac.ensemble import Ensemble
from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["limit_spectrum"]


def limit_spectrum(
    ensemble: Ensemble,
    *,
    input_variance: float | str = 1.0,
    method: str = "inverse",
    digits: int = 15,
    certify: bool = False,
) -> LimitSpectrum:
    r"""Return the limit, as the widths grow in proportion, of the spectrum that `rmtjac.sample_spectrum` samples.

    With K_l the law of D_l^2, :math:`m_K(z) = E\,z D^2 / (1 - z D^2)` and L square layers with Gaussian weights and one
    law K, the transform :math:`m_M(z) = \sum_k m_k z^k` of the moments of the limit solves

    .. math:: m_M(z) = m_K\bigl(z^{1/L}\,\Psi_L(m_M(z))\bigr), \qquad \Psi_L(m) = (1+m)^{1/L} m^{1-1/L};

    `rmtjac.theory.equation.roots` has the equation of layers of any widths, laws and kinds.

    Parameters
    ----------
    ensemble : Ensemble
        The networks, with weights of finite variance, or orthogonal ones. Of the law of the weights only the variance
        matters (universality). Of the widths only the ratios matter, once the scale convention of the weights has
        given the variances.
    input_variance : float or {"stationary"}
        :math:`q_0 = |x^0|^2/n_0`, >= 0. With ``"stationary"`` it is the value that the layers leave unchanged: every
        layer then has the same law of D, as in BS (14).
    method : {"inverse", "continuation"}
        How the density is computed: by the explicit inverse lambda(m) of the equation
        (`rmtjac.theory.equation.roots`), or by the paper's continuation in arbitrary precision, which needs equal
        layers.
    digits : int
        Working precision of the continuation, in decimal digits.
    certify : bool
        Whether `density` and `density_error` come with a proof (extra ``[certify]``).

    Returns
    -------
    LimitSpectrum
        The limit: support, atoms, density, cdf, quantiles, moments.

    Raises
    ------
    ValueError
        If an argument is out of range, no stationary input exists, or D = 0 or W = 0 in a layer.
    NotImplementedError
        If weights or biases are heavy-tailed.
    ArithmeticError
        If no edge of the support is resolved, or the mass on the support is not 1.
    OverflowError
        If the upper edge of the support leaves the range of a float.
    ImportError
        If `certify` is true and python-flint is not installed.

    See Also
    --------
    rmtjac.sample_spectrum : Spectra of sampled networks of the same ensemble.
    rmtjac.compare : A sampled spectrum and its limit side by side.

    Notes
    -----
    The density costs 1-10 us a point; with `certify` 30 us for laws of two values, and milliseconds for smooth
    activations; with ``method="continuation"`` about 0.2 s.

    References
    ----------
    BS (12), BS (14), BS (18)-(23); PS (1.24); docs/theory/limit_equation.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(1000, 1, "linear"))     # Marchenko-Pastur
    >>> lim.support, lim.moments(3)
    (array([[0., 4.]]), array([1., 2., 5.]))
    >>> rj.limit_spectrum(rj.Ensemble([300, 450, 200, 400], ["hardtanh", "erf", "relu"]))
    LimitSpectrum(depth 3, support (0, 3.59056], atom 0.5)
    """
    return LimitSpectrum.from_ensemble(
        ensemble, input_variance=input_variance, method=method, digits=digits, certify=certify
    )
