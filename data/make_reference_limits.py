"""Make reference_limits.json: densities of the limit to 30 digits, by mpmath alone.

    python data/make_reference_limits.py [FILE]

Nothing here imports rmtjac. For L equal layers of weight variance 1 and D = phi'(h), h ~ N(0, q), the density
at lambda is -Im m / (pi lambda), m = m_K(u), m_K(u) = E[u D^2 / (1 - u D^2)], at the root u with Im u < 0 of

    H(u) = Log(1 + m_K(u)) + (L - 1) Log m_K(u) - L Log u = log lambda,     principal logarithms.

Such a root is unique, so the start decides nothing but the speed. phi' is differentiated by hand, m_K is
mpmath's quadrature over h (a closed form where D takes two values), and each root is confirmed on panels
cut in two.
"""

import hashlib
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import mpmath as mp

WORKING_DIGITS, WRITTEN_DIGITS = 40, 30

# activation, q (None where the law of D does not depend on it), L, and five lambdas inside the support.
CASES = [
    ("erf", "0.5", 1, ["0.125", "0.5", "1", "1.75", "2.5"]),
    ("erf", "0.5", 3, ["0.001", "0.0625", "0.5", "1.25", "2.25"]),
    ("tanh", "1.5", 2, ["0.001", "0.0625", "0.25", "0.75", "1.25"]),
    ("hardtanh", "0.3", 5, ["0.001", "0.0625", "0.5", "2", "8"]),
    ("relu", None, 4, ["0.001", "0.0078125", "0.0625", "0.25", "1"]),
]


def two_point_weight(activation, q):
    """P(D = 1) where D is 0 or 1."""
    return mp.mpf(1) / 2 if activation == "relu" else mp.erf(1 / mp.sqrt(2 * q))


def derivative(activation):
    """Phi' as an mpmath function."""
    if activation == "erf":  # phi(h) = erf(sqrt(pi) h / 2)
        return lambda h: mp.exp(-mp.pi * h * h / 4)
    return lambda h: mp.sech(h) ** 2


def layer(activation, q, pieces):
    """m_K and m_K' as functions of u; `pieces` panels per unit of h / sqrt(q)."""
    if activation in ("hardtanh", "relu"):
        p = two_point_weight(activation, q)
        return lambda u: (p * u / (1 - u), p / (1 - u) ** 2)
    slope, scale = derivative(activation), mp.sqrt(q)
    # exp(-14^2 / 2) < 1e-42
    panels = mp.linspace(0, 14, 14 * pieces + 1)
    known_points, known_moments = {}, {}  # quad comes back to the same z for every u, Newton to the same u

    def point(z):
        if z not in known_points:
            known_points[z] = mp.npdf(z), slope(scale * z) ** 2
        return known_points[z]

    def expectation(u, power):
        def integrand(z):
            weight, d2 = point(z)
            return weight * d2 / (1 - u * d2) ** power

        return 2 * mp.quad(integrand, panels, method="gauss-legendre", maxdegree=9)  # D is even in h

    def moments(u):
        if u not in known_moments:
            known_moments[u] = u * expectation(u, 1), expectation(u, 2)
        return known_moments[u]

    return moments


def solve(m_and_slope, depth, lam, start):
    """Root of H(u) = log lam with Im u < 0, by Newton's method from `start`."""
    target = mp.log(lam)

    def value(u):
        m, _ = m_and_slope(u)
        return mp.log(1 + m) + (depth - 1) * mp.log(m) - depth * mp.log(u) - target

    def slope(u):
        m, dm = m_and_slope(u)
        return dm / (1 + m) + (depth - 1) * dm / m - depth / u

    root = mp.findroot(
        value,
        start,
        solver="newton",
        df=slope,
        tol=mp.mpf(10) ** (-2 * WORKING_DIGITS + 8),
        maxsteps=60,
        verify=False,
    )
    if not (root.imag < -1e-8 * abs(root) and abs(value(root)) < mp.mpf(10) ** (6 - WORKING_DIGITS)):
        raise ArithmeticError(f"no root at lambda = {lam}: u = {mp.nstr(root, 8)}")
    return root


def starts():
    """Points of the lower half-plane; the root is unique, so any that converges will do."""
    for radius in (1, 2, 0.5, 4, 8, 20, 50):
        for angle in (0.5, 0.25, 0.75, 0.1, 0.9):
            yield radius * mp.expj(-mp.pi * mp.mpf(angle))


def first_root(m_and_slope, depth, lam):
    """Try the starts; return the root that the first good one leads to."""
    for start in starts():
        try:
            return solve(m_and_slope, depth, lam, start)
        except (ArithmeticError, ValueError):
            continue
    raise ArithmeticError(f"no start led to a root at lambda = {lam}")


def rough(activation, q, depth, lams):
    """Roots to some 12 digits, where the precise searches start."""
    global WORKING_DIGITS
    full, WORKING_DIGITS = WORKING_DIGITS, 15
    try:
        with mp.workdps(15):
            m_and_slope = layer(activation, q, 1)
            return [first_root(m_and_slope, depth, mp.mpf(text)) for text in lams]
    finally:
        WORKING_DIGITS = full


def densities(activation, q, depth, lams):
    """Densities at `lams`; ArithmeticError unless panels cut in two give the same 32 digits."""
    near = rough(activation, q, depth, lams)
    columns = []
    for pieces in (1, 2):
        m_and_slope = layer(activation, q, pieces)
        columns.append([])
        for i, text in enumerate(lams):
            lam = mp.mpf(text)
            near[i] = solve(m_and_slope, depth, lam, near[i])
            columns[-1].append(-m_and_slope(near[i])[0].imag / (mp.pi * lam))
    out = []
    for text, coarse, fine in zip(lams, *columns, strict=True):
        if abs(coarse / fine - 1) > mp.mpf(10) ** (-WRITTEN_DIGITS - 2):
            raise ArithmeticError(
                f"{activation}, L = {depth}, lambda = {text}: two panel lengths differ: {coarse}, {fine}"
            )
        out.append(mp.nstr(fine, WRITTEN_DIGITS, strip_zeros=False))
        print(activation, q, depth, text, out[-1], flush=True)
    return out


def main(path):
    """Compute all cases and write `path`."""
    mp.mp.dps = WORKING_DIGITS
    cases = []
    for activation, q, depth, lams in CASES:
        variance = None if q is None else mp.mpf(q)
        rho = densities(activation, variance, depth, lams)
        cases.append({"activation": activation, "q": q, "depth": depth, "lam": lams, "density": rho})
    content = {
        "what": "density of M = J J^T, N to infinity, atom excluded: "
        "L equal square layers, weight variance 1/N, h ~ N(0, q)",
        "command": "python data/make_reference_limits.py",
        "working_digits": WORKING_DIGITS,
        "digits": WRITTEN_DIGITS,
        "versions": {"python": platform.python_version(), "mpmath": mp.__version__},
        "date": datetime.now(UTC).date().isoformat(),
        "cases": cases,
    }
    text = json.dumps(content, indent=1) + "\n"
    path.write_text(text)
    print(f"{hashlib.sha256(text.encode()).hexdigest()}  {path.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("reference_limits.json"))
