r"""The route of the paper, BS (18)-(23): fixed-point iteration continued in Im z, in any precision.

With w(z) = m_M(1/z) the limit equation of L equal layers, BS (19), is

.. math:: w = m_K(z^{-1/L}\,\Psi_L(w)), \qquad \Psi_L(w) = (1+w)^{1/L} w^{1-1/L},

iterated to |w_n - w_{n-1}| < tol at each z^{(k)} = lambda + i b^{N-k}, k = 0 ... 2N, from the solution at the previous
z, BS (20)-(22). At the last z the density is rho = -Im((1 + w)/z)/pi, BS (23). Two things differ from the paper:

- **Start.** The paper starts from w = 0. For L >= 2 that is a root for every z, and the iteration never leaves it. Here
  it starts from the asymptotic value w = m_1/z, m_1 = (E D^2)^L.
- **End.** At Im z = b^{-N} the density is smeared over that width, and the iteration may not have converged: near the
  real axis it need not contract, and for L = 1 it often does not. With ``polish`` a secant method starts from the last
  w at z = lambda, to the working precision. Without it, the result is that of the paper.

Powers are principal. Arg w and Arg(1 + w) lie in [-pi, 0] for Im z > 0, and on the physical branch the number at which
m_K is taken has its argument in (-pi, 0) (`rmtjac.theory.equation.roots`).

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rmtjac.status import Status
from rmtjac.theory.derivative_laws.base import DerivativeLaw
from rmtjac.validate import finite, positive_int

__all__ = ["ContinuationPoint", "continuation"]


@dataclass(frozen=True, eq=False)
class ContinuationPoint:
    """Outcome of `continuation` at one lambda, in mpmath numbers of the working precision.

    Attributes
    ----------
    lam : mpf
        lambda.
    w : mpc
        w at the end of the path.
    density : mpf
        rho(lambda).
    residual : mpf
        |w - m_K(z^{-1/L} Psi_L(w))| at the end.
    status : Status
        ``CONVERGED`` if the last step (the polish, if any) met its tolerance. Else ``ITERATION_LIMIT``, and w is the
        last iterate of the path: far below the upper edge the path of BS can end far from the root.
    iterations : int
        Fixed-point steps over the whole path.
    unconverged : int
        The number of points, of the 2N + 1 points of the path, that ended at the iteration limit.

    See Also
    --------
    continuation : Follow the path and return such points.

    References
    ----------
    BS (17)-(23). See docs/references.md.

    Examples
    --------
    >>> from rmtjac.theory import DiscreteLaw
    >>> point, = continuation(DiscreteLaw.from_points([1.0], [1.0]), 2, [1.0], steps=10)
    >>> print(point.status, point.residual < 1e-12)
    converged True
    """

    lam: Any
    w: Any
    density: Any
    residual: Any
    status: Status
    iterations: int
    unconverged: int


def continuation(
    law: DerivativeLaw,
    depth: int,
    lam: Iterable[Any],
    *,
    variance: float = 1.0,
    digits: int = 15,
    base: float = 1.2,
    steps: int = 60,
    tol: float = 1e-5,
    max_iter: int = 50,
    polish: bool = True,
) -> list[ContinuationPoint]:
    r"""Solve the limit equation at each lambda by the paper's continuation.

    Parameters
    ----------
    law : DerivativeLaw
        Law K of D^2, the same in all layers.
    depth : int
        The number of layers L, at least 1.
    lam : iterable of float or mpmath number
        Points lambda > 0.
    variance : float
        The product of all :math:`\sigma_l^2`, > 0: the unit of lambda.
    digits : int
        Working precision in decimal digits.
    base, steps : float > 1, int
        The b and N of BS (22). The last Im z is b^{-N}, in units of lambda where lambda < 1: it has to be small against
        lambda too.
    tol, max_iter : float > 0, int
        The epsilon and N_0 of BS (21).
    polish : bool
        Whether a secant method continues from the end of the path at z = lambda.

    Returns
    -------
    list of ContinuationPoint
        One per lambda.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range.

    See Also
    --------
    rmtjac.limit_spectrum : The limit by the explicit inverse, or with ``method="continuation"`` by this route.
    convergence_map : Map where this route works.

    Notes
    -----
    A point costs about 0.2 s where m_K has a closed form; the time grows like `steps` times `max_iter`. With the Lerch
    transcendent (erf) each of some 1000 evaluations takes tens of milliseconds. A quadrature law is as precise as its
    float phi', whatever `digits`.

    References
    ----------
    BS (18)-(23). See docs/references.md.

    Examples
    --------
    The Marchenko-Pastur density at lambda = 2 is 1/(2 pi):

    >>> from rmtjac.theory import DiscreteLaw
    >>> point, = continuation(DiscreteLaw.from_points([1.0], [1.0]), 1, [2.0], digits=30)
    >>> print(point.status, abs(point.density * 2 * 3.14159265358979323846264338328 - 1) < 1e-14)
    converged True
    """
    import mpmath as mp

    depth, steps = positive_int("depth", depth), positive_int("steps", steps)
    max_iter, digits = positive_int("max_iter", max_iter), positive_int("digits", digits)
    finite("base", base, above=1.0)
    finite("tol", tol, above=0.0)
    finite("variance", variance, above=0.0)
    points = []
    with mp.workdps(digits + 5):
        for one in lam:
            x = mp.mpf(one)
            if not (mp.isfinite(x) and x > 0):
                raise ValueError(f"lam={one!r} must be a finite number > 0")
            points.append(
                _path(mp, law, depth, x / mp.mpf(variance), mp.mpf(base), steps, tol, max_iter, polish, digits)
            )
            last = points[-1]
            points[-1] = ContinuationPoint(
                +x,
                last.w,
                last.density / mp.mpf(variance),
                last.residual,
                last.status,
                last.iterations,
                last.unconverged,
            )
    return points


def _path(
    mp: Any,
    law: DerivativeLaw,
    depth: int,
    lam: Any,
    base: Any,
    steps: int,
    tol: float,
    max_iter: int,
    polish: bool,
    digits: int,
) -> ContinuationPoint:
    """Return the outcome at one lambda, in units of the variance."""

    def image(w: Any, z: Any) -> Any:
        # Powers are principal; written as an exponential, z^{-1/L} stays on the branch that is analytic above the cut.
        return law.moment_transform_mp(mp.exp((mp.log(1 + w) + (depth - 1) * mp.log(w) - mp.log(z)) / depth))

    width = min(lam, mp.mpf(1))
    z = mp.mpc(lam, width * base**steps)
    w = mp.mpf(law.mean) ** depth / z
    iterations = unconverged = 0
    settled = False
    for k in range(2 * steps + 1):
        z = mp.mpc(lam, width * base ** (steps - k))
        settled = False
        for _ in range(max_iter):
            new = image(w, z)
            iterations += 1
            settled = abs(new - w) < tol * min(mp.mpf(1), abs(new))
            w = new
            if settled:
                break
        unconverged += not settled
    status = Status.CONVERGED if settled else Status.ITERATION_LIMIT
    if polish:
        z, status = mp.mpc(lam, 0), Status.ITERATION_LIMIT
        try:
            root = mp.findroot(
                lambda w: image(w, z) - w, (w, w * (1 + mp.mpf(10) ** -6)), tol=mp.eps**2, maxsteps=60, verify=False
            )
        except (ValueError, ZeroDivisionError):
            root = w
        # With these logarithms a root below the real axis is the physical one (`rmtjac.theory.equation.roots`); what
        # the secant method returns need not be a root.
        if root.imag < 0 and abs(image(root, z) - root) < mp.mpf(10) ** (2 - digits) * min(abs(1 + root), abs(root)):
            w, status = root, Status.CONVERGED
    residual = abs(image(w, z) - w)
    density = -((1 + w) / z).imag / mp.pi
    return ContinuationPoint(lam, w, density, residual, status, iterations, unconverged)
