"""Which method gives the limit of an ensemble with heavy-tailed weights.

Scalar equations hold where D does not depend on the large entries of the weights:

- if the masks are drawn independently of them;
- for layers with weights of finite variance, none of which saturates a neuron by itself;
- for layers in which D depends on the sign of h only (linear, ReLU, leaky ReLU, absolute value), at every width: the
  laws of weights and biases are even, so the sign of h_i is independent of the i-th row of W up to its sign, and a
  factor -1 of that row does not change the singular values of D W and passes as a factor of a column to the next W,
  whose law it does not change.

For one HardTanh layer with Cauchy weights the joint law of D and W leads to deterministic equations. All other networks
need population dynamics: the scalar equations give a wrong limit for them, and are used only if independent masks are
asked for.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rmtjac.ensemble import Ensemble
from rmtjac.laws import Cauchy, Law, Stable
from rmtjac.propagation.mask_laws import homogeneous, mask_laws
from rmtjac.propagation.mean_field import STATIONARY, resolve_input_variance
from rmtjac.propagation.stable_weights import stable_weights
from rmtjac.theory.heavy_tails.many_points import ManyPoints
from rmtjac.theory.heavy_tails.solver import Solver
from rmtjac.theory.heavy_tails.stored import tabulate
from rmtjac.validate import choice, real_array

if TYPE_CHECKING:
    from rmtjac.theory.heavy_tails.coupled.solver import CoupledSolver
    from rmtjac.theory.heavy_tails.independent.mask_law import MaskLaw
    from rmtjac.theory.heavy_tails.population.options import PopulationOptions

__all__ = ["METHODS", "heavy_tailed", "independent_masks", "route", "solve"]

_LONGEST = 1000  # entries of an input that a file keeps
METHODS = ("auto", "independent", "coupled", "population")


def heavy_tailed(ensemble: Ensemble) -> bool:
    """Return whether the weights of a layer have no variance.

    Examples
    --------
    >>> import rmtjac as rj
    >>> heavy_tailed(rj.Ensemble.square(10, 2, "tanh", [rj.Gaussian(), rj.Cauchy()]))
    True
    """
    return not all(one.finite_variance for one in ensemble.weights)


def _decoupled(ensemble: Ensemble) -> bool:
    """Return whether the spectrum of the network is that of independent masks; the docstring above says why."""
    layers = zip(ensemble.activations, ensemble.weights, strict=True)
    return all(homogeneous(phi) or one.finite_variance for phi, one in layers)


def _one_hardtanh(ensemble: Ensemble) -> bool:
    """Return whether there is one HardTanh layer with Cauchy weights, and Cauchy biases or none."""
    biases = ensemble.biases or ()
    return (
        ensemble.depth == 1
        and ensemble.activations[0].name == "hardtanh"
        and all(_is_cauchy(one) for one in (ensemble.weights[0], *biases))
    )


def _is_cauchy(law: Law) -> bool:
    """Return whether a law is that of Cauchy, under any of its names."""
    return isinstance(law, Cauchy) or (isinstance(law, Stable) and law.alpha == 1.0)


def route(ensemble: Ensemble, method: str = "auto", masks: str = "network") -> str:
    """Return the method for an ensemble: the one that is asked for, if it gives the right limit.

    Raises
    ------
    ValueError
        If all weights have a variance, if a method or masks of this name do not exist, or if the method would give a
        wrong limit.

    Examples
    --------
    >>> import rmtjac as rj
    >>> route(rj.Ensemble.square(10, 3, "linear", rj.Cauchy())), route(rj.Ensemble.square(10, 3, "tanh", rj.Cauchy()))
    ('independent', 'population')
    """
    choice("method", method, METHODS)
    choice("masks", masks, ("network", "independent"))
    if not heavy_tailed(ensemble):
        raise ValueError(
            "all weights have a variance: limit_spectrum with method='inverse' (LimitSpectrum) gives their limit, "
            "without smoothing"
        )
    separate = masks == "independent" or _decoupled(ensemble)
    if method == "auto":
        return "independent" if separate else "coupled" if _one_hardtanh(ensemble) else "population"
    if method == "independent" and not separate:
        raise ValueError(
            "method='independent' is not the limit of networks with a forward pass: a large weight saturates its own "
            "neuron; masks='independent' asks for masks that do not depend on the weights"
        )
    if method != "independent" and masks == "independent":
        raise ValueError(
            f"method={method!r} takes the masks from a forward pass; masks='independent' needs method='independent'"
        )
    if method == "coupled" and not _one_hardtanh(ensemble):
        raise ValueError(
            "method='coupled' needs one HardTanh layer with Cauchy weights (and Cauchy biases or none); "
            "method='population' takes other networks"
        )
    return method


def _options(
    given: PopulationOptions | dict[str, Any] | None, seed: int | None, threads: int | None, progress: bool
) -> PopulationOptions:
    """Return the options of population dynamics.

    Raises
    ------
    TypeError, ValueError
        If an option is unknown or out of range.
    """
    from rmtjac.theory.heavy_tails.population.options import PopulationOptions

    if given is None:
        given = {}
    if isinstance(given, dict):
        known = [one.name for one in fields(PopulationOptions)]
        for name in given:
            choice("population", name, tuple(known))
        given = PopulationOptions(**given)
    if not isinstance(given, PopulationOptions):
        raise TypeError(f"population={given!r} must be PopulationOptions, or a dict of some of them")
    changes: dict[str, Any] = {"seed": seed, "threads": threads, "progress": progress or None}
    return replace(given, **{name: value for name, value in changes.items() if value is not None})


def _entries(inputs: Any) -> np.ndarray | None:
    """Return entries of the input, each with the same probability, one-dimensional.

    Raises
    ------
    ValueError, TypeError
        If they are not finite numbers.
    """
    if inputs is None:
        return None
    entries = real_array("inputs", inputs).ravel()
    if not entries.size or not np.isfinite(entries).all():
        raise ValueError("inputs must be finite numbers, at least one: the entries of an input, equally probable")
    return entries


def independent_masks(ensemble: Ensemble, variance: float) -> list[MaskLaw]:
    """Return the laws of D^2 of the masks that `rmtjac.sample_spectrum` draws."""
    from rmtjac.theory.heavy_tails.independent.mask_law import mask_law

    return [
        mask_law(phi, float(alpha), float(scale))
        for phi, (alpha, scale) in zip(ensemble.activations, mask_laws(ensemble, variance), strict=True)
    ]


def _coupled(ensemble: Ensemble, variance: float, entries: np.ndarray | None) -> CoupledSolver:
    """Return the solver of one HardTanh layer, for Gaussian inputs of a variance, or given entries."""
    from rmtjac.theory.heavy_tails.coupled.input_law import empirical_input, gaussian_input
    from rmtjac.theory.heavy_tails.coupled.solver import CoupledSolver

    law = gaussian_input(variance) if entries is None else empirical_input(entries)
    bias = 0.0 if ensemble.biases is None else float(ensemble.layer_numbers()[0]["bias_scale"])
    ratio = ensemble.widths[1] / ensemble.widths[0]
    return CoupledSolver(stable_weights(ensemble)[0].scale, law, bias, ratio)


def solve(
    ensemble: Ensemble,
    *,
    input_variance: float | str = 1.0,
    method: str = "auto",
    masks: str = "network",
    inputs: Any = None,
    population: PopulationOptions | dict[str, Any] | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> tuple[Solver, dict[str, Any]]:
    """Return the solver of an ensemble, and the facts that describe how it was made.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; see `route` and `rmtjac.propagation.stable_weights`.
    """
    method = route(ensemble, method, masks)
    stable_weights(ensemble)  # weights without a stable limit are refused before anything is computed
    options = _options(population, seed, threads, progress)
    # The masks of homogeneous layers depend on signs of h only, so that the size of the input does not matter.
    free = all(map(homogeneous, ensemble.activations))
    variance = 1.0 if free and input_variance == STATIONARY else resolve_input_variance(ensemble, input_variance)
    entries = _entries(inputs)
    facts: dict[str, Any] = {
        "ensemble": ensemble.to_dict(),
        "input_variance": variance,
        "inputs": None if entries is None else entries.tolist()[:_LONGEST],
        "method": method,
        "masks": masks,
    }
    solver: Solver
    if method == "independent":
        if entries is not None and not free:
            raise ValueError(
                "inputs are for methods 'coupled' and 'population'; the scalar equations take Gaussian inputs of the "
                "given input_variance"
            )
        from rmtjac.theory.heavy_tails.independent.solver import IndependentSolver

        laws = independent_masks(ensemble, variance)
        solver = IndependentSolver(stable_weights(ensemble), laws, ensemble.widths)
        facts["masses"] = [law.mass for law in laws]
    elif method == "coupled":
        coupled = _coupled(ensemble, variance, entries)
        solver, facts["masses"] = ManyPoints(coupled), [float(coupled.layer.active)]
    else:
        from rmtjac.theory.heavy_tails.population.population_solver import PopulationSolver

        # The pools run now, and not at the first density: the table is all that is kept.
        pools = PopulationSolver.from_ensemble(ensemble, variance, entries, options)
        solver, facts["converged"] = tabulate(pools), pools.converged
        facts["population"] = {
            name: one for name, one in asdict(options).items() if name not in ("threads", "progress")
        }
    return solver, facts
