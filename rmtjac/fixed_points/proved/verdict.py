"""The verdict of a search: whether all fixed points are found, and what stays open, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rmtjac.fixed_points.clusters import Cluster
from rmtjac.fixed_points.domain import Domain

__all__ = ["Verdict", "verdict"]

_MOST_NAMED = 5  # the number of clusters that are named one by one


class Verdict(NamedTuple):
    """Whether it is proved that all fixed points in the domain are found, and why, or why not."""

    complete: bool
    reason: str


def verdict(
    where: Domain,
    total: int,
    clusters: Sequence[Cluster],
    unsearched: int,
    stuck: int,
    continua: int,
    beside: int,
    halted: bool = False,
) -> Verdict:
    """Return the verdict on a search.

    Parameters
    ----------
    where
        The domain that was searched.
    total
        The sum of the indices of the points found, also of those just outside the domain.
    clusters
        Groups of boxes that floats cannot decide.
    unsearched, stuck
        The numbers of boxes for which the budget was too small, and of boxes that no budget decides.
    continua
        The number of continua.
    beside
        The number of points that lie on a face of the domain, or nearer to one than their errors.
    halted
        Whether the search ended before its budget, because there may be a continuum.
    """
    if unsearched or stuck or clusters:
        parts = _open(where, total, clusters, unsearched, stuck, halted)
        return Verdict(False, "not proved complete: " + "; ".join(parts))
    faces = f"; {beside} on a face of the domain, or nearer to one than the error" if beside else ""
    if continua:
        return Verdict(True, f"complete: {continua} continua of fixed points, and no other place may hold one{faces}")
    if where.degree is not None:
        if total != where.degree:
            reason = f"the indices add up to {total}, not {where.degree:+d}; please report this network"
            return Verdict(False, f"not complete: {reason}")
        return Verdict(True, f"complete, by proof; the indices add up to {total:+d}{faces}")
    if where.everything:
        return Verdict(True, f"complete, by proof: the domain holds every fixed point (no check by the index){faces}")
    check = "the domain is not known to be mapped into itself, so the index gives no check"
    return Verdict(True, f"complete within the domain, by proof ({check}){faces}")


def _open(
    where: Domain, total: int, clusters: Sequence[Cluster], unsearched: int, stuck: int, halted: bool
) -> list[str]:
    """Return what stays open, as sentences."""
    parts = []
    if unsearched and halted:
        parts.append(f"{unsearched + stuck} boxes undecided; the search ended before {unsearched} of them")
    elif unsearched:
        parts.append(f"{unsearched + stuck} boxes undecided; a larger max_boxes may settle {unsearched} of them")
    known = [cluster for cluster in clusters if cluster.index is not None]
    if known:
        some = ", ".join(str(cluster) for cluster in known[:_MOST_NAMED])
        more = f", and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
        one = "1 cluster" if len(known) == 1 else f"{len(known)} clusters"
        parts.append(f"{one} of fixed points that floats cannot resolve: {some}{more}")
    blind = [cluster for cluster in clusters if cluster.index is None]
    if blind:
        widest = max(blind, key=lambda cluster: cluster.radius)
        if stuck > len(known):
            parts.append(
                f"floats cannot decide {stuck - len(known)} boxes, the widest group {widest.place}: F(x) = x there up "
                "to rounding (a continuum, a multiple fixed point, a kink), or slopes are too steep for floats; "
                "max_boxes will not settle these"
            )
    elif stuck > len(known):
        parts.append(f"floats cannot decide {stuck - len(known)} small boxes; max_boxes will not settle these")
    if not unsearched and not blind and where.degree is not None and stuck <= len(known):
        everything = total + sum(cluster.index or 0 for cluster in known)
        wrong = "" if everything == where.degree else f", not {where.degree:+d}; please report this network"
        parts.append(f"all indices add up to {everything:+d}{wrong}")
    return parts
