"""Statistics of sampled spectra: spacings of eigenvalues, tails, moments at finite width."""
