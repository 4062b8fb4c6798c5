"""Proofs in ball arithmetic: roots, edges, gaps, moments and densities of the limit."""
