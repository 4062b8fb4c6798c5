"""The limiting spectrum of an ensemble."""

from __future__ import annotations

import math

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Orthogonal
from rmtjac.propagation.mean_field import MeanField, mean_field
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.theory.derivative_laws.of_activation import derivative_law
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import choice, positive_int

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

    Parameters
    ----------
    ensemble
        With weights of finite variance, or orthogonal. Laws of weights enter by their variance only (universality); the
        limit depends on the widths by their ratios, and by the scale convention where that does.
    input_variance
        :math:`q_0 = |x^0|^2/n_0`, or ``"stationary"``: every layer then has the same law of D, as in BS (14).
    method
        ``"inverse"`` (default), see `rmtjac.theory.equation.roots`: 1-10 us a point.
        ``"continuation"``: the paper's route in arbitrary precision, for equal layers.
    digits
        Working digits of the continuation.
    certify
        Whether `density` and `density_error` come with a proof (extra ``[certify]``): 30 us a point for laws of two
        values, milliseconds for smooth activations.

    Raises
    ------
    ValueError
        If no stationary input exists, or all of D or W vanishes.
    NotImplementedError
        For heavy-tailed weights.
    ImportError
        If `certify` is asked for and python-flint is not installed.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(1000, 1, "linear"))     # Marchenko-Pastur
    >>> lim.support, lim.moments(3)
    (array([[0., 4.]]), array([1., 2., 5.]))
    >>> rj.limit_spectrum(rj.Ensemble([300, 450, 200, 400], ["hardtanh", "erf", "relu"]))
    LimitSpectrum(depth 3, support (0, 3.59056], atom 0.5)
    """
    choice("method", method, ("inverse", "continuation"))
    positive_int("digits", digits)
    if certify:
        from rmtjac.theory.proof.arb import flint_module

        flint_module()
        if method != "inverse":
            raise ValueError(f"method={method!r} has no proof; certify=True needs method='inverse'")
    for one in ensemble.weights:
        if not one.finite_variance:
            raise NotImplementedError(
                f"weights={one!r} have no variance, and BS (14) does not hold for them; their limit is not available "
                "here yet: sample_spectrum samples such ensembles"
            )
    variances = _variances(ensemble)
    signal = mean_field(ensemble, input_variance)
    facts = {
        "ensemble": ensemble.to_dict(),
        "input_variance": signal.input_variance,
        "method": method,
        "digits": digits,
        "certify": certify,
    }
    orthogonal = [isinstance(one, Orthogonal) for one in ensemble.weights]
    layers = Layers(_laws(ensemble, signal), variances, ensemble.widths, orthogonal)
    lim = LimitSpectrum(layers, method, digits, certify, facts)
    _ = lim.support  # refuses a spectrum beyond the range of a float now, not at the first density
    if method == "continuation" and layers.equal_law is None:
        lim.continuation([])  # raises the explanation now instead of at the first density
    return lim


def _variances(ensemble: Ensemble) -> list[float]:
    """sigma_l^2 = n_l Var W_ij, or the squared gain of orthogonal weights."""
    out = []
    for l, layer in enumerate(ensemble.layer_numbers()):
        one = ensemble.weights[l]
        variance = one.gain**2 if isinstance(one, Orthogonal) else layer["row_variance"]
        if variance == 0.0:
            raise ValueError(f"weights={one!r} vanish in layer {l}: the spectrum is a point mass at 0")
        if variance == math.inf:
            raise ValueError(f"weights={one!r}: their variance in layer {l} leaves the range of a float")
        out.append(variance)
    return out


def _laws(ensemble: Ensemble, signal: MeanField) -> list[DerivativeLaw]:
    """Law of D^2 per layer; variances that agree to rounding count as equal."""
    pairs = zip(ensemble.activations, signal.preactivation_variances, strict=True)
    return [derivative_law(phi, float(f"{q:.13g}")) for phi, q in pairs]
