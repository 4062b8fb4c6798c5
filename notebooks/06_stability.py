# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Are there fixed points, how many, and are they stable?
#
# **Question.** Berlyand & Slavin (BS) end with it: when is a random network a contraction, how many fixed points has
# it, are they stable, and has their number $Q$ a deterministic limit? The notebooks on fixed points and sweeps count.
# Here the same numbers come from theory, and the counts lie beside them.
#
# $Q$ is the number of *all* fixed points here, $S$ that of the stable ones.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rmtjac as rj

small = os.environ.get("RMTJAC_SMALL") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 10})
data = Path(rj.__file__).parents[1] / "data"

# %% [markdown]
# ## 1. One Jacobian: spectral radius and norm
#
# A fixed point attracts if the spectral radius of its Jacobian is below 1; the map is a contraction if its norm is.
# Square networks $\mathbb{R}^N \to \mathbb{R}^N$, tanh, $L = 2$. The eigenvalues fill a ring; its outer radius is the
# limit of the spectral radius, and on the critical line of the mean field it is 1.

# %%
N = 60 if small else 300
square = rj.Ensemble.square(N, 2, "tanh", rj.Gaussian(1.2), rj.Gaussian(0.1))
ring = rj.limit_eigenvalues(square)
sampled = rj.sample_eigenvalues(square, samples=2 if small else 8, rng=0)
rj.plotting.plot_ring(ring, sampled)
plt.show()
print(rj.compare(sampled, ring).table())

# %% [markdown]
# The norm has a law of its own at finite width. $P(|J| < 1)$, the sufficient condition of BS, falls from 1 to 0 long
# before the spectral radius reaches 1; points are sampled networks.

# %%
scales, widths = np.linspace(0.6, 0.9, 6 if small else 31), [50, 200]
probability = rj.theory.contraction_probability("tanh", [[width] for width in widths], 2, scales)
found = [
    (50, w, rj.spectra.sample_largest(rj.Ensemble.square(50, 2, "tanh", rj.Gaussian(w)), 40 if small else 200, rng=0))
    for w in (0.7, 0.75, 0.8)
]
frequencies = [(width, w, one.frequency()) for width, w, one in found]
rj.plotting.plot_contraction(scales, widths, probability, frequencies=frequencies)
plt.show()

# %% [markdown]
# ## 2. How many: expected numbers beside counts
#
# tanh, $L = 2$, $N = 30$, $\sigma_b = 0.1$: proved counts of random networks on the curve of the Kac-Rice formula for
# wide hidden layers, over the scale of the weights. Beyond $\sigma_w \approx 1.2$ the network is chaotic: more and more
# fixed points, fewer of them stable.

# %%
scales = [0.6, 1.0, 1.4, 1.8, 2.2, 2.6]
networks = 40 if small else 400
ensembles = [rj.Ensemble([2, 30, 2], "tanh", rj.Gaussian(w), rj.Gaussian(0.1)) for w in scales]
counts = [rj.count_fixed_points(one, networks, rng=0) for one in ensembles]
compared = rj.compare(counts, rj.fixed_points.expected_over(ensembles))
curve = rj.fixed_points.expected_over(depths=2, sigma_w=np.linspace(0.5, 2.7, 5 if small else 23), sigma_b=0.1)
rj.plotting.plot_counts(compared, along="sigma_w", theory=curve)
plt.show()
print(compared.table())

# %% [markdown]
# The width matters little. At the very width of the counts the hidden layers are sampled and the last layer is
# integrated exactly:

# %%
finite = rj.fixed_points.expected_over(ensembles[-2:], method="conditional", networks=20 if small else 200, rng=0)
for one, wide in zip(finite.cells(), compared.expected[-2:], strict=True):
    print(f"N = 30: all {one.total}, stable {one.stable}; N = inf: all {wide[0, 0]:.4f}, stable {wide[1, 0]:.4f}")

# %% [markdown]
# ## 3. Over the scales: order and chaos
#
# The mean number of all fixed points (left) and of stable ones (right) at $L = 3$, with the line $\chi_1 = 1$ between
# order and chaos. Left of it there is mostly one fixed point, and it is stable.

# %%
plane = rj.fixed_points.expected_over(
    depths=3, sigma_w=np.linspace(0.4, 3.0, 4 if small else 10), sigma_b=np.linspace(0.05, 1.0, 3 if small else 8)
)
rj.plotting.plot_expected_map(plane)
plt.show()

# %% [markdown]
# With the depth the number tends to 1 in the ordered phase, and grows like $\chi^L$ in the chaotic one.

# %%
depths = [1, 2, 3] if small else [1, 2, 3, 4, 5, 7, 10]
grid = rj.fixed_points.expected_over(depths=depths, sigma_w=[1.0, 1.5, 2.0], sigma_b=0.1)
figure, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
rj.plotting.plot_expected(grid, axes[0], quantities=["total"])
rj.plotting.plot_expected(grid, axes[1], quantities=["stable"])
plt.show()
print("chi =", dict(zip(grid.axes["sigma_w"].tolist(), grid.growth[0, 0, :, 0].round(3).tolist(), strict=True)))

# %% [markdown]
# Where they are: in the chaotic phase most lie near the origin and are unstable, and those that attract lie in the
# corners.

# %%
chaotic = rj.expected_fixed_points(rj.Ensemble([2, 100, 100, 2], "tanh", rj.Gaussian(2.0), rj.Gaussian(0.1)))
rj.plotting.plot_expected_density(chaotic, points=16 if small else 50)
plt.show()

# %% [markdown]
# ## 4. BS Fig. 3 with a theory line
#
# Cauchy weights, HardTanh, $N = 100$, three conventions of scales. Points: the sweeps of `data/sweeps`, 200 networks a
# cell; to $L = 5$ all fixed points are counted, with proof, beyond only stable ones that a grid of starts finds (lower
# bounds, hollow). Curves: hidden layers sampled, the last layer exactly, from `data/expected_cauchy.npz`. From
# $L \approx 10$ on, the mean number of all fixed points rests on few networks with very many: its error is large there.

# %%
cauchy = rj.fixed_points.ExpectedGrid.load(data / "expected_cauchy.npz")
names = ("Cauchy, 1/fan-in", "Cauchy, 1/N, biases", "Cauchy, 1/N, no biases")
sweeps = [rj.sweep.load(data / "sweeps" / f"{name}.parquet").select(names, 100) for name in ("shallow", "deep")]
beside = rj.compare(sweeps, cauchy)
drawn = rj.plotting.plot_counts(beside)
drawn["axes"][0].set_yscale("log")
plt.show()
for quantity in ("total", "stable"):
    print(quantity, beside.chi_square(quantity))

# %% [markdown]
# BS draw 2, 3, 5 fixed points at $L = 2, 3, 5$ and 1 at $L = 20$. The mean number of stable fixed points does not grow
# with the depth in any convention, in theory as in the counts. The number of all fixed points grows, because unstable
# ones appear: a picture of all of them rises, a picture of those that attract falls.
#
# ## 5. Is it unique?
#
# $Q$ is odd, so that $P(Q > 1) \leq (E[Q] - 1)/2$. The share of the counted networks lies below the bound of wide
# networks; where $Q > 3$ is rare it lies on it. So Proposition 1 of BS (a unique fixed point for light tails, any width
# and depth) holds with probability near 1 where $E[Q]$ is near 1: small weights, or deep networks in the ordered phase.

# %%
rj.plotting.plot_counts(compared, along="sigma_w", quantity="more_than_one")
plt.show()
gaussian = rj.sweep.load(data / "sweeps" / "shallow.parquet").select(["Gaussian, variance 1/fan-in"])
print(rj.compare(gaussian, rj.fixed_points.expected_over(gaussian.ensembles())).table())
