"""The law of the extreme singular values of J at finite width."""
