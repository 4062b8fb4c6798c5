"""Proofs in ball arithmetic: densities, edges, gaps and moments of the limit with proved error bounds.

- `arb`, `verdict`: balls, and the outcome of a proof.
- `ball_laws`, `smooth_balls`, `exact_equation`: the laws and the limit equation without rounding.
- `root`, `edge_curves`, `gaps`: the steps of the proofs.
- `density`, `edges`, `moments`: the functions for users.
"""
