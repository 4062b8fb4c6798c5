"""Existence, uniqueness, shape of the set of fixed points of a nonnegative network: a proof, or the missing hypothesis.

The theorems, for T mapping x >= 0 to itself:

- *Monotone bound*: T monotone and T(u) <= u for some u >= 0: there is a least fixed point, and a greatest below u.
- *Cavalcante-Liao-Stanczak*: T monotone and scalable: there is a fixed point if and only if rho(T_inf) < 1; it is then
  unique and positive.
- *Linear bound*: T concave with T(0) = 0 and rho(T'(0)) < 1: T(x) <= T'(0) x, so that 0 is the only fixed point.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rmtjac.network import Network
from rmtjac.nonnegative import predicates
from rmtjac.nonnegative.asymptotic import is_below_one
from rmtjac.nonnegative.extremal import Extremal, greatest_fixed_point, least_fixed_point
from rmtjac.nonnegative.predicates import Answer

__all__ = ["Certificate", "certify"]

_HYPOTHESES = (
    "nonnegative_weights", "nonnegative_biases", "monotone", "self_map", "weakly_scalable", "scalable", "concave",
    "positive",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is proved of the fixed points x >= 0 of a network; None: not decided.

    Attributes
    ----------
    exists, unique, positive
        Whether there is one; at most one; whether each is positive in all coordinates (None also if there is none).
    shape
        ``"empty"``, ``"point"``, ``"between"`` (all lie between `least` and `greatest`), ``"undecided"``.
    theorem
        What proves it.
    reason
        With the numbers; or the hypothesis that fails.
    rho
        Bracket of the spectral radius of the asymptotic mapping; None where it is not defined.
    hypotheses
        All properties that were looked at, with evidence.
    least, greatest
        Enclosures; None without a monotone self-map.
    """

    exists: bool | None
    unique: bool | None
    positive: bool | None
    shape: str
    theorem: str
    reason: str
    rho: tuple[float, float] | None
    hypotheses: dict[str, Answer] = field(default_factory=dict)
    least: Extremal | None = None
    greatest: Extremal | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        out: dict[str, Any] = {
            name: getattr(self, name) for name in ("exists", "unique", "positive", "shape", "theorem", "reason", "rho")
        }
        out["hypotheses"] = {k: {"value": a.value, "evidence": a.evidence} for k, a in self.hypotheses.items()}
        for name in ("least", "greatest"):
            one = getattr(self, name)
            if one is not None:
                out[name] = {"lower": one.lower.tolist(), "upper": one.upper.tolist(), "status": str(one.status)}
        return out

    def table(self) -> str:
        """Return the certificate as text."""
        words = {True: "yes", False: "no", None: "not decided"}
        lines = [f"{name:>20}: {words[getattr(self, name)]}" for name in ("exists", "unique", "positive")]
        lines += [f"{'shape':>20}: {self.shape}", f"{'theorem':>20}: {self.theorem}", f"{'reason':>20}: {self.reason}"]
        if self.rho is not None:
            lines.append(f"{'rho(T_inf)':>20}: [{self.rho[0]:.12g}, {self.rho[1]:.12g}]")
        lines += [f"{name:>20}: {words[answer.value]} ({answer.evidence})" for name, answer in self.hypotheses.items()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Certificate({self.shape}: {self.theorem})"


def certify(net: Network, tol: float = 1e-12) -> Certificate:
    """Prove what can be proved of the fixed points x >= 0 of a network.

    Parameters
    ----------
    net
        From R^n to R^n; any activations, those of one's own decide nothing.
    tol
        Of the enclosures.

    Returns
    -------
    Certificate

    Raises
    ------
    ValueError
        If the network does not map R^n to R^n.

    Notes
    -----
    Cost: that of `spectral_radius` and of the two iterations.

    Examples
    --------
    >>> import rmtjac as rj
    >>> net = rj.Network([[[0.5, 0.25], [0.0, 0.5]]], [[1.0, 1.0]], "relu")
    >>> rj.nonnegative.certify(net)
    Certificate(point: Cavalcante-Liao-Stanczak)
    """
    if not isinstance(net, Network):
        raise TypeError(f"network={net!r} must be a Network")
    if net.widths[0] != net.widths[-1]:
        raise ValueError(f"network maps R^{net.widths[0]} to R^{net.widths[-1]}; fixed points need n_0 = n_L")
    known = {name: getattr(predicates, name)(net) for name in _HYPOTHESES}
    if not known["self_map"]:
        return Certificate(None, None, None, "undecided", "none applies", known["self_map"].evidence, None, known)
    try:
        below_one, rho = is_below_one(net)
    except ValueError:
        below_one, rho = None, None
    positive = known["positive"].value or None  # T(0) = 0 in an entry says nothing of fixed points
    if known["scalable"] and below_one is False:
        reason = f"rho(T_inf) in [{rho[0]:.6g}, {rho[1]:.6g}] is at least 1"  # type: ignore[index]
        return Certificate(False, True, None, "empty", "Cavalcante-Liao-Stanczak", reason, rho, known)
    least, greatest = least_fixed_point(net, tol), greatest_fixed_point(net, tol)

    def certificate(exists: bool | None, unique: bool | None, shape: str, theorem: str, reason: str) -> Certificate:
        return Certificate(exists, unique, positive, shape, theorem, reason, rho, known, least, greatest)

    if known["scalable"] and below_one:
        reason = f"scalable, rho(T_inf) <= {rho[1]:.6g} < 1"  # type: ignore[index]
        return certificate(True, True, "point", "Cavalcante-Liao-Stanczak", reason)
    if known["concave"] and (least.upper == 0.0).all():
        at_zero, slope = is_below_one(list(net.weights))
        if at_zero:
            reason = f"concave, T(0) = 0, rho(T'(0)) <= {slope[1]:.6g} < 1"
            positive = False
            return certificate(True, True, "point", "linear bound", reason)
    if least.exists or greatest.exists:
        apart = least.exists and greatest.exists and bool((greatest.lower > least.upper).any())
        unique = False if apart else True if known["scalable"] else None
        shape = "between" if least.exists and greatest.exists and greatest.everywhere else "undecided"
        shape = "point" if unique else shape
        reason = "T(0) = 0" if (least.upper == 0.0).all() else "a vector u with T(u) <= u"
        reason += "; the least and the greatest fixed point differ" if apart else ""
        return certificate(True, unique, shape, "monotone bound", reason)
    missing = "scalable" if not known["scalable"] else "rho(T_inf) < 1"
    reason = f"no u with T(u) <= u was found, and not proved: {missing} ({known['scalable'].evidence})"
    return certificate(None, None, "undecided", "none applies", reason)
