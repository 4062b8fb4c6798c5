"""The expected number of fixed points for hidden layers of infinite width."""
