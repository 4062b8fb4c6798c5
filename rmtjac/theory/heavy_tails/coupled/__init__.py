"""One HardTanh layer with Cauchy weights and D from its own forward pass: deterministic equations."""
