"""The expected number of fixed points of random maps, by the formula of Kac and Rice."""
