"""Pictures of expected numbers of fixed points, alone and beside counts."""
