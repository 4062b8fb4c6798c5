"""The limiting spectrum of an ensemble: density, cdf, quantiles, moments, support, atom."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rmtjac.archive import load, provenance, save
from rmtjac.ensemble import Ensemble
from rmtjac.laws import Orthogonal
from rmtjac.propagation import MeanField, mean_field
from rmtjac.status import Status
from rmtjac.theory.continuation import ContinuationPoint, continuation
from rmtjac.theory.derivative_law import DerivativeLaw, derivative_law
from rmtjac.theory.edges import support
from rmtjac.theory.inverse import Layers, Roots
from rmtjac.theory.moments import moments
from rmtjac.validate import choice, positive_int

__all__ = ["LimitSpectrum", "limit_spectrum"]


@dataclass(frozen=True, eq=False)
class LimitSpectrum:
    """The limiting law of the eigenvalues lambda = s^2 of M = J J^T: an atom at 0 and a density.

    Made by `limit_spectrum`, or from `Layers` of one's own. All functions broadcast over lambda; negative lambda have
    density and cdf 0.

    Attributes
    ----------
    layers
        Laws of D^2 and weight variances per layer.
    method, digits
        Route of the density, ``"inverse"`` or ``"continuation"``, and the working digits of the latter.
    facts
        How the limit came about (ensemble, input variance), for files; empty if made from layers.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(1000, 2, "relu"))
    >>> lim
    LimitSpectrum(depth 2, support (0, 2.77254], atom 0.5)
    >>> lim.cdf([0.0, 1.0, 3.0]).round(6)
    array([0.5     , 0.907648, 1.      ])
    """

    layers: Layers
    method: str = "inverse"
    digits: int = 15
    facts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def atom(self) -> float:
        """Mass at 0: the largest P(D_l = 0)."""
        return self.layers.groups[0].atom

    @cached_property
    def _log_support(self) -> np.ndarray:
        return support(self.layers)

    @cached_property
    def support(self) -> np.ndarray:
        """Intervals of the support without the atom, shape (k, 2), ascending in lambda."""
        top = float(self._log_support[-1, 1])
        if abs(top) > 700.0:
            raise OverflowError(
                f"the upper edge of the support, exp({top:.6g}), leaves the range of a float; rescale the weights"
            )
        out = np.exp(self._log_support)
        out.flags.writeable = False
        return out

    def _interval(self, log_lam: np.ndarray) -> np.ndarray:
        """Index of the interval that holds each lambda, or -1."""
        place = np.searchsorted(self._log_support.ravel(), log_lam)
        return np.where(place % 2 == 1, place // 2, -1)

    @staticmethod
    def _logs(lam: Any) -> tuple[np.ndarray, np.ndarray]:
        lam = np.asarray(lam, dtype=float)
        if np.isnan(lam).any():
            raise ValueError("lam holds NaN; real numbers are needed")
        with np.errstate(divide="ignore"):
            return lam, np.log(np.maximum(lam, 0.0)).ravel()

    def _solve(self, log_lam: np.ndarray) -> tuple[np.ndarray, Roots]:
        """Roots at the points that lie in the support, and which points these are."""
        inside = (self._interval(log_lam) >= 0) & np.isfinite(log_lam)
        roots = self.layers.solve(log_lam[inside])
        # At a distance of rounding from an edge the root is real to rounding: the density is zero there.
        edges = self._log_support[np.isfinite(self._log_support)]
        gap = np.abs(log_lam[inside][:, None] - edges).min(axis=1)
        lost = ~roots.found & (gap > 1e-11)
        if lost.any():
            lam = math.exp(log_lam[inside][lost][0])
            raise ArithmeticError(
                f"no root found at lam={lam!r} ({lost.sum()} points of {log_lam.size}): {Status.DIVERGED}; "
                "please report this"
            )
        return inside, roots

    def density(self, lam: Any) -> np.ndarray:
        """Return the density rho(lambda), the atom excluded; 0 outside the support.

        With ``method="continuation"`` by the paper's route, rounded to float64.
        """
        lam, log_lam = self._logs(lam)
        out = np.zeros(log_lam.size)
        if self.method == "continuation":
            inside = (self._interval(log_lam) >= 0) & np.isfinite(log_lam)
            out[inside] = [float(point.density) for point in self.continuation(lam.ravel()[inside])]
        else:
            inside, roots = self._solve(log_lam)
            with np.errstate(over="ignore"):
                out[inside] = np.where(roots.found, -roots.imag_m, 0.0) / (math.pi * np.exp(log_lam[inside]))
        return out.reshape(lam.shape)

    def density_error(self, lam: Any) -> np.ndarray:
        """Return an estimate of the absolute error of `density` by the inverse route.

        Rounding and quadrature, amplified by the condition of the equation, which grows at the edges.
        """
        lam, log_lam = self._logs(lam)
        out = np.zeros(log_lam.size)
        inside, roots = self._solve(log_lam)
        out[inside] = np.where(roots.found, roots.error_m, 0.0) / (math.pi * np.exp(log_lam[inside]))
        return out.reshape(lam.shape)

    def continuation(self, lam: Any, **options: Any) -> list[ContinuationPoint]:
        """Solve at `lam` by the paper's route, in `digits` digits; options as in `rmtjac.theory.continuation`."""
        if len(self.layers.groups) != 1:
            raise ValueError(
                "method='continuation' needs the same law of D in all layers (BS eq. 19); "
                "use input_variance='stationary', or method='inverse'"
            )
        variance = math.exp(self.layers.log_variance)
        return continuation(
            self.layers.groups[0], self.layers.depth, np.ravel(lam), variance=variance, digits=self.digits, **options
        )

    def cdf(self, lam: Any) -> np.ndarray:
        """Return F(lambda), the atom included, by the closed form of `rmtjac.theory.inverse`; absolute error 1e-13."""
        lam, log_lam = self._logs(lam)
        return np.where(lam < 0.0, 0.0, self._cdf(log_lam).reshape(lam.shape))

    def _cdf(self, log_lam: np.ndarray) -> np.ndarray:
        """F at log lambda, -inf for 0: in logarithms, because F moves where lambda is no float any more."""
        out = np.where(log_lam > self._log_support[-1, 1], 1.0, self.atom)
        # In a gap F is what it is at the edge below.
        edges = self._log_support[:, 1] - 1e-12
        place = np.searchsorted(self._log_support.ravel(), log_lam)
        in_gap = (place % 2 == 0) & (place > 0) & (place < 2 * edges.size)
        log_lam = np.where(in_gap, edges[np.clip(place // 2 - 1, 0, None)], log_lam)
        inside, roots = self._solve(log_lam)
        tail = np.where(roots.found, self.layers.upper_tail(roots), 0.0)
        out[inside] = np.clip(1.0 - tail, self.atom, 1.0)
        return out

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest lambda with F(lambda) >= p, for p in [0, 1]; relative accuracy about 1e-12.

        In a gap of the support the cdf is flat, and the answer is one of its edges. In deep networks a quantile can lie
        below the range of a float, and comes out as 0: `log_quantile` has it.
        """
        return np.exp(self.log_quantile(p))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the natural logarithm of `quantile`, -inf on the atom."""
        from scipy.optimize import elementwise

        p = np.asarray(p, dtype=float)
        if not np.all((p >= 0.0) & (p <= 1.0)):
            raise ValueError(f"p={p!r} must lie in [0, 1]")
        flat = p.ravel()
        bottom, top = self._log_support[0, 0], self._log_support[-1, 1]
        out = np.where(flat >= 1.0, top, -math.inf)
        open_ = (flat > self.atom) & (flat < 1.0)
        if open_.any():
            wanted = flat[open_]
            high = np.full(wanted.size, top)
            low = high - 1.0 if bottom == -math.inf else np.full(wanted.size, bottom)
            while bottom == -math.inf and (above := self._cdf(low) > wanted).any():
                low = np.where(above, 2.0 * low - high, low)
            out[open_] = elementwise.find_root(lambda x, p: self._cdf(x) - p, (low, high), args=(wanted,)).x
        return out.reshape(p.shape)

    def moment(self, k: int) -> float:
        """Return the moment of order `k`: the mean of lambda^k, the atom included."""
        return float(self.moments(positive_int("k", k))[-1])

    def moments(self, most: int) -> np.ndarray:
        """Return the moments 1 ... `most`, by Lagrange inversion of lambda(m)."""
        return moments(self.layers, positive_int("most", most))

    def curve(self, points: int = 400, low: float = 1e-4, scale: str = "linear") -> tuple[np.ndarray, np.ndarray]:
        """Return lambda and rho(lambda) for drawing.

        Parameters
        ----------
        points
            Number of points per interval of the support.
        low
            Lowest lambda relative to the upper edge, where the support reaches down to 0.
        scale
            ``"linear"`` or ``"log"``: where the points lie dense. Both are dense at the edges.
        """
        choice("scale", scale, ("linear", "log"))
        t = 0.5 * (1.0 - np.cos(np.linspace(0.0, math.pi, positive_int("points", points))))
        parts = []
        for a, b in self._log_support:
            a = max(a, b + math.log(low))
            parts.append(
                np.exp(a + (b - a) * t) if scale == "log" else math.exp(a) + (math.exp(b) - math.exp(a)) * t**2
            )
        lam = np.concatenate(parts)
        return lam, self.density(lam)

    def to_pandas(self, points: int = 400, scale: str = "log") -> Any:
        """Return the curve as a table: lambda, density, its error, cdf."""
        import pandas as pd

        lam, density = self.curve(points, scale=scale)
        return pd.DataFrame(
            {"lam": lam, "density": density, "density_error": self.density_error(lam), "cdf": self.cdf(lam)}
        )

    def save(self, path: str | Path) -> Path:
        """Write what defines the limit, and its curve, to `path` (npz, no pickles)."""
        if not self.facts:
            raise ValueError(
                "this limit was made from layers, not from an ensemble; save its curve with to_pandas instead"
            )
        lam, density = self.curve(scale="log")
        return save(path, "LimitSpectrum", {**self.facts, "provenance": provenance()}, {"lam": lam, "density": density})

    @classmethod
    def load(cls, path: str | Path) -> LimitSpectrum:
        """Read a limit that `save` wrote, and build it again."""
        facts, _ = load(path, "LimitSpectrum")
        ensemble = Ensemble.from_dict(facts["ensemble"])
        return limit_spectrum(
            ensemble, input_variance=facts["input_variance"], method=facts["method"], digits=facts["digits"]
        )

    def __repr__(self) -> str:
        parts = [f"({a:.6g}, {b:.6g}]" if a == 0.0 else f"[{a:.6g}, {b:.6g}]" for a, b in self.support]
        return f"LimitSpectrum(depth {self.layers.depth}, support {' + '.join(parts)}, atom {self.atom:.6g})"


def limit_spectrum(
    ensemble: Ensemble, *, input_variance: float | str = 1.0, method: str = "inverse", digits: int = 15
) -> LimitSpectrum:
    r"""Return the limit, as the width grows, of the spectrum that `rmtjac.sample_spectrum` samples.

    Parameters
    ----------
    ensemble
        Square, with weights of finite variance. Laws of weights enter by their variance only (universality); the limit
        depends on the width only if the scale convention does.
    input_variance
        :math:`q_0 = |x^0|^2/n_0`, or ``"stationary"``: every layer then has the same law of D, as in BS (14).
    method
        ``"inverse"`` (default), see `rmtjac.theory.inverse`: 2 us a point for two-point laws, 8 us erf, 40 us tanh.
        ``"continuation"``: the paper's route in arbitrary precision, for equal layers.
    digits
        Working digits of the continuation.

    Raises
    ------
    ValueError
        If the ensemble is not square, no stationary input exists, or all of D vanishes.
    NotImplementedError
        For heavy-tailed or orthogonal weights.

    Examples
    --------
    >>> import rmtjac as rj
    >>> lim = rj.limit_spectrum(rj.Ensemble.square(1000, 1, "linear"))     # Marchenko-Pastur
    >>> lim.support, lim.moments(3)
    (array([[0., 4.]]), array([1., 2., 5.]))
    """
    choice("method", method, ("inverse", "continuation"))
    positive_int("digits", digits)
    for one in ensemble.weights:
        if isinstance(one, Orthogonal):
            raise NotImplementedError(f"weights={one!r}: the limit for orthogonal weights is not yet available")
        if not one.finite_variance:
            raise NotImplementedError(
                f"weights={one!r} have no variance, and BS (14) does not hold for them; the limit for heavy tails, "
                "method='population', is not yet available"
            )
    if not ensemble.is_square:
        raise ValueError(
            f"widths={list(ensemble.widths)} must all be equal: the limit of rectangular products is not yet available"
        )
    variances = [
        n * layer["weight_variance"] for n, layer in zip(ensemble.widths, ensemble.layer_numbers(), strict=False)
    ]
    for l, variance in enumerate(variances):
        if variance == 0.0:
            raise ValueError(f"weights={ensemble.weights[l]!r} vanish in layer {l}: the spectrum is a point mass at 0")
        if variance == math.inf:
            raise ValueError(
                f"weights={ensemble.weights[l]!r}: their variance in layer {l} leaves the range of a float"
            )
    signal = mean_field(ensemble, input_variance)
    facts = {
        "ensemble": ensemble.to_dict(),
        "input_variance": signal.input_variance,
        "method": method,
        "digits": digits,
    }
    lim = LimitSpectrum(Layers(_laws(ensemble, signal), variances), method, digits, facts)
    _ = lim.support  # refuses a spectrum beyond the range of a float now, not at the first density
    if method == "continuation" and len(lim.layers.groups) != 1:
        lim.continuation([])  # raises the explanation now instead of at the first density
    return lim


def _laws(ensemble: Ensemble, signal: MeanField) -> list[DerivativeLaw]:
    """Law of D^2 per layer; variances that agree to rounding count as equal."""
    pairs = zip(ensemble.activations, signal.preactivation_variances, strict=True)
    return [derivative_law(phi, float(f"{q:.13g}")) for phi, q in pairs]
