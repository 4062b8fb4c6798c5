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
# # Sampled spectra of deep Jacobians beside their limits
#
# **Question.** Do the eigenvalues of $M = JJ^T$, $J$ the input-output Jacobian of a random network of finite
# width $N$, lie on the limit $N \to \infty$ of Berlyand & Slavin (BS), Section V, and how far off are they?
#
# The samples and the limit come from two codes that share no formula of the spectrum: networks are drawn, run
# on a random input and factored; the limit is a root of one equation per point. This notebook redoes BS Fig.
# 5, 6 and 7, and Fig. 5 for four more activations.
#
# `RMTJAC_SMALL=1` in the environment makes everything small (for tests); the numbers stored here are of the
# full size.

# %%
import os
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import rmtjac as rj

small = os.environ.get("RMTJAC_SMALL") == "1"
N = 60 if small else 1000
data = Path(rj.__file__).parents[1] / "data"  # of the repository
samples_fig5, samples_grid, samples_cauchy = (10, 10, 10) if small else (200, 50, 50)
plt.rcParams.update({"figure.dpi": 80, "font.size": 10})
start = time.perf_counter()


def gaussian(activation, depth):
    """Weights of variance 1/N, biases of variance 0.01, as in the mean-field convention."""
    return rj.Ensemble.square(N, depth, activation, rj.Gaussian(std=1.0), rj.Gaussian(std=0.1))


answers = []  # question, answer: the closing table

# %% [markdown]
# ## 1. BS Fig. 5
#
# **Question.** Linear network, $L = 2$, $N = 1000$, Gaussian weights and biases: does the sampled density
# follow the solution of BS (19)? (BS average over 1000 matrices; here it is 200, which takes half a minute on
# two cores.)

# %%
ens = gaussian("linear", 2)
emp = rj.sample_spectrum(ens, samples=samples_fig5, rng=5)
fig5 = rj.compare(emp, rj.limit_spectrum(ens))
title = r"BS Fig. 5: linear, $L = 2$, Gaussian weights and biases"
artists = rj.plotting.plot_comparison(fig5, title=title)

# %% [markdown]
# **Answer.** The pulls are (sampled $-$ limit)/standard error. The moments of a finite network differ from
# those of the limit; for two Gaussian matrices $\mathrm{E}\,\mathrm{tr} M/N = 1$ and $\mathrm{E}\,\mathrm{tr}
# M^2/N = 3 + 3/N + 3/N^2$ exactly (the limit has 1 and 3).

# %%
print(fig5.table())
m2, m2_error = fig5.moments[1], fig5.moment_errors[1]
m2_exact = 3 + 3 / N + 3 / N**2
pull_limit, pull_exact = (m2 - 3) / m2_error, (m2 - m2_exact) / m2_error
print(
    f"\nm2 = {m2:.6f} +- {m2_error:.6f}; pull {pull_limit:+.2f} from the limit 3, "
    f"{pull_exact:+.2f} from the exact {m2_exact:.6f} at this N"
)
top = emp.eigenvalues[:, -1]
edge = fig5.support[-1, 1]
shift = (top / edge - 1) * N ** (2 / 3)
print(
    f"largest eigenvalue: (lambda_max/lambda_+ - 1) N^(2/3) = {shift.mean():.2f} +- {shift.std(ddof=1):.2f} "
    f"(spread between matrices), lambda_+ = {edge:g}"
)
one = fig5.ks_samples.mean() * N
answers.append(("Fig. 5: Kolmogorov distance, all matrices together", f"{fig5.ks:.1e}"))
answers.append(("Fig. 5: N x Kolmogorov distance of one matrix", f"{one:.2f}"))
answers.append(
    (
        "Fig. 5: pull of m2 from the limit; from the exact value at this N",
        f"{pull_limit:+.1f}; {pull_exact:+.1f}",
    )
)
answers.append(("Fig. 5: (lambda_max/lambda_+ - 1) N^(2/3)", f"{shift.mean():.2f}"))

# %% [markdown]
# ## 2. BS Fig. 6
#
# **Question.** How does the limiting density change with the depth, and does it contract to 0? The caption of
# BS Fig. 6 says Linear for $L = 1$ and HardTanh for $L > 1$, the text says Linear throughout; both are drawn.
# Each layer has its own $q_l$, from $q_0 = 1$ on.

# %%
depths = (1, 2, 3, 5, 10)
colors = plt.get_cmap("viridis")(np.linspace(0.0, 0.85, len(depths)))
styles = ("-", "--", "-.", (0, (5, 1)), ":")
fig, axes = plt.subplots(1, 2, figsize=(9.6, 4.2), sharey=True, layout="constrained")
rows = []
for ax, phi, title in zip(
    axes, ("linear", "hardtanh"), ("linear (text of BS)", "HardTanh for L > 1 (caption of BS)"), strict=True
):
    for depth, color, style in zip(depths, colors, styles, strict=True):
        name = "linear" if depth == 1 else phi
        lim = rj.limit_spectrum(gaussian(name, depth))
        drawn = rj.plotting.plot_limit(lim, ax, label=f"$L = {depth}$", color=color)
        for line in drawn["density"]:
            line.set_linestyle(style)
        for artist in drawn.get("atom", []):  # the atoms stand in the table: five arrows at 0 would hide each other
            artist.remove()
        edge = lim.support[-1, 1]
        rows.append((name, depth, lim.atom, lim.cdf(0.01), edge, *lim.moments(2)))
    ax.set(title=title, xlim=(-0.02 * edge, 1.05 * edge), ylim=(3e-4, 1e2))
    ax.legend(frameon=False)
axes[1].set_ylabel("")
title = fig.suptitle("BS Fig. 6: limiting density, Gaussian weights and biases", fontsize="medium")

# %% [markdown]
# **Answer.** The mass moves to 0: F(0.01), atom included, grows with the depth. That alone is no contraction:
# $\|J\| = \sqrt{\lambda_+}$ *grows* with the depth in both panels. For linear networks it grows without end,
# $\lambda_+ = (L+1)^{L+1}/L^L \approx e(L + 1/2)$ at mean 1. Under HardTanh it falls only far out, where the
# signal has settled and every further layer shrinks the mean; the last rows show where.

# %%
for depth in (20, 80, 160, 240):
    lim = rj.limit_spectrum(gaussian("hardtanh", depth))
    rows.append(("hardtanh", depth, lim.atom, lim.cdf(0.01), lim.support[-1, 1], *lim.moments(2)))
print(f"{'phi':10}{'L':>4}{'atom':>9}{'F(0.01)':>10}{'lambda_+':>10}{'norm J':>8}{'m1':>9}{'m2':>9}")
for name, depth, atom, f01, edge, m1, m2 in rows:
    print(f"{name:10}{depth:4d}{atom:9.4f}{f01:10.4f}{edge:10.4f}{edge**0.5:8.3f}{m1:9.4f}{m2:9.4f}")
norms = {(name, depth): edge**0.5 for name, depth, *_, edge, _, _ in rows}
mass = {(name, depth): f01 for name, depth, _, f01, *_ in rows}
answers.append(("Fig. 6: F(0.01) at L = 1 and 10, linear", f"{mass['linear', 1]:.3f}; {mass['linear', 10]:.3f}"))
answers.append(("Fig. 6: norm of J at L = 1 and 10, linear", f"{norms['linear', 1]:.2f}; {norms['linear', 10]:.2f}"))
answers.append(
    (
        "Fig. 6: norm of J at L = 2, 10, 240, HardTanh",
        "; ".join(f"{norms['hardtanh', k]:.2f}" for k in (2, 10, 240)),
    )
)

# %% [markdown]
# ## 3. The same for ReLU, HardTanh, erf and tanh
#
# **Question.** Does the agreement of Fig. 5 hold for activations with random $D$, with and without an atom at
# 0, at $L = 1, 2, 5$?

# %%
names = ("relu", "hardtanh", "erf", "tanh")
titles = {"relu": "ReLU", "hardtanh": "HardTanh", "erf": "erf", "tanh": "tanh"}
fig, axes = plt.subplots(4, 3, figsize=(10.5, 11.0), layout="constrained")
grid = {}
for row, name in zip(axes, names, strict=True):
    for ax, depth in zip(row, (1, 2, 5), strict=True):
        ens = gaussian(name, depth)
        emp = rj.sample_spectrum(ens, samples=samples_grid, rng=600 + len(grid))  # a seed of its own: rows independent
        grid[name, depth] = rj.compare(emp, rj.limit_spectrum(ens))
        drawn = rj.plotting.plot_comparison(grid[name, depth], ax)
        for words in drawn.get("atom", [])[1:]:  # a small panel: keep the label inside the frame
            words.set(y=0.96, va="top", fontsize=7)
        ax.set_title(f"{titles[name]}, $L = {depth}$", fontsize="medium")
        handles, labels = ax.get_legend_handles_labels()
        ax.get_legend().remove()
        if depth != 1:
            ax.set_ylabel("")
        if name != names[-1]:
            ax.set_xlabel("")
legend = fig.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)

# %% [markdown]
# **Answer.** ks is the Kolmogorov distance of all matrices together, N ks that of one matrix (mean). It is
# larger than in Fig. 5, where it is about 3: random $D$ fluctuates from matrix to matrix by $N^{-1/2}$. The
# pulls are in standard errors between matrices. Where all layers have the same $P(D_l = 0) = 1 - p$ (ReLU)
# the sampled atom is the largest of $L$ binomial fractions, and exceeds the limit by $\sqrt{p(1-p)/N}$ times
# 0, 0.564, 1.163 at $L = 1, 2, 5$ (the mean maximum of $L$ normal numbers); the last column says how much is
# left after that.

# %%
print(
    f"{'phi':10}{'L':>3}{'ks':>10}{'N ks':>8}{'m1 pull':>9}{'m2 pull':>9}"
    f"{'m1/limit-1':>12}{'m2/limit-1':>12}{'atom':>9}{'+-':>9}{'limit':>9}{'left':>9}"
)
left = {}
for (name, depth), result in grid.items():
    shifts = result.moments / result.limit_moments - 1
    spread = (result.limit_atom * (1 - result.limit_atom) / N) ** 0.5
    largest = {1: 0.0, 2: 0.564, 5: 1.163}[depth] if name == "relu" else 0.0
    left[name, depth] = result.atom - result.limit_atom - largest * spread
    print(
        f"{name:10}{depth:3d}{result.ks:10.1e}{result.ks_samples.mean() * N:8.2f}"
        f"{result.moment_pulls[0]:9.2f}{result.moment_pulls[1]:9.2f}"
        f"{shifts[0]:12.1e}{shifts[1]:12.1e}"
        f"{result.atom:9.5f}{result.atom_error:9.5f}{result.limit_atom:9.5f}{left[name, depth]:9.5f}"
    )
worst = max(grid, key=lambda key: grid[key].ks)
answers.append((f"Grid: largest Kolmogorov distance ({worst[0]}, L = {worst[1]})", f"{grid[worst].ks:.1e}"))
answers.append(
    (
        "Grid: largest N x Kolmogorov distance of one matrix",
        f"{max(r.ks_samples.mean() for r in grid.values()) * N:.1f}",
    )
)
answers.append(
    (
        "Grid: largest |m1/limit - 1|; |m2/limit - 1|",
        "; ".join(f"{max(abs(r.moments[k] / r.limit_moments[k] - 1) for r in grid.values()):.1e}" for k in (0, 1)),
    )
)
answers.append(
    (
        "Grid: largest |atom - limit|; what is left without the maximum over layers",
        f"{max(abs(r.atom - r.limit_atom) for r in grid.values()):.1e}; {max(map(abs, left.values())):.1e}",
    )
)

# %% [markdown]
# ## 4. BS Fig. 7, with the limits
#
# **Question.** Cauchy weights (scale $1/N$), HardTanh: what does the spectrum look like at several depths? BS
# (14) needs a fourth moment and has no answer here, and BS show samples only. The limits exist: one layer has a
# deterministic equation, deeper networks need population dynamics, which gives the law of $\log\lambda$ smoothed
# by an angle of 0.2. `python -m benchmarks.cauchy_limits` computed them; here they are read from their files.
# Samples and limits stand on logarithmic axes, over the nonzero eigenvalues.

# %%
fig, (ax, right) = plt.subplots(1, 2, figsize=(9.6, 4.2), layout="constrained")
cauchy, limits = {}, {}
for depth, color in zip(depths, colors, strict=True):
    ens = rj.Ensemble.square(N, depth, "hardtanh", rj.Cauchy(scale=1.0))
    cauchy[depth] = rj.sample_spectrum(ens, samples=samples_cauchy, rng=700 + depth)
    limits[depth] = rj.HeavyTailedLimit.load(data / "cauchy_limits" / f"hardtanh_{depth:02d}.npz")
    histogram = cauchy[depth].histogram(60, "log")
    lam, density = limits[depth].curve(1000, low=1e-6)
    # Below the smallest eigenvalues the smoothing and the noise of the pools would be all that is seen.
    density[(lam < 0.5 * histogram.edges[0]) | (density < 2 * limits[depth].density_error(lam))] = np.nan
    per_log = histogram.fraction / np.diff(np.log(histogram.edges))
    for axes, bins, line in ((ax, histogram.density, density), (right, per_log, lam * density)):
        axes.stairs(bins, histogram.edges, color=color, lw=3.0, alpha=0.35, baseline=None)
        axes.plot(lam, line, color=color, lw=1.0, label=f"$L = {depth}$")
# One eigenvalue in a hundred lies below the range of the picture.
low = min(np.exp(emp.log_quantile(0.01).value) for emp in cauchy.values())
high = max(np.exp(emp.log_quantile(0.999).value) for emp in cauchy.values())
ax.set(ylabel=r"density $\rho(\lambda)$", ylim=(1e-6, 1e-2 / low))
right.set(ylabel=r"density of $\log\lambda$: $\lambda\rho(\lambda)$", ylim=(1e-6, 1.0))
for axes in (ax, right):
    axes.set(xlim=(low, high), xscale="log", yscale="log", xlabel=r"$\lambda$")
right.legend(frameon=False, fontsize="small")
title = rf"BS Fig. 7: HardTanh, Cauchy weights; $N = {N}$, {samples_cauchy} matrices per $L$ (bands), limits (lines)"
title = fig.suptitle(title, fontsize="medium")

# %% [markdown]
# **Answer.** The sampled atom tends to the largest $P(D_l = 0)$ of the heavy-tailed mean field, $1 -
# (2/\pi)\arctan(1/s_l)$, $s_l$ the Cauchy scale of layer $l$: the rows that saturate. The distance is the largest
# difference of the cdfs of samples and limit, both smoothed alike; for $L = 1$ it is the Kolmogorov distance. The
# column after it takes a limit in which $D$ has the right law but is independent of $W$: its distance is more than
# ten times larger and does not shrink with $N$. Quantiles are of $\log_{10}\lambda$ over the nonzero eigenvalues.

# %%
print(
    f"{'L':>3}{'atom':>9}{'+-':>9}{'limit':>9}{'distance':>10}{'independent':>13}{'F(0.001)':>10}{'limit':>8}"
    f"{'q05':>8}{'median':>8}{'q95':>8}"
)
distances, alone = {}, {}
for depth, emp in cauchy.items():
    ens = rj.Ensemble.square(N, depth, "hardtanh", rj.Cauchy(scale=1.0))
    distances[depth] = rj.compare(emp, limits[depth]).ks
    alone[depth] = rj.compare(emp, rj.limit_spectrum(ens, masks="independent")).ks
    quantiles = "".join(f"{emp.log_quantile(p).value / np.log(10):8.3f}" for p in (0.05, 0.5, 0.95))
    print(
        f"{depth:3d}{emp.atom:9.5f}{emp.atom_error:9.5f}{limits[depth].atom:9.5f}{distances[depth]:10.4f}"
        f"{alone[depth]:13.4f}{float(emp.cdf(1e-3)):10.4f}{float(limits[depth].cdf(1e-3)):8.4f}{quantiles}"
    )
medians = {depth: emp.log_quantile(0.5).value / np.log(10) for depth, emp in cauchy.items()}
answers.append(("Fig. 7: median of log10(lambda > 0) at L = 1, 10", f"{medians[1]:.2f}; {medians[10]:.2f}"))
answers.append(
    (
        "Fig. 7: F(0.001), atom included, at L = 1, 10",
        "; ".join(f"{float(cauchy[k].cdf(1e-3)):.3f}" for k in (1, 10)),
    )
)
answers.append(
    (
        "Fig. 7: largest distance from the limit; with independent masks, the smallest",
        f"{max(distances.values()):.4f}; {min(alone.values()):.3f}",
    )
)

# %% [markdown]
# ## The answers

# %%
width = max(len(question) for question, _ in answers)
print(f"{'question':{width}}  answer")
for question, answer in answers:
    print(f"{question:{width}}  {answer}")
print(
    f"\nN = {N}; {samples_fig5}, {samples_grid}, {samples_cauchy} matrices; "
    f"{time.perf_counter() - start:.0f} s; rmtjac {rj.__version__}, seeds 5, 600-611, 701-710"
)
