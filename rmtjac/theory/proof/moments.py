r"""Moments of the limit as exact fractions or as balls.

By Lagrange inversion of lambda(m) (`rmtjac.theory.limit.moments`), in power series over the rationals or in balls:

.. math:: m_k = \frac1k [m^{k-1}] \bigl(m\,\lambda(m)\bigr)^k, \qquad
          m\,\lambda(m) = e^c \prod_g \Bigl(\frac{r_g m}{\chi_g(r_g m)}\Bigr)^{k_g} \prod_j (p_j + r_j m)^{k_j},

chi_g the reversion of sum_k E D^{2k} u^k, terms and constants as in `rmtjac.theory.proof.exact_equation`. Where the
probabilities and values of all D^2 are rational (linear, ReLU, leaky ReLU, laws made from points), so are the moments.
Series in balls lose digits, by terms of both signs, and are carried with as many bits as it takes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.proof.ball_laws import exact, flint_module
from rmtjac.theory.proof.exact_equation import Equation, Term, equation
from rmtjac.validate import positive_int

__all__ = ["certified_moments"]

_MOST_BITS = 4096


def _power(series: Any, k: int) -> Any:
    """series^k for a whole k of any sign."""
    if k < 0:
        return _power(series.inv(), -k)
    out = None
    while k:
        if k & 1:
            out = series if out is None else out * series
        k >>= 1
        series = series * series if k else series
    return out


def _factor(term: Term, most: int, make: Any) -> Any:
    """The series of e^s in m."""
    r = exact(term.ratio)
    if term.single:
        return make([term.law.mass, r])
    # m / chi(m) needs one coefficient more than the quotient has.
    inverse = make([exact(0.0), *(term.law.moment(k) for k in range(1, most + 1))]).reversion()
    coefficients = inverse.coeffs()
    quotient = make([coefficients[i] for i in range(1, len(coefficients))]).inv()
    scaled, power = [], exact(1.0)
    for c in quotient.coeffs():
        scaled.append(c * power)
        power = power * r
    return make(scaled)


def _moments(eq: Equation, most: int, rational: bool) -> list[Any]:
    flint = flint_module()
    make = flint.fmpq_series if rational else flint.arb_series
    base = make([exact(eq.scale)])
    for law, k in eq.values:
        base = base * make([law.pairs[0][1] ** k])
    for term in eq.terms:
        base = base * _power(_factor(term, most, make), term.count)
    out, power = [], None
    for k in range(1, most + 1):
        power = base if power is None else power * base
        out.append(power[k - 1] / k)
    return out


def certified_moments(layers: Layers, most: int, *, bits: int = 64) -> list[Any]:
    """Return the moments 1 ... `most` of the limit: `fractions.Fraction` where they are rational, else balls (`arb`).

    Parameters
    ----------
    layers
        The limit, as for `rmtjac.theory.Layers`; variances and widths count as the floats they are.
    most
        The highest order.
    bits
        Relative accuracy of the balls, at least.

    Raises
    ------
    ValueError
        If an activation has no analytic derivative that a proof could use.
    ArithmeticError
        If the accuracy is not reached with 4096 bits.

    Notes
    -----
    Cost: O(most) products of series of that length; for a smooth law an integral of 1-20 ms per order more.

    Examples
    --------
    >>> import rmtjac as rj
    >>> relu = rj.theory.derivative_law(rj.activations.activation("relu"), 1.0)
    >>> certified_moments(rj.theory.Layers([relu, relu], [2.0, 2.0]), 3)
    [Fraction(1, 1), Fraction(5, 1), Fraction(33, 1)]
    """
    flint = flint_module()
    positive_int("most", most)
    goal = positive_int("bits", bits)
    eq = equation(layers)
    if isinstance(eq, str):
        raise ValueError(f"no certified moments: {eq}")
    before = flint.ctx.cap
    try:
        flint.ctx.cap = most + 1
        if all(term.law.rational for term in eq.terms) and all(law.rational for law, _ in eq.values):
            return [Fraction(int(x.p), int(x.q)) for x in _moments(eq, most, True)]
        work = goal + 16 + 2 * most
        while work <= max(_MOST_BITS, goal + 64):
            with flint.ctx.workprec(work):
                out = [flint.arb(x) for x in _moments(eq, most, False)]
                if all(x.is_finite() and x.rel_accuracy_bits() >= goal for x in out):
                    return out
            work *= 2
    finally:
        flint.ctx.cap = before
    raise ArithmeticError(f"bits={bits}: the moments up to {most} do not come out that accurate with {_MOST_BITS} bits")
