"""Laws of D^2, the squared slopes of the activation: their moment transforms, in floats, in mpmath, on the real
line.
"""
