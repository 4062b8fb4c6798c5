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
# # Fixed points of random networks and their basins
#
# **Question.** How many fixed points has a random HardTanh network $\Phi: \mathbb{R}^2 \to \mathbb{R}^2$ with Cauchy
# weights, what becomes of the other starts, and how far is that from the pictures of Berlyand & Slavin (BS), Fig. 2
# and 3?
#
# Their protocol iterates a 41 x 41 grid and counts where it rests. Here every fixed point is found, unstable ones too,
# with a proof that there is no other; every start is followed until it is clear how it ends.
#
# `RMTJAC_SMALL=1` in the environment makes everything small (for tests); what is stored here is of the full size.

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

import rmtjac as rj

small = os.environ.get("RMTJAC_SMALL") == "1"
N = 20 if small else 100
networks = 10 if small else 300
step = 0.1 if small else 0.01
plt.rcParams.update({"figure.dpi": 80, "font.size": 10})


# %% [markdown]
# ## 1. BS Fig. 2: basins
#
# (a) Gaussian, $L = 2$: one point, which takes all. (b-d) Cauchy, $L = 2, 3, 5$, with $Q = 2, 3, 5$ stable points as in
# BS. These are picked seeds: below, how rare they are. Stable points are filled, saddles and repellers hollow; what
# stays grey has no fixed point to go to.

# %%
gaussian = rj.Ensemble.berlyand_slavin(N, 2, law="gaussian")
cases = [("(a) Gaussian, L = 2", gaussian, 0)]
cases += [
    (f"({letter}) Cauchy, L = {depth}", rj.Ensemble.berlyand_slavin(N, depth), seed)
    for letter, depth, seed in (("b", 2, 38), ("c", 3, 36), ("d", 5, 143))
]
figure, axes = plt.subplots(2, 2, figsize=(10, 9.4), layout="constrained")
for ax, (title, ensemble, seed) in zip(axes.flat, cases, strict=True):
    net = ensemble.draw(seed)
    found = rj.find_fixed_points(net)
    basins = rj.find_basins(net, step=step)
    rj.plotting.plot_basins(basins, ax, fixed_points=found)
    ax.set_title(f"{title}: {found.stable.sum()} stable of {len(found)}", fontsize=10, pad=20)
    print(f"{title}: {found.reason}")
plt.show()

# %% [markdown]
# ## 2. BS Fig. 3: Q against the depth
#
# Mean number of stable fixed points, and how often there are at least as many as in BS Fig. 2, in the literal reading
# (scale 1/fan-in, biases) and in the nearest one found (scale 1/N in every layer, no biases), with standard errors
# over networks.

# %%
depths = (1, 2, 3) if small else (1, 2, 3, 4, 5)
drawn = {2: 2, 3: 3, 5: 5}  # Q in BS Fig. 2
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for label, options, marker in (
    ("scale 1/fan-in, biases", {"fan": "in", "biases": True}, "o"),
    ("scale 1/N, no biases", {"fan": "width", "biases": False}, "s"),
):
    rows = []
    for depth in depths:
        counts = rj.count_fixed_points(rj.Ensemble.berlyand_slavin(N, depth, **options), networks, rng=0)
        rows.append(counts.means["stable"])
        if depth in drawn:
            often = np.mean(counts.stable >= drawn[depth])
            print(f"{label}, L = {depth}: P(Q >= {drawn[depth]}) = {often:.3f}; complete: {counts.complete.mean():.0%}")
    mean, error = np.array(rows).T
    ax.errorbar(depths, mean, error, marker=marker, capsize=3, label=label)
ax.plot(list(drawn), list(drawn.values()), "k+", ms=10, label="BS Fig. 2")
ax.set(xlabel="depth $L$", ylabel="mean number of stable fixed points", xticks=depths)
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# **Answer.** $Q = 2, 3, 5$ at $L = 2, 3, 5$ is not typical in either reading: a count as in Fig. 3 shows single draws.
#
# ## 3. The starts that never rest
#
# Shares of the 41 x 41 starts by how they end, mean over networks, in the literal reading.

# %%
shares = []
for depth in depths:
    ensemble = rj.Ensemble.berlyand_slavin(N, depth)
    counts = rj.count_fixed_points(ensemble, 10 if small else 60, rng=1, method="grid", follow=400)
    shares.append([value for value, _ in counts.outcomes.values()])
names = ("at rest within 50 steps", "later", "a cycle", "no cycle found", "diverged")
figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
bottom = np.zeros(len(depths))
for name, share, color in zip(names, np.array(shares).T, plt.cm.cividis(np.linspace(0.05, 1.0, 5)), strict=True):
    if share.any():
        ax.bar(depths, share, bottom=bottom, label=name, color=color, edgecolor="white")
        bottom += share
ax.set(xlabel="depth $L$", ylabel="share of starts", xticks=depths, ylim=(0, 1))
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
plt.show()

# %% [markdown]
# ## 4. Regions, and what a deep narrow network is
#
# Left: the linear regions of a network of three layers, coloured by how much it stretches them (white: constant).
# Right: 20 layers of width 10. All starts end in one stable point, as in BS Fig. 2 for $L = 20$; but six more sit
# on seams on which $\Phi$ stretches up to 40,000-fold. They are found, and shown to be all, in exact arithmetic.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
net = rj.Ensemble.berlyand_slavin(10 if small else 30, 3).draw(4)
rj.plotting.plot_regions(rj.fixed_points.regions(net), left)
rj.plotting.plot_fixed_points(rj.find_fixed_points(net), left)
deep = rj.Ensemble.berlyand_slavin(10, 6 if small else 20).draw(5)
found = rj.find_fixed_points(deep)
rj.plotting.plot_basins(rj.find_basins(deep, step=step), right, fixed_points=found)
print(found.table())
plt.show()
