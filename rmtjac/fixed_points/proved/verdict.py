"""What a search shows: whether all is found, and what stays open, in words."""

from __future__ import annotations

from collections.abc import Sequence

from rmtjac.fixed_points.clusters import Cluster
from rmtjac.fixed_points.domain import Domain

__all__ = ["verdict"]

_MOST_NAMED = 5


def verdict(
    where: Domain,
    total: int,
    clusters: Sequence[Cluster],
    unsearched: int,
    stuck: int,
    continua: int,
    beside: int,
    halted: bool = False,
) -> tuple[bool, str]:
    """Return whether all fixed points in the domain are found, and why.

    Parameters
    ----------
    where
        What was searched.
    total
        The sum of the indices of the points found, those just outside the domain too.
    clusters
        Groups of boxes that floats cannot decide.
    unsearched, stuck
        Boxes that the budget was too small for, and those that no budget decides.
    continua
        How many continua there are.
    beside
        How many points lie on a face of the domain, or nearer to one than their errors.
    halted
        Whether the search ended before its budget, at what may be a continuum.
    """
    if unsearched or stuck or clusters:
        return False, "not proved complete: " + "; ".join(_open(where, total, clusters, unsearched, stuck, halted))
    faces = f"; {beside} on a face of the domain, or nearer to one than the error" if beside else ""
    if continua:
        return True, f"complete: {continua} continua of fixed points, and no other place may hold one{faces}"
    if where.degree is not None:
        if total != where.degree:
            return False, (
                f"not complete: the indices add up to {total}, not {where.degree:+d}; please report this network"
            )
        return True, f"complete, by proof; the indices add up to {total:+d}{faces}"
    if where.everything:
        return True, f"complete, by proof: the domain holds every fixed point (no check by the index){faces}"
    return True, f"complete within the domain, by proof (no self-map of the domain: no check by the index){faces}"


def _open(
    where: Domain, total: int, clusters: Sequence[Cluster], unsearched: int, stuck: int, halted: bool
) -> list[str]:
    parts = []
    if unsearched and halted:
        parts.append(f"{unsearched + stuck} boxes undecided; the search ended before {unsearched} of them")
    elif unsearched:
        parts.append(f"{unsearched + stuck} boxes undecided; more max_boxes may settle {unsearched} of them")
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
                f"floats cannot decide {stuck - len(known)} boxes, the widest group {widest.place}: F(x) is x there to "
                "rounding (a continuum, a multiple fixed point, a kink), or slopes are too steep for floats; "
                "max_boxes will not settle these"
            )
    elif stuck > len(known):
        parts.append(f"floats cannot decide {stuck - len(known)} small boxes; max_boxes will not settle these")
    if not unsearched and not blind and where.degree is not None and stuck <= len(known):
        everything = total + sum(cluster.index or 0 for cluster in known)
        wrong = "" if everything == where.degree else f", not {where.degree:+d}; please report this network"
        parts.append(f"all indices add up to {everything:+d}{wrong}")
    return parts
