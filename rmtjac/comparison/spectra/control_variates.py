"""Control variates: a regression of statistics of a spectrum on those of D, whose expectations are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmtjac.codes import MaskMoment
from rmtjac.comparison.spectra.width_ladder import described
from rmtjac.propagation.mean_field import mean_field
from rmtjac.spectra.empirical import EmpiricalSpectrum
from rmtjac.theory.derivative_laws.of_activation import derivative_law

__all__ = ["Fit", "control_variates", "regress"]


def control_variates(empirical: EmpiricalSpectrum, max_count: int) -> np.ndarray:
    """Return means of D^2, D^4, log D^2 minus their expectations, shape (samples, k), for k <= `max_count` variates."""
    masks, ensemble = getattr(empirical, "mask_moments", None), described(empirical)
    none = np.empty((empirical.samples, 0))
    if masks is None or ensemble is None or max_count < 1:
        return none
    if not all(one.finite_variance for one in ensemble.weights):
        return none  # unbounded activations have no mean field then
    signal = mean_field(ensemble, empirical.facts["input_variance"])
    laws = [derivative_law(*pair) for pair in zip(ensemble.activations, signal.preactivation_variances, strict=True)]
    # D^2 and D^4 of each layer are divided by their expectations, so that sums over layers have a meaning.
    squares, fourths = (
        np.stack([masks[:, l, column] / law.moment(k) - 1.0 for l, law in enumerate(laws)], axis=1)
        for column, k in ((MaskMoment.SECOND, 1), (MaskMoment.FOURTH, 2))
    )
    try:
        logs = np.stack([masks[:, l, MaskMoment.LOG] - law.mean_log / law.mass for l, law in enumerate(laws)], axis=1)
    except ArithmeticError:
        logs = none
    kinds = [_independent(kind) for kind in (squares, logs, fourths)]
    found = _independent(np.hstack(kinds))
    if found.shape[1] > max_count:  # deep networks: means over the layers
        found = _independent(np.column_stack([kind.mean(axis=1) for kind in kinds if kind.shape[1]]))
    return found[:, :max_count]


def _independent(columns: np.ndarray) -> np.ndarray:
    """Return the columns that are finite, vary, and are linearly independent of the columns before them."""
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    for j, column in enumerate(columns.T):
        if not np.isfinite(column).all():
            continue
        centred = column - column.mean()
        size = float(np.linalg.norm(centred))
        rest = centred - basis @ (basis.T @ centred)
        rest = rest - basis @ (basis.T @ rest)
        # The mean of equal numbers is rounded: a spread below 1e-9 of the column counts as none.
        if size > 1e-9 * np.abs(column).max() and np.linalg.norm(rest) > 1e-4 * size:
            kept.append(j)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return columns[:, kept]


class Fit(NamedTuple):
    """The mean of statistics at control variates 0, the covariance of this mean, and its degrees of freedom."""

    mean: np.ndarray
    covariance: np.ndarray
    freedom: int


def regress(values: np.ndarray, controls: np.ndarray, linear: np.ndarray) -> Fit:
    """Return the means of the columns of `values`, of which those marked `linear` are regressed on `controls`."""
    samples, count = len(values), controls.shape[1]
    centre, mean = controls.mean(axis=0), values.mean(axis=0)
    rest = values - mean
    factor = np.full(mean.size, 1.0 / (samples * (samples - 1)))
    freedom = samples - 1 - count
    if count:
        q, r = np.linalg.qr(controls - centre)
        shift = np.linalg.solve(r.T, centre)
        slope = np.where(linear, q.T @ rest, 0.0)
        mean, rest = mean - slope.T @ shift, rest - q @ slope
        factor[linear] = (1.0 / samples + float(shift @ shift)) / freedom  # exact for normal controls
    scaled = rest * np.sqrt(factor)
    return Fit(mean, scaled.T @ scaled, freedom)
