"""The class `Activation`: a function phi, its derivative, and what is known of them.

The registered activations also have an integer code under which the compiled kernels know them
(`rmtjac.kernels.activations`). An `Activation` made from a pair of Python callables has none and is computed by NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.activations.check import check
from rmtjac.activations.facts import RATIOS, Facts
from rmtjac.activations.inference import completed
from rmtjac.activations.lookup import REGISTERED, resolve

__all__ = ["Activation", "Vectorised"]

Vectorised = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False, init=False)
class Activation:
    r"""A scalar function :math:`\varphi` that a network applies to every neuron, with its derivative.

    The facts that are given are declarations of the user. Proofs use them and say so; `check` looks for
    counterexamples. The attribute ``facts`` holds all that is known: what was given, and what follows from it, for
    example from `slopes`.

    Parameters
    ----------
    name : str
        Name in tables and files.
    function, derivative : callable
        Vectorised :math:`\varphi` and :math:`\varphi'`, from arrays of float64 to arrays of the same shape. At a kink
        the derivative is the slope of the saturated side: ``relu'(0) = 0``, ``hardtanh'(1) = 0``.
    breakpoints : tuple of float, optional
        Points where :math:`\varphi'` is not smooth, ascending. Quadratures split their intervals there.
    slopes : tuple of float, optional
        The slope on each of the ``len(breakpoints) + 1`` pieces of a piecewise affine :math:`\varphi`.
    concave : bool, optional
        Whether :math:`\varphi` is concave on :math:`t \ge 0`. The default None means not known, here and below.
    ratio : {"strictly", "weakly", "no"}, optional
        Whether :math:`\varphi(t)/t` is nonincreasing on :math:`t > 0`.
    slope_at_infinity : float, optional
        The limit of :math:`\varphi(t)/t` for :math:`t \to \infty`, 0 for a bounded function.
    code : int, optional
        Code in the compiled kernels; only registered activations have one.
    parameter : float, optional
        Parameter that goes with the code.
    monotone_from : float, optional
        :math:`\varphi` is nondecreasing on [monotone_from, infinity).
    lower, upper : float, optional
        Bounds of :math:`\varphi` on the whole line, infinite where it has none.
    steepest : float, optional
        Bound of :math:`|\varphi'|` on the whole line.
    identity_up_to : float, optional
        The c >= 0 such that :math:`\varphi(t) = t` for :math:`0 \le t \le c` and :math:`\varphi(t) < t` beyond.
    stated : Facts, optional
        The facts in one object. Facts that are also given one by one replace those in the object.

    Raises
    ------
    TypeError
        If `function` or `derivative` cannot be called, or `concave` is no truth value.
    ValueError
        If `breakpoints`, `slopes` or a fact is out of range.

    See Also
    --------
    activation : Look up a registered activation.
    register : Make an activation known under its name.

    References
    ----------
    docs/theory/nonnegative.md.

    Examples
    --------
    >>> import numpy as np, rmtjac as rj
    >>> sine = rj.Activation("sine", np.sin, np.cos)
    >>> float(sine(0.0)), sine.at_zero, sine.piecewise_affine
    (0.0, 0.0, False)
    >>> own = rj.Activation("mytanh", np.tanh, lambda h: np.cosh(h) ** -2.0, concave=True, slope_at_infinity=0.0)
    >>> own.facts.ratio, own.facts.monotone_from  # they follow
    ('weakly', 0.0)
    """

    name: str
    function: Vectorised
    derivative: Vectorised
    breakpoints: tuple[float, ...]
    slopes: tuple[float, ...] | None
    stated: Facts
    code: int | None
    parameter: float

    def __init__(
        self,
        name: str,
        function: Vectorised,
        derivative: Vectorised,
        breakpoints: tuple[float, ...] = (),
        slopes: tuple[float, ...] | None = None,
        concave: bool | None = None,
        ratio: str | None = None,
        slope_at_infinity: float | None = None,
        code: int | None = None,
        parameter: float = 0.0,
        *,
        monotone_from: float | None = None,
        lower: float | None = None,
        upper: float | None = None,
        steepest: float | None = None,
        identity_up_to: float | None = None,
        stated: Facts | None = None,
    ) -> None:
        single = {
            "concave": concave, "ratio": ratio, "slope": slope_at_infinity, "monotone_from": monotone_from,
            "lower": lower, "upper": upper, "steepest": steepest, "identity_up_to": identity_up_to,
        }  # fmt: skip
        given: dict[str, Any] = {fact: value for fact, value in single.items() if value is not None}
        stated = replace(stated or Facts(), **given, declared=code is None)
        for field, value in {
            "name": name, "function": function, "derivative": derivative, "breakpoints": breakpoints,
            "slopes": slopes, "stated": stated, "code": code, "parameter": parameter,
        }.items():  # fmt: skip
            object.__setattr__(self, field, value)  # the class is frozen
        if not callable(function) or not callable(derivative):
            raise TypeError(f"function and derivative of activation {name!r} must be vectorised callables")
        if list(breakpoints) != sorted(breakpoints):
            raise ValueError(f"breakpoints={breakpoints} of activation {name!r} must be ascending")
        if slopes is not None and len(slopes) != len(breakpoints) + 1:
            raise ValueError(f"slopes={slopes} of activation {name!r} must be one more than breakpoints")
        _check_statements(name, stated)

    def __call__(self, h: np.ndarray) -> np.ndarray:
        """Return phi(h), elementwise."""
        return self.function(np.asarray(h, dtype=float))

    @property
    def piecewise_affine(self) -> bool:
        """Whether the function is affine between its breakpoints."""
        return self.slopes is not None

    @property
    def at_zero(self) -> float:
        """The value at 0."""
        return float(self(np.zeros(1))[0])

    @cached_property
    def facts(self) -> Facts:
        """All that is known of the function: what was given, and what follows from it."""
        return completed(self.stated, self, self.breakpoints, self.slopes)

    def check(self, reach: float = 40.0) -> dict[str, str]:
        """Look for counterexamples to the facts, on a grid and, where possible, in interval arithmetic.

        Agreement at points is no proof. Intervals need the extra ``certify`` and a formula of NumPy functions and
        arithmetic, without ``np.where``, ``np.maximum`` or functions of SciPy.

        Parameters
        ----------
        reach : float, optional
            Half-width of the interval that is examined; some points lie far beyond it.

        Returns
        -------
        dict of str to str
            For the derivative and each fact, given or derived: how many points agree, and on which share of the
            interval ball arithmetic proves it.

        Raises
        ------
        ValueError
            If a fact is contradicted. The message names the fact, the point and the values there.

        Notes
        -----
        Cost: some 20,000 evaluations, and 2,000 in ball arithmetic.

        Examples
        --------
        >>> import numpy as np, rmtjac as rj
        >>> wrong = rj.Activation("cube", lambda h: h**3, lambda h: 3 * h**2, concave=True)
        >>> wrong.check()
        Traceback (most recent call last):
            ...
        ValueError: activation 'cube' is not concave on t >= 0: phi' rises from 0 at t=0 to ... at t=...
        """
        return check(self, reach)

    @property
    def saturates(self) -> bool:
        """Whether the derivative is exactly zero on a whole interval, so that D has zeros."""
        return self.slopes is not None and 0.0 in self.slopes

    @property
    def identity(self) -> bool:
        """Whether phi(h) = h, by its slopes and its value at 0."""
        return self.slopes is not None and set(self.slopes) == {1.0} and self.at_zero == 0.0

    @property
    def spec(self) -> str:
        """The text from which `activation` makes this function again.

        If the name belongs to another registered function, the text begins with ``own:`` and `activation` refuses it,
        so that no file that names this function is read as the other one.
        """
        if self.code is not None:
            return f"{self.name}:{self.parameter!r}" if self.name == "leaky_relu" else self.name
        return self.name if REGISTERED.get(self.name) in (None, self) else f"own:{self.name}"

    def __repr__(self) -> str:
        return f"Activation({self.spec!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The functions of registered activations cannot be pickled (processes, joblib); their names can.
        return (resolve, (self.spec,)) if self.code is not None else super().__reduce__()  # type: ignore[return-value]


def _check_statements(name: str, stated: Facts) -> None:
    """Raise an error if a fact that was given for the activation of this name is out of range."""
    if stated.ratio not in (None, *RATIOS):
        raise ValueError(f"ratio={stated.ratio!r} of activation {name!r} must be one of {', '.join(RATIOS)}")
    if stated.concave not in (None, True, False):
        raise TypeError(f"concave={stated.concave!r} of activation {name!r} must be True, False or None")
    numbers = {
        "slope_at_infinity": stated.slope, "monotone_from": stated.monotone_from, "lower": stated.lower,
        "upper": stated.upper, "steepest": stated.steepest, "identity_up_to": stated.identity_up_to,
    }  # fmt: skip
    for fact, value in numbers.items():
        if value is not None and (not isinstance(value, int | float | np.number) or math.isnan(value)):
            raise ValueError(f"{fact}={value!r} of activation {name!r} must be a number or None")
    if stated.slope is not None and not math.isfinite(stated.slope):
        raise ValueError(f"slope_at_infinity={stated.slope!r} of activation {name!r} must be finite, or None")
    for fact in ("steepest", "identity_up_to"):
        value = numbers[fact]
        if value is not None and value < 0.0:
            raise ValueError(f"{fact}={value!r} of activation {name!r} must be at least 0")
    if stated.lower is not None and stated.upper is not None and stated.lower > stated.upper:
        raise ValueError(f"lower={stated.lower!r} of activation {name!r} is above upper={stated.upper!r}")
