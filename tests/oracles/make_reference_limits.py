"""Make reference_limits.json: edges, densities, cdf and log-moments of limits to 30 digits, by mpmath alone.

    python tests/oracles/make_reference_limits.py [FILE]

Nothing here imports rmtjac. Layers l = 0..L-1 have widths n_0..n_L, r_l = n_L / n_l, n_l Var W_ij = 1 and D_l =
phi_l'(h), h ~ N(0, q_l). With m_K(u) = E[u D^2 / (1 - u D^2)], m = m_M(1/lambda) and m_{K_l}(u_l) = r_{l+1} m,

    lambda = (1 + r_0 m) / m * prod_l (r_{l+1} m / u_l),       density = -Im m / (pi lambda).

In logarithms, all of them principal, H = Log(1 + r_0 m) - Log m + sum_l Log(m_K(u_l) / u_l) = log lambda has one
solution with all Im u_l < 0, so the start decides nothing: it is traced in floats. Every value is computed twice:

- density: Newton's method on H in the unknowns Log u_l; then secants on lambda(m) in the unknown m, with
  other quadrature nodes;
- edges: zero of d log lambda / d log m; then the vertex of lambda(m) from three of its values, with other nodes;
- cdf: 1 - F = -Im int m d(log lambda) / pi along an arc of complex lambda, with other nodes than in its closed form;
- log-moment, the integral of log lambda over lambda > 0: int log|lambda(m)| dm over m in (-mass, 0); then closed forms.

q, slopes and lambdas are the floats nearest to what is written, taken as exact numbers: next to an edge it matters.
"""

import cmath
import hashlib
import itertools
import json
import math
import platform
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import mpmath as mp

WORKING_DIGITS, WRITTEN_DIGITS, CDF_DIGITS = 50, 30, 18

# Activation and q of each layer, widths or None, step of the trapezoidal rule, further lambdas.
# The step is .07 times the distance of the poles of 1 / (1 - u D^2) from the real axis, at the hardest u.
ERF, HARDTANH, RELU = ("erf", "0.5"), ("hardtanh", "0.3"), ("relu", "1")
CASES = [
    ([ERF], None, "0.004", ["0.125", "0.5", "1", "1.75", "2.5"]),
    ([ERF] * 3, None, "0.011", ["0.001", "0.0625", "0.5", "1.25", "2.25"]),
    ([("tanh", "1.5")] * 2, None, "0.011", ["0.001", "0.0625", "0.25", "0.75", "1.25"]),
    ([("tanh", "1.5")] * 4, None, "0.011", []),
    ([HARDTANH] * 5, None, None, ["0.001", "0.0625", "0.5", "2", "8"]),
    ([HARDTANH] * 10, None, None, []),
    ([RELU] * 4, None, None, ["0.001", "0.0078125", "0.0625", "0.25", "1"]),
    ([("leaky_relu:0.2", "1")], None, None, []),
    ([HARDTANH, ERF, RELU], [300, 450, 200, 400], "0.009", []),
    ([("leaky_relu:0.2", "1"), ("tanh", "1"), ("hardtanh", "0.5")], None, "0.011", []),
    ([("gelu", "1")] * 2, None, None, []),
]
LOG_MOMENTS = [([ERF] * 3, None), ([HARDTANH, ERF, RELU], [300, 450, 200, 400])]
BULK = ["0.9", "0.5", "0.1", "0.01"]  # relative to the upper edge, where the support reaches down to 0
DEEP = ["1e-4", "1e-7", "1e-11", "1e-16", "1e-22", "1e-30"]
ARC_ORDER, ARC_HEIGHT = 64, 1.8
DISTANCES = ["1e-6", "1e-7", "1e-8", "1e-10"]  # of points next to an edge, relative


def number(text):
    """The float nearest to `text`, as an exact number."""
    return mp.mpf(float(text))


# ---- laws of D^2: lists of (weight, D^2), one for each rule --------------------------------------------------------
def discrete(activation, q):
    """The values of D^2 other than 0, or None for a continuous law."""
    if activation == "hardtanh":
        return [(mp.erf(1 / mp.sqrt(2 * q)), mp.mpf(1))]
    if activation == "relu":
        return [(mp.mpf(1) / 2, mp.mpf(1))]
    if activation.startswith("leaky_relu:"):
        return [(mp.mpf(1) / 2, number(activation.split(":")[1]) ** 2), (mp.mpf(1) / 2, mp.mpf(1))]
    return None


def derivative(activation, h):
    """phi'(h), differentiated by hand."""
    if activation == "erf":  # phi = erf(sqrt(pi) h / 2)
        return mp.exp(-mp.pi * h * h / 4)
    if activation == "tanh":
        return mp.sech(h) ** 2
    return mp.ncdf(h) + h * mp.npdf(h)  # gelu: phi = h Phi(h)


def trapezoid(step, offset):
    """Nodes and weights on the half-line for an even function of z ~ N(0, 1); exp(-16^2 / 2) < 1e-55."""
    nodes = [(k + offset) * step for k in range(int(16 / step))]
    return [(z, step * mp.npdf(z) * (1 if z == 0 else 2)) for z in nodes]


def legendre(order):
    """Nodes and weights of Gauss-Legendre quadrature on (-1, 1)."""
    out = []
    for i in range(order):
        x = mp.cos(mp.pi * (i + mp.mpf("0.75")) / (order + mp.mpf("0.5")))
        for _ in range(8):
            before, value = mp.mpf(1), x
            for k in range(2, order + 1):
                before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
            slope = order * (x * value - before) / (x * x - 1)
            x -= value / slope
        out.append((x, 2 / ((1 - x * x) * slope**2)))
    return out


def panels(order, ratio, width, centre):
    """Gauss-Legendre panels for z ~ N(0, 1), finer and finer towards `centre`, where D = 0."""
    cuts = [mp.mpf(0)] + [width * ratio ** (k - 29) for k in range(30)]
    cuts += [width * k for k in range(2, int(6.5 / width))]
    cuts += [cuts[-1] + mp.mpf(k) / 2 for k in range(1, 22)]
    rule, out = legendre(order), []
    for side in (-1, 1):
        for a, b in itertools.pairwise(cuts):
            for x, w in rule:
                z = centre + side * (a + (b - a) * (1 + x) / 2)
                out.append((z, w * (b - a) / 2 * mp.npdf(z)))
    return [(z, w) for z, w in out if w > mp.mpf(10) ** (-WORKING_DIGITS - 8)]


@cache
def gelu_rule(name, scale):
    """Quadrature rules for GELU, whose phi' vanishes near -.75: 1 / (1 - u D^2) has poles close to there."""
    centre = mp.findroot(lambda h: derivative("gelu", h), -0.75) / scale
    orders = {"first": (60, 2), "second": (54, mp.mpf("1.8")), "arc": (26, 2), "rough": (10, 4)}
    return panels(*orders[name], mp.mpf("0.3" if name == "second" else "0.25"), centre)


@cache
def law(activation, q, step, name):
    """Weights and values of D^2 by the rule `name`: "first", "second", "arc" (fewer nodes), "rough" (floats)."""
    variance = number(q)
    points = discrete(activation, variance)
    if points is None:
        scale = mp.sqrt(variance)
        if activation == "gelu":
            nodes = gelu_rule(name, scale)
        else:
            factor, offset = {"first": (1, 0), "second": ("0.93", "0.5"), "arc": ("2.2", 0), "rough": (4, 0)}[name]
            nodes = trapezoid(mp.mpf(step) * mp.mpf(factor), mp.mpf(offset))
        points = [(w, derivative(activation, scale * z) ** 2) for z, w in nodes]
    return [(float(w), float(x)) for w, x in points if w > 1e-40] if name == "rough" else points


def ratio_and_slope(points, u):
    """m_K(u) / u, m_K'(u), and 1 + m_K(u) - P(D = 0)."""
    ratio = slope = rest = 0
    for weight, x in points:
        inverse = 1 / (1 - u * x)
        term = weight * inverse
        rest += term
        term *= x
        ratio += term
        slope += term * inverse
    return ratio, slope, rest


# ---- the equation --------------------------------------------------------------------------------------------------
class Case:
    """One product of layers: groups (activation, q, r, number of layers), r_0, and the mass mu of lambda > 0."""

    def __init__(self, layers, widths, step):
        widths = widths or [1] * (len(layers) + 1)
        self.depth, self.step = len(layers), step
        self.r0 = mp.mpf(widths[-1]) / widths[0]
        ratios = [mp.mpf(widths[-1]) / n for n in widths[1:]]
        counts = Counter((*layer, r) for layer, r in zip(layers, ratios, strict=True))
        self.groups = [(*key, k) for key, k in counts.items()]
        points = [discrete(activation, number(q)) for activation, q, _, _ in self.groups]
        self.atoms = [mp.mpf(0) if p is None else 1 - mp.fsum(w for w, _ in p) for p in points]
        self.mass = min([1 / self.r0, *((1 - atom) / g[2] for atom, g in zip(self.atoms, self.groups, strict=True))])
        self.line = []

    def laws(self, name):
        """The laws of the groups by one rule, with r and the number of layers."""
        return [(law(activation, q, self.step, name), r, k) for activation, q, r, k in self.groups]

    def newton(self, zeta, logs, name, tolerance):
        """Solve H = zeta for [Log u_1, ...] from `logs`; None where it fails or leaves Im u < 0.

        Log m follows from u_1, and 1 + r_0 m too if r_0 = r_1, without loss of digits next to m = -1.
        """
        field, real = (cmath, float) if name == "rough" else (mp, mp.mpf)
        r0, first = real(self.r0), self.groups[0]
        best = mp.inf
        for _ in range(14):
            us = [field.exp(v) for v in logs]
            terms = [ratio_and_slope(points, u) for u, (points, _, _) in zip(us, self.laws(name), strict=True)]
            m = us[0] * terms[0][0] / real(first[2])
            x = logs[0] + field.log(terms[0][0]) - field.log(real(first[2]))
            free = 1 + r0 * m
            if self.r0 == first[2]:
                free = terms[0][2] + real(self.atoms[0])
            excess, growth, parts = field.log(free) - x - zeta, -1 / free, []
            for (ratio, slope, _), u, (_, _, r, k) in zip(terms, us, self.groups, strict=True):
                e, log_ratio = slope / ratio, field.log(ratio)  # e = d log m / d log u
                miss = field.log(real(r) * m / (u * ratio)) if parts else 0  # m is that of the first
                parts.append((miss, e))
                excess += k * (log_ratio + (1 - 1 / e) * miss)
                growth += k * (1 - 1 / e)
            moves = [(miss - excess / growth) / e for miss, e in parts]
            logs, size = [v + move for v, move in zip(logs, moves, strict=True)], max(map(abs, moves))
            if not size < 3 or not all(-field.pi - 1e-9 < v.imag < 1e-9 for v in logs):
                return None
            if size < tolerance:
                return logs
            best = min(best, size)
        # In floats m next to -1 carries few digits of log u; for a start that is enough.
        return logs if name == "rough" and best < 3e-3 else None

    def rough(self, zeta):
        """Solution in floats at `zeta`, 0 <= Im zeta < 2: along Im zeta = 2 from large lambda, then straight down."""
        if not self.line:
            means = [sum(w * x for w, x in points) for points, _, _ in self.laws("rough")]
            top = sum(k * math.log(mean) for mean, (*_, k) in zip(means, self.groups, strict=True))
            first = complex(math.ceil(2 * top) / 2 + 6, 2)
            x = top - first
            start = [x + math.log(g[2] / mean) for mean, g in zip(means, self.groups, strict=True)]
            self.line = [(first, self.newton(first, start, "rough", 1e-7))]
        while self.line[-1][0].real > zeta.real:
            last, state = self.line[-1]
            self.line.append((last - 0.5, self.move(last, state, last - 0.5)))
        here, state = min(self.line, key=lambda item: abs(item[0] - zeta))
        while True:
            down = complex(zeta.real, max(zeta.imag, here.imag / 4 if here.imag > 1e-12 else 0.0))
            state, here = self.move(here, state, down), down
            if here == zeta:
                return state

    def move(self, here, state, there):
        """Follow the solution from `here` to `there`."""
        found = self.newton(there, state, "rough", 1e-7)
        if found is None:
            if abs(there - here) < 1e-13:
                raise ArithmeticError(f"the path stops at log lambda = {here}")
            middle = (here + there) / 2
            found = self.move(middle, self.move(here, state, middle), there)
        return found

    def solve(self, zeta, name="first"):
        """Solution at `zeta` to working precision."""
        near = [mp.mpmathify(y) for y in self.rough(complex(zeta))]
        found = self.newton(zeta, near, name, mp.mpf(10) ** (-0.66 * mp.mp.dps))
        if found is None or not all(y.imag < 0 for y in found):
            raise ArithmeticError(f"no root at log lambda = {zeta}")
        return found

    def m(self, logs, name):
        """Common m of a solution."""
        u = mp.exp(logs[0])
        return u * ratio_and_slope(self.laws(name)[0][0], u)[0] / self.groups[0][2]

    def inverses(self, m, near, name):
        """The u of each group with m_K(u) = r m, by Newton's method from `near`."""
        out = []
        for (points, r, _), start in zip(self.laws(name), near, strict=True):
            u, step = start, mp.inf
            while abs(step) > abs(u) * mp.mpf(10) ** (-mp.mp.dps / 2 - 3):  # the next step would be rounding
                ratio, slope, _ = ratio_and_slope(points, u)
                step = (u * ratio - r * m) / slope
                u -= step
            out.append(u)
        return out

    def lam(self, m, near, name):
        """lambda(m), the u found from `near`."""
        us = self.inverses(m, near, name)
        value = (1 + self.r0 * m) / m
        for u, (_, _, r, k) in zip(us, self.groups, strict=True):
            value *= (r * m / u) ** k
        return value

    # ---- what is written -------------------------------------------------------------------------------------------
    def density(self, text):
        """Density at the float `text`."""
        lam = number(text)
        logs = self.solve(mp.log(lam))
        m, near = self.m(logs, "first"), [mp.exp(v) for v in logs]
        step = abs(m.imag) * mp.mpf("1e-9")
        again = mp.findroot(lambda m: self.lam(m, near, "second") / lam - 1, (m + step, m - 1j * step), verify=False)
        return confirmed(f"density at {text}", -m.imag / (mp.pi * lam), -again.imag / (mp.pi * lam))

    def inside(self, log_lam):
        """Whether there is density: some u is not real."""
        return max(abs(math.sin(v.imag)) for v in self.rough(complex(log_lam, 1e-12))) > 1e-5

    def edges(self):
        """Edges > 1e-17, ascending (below, all lambdas that are written have a root that is not real)."""
        self.rough(0j)
        top = self.line[0][0].real
        grid = [top - 0.25 * k for k in range(int((top + 40) / 0.25))]
        marks = [self.inside(z) for z in grid]
        out = []
        for (b, above), (a, below) in itertools.pairwise(zip(grid, marks, strict=True)):
            if above != below:
                while b - a > 2e-10:
                    c = (a + b) / 2
                    a, b = (a, c) if self.inside(c) == above else (c, b)
                out.append(self.edge((a + b) / 2))
        return out[::-1]

    def edge(self, near_log):
        """Critical value of lambda(m) near exp(near_log)."""
        near = [mp.exp(mp.mpmathify(v)).real for v in self.rough(complex(near_log, 1e-12))]
        start = near[0] * ratio_and_slope(self.laws("first")[0][0], near[0])[0] / self.groups[0][2]

        def slope(m):  # d log lambda / d log m
            total = self.r0 * m / (1 + self.r0 * m) - 1
            for u, (points, _, k) in zip(self.inverses(m, near, "first"), self.laws("first"), strict=True):
                ratio, derivative, _ = ratio_and_slope(points, u)
                total += k * (1 - ratio / derivative)
            return total

        m = mp.findroot(slope, (start, start * (1 + mp.mpf("1e-7"))), verify=False)
        h = mp.mpf("1e-12")
        low, mid, high = (self.lam(m * (1 + s * h), near, "second") for s in (-1, 0, 1))
        vertex = mid - (high - low) ** 2 / (8 * (high - 2 * mid + low))
        return confirmed(f"edge near {mp.nstr(mid, 6)}", self.lam(m, near, "first"), vertex)

    def cdf(self, text, top):
        """F at the float `text`; `top` is the upper edge."""
        with mp.workdps(CDF_DIGITS + 10):
            zeta = mp.log(number(text))
            logs = self.solve(zeta, "first")
            m = self.m(logs, "first")
            total = self.depth * m - mp.log(1 + self.r0 * m) / self.r0
            for v, (points, r, k) in zip(logs, self.laws("first"), strict=True):
                total += k / r * mp.fsum(w * mp.log(1 - mp.exp(v) * x) for w, x in points)
            end = mp.log(top) + 1
            half, tail = (end - zeta) / 2, mp.mpf(0)
            for t, weight in legendre(ARC_ORDER):
                turn = mp.expj(mp.pi * (1 - t) / 2)  # from -1 to 1 through i
                point = mp.mpc(zeta + half + half * turn.real, ARC_HEIGHT * turn.imag)
                speed = mp.pi / 2 * mp.mpc(half * turn.imag, -ARC_HEIGHT * turn.real)
                tail += weight * speed * self.m(self.solve(point, "arc"), "arc")
            return confirmed(f"cdf at {text}", 1 - total.imag / mp.pi, 1 + tail.imag / mp.pi, CDF_DIGITS)

    def log_moment(self):
        """Integral of log|lambda(m)| over -mass < m < 0, by the trapezoidal rule in log|u| of the continuous group."""
        lead = next(g for g in self.groups if discrete(g[0], number(g[1])) is None)
        step, total = mp.mpf("0.25"), mp.mpf(0)
        for i in range(-220, 341):
            u = -mp.exp(i * step)
            ratio, slope, _ = ratio_and_slope(law(*lead[:2], self.step, "first"), u)
            m, r = u * ratio / lead[2], lead[2]
            value = mp.log((1 + self.r0 * m) / -m) + lead[3] * mp.log(ratio)
            for activation, q, r, k in self.groups:
                if (activation, q) != lead[:2]:
                    value += k * mp.log(r * m + discrete(activation, number(q))[0][0])  # m_K = p u / (1 - u)
            total += step * -u * slope / lead[2] * value
        return total


def confirmed(what, first, second, digits=WRITTEN_DIGITS):
    """`first`, or ArithmeticError if `second` differs from it in what is written."""
    if not abs(first / second - 1) < mp.mpf(10) ** -(digits + 1):
        raise ArithmeticError(f"{what}: two computations differ: {mp.nstr(first, 40)}, {mp.nstr(second, 40)}")
    print(f"  {what}: {mp.nstr(first, digits)}", flush=True)
    return first


def points_between(edges):
    """Lambdas in the support: down to 1e-30 where it reaches 0, dense at the ends elsewhere."""
    cuts = edges if len(edges) % 2 == 0 else [None, *edges]
    out = []
    for low, high in zip(cuts[::2], cuts[1::2], strict=True):
        if low is None:
            out += [float(f"{float(high) * float(f):.4g}") for f in BULK] + [float(t) for t in DEEP if number(t) < high]
        else:
            span = math.log(high / low)
            out += [
                float(f"{float(low) * math.exp(span * (1 - math.cos(math.pi * k / 9)) / 2):.6g}") for k in range(1, 9)
            ]
    return sorted(out)


def points_at(edges):
    """Floats in the support next to the edges."""
    out = []
    for i, edge in enumerate(edges[::-1]):
        for text in DISTANCES:
            lam = float(edge * (1 - (-1) ** i * mp.mpf(text)))
            out.append(lam)
    return sorted(out)


def write_case(layers, widths, step, extra):
    """All about one case, as it stands in the file."""
    case = Case(layers, widths, step)
    digits = lambda value, n=WRITTEN_DIGITS: mp.nstr(value, n, strip_zeros=False)  # noqa: E731
    print(layers, widths, flush=True)
    edges = case.edges()
    lams = [repr(x) for x in sorted({*map(float, extra), *points_between(edges)})]
    near = [repr(x) for x in points_at(edges)]
    low = max([float(edges[-1]) / 1e5, *map(float, edges[-2:-1])])
    middle = [repr(float(f"{low * (float(edges[-1]) / low) ** t:.4g}")) for t in (0.3, 0.5, 0.8)]
    out = {
        "layers": layers,
        "widths": widths,
        "atom": digits(1 - case.mass),
        "edges": [digits(edge) for edge in edges],
        "lam": lams,
        "density": [digits(case.density(text)) for text in lams],
        "edge_lam": near,
        "edge_density": [digits(case.density(text)) for text in near],
        "cdf_lam": middle,
        "cdf": [digits(case.cdf(text, edges[-1]), CDF_DIGITS) for text in middle],
    }
    if (layers, widths) in LOG_MOMENTS:
        closed = closed_log_moment(case)
        out["log_moment"] = digits(confirmed("log-moment", case.log_moment(), closed, CDF_DIGITS), CDF_DIGITS)
    return out


def closed_log_moment(case):
    """The log-moment where every D_l^2 is positive, or for the layers HardTanh, erf, ReLU.

    int log|lambda| dm = m log|lambda| - A with dA = m d log|lambda|, at the limit m = -mass, where the u of erf and
    ReLU tend to -inf; E log D^2 = -pi q / 2 for erf.
    """
    q = number(ERF[1])
    if len(case.groups) == 1:
        return -case.depth * (1 + mp.pi * q / 2)
    (_, _, r1, _), (_, _, r2, _), (_, _, r3, _) = case.groups
    p, r0, mu = mp.erf(1 / mp.sqrt(2 * number(HARDTANH[1]))), case.r0, case.mass
    u = -r1 * mu / (p - r1 * mu)
    log_lam = mp.log((1 - r0 * mu) / mu) + mp.log(r1 * mu / -u) + mp.log(r2 * mu) + mp.log(r3 * mu)  # times |u2 u3|
    a = -3 * mu + p / r1 * mp.log(1 - u) - mp.pi * q / 2 / r2 - mp.log(1 - r0 * mu) / r0  # plus (log|u2| + log|u3|) / 2
    return mu * log_lam + a


def main(path):
    """Compute all cases and write `path`."""
    mp.mp.dps = WORKING_DIGITS
    start = time.perf_counter()
    cases = []
    for case in CASES:
        cases.append(write_case(*case))
        print(f"{time.perf_counter() - start:.0f} s", flush=True)
    content = {
        "what": "limits of the spectrum of M = J J^T, Gaussian weights, n_l Var W_ij = 1: atom at 0, edges > 0, "
        "density (atom excluded), cdf, integral of log lambda over lambda > 0; q, slope and lambda are the floats "
        "nearest to the text",
        "command": "python tests/oracles/make_reference_limits.py",
        "working_digits": WORKING_DIGITS,
        "digits": WRITTEN_DIGITS,
        "cdf_and_log_moment_digits": CDF_DIGITS,
        "versions": {"python": platform.python_version(), "mpmath": mp.__version__},
        "date": datetime.now(UTC).date().isoformat(),
        "cases": cases,
    }
    text = json.dumps(content, indent=1) + "\n"
    path.write_text(text)
    print(f"{hashlib.sha256(text.encode()).hexdigest()}  {path.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "data" / "reference_limits.json")
