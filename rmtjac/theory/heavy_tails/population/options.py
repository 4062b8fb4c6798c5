"""Options of population dynamics."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from rmtjac.smoothing import smoothing_angle
from rmtjac.validate import finite, positive_int

__all__ = ["PopulationOptions"]


@dataclass(frozen=True)
class PopulationOptions:
    """Describe how much work population dynamics does, and with which random numbers.

    Attributes
    ----------
    pool : int
        Neurons in the pool of a layer, at least 16.
    weights : int
        The largest weights of a neuron that are drawn one by one; the others enter by their mean and variance.
    angle : float
        The angle of the smoothing in log lambda (`rmtjac.smoothing`), in (0, pi).
    step : float
        The distance of the grid points in log lambda, as a multiple of the angle.
    burn, sweeps : int
        Sweeps to forget, and to average. A sweep renews half of each pool.
    replicas : int
        Independent pools, at least 2; their spread gives the error.
    target : float, optional
        The error of the cdf that is asked for: replicas are added until it is reached, or there are `most_replicas`.
    most_replicas : int
        The largest number of replicas.
    seed : int
        All random numbers depend on it only.
    threads : int, optional
        Threads, by default as many as there are cores. The result does not depend on their number.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    TypeError, ValueError
        If an option is out of range.

    See Also
    --------
    PopulationSolver : The limit by population dynamics.

    References
    ----------
    docs/theory/population_dynamics.md.

    Examples
    --------
    >>> PopulationOptions(pool=500, seed=3).replicas
    8
    """

    pool: int = 1000
    weights: int = 40
    angle: float = 0.2
    step: float = 0.75
    burn: int = 30
    sweeps: int = 40
    replicas: int = 8
    target: float | None = None
    most_replicas: int = 64
    seed: int = 0
    threads: int | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        for name, least in {
            "pool": 16,
            "weights": 1,
            "burn": 1,
            "sweeps": 1,
            "replicas": 2,
            "most_replicas": 2,
        }.items():
            if positive_int(name, getattr(self, name)) < least:
                raise ValueError(f"{name}={getattr(self, name)!r} must be at least {least}")
        if smoothing_angle(self.angle) == 0.0:
            raise ValueError("angle=0 must be positive: population dynamics needs some smoothing")
        if not 0.1 <= finite("step", self.step) <= 1.0:
            raise ValueError(f"step={self.step!r} must lie in [0.1, 1]")
        if self.target is not None and not finite("target", self.target) > 0.0:
            raise ValueError(f"target={self.target!r} must be positive")
        if self.threads is not None:
            positive_int("threads", self.threads)
        seed: Any = self.seed
        if isinstance(seed, bool) or seed != int(seed) or seed < 0:
            raise ValueError(f"seed={seed!r} must be a whole number >= 0")

    @property
    def workers(self) -> int:
        """The number of threads."""
        return self.threads or os.cpu_count() or 1
