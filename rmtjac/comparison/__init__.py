"""Comparison of samples with their limit; the only folder that uses both `rmtjac.spectra` and `rmtjac.theory`."""
