"""Laws with heavy tails, P(|X| > x) ~ x^-alpha: Cauchy, symmetric stable, Student's t.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rmtjac.laws.base import Law, LawCode
from rmtjac.validate import finite

__all__ = ["Cauchy", "Stable", "StudentT"]


@dataclass(frozen=True, repr=False)
class Cauchy(Law):
    r"""Draw Cauchy entries.

    :math:`W_{ij} = s\, n^{-a} X` where X has the density :math:`1 / (\pi (1 + x^2))`. There is no variance.

    Parameters
    ----------
    scale : float, default 1.0
        The scale s before the division by a power of the fan; at least 0.
    power : float, optional
        The power a. Default: 1 for weights, 0 for biases.
    fan : {"in", "out", "width"}, default "in"
        The number n: the inputs of the layer, its outputs, or the largest width of the network.

    Raises
    ------
    TypeError
        If a parameter that must be a number is not a number.
    ValueError
        If a parameter is out of range, or `fan` is not one of the three values.

    See Also
    --------
    Stable : Symmetric stable entries with tail exponent alpha.
    StudentT : Entries with tail exponent df.

    Notes
    -----
    With the power 1 the sum of n entries has the scale s of one standard entry.

    References
    ----------
    BS Section IV: Cauchy weights and biases. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.Cauchy(2.0).entry_scale(fan_in=100, fan_out=50, width=100)
    0.02
    """

    scale: float = 1.0
    power: float | None = None
    fan: str = "in"
    code = LawCode.CAUCHY.value

    @property
    def amplitude(self) -> float:
        """The scale s."""
        return self.scale

    @property
    def standard_variance(self) -> float:
        """The variance of X, which is infinite."""
        return math.inf

    @property
    def default_power(self) -> float:
        """The power 1, with which the sum of n entries has the scale of one."""
        return 1.0


@dataclass(frozen=True, repr=False)
class Stable(Law):
    r"""Draw symmetric alpha-stable entries.

    :math:`W_{ij} = s\, n^{-a} X` where :math:`E\, e^{itX} = e^{-|t|^\alpha}`, :math:`0 < \alpha < 2`. There is no
    variance. ``alpha=1`` is `Cauchy`; for ``alpha=2`` use `Gaussian`.

    Parameters
    ----------
    scale : float, default 1.0
        The scale s before the division by a power of the fan; at least 0.
    alpha : float, default 1.5
        The exponent of the tail, strictly between 0 and 2.
    power : float, optional
        The power a. Default: 1/alpha for weights, 0 for biases.
    fan : {"in", "out", "width"}, default "in"
        The number n: the inputs of the layer, its outputs, or the largest width of the network.

    Raises
    ------
    TypeError
        If a parameter that must be a number is not a number.
    ValueError
        If a parameter is out of range, or `fan` is not one of the three values.

    See Also
    --------
    Cauchy : Entries with tail exponent 1.
    StudentT : Entries with tail exponent df.

    Notes
    -----
    With the power 1/alpha the sum of n entries has the scale s of one standard entry. Draws take the method of
    Chambers, Mallows and Stuck (1976).

    References
    ----------
    Weights with heavy tails: docs/theory/heavy_tails.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.Stable(alpha=0.5).entry_scale(fan_in=10, fan_out=50, width=100)
    0.01
    """

    scale: float = 1.0
    alpha: float = 1.5
    power: float | None = None
    fan: str = "in"
    code = LawCode.STABLE.value

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < finite("alpha", self.alpha) < 2.0:
            raise ValueError(f"alpha={self.alpha!r} must lie strictly between 0 and 2; for 2 use Gaussian")

    @property
    def amplitude(self) -> float:
        """The scale s."""
        return self.scale

    @property
    def standard_variance(self) -> float:
        """The variance of X, which is infinite."""
        return math.inf

    @property
    def default_power(self) -> float:
        """The power 1/alpha, with which the sum of n entries has the scale of one."""
        return 1.0 / self.alpha

    @property
    def parameter(self) -> float:
        """The exponent alpha."""
        return self.alpha


@dataclass(frozen=True, repr=False)
class StudentT(Law):
    r"""Draw entries of Student's t-distribution.

    :math:`W_{ij} = s\, n^{-a} X` where X has a density proportional to :math:`(1 + x^2/\nu)^{-(\nu + 1)/2}` with
    :math:`\nu` = `df`. X is not standardised: its variance is :math:`\nu/(\nu - 2)` for :math:`\nu > 2`, else
    infinite. ``df=1`` is `Cauchy`.

    Parameters
    ----------
    df : float
        The degrees of freedom, above 0; the tail is P(|X| > x) ~ x^-df.
    scale : float, default 1.0
        The scale s before the division by a power of the fan; at least 0.
    power : float, optional
        The power a. Default: 1/min(df, 2) for weights, 0 for biases.
    fan : {"in", "out", "width"}, default "in"
        The number n: the inputs of the layer, its outputs, or the largest width of the network.

    Raises
    ------
    TypeError
        If a parameter that must be a number is not a number.
    ValueError
        If a parameter is out of range, or `fan` is not one of the three values.

    See Also
    --------
    Cauchy : Entries with tail exponent 1.
    Stable : Symmetric stable entries with tail exponent alpha.
    Gaussian : Normal entries.

    Notes
    -----
    For df < 2 sums of n entries tend to a stable law of exponent df, and for df > 2 to a normal law; the default power
    keeps their scale. (At df = 2 the limit is normal, with a further factor sqrt(log n).)

    References
    ----------
    Weights with heavy tails: docs/theory/heavy_tails.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> round(rj.StudentT(3).row_variance(fan_in=100, fan_out=50, width=100), 12)
    3.0
    >>> rj.StudentT(0.5).entry_scale(fan_in=10, fan_out=50, width=100)
    0.01
    """

    df: float
    scale: float = 1.0
    power: float | None = None
    fan: str = "in"
    code = LawCode.STUDENT_T.value

    def __post_init__(self) -> None:
        finite("df", self.df, above=0.0)
        super().__post_init__()

    @property
    def amplitude(self) -> float:
        """The scale s."""
        return self.scale

    @property
    def standard_variance(self) -> float:
        """The variance of X: df/(df - 2), or infinite for df <= 2."""
        return self.df / (self.df - 2.0) if self.df > 2.0 else math.inf

    @property
    def default_power(self) -> float:
        """The power 1/min(df, 2), with which sums of n entries have the scale of one."""
        return 1.0 / min(self.df, 2.0)

    @property
    def parameter(self) -> float:
        """The degrees of freedom."""
        return self.df
