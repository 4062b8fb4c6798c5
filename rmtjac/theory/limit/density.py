"""The density of the limiting law of the eigenvalues, by two routes, with its error and on request with a proof.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.theory.equation.continuation import ContinuationPoint, continuation
from rmtjac.theory.limit import curve as curves
from rmtjac.theory.limit.means import LimitMeans
from rmtjac.validate import logarithms, positive_int

if TYPE_CHECKING:
    from rmtjac.theory.proof.density import CertifiedDensity
    from rmtjac.theory.proof.edges import CertifiedEdges

__all__ = ["LimitDensity"]

_PROOFS = 8  # the number of certified curves that a limit keeps


@dataclass(frozen=True, eq=False)
class LimitDensity(LimitMeans):
    """The limiting law of the eigenvalues with its density.

    Attributes
    ----------
    layers : Layers
        Laws of D^2, weight variances, widths and kinds of weights, one per layer.
    method : {"inverse", "continuation"}
        Route of the density.
    digits : int
        Working precision of the route ``"continuation"``, in decimal digits.
    certified : bool
        Whether `density` and `density_error` are proved (`certify`).
    """

    method: str = "inverse"
    digits: int = 15
    certified: bool = False

    @cached_property
    def _proofs(self) -> dict[tuple[bytes, int], CertifiedDensity]:
        return {}

    def density(self, lam: Any) -> np.ndarray:
        """Return the density rho(lambda), the atoms excluded; 0 outside the support.

        With ``method="inverse"`` the relative error is about 1e-14 for laws of two values, 1e-12 for others, and 1e-10
        next to an edge, at any distance. With ``method="continuation"`` the paper's route gives the density, rounded to
        float64. If `certified`, the density is the middle of the proved interval; where the proof failed, it is the
        estimate, or NaN, and `density_error` is infinite.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray of float, shape of `lam`
            The density.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        ArithmeticError
            If a root is not found, or depends on values of D^2 that floats do not resolve.
        """
        if self.certified:
            return self.certify(lam).density.reshape(np.shape(lam))
        if self.method == "continuation":
            lam, log_lam = logarithms(lam)
            out, inside = np.zeros(log_lam.size), self.inside(log_lam)
            out[inside] = [float(point.density) for point in self.continuation(lam.ravel()[inside])]
            return out.reshape(lam.shape)
        return self.solution.densities(lam).value

    def density_error(self, lam: Any) -> np.ndarray:
        """Return the absolute error of the density of ``method="inverse"``.

        The error is an estimate: the errors of rounding and quadrature times the condition of the equation. If
        `certified`, it is a proved bound, and infinite where the proof failed.

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.

        Returns
        -------
        ndarray of float, shape of `lam`
            The error.

        Raises
        ------
        ValueError
            If `lam` holds NaN.
        """
        return self.certify(lam).radius.reshape(np.shape(lam)) if self.certified else self.solution.densities(lam).error

    def certify(self, lam: Any, *, bits: int = 64) -> CertifiedDensity:
        """Return intervals that provably contain the density (extra ``[certify]``).

        Parameters
        ----------
        lam : array_like of float, any shape
            Points.
        bits : int
            Working precision of the ball arithmetic.

        Returns
        -------
        CertifiedDensity
            Middles and radii of the intervals: see `rmtjac.theory.certified_density`.

        Raises
        ------
        ImportError
            If python-flint is not installed.
        """
        from rmtjac.theory.proof.density import certified_density

        lam = logarithms(lam)[0].ravel()
        key = (lam.tobytes(), positive_int("bits", bits))
        if key not in self._proofs:  # `density` and `density_error` ask for the same points in turn
            self._proofs[key] = certified_density(self.layers, lam, bits=bits)
            if len(self._proofs) > _PROOFS:
                del self._proofs[next(iter(self._proofs))]
        return self._proofs[key]

    def certified_edges(self, *, bits: int = 64) -> CertifiedEdges:
        """Return intervals that provably contain the outermost edges (extra ``[certify]``).

        Parameters
        ----------
        bits : int
            Working precision of the ball arithmetic.

        Returns
        -------
        CertifiedEdges
            The intervals: see `rmtjac.theory.certified_edges`.

        Raises
        ------
        ImportError
            If python-flint is not installed.
        """
        from rmtjac.theory.proof.edges import certified_edges

        return certified_edges(self.layers, bits=bits)

    def singular_value_density(self, s: Any) -> np.ndarray:
        """Return the density of the singular values s = sqrt(lambda) of J, 2 s rho(s^2).

        Parameters
        ----------
        s : array_like of float, any shape
            Points; the density is 0 at s <= 0.

        Returns
        -------
        ndarray of float, shape of `s`
            The density.
        """
        s = np.asarray(s, dtype=float)
        return np.where(s > 0.0, 2.0 * s * self.density(np.square(s)), 0.0)

    def continuation(self, lam: Any, **options: Any) -> list[ContinuationPoint]:
        """Solve at `lam` by the paper's route (BS (18)-(23)), in `digits` digits.

        Parameters
        ----------
        lam : array_like of float or mpmath number
            Points lambda > 0.
        **options
            Keywords of `rmtjac.theory.continuation`.

        Returns
        -------
        list of ContinuationPoint
            One per lambda.

        Raises
        ------
        ValueError
            If the layers are not square with Gaussian weights and one law of D.
        """
        law = self.layers.equal_law
        if law is None:
            raise ValueError(
                "method='continuation' needs square layers with Gaussian weights and the same law of D in all, as "
                "BS (19) does; use input_variance='stationary', or method='inverse'"
            )
        variance = math.exp(sum(math.log(v) for v in self.layers.variances))
        return continuation(law, self.layers.depth, np.ravel(lam), variance=variance, digits=self.digits, **options)

    def curve(
        self, points: int = 400, low: float = 1e-4, scale: str = "linear", rtol: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return lambda and rho(lambda) for drawing.

        Parameters
        ----------
        points : int
            Number of points per interval of the support.
        low : float
            Where an interval reaches down to 0, the curve starts at `low` times its upper end; with `rtol`, any value
            down to 1e-100 is cheap.
        scale : {"linear", "log"}
            The axis on which the points are about evenly spaced. On both axes they are denser near the edges.
        rtol : float, optional
            The accuracy of straight lines between the points in the plane of log lambda and lambda rho; it replaces
            `points`. The error of a line is at most `rtol` times the larger of two numbers: lambda rho there, and
            `rtol` times the largest lambda rho.

        Returns
        -------
        lam : ndarray of float, shape (n,)
            Points, ascending.
        density : ndarray of float, shape (n,)
            The density there.

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range.
        """
        return curves.curve(self.density, self.solution.log_support, points, low, scale, rtol)
