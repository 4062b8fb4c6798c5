"""The cavity equations that the pools solve, exact on a forest, against the inverse of a matrix."""

import numpy as np


def _forest(rng, widths):
    """Return weights between neighbouring layers whose graph has no circle."""
    root = {}

    def find(node):
        while root.get(node, node) != node:
            node = root[node]
        return node

    weights = [np.zeros((widths[l + 1], widths[l])) for l in range(len(widths) - 1)]
    edges = [(l, i, j) for l in range(len(widths) - 1) for i in range(widths[l + 1]) for j in range(widths[l])]
    for l, i, j in rng.permutation(edges):
        one, other = find((l + 1, i)), find((l, j))
        if one != other:
            root[one] = other
            weights[l][i, j] = rng.standard_cauchy()
    return weights


def test_cavity_equations_on_a_forest():
    """E g_L of messages along edges equals eta (eta^2 + J J^T)^-1, to rounding, for three layers with masks."""
    rng = np.random.default_rng(1)
    widths = [7, 6, 8, 5]
    for _ in range(5):
        weights = _forest(rng, widths)
        slopes = [np.ones(7)] + [rng.uniform(size=n) * (rng.uniform(size=n) < 0.8) for n in widths[1:]]
        square = [d**2 for d in slopes]
        eta = complex(0.3, -0.9)
        # up[l][i, j] = g^pp of j without its child i; down[l][i, j] = g^qq of i without its parent j.
        up = [np.ones(w.shape, dtype=complex) for w in weights]
        down = [np.ones(w.shape, dtype=complex) for w in weights]
        last = len(weights) - 1
        for _ in range(60):
            for l, w in enumerate(weights):
                a_full = np.zeros(widths[l], dtype=complex) if l == 0 else (weights[l - 1] ** 2 * up[l - 1]).sum(axis=1)
                b = w**2 * square[l + 1][:, None] * down[l]
                rest = b.sum(axis=0) - b
                c = square[l] * a_full
                up[l] = 1.0 / (eta + rest) if l == 0 else c / (1.0 + c * rest)
            for l in range(last, -1, -1):
                a = weights[l] ** 2 * up[l]
                c = square[l + 1][:, None] * (a.sum(axis=1, keepdims=True) - a)
                if l == last:
                    down[l] = 1.0 / (eta + c)
                else:
                    b = (weights[l + 1] ** 2 * square[l + 2][:, None] * down[l + 1]).sum(axis=0)[:, None]
                    down[l] = b / (1.0 + c * b)
        found = 1.0 / (eta + square[-1] * (weights[-1] ** 2 * up[-1]).sum(axis=1))
        jacobian = np.eye(7)
        for w, d in zip(weights, slopes[1:], strict=True):
            jacobian = d[:, None] * (w @ jacobian)
        exact = np.diag(eta * np.linalg.inv(eta**2 * np.eye(5) + jacobian @ jacobian.T))
        assert np.allclose(found, exact, rtol=1e-9, atol=1e-9)
