"""The limiting law of wide networks with heavy-tailed weights and a real forward pass, by population dynamics."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from rmtjac.activations import Activation
from rmtjac.ensemble import Ensemble
from rmtjac.propagation.stable_weights import StableWeights, stable_weights
from rmtjac.theory.heavy_tails.population.curve import Curve, curve, decay
from rmtjac.theory.heavy_tails.population.mean_field_shares import mean_field_shares
from rmtjac.theory.heavy_tails.population.model import BiasLaw, model
from rmtjac.theory.heavy_tails.population.options import PopulationOptions
from rmtjac.theory.heavy_tails.population.work import Job, Shares, densities, shares
from rmtjac.theory.heavy_tails.solver import Tail, Values

__all__ = ["PopulationSolver"]

_PILOT, _FULL, _SMALL = 0, 1, 2
# The share of mass that may lie beyond each end of the grid.
_BEYOND = 2e-4
# The error of the cdf that counts as converged if no target is given.
_USUAL = 0.01


class PopulationSolver:
    r"""Solve the cavity equations of a deep network with stable weights by pools of neurons.

    The dependence of D and W is kept: a large weight also moves the preactivation of its neuron. The curve is computed
    at the first use, on a grid of log lambda whose range is found, and then interpolated.

    Parameters
    ----------
    weights : sequence of StableWeights
        The stable law of the weights of each layer; alpha = 2 for finite variance.
    activations : sequence of Activation
        The activation behind each W. Those without a code in the kernels are read from a table.
    widths : sequence of float
        The widths n_0, ..., n_L; only their ratios count.
    inputs : float or array_like of float, optional
        The variance of a Gaussian input, or values, each with the same probability.
    biases : sequence of BiasLaw, optional
        The law of the biases of each layer. Default: none.
    options : PopulationOptions, optional
        Sizes, smoothing, seed, threads.

    Attributes
    ----------
    model : Model
        The network in arrays.
    options : PopulationOptions
        The options.

    Raises
    ------
    ValueError
        If the lists disagree, or the preactivations of a layer grow without bound.

    See Also
    --------
    Solver : The interface of all limits for heavy-tailed weights.

    Notes
    -----
    Cost: 0.3 us per neuron, point and layer for a sweep that renews it, with 40 weights; a curve of L layers takes
    about 4 L seconds for every 100 points with the default options. Memory: 25 MB per thread and layer at most.

    References
    ----------
    docs/theory/population_dynamics.md.

    Examples
    --------
    >>> import rmtjac as rj
    >>> from rmtjac.theory.heavy_tails.population.options import PopulationOptions
    >>> ens = rj.Ensemble.square(100, 1, "hardtanh", rj.Cauchy(1.0))
    >>> quick = PopulationOptions(pool=64, replicas=2, sweeps=4, threads=1)
    >>> limit = PopulationSolver.from_ensemble(ens, options=quick)
    >>> bool(abs(limit.atom.value - 0.4267) < 0.01), limit.tail.exponent
    (True, 1.0)
    """

    def __init__(
        self,
        weights: Sequence[StableWeights],
        activations: Sequence[Activation],
        widths: Sequence[float],
        inputs: float | np.ndarray = 1.0,
        biases: Sequence[BiasLaw] | None = None,
        options: PopulationOptions | None = None,
    ) -> None:
        self.model = model(weights, activations, widths, biases, inputs)
        self.options = PopulationOptions() if options is None else options
        self._known: np.ndarray | None = None  # P(D != 0), if the mean field says it

    @classmethod
    def from_ensemble(
        cls,
        ensemble: Ensemble,
        input_variance: float = 1.0,
        inputs: np.ndarray | None = None,
        options: PopulationOptions | None = None,
    ) -> PopulationSolver:
        """Return the solver of an ensemble.

        Parameters
        ----------
        ensemble : Ensemble
            The networks; their widths count by their ratios.
        input_variance : float, optional
            The variance of a Gaussian input.
        inputs : ndarray of float, optional
            Values of the input in place of a Gaussian one.
        options : PopulationOptions, optional
            Sizes, smoothing, seed, threads.

        Returns
        -------
        PopulationSolver
            The solver; nothing is computed yet.

        Raises
        ------
        ValueError
            If the weights have no stable limit, or the preactivations of a layer grow without bound.

        See Also
        --------
        stable_weights : The stable law of each layer.

        Notes
        -----
        Cost: none; the curve is computed at the first use.

        References
        ----------
        docs/theory/population_dynamics.md.

        Examples
        --------
        >>> import rmtjac as rj
        >>> PopulationSolver.from_ensemble(rj.Ensemble.square(9, 3, "tanh", rj.Cauchy(1.0))).model.depth
        3
        """
        codes, numbers = ensemble.kernel_arrays()
        biases = [BiasLaw(int(codes[l, 1]), *map(float, numbers[l, 2:])) for l in range(ensemble.depth)]
        widths = [float(n) for n in ensemble.widths]
        chosen = input_variance if inputs is None else np.atleast_1d(np.asarray(inputs, dtype=float))
        one = cls(stable_weights(ensemble), ensemble.activations, widths, chosen, biases, options)
        if inputs is None:
            one._known = mean_field_shares(ensemble, input_variance)
        return one

    @property
    def method(self) -> str:
        """The name of the method."""
        return "population"

    @property
    def angle(self) -> float:
        """The angle of the smoothing."""
        return self.options.angle

    @property
    def tail(self) -> Tail:
        """The tail of the law without smoothing; its constant is not known."""
        return self.model.tail()

    @cached_property
    def shares(self) -> Shares:
        """The shares of neurons with D != 0 in the layers 0..L, and their errors; layer 0 is the input."""
        found = shares(self.model, self.options)
        if self._known is None:
            return found
        exact = np.array([True, *(phi.saturates for phi in self.model.activations)])
        return Shares(np.where(exact, self._known, found.value), np.where(exact, 0.0, found.error), found.sizes)

    @cached_property
    def atom(self) -> Values:
        """The mass at lambda = 0: 1 - min over l of n_l P(D_l != 0) / n_L, and its error, arrays of no dimension."""
        saturates = np.array([True, *(phi.saturates or phi.code is None for phi in self.model.activations)])
        ranks = self.model.widths / self.model.widths[-1]
        caps = ranks * np.where(saturates, self.shares.value, 1.0)
        l = int(np.argmin(caps))
        error = ranks[l] * self.shares.error[l] if saturates[l] else 0.0
        return Values(np.array(max(1.0 - caps[l], 0.0)), np.array(error))

    def _grid(self) -> np.ndarray:
        """Return the grid of the curve: a pilot finds where the density is not negligible."""
        depth, centre, options = self.model.depth, self.model.centre, self.options
        wide = centre + np.arange(-30.0 - 10.0 * depth, 31.0 + 8.0 * depth)
        pool = min(options.pool, 128)
        pilot = densities(self.model, options, self.shares, [Job(_PILOT, 0, 2, pool, 20, 20, wide)])[0].mean(axis=0)
        # Mass beyond each point, with the tail beyond the end of the pilot.
        below = np.cumsum(pilot) + pilot[0] / decay(-wide[::-1], pilot[::-1], 1e-3)
        above = np.cumsum(pilot[::-1])[::-1]
        first = wide[max(min(int(np.argmax(below > _BEYOND)), int(np.argmax(pilot))) - 4, 0)]
        # Almost all mass may lie at 0.
        many = max(int(np.count_nonzero(above > _BEYOND)), int(np.argmax(pilot)))
        last = wide[min(many + 1, wide.size - 1)]
        step = options.step * options.angle
        return first + step * np.arange(int(np.ceil((last - first) / step)) + 1)

    @cached_property
    def curve(self) -> Curve:
        """The curve on its grid, computed at the first use."""
        options, grid = self.options, self._grid()
        full, small = np.empty((0, grid.size)), np.empty((0, grid.size))
        while True:
            done = full.shape[0]
            count = min(options.replicas, options.most_replicas - done) if done else options.replicas
            jobs = [
                Job(_FULL, done, count, options.pool, options.burn, options.sweeps, grid),
                Job(_SMALL, done, count, max(options.pool // 4, 4), options.burn, options.sweeps, grid),
            ]
            new = densities(self.model, options, self.shares, jobs)
            full, small = np.concatenate([full, new[0]]), np.concatenate([small, new[1]])
            atom, error = map(float, self.atom)
            out = curve(grid, full, small, atom, error, self.model.lower_shape())
            reached = options.target is None or out.cdf_error.max() <= options.target
            # More replicas do not mend what the size of the pools and the atom cause.
            hopeless = options.target is not None and max(out.bias.max(), self.atom.error) > 2.0 * options.target
            if reached or hopeless or full.shape[0] >= options.most_replicas:
                return out

    @property
    def converged(self) -> bool:
        """Whether the error of the cdf is at most `target` everywhere, or 0.01 without a target."""
        return bool(self.curve.cdf_error.max() <= (self.options.target or _USUAL))

    def log_density(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed density of log lambda without the atom, lambda rho(lambda), at points of shape (n,).

        Raises
        ------
        FloatingPointError
            If the pools leave the range of a float.
        """
        return self.curve.density_at(np.asarray(log_lam, dtype=float))

    def cdf(self, log_lam: np.ndarray) -> Values:
        """Return the smoothed cdf, the atom included, at points of shape (n,).

        Raises
        ------
        FloatingPointError
            If the pools leave the range of a float.
        """
        return self.curve.cdf_at(np.asarray(log_lam, dtype=float))
