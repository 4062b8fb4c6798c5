"""Laws with a standard variable of mean 0 and variance 1: normal, uniform, signs."""

from __future__ import annotations

from dataclasses import dataclass

from rmtjac.laws.base import Law, LawCode

__all__ = ["Gaussian", "Rademacher", "Uniform"]


@dataclass(frozen=True, repr=False)
class _Standardised(Law):
    """Hold a law whose standard variable X has mean 0 and variance 1."""

    std: float = 1.0
    power: float | None = None
    fan: str = "in"
    scale_name = "std"

    @property
    def amplitude(self) -> float:
        """The standard deviation s."""
        return self.std


class Gaussian(_Standardised):
    r"""Draw normal entries.

    :math:`W_{ij} = s\, n^{-a} X` with :math:`X \sim N(0, 1)`.

    Parameters
    ----------
    std : float, default 1.0
        The standard deviation s before the division by a power of the fan; at least 0.
    power : float, optional
        The power a. Default: 1/2 for weights, 0 for biases.
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
    Uniform : Entries that are uniform on an interval.
    Rademacher : Random signs.
    Orthogonal : Orthogonal matrices.

    References
    ----------
    The scale convention: docs/theory/conventions.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.Gaussian(2.0).entry_scale(fan_in=100, fan_out=50, width=100)
    0.2
    """

    code = LawCode.GAUSSIAN.value


class Uniform(_Standardised):
    r"""Draw entries that are uniform on an interval around 0.

    :math:`W_{ij} = s\, n^{-a} X` with X uniform on :math:`(-\sqrt 3, \sqrt 3)`, so that Var X = 1.

    Parameters
    ----------
    std : float, default 1.0
        The standard deviation s before the division by a power of the fan; at least 0.
    power : float, optional
        The power a. Default: 1/2 for weights, 0 for biases.
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
    Gaussian : Normal entries.
    Rademacher : Random signs.

    References
    ----------
    The scale convention: docs/theory/conventions.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.Uniform(2.0).entry_variance(fan_in=100, fan_out=50, width=100)
    0.04000000000000001
    """

    code = LawCode.UNIFORM.value


class Rademacher(_Standardised):
    r"""Draw random signs.

    :math:`W_{ij} = s\, n^{-a} X` with X = +1 or -1, each with probability 1/2.

    Parameters
    ----------
    std : float, default 1.0
        The standard deviation s before the division by a power of the fan; at least 0.
    power : float, optional
        The power a. Default: 1/2 for weights, 0 for biases.
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
    Gaussian : Normal entries.
    Uniform : Entries that are uniform on an interval.

    References
    ----------
    The scale convention: docs/theory/conventions.md. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> weights = rj.Ensemble([4, 3], weights=rj.Rademacher()).draw(rng=0).weights[0]
    >>> bool((abs(weights) == 0.5).all())
    True
    """

    code = LawCode.RADEMACHER.value
