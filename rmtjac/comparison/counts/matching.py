"""Which expected numbers belong to which counts: decided by the ensemble, never by the order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rmtjac.comparison.counts.counted import Cell
from rmtjac.fixed_points.expected.grid import ExpectedGrid
from rmtjac.fixed_points.expected.identity import Identity, ensemble_of, identity, wide_identity
from rmtjac.fixed_points.expected.result import ExpectedFixedPoints

__all__ = ["is_expected", "matched"]


def is_expected(theory: Any) -> bool:
    """Return whether something is expected numbers, or a list or dict of them."""
    if isinstance(theory, Mapping):
        return bool(theory) and all(map(is_expected, theory.values()))
    if isinstance(theory, Sequence) and not isinstance(theory, str):
        return bool(theory) and all(map(is_expected, theory))
    return isinstance(theory, (ExpectedFixedPoints, ExpectedGrid))


def _listed(theory: Any) -> Iterator[ExpectedFixedPoints]:
    """Return expected numbers one by one."""
    if isinstance(theory, ExpectedGrid):
        yield from theory.cells()
    elif isinstance(theory, ExpectedFixedPoints):
        yield theory
    else:
        for one in theory.values() if isinstance(theory, Mapping) else theory:
            yield from _listed(one)


def matched(cells: list[Cell], theory: Any) -> list[ExpectedFixedPoints]:
    """Return for each cell the expected numbers of its ensemble.

    Numbers at the width of the cell are preferred to those for hidden layers of infinite width.

    Raises
    ------
    ValueError
        If there are none, or several, or they do not say of which ensemble they are.
    """
    exact: dict[Identity, list[ExpectedFixedPoints]] = defaultdict(list)
    wide: dict[Identity, list[ExpectedFixedPoints]] = defaultdict(list)
    names = []
    for one in _listed(theory):
        ensemble = ensemble_of(one.facts)
        if ensemble is None:
            raise ValueError(f"{one!r}: the expected numbers do not say of which ensemble they are")
        names.append(repr(ensemble))
        if one.method == "limit":
            wide[wide_identity(ensemble)].append(one)
        else:
            exact[identity(ensemble)].append(one)
    out = []
    for cell in cells:
        found = exact.get(identity(cell.ensemble)) or wide.get(wide_identity(cell.ensemble), [])
        if not found:
            raise ValueError(
                f"no expected numbers of {cell.ensemble!r}, which were counted ({cell.name}); there are those of "
                + _some(list(dict.fromkeys(names)))
            )
        if len({_numbers(one) for one in found}) > 1:
            raise ValueError(f"several expected numbers, which differ, of {cell.ensemble!r} ({cell.name})")
        out.append(found[0])
    return out


def _numbers(one: ExpectedFixedPoints) -> str:
    """Return the numbers that are compared, as text, in which NaN equals NaN."""
    return repr((one.total, one.stable, one.saddles, one.repellers))


def _some(names: list[str], most: int = 3) -> str:
    """Return the first names as text."""
    return "; ".join(names[:most]) + (f"; and {len(names) - most} more" if len(names) > most else "")
