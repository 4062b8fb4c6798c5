"""Proofs in ball arithmetic: densities, edges, gaps and moments of the limit with proved error bounds.

`arb` and `verdict` are the tools, `ball_laws` and `exact_equation` write the equation without rounding, `root`,
`edge_curves` and `gaps` hold the arguments, and `density`, `edges` and `moments` what a user calls.
"""
