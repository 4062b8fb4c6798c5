"""Laws of D^2, the squared slope of the activation, and their moment transforms in floats and in mpmath.

`DerivativeLaw` (base) declares the methods of a law, `derivative_law` (of_activation) makes the law of an activation.
"""
