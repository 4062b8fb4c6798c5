"""A search that finds all fixed points of a network in a box, with proof."""
