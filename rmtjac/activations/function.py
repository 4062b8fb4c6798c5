"""The class `Activation`: phi, its derivative, and what is known of them.

The registered activations also have an integer code under which the compiled kernels know them
(`rmtjac.kernels.activations`); an `Activation` made from a pair of Python callables has none and
runs on the NumPy path.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rmtjac.activations.facts import DECLARABLE, RATIOS, Facts, facts_of

__all__ = ["Activation", "Vectorised"]

Vectorised = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Activation:
    r"""A scalar function :math:`\varphi` applied to every neuron, with its derivative.

    Parameters
    ----------
    name
        What it is called in tables and files.
    function, derivative
        Vectorised :math:`\varphi` and :math:`\varphi'`, float64 arrays in and out. At a kink the derivative
        is taken from the saturated side: ``relu'(0) = 0``, ``hardtanh'(1) = 0``.
    breakpoints
        Where :math:`\varphi'` is not smooth, ascending; quadrature splits there.
    slopes
        For a piecewise affine :math:`\varphi`, its slope on each of the ``len(breakpoints) + 1`` pieces.
    concave, ratio
        On the half-line :math:`t \ge 0`: is :math:`\varphi` concave there; is :math:`\varphi(t)/t`
        nonincreasing (``"strictly"``, ``"weakly"``) or not (``"no"``). ``None``: not known.
    slope_at_infinity
        :math:`\lim_{t\to\infty} \varphi(t)/t`, 0 for a bounded function; ``None``: not known.
    code, parameter
        Integer code in the kernels (``None``: NumPy path only) and the parameter that goes with it.
    monotone_from
        :math:`\varphi` is nondecreasing on [monotone_from, infinity); ``None``: not known.
    lower, upper
        Bounds of :math:`\varphi` on the whole line, infinite if it has none; ``None``: not known.
    steepest
        Bound of :math:`|\varphi'|` on the whole line; ``None``: not known.
    identity_up_to
        c >= 0 such that :math:`\varphi(t) = t` for 0 <= t <= c and :math:`\varphi(t) < t` beyond; ``None``: not known.

    Notes
    -----
    Facts of an activation of one's own are declarations. Proofs use them and say so; `check` looks for
    counterexamples. `facts` holds them with what follows from them, for example from `slopes`.

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
    breakpoints: tuple[float, ...] = ()
    slopes: tuple[float, ...] | None = None
    concave: bool | None = None
    ratio: str | None = None
    slope_at_infinity: float | None = None
    code: int | None = None
    parameter: float = 0.0
    monotone_from: float | None = field(default=None, kw_only=True)
    lower: float | None = field(default=None, kw_only=True)
    upper: float | None = field(default=None, kw_only=True)
    steepest: float | None = field(default=None, kw_only=True)
    identity_up_to: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not callable(self.function) or not callable(self.derivative):
            raise TypeError(f"function and derivative of activation {self.name!r} must be vectorised callables")
        if list(self.breakpoints) != sorted(self.breakpoints):
            raise ValueError(f"breakpoints={self.breakpoints} of activation {self.name!r} must be ascending")
        if self.slopes is not None and len(self.slopes) != len(self.breakpoints) + 1:
            raise ValueError(f"slopes={self.slopes} of activation {self.name!r} must be one more than breakpoints")
        self._check_declarations()

    def _check_declarations(self) -> None:
        if self.ratio not in (None, *RATIOS):
            raise ValueError(f"ratio={self.ratio!r} of activation {self.name!r} must be one of {', '.join(RATIOS)}")
        if self.concave not in (None, True, False):
            raise TypeError(f"concave={self.concave!r} of activation {self.name!r} must be True, False or None")
        for name in ("slope_at_infinity", "monotone_from", "lower", "upper", "steepest", "identity_up_to"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int | float | np.number) or math.isnan(value)):
                raise ValueError(f"{name}={value!r} of activation {self.name!r} must be a number or None")
        if self.slope_at_infinity is not None and not math.isfinite(self.slope_at_infinity):
            raise ValueError(
                f"slope_at_infinity={self.slope_at_infinity!r} of activation {self.name!r} must be finite, or None"
            )
        for name, least in (("steepest", 0.0), ("identity_up_to", 0.0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name}={value!r} of activation {self.name!r} must be at least {least:g}")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower={self.lower!r} of activation {self.name!r} is above upper={self.upper!r}")

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
        """What is known of the function: what the table or the user says, and what follows from it."""
        return facts_of(self)

    @property
    def stated(self) -> dict[str, Any]:
        """The facts that were given, by the names of their fields."""
        names = ("slope_at_infinity" if name == "slope" else name for name in DECLARABLE)
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def check(self, reach: float = 40.0) -> dict[str, str]:
        """Look for counterexamples to the facts, on a grid and, where that can be done, in interval arithmetic.

        Parameters
        ----------
        reach
            Half-width of the interval that is looked at; some points lie far beyond it.

        Returns
        -------
        dict
            For the derivative and each fact that was given or follows, what was found: how many points agree, and on
            which share of the interval ball arithmetic proves it (extra ``certify``; only formulas of NumPy functions
            and arithmetic can be taken over balls, no ``np.where``, ``np.maximum`` or functions of SciPy).

        Raises
        ------
        ValueError
            If a fact is contradicted: its name, the point, and the values there.

        Notes
        -----
        Agreement at points is no proof. Cost: some 20,000 evaluations, and 2,000 over balls.

        Examples
        --------
        >>> import numpy as np, rmtjac as rj
        >>> wrong = rj.Activation("cube", lambda h: h**3, lambda h: 3 * h**2, concave=True)
        >>> wrong.check()
        Traceback (most recent call last):
            ...
        ValueError: activation 'cube' is not concave on t >= 0: phi' rises from 0 at t=0 to ... at t=...
        """
        from rmtjac.activations.check import check

        return check(self, reach)

    @property
    def saturates(self) -> bool:
        """Whether the derivative is exactly zero on a whole interval (which makes exact zeros in D)."""
        return self.slopes is not None and 0.0 in self.slopes

    @property
    def identity(self) -> bool:
        """Whether phi(h) = h, by its slopes and its value at 0."""
        return self.slopes is not None and set(self.slopes) == {1.0} and self.at_zero == 0.0

    @property
    def spec(self) -> str:
        """The text from which `activation` makes this function again.

        Of one's own under a name that another one is registered with, it begins with ``own:`` and makes nothing: a file
        that names it does not come back as another function.
        """
        from rmtjac.activations.registry import registered

        if self.code is not None:
            return f"{self.name}:{self.parameter!r}" if self.name == "leaky_relu" else self.name
        return self.name if registered(self.name) in (None, self) else f"own:{self.name}"

    def __repr__(self) -> str:
        return f"Activation({self.spec!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The functions of registered ones cannot be pickled (processes, joblib); their names can.
        from rmtjac.activations.registry import activation

        return (activation, (self.spec,)) if self.code is not None else super().__reduce__()  # type: ignore[return-value]
