"""The methods of `LimitSpectrum` that have no meaning for heavy tails: each raises an error that says why.

Sources: BS (docs/references.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from rmtjac.theory.heavy_tails.means import HeavyTailedMeans

__all__ = ["HeavyTailedRefused"]


@dataclass(frozen=True, eq=False)
class HeavyTailedRefused(HeavyTailedMeans):
    """The limiting law for heavy-tailed weights, with errors for the methods of `LimitSpectrum` that have no meaning.

    Attributes
    ----------
    solver : Solver
        What computes the law in log lambda (`rmtjac.theory.heavy_tails.solver`).
    """

    def exact_moments(self, order: int) -> NoReturn:
        """Raise an error: moments as fractions belong to weights with all moments.

        Parameters
        ----------
        order : int
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"exact moments do not exist for heavy tails (tail exponent {self.tail.exponent:.6g})")

    def moment_function(self, z: Any) -> NoReturn:
        """Raise an error: the generating function of the moments does not exist; use `stieltjes`.

        Parameters
        ----------
        z : array_like of complex
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        self._no_transform("the generating function of the moments")

    def s_transform(self, m: Any) -> NoReturn:
        """Raise an error: the S-transform belongs to free factors.

        Parameters
        ----------
        m : array_like of complex
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        self._no_transform("the S-transform")

    def r_transform(self, w: Any) -> NoReturn:
        """Raise an error: the R-transform belongs to free summands.

        Parameters
        ----------
        w : array_like of complex
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        self._no_transform("the R-transform")

    def _no_transform(self, what: str) -> NoReturn:
        raise ValueError(
            f"{what} is not available: matrices of heavy-tailed entries are not asymptotically free, and their "
            f"moments do not exist (tail exponent {self.tail.exponent:.6g}); density, cdf and quantiles are known"
        )

    def certify(self, lam: Any, *, bits: int = 64) -> NoReturn:
        """Raise an error: no density for heavy tails is proved.

        Parameters
        ----------
        lam : array_like of float
            Not used.
        bits : int
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(f"method={self.method!r} has no proof; density_error and cdf_error are estimates")

    def certified_edges(self, *, bits: int = 64) -> NoReturn:
        """Raise an error: there are no edges.

        Parameters
        ----------
        bits : int
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError("heavy tails have no edges: the density is positive at every lambda > 0")

    def continuation(self, lam: Any, **options: Any) -> NoReturn:
        """Raise an error: BS (18)-(23) need a variance and a fourth moment of the weights.

        Parameters
        ----------
        lam : array_like of float
            Not used.
        **options
            Not used.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError("BS (14) and its continuation need weights with a variance; heavy tails have none")
