"""Certificates of the fixed points of a network: the result, the product of blocks, and the search for a proof."""
