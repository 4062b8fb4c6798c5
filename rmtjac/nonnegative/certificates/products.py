"""Fixed points of a network whose neurons fall into blocks: the product of the sets of fixed points of the blocks.

Blocks act on later ones only. If the blocks that act on others have one fixed point each, the others receive constants,
and Fix(T) is the product of the sets of all blocks. If a block has no fixed point while all blocks that act on it are
at their least fixed points, T has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rmtjac.network import Network
from rmtjac.nonnegative.certificates.certificate import Certificate, Part, Theorem, few
from rmtjac.nonnegative.enclosure import Extremal, merged
from rmtjac.nonnegative.extremal import settled
from rmtjac.nonnegative.iterations import only_fixed_point
from rmtjac.nonnegative.matrices.blocks import acting, blocks, restricted
from rmtjac.nonnegative.outward_rounding import DOWN, UP
from rmtjac.nonnegative.perron_ray import Ray

__all__ = ["product_of_blocks"]

_MAX_BLOCKS = 1000
# If these theorems apply, they apply for all larger biases too.
_LASTING = (Theorem.CAVALCANTE_LIAO_STANCZAK, Theorem.CONTRACTION)


def product_of_blocks(
    network: Network, found: Certificate, tol: float, certify: Callable[[Network, float], Certificate]
) -> Certificate | None:
    """Return what the blocks prove, with `certify` applied to each.

    None if there is one block, or if the blocks leave the shape open.
    """
    cut = blocks(network)
    if len(cut) == 1 or sum(recurrent for _, recurrent in cut) > _MAX_BLOCKS:
        return None
    n = network.widths[0]
    low, high = np.zeros(n), np.zeros(n)
    several = np.zeros(n, dtype=bool)
    parts: list[Part] = []
    known: dict[bytes, Certificate] = {}  # by the entries of the block
    for neurons, recurrent in cut:
        if several[acting(network, neurons)].any():
            return None
        least, most = restricted(network, neurons, low, DOWN), restricted(network, neurons, high, UP)
        if least is None or most is None:
            return None
        if recurrent:
            key = b"".join(array.tobytes() for array in (*least.weights, *least.biases)) + repr(least.widths).encode()
            if key not in known:
                known[key] = certify(least, tol)
            part: Certificate | None = known[key]
            assert part is not None
            if part.exists is False:
                reason = f"neurons {few(neurons)}: {part.reason}"
                return replace(found, exists=False, unique=True, shape="empty", theorem=Theorem.BLOCKS, reason=reason)
            part = _with_rounding(part, least, most, tol)
        else:
            part = _constant(found, least, most, tol)
        if part is None or not part.exists or part.shape in ("between", "undecided"):
            return None
        assert part.least is not None
        assert part.greatest is not None
        low[neurons], high[neurons] = part.least.lower, part.greatest.upper
        several[neurons] = not part.unique
        parts.append(Part(neurons, part))
    return _product(n, found, parts, tol)


def _with_rounding(part: Certificate, least: Network, most: Network, tol: float) -> Certificate | None:
    """Return the certificate for all biases between the biases of `least` and `most`, given the one for `least`."""
    if all((a == b).all() for a, b in zip(least.biases, most.biases, strict=True)):
        return part
    if not part.unique or part.theorem not in _LASTING or part.least is None:
        return None
    one = merged(part.least.lower, only_fixed_point(most, tol).upper, part.least, tol)
    return replace(part, least=one, greatest=one)


def _constant(found: Certificate, least: Network, most: Network, tol: float) -> Certificate:
    """Return the certificate of a neuron that does not act on itself."""
    one = settled(least, most, tol)
    positive = True if (one.lower > 0.0).all() else False if (one.upper == 0.0).all() else None
    return replace(
        found, exists=True, unique=True, positive=positive, shape="point", theorem=Theorem.BLOCKS, hypotheses={},
        reason="the neuron does not act on itself", rho=(0.0, 0.0), least=one, greatest=one,
    )  # fmt: skip


def _product(n: int, found: Certificate, parts: list[Part], tol: float) -> Certificate:
    """Return the certificate of the product of parts."""
    ends = []
    for name in ("least", "greatest"):
        low, high = np.zeros(n), np.zeros(n)
        steps, everywhere = 0, True
        for neurons, part in parts:
            one: Extremal = getattr(part, name)
            low[neurons], high[neurons] = one.lower, one.upper
            steps, everywhere = max(steps, one.iterations), everywhere and one.everywhere
        ends.append(merged(low, high, Extremal(low, high, one.status, everywhere, steps), tol))
    least, greatest = ends
    signs = [part.positive for _, part in parts]
    positive = True if all(signs) else False if False in signs else None
    loose = [part for part in parts if not part.certificate.unique]
    found = replace(
        found, exists=True, unique=not loose, positive=positive, theorem=Theorem.BLOCKS, least=least,
        greatest=greatest if loose else least, parts=tuple(parts),
    )  # fmt: skip
    if not loose:
        return replace(found, shape="point", reason=f"{len(parts)} blocks of neurons, one fixed point each")
    first = loose[0]
    rest = np.ones(n, dtype=bool)
    rest[first.neurons] = False
    ray = first.certificate.ray
    if len(loose) == 1 and ray is not None and (least.upper[rest] == 0.0).all():
        vector = np.zeros(n)
        vector[first.neurons] = ray.vector
        vector.flags.writeable = False
        return replace(
            found, shape="interval", ray=Ray(vector, ray.end),
            reason=f"all neurons are 0 except {few(first.neurons)}: {first.certificate.reason}",
        )  # fmt: skip
    listed = "; ".join(f"neurons {few(neurons)}: {part.shape}" for neurons, part in loose[:4])
    more = f"; and {len(loose) - 4} more" if len(loose) > 4 else ""
    return replace(found, shape="product", reason=f"the product of {len(parts)} blocks of neurons: {listed}{more}")
