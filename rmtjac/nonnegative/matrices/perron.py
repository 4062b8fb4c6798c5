r"""Perron vectors of irreducible products of nonnegative factors, and the proved bracket of Collatz and Wielandt.

For x > 0 and irreducible A >= 0, :math:`\min_i (Ax)_i/x_i \le \rho(A) \le \max_i (Ax)_i/x_i`. The vector comes from
power steps where these converge fast, otherwise from Noda's iteration, :math:`(s I - A)y = x` with s the larger ratio,
which converges quadratically (Noda 1971, Elsner 1976). If the entries a span a wide range, the search starts with their
powers :math:`a^t` for small t, and doubles t until it is 1. No proof rests on these steps: the bracket is computed at
the end, with outward rounding.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rmtjac.nonnegative.matrices.components import Group, components
from rmtjac.nonnegative.matrices.potential import potential
from rmtjac.nonnegative.matrices.resolvent import Resolvent, affordable
from rmtjac.nonnegative.matrices.scaled import Scaled

__all__ = ["bracket", "radius"]

_POWER, _PATIENT, _MAX_POWER = 20, 300, 5000  # power steps: in the first try, before Noda's iteration, as a last resort
_NODA, _FIRST_NODA = 60, 25  # steps of Noda's iteration: for each power of the entries, and before powers are tried
_LOWEST = 2.0**-900  # least entry after one step
_STAGNANT = 3  # largest number of steps without a better width
_WILD = 64.0  # width (base 2) above which the search goes through powers of the entries
_FIRST_RANGE = 2.0  # range of the logarithms (base 2), times the root of n, at which it starts from ones
_ROUGH = 0.5  # width (base 2) that is enough before the last power
_ROUGH_SUM = 30.0  # the same, times the number of neurons: widths add up along a path
_FAILED = 1e-6
_ARNOLDI, _BASIS, _RESTARTS = 4, 40, 100


class _Search:
    """The best vector so far of each component of a group: 2^place times mantissa."""

    def __init__(self, group: Group) -> None:
        n = len(group.owners[0])
        self.group, self.owner = group, group.owners[0]
        self.place, self.mantissa = np.zeros(n), np.ones(n)
        self.forget()

    def forget(self) -> None:
        """Drop what is known of the ratios."""
        count = self.group.count
        self.width = np.full(count, np.inf)  # log2 of the quotient of the ratios
        self.low, self.high = np.full(count, -np.inf), np.full(count, np.inf)  # log2 of the ratios

    def look(self, scaled: Scaled, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Keep x where it is better than the best vector; return A x, the larger ratios and the widths."""
        starts = self.group.starts
        y = scaled.product(x)
        with np.errstate(all="ignore"):
            ratios = y / x
            low, high = np.minimum.reduceat(ratios, starts), np.maximum.reduceat(ratios, starts)
            bottom, top = np.log2(low), np.log2(high)
        width = np.where(np.isfinite(bottom) & np.isfinite(top), top - bottom, np.inf)
        better = width < self.width
        self.width[better] = width[better]
        self.low[better], self.high[better] = (bottom + scaled.power)[better], (top + scaled.power)[better]
        mine = better[self.owner]
        self.place[mine], self.mantissa[mine] = scaled.places[0][mine], x[mine]
        return y, high, width

    def open(self, goal: float) -> np.ndarray:
        """Return which components may still have the largest radius and are not known well enough."""
        top = self.low.max()
        return (self.width > goal) & ~(self.high < top - 1e-9 * (1.0 + abs(top)))

    def widest(self, goal: float) -> float:
        """Return the largest width of an open component."""
        return float(self.width[self.open(goal)].max(initial=0.0))

    def topped(self, x: np.ndarray) -> np.ndarray:
        """Return the vector with greatest entry 1 in each component."""
        return x / np.maximum.reduceat(x, self.group.starts)[self.owner]


def _power_steps(search: _Search, max_steps: int, goal: float, t: float = 1.0) -> bool:
    """Take power steps while `max_steps` seem enough for the goal; return whether all components are done."""
    scaled = Scaled(search.group, search.place, search.mantissa, t)
    x = search.topped(scaled.vector)
    before = np.inf
    for step in range(max_steps):
        y, high, _ = search.look(scaled, x)
        now = search.widest(goal)
        if now == 0.0:
            return True
        if not np.isfinite(high).all():
            return False
        if step % _POWER == _POWER - 1:
            if before < np.inf:
                steps = _POWER * math.log(max(goal, 1e-16) / now) / math.log(now / before) if now < before else np.inf
                if steps > max_steps - step:
                    return False
            before = now
        # Steps x <- Ax fail for periodic matrices, so a part of x is added, a small one in every eighth step.
        x = search.topped(y / high[search.owner] + (1.0 if step % 8 else 1e-3) * x)
        if x.min() < 2.0**-100:
            scaled = Scaled(search.group, scaled.places[0], x, t)
            x = scaled.vector
    return False


def _noda(search: _Search, goal: float, t: float = 1.0, max_steps: int = _NODA) -> None:
    """Run Noda's iteration for all components at once, from the least of the larger ratios seen so far."""
    starts, owner = search.group.starts, search.owner
    place, x = search.place, search.mantissa
    least = search.high.copy()
    idle = 0
    for _ in range(max_steps):
        scaled = Scaled(search.group, place, x, t)
        place, x = scaled.places[0], scaled.vector
        before = search.width.copy()
        _, high, width = search.look(scaled, x)
        if not search.open(goal).any():
            return
        idle = 0 if (search.width < 0.9 * before).any() or search.widest(goal) > 1e-3 else idle + 1
        least = np.fmin(least, np.log2(high) + scaled.power)
        if idle > _STAGNANT or not np.isfinite(least).all():
            return
        s = np.exp2(least - scaled.power) * (1.0 + 2.0**-51)
        try:
            inverse = Resolvent(scaled, s[owner])
        except ZeroDivisionError:
            return
        with np.errstate(all="ignore"):
            y = inverse.solve(x)
            # For y = (sI - A)^-1 e_m all ratios are s, except that of m, which is s - 1/y_m.
            mass = np.abs(inverse.solve(np.ones(len(x)), transposed=True) * y)
            unit = _ones_at(mass, starts, owner)
            pin = inverse.solve(unit)
            left = 1.0 / (s * np.abs(np.add.reduceat(pin * unit, starts)))
            pinned = (left < 0.5 * width)[owner]
            y = np.where(pinned, pin, y)
            y = y * np.sign(np.add.reduceat(y, starts))[owner]
            y = y / np.maximum.reduceat(y, starts)[owner]
            y = np.where(pinned & (y < _LOWEST), _LOWEST, y)
            good = np.minimum.reduceat(np.where(np.isfinite(y), y, -1.0), starts) > 0.0
        if not good.any():
            return
        x = np.where(good[owner], y, x)


def _ones_at(mass: np.ndarray, starts: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return a vector that is 1 at the place of the greatest mass of each component, and 0 elsewhere."""
    mass = np.where(np.isfinite(mass), mass, 0.0)
    places = np.flatnonzero(mass == np.maximum.reduceat(mass, starts)[owner])
    _, first = np.unique(owner[places], return_index=True)
    out = np.zeros(len(mass))
    out[places[first]] = 1.0
    return out


def _climb(search: _Search, goal: float) -> None:
    """Search through the powers of the entries, from nearly equal ones to those that are given."""
    spread = search.group.reach * math.sqrt(len(search.owner))
    stages = max(0, math.ceil(math.log2(max(spread, 1e-9) / _FIRST_RANGE)))
    search.place[:], search.mantissa[:] = 0.0, 1.0
    for k in range(stages, -1, -1):
        t, enough = 2.0**-k, min(_ROUGH, _ROUGH_SUM / len(search.owner)) if k else goal
        search.forget()
        if not _power_steps(search, _POWER, enough, t):
            _noda(search, enough, t)
        if k:
            search.place, search.mantissa = 2.0 * search.place, search.mantissa**2


def _vectors(group: Group, goal: float) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors 2^place times mantissa that are close to the Perron vectors of the components."""
    search = _Search(group)
    if not _power_steps(search, _POWER, goal):
        left = search.open(goal)
        if left.all():
            _refine(search, goal)
        else:
            inner = left[search.owner]
            search.place[inner], search.mantissa[inner] = _vectors(group.only(left), goal)
    return search.place, search.mantissa


def _refine(search: _Search, goal: float) -> None:
    """Improve the vectors of components that power steps from ones leave open."""
    wild = not search.widest(goal) <= _WILD
    if not wild and _power_steps(search, _PATIENT, goal):
        return
    can_solve = affordable(search.group)
    start = potential(search.group) if can_solve else None
    if start is not None:
        scaled = Scaled(search.group, np.rint(start), np.exp2(start - np.rint(start)))
        search.look(scaled, scaled.vector)
        wild = not search.widest(goal) <= _WILD
    if not wild:
        _noda(search, goal, max_steps=_FIRST_NODA) if can_solve else _arnoldi(search, goal)
    if can_solve and search.widest(goal) > _FAILED:
        _climb(search, goal)
    if search.widest(goal) > _FAILED:
        _power_steps(search, _MAX_POWER, goal)


def _arnoldi(search: _Search, goal: float) -> None:
    """Run Arnoldi's method for one component, restarted in the coordinates of its last vector."""
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

    place, x = search.place, search.mantissa
    for _ in range(_ARNOLDI):
        scaled = Scaled(search.group, place, x)
        place, x = scaled.places[0], scaled.vector
        search.look(scaled, x)
        if not search.open(goal).any():
            return
        operator = LinearOperator((len(x), len(x)), matvec=scaled.product, dtype=float)
        try:
            _, vectors = eigs(operator, k=1, which="LR", v0=x, ncv=_BASIS, maxiter=_RESTARTS)
        except ArpackError:
            return
        y = np.abs(vectors[:, 0].real)
        x = np.maximum(y, y.max() * 2.0**-40)
    search.look(scaled := Scaled(search.group, place, x), scaled.vector)


def bracket(group: Group, tol: float) -> tuple[float, float]:
    """Return a proved bracket of the largest spectral radius of the components of a group; `tol`: relative width."""
    scaled = Scaled(group, *_vectors(group, 0.5 * tol))
    x, starts = scaled.vector, group.starts
    below, above = scaled.bounds(x)
    room = 4.0 * float(np.finfo(below.dtype).eps)
    with np.errstate(invalid="ignore"):
        low = np.minimum.reduceat(below / x, starts) * (1.0 - room)
        high = np.maximum.reduceat(above / x, starts) * (1.0 + room)
    low, high = np.where(low >= 0.0, low, 0.0), np.where(high >= 0.0, high, np.inf)
    return _largest(low, scaled.power, -np.inf), _largest(high, scaled.power, np.inf)


def _largest(values: np.ndarray, powers: np.ndarray, towards: float) -> float:
    """Return the largest of values times 2^powers, rounded down or up."""
    with np.errstate(divide="ignore"):
        size = np.log2(values).astype(float) + powers
    # Logarithms select the candidates, with a margin for their rounding.
    near = size >= size.max() - 1e-9 * (1.0 + abs(powers).max()) if np.isfinite(size.max()) else size == size.max()
    pairs = set(zip(values[near].tolist(), powers[near].tolist(), strict=True))
    return max(_rounded(one, power, towards) for one, power in pairs)


def _rounded(value: np.floating, power: float, towards: float) -> float:
    """Return a value times 2^power, rounded down or up."""
    number, power = float(value), int(power)
    if (number > value) if towards < 0.0 else (number < value):
        number = float(np.nextafter(number, towards))
    if number == 0.0 or math.isinf(number):
        return number
    try:
        out = math.ldexp(number, power)
    except OverflowError:
        return float(np.finfo(float).max) if towards < 0.0 else np.inf
    if power < 0 and math.ldexp(out, -power) != number:  # it underflowed
        out = max(0.0, float(np.nextafter(out, towards)))
    return out


def radius(factors: list[Any], tol: float) -> tuple[float, float]:
    """Return a proved bracket of the spectral radius of a product of finite nonnegative factors, first one first."""
    brackets = [bracket(group, tol) for group in components(factors)]
    return max((low for low, _ in brackets), default=0.0), max((high for _, high in brackets), default=0.0)
