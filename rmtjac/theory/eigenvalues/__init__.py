"""The limiting law of the eigenvalues of J, by the single ring theorem."""
