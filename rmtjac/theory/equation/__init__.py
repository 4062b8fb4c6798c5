"""The limit equation of given layers: its terms, its roots, the support and the edges that follow from it."""
