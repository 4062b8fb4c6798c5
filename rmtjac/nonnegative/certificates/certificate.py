"""The result of `rmtjac.nonnegative.certify`: what is proved of the fixed points of a nonnegative network.

Sources: NN (docs/references.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rmtjac.nonnegative.enclosure import Extremal
from rmtjac.nonnegative.outward_rounding import at_least, at_most
from rmtjac.nonnegative.perron_ray import Ray
from rmtjac.nonnegative.predicates.answer import Answer
from rmtjac.nonnegative.rates import Rate

__all__ = ["Certificate", "Part", "Theorem", "few"]


class Theorem:
    """The texts of `Certificate.theorem`."""

    CAVALCANTE_LIAO_STANCZAK = "Cavalcante-Liao-Stanczak"
    CONTRACTION = "contraction"
    LINEAR_BOUND = "linear bound"
    PERRON_RAY = "Perron ray"
    BLOCKS = "blocks"
    MONOTONE_BOUND = "monotone bound"
    NONE_APPLIES = "none applies"


@dataclass(frozen=True, eq=False)
class Certificate:
    """What is proved of the fixed points x >= 0 of a network.

    Attributes
    ----------
    exists : bool or None
        Whether there is a fixed point. None means not decided, here and below.
    unique : bool or None
        Whether there is at most one.
    positive : bool or None
        Whether each fixed point is positive in all coordinates; None also if there is no fixed point.
    shape : str
        ``"empty"``; ``"point"``; ``"interval"`` (a segment of a ray from 0, or the whole ray); ``"two points"`` (0 and
        one more); ``"product"`` (of the fixed points of `parts`); ``"between"`` (all lie between `least` and
        `greatest`); ``"undecided"``.
    theorem : str
        The theorem that proves these statements; ``"none applies"`` if no theorem does.
    reason : str
        The numbers that enter the proof, or the hypothesis that fails.
    rho : tuple of float or None
        Bounds of the spectral radius of the asymptotic mapping; None where it is not defined.
    hypotheses : dict of str to Answer
        All properties that were decided, with evidence.
    least, greatest : Extremal or None
        Enclosures of the least and the greatest fixed point, the same object if there is one fixed point. None without
        a monotone self-map, or if there is no fixed point.
    ray : Ray or None
        Direction and end of an interval that begins at 0.
    rate : Rate or None
        For a concave network: if its value is below 1, T contracts {x >= least.lower} by it in a weighted maximum norm.
    thompson : float or None
        For a concave network: if below 1, T contracts {0 < x <= greatest.upper} by it in Thompson's metric.
    declared : tuple of str
        Activations whose facts the user declared and the proof uses (`rmtjac.Activation`).
    parts : tuple of Part
        For a product: the neurons of each block, and the certificate of its fixed points while the earlier blocks are
        held at their fixed points.

    See Also
    --------
    certify : Computes it.

    References
    ----------
    NN.
    See docs/references.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> found = rj.nonnegative.certify(rj.Network([[[2.0]]], [[1.0]], "relu"))
    >>> found.exists, found.shape, found.reason
    (False, 'empty', 'rho(T_inf) >= 1.99999 > 1, and T, or a power of it, is scalable')
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
    ray: Ray | None = None
    rate: Rate | None = None
    thompson: float | None = None
    declared: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a description for JSON.

        Returns
        -------
        dict of str to object
            All attributes; arrays as lists.
        """
        out: dict[str, Any] = {
            name: getattr(self, name) for name in ("exists", "unique", "positive", "shape", "theorem", "reason", "rho")
        }
        out["hypotheses"] = {k: {"value": a.value, "evidence": a.evidence} for k, a in self.hypotheses.items()}
        for name in ("least", "greatest"):
            one = getattr(self, name)
            if one is not None:
                out[name] = {"lower": one.lower.tolist(), "upper": one.upper.tolist(), "status": str(one.status)}
        out["ray"] = None if self.ray is None else {"vector": self.ray.vector.tolist(), "end": self.ray.end}
        out["rate"] = None if self.rate is None else self.rate.value
        out["thompson"] = self.thompson
        out["declared"] = list(self.declared)
        out["parts"] = [
            {"neurons": neurons.tolist(), "shape": part.shape, "theorem": part.theorem, "reason": part.reason}
            for neurons, part in self.parts
        ]
        return out

    def table(self) -> str:
        """Return the certificate as text.

        Returns
        -------
        str
            One line for each result and hypothesis.
        """
        words = {True: "yes", False: "no", None: "not decided"}
        lines = [f"{name:>20}: {words[getattr(self, name)]}" for name in ("exists", "unique", "positive")]
        lines += [f"{'shape':>20}: {self.shape}", f"{'theorem':>20}: {self.theorem}", f"{'reason':>20}: {self.reason}"]
        if self.rho is not None:
            low, high = self.rho
            lines.append(f"{'rho(T_inf)':>20}: [{at_least(low, digits=12)}, {at_most(high, digits=12)}]")
        if self.rate is not None and self.rate.value < 1.0:
            rate = at_most(self.rate.value, 1.0)
            lines.append(f"{'rate':>20}: {rate} in a weighted maximum norm, from the least fixed point on")
        if self.thompson is not None and self.thompson < 1.0:
            lines.append(
                f"{'rate':>20}: {at_most(self.thompson, 1.0)} in Thompson's metric, up to the greatest fixed point"
            )
        lines += [f"{name:>20}: {words[answer.value]} ({answer.evidence})" for name, answer in self.hypotheses.items()]
        lines += [f"{'part':>20}: neurons {few(neurons)}: {part.shape} ({part.reason})" for neurons, part in self.parts]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Certificate({self.shape}: {self.theorem})"


class Part(NamedTuple):
    """A block of neurons in a product.

    Attributes
    ----------
    neurons : ndarray of int
        The inputs that belong to the block.
    certificate : Certificate
        What is proved of the fixed points of the block.
    """

    neurons: np.ndarray
    certificate: Certificate


def few(neurons: np.ndarray) -> str:
    """Return the first six neurons as text, and how many there are."""
    return ", ".join(map(str, neurons[:6].tolist())) + (f" ... ({neurons.size} in all)" if neurons.size > 6 else "")
