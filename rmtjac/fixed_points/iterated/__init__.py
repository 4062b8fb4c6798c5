"""Orbits of a network: where they end, which states attract, and the grid protocol of BS Section IV.

Sources: BS (docs/references.md).
"""
