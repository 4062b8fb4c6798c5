"""Proofs in ball arithmetic: densities, edges, gaps and moments of the limit with proved error bounds.

- `arb`, `verdict`: the tools.
- `ball_laws`, `smooth_balls`, `exact_equation`: the laws and the limit equation without rounding.
- `root`, `edge_curves`, `gaps`: the arguments of the proofs.
- `density`, `edges`, `moments`: the functions for users.
"""
