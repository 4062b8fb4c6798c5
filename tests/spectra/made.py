"""Spectra made by hand."""

import numpy as np

import rmtjac as rj


def spectrum(eigenvalues):
    """Return an `EmpiricalSpectrum` of the given eigenvalues, one matrix a row, with next to no noise."""
    values = np.sort(np.asarray(eigenvalues, dtype=float), axis=1)
    with np.errstate(divide="ignore"):
        logs = 0.5 * np.log(values)
    n = len(values)
    return rj.EmpiricalSpectrum(logs, np.full(n, -400.0), np.zeros(n, dtype=np.int64), {"seed": 1})


def ensemble(widths=(60, 60, 60, 60), activation=("hardtanh", "tanh", "relu")):
    """Return an ensemble with a different activation in each layer."""
    return rj.Ensemble(widths, activation, rj.Gaussian(1.2), rj.Gaussian(0.1))
