"""One HardTanh layer with Cauchy weights, where D comes from the same weights: deterministic equations."""
