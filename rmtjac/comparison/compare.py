"""One function for every pair of a sample and its theory."""

from __future__ import annotations

from typing import overload

from rmtjac.comparison.eigenvalues.compare_eigenvalues import compare_eigenvalues
from rmtjac.comparison.eigenvalues.result import RingComparison
from rmtjac.comparison.spectra.compare_spectra import compare_spectra
from rmtjac.comparison.spectra.result import Comparison
from rmtjac.spectra.eigenvalues.empirical import EmpiricalEigenvalues
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.theory.eigenvalues.ring_law import RingLaw
from rmtjac.theory.heavy_tails.limit import HeavyTailedLimit
from rmtjac.theory.limit.spectrum import LimitSpectrum

__all__ = ["compare"]


@overload
def compare(
    sample: EmpiricalSpectrum, theory: LimitSpectrum | HeavyTailedLimit, bins: int = ..., test: bool = ...
) -> Comparison: ...


@overload
def compare(sample: EmpiricalEigenvalues, theory: RingLaw) -> RingComparison: ...


def compare(
    sample: EmpiricalSpectrum | EmpiricalEigenvalues,
    theory: LimitSpectrum | HeavyTailedLimit | RingLaw,
    bins: int = 60,
    test: bool = False,
) -> Comparison | RingComparison:
    """Compare a sample with its limit.

    For spectra the result holds the Kolmogorov distance, the atom at 0, four moments, and two histograms, each beside
    the value of the limit and with a standard error between matrices. A limit that is smoothed in log lambda is
    compared with the sample smoothed by the same angle. For eigenvalues of J it holds the distances of the radial
    cdf with their bounds, the atom, and the largest modulus beside the one that is expected at this width.

    Parameters
    ----------
    sample : EmpiricalSpectrum or EmpiricalEigenvalues
        The sample, from `rmtjac.sample_spectrum` or `rmtjac.sample_eigenvalues`.
    theory : LimitSpectrum, HeavyTailedLimit or RingLaw
        Its limit, from `rmtjac.limit_spectrum` or `rmtjac.limit_eigenvalues`.
    bins : int, default 60
        The number of bins of the two histograms; for spectra only.
    test : bool, default False
        Whether to test the goodness of fit, with the defaults of `rmtjac.goodness_of_fit`. The test draws twice as many
        matrices of a quarter of the width. For spectra only.

    Returns
    -------
    Comparison or RingComparison
        The numbers; they can be had as a text table (`Comparison.table`), a dict, a `pandas.DataFrame`, or a picture
        (`rmtjac.plotting.plot_comparison`).

    Raises
    ------
    TypeError
        If `sample` or `theory` has another type, or the two do not belong together.
    ValueError
        If all eigenvalues are zero, or `bins` is not a positive whole number; or if `test` is asked for with a limit
        that has no calibrated test.
    OverflowError
        If an eigenvalue or a moment leaves the range of a float.

    See Also
    --------
    goodness_of_fit : The test alone.

    Notes
    -----
    Cost: some 2000 values of the limiting cdf, and a sort of the eigenvalues; with a smoothed limit, up to 800 times
    the number of eigenvalues. The test takes about 3 % of the time of the samples (for N of some hundreds or more).

    For heavy-tailed weights, bins of equal width reach up to the quantile of order 0.95 of the limit only.

    References
    ----------
    docs/theory/goodness.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> ens = rj.Ensemble.square(100, 2, "relu")
    >>> result = rj.compare(rj.sample_spectrum(ens, samples=20, rng=0), rj.limit_spectrum(ens), test=True)
    >>> result.ks < 0.05, result.verdict
    (True, 'agree at 5% (p = ...)')
    """
    if isinstance(sample, EmpiricalSpectrum) and isinstance(theory, (LimitSpectrum, HeavyTailedLimit)):
        return compare_spectra(sample, theory, bins, test)
    if isinstance(sample, EmpiricalEigenvalues) and isinstance(theory, RingLaw):
        if test or bins != 60:
            raise ValueError("bins and test are for spectra; eigenvalues are compared by distances with stated bounds")
        return compare_eigenvalues(sample, theory)
    raise TypeError(
        "compare needs an EmpiricalSpectrum and a LimitSpectrum, in this order (or a HeavyTailedLimit in its place), "
        "or EmpiricalEigenvalues and a RingLaw"
    )
