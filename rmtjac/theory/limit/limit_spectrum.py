"""The limiting spectrum of an ensemble, in one call.

Sources: BS, PS (docs/references.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rmtjac.ensemble import Ensemble
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
from rmtjac.theory.heavy_tails.routes import METHODS, heavy_tailed
from rmtjac.theory.limit.spectrum import LimitSpectrum
from rmtjac.validate import choice, positive_int

if TYPE_CHECKING:
    from rmtjac.theory.heavy_tails.population.options import PopulationOptions

__all__ = ["limit_spectrum"]


def limit_spectrum(
    ensemble: Ensemble,
    *,
    input_variance: float | str = 1.0,
    method: str = "auto",
    digits: int = 15,
    certify: bool = False,
    masks: str = "network",
    inputs: Any = None,
    population: PopulationOptions | dict[str, Any] | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> LimitSpectrum | HeavyTailedLimit:
    r"""Return the limit, as the widths grow in proportion, of the spectrum that `rmtjac.sample_spectrum` samples.

    With K_l the law of D_l^2, :math:`m_K(z) = E\,z D^2 / (1 - z D^2)` and L square layers with Gaussian weights and one
    law K, the transform :math:`m_M(z) = \sum_k m_k z^k` of the moments of the limit solves

    .. math:: m_M(z) = m_K\bigl(z^{1/L}\,\Psi_L(m_M(z))\bigr), \qquad \Psi_L(m) = (1+m)^{1/L} m^{1-1/L};

    `rmtjac.theory.equation.roots` has the equation of layers of any widths, laws and kinds.

    If the weights of a layer have no variance (Cauchy, stable, Student's t with df < 2), the limit is a
    `HeavyTailedLimit`, which has the same methods. A large weight then saturates its own neuron, so that D depends on
    W, and the method follows from the ensemble: scalar equations if D depends on signs only (linear, ReLU, leaky ReLU)
    in each layer whose weights have no variance, or if the masks are independent; deterministic equations for one
    HardTanh layer with Cauchy weights; population dynamics for all others. `HeavyTailedLimit.method` and
    `HeavyTailedLimit.smoothing` say what was used.

    Parameters
    ----------
    ensemble : Ensemble
        The networks. Of weights of finite variance only the variance matters, of others only the stable law of their
        sums (universality); orthogonal weights go together with weights of finite variance only. Of the widths only the
        ratios matter, once the scale convention of the weights has given the scales.
    input_variance : float or {"stationary"}
        :math:`q_0 = |x^0|^2/n_0`, >= 0. With ``"stationary"`` it is the value that the layers leave unchanged: every
        layer then has the same law of D, as in BS (14).
    method : {"auto", "inverse", "continuation", "independent", "coupled", "population"}
        How the limit is computed; the default chooses. For weights of finite variance: the explicit inverse lambda(m)
        of the equation (`rmtjac.theory.equation.roots`), or the paper's continuation in arbitrary precision, which
        needs equal layers. For heavy-tailed weights: scalar equations, one coupled layer, or population dynamics.
    digits : int
        Working precision of the continuation, in decimal digits.
    certify : bool
        Whether `density` and `density_error` come with a proof (extra ``[certify]``); not for heavy-tailed weights.
    masks : {"network", "independent"}
        Whether D comes from a forward pass, or is drawn from its mean-field law, as in `rmtjac.sample_spectrum`. For
        weights of finite variance the limit is the same.
    inputs : array_like of float, optional
        Entries of the input of ``"coupled"`` and ``"population"``, equally probable, in place of Gaussian ones of the
        variance `input_variance`; 1.0 stands for abs(x) = 1.
    population : PopulationOptions or dict, optional
        Options of population dynamics (`rmtjac.theory.PopulationOptions`), or some of them by name.
    seed, threads : int, optional
        The seed and the threads of population dynamics; they replace those of `population`. The result depends on the
        seed only.
    progress : bool
        Whether population dynamics shows a progress bar.

    Returns
    -------
    LimitSpectrum or HeavyTailedLimit
        The limit: support, atoms, density, cdf, quantiles, moments.

    Raises
    ------
    ValueError
        If an argument is out of range, no stationary input exists, or D = 0 or W = 0 in a layer; if the method or the
        masks would give a wrong limit for the ensemble; if weights without a variance have no stable limit (Student's
        t with df = 2), or stand beside orthogonal ones.
    NotImplementedError
        If biases are heavy-tailed and no weights are.
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
    activations; with ``method="continuation"`` about 0.2 s. For heavy-tailed weights see docs/theory/heavy_tails.md.

    References
    ----------
    BS (12), BS (14), BS (18)-(23); PS (1.24); docs/theory/limit_equation.md; docs/theory/heavy_tails.md.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(1000, 1, "linear"))     # Marchenko-Pastur
    >>> lim.support, lim.moments(3)
    (array([[0., 4.]]), array([1., 2., 5.]))
    >>> rj.limit_spectrum(rj.Ensemble([300, 450, 200, 400], ["hardtanh", "erf", "relu"]))
    LimitSpectrum(depth 3, support (0, 3.59056], atom 0.5)
    >>> rj.limit_spectrum(rj.Ensemble.square(1000, 3, "linear", rj.Cauchy())).quantile([0.5, 0.75]).round(4)
    array([ 0.5658, 43.8501])
    """
    choice("method", method, (*METHODS, "inverse", "continuation"))
    choice("masks", masks, ("network", "independent"))
    positive_int("digits", digits)
    if not heavy_tailed(ensemble):
        if method in METHODS[1:]:
            raise ValueError(
                f"method={method!r} is for heavy-tailed weights, and all weights here have a variance: "
                "method='inverse' gives their limit, without smoothing"
            )
        if inputs is not None:
            raise ValueError(
                "inputs are for heavy-tailed weights; here only input_variance, the mean of their squares, matters"
            )
        route = "inverse" if method == "auto" else method
        return LimitSpectrum.from_ensemble(
            ensemble, input_variance=input_variance, method=route, digits=digits, certify=certify
        )
    if certify:
        raise ValueError("certify=True: no density for heavy-tailed weights is proved; density_error is an estimate")
    if method in ("inverse", "continuation"):
        raise ValueError(
            f"method={method!r} needs weights with a variance, and BS (14) does not hold for heavy-tailed ones; "
            "method='auto' chooses among 'independent', 'coupled' and 'population'"
        )
    return HeavyTailedLimit.from_ensemble(
        ensemble, input_variance=input_variance, method=method, masks=masks, inputs=inputs, population=population,
        seed=seed, threads=threads, progress=progress,
    )  # fmt: skip
