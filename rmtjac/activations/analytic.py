r"""The derivatives of the smooth activations as analytic functions of a complex h, in any arithmetic.

One formula serves mpmath (``lib = mpmath.mp``) and Arb balls (``lib = flint.acb``): both have exp, sech, erfc and pi.
The functions are those of `rmtjac.activations`. Each formula uses h as few times as possible, so that balls stay small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rmtjac.activations.facts import TABLE

__all__ = ["ANALYTIC", "Analytic", "derivative"]

Formula = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Analytic:
    """Hold what a proof may use of phi'.

    Attributes
    ----------
    formula : callable
        The function (lib, h) -> phi'(h). If phi' is even, it may be wrong for Re h < 0.
    even : bool
        Whether phi'(-h) = phi'(h) on the real line.
    steepest : float
        An upper bound of the absolute value of phi' on the real line.
    """

    formula: Formula
    even: bool
    steepest: float

    @property
    def supremum(self) -> Fraction:
        """An upper bound of phi'(h)^2 on the real line, within 1e-9 of the supremum."""
        return Fraction(self.steepest) ** 2


def _sigmoid(lib: Any, h: Any) -> Any:
    return 1 / (1 + lib.exp(-h))


def _tanh(lib: Any, h: Any) -> Any:
    return lib.sech(h) ** 2


def _erf(lib: Any, h: Any) -> Any:
    return lib.exp(-lib.pi() * h**2 / 4)


def _sigmoid_prime(lib: Any, h: Any) -> Any:
    return lib.sech(h / 2) ** 2 / 4


def _softsign(lib: Any, h: Any) -> Any:
    return 1 / (1 + h) ** 2


def _arctan(lib: Any, h: Any) -> Any:
    return 1 / (1 + h**2)


def _silu(lib: Any, h: Any) -> Any:
    s = _sigmoid(lib, h)
    return s + h * lib.sech(h / 2) ** 2 / 4


def _gelu(lib: Any, h: Any) -> Any:
    two_pi = 2 * lib.pi()
    return lib.erfc(-h / lib.sqrt(two_pi / lib.pi())) / 2 + h * lib.exp(-(h**2) / 2) / lib.sqrt(two_pi)


def _mish(lib: Any, h: Any) -> Any:
    # tanh(softplus h) = n / (n + 2) with n = e^h (e^h + 2) = (e^h + 1)^2 - 1, and `rest` is 1 minus it. The gate is not
    # computed as 1 - rest: far to the left it is 2 e^h, and all digits would cancel.
    e = lib.exp(h)
    rest = 2 / ((e + 1) ** 2 + 1)
    gate = e * (e + 2) * rest / 2
    return gate + h * rest * (2 - rest) * _sigmoid(lib, h)


# Formula of phi', and whether phi' is even.
_FORMULAS: dict[str, tuple[Formula, bool]] = {
    "tanh": (_tanh, True),
    "erf": (_erf, True),
    "sigmoid": (_sigmoid_prime, True),
    "softsign": (_softsign, True),
    "arctan": (_arctan, True),
    "softplus": (_sigmoid, False),
    "silu": (_silu, False),
    "gelu": (_gelu, False),
    "mish": (_mish, False),
}

ANALYTIC = {
    name: Analytic(formula, even, steepest)
    for name, (formula, even) in _FORMULAS.items()
    if (steepest := TABLE[name].steepest) is not None
}


def derivative(name: str) -> Formula:
    """Return (lib, h) -> phi'(h) of a registered smooth activation.

    `lib` is ``mpmath.mp`` or ``flint.acb``. For softsign the formula holds for Re h >= 0, and phi' is even.

    Raises
    ------
    ValueError
        If the activation has no analytic derivative here.

    Examples
    --------
    >>> import mpmath
    >>> with mpmath.workdps(30):
    ...     print(derivative("tanh")(mpmath.mp, mpmath.mpf(1)))
    0.419974341614026069394496739042
    """
    if name not in ANALYTIC:
        raise ValueError(f"name={name!r} must be one of {', '.join(ANALYTIC)}")
    return ANALYTIC[name].formula
