r"""Population dynamics of the cavity equations of a deep network with stable weights, compiled.

Layer l holds pools of P neurons: the preactivation h and :math:`A = \sum_k w_k^2 g^{pp}_k` from the layer before, and
:math:`b = \sum_k w_k^2 D_k^2 g^{qq}_k` from the layer after, for a neuron whose output has the size |x|. Every point
lambda of a block has its own A and b; random weights and partners are common to all points.
docs/theory/population_dynamics.md has the derivation.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from rmtjac.kernels.heavy_tails.population_draw import apply, bias, partner, slope, weights
from rmtjac.kernels.heavy_tails.population_gauge import balance, ray

__all__ = ["run", "signal"]

# Preactivations beyond this size act like infinite ones.
_FARTHEST = 1e100


@njit(cache=True, nogil=True, error_model="numpy")
def _shuffled(rng, n):
    """Return the numbers below n in random order."""
    out = np.arange(n)
    for i in range(n - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        out[i], out[j] = out[j], out[i]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _first_points(rng, n):
    """Return n stratified exponential variables in random order."""
    out = np.empty(n)
    order = _shuffled(rng, n)
    for i in range(n):
        out[i] = -math.log((order[i] + 1.0 - rng.random()) / n)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _to_parents(d, ar, ai, br, bi, gr, gi):
    """Fill in g^pp = D^2 A / (1 + D^2 A b)."""
    d2 = d * d
    for m in range(gr.size):
        cr, ci = d2 * ar[m], d2 * ai[m]
        nr, ni = 1.0 + cr * br[m] - ci * bi[m], cr * bi[m] + ci * br[m]
        size = 1.0 / (nr * nr + ni * ni)
        gr[m] = (cr * nr + ci * ni) * size
        gi[m] = (ci * nr - cr * ni) * size


@njit(cache=True, nogil=True, error_model="numpy")
def _add_child(w, d, ar, ai, br, bi, outr, outi):
    """Add w^2 D^2 g^qq with g^qq = b / (1 + D^2 A b) of an inner child; w is squared."""
    d2 = d * d
    factor = w * d2
    for m in range(outr.size):
        cr, ci = d2 * ar[m], d2 * ai[m]
        nr, ni = 1.0 + cr * br[m] - ci * bi[m], cr * bi[m] + ci * br[m]
        size = factor / (nr * nr + ni * ni)
        outr[m] += (br[m] * nr + bi[m] * ni) * size
        outi[m] += (bi[m] * nr - br[m] * ni) * size


@njit(cache=True, nogil=True, error_model="numpy")
def _add_output(w, d, ar, ai, er, ei, outr, outi):
    """Add w^2 D^2 g^qq with g^qq = 1 / (eta + D^2 A) of a child in the last layer; w is squared."""
    d2 = d * d
    factor = w * d2
    for m in range(outr.size):
        nr, ni = er[m] + d2 * ar[m], ei[m] + d2 * ai[m]
        size = factor / (nr * nr + ni * ni)
        outr[m] += nr * size
        outi[m] -= ni * size


@njit(cache=True, nogil=True, error_model="numpy")
def _add(w, gr, gi, outr, outi):
    """Add w g."""
    for m in range(outr.size):
        outr[m] += w * gr[m]
        outi[m] += w * gi[m]


@njit(cache=True, nogil=True, error_model="numpy")
def _renew_inputs(rng, values, deviation, x, part):
    """Draw inputs, from the values if there are any, else Gaussian."""
    for i in range(part[0], part[1]):
        if values.size > 0:
            x[i] = values[int(rng.random() * values.size)]
        else:
            x[i] = deviation * rng.standard_normal()


@njit(cache=True, nogil=True, error_model="numpy")
def _forward(rng, law, kept, x, gr, gi, h, ar, ai, part):
    """Renew (h, A) of a part of a layer; x and g^pp belong to the layer before.

    `law` holds alpha of the weights, tail and kappa of weights in a unit, the unit, and code, parameter and scale of
    the biases. A and b count weights in units, so that they have no extreme sizes; h does not.
    """
    size = x.size
    square_mean, mr, mi = 0.0, np.zeros(gr.shape[1]), np.zeros(gr.shape[1])
    for i in range(size):
        square_mean += x[i] * x[i] / size
        _add(1.0 / size, gr[i], gi[i], mr, mi)
    if law[0] == 2.0:
        kept = 0
    weight, square = np.empty(kept), np.empty(kept)
    firsts = _first_points(rng, part[1] - part[0])
    order, shift = _shuffled(rng, size), _shuffled(rng, size)
    for i in range(part[0], part[1]):
        rest = law[2] if kept == 0 else weights(rng, law[0], law[1], firsts[i - part[0]], weight, square)
        h[i] = law[3] * math.sqrt(rest * square_mean) * rng.standard_normal() + bias(rng, int(law[4]), law[5], law[6])
        ar[i] = rest * mr
        ai[i] = rest * mi
        for k in range(kept):
            j = order[(i + shift[k % size]) % size]
            h[i] += law[3] * weight[k] * x[j]
            _add(square[k], gr[j], gi[j], ar[i], ai[i])
        h[i] = min(max(h[i], -_FARTHEST), _FARTHEST)


@njit(cache=True, nogil=True, error_model="numpy")
def _backward(rng, law, many, kept, phi, table, last, x, h, ar, ai, ranks, sizes, br, bi, er, ei, outr, outi, part):
    """Renew b of a part of a layer with outputs x; h, A, b, the ranks by |x| and eta belong to the layer after.

    `many` is the number of children per parent; `phi` holds the codes and parameter of their activation.
    """
    size, code, parameter, slant = h.size, int(phi[0]), phi[1], int(phi[2])
    mr, mi = np.zeros(ar.shape[1]), np.zeros(ar.shape[1])
    for k in range(size):
        d = slope(slant, parameter, table, h[k])
        if last:
            _add_output(1.0 / size, d, ar[k], ai[k], er, ei, mr, mi)
        elif d != 0.0:
            j = ranks[partner(rng, sizes, abs(apply(code, parameter, table, h[k])))]
            _add_child(1.0 / size, d, ar[k], ai[k], br[j], bi[j], mr, mi)
    if law[0] == 2.0:
        kept = 0
    weight, square = np.empty(kept), np.empty(kept)
    firsts = _first_points(rng, part[1] - part[0])
    order, shift = _shuffled(rng, size), _shuffled(rng, size)
    for i in range(part[0], part[1]):
        rest = many * law[2] if kept == 0 else weights(rng, law[0], many * law[1], firsts[i - part[0]], weight, square)
        outr[i] = rest * mr
        outi[i] = rest * mi
        for n in range(kept):
            k = order[(i + shift[n % size]) % size]
            full = h[k] + law[3] * weight[n] * x[i]
            d = slope(slant, parameter, table, full)
            if d == 0.0:
                continue
            if last:
                _add_output(square[n], d, ar[k], ai[k], er, ei, outr[i], outi[i])
            else:
                j = ranks[partner(rng, sizes, abs(apply(code, parameter, table, full)))]
                _add_child(square[n], d, ar[k], ai[k], br[j], bi[j], outr[i], outi[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(rng, sizes, h, part):
    """Give the |h| of a part of a pool the quantiles of their law, in their order; `sizes` is a large sorted sample."""
    many = part[1] - part[0]
    order = np.argsort(np.abs(h[part[0] : part[1]]))
    for k in range(many):
        i = part[0] + order[k]
        size = sizes[int((k + rng.random()) / many * sizes.size)]
        h[i] = size if h[i] >= 0.0 else -size


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    rng, laws, ratios, phis, tables, values, deviation, sizes, shares, log_lam, angle, size, kept, burn, sweeps, stop
):
    """Return the current E D^2 A/(eta + D^2 A) = 1 - eta E g_L of each kept sweep, complex of shape (sweeps, M).

    Parameters: `laws` (L, 7) as in `_forward`, `ratios` (L,) of n_(l+1)/n_l, `phis` (L, 3) of the activation behind
    each W: code of phi, parameter, code of the derivative, `tables` (L, 2, n), values of the input (Gaussian with this
    deviation if there are none), sorted samples of |h| of shape (L, n), the shares (L+1,) of neurons with D != 0 (1 in
    layer 0), points of shape (M,), the angle of the ray, the size of the pools, the number of kept weights, sweeps to
    forget and to keep, and an array `stop` that ends the work.
    """
    depth, points = laws.shape[0], log_lam.size
    half = size // 2
    x = np.zeros((depth + 1, size))
    h = np.zeros((depth + 1, size))
    known = np.zeros((depth, size))  # the |x| to which b belongs, and its ranks
    ranks = np.zeros((depth, size), dtype=np.int64)
    shape = (depth + 1, size, points)
    ar, ai, br, bi, gr, gi = (np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape),
                              np.zeros(shape))  # fmt: skip
    means = np.zeros((sweeps, points), dtype=np.complex128)
    # The start: g and b of size 1 and of the phase of 1/eta.
    for m in range(points):
        er, ei = ray(0.0, 1.5)
        br[:, :, m], bi[:, :, m] = er, -ei
        gr[:, :, m], gi[:, :, m] = er, -ei
    whole = (0, size)
    square = np.ones((depth + 1, size))
    widths = np.ones(depth + 1)
    for l in range(depth - 1, -1, -1):
        widths[l] = widths[l + 1] / ratios[l]
    _renew_inputs(rng, values, deviation, x[0], whole)
    for l in range(depth):
        if l > 0:
            known[l] = np.abs(x[l])
            ranks[l] = np.argsort(known[l])
        _forward(rng, laws[l], kept, x[l], gr[l], gi[l], h[l + 1], ar[l + 1], ai[l + 1], whole)
        _follow(rng, sizes[l], h[l + 1], whole)
        for i in range(size):
            x[l + 1, i] = apply(int(phis[l, 0]), phis[l, 1], tables[l], h[l + 1, i])
            square[l + 1, i] = slope(int(phis[l, 2]), phis[l, 1], tables[l], h[l + 1, i]) ** 2
    er, ei = np.empty(points), np.empty(points)
    for sweep in range(-burn, sweeps):
        # Both halves of a pool are renewed in turns, which damps oscillations; b belongs to the x that came last.
        part, following = ((0, half), (half, size)) if sweep % 2 == 0 else ((half, size), (0, half))
        if sweep == -burn:
            part = whole
        # The angle falls from 1.5 to its value in the first half of the burn-in.
        wide = angle + max(1.5 - angle, 0.0) * max(-1.0 - 2.0 * sweep / max(burn, 1), 0.0)
        for m in range(points):
            er[m], ei[m] = ray(log_lam[m], wide)
        for l in range(depth - 1, -1, -1):
            if stop[0]:
                return means
            if l == 0:
                _renew_inputs(rng, values, deviation, x[0], part)
            nxt = min(l + 1, depth - 1)
            _backward(rng, laws[l], ratios[l], kept, phis[l], tables[l], l == depth - 1, x[l], h[l + 1], ar[l + 1],
                      ai[l + 1], ranks[nxt], known[nxt][ranks[nxt]], br[l + 1], bi[l + 1], er, ei, br[l], bi[l],
                      part)  # fmt: skip
            for i in range(part[0], part[1]):
                known[l, i] = abs(x[l, i])
            ranks[l] = np.argsort(known[l])
        balance(widths, shares, square, ar, ai, br, bi, er, ei)
        part = following
        for i in range(size):
            gr[0, i] = 0.0
            gi[0, i] = 0.0
            _add_output(1.0, 1.0, br[0, i], bi[0, i], er, ei, gr[0, i], gi[0, i])
        for l in range(depth):
            if stop[0]:
                return means
            code, parameter, table = int(phis[l, 0]), phis[l, 1], tables[l]
            _forward(rng, laws[l], kept, x[l], gr[l], gi[l], h[l + 1], ar[l + 1], ai[l + 1], part)
            _follow(rng, sizes[l], h[l + 1], part)
            outputs = known[nxt][ranks[nxt]] if l == depth - 1 else known[l + 1][ranks[l + 1]]
            share = 0
            for i in range(size):
                fresh = part[0] <= i < part[1]
                x[l + 1, i] = apply(code, parameter, table, h[l + 1, i])
                slant = slope(int(phis[l, 2]), parameter, table, h[l + 1, i])
                square[l + 1, i] = slant * slant
                share += 1 if fresh and square[l + 1, i] != 0.0 else 0
                if l < depth - 1:
                    j = ranks[l + 1][partner(rng, outputs, abs(x[l + 1, i]))]
                    _to_parents(slant, ar[l + 1, i], ai[l + 1, i], br[l + 1, j], bi[l + 1, j], gr[l + 1, i],
                                gi[l + 1, i])  # fmt: skip
                elif fresh and square[l + 1, i] != 0.0 and sweep >= 0:
                    for m in range(points):
                        a = square[l + 1, i] * complex(ar[l + 1, i, m], ai[l + 1, i, m])
                        means[sweep, m] += a / (complex(er[m], ei[m]) + a)
            if sweep >= 0 and l == depth - 1:
                for m in range(points):
                    means[sweep, m] *= shares[depth] / max(share, 1)
    return means


@njit(cache=True, nogil=True, error_model="numpy")
def signal(rng, laws, phis, tables, values, deviation, size, kept):
    """Return a pool of preactivations of each layer, shape (L, size); the arguments are those of `run`."""
    depth = laws.shape[0]
    h = np.zeros((depth, size))
    x = np.zeros(size)
    none = np.zeros((size, 0))
    whole = (0, size)
    _renew_inputs(rng, values, deviation, x, whole)
    for l in range(depth):
        _forward(rng, laws[l], kept, x, none, none, h[l], none, none, whole)
        for i in range(size):
            x[i] = apply(int(phis[l, 0]), phis[l, 1], tables[l], h[l, i])
    return h
