"""Results of certificates: single fixed points with a proof of each, and the only fixed point of a network."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from rmtjac.fixed_points.certified.contraction import Uniqueness, at_most_one
from rmtjac.fixed_points.certified.enclosure import TWO_UNITS, Slopes, enclose, slope_bounds
from rmtjac.fixed_points.certified.local import local_proof
from rmtjac.fixed_points.certified.single import the_one
from rmtjac.fixed_points.iterated.newton import candidates
from rmtjac.fixed_points.points import ascending, indices
from rmtjac.fixed_points.result import FixedPoints
from rmtjac.network import Network

__all__ = ["everywhere", "joined", "newton_fixed_points", "unique_fixed_point", "unique_in_box"]

_SAME = 1e-11  # a candidate at this relative distance from a proved point is that point
_NEAR = 1e-6  # candidates without a proof at this relative distance count as one
_SINGULAR = 1e-5  # if I - J has a smaller relative singular value, the point counts as a multiple one
_SHRINKINGS = 50  # the largest number of times a box is replaced by the bounds of its image


class _Row(NamedTuple):
    """One point of the result, as `local_proof` or Newton's method found it."""

    place: np.ndarray
    errors: np.ndarray
    jacobian: np.ndarray
    proved: bool


def everywhere(n: int) -> np.ndarray:
    """Return the domain R^n."""
    return np.array([np.full(n, -np.inf), np.full(n, np.inf)])


def newton_fixed_points(
    net: Network, domain: np.ndarray | None, starts: np.ndarray, iterate: bool = True
) -> FixedPoints:
    """Return what Newton's method finds from starts (K, n), with a local proof of each point that has one."""
    points, residuals = candidates(net, starts, iterate)
    box = everywhere(net.widths[0]) if domain is None else domain
    proofs: list[Any] = []
    loose: list[tuple[np.ndarray, float]] = []
    steep: list[np.ndarray] = []
    for x, residual in zip(points, residuals, strict=True):
        size = 1.0 + float(np.abs(x).max())
        if any(np.abs(x - one.place).max() < _SAME * size for one in proofs):
            continue
        if any(np.abs(x - other).max() <= _NEAR * size for other, _ in loose):
            continue
        proof = local_proof(net, x)
        if proof is None:
            loose.append((x, float(residual)))
        elif not any(_meet(proof.place, proof.errors, one.place, one.errors) for one in proofs):
            proofs.append(proof)
    loose = [
        (x, residual) for x, residual in loose
        if not any(np.abs(x - one.place).max() <= _NEAR * (1.0 + np.abs(x).max()) for one in proofs)
    ]  # fmt: skip
    rows = [_Row(one.place, one.errors, one.jacobian, True) for one in proofs if _reaches(one.place, one.errors, box)]
    for x, residual in loose:
        if _reaches(x, np.zeros_like(x), box):
            with np.errstate(over="ignore", invalid="ignore"):
                jacobian = net.jacobian(x)
            if np.isfinite(jacobian).all():
                rows.append(_Row(x, np.full(x.size, _guess(jacobian, residual)), jacobian, False))
            else:
                steep.append(x)
    found = _collected(net, rows, box, len(starts))
    if not steep:
        return found
    more = f"{len(steep)} more left out, as their Jacobian overflows, such as {steep[0].tolist()[:3]}"
    return dataclasses.replace(found, reason=f"{found.reason}; {more}")


def _guess(jacobian: np.ndarray, residual: float) -> float:
    """Return an estimate of the error from the residual, not proved; inf if I - J is singular."""
    least = float(np.linalg.svd(np.eye(len(jacobian)) - jacobian, compute_uv=False)[-1])
    return residual * len(jacobian) ** 0.5 / least if least > 1e-14 else np.inf


def _meet(x: np.ndarray, errors: np.ndarray, y: np.ndarray, others: np.ndarray) -> bool:
    """Return whether two boxes, given by centres and half sides, have a point in common."""
    return not bool((np.abs(x - y) > (errors + others) * (1.0 + 4.0 * TWO_UNITS)).any())


def _reaches(x: np.ndarray, errors: np.ndarray, box: np.ndarray) -> bool:
    """Return whether a point with errors may lie in a box (2, n)."""
    return bool(((x + errors >= box[0]) & (x - errors <= box[1])).all())


def _collected(net: Network, rows: list[_Row], box: np.ndarray, starts: int) -> FixedPoints:
    """Return the result of Newton's method from its points."""
    n = net.widths[0]
    points = np.array([row.place for row in rows]).reshape(-1, n)
    errors = np.array([row.errors for row in rows]).reshape(-1, n)
    jacobians = np.array([row.jacobian for row in rows]).reshape(-1, n, n)
    proved = np.array([row.proved for row in rows], dtype=bool)
    order = ascending(points)
    reason = f"not proved complete: Newton's method from {starts} starts and their iterates"
    if not all(phi.code is not None for phi in net.activations):
        names = ", ".join(sorted({phi.spec for phi in net.activations if phi.code is None}))
        reason += f"; no proof: activation {names!r} has no interval extension"
    elif not proved.all():
        reason += f"; without a proof: {_unproved(jacobians[~proved])}"
    return FixedPoints(
        points[order], errors[order], jacobians[order], proved[order], indices(jacobians[order]), False, reason,
        "newton", box, np.empty((0, 2, n)), facts={"starts": starts},
    )  # fmt: skip


def _unproved(jacobians: np.ndarray) -> str:
    """Return why points with these Jacobians (K, n, n) have no proof, as text."""
    sizes = np.linalg.svd(np.eye(jacobians.shape[1]) - jacobians, compute_uv=False)
    near = sizes[:, -1] <= _SINGULAR * np.maximum(1.0, sizes[:, 0])
    singular = "I - J is nearly singular there (a multiple point or a continuum)"
    blind = "I - J is regular, but no box is verified (a kink, slopes too steep for floats)"
    if near.all() or not near.any():
        return singular if near.any() else blind
    return f"at {int(near.sum())}, {singular}; at {int((~near).sum())}, {blind}"


def unique_fixed_point(net: Network, domain: np.ndarray | None) -> FixedPoints | None:
    """Return the only fixed point on R^n if a certificate proves that there is one; with a domain, only if inside."""
    slopes = slope_bounds(net)
    found = None if slopes is None else at_most_one(net, slopes)
    if found is None:
        return None
    assert slopes is not None
    return _only(net, found, slopes, domain)


def unique_in_box(net: Network, domain: np.ndarray) -> FixedPoints | None:
    """Return the only fixed point in a box, or a result without points, if bounds of F and its slopes there prove it.

    The result is None if they do not. Every activation must be known to the kernels.
    """
    small = _shrunk(net, domain)
    if small is None:
        return _none(net, domain)
    centre = 0.5 * small[0] + 0.5 * small[1]
    radius = np.maximum(small[1] - centre, centre - small[0]) * (1.0 + 4.0 * TWO_UNITS)
    slopes = enclose(net, centre, radius).slopes
    if not all(np.isfinite(bound).all() for pair in slopes for bound in pair):
        return None
    found = at_most_one(net, slopes)
    return None if found is None else _only_inside(net, found, domain, small)


def _facts(found: Uniqueness) -> dict[str, Any]:
    """Return the certificate as a dict for the result."""
    return {"certificate": {"kind": found.kind, "rate": found.rate, "text": found.text}}


def _only(net: Network, found: Uniqueness, slopes: Slopes, domain: np.ndarray | None) -> FixedPoints:
    """Return the result for a network that has exactly one fixed point on R^n."""
    n = net.widths[0]
    x, proof, errors = the_one(net, found, slopes)
    box = everywhere(n) if domain is None else domain
    declared = sorted({phi.spec for phi in net.activations if phi.code is None})
    reason = f"complete: exactly one fixed point on R^{n}, because {found.text}"
    if declared:
        reason += f" (by what was declared of {', '.join(declared)})"
    if domain is not None and not _reaches(x, errors, domain):
        return _none(net, domain, f"{reason}; it lies outside the domain", _facts(found))
    proved = bool((errors <= _NEAR * (1.0 + np.abs(x))).all())
    sure = domain is None or bool(((x - errors >= domain[0]) & (x + errors <= domain[1])).all())
    if not sure:
        reason += "; it may lie outside the domain, by no more than its error"
    if not proved:
        reason += "; its place is not proved" if declared else "; its place was not found"
    if not (sure or proved):
        reason = reason.replace("complete", "not proved complete", 1)
    jacobian = net.jacobian(x) if proof is None else proof.jacobian
    return FixedPoints(
        x[None], errors[None], jacobian[None], np.array([proved]), indices(jacobian[None]), sure or proved, reason,
        "contraction", box,
        np.empty((0, 2, n)), facts=_facts(found),
    )  # fmt: skip


def _only_inside(net: Network, found: Uniqueness, domain: np.ndarray, small: np.ndarray) -> FixedPoints | None:
    """Return the fixed point of a domain that holds at most one; None if it is not found.

    `small` is a box that contains every fixed point of the domain.
    """
    n = net.widths[0]
    more = newton_fixed_points(net, domain, np.stack([0.5 * small[0] + 0.5 * small[1], *small]))
    inside = (more.points - more.errors >= domain[0]) & (more.points + more.errors <= domain[1])
    here = np.flatnonzero(more.proved & inside.all(axis=1))
    if here.size != 1:
        return None
    reason = f"complete: one fixed point in the domain and no other, because there {found.text}"
    return FixedPoints(
        more.points[here], more.errors[here], more.jacobians[here], more.proved[here], more.index[here], True, reason,
        "contraction", domain, np.empty((0, 2, n)), facts=_facts(found),
    )  # fmt: skip


def _none(net: Network, domain: np.ndarray, reason: str = "", facts: dict[str, Any] | None = None) -> FixedPoints:
    """Return the result that the domain holds no fixed point."""
    n = net.widths[0]
    return FixedPoints(
        np.empty((0, n)), np.empty((0, n)), np.empty((0, n, n)), np.empty(0, dtype=bool), np.empty(0, dtype=int), True,
        reason or "complete: none, because F maps every box that could hold one out of itself", "contraction", domain,
        np.empty((0, 2, n)), facts=facts or {},
    )  # fmt: skip


def _shrunk(net: Network, box: np.ndarray) -> np.ndarray | None:
    """Return a box, perhaps smaller, that contains all fixed points of the given one; None if there are none."""
    for _ in range(_SHRINKINGS):
        centre = 0.5 * box[0] + 0.5 * box[1]
        radius = np.maximum(box[1] - centre, centre - box[0]) * (1.0 + 4.0 * TWO_UNITS)
        image = enclose(net, centre, radius)
        if not (np.isfinite(image.centre).all() and np.isfinite(image.radius).all()):
            return box
        pad = 2.0 * TWO_UNITS * (np.abs(image.centre) + image.radius)
        low = np.maximum(box[0], image.centre - image.radius - pad)
        high = np.minimum(box[1], image.centre + image.radius + pad)
        if (low > high).any():
            return None
        gain = float((box[1] - box[0]).max() - (high - low).max())
        still = gain <= 1e-3 * float((box[1] - box[0]).max())
        box = np.stack([low, high])
        if still:
            break
    return box


def joined(found: FixedPoints, more: FixedPoints, loose: bool) -> FixedPoints:
    """Return an incomplete result with the points that Newton's method proved too.

    If `loose`, points that it found without a proof are added as well, except in a cluster with an index, which says
    more about them.
    """
    rows = []
    known_boxes = [cluster.box() for cluster in found.clusters if cluster.index is not None]
    for i in range(len(more)):
        x, errors = more.points[i], more.errors[i]
        if not more.proved[i] and (
            not loose or any(_reaches(x, _SAME * (1.0 + np.abs(x)), box) for box in known_boxes)
        ):
            continue
        known = any(
            _meet(x, errors, other, bounds)
            or (not (more.proved[i] and sure) and np.abs(x - other).max() <= _NEAR * (1.0 + np.abs(x).max()))
            for other, bounds, sure in zip(found.points, found.errors, found.proved, strict=True)
        )
        if not known and _reaches(x, errors if more.proved[i] else np.zeros_like(x), found.domain):
            rows.append(i)
    if not rows:
        return found
    names = ("points", "errors", "jacobians", "proved", "index")
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(found, name), getattr(more, name)[rows]]) for name in names
    }
    order = ascending(columns["points"])
    labels = found.labels
    if labels is not None:
        new = np.empty(len(order), dtype=labels.dtype)
        new[order] = np.arange(len(order))
        labels = np.where(labels >= len(found), labels + len(rows), labels)
        of_points = (found.labels >= 0) & (found.labels < len(found))  # type: ignore[operator]
        labels[of_points] = new[labels[of_points]]
    reason = f"{found.reason}; {len(rows)} more found by Newton's method"
    columns = {name: column[order] for name, column in columns.items()}
    return dataclasses.replace(found, **columns, labels=labels, reason=reason)
