"""Linear layers and independent masks with stable weights: laws of the layers, equations, solver."""
