"""The limit equation of given layers: its terms, its roots by two routes, its edges and its support."""
