"""Samples against their limit: the only place where `rmtjac.spectra` and `rmtjac.theory` meet."""
