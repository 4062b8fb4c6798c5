r"""The exponent of a heavy tail, :math:`P(X > x) \sim x^{-\alpha}`, from the largest values of a sample.

With :math:`X_{(1)} \ge X_{(2)} \ge \dots` the estimate of Hill (1975) from the k largest values is

.. math:: \hat\alpha(k)^{-1} = \frac1k \sum_{i \le k} \log \frac{X_{(i)}}{X_{(k+1)}},

with the relative standard error :math:`1/\sqrt k` for independent values. A small k uses few values. A large k includes
values that do not follow the power law yet. Guillou & Hall (2001) estimate where the power law ends. For a pure power
law the scaled spacings :math:`Z_j = j \log(X_{(j)}/X_{(j+1)})` are independent and exponential, and their trend

.. math:: T(k) = \sqrt{3/k^3}\, \hat\alpha(k) \sum_{j \le k} (k - 2j + 1) Z_j

is standard normal. Their k is the smallest k past which the root mean square of T over (k/2, 3k/2) stays above 1.25.
At this k bias and standard error are of the same size. So an eighth of this k is used by default. If there is no trend
at all, every value is used.

Measured on 1000 to 100,000 Student-t (df 1, 3, 5) and stable (.5 to 1.9) variables, intervals of 1.96 standard errors
contain the exponent in 83 to 100 % of the samples. The coverage is least for large exponents, whose power law begins
late (t with df = 5: median 4.5 at n = 10,000). For a tail that is lighter than every power the estimate grows slowly
with the number of values: it is about 14 for 10,000 Gaussian values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rmtjac.validate import choice, positive_int, real_array

__all__ = ["TailCurve", "TailIndex", "tail_index"]

_TREND = 1.25  # threshold of Guillou & Hall
_SHARE = 8  # the k of Guillou & Hall is divided by this
_FEWEST = 5  # the smallest k that is chosen automatically


@dataclass(frozen=True, eq=False)
class TailCurve:
    """Estimates of a tail exponent for each number k of values, to look for a plateau.

    Attributes
    ----------
    k : ndarray of int, shape (n,)
        The numbers 1, 2, ... of values used.
    index : ndarray of float, shape (n,)
        The estimates of the exponent.
    error : ndarray of float, shape (n,)
        Their standard errors for independent values.

    See Also
    --------
    rmtjac.spectra.tail_index : Estimate an exponent; the result holds this curve.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> rj.spectra.tail_index(np.abs(np.random.default_rng(0).standard_cauchy(100))).curve
    TailCurve(k = 1 ... 99)
    """

    k: np.ndarray
    index: np.ndarray
    error: np.ndarray

    def __post_init__(self) -> None:
        for array in (self.k, self.index, self.error):
            array.flags.writeable = False

    def __repr__(self) -> str:
        return f"TailCurve(k = 1 ... {self.k[-1]})"


@dataclass(frozen=True, eq=False)
class TailIndex:
    """The exponent of a tail.

    Attributes
    ----------
    index : float
        The exponent alpha; infinite if the tail is lighter than every power, which only ``method="moment"`` can find.
    error : float
        Its standard error.
    k : int
        The number of largest values that were used.
    log_threshold : float
        The logarithm of the largest value that was not used. The power law is fitted above it.
    method : {"hill", "moment"}
        The estimator.
    curve : TailCurve
        The estimates for every k.

    See Also
    --------
    rmtjac.spectra.tail_index : Estimate the exponent of given values.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> found = rj.spectra.tail_index(np.abs(np.random.default_rng(0).standard_cauchy(1000)), k=100)
    >>> found.k, bool(abs(found.index - 1.0) < 3.0 * found.error)
    (100, True)
    """

    index: float
    error: float
    k: int
    log_threshold: float
    method: str
    curve: TailCurve

    @property
    def threshold(self) -> float:
        """The largest value that was not used.

        Raises
        ------
        OverflowError
            If it leaves the range of a float; `log_threshold` holds it.
        """
        try:
            return math.exp(self.log_threshold)
        except OverflowError:
            raise OverflowError(f"the threshold is exp({self.log_threshold:.6g}); use log_threshold") from None

    def __repr__(self) -> str:
        return f"TailIndex({self.index:.4g} ± {self.error:.2g}, from the {self.k} largest of {len(self.curve.k) + 1})"


def tail_index(values: np.ndarray, k: int | None = None, method: str = "hill", *, log: bool = False) -> TailIndex:
    r"""Estimate the exponent alpha of a tail :math:`P(X > x) \sim x^{-\alpha}`.

    The estimate of Hill from the k largest values is
    :math:`\hat\alpha(k)^{-1} = \frac1k \sum_{i \le k} \log(X_{(i)}/X_{(k+1)})`.

    Parameters
    ----------
    values : array_like of float, shape (n,) or (samples, n)
        Independent values, or the values of one matrix in each row. Only positive values count; give absolute values to
        include the tails on both sides. The exponent of the singular values of J is twice that of the eigenvalues of M.
    k : int, optional
        The number of largest values to use. By default it is chosen as `rmtjac.spectra.statistics.tails` describes.
    method : {"hill", "moment"}, default "hill"
        The estimator. ``"moment"`` is that of Dekkers, Einmahl & de Haan (1989). It has a larger error, but is also
        right for tails lighter than every power, where it tends to infinity.
    log : bool, default False
        Whether `values` are logarithms (``emp.log_singular_values``), -inf for zeros; then nothing overflows.

    Returns
    -------
    TailIndex
        The exponent and its standard error. For several samples the error is the jackknife over samples at a fixed
        threshold, because the values of one matrix are not independent. For one sample it is that of independent
        values, alpha/sqrt(k) for Hill.

    Raises
    ------
    ValueError
        If there are too few positive values, `k` is not smaller than their number, the k + 1 largest are all equal, or
        `values` hold NaN or infinities.
    TypeError
        If `values` are not real numbers.

    See Also
    --------
    spacing_ratios : Whether levels repel each other.

    Notes
    -----
    Cost: one sort of all values.

    References
    ----------
    Hill 1975; Guillou and Hall 2001; docs/theory/heavy_tails.md. See docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> import rmtjac as rj
    >>> rj.spectra.tail_index(np.abs(np.random.default_rng(0).standard_cauchy(10_000)))
    TailIndex(1.06 ± 0.072, from the 214 largest of 10000)
    """
    choice("method", method, ("hill", "moment"))
    logs = _logs(values, log)
    levels = np.sort(logs[logs > -math.inf])[::-1]
    if levels.size < (_FEWEST + 1 if k is None else 2):
        raise ValueError(f"values hold {levels.size} positive numbers; at least {_FEWEST + 1} are needed")
    if k is not None and positive_int("k", k) >= levels.size:
        raise ValueError(f"k={k!r} must be less than the number of positive values, {levels.size}")
    used = _choose(levels) if k is None else k
    if not levels[0] > levels[used]:
        raise ValueError(f"the {used + 1} largest values are all equal: there is no tail to fit")
    top = levels[0]
    excess = np.where(logs > levels[used], logs - levels[used], 0.0)
    per_sample = np.stack([(logs > levels[used]).sum(axis=1), excess.sum(axis=1), (excess**2).sum(axis=1)])
    # Values equal to the threshold are among the k values, with excess 0.
    total = np.array([float(used), *per_sample[1:].sum(axis=1)])
    index, error = (float(number) for number in _estimate(method, *total))
    if len(logs) > 1:
        per_sample[0] *= used / per_sample[0].sum()
        error = _jackknife(method, total, per_sample)
    return TailIndex(index, error, used, float(levels[used]), method, _curve(method, levels - top))


def _logs(values: np.ndarray, log: bool) -> np.ndarray:
    """Return the logarithms of `values`, shape (samples, n), -inf for values that are not positive."""
    values = real_array("values", values)
    if values.ndim not in (1, 2) or not values.size:
        raise ValueError(f"values of shape {values.shape} must be (n,) or (samples, n), and not empty")
    if np.isnan(values).any() or (values == math.inf).any() or (not log and (values == -math.inf).any()):
        raise ValueError("values hold NaN or infinities; finite numbers are needed")
    if not log:
        with np.errstate(divide="ignore"):
            values = np.log(np.maximum(values, 0.0))
    return np.atleast_2d(values)


def _choose(levels: np.ndarray) -> int:
    """Return an eighth of the k of Guillou & Hall; `levels` are logarithms, descending."""
    k = np.arange(1, levels.size)
    spacings = k * (levels[:-1] - levels[1:])
    total = np.cumsum(spacings)
    with np.errstate(invalid="ignore"):
        trend = np.sqrt(3.0 / k**3.0) * ((k + 1) * total - 2.0 * np.cumsum(k * spacings)) / (total / k)
    squares = np.concatenate([[0.0], np.cumsum(np.nan_to_num(trend) ** 2)])  # equal values have no trend
    inner = k[k + k // 2 <= k[-1]]
    half = inner // 2
    mean = (squares[inner + half] - squares[inner - half - 1]) / (2 * half + 1)
    calm = np.flatnonzero(mean < _TREND**2)
    if calm.size and calm[-1] == inner.size - 1:
        return int(k[-1])
    onset = int(inner[calm[-1] + 1]) if calm.size else 1
    return max(onset // _SHARE, _FEWEST)


def _estimate(method: str, number: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return exponent and error for independent values; `first` and `second` sum the excesses and their squares."""
    number, first, second = np.asarray(number), np.asarray(first), np.asarray(second)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "hill":
            index = number / first
            return index, index / np.sqrt(number)
        ratio = first**2 / (number * second)  # 1/2 for a power law
        gamma = first / number + 1.0 - 0.5 / (1.0 - ratio)
        heavy = gamma > 0.0
        index = np.where(heavy, 1.0 / gamma, math.inf)
        return index, np.where(heavy, np.sqrt(1.0 + gamma**2) / gamma**2 / np.sqrt(number), math.inf)


def _jackknife(method: str, total: np.ndarray, per_sample: np.ndarray) -> float:
    """Return the standard error from estimates without one sample at a time."""
    without = _estimate(method, *(total[:, None] - per_sample))[0]
    if not np.isfinite(without).all():  # the whole tail is in one sample
        return math.inf
    return math.sqrt((without.size - 1.0) * float(without.var()))


def _curve(method: str, levels: np.ndarray) -> TailCurve:
    """Return the estimates for every k; `levels` are logarithms of ratios to the largest value, descending."""
    k = np.arange(1, levels.size)
    sums, squares = np.cumsum(levels)[:-1], np.cumsum(levels**2)[:-1]
    first = sums - k * levels[1:]
    second = squares - 2.0 * levels[1:] * sums + k * levels[1:] ** 2
    return TailCurve(k, *_estimate(method, k, first, second))
