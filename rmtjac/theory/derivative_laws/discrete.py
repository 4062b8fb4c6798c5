"""Laws of finitely many values of D^2, for which m_K has a closed form.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rmtjac.activations import Activation
from rmtjac.kernels.limit.records import CompiledLaw, LawKind
from rmtjac.theory.derivative_laws.base import DerivativeLaw

__all__ = ["DiscreteLaw"]


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteLaw(DerivativeLaw):
    r"""Law of finitely many values of :math:`D^2`, in closed form.

    With values :math:`x_i > 0` of probabilities :math:`w_i`, and D = 0 otherwise,

    .. math:: m_K(z) = \sum_i w_i \frac{z x_i}{1 - z x_i}.

    It is the law of a piecewise affine activation. Use `from_points` for a law of your own.

    Attributes
    ----------
    values, weights : ndarray of float, shape (n,)
        The values > 0 of D^2, ascending, and their probabilities.
    atom : float
        P(D = 0).
    supremum : float
        The largest value b.
    source : tuple of (Activation, float), or None
        The activation and the variance q that the law was made from; None for a law made from points.

    See Also
    --------
    derivative_law : The law of an activation.
    DerivativeLaw : The base class of all laws.

    References
    ----------
    BS (24) and the next two equations are the cases linear, ReLU and HardTanh. See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> rj.theory.DiscreteLaw.from_points([0.0, 0.5, 2.0], [0.2, 0.3, 0.5])
    DiscreteLaw(0: 0.2, 0.5: 0.3, 2: 0.5)
    >>> rj.theory.derivative_law(rj.activations.activation("hardtanh"), 0.5)
    DiscreteLaw(0: 0.1573, 1: 0.8427)
    """

    @classmethod
    def from_points(cls, values: Any, weights: Any, source: tuple[Activation, float] | None = None) -> DiscreteLaw:
        """Make the law from points and probabilities.

        Equal points are merged, points of probability 0 dropped.

        Parameters
        ----------
        values : array_like of float, any shape
            Values >= 0 of D^2, in any order.
        weights : array_like of float, shape of `values`
            Their probabilities; the sum must be 1 to within 1e-12.
        source : tuple of (Activation, float), optional
            The activation and the variance q that the points come from.

        Returns
        -------
        DiscreteLaw
            The law.

        Raises
        ------
        ValueError
            If a value is negative or not finite, a probability negative, their sum not 1, or the shapes differ.

        Examples
        --------
        >>> from rmtjac.theory import DiscreteLaw
        >>> DiscreteLaw.from_points([1.0, 0.0, 1.0], [0.25, 0.5, 0.25]).mean
        0.5
        """
        values, weights = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
        if values.shape != weights.shape or not values.size:
            raise ValueError(
                f"values of shape {values.shape} and weights of shape {weights.shape} must match and not be empty"
            )
        if not (np.isfinite(values).all() and (values >= 0.0).all()):
            raise ValueError(f"values={values} must be finite and >= 0")
        if not ((weights >= 0.0).all() and abs(weights.sum() - 1.0) <= 1e-12):
            raise ValueError(f"weights={weights} must be >= 0 and add up to 1")
        points, place = np.unique(values, return_inverse=True)
        mass = np.bincount(place.ravel(), weights.ravel())
        points, mass = points[mass > 0.0], mass[mass > 0.0]
        atom = float(mass[0]) if points[0] == 0.0 else 0.0
        return cls(points[points > 0.0], mass[points > 0.0], atom, float(points[-1]), source)

    @property
    def constant(self) -> bool:
        """Whether D^2 takes one value only."""
        return self.values.size == 1 and self.atom == 0.0

    @property
    def kernel(self) -> CompiledLaw:
        """The law as arguments of the compiled functions; a law of one value beside 0 has a closed form."""
        plain = super().kernel
        if self.values.size > 1:
            return plain
        return plain._replace(kind=int(LawKind.TWO_POINT), number=float(self.weights[0]))

    @property
    def rational_points(self) -> list[tuple[Fraction, Fraction]] | None:
        """The values > 0 of D^2 and their probabilities as fractions, None where these are not rational.

        They are rational for a law made from points, and for an activation whose only breakpoint is 0.
        """
        if self.source is not None and any(b != 0.0 for b in self.source[0].breakpoints) and self.source[1] > 0.0:
            return None
        if self.source is None or self.source[1] == 0.0:
            return [(Fraction(x), Fraction(w)) for x, w in zip(self.values, self.weights, strict=True)]
        slopes = self.source[0].slopes
        assert slopes is not None
        return [(Fraction(s) ** 2, Fraction(1, len(slopes))) for s in slopes if s]

    def _points_mp(self) -> list[tuple[Any, Any]]:
        """Return the values of D^2 and their probabilities in the working precision of mpmath."""
        import mpmath as mp

        if self.source is None or self.source[1] == 0.0:
            return [(mp.mpf(x), mp.mpf(w)) for x, w in zip(self.values, self.weights, strict=True)]
        phi, variance = self.source
        assert phi.slopes is not None
        cuts = [mp.mpf(b) / mp.sqrt(2 * mp.mpf(variance)) for b in phi.breakpoints]
        below = [mp.mpf(0), *(mp.erfc(-x) / 2 for x in cuts), mp.mpf(1)]
        masses = [b - a for a, b in itertools.pairwise(below)]
        return [(mp.mpf(s) ** 2, w) for s, w in zip(phi.slopes, masses, strict=True) if s]

    def moment_transform_mp(self, u: Any) -> Any:
        """Return the moment transform m_K(u) in the working precision of mpmath.

        Parameters
        ----------
        u : mpf or mpc of mpmath
            Where to evaluate it, off the poles.

        Returns
        -------
        mpf or mpc of mpmath
            The value.
        """
        import mpmath as mp

        return mp.fsum(w * u * x / (1 - u * x) for x, w in self._points_mp())

    def __repr__(self) -> str:
        points = [(0.0, self.atom)] * (self.atom > 0) + list(zip(self.values, self.weights, strict=True))
        return f"DiscreteLaw({', '.join(f'{x:.4g}: {w:.4g}' for x, w in points)})"
