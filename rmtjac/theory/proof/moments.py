r"""Moments of the limit as exact fractions or as balls.

They follow by Lagrange inversion of lambda(m) (`rmtjac.theory.limit.moments`) in power series of fractions or balls:

.. math:: m_k = \frac1k [m^{k-1}] \bigl(m\,\lambda(m)\bigr)^k, \qquad
          m\,\lambda(m) = e^c \prod_g \Bigl(\frac{r_g m}{\chi_g(r_g m)}\Bigr)^{k_g} \prod_j (p_j + r_j m)^{k_j},

chi_g the reversion of sum_k E D^{2k} u^k, terms and constants as in `rmtjac.theory.proof.exact_equation`. Where the
probabilities and values of all D^2 are rational (linear, ReLU, leaky ReLU, laws made from points), so are the moments.
Series of balls lose digits, because terms of both signs cancel, and are computed with as many bits as needed.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.proof.arb import exact, flint_module
from rmtjac.theory.proof.exact_equation import Equation, Term, equation
from rmtjac.theory.proof.verdict import Unproved
from rmtjac.validate import positive_int

__all__ = ["certified_moments"]

_MOST_BITS = 4096


def _power(series: Any, k: int) -> Any:
    """Return series^k for a whole k of any sign."""
    if k < 0:
        return _power(series.inv(), -k)
    out = None
    while k:
        if k & 1:
            out = series if out is None else out * series
        k >>= 1
        series = series * series if k else series
    return out


def _factor(term: Term, order: int, make: Any) -> Any:
    """Return the series of e^s in m up to the order `order`."""
    r = exact(term.ratio)
    if term.single:
        return make([term.law.mass, r])
    # m / chi(m) needs one coefficient more than the quotient has.
    inverse = make([exact(0.0), *(term.law.moment(k) for k in range(1, order + 1))]).reversion()
    coefficients = inverse.coeffs()
    quotient = make([coefficients[i] for i in range(1, len(coefficients))]).inv()
    scaled, power = [], exact(1.0)
    for c in quotient.coeffs():
        scaled.append(c * power)
        power = power * r
    return make(scaled)


def _moments(eq: Equation, order: int, rational: bool) -> list[Any]:
    """Return the moments 1 ... `order` as `fmpq` or as `arb` at the current precision."""
    flint = flint_module()
    make = flint.fmpq_series if rational else flint.arb_series
    base = make([exact(eq.scale)])
    for law, k in eq.values:
        base = base * make([law.points[0].value ** k])
    for term in eq.terms:
        base = base * _power(_factor(term, order, make), term.count)
    out, power = [], None
    for k in range(1, order + 1):
        power = base if power is None else power * base
        out.append(power[k - 1] / k)
    return out


def certified_moments(layers: Layers, order: int, *, bits: int = 64) -> list[Any]:
    r"""Return the moments of the limit as exact fractions or in proved balls.

    They follow by Lagrange inversion of :math:`\lambda(m)`, in exact power series,

    .. math:: m_k = \frac1k [m^{k-1}] \bigl(m\,\lambda(m)\bigr)^k .

    Parameters
    ----------
    layers : Layers
        The limit; variances and widths count as the exact values of their floats.
    order : int
        The highest order, > 0.
    bits : int, optional
        Least relative accuracy of the balls in bits, > 0.

    Returns
    -------
    list of Fraction, or of arb, length `order`
        The moments 1, 2, ..., `order`: fractions where they are rational, else balls of python-flint.

    Raises
    ------
    ImportError
        If python-flint is not installed (``pip install 'rmtjac[certify]'``).
    TypeError
        If `order` or `bits` is not a whole number.
    ValueError
        If `order` or `bits` is < 1, or an activation has no analytic derivative that a proof could use.
    ArithmeticError
        If the accuracy is not reached with 4096 bits.

    See Also
    --------
    rmtjac.theory.LimitSpectrum.moments : The moments in floats.
    rmtjac.theory.LimitSpectrum.exact_moments : The moments as fractions.

    Notes
    -----
    Cost: O(`order`) products of series of that length; each order of a smooth law needs an integral of 1-20 ms.

    References
    ----------
    BS (15). See docs/references.md.
    docs/theory/support_and_moments.md, docs/theory/proved_limits.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> relu = rj.theory.derivative_law(rj.activations.activation("relu"), 1.0)
    >>> certified_moments(rj.theory.Layers([relu, relu], [2.0, 2.0]), 3)
    [Fraction(1, 1), Fraction(5, 1), Fraction(33, 1)]
    """
    flint = flint_module()
    positive_int("order", order)
    goal = positive_int("bits", bits)
    try:
        eq = equation(layers)
    except Unproved as reason:
        raise ValueError(f"no certified moments: {reason}") from None
    before = flint.ctx.cap
    try:
        flint.ctx.cap = order + 1
        if all(term.law.rational for term in eq.terms) and all(law.rational for law, _ in eq.values):
            return [Fraction(int(x.p), int(x.q)) for x in _moments(eq, order, True)]
        work = goal + 16 + 2 * order
        while work <= max(_MOST_BITS, goal + 64):
            with flint.ctx.workprec(work):
                out = [flint.arb(x) for x in _moments(eq, order, False)]
                if all(x.is_finite() and x.rel_accuracy_bits() >= goal for x in out):
                    return out
            work *= 2
    finally:
        flint.ctx.cap = before
    raise ArithmeticError(
        f"bits={bits}: the moments up to order={order} do not reach this accuracy with {_MOST_BITS} bits"
    )
