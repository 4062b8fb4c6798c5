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
# # Q(N, L): what the paper says of the number of fixed points, and what 200 networks a cell say
#
# **Question.** Berlyand & Slavin (BS, Section IV, Fig. 3) find that the number of stable fixed points $Q$ of a random
# HardTanh network with Cauchy weights grows with the depth $L$, to 5 at $L = 5$, and falls to 1 at $L = 20$; that
# Gaussian weights give $Q = 1$; and that other activations differ little ("weak similarity"). They show single draws.
#
# The sweeps are frozen in `data/sweeps`, with their plans; `rmtjac sweep` makes them again. This notebook reads them.

# %%
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rmtjac as rj

small = os.environ.get("RMTJAC_SMALL") == "1"
plt.rcParams.update({"figure.dpi": 80, "font.size": 10})
found = Path(rj.__file__).parents[1] / "data" / "sweeps"
shallow, deep, smooth = (rj.sweep.load(found / f"{name}.parquet") for name in ("shallow", "deep", "smooth"))
print(shallow, deep, smooth, sep="\n")

# %% [markdown]
# ## How such a sweep is made
#
# A plan, and a run that may be killed at any moment; here a small one, on this machine.

# %%
folder = tempfile.mkdtemp()
rj.sweep.plan(folder, widths=[10], depths=[1, 2], seeds=20 if small else 100, block=10)
print(rj.sweep.run(folder, "serial"))
print(rj.sweep.load(folder).table())

# %% [markdown]
# ## 1. Q against the depth, three conventions, N = 100
#
# Stable fixed points that starts of the grid reach, mean over 200 networks with its standard error; crosses: $Q$ in BS
# Fig. 2. `limits` counts what the protocol counts: limits within 50 steps, stable or not.


# %%
def rows(table, **wanted):
    """The rows of a table in which columns have these values."""
    here = np.ones(len(table), dtype=bool)
    for name, values in wanted.items():
        here &= np.isin(table[name], values)
    return rj.sweep.SweepTable({name: column[here] for name, column in table.columns.items()}, table.kinds, table.facts)


def joined(first, second):
    """One table of two, with the columns that both have."""
    kinds = {name: kind for name, kind in first.kinds.items() if name in second.kinds}
    names = ("convention", "width", "depth", *kinds)
    columns = {name: np.concatenate([first[name], second[name]]) for name in names}
    return rj.sweep.SweepTable(columns, kinds, {})


everything = joined(shallow, deep)
cauchy = [name for name, *_ in everything.cells() if name.startswith("Cauchy")]
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, column in zip(axes, ("attracting", "limits"), strict=True):
    rj.plotting.plot_sweep(rows(everything, convention=cauchy, width=100), ax, column=column)
    ax.plot([2, 3, 5, 20], [2, 3, 5, 1], "k+", ms=9, label="BS Fig. 2")
    ax.legend(frameon=False, fontsize="small")
plt.show()

# %% [markdown]
# ## 2. Over N x L

# %%
rj.plotting.plot_sweep(rows(everything, convention=cauchy), kind="map")
plt.show()

# %% [markdown]
# ## 3. All fixed points, by proof
#
# Where the exact method goes ($L \leq 5$): all fixed points by kind, and the share of networks in which they are proved
# to be all.

# %%
figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
for ax, column in zip(axes, ("stable", "saddles", "repellers"), strict=True):
    rj.plotting.plot_sweep(rows(shallow, convention=cauchy, width=100), ax, column=column)
plt.show()
print(f"proved to be all: {shallow.mean('complete')[0]:.2%} of {len(shallow)} networks")

# %% [markdown]
# ## 4. How starts end, and the hidden chain
#
# Shares of the starts at rest, late, in a cycle, or bounded without a cycle found, in the literal reading at N = 100
# (left); the Lyapunov exponent of the hidden chain (right) changes its sign near N = 30.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
literal = rows(everything, convention=["Cauchy, 1/fan-in"], width=100)
depths = sorted({cell[2] for cell in literal.cells()})
bottom = np.zeros(len(depths))
for name, color in zip(("converged", "late", "cycle", "aperiodic"), plt.cm.cividis((0.0, 0.3, 0.6, 0.9)), strict=True):
    share = np.array([rows(literal, depth=depth).mean(name)[0] for depth in depths])
    left.bar(range(len(depths)), share, bottom=bottom, color=color, edgecolor="white", label=name)
    bottom += share
left.set_xticks(range(len(depths)), depths)
left.set(xlabel="depth $L$", ylabel="share of starts", ylim=(0, 1))
left.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
long = rows(everything, convention=["Cauchy, 1/fan-in"], depth=[d for d in depths if d >= 4])
rj.plotting.plot_sweep(long, right, column="lyapunov")
right.axhline(0.0, color="0.6", lw=0.8, zorder=0)
plt.show()

# %% [markdown]
# ## 5. Gaussian weights, and other activations
#
# Share of networks with exactly one stable fixed point.

# %%
for name in dict.fromkeys(cell[0] for cell in everything.cells() if cell[0].startswith("Gaussian")):
    for depth in (1, 2, 5, 20):
        values = rows(everything, convention=[name], depth=depth, width=100)["attracting"]
        share = (values == 1).mean()
        error = np.sqrt(share * (1 - share) / values.size)
        print(f"{name:>28}, N = 100, L = {depth:2}: P(Q = 1) = {share:.3f} ± {error:.3f}")

# %%
same = rows(shallow, convention=["Cauchy, 1/fan-in"], depth=[1, 2, 3])
figure, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
rj.plotting.plot_sweep(rows(joined(same, smooth), width=100), ax, column="stable")
plt.show()
