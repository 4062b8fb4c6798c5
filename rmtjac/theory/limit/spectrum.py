"""The limiting spectrum: density, cdf, quantiles, moments, support, atoms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.archive import restore, save
from rmtjac.ensemble import Ensemble
from rmtjac.provenance import provenance
from rmtjac.schema import Schema
from rmtjac.theory.equation import roots as inverse
from rmtjac.theory.equation.continuation import ContinuationPoint, continuation
from rmtjac.theory.equation.layers import Layers
from rmtjac.theory.equation.near_edge import Expansion, expand
from rmtjac.theory.equation.roots import Roots
from rmtjac.theory.equation.support import Edge, Support
from rmtjac.theory.limit import curve as curves
from rmtjac.theory.limit import integral, quantiles, transforms
from rmtjac.theory.limit import moments as lagrange
from rmtjac.theory.limit.density import densities
from rmtjac.theory.limit.own_mass import checked_support
from rmtjac.validate import positive_int

if TYPE_CHECKING:
    from rmtjac.theory.proof.density import CertifiedDensity
    from rmtjac.theory.proof.edges import CertifiedEdges

__all__ = ["LimitSpectrum"]

_PROOFS = 8  # certified curves that are kept


_SCHEMA = Schema(
    "LimitSpectrum",
    arrays={"lam": "float points", "density": "float points"},
    facts={
        "ensemble": "object",
        "input_variance?": "any",
        "method?": "text",
        "digits?": "count",
        "certify?": "bool",
        "provenance": "object",
        "*": "any",
    },
)


@dataclass(frozen=True, eq=False)
class LimitSpectrum:
    """The limiting law of the eigenvalues lambda = s^2 of M = J J^T: an atom at 0 and a density.

    Made by `limit_spectrum`, or from `Layers` of one's own. All functions broadcast over lambda; negative lambda have
    density and cdf 0. Without Gaussian weights there may be more atoms (`atoms`).

    Attributes
    ----------
    layers
        Laws of D^2, weight variances, widths and kinds of weights per layer.
    method, digits
        Route of the density, ``"inverse"`` or ``"continuation"``, and the working digits of the latter.
    certified
        Whether `density` and `density_error` are proved (`certify`).
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
    >>> lim.edges
    (Edge(0, hard, exponent -0.5), Edge(2.77254, square-root, exponent 0.5))
    """

    layers: Layers
    method: str = "inverse"
    digits: int = 15
    certified: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def atom(self) -> float:
        """Mass at 0: 1 - min(n_0 / n_L, P(D_l != 0) n_{l+1} / n_L)."""
        lead = self.layers.groups[0]
        return lead.atom if self.layers.ratios[0] == 1.0 else max(1.0 - self.layers.rank, 0.0)

    @cached_property
    def atoms(self) -> np.ndarray:
        """Atoms off 0, which only orthogonal weights leave: shape (k, 2), lambda and mass, ascending."""
        return _frozen(np.column_stack([np.exp(self._ends.log_atoms), self._ends.masses]))

    @cached_property
    def _ends(self) -> Support:
        return checked_support(self.layers, self.atom, self.facts.get("ensemble"))

    @property
    def hidden_gap(self) -> float:
        """No gap of the support wider than this, in log lambda, has been missed: see
        `rmtjac.theory.equation.support`.
        """
        return self._ends.hidden

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The ends of the intervals of the support, ascending, with their kind: see
        `rmtjac.theory.equation.support`.
        """
        return tuple(edge for interval in self._ends.intervals for edge in interval)

    @cached_property
    def _log_support(self) -> np.ndarray:
        return self._ends.log_ends

    @cached_property
    def support(self) -> np.ndarray:
        """Intervals of the support without the atoms, shape (k, 2), ascending in lambda."""
        top = max([*self._log_support.ravel(), *self._ends.log_atoms])
        if abs(top) > 700.0:
            raise OverflowError(
                f"the upper edge of the support, exp({top:.6g}), leaves the range of a float; rescale the weights"
            )
        return _frozen(np.exp(self._log_support))

    @cached_property
    def _proofs(self) -> dict[tuple[bytes, int], CertifiedDensity]:
        return {}

    @cached_property
    def _expansions(self) -> list[tuple[float, Expansion]]:
        """Expansions at the square-root edges, with log lambda_e; made when a density is asked for next to one."""
        sharp = [edge for edge in self.edges if edge.kind == "square-root"]
        made = [(edge.log_lam, expand(self.layers, edge)) for edge in sharp]
        return [(at, expansion) for at, expansion in made if expansion is not None]

    def inside(self, log_lam: np.ndarray) -> np.ndarray:
        """Return whether each lambda, given by its logarithm, lies within the support."""
        return (np.searchsorted(self._log_support.ravel(), log_lam) % 2 == 1) & np.isfinite(log_lam)

    @staticmethod
    def _logs(lam: Any) -> tuple[np.ndarray, np.ndarray]:
        lam = np.asarray(lam, dtype=float)
        if np.isnan(lam).any():
            raise ValueError("lam holds NaN; real numbers are needed")
        with np.errstate(divide="ignore"):
            return lam, np.log(np.maximum(lam, 0.0)).ravel()

    def solve(self, log_lam: np.ndarray) -> Roots:
        """Return the roots at points of the support, given by their logarithms."""
        return inverse.solve_inside(self.layers, log_lam)

    def _density(self, lam: Any) -> tuple[np.ndarray, np.ndarray]:
        return densities(self, *self._logs(lam))

    def density(self, lam: Any) -> np.ndarray:
        """Return the density rho(lambda), the atoms excluded; 0 outside the support.

        Relative error about 1e-14 for laws of two values, 1e-12 for others, 1e-10 next to an edge, however near.
        With ``method="continuation"`` by the paper's route, rounded to float64; if `certified`, the middle of the
        proved interval (where the proof failed the estimate, or NaN, with an infinite `density_error`).
        """
        if self.certified:
            return self.certify(lam).density.reshape(np.shape(lam))
        if self.method == "continuation":
            lam, log_lam = self._logs(lam)
            out, inside = np.zeros(log_lam.size), self.inside(log_lam)
            out[inside] = [float(point.density) for point in self.continuation(lam.ravel()[inside])]
            return out.reshape(lam.shape)
        return self._density(lam)[0]

    def density_error(self, lam: Any) -> np.ndarray:
        """Return the absolute error of `density` by the inverse route.

        An estimate, rounding and quadrature times the condition of the equation; if `certified`, a proved bound
        (infinite where the proof failed).
        """
        return self.certify(lam).radius.reshape(np.shape(lam)) if self.certified else self._density(lam)[1]

    def certify(self, lam: Any, *, bits: int = 64) -> CertifiedDensity:
        """Return intervals that provably contain the density: see `rmtjac.theory.proof.density` (extra
        ``[certify]``).
        """
        from rmtjac.theory.proof.density import certified_density

        lam = self._logs(lam)[0].ravel()
        key = (lam.tobytes(), positive_int("bits", bits))
        if key not in self._proofs:  # `density` and `density_error` ask for the same points in turn
            self._proofs[key] = certified_density(self.layers, lam, bits=bits)
            if len(self._proofs) > _PROOFS:
                del self._proofs[next(iter(self._proofs))]
        return self._proofs[key]

    def certified_edges(self, *, bits: int = 64) -> CertifiedEdges:
        """Return intervals that provably contain the outermost edges (extra ``[certify]``)."""
        from rmtjac.theory.proof.edges import certified_edges

        return certified_edges(self.layers, bits=bits)

    def singular_value_density(self, s: Any) -> np.ndarray:
        """Return the density of the singular values s = sqrt(lambda) of J, 2 s rho(s^2); 0 for s <= 0."""
        s = np.asarray(s, dtype=float)
        return np.where(s > 0.0, 2.0 * s * self.density(np.square(s)), 0.0)

    def continuation(self, lam: Any, **options: Any) -> list[ContinuationPoint]:
        """Solve at `lam` by the paper's route, in `digits` digits; options as in
        `rmtjac.theory.equation.continuation`.
        """
        law = self.layers.equal_law
        if law is None:
            raise ValueError(
                "method='continuation' needs square layers with Gaussian weights and the same law of D in all "
                "(BS eq. 19); use input_variance='stationary', or method='inverse'"
            )
        variance = math.exp(sum(math.log(v) for v in self.layers.variances))
        return continuation(law, self.layers.depth, np.ravel(lam), variance=variance, digits=self.digits, **options)

    def cdf(self, lam: Any) -> np.ndarray:
        """Return F(lambda), the atoms included, by the closed form of `rmtjac.theory.equation.roots`; absolute error
        1e-13.
        """
        lam, log_lam = self._logs(lam)
        return np.where(lam < 0.0, 0.0, quantiles.cdf(self, log_lam)[0].reshape(lam.shape))

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest lambda with F(lambda) >= p, for p in [0, 1]; relative accuracy about 1e-12.

        In a gap of the support the cdf is flat, and the answer is its lower edge. In deep networks a quantile can lie
        below the range of a float, and comes out as 0: `log_quantile` has it.
        """
        return np.exp(self.log_quantile(p))

    def log_quantile(self, p: Any) -> np.ndarray:
        """Return the natural logarithm of `quantile`, -inf on the atom at 0; by Newton's method on the cdf.

        Where D^2 < 1e-280 for many neurons the registered activations go on in logarithms. One's own, a Python
        function, cannot: ArithmeticError, with the bracket in which the quantile lies.
        """
        p = np.asarray(p, dtype=float)
        if not np.all((p >= 0.0) & (p <= 1.0)):
            raise ValueError(f"p={p!r} must lie in [0, 1]")
        return quantiles.log_quantile(self, p.ravel()).reshape(p.shape)

    def sample(self, size: int | tuple[int, ...], rng: Any) -> np.ndarray:
        """Draw independent lambda from the law, atoms included; the eigenvalues of one matrix repel each other."""
        return self.quantile(np.random.default_rng(rng).random(size))

    def stieltjes(self, z: Any) -> np.ndarray:
        """Return f(z), the mean of 1/(lambda - z), at complex z; on the support the value from above, z + i0."""
        return transforms.stieltjes(self, z)

    def moment_function(self, z: Any) -> np.ndarray:
        r"""Return :math:`m_M(z) = \sum_k m_k z^k`, continued by -1 - f(1/z)/z; on the cut the value from below."""
        return transforms.moment_function(self, z)

    def s_transform(self, m: Any) -> np.ndarray:
        """Return S(m) = (1 + m) / (m lambda(m)), -rank < m: products of free matrices multiply it."""
        return transforms.s_transform(self.layers, m)

    def r_transform(self, w: Any) -> np.ndarray:
        """Return R(w) = lambda - 1/w with w = -f(lambda), around w = 0: sums of free matrices add it."""
        return transforms.r_transform(self.layers, w)

    def moment(self, k: int) -> float:
        """Return the moment of order `k`: the mean of lambda^k, the atoms included."""
        return float(self.moments(positive_int("k", k))[-1])

    def moments(self, most: int) -> np.ndarray:
        """Return the moments 1 ... `most`, by Lagrange inversion of lambda(m)."""
        _ = self._ends  # nothing is answered of a limit whose mass is not 1
        return lagrange.moments(self.layers, positive_int("most", most))

    def exact_moments(self, most: int) -> tuple[Fraction, ...]:
        """Return the moments 1 ... `most` as fractions, where D^2 takes rational values with rational probabilities."""
        _ = self._ends
        return lagrange.exact_moments(self.layers, positive_int("most", most))

    def mean(self, f: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
        """Return the mean of f(lambda) over the law, atoms included, and an estimate of its error.

        By adaptive quadrature of the density: rules of fixed nodes miss narrow peaks. `f` takes and returns arrays;
        where lambda is too small for a float, f(0) counts.

        >>> import numpy as np, rmtjac as rj
        >>> lim = rj.limit_spectrum(rj.Ensemble([20, 5, 10], "mish"), input_variance=50.0)
        >>> mass, error = lim.mean(np.ones_like)
        >>> abs(mass - 1.0) < 1e-10, error < 1e-10
        (True, True)
        """
        value, error = integral.integral(self, f)
        places = np.concatenate([[0.0] * (self.atom > 0.0), self.atoms[:, 0]])
        masses = np.concatenate([[self.atom] * (self.atom > 0.0), self.atoms[:, 1]])
        return value + float(masses @ np.asarray(f(places), dtype=float)), error

    def log_moment(self) -> float:
        """Mean of log lambda over lambda > 0; (1/2) of it per layer is the mean Lyapunov exponent."""
        return self._log_moment

    @cached_property
    def _log_moment(self) -> float:
        return lagrange.log_moment(self.layers)

    def curve(
        self, points: int = 400, low: float = 1e-4, scale: str = "linear", rtol: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return lambda and rho(lambda) for drawing.

        Parameters
        ----------
        points
            Number of points per interval of the support.
        low
            Where an interval reaches down to 0, the curve starts at `low` times its upper end; with `rtol` as small as
            one likes (1e-100).
        scale
            ``"linear"`` or ``"log"``: where the points lie dense. Both are dense at the edges.
        rtol
            Instead of `points`: so many points that straight lines between them in (log lambda, lambda rho) are right
            to `rtol`, relative to lambda rho, or to `rtol` times its largest value where it is smaller than that.
        """
        return curves.curve(self, points, low, scale, rtol)

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
        from rmtjac.theory.limit.limit_spectrum import limit_spectrum

        def build(facts: dict[str, Any], _: dict[str, np.ndarray]) -> LimitSpectrum:
            options = {name: facts[name] for name in ("input_variance", "method", "digits", "certify") if name in facts}
            return limit_spectrum(Ensemble.from_dict(facts["ensemble"]), **options)

        return restore(path, _SCHEMA, build)

    def __repr__(self) -> str:
        parts = [f"({a:.6g}, {b:.6g}]" if a == 0.0 else f"[{a:.6g}, {b:.6g}]" for a, b in self.support]
        parts += [f"{{{lam:.6g}}}" for lam, _ in self.atoms]
        more = "".join(f", {mass:.6g} at {lam:.6g}" for lam, mass in self.atoms)
        if self.hidden_gap > 1e-6:
            more += f", gaps of log lambda below {self.hidden_gap:.1g} may be hidden"
        return f"LimitSpectrum(depth {self.layers.depth}, support {' + '.join(parts)}, atom {self.atom:.6g}{more})"


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
